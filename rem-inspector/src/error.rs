//! [`ServeError`]: an inspector that cannot be served: why, and how to mend it.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::guard::TOKEN;

/// An inspector that cannot be served.
#[derive(Debug)]
pub struct ServeError {
    kind: ServeErrorKind,
    source: Option<io::Error>,
}

/// Why an inspector cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeErrorKind {
    /// The address is none, or its name leads nowhere.
    Address,
    /// The address can be reached from other machines, and there is no token.
    NoToken(SocketAddr),
    /// The token is too short to be secret, or holds what no header can.
    Token,
    /// It cannot listen there: another program does, perhaps.
    Bind(SocketAddr),
    /// The system gives no thread, or no runtime.
    Thread,
}

impl ServeError {
    pub(crate) fn new(kind: ServeErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn because(mut self, source: io::Error) -> Self {
        self.source = Some(source);
        self
    }

    /// Why, to be matched.
    pub fn kind(&self) -> &ServeErrorKind {
        &self.kind
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ServeErrorKind::Address => f.write_str(
                "the inspector's address is none: write it as `127.0.0.1:7878`, with the port 0 for any that is free",
            )?,
            ServeErrorKind::NoToken(address) => write!(
                f,
                "{address} can be reached from other machines, and whoever reaches the inspector sees every event: give it a \
                 token, by `Inspector::builder(&bus).token(…)`, or serve it on 127.0.0.1"
            )?,
            ServeErrorKind::Token => write!(
                f,
                "the token is too short, or holds other characters than those between `!` and `~`: write at least {TOKEN} of them, \
                 from a generator of random numbers"
            )?,
            ServeErrorKind::Bind(address) => write!(
                f,
                "the inspector cannot listen on {address}: take another port, or 0 for any that is free"
            )?,
            ServeErrorKind::Thread => f.write_str("the inspector has no thread of its own")?,
        }
        self.source.as_ref().map_or(Ok(()), |source| write!(f, ": {source}"))
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
