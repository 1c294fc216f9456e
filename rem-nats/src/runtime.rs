//! [`Runtime`]: where the client of NATS runs: the user's runtime, or a small one of its own.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle, RuntimeFlavor};
use tokio::sync::oneshot;

/// Where the client runs.
pub(crate) struct Runtime {
    handle: Handle,
    /// Of its own: dropping it ends the thread.
    _stop: Option<oneshot::Sender<()>>,
}

impl Runtime {
    /// The one that is given, or one thread with a runtime of its own.
    pub(crate) fn start(given: Option<Handle>) -> io::Result<Self> {
        if let Some(handle) = given {
            return Ok(Self { handle, _stop: None });
        }
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name("rem-nats".into()).spawn(move || {
            // Its sender says nothing: it is dropped.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: Some(stop) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Whether tasks run one at a time, in the order in which they were woken.
pub(crate) fn is_in_order(handle: &Handle) -> bool {
    handle.runtime_flavor() == RuntimeFlavor::CurrentThread
}
