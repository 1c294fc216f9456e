//! [`Credentials`]: who a node says it is, and how it proves that. Never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use rem_mesh::{TransportError, TransportErrorKind};

/// Who a node says it is to the server, and how it proves that. What is secret in it is shown by nothing: not by `Debug`, not in an
/// error, not in a log.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Token(String),
    User { user: String, password: String },
    Nkey(String),
    NkeyFile(PathBuf),
    File(PathBuf),
}

impl Credentials {
    /// One secret that all share.
    pub fn token(token: impl Into<String>) -> Self {
        Self(Kind::Token(token.into()))
    }

    /// A user with a password.
    pub fn user(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Kind::User { user: user.into(), password: password.into() })
    }

    /// The seed of an nkey, `SU…`: what is proved by it is never sent.
    pub fn nkey(seed: impl Into<String>) -> Self {
        Self(Kind::Nkey(seed.into()))
    }

    /// A file that holds the seed of an nkey, read when it connects.
    pub fn nkey_file(path: impl AsRef<Path>) -> Self {
        Self(Kind::NkeyFile(path.as_ref().to_owned()))
    }

    /// A file with a JWT and the seed of an nkey (`.creds`), as `nsc` writes it, read when it connects.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Kind::File(path.as_ref().to_owned()))
    }

    pub(crate) fn put(&self, options: ConnectOptions) -> Result<ConnectOptions, TransportError> {
        Ok(match &self.0 {
            Kind::Token(token) => options.token(token.clone()),
            Kind::User { user, password } => {
                options.user_and_password(user.clone(), password.clone())
            }
            Kind::Nkey(seed) => options.nkey(seed.trim().to_owned()),
            Kind::NkeyFile(path) => options.nkey(read(path)?.trim().to_owned()),
            Kind::File(path) => options.credentials(&read(path)?).map_err(|_| {
                let said = format!(
                    "`{}` is no file of credentials: it has to hold a JWT and the seed of an nkey, as `nsc` writes them",
                    path.display()
                );
                TransportError::new(TransportErrorKind::Refused, said)
            })?,
        })
    }

    /// How it is told in errors.
    pub(crate) fn shown(&self) -> String {
        match &self.0 {
            Kind::Token(_) => "with a token".into(),
            Kind::User { user, .. } => format!("as the user `{user}`"),
            Kind::Nkey(_) => "with an nkey".into(),
            Kind::NkeyFile(path) => format!("with the nkey in `{}`", path.display()),
            Kind::File(path) => format!("with the credentials in `{}`", path.display()),
        }
    }
}

fn read(path: &Path) -> Result<String, TransportError> {
    std::fs::read_to_string(path).map_err(|error| {
        let said = format!("the credentials in `{}` cannot be read", path.display());
        TransportError::with_source(TransportErrorKind::Refused, said, error)
    })
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.shown())
    }
}
