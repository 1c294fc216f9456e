//! A mesh over NATS, joined by a node of its own for as long as the command takes.

mod live;
mod past;
mod sender;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::process;

use clap::ArgMatches;
use rem_core::{Bus, EventStream, Overflow, Pattern};
use rem_mesh::{
    JoinError, JoinErrorKind, Mesh, MeshBuilder, MeshPast, StreamStart, StreamState,
    TransportError, TransportErrorKind,
};
use rem_nats::{Credentials, NatsTransport, Tls};
use tokio::runtime::{Builder, Runtime};

pub(crate) use live::Come;
pub(crate) use sender::Sender;

use crate::failure::Failure;

/// How many events may have come and wait to be shown.
const WAITING: usize = 65_536;

/// A node that listens, or only reads what the mesh's stream keeps.
pub(crate) struct Nats {
    mesh: Mesh,
    live: Option<EventStream>,
    /// Whether the server keeps streams.
    keeps: bool,
    runtime: Runtime,
}

impl Nats {
    /// Joins to read.
    pub(crate) fn to_read(matches: &ArgMatches, url: &str) -> Result<Self, Failure> {
        Self::join(matches, url, None, true)?.map_err(|error| {
            if is_without_streams(&error) {
                let said = format!(
                    "{error}; what is past is read from a stream, and `rem watch` shows what is live without one"
                );
                return Failure::refused(said);
            }
            unjoined(&error)
        })
    }

    /// Joins to hear what these patterns select, and to read if the server keeps streams.
    pub(crate) fn to_listen(
        matches: &ArgMatches,
        url: &str,
        pattern: &str,
    ) -> Result<Self, Failure> {
        let joined = match Self::join(matches, url, Some(pattern), true)? {
            Err(error) if is_without_streams(&error) => {
                Self::join(matches, url, Some(pattern), false)?
            }
            joined => joined,
        };
        joined.map_err(|error| unjoined(&error))
    }

    fn join(
        matches: &ArgMatches,
        url: &str,
        pattern: Option<&str>,
        keeps: bool,
    ) -> Result<Result<Self, JoinError>, Failure> {
        let bus = Bus::new();
        let mut builder = named(&bus, matches).transport(transport(matches, url, keeps)?);
        let mut live = None;
        if let Some(pattern) = pattern {
            builder = builder.import(pattern);
            // With what the mesh tells of itself, in one order.
            let subscribed = bus.subscription(format!("{pattern},$rem.mesh.**"));
            let stream = subscribed.queue(WAITING, Overflow::DropOldest).stream();
            live = Some(stream.map_err(|error| Failure::usage(error.to_string()))?);
        }
        let runtime = Builder::new_current_thread().build();
        let runtime =
            runtime.map_err(|error| Failure::source(format!("nothing can wait: {error}")))?;
        Ok(builder.join_blocking().map(|mesh| Self { mesh, live, keeps, runtime }))
    }

    /// The mesh's name.
    pub(crate) fn name(&self) -> &str {
        self.mesh.name()
    }

    /// What its stream keeps now, of all topics.
    ///
    /// # Errors
    /// If it has none.
    pub(crate) fn state(&self) -> Result<StreamState, Failure> {
        let all = crate::wanted::parse("**")?;
        self.page(&all, StreamStart::New, 1).map(|page| page.state)
    }

    /// A page of what its stream keeps.
    fn page(&self, pattern: &Pattern, from: StreamStart, most: usize) -> Result<MeshPast, Failure> {
        let asked = self.runtime.block_on(self.mesh.past(pattern, from, most));
        asked.map_err(|error| {
            let said = format!(
                "what the mesh `{}` keeps cannot be read: {error}; a node that exports at the level Durable makes its stream, and \
                 `rem watch` shows what is live without one",
                self.name()
            );
            of_transport(error.kind(), said)
        })
    }
}

/// A mesh in the making, with the name that was told, and a node of a name that no other has.
fn named(bus: &Bus, matches: &ArgMatches) -> MeshBuilder {
    let random = RandomState::new().build_hasher().finish();
    let builder = Mesh::builder(bus).node(&format!("rem-{}-{random:x}", process::id()));
    // All that a stream keeps may be shown.
    let builder = builder.foreign(true);
    match text(matches, "mesh") {
        Some(name) => builder.name(name),
        None => builder,
    }
}

/// What carries its events.
fn transport(matches: &ArgMatches, url: &str, keeps: bool) -> Result<NatsTransport, Failure> {
    let mut builder = NatsTransport::builder(url).name("rem");
    if keeps {
        builder = builder.jetstream();
    }
    if let Some(credentials) = credentials(matches)? {
        builder = builder.credentials(credentials);
    }
    if let Some(tls) = tls(matches)? {
        builder = builder.tls(tls);
    }
    builder.build().map_err(|error| Failure::usage(error.to_string()))
}

/// Who it says it is, unless that is in the address.
fn credentials(matches: &ArgMatches) -> Result<Option<Credentials>, Failure> {
    let (user, password) = (text(matches, "user"), text(matches, "password"));
    let given = [
        path(matches, "creds").map(Credentials::file),
        path(matches, "nkey").map(Credentials::nkey_file),
        user.map(|user| Credentials::user(user, password.unwrap_or_default())),
    ];
    let mut given = given.into_iter().flatten();
    let first = given.next();
    if given.next().is_some() {
        let said = "of `--creds`, `--nkey` and `--user` one says who it is (and of the variables NATS_CREDS, NATS_NKEY and NATS_USER): \
                    take one of them";
        return Err(Failure::usage(said));
    }
    Ok(first)
}

/// Whom it trusts, and by what it is known.
fn tls(matches: &ArgMatches) -> Result<Option<Tls>, Failure> {
    let (ca, first) = (path(matches, "tlsca"), flag(matches, "tlsfirst"));
    let own = match (path(matches, "tlscert"), path(matches, "tlskey")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err(Failure::usage("`--tlscert` and `--tlskey` belong together: give both")),
    };
    if ca.is_none() && own.is_none() && !first {
        return Ok(None);
    }
    let mut tls = Tls::new();
    if let Some(ca) = ca {
        tls = tls.trust(ca);
    }
    if let Some((certificate, key)) = own {
        tls = tls.certificate(certificate, key);
    }
    Ok(Some(if first { tls.handshake_first() } else { tls }))
}

fn text<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m str> {
    matches.get_one::<String>(name).map(String::as_str).filter(|text| !text.is_empty())
}

fn path<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m PathBuf> {
    matches.get_one::<PathBuf>(name)
}

fn flag(matches: &ArgMatches, name: &str) -> bool {
    matches.get_flag(name)
}

fn of(error: &JoinError) -> Option<TransportErrorKind> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<TransportError>().map(TransportError::kind)
}

/// Whether the server has no JetStream for this node.
fn is_without_streams(error: &JoinError) -> bool {
    of(error) == Some(TransportErrorKind::Unsupported)
}

fn unjoined(error: &JoinError) -> Failure {
    let said = error.to_string();
    match (error.kind(), of(error)) {
        (_, Some(kind)) => of_transport(kind, said),
        (JoinErrorKind::Name | JoinErrorKind::Pattern | JoinErrorKind::System, _) => {
            Failure::usage(said)
        }
        (JoinErrorKind::Unasked, _) => Failure::refused(said),
        _ => Failure::source(said),
    }
}

fn of_transport(kind: TransportErrorKind, said: String) -> Failure {
    match kind {
        TransportErrorKind::Disconnected | TransportErrorKind::Closed => Failure::source(said),
        _ => Failure::refused(said),
    }
}
