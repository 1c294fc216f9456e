//! [`NatsBuilder`]: a transport in the making.

use std::fmt;
use std::time::Duration;

use async_nats::ServerAddr;
use rem_mesh::{TransportError, TransportErrorKind};
use tokio::runtime::Handle;

use crate::{Credentials, NatsTransport, Tls};

/// A transport in the making: see [`NatsTransport::builder`].
#[derive(Clone)]
#[must_use = "nothing is made until `build`"]
pub struct NatsBuilder {
    urls: String,
    pub(crate) options: Options,
}

/// What is told.
#[derive(Clone)]
pub(crate) struct Options {
    /// Without credentials.
    pub(crate) servers: Vec<ServerAddr>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) tls: Option<Tls>,
    pub(crate) name: Option<String>,
    pub(crate) inbox_prefix: String,
    pub(crate) inbox: (usize, usize),
    pub(crate) outbox: usize,
    pub(crate) ping: Duration,
    pub(crate) patience: Duration,
    pub(crate) jetstream: bool,
    pub(crate) handle: Option<Handle>,
}

impl NatsBuilder {
    pub(crate) fn new(urls: &str) -> Self {
        let options = Options {
            servers: Vec::new(),
            credentials: None,
            tls: None,
            name: None,
            inbox_prefix: "_INBOX.rem".into(),
            inbox: (65_536, 64 << 20),
            outbox: 1_024,
            ping: Duration::from_secs(2),
            patience: Duration::from_secs(5),
            jetstream: false,
            handle: None,
        };
        Self { urls: urls.into(), options }
    }

    /// Who it says it is. Credentials in the URL, `nats://user:password@host` or `nats://token@host`, are the same as these; they
    /// are taken out of it.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.options.credentials = Some(credentials);
        self
    }

    /// Connects by TLS and in no other way. A URL that begins with `tls://` says the same.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.options.tls = Some(tls);
        self
    }

    /// What the server calls this connection in its log and its monitoring: the node's name, say.
    pub fn name(mut self, name: &str) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// What the subjects begin with by which the server answers: `_INBOX.rem` unless told. A node needs to be allowed to subscribe
    /// and to publish to what lies below it.
    pub fn inbox_prefix(mut self, prefix: &str) -> Self {
        self.options.inbox_prefix = prefix.into();
        self
    }

    /// How many parcels, and how many bytes of them, may have come and not been read: 65,536 and 64 MiB unless told. What comes
    /// beyond is let go, counted and told.
    pub fn incoming(mut self, parcels: usize, bytes: usize) -> Self {
        self.options.inbox = (parcels.max(1), bytes);
        self
    }

    /// How many parcels may have been published and not been written to the socket: 1,024 unless told. Beyond, publishing waits.
    /// When the connection is lost, those are lost with it: nothing is sent on a connection that was meant for another. Who waits
    /// for one to be [stored](rem_mesh::Streams::store) is told, and a mesh sends it again.
    pub fn outgoing(mut self, parcels: usize) -> Self {
        self.options.outbox = parcels.max(1);
        self
    }

    /// How often the server is asked whether it is there: every 2 seconds unless told. A connection on which nothing was answered
    /// for three times that long is lost.
    pub fn ping_interval(mut self, time: Duration) -> Self {
        self.options.ping = time.max(Duration::from_millis(10));
        self
    }

    /// How long the server may take to let it in, to answer, and to acknowledge what is stored: 5 seconds unless told. What is not
    /// acknowledged by then, or in the second that follows, is told as if the connection had been lost, so that a mesh sends it again:
    /// over NATS that comes before the ten seconds of the mesh's own [patience](rem_mesh::Outbox::patience).
    pub fn patience(mut self, time: Duration) -> Self {
        self.options.patience = time;
        self
    }

    /// Needs JetStream: a server without it is an error when it connects.
    pub fn jetstream(mut self) -> Self {
        self.options.jetstream = true;
        self
    }

    /// Runs on that runtime of tokio, which needs its drivers of I/O and time; unless told, on one thread of its own.
    pub fn handle(mut self, handle: Handle) -> Self {
        self.options.handle = Some(handle);
        self
    }

    /// Checks what can be checked without a server. Nothing is connected yet: a mesh does that when it joins.
    ///
    /// # Errors
    /// For URLs that are none or name different users, and a prefix that is no subject. The error shows no secret.
    pub fn build(mut self) -> Result<NatsTransport, TransportError> {
        let mut found: Option<(String, Option<String>)> = None;
        for (at, url) in self.urls.split(',').map(str::trim).enumerate() {
            // The text may hold a password, and so may what the parser says.
            let wrong = |said: &str| {
                let said = format!(
                    "server {} of the list is no address of a server of NATS: {said}; write `nats://host:4222` or `tls://host:4222`",
                    at + 1
                );
                TransportError::new(TransportErrorKind::Other, said)
            };
            let address: ServerAddr = url.parse().map_err(|_| wrong("it cannot be read"))?;
            if !matches!(address.scheme(), "nats" | "tls") {
                return Err(wrong("it begins otherwise"));
            }
            if address.host().is_empty() {
                return Err(wrong("it names no host"));
            }
            if let Some(user) = address.username() {
                let named = (decoded(user), address.password().map(decoded));
                if found.as_ref().is_some_and(|before| *before != named) {
                    return Err(wrong("it names another user than one before"));
                }
                found = Some(named);
            }
            let mut bare = address.into_inner();
            let cleared = bare.set_username("").and_then(|()| bare.set_password(None));
            cleared.map_err(|()| wrong("its user cannot be read"))?;
            self.options
                .servers
                .push(ServerAddr::from_url(bare).map_err(|_| wrong("it cannot be read"))?);
        }
        if let Some((user, password)) = found {
            if self.options.credentials.is_some() {
                let said = "both the URL and `credentials` say who it is: take one of them";
                return Err(TransportError::new(TransportErrorKind::Other, said));
            }
            self.options.credentials = Some(match password {
                Some(password) => Credentials::user(user, password),
                None => Credentials::token(user),
            });
        }
        if rem_mesh::Subject::parse(&self.options.inbox_prefix).is_err() {
            let said = format!(
                "`{}` is no prefix of subjects: write tokens with dots between, and no wildcard",
                self.options.inbox_prefix
            );
            return Err(TransportError::new(TransportErrorKind::Other, said));
        }
        Ok(NatsTransport::new(self.options))
    }
}

