//! What a server can do, by what it says of itself.

use async_nats::ServerInfo;
use rem_mesh::{Capabilities, TransportError, TransportErrorKind};

/// The oldest server that is supported; what is told of others is tested with it.
const FLOOR: (u64, u64, u64) = (2, 9, 0);

/// How much of what the server takes is kept for the lines of the wire between headers.
const LINES: usize = 1_024;

/// Which server it is, of those that number themselves as those of NATS do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u64, pub(crate) u64, pub(crate) u64);

impl Version {
    /// `2.11.0-preview.1` is 2.11.0; `None` for what has no such number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(['.', '-', '+']).map(|part| part.parse::<u64>().ok());
        match (parts.next()?, parts.next()?, parts.next()?) {
            (Some(major), Some(minor), Some(patch)) => Some(Self(major, minor, patch)),
            _ => None,
        }
    }
}

/// What there is to be had of it.
///
/// # Errors
/// For a server that is too old, and one that carries no headers.
pub(crate) fn capabilities(info: &ServerInfo) -> Result<Capabilities, TransportError> {
    let version = Version::parse(&info.version);
    let (major, minor, patch) = FLOOR;
    if version.is_none_or(|version| version < Version(major, minor, patch)) {
        return Err(unsupported(
            info,
            &format!("versions before {major}.{minor} are not supported: take a newer one"),
        ));
    }
    // Whoever forbids them is refused by the client as well; this is for those who never had any.
    if !info.headers {
        return Err(unsupported(
            info,
            "it carries no headers, and needs to: take `no_header_support` out of its configuration",
        ));
    }
    Ok(Capabilities::new("nats", largest(info.max_payload))
        .server(&format!("nats-server {}", info.version))
        .no_echo(true)
        .groups(true))
}

/// How many bytes headers and body may have together.
pub(crate) fn largest(max_payload: usize) -> usize {
    max_payload - LINES.min(max_payload / 8)
}

/// An error that names the server and what it lacks.
pub(crate) fn unsupported(info: &ServerInfo, said: &str) -> TransportError {
    let said = format!(
        "the server at {}:{} is nats-server {}: {said}",
        info.host, info.port, info.version
    );
    TransportError::new(TransportErrorKind::Unsupported, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str) -> ServerInfo {
        ServerInfo {
            version: version.into(),
            headers: true,
            max_payload: 1 << 20,
            ..ServerInfo::default()
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(Version::parse("2.11.0-preview.1"), Some(Version(2, 11, 0)));
        assert_eq!(Version::parse("2.9"), None);
        assert!(Version::parse("2.10.1") > Version::parse("2.9.25"));
    }

    #[test]
    fn a_server_that_is_too_old_is_an_error_that_names_it() {
        assert!(capabilities(&info("2.9.10")).is_ok());
        for old in ["2.8.4", "1.4.1", "", "next"] {
            let error = capabilities(&info(old)).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Unsupported);
            assert!(error.to_string().contains(&format!("nats-server {old}:")), "{error}");
        }
        let bare = ServerInfo { headers: false, ..info("2.10.0") };
        assert!(capabilities(&bare).unwrap_err().to_string().contains("headers"));
    }
}
