//! [`Capabilities`]: what a transport can do, told when it connects.

/// What a transport can do, and within which limits: told when it [connects](super::Transport::connect).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What it is: `memory`, `nats`.
    pub transport: Box<str>,
    /// Who answered, with the version, if there is somebody: `nats-server 2.10.4`.
    pub server: Option<Box<str>>,
    /// The most bytes that headers and body of a parcel have together.
    pub max_payload: usize,
    /// It never gives a transport what it published itself.
    pub no_echo: bool,
    /// Several filters can share what they select.
    pub groups: bool,
    /// Its broker has [streams](super::Transport::streams), and they are there now.
    pub streams: bool,
}

impl Capabilities {
    /// Of a transport with that limit that can do nothing else.
    pub fn new(transport: &str, max_payload: usize) -> Self {
        Self {
            transport: transport.into(),
            server: None,
            max_payload,
            no_echo: false,
            groups: false,
            streams: false,
        }
    }

    /// Who answered.
    #[must_use]
    pub fn server(mut self, server: &str) -> Self {
        self.server = Some(server.into());
        self
    }

    /// Whether it keeps from a transport what that published itself.
    #[must_use]
    pub fn no_echo(mut self, no_echo: bool) -> Self {
        self.no_echo = no_echo;
        self
    }

    /// Whether it has groups.
    #[must_use]
    pub fn groups(mut self, groups: bool) -> Self {
        self.groups = groups;
        self
    }

    /// Whether it has streams.
    #[must_use]
    pub fn streams(mut self, streams: bool) -> Self {
        self.streams = streams;
        self
    }
}