impl Options {
    /// The servers, as they are told in errors: nothing in it is secret.
    pub(crate) fn shown(&self) -> String {
        let servers: Vec<_> = self.servers.iter().map(ServerAddr::as_url_str).collect();
        let servers = servers.join(",");
        match &self.credentials {
            Some(credentials) => format!("{servers} {}", credentials.shown()),
            None => servers,
        }
    }
}

/// What `%` escapes stand for.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escaped = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

impl fmt::Debug for NatsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The list is not shown before it is read: a password may stand in it.
        f.debug_struct("NatsBuilder").field("name", &self.options.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(urls: &str) -> Result<Options, TransportError> {
        NatsBuilder::new(urls).build().map(|transport| transport.options().clone())
    }

    #[test]
    fn who_it_is_is_taken_out_of_the_url() {
        let options = built("nats://ann:p%40ss%2Fw%25@one:4222, two:5222").unwrap();
        assert_eq!(options.shown(), "nats://one:4222,nats://two:5222 as the user `ann`");
        let options = built("tls://s3cret@one").unwrap();
        assert_eq!(options.shown(), "tls://one with a token");
        assert_eq!(decoded("p%40ss%2Fw%25%"), "p@ss/w%%");
    }

    #[test]
    fn a_list_that_cannot_be_used_is_told_without_its_secrets() {
        for urls in [
            "",
            "nats://",
            "http://ann:s3cret@x",
            "nats://ann:s3cret@x y",
            "nats://ann:s3cret@a,nats://bob:s3cret@b",
            "nats://ann:s3cret@a:99999",
        ] {
            let error = built(urls).err();
            let error = format!("{error:?}");
            assert!(error.contains("server ") && !error.contains("s3cret"), "{urls}: {error}");
        }
        let twice = NatsBuilder::new("nats://ann:x@a").credentials(Credentials::token("y")).build();
        assert!(twice.unwrap_err().to_string().contains("both"));
        assert!(NatsBuilder::new("a").inbox_prefix("_INBOX.*").build().is_err());
    }
}
