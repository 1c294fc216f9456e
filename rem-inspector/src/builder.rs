//! [`InspectorBuilder`]: an inspector in the making.

use std::any::Any;
use std::fmt;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rem_core::Bus;
use rem_core::wire::Mask;

use crate::error::{ServeError, ServeErrorKind};
use crate::guard::{Guard, is_token};
use crate::handle::Inspector;
use crate::mask::Masking;
use crate::replays::Sandbox;
use crate::routes;
use crate::server::{self, Limits};
use crate::shared::{Parts, Shared};
use crate::source::{Kind, Source};

/// How many streams may be open, and how long a client may take to read, unless told.
const CLIENTS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);

/// An inspector in the making: see [`Inspector::builder`].
///
/// ```
/// use rem_core::{Bus, Ring};
/// use rem_inspector::Inspector;
///
/// let bus = Bus::builder().history(Ring::events(10_000)).build();
/// let inspector = Inspector::builder(&bus)
///     .title("shop")
///     .token("a long random text, from a generator".replace(' ', "-").replace(',', ""))
///     .serve("127.0.0.1:0")?;
/// println!("look at {}", inspector.url());
/// # Ok::<(), rem_inspector::ServeError>(())
/// ```
#[must_use = "nothing is served before `serve` or `router`"]
pub struct InspectorBuilder {
    source: Source,
    bus: Bus,
    title: Option<String>,
    token: Option<String>,
    hosts: Vec<String>,
    mask: Mask,
    unmasked: bool,
    clients: usize,
    connections: usize,
    patience: Duration,
    measures: bool,
    sandbox: Option<Sandbox>,
    #[cfg(feature = "projections")]
    projections: crate::projections::Known,
}

impl InspectorBuilder {
    pub(crate) fn new(bus: &Bus) -> Self {
        Self {
            source: Source::of(bus),
            bus: bus.clone(),
            title: None,
            token: None,
            hosts: Vec::new(),
            mask: Mask::new(),
            unmasked: false,
            clients: CLIENTS,
            connections: 4 * CLIENTS,
            patience: PATIENCE,
            measures: true,
            sandbox: None,
            #[cfg(feature = "projections")]
            projections: crate::projections::Known::default(),
        }
    }

    /// What the program calls itself on the page.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Lets in only who has this token: at least 16 printable characters of ASCII without spaces, from a generator of random numbers. It
    /// is in [`Inspector::url`], which sets a cookie; programs send it as `Authorization: Bearer …`.
    ///
    /// Without one an inspector is served to this machine alone. The connection is not encrypted: over a network that others
    /// listen to, put a proxy with TLS before it.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Answers to this name too, as `Host`: that of a proxy, or of the machine. Unless told it is addresses and `localhost` alone, so
    /// that no name that others own can be made to lead here.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into().to_ascii_lowercase());
        self
    }

    /// What is blanked. Typed data is, as its type marks it; raw data, as a journal gives it, is shown if a type that was published or
    /// subscribed to has its topic and marks nothing of it, and else its type has to be named here by [`Mask::of`].
    pub fn mask(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// Shows raw data of topics that no known type has, though nobody says what of it is marked: for who may see all of it anyway, as
    /// the owner of a journal may.
    pub fn unmasked(mut self) -> Self {
        self.unmasked = true;
        self
    }

    /// How many streams may be open at a time, 16 unless told; and four times as many connections.
    pub fn clients(mut self, clients: usize) -> Self {
        self.clients = clients.max(1);
        self.connections = self.clients.saturating_mul(4);
        self
    }

    /// How long a client may not read before it is cut off: 10 seconds unless told.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Measures no handlers while a client is attached.
    pub fn without_measures(mut self) -> Self {
        self.measures = false;
        self
    }

    /// Puts handlers on the bus of each sandbox that a replay is played into. What the closure returns, its subscriptions, is kept
    /// as long as the sandbox is.
    ///
    /// ```
    /// use rem_core::{Bus, Event, Ring};
    /// use rem_inspector::Inspector;
    ///
    /// # let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// let inspector = Inspector::builder(&bus)
    ///     .sandbox(|bus: &Bus| bus.subscribe("order.**", |event: &Event| println!("once more: {event}")))
    ///     .serve("127.0.0.1:0")?;
    /// # Ok::<(), rem_inspector::ServeError>(())
    /// ```
    pub fn sandbox<G: Send + 'static>(
        mut self,
        prepare: impl Fn(&Bus) -> G + Send + Sync + 'static,
    ) -> Self {
        self.sandbox = Some(Arc::new(move |bus| Box::new(prepare(bus)) as Box<dyn Any + Send>));
        self
    }

    /// Shows the state of a projection, at any moment. One of the same name takes the place of the one before.
    #[cfg(feature = "projections")]
    pub fn projector<P>(mut self, projector: &rem_projections::Projector<P>) -> Self
    where
        P: rem_projections::Projection + serde::Serialize,
    {
        self.projections.add(projector);
        self
    }

    /// Keeps the bus, which is there to be looked at alone: one whose history is a journal that was opened for it.
    pub fn as_journal(mut self) -> Self {
        self.source = Source::kept(self.bus.clone(), Kind::Journal);
        self
    }

    /// Serves it there, from a thread of its own, until the guard is dropped.
    ///
    /// # Errors
    /// An address that cannot be read, that can be reached from other machines while there is no [token](Self::token), or that is taken;
    /// a token that is too short or has other characters; and when the system has no thread.
    pub fn serve(self, address: impl ToSocketAddrs) -> Result<Inspector, ServeError> {
        let address = match address.to_socket_addrs() {
            Ok(mut addresses) => {
                addresses.next().ok_or_else(|| ServeError::new(ServeErrorKind::Address))?
            }
            Err(error) => return Err(ServeError::new(ServeErrorKind::Address).because(error)),
        };
        if !address.ip().is_loopback() && self.token.is_none() {
            return Err(ServeError::new(ServeErrorKind::NoToken(address)));
        }
        if !self.token.as_deref().is_none_or(is_token) {
            return Err(ServeError::new(ServeErrorKind::Token));
        }
        let token = self.token.clone();
        let limits = Limits { connections: self.connections, patience: self.patience };
        let shared = self.shared();
        server::start(shared, address, limits, token)
    }

    /// The page and the API as a router, for an axum application that serves it itself: at its root, or below a path by
    /// `nest_service("/inspect", router)`.
    ///
    /// Its [hosts](Self::host) and [token](Self::token) hold there too, and what is slow is cut off only when it reads again, for
    /// connections are the application's. It ends when the bus is closed or gone.
    ///
    /// A token that [`serve`](Self::serve) would refuse, an empty one say, lets nobody in, and each answer of the API says why. Without a
    /// token whoever reaches the application is let in.
    pub fn router(self) -> Router {
        routes::router(self.shared())
    }

    pub(crate) fn shared(self) -> Arc<Shared> {
        Shared::new(Parts {
            source: self.source,
            title: self.title,
            guard: Guard { token: self.token, hosts: self.hosts },
            masking: Masking::new(self.mask, &self.bus).unmasked(self.unmasked),
            clients: self.clients,
            patience: self.patience,
            measures: self.measures,
            sandbox: self.sandbox,
            #[cfg(feature = "projections")]
            projections: self.projections,
        })
    }
}

/// The token is not shown.
impl fmt::Debug for InspectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectorBuilder")
            .field("source", &self.source)
            .field("title", &self.title)
            .field("token", &self.token.is_some())
            .field("hosts", &self.hosts)
            .field("clients", &self.clients)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
