//! [`Inspector`]: the guard of an inspector that is served.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rem_core::Bus;

use crate::builder::InspectorBuilder;
use crate::error::ServeError;
use crate::shared::Shared;

/// Serves an inspector of the bus, to this machine alone: one line in a program. It ends when the guard is dropped.
///
/// ```
/// use rem_core::{Bus, Ring};
///
/// let bus = Bus::builder().history(Ring::events(10_000)).build();
/// let inspector = rem_inspector::serve(&bus, "127.0.0.1:0")?;
/// println!("look at {}", inspector.url());
/// # Ok::<(), rem_inspector::ServeError>(())
/// ```
///
/// It has a thread and a runtime of its own, whatever the program runs on. The bus is not kept by it. Without a history it shows what is
/// published while one looks, and nothing of the past.
///
/// # Errors
/// As for [`InspectorBuilder::serve`].
pub fn serve(bus: &Bus, address: impl ToSocketAddrs) -> Result<Inspector, ServeError> {
    Inspector::builder(bus).serve(address)
}

/// An inspector that is served, until this is dropped.
#[must_use = "an inspector ends when its guard is dropped"]
pub struct Inspector {
    shared: Arc<Shared>,
    address: SocketAddr,
    token: Option<String>,
    /// Told when the thread has ended.
    ended: Receiver<()>,
}

impl Inspector {
    /// An inspector of the bus in the making: a token, what is masked, projections, sandboxes.
    pub fn builder(bus: &Bus) -> InspectorBuilder {
        InspectorBuilder::new(bus)
    }

    pub(crate) fn new(
        shared: Arc<Shared>,
        address: SocketAddr,
        token: Option<String>,
        ended: Receiver<()>,
    ) -> Self {
        Self { shared, address, token, ended }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to be opened by a browser. The token is in it, if there is one: who has it sees every event.
    pub fn url(&self) -> String {
        let token = self.token.as_ref().map(|token| {
            let written: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            format!("?token={written}")
        });
        format!("http://{}/{}", self.address, token.unwrap_or_default())
    }

    /// How many clients have a stream open.
    pub fn clients(&self) -> usize {
        self.shared.clients.attached()
    }

    /// Ends it: clients are told, what is under way has half a second, and then all connections are closed. Waits for that at most so
    /// long, and says whether it came to its end.
    pub fn close(self, limit: Duration) -> bool {
        self.shared.end();
        // Whoever told is gone if it ended.
        !matches!(self.ended.recv_timeout(limit), Err(std::sync::mpsc::RecvTimeoutError::Timeout))
    }
}

/// It is told to end, and not waited for.
impl Drop for Inspector {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// The token is not shown.
impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("address", &self.address)
            .field("token", &self.token.is_some())
            .field("clients", &self.clients())
            .finish_non_exhaustive()
    }
}
