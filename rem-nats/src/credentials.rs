//! [`Credentials`]: who a node says it is, and how it proves that. Never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use async_nats::{Auth, AuthError};
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

    /// What proves it, read anew for each connection, so that a file may be replaced while the node runs.
    pub(crate) fn proof(&self) -> Result<Proof, TransportError> {
        let pair = |seed: &str| {
            nkeys::KeyPair::from_seed(seed.trim()).map(Box::new).map_err(|_| {
                let said =
                    format!("{} is no seed of a user's nkey, which begins with `SU`", self.shown());
                TransportError::new(TransportErrorKind::Refused, said)
            })
        };
        Ok(match &self.0 {
            Kind::Token(token) => {
                Proof::Auth(Box::new(auth(|auth| auth.token = Some(token.clone()))))
            }
            Kind::User { user, password } => Proof::Auth(Box::new(auth(|auth| {
                (auth.username, auth.password) = (Some(user.clone()), Some(password.clone()));
            }))),
            Kind::Nkey(seed) => Proof::Keys(None, pair(seed)?),
            Kind::NkeyFile(path) => Proof::Keys(None, pair(&read(path)?)?),
            Kind::File(path) => {
                let text = read(path)?;
                let found = (between(&text, "NATS USER JWT"), between(&text, "USER NKEY SEED"));
                let (Some(jwt), Some(seed)) = found else {
                    let said = format!(
                        "`{}` is no file of credentials: it has to hold a JWT and the seed of an nkey, as `nsc` writes them",
                        path.display()
                    );
                    return Err(TransportError::new(TransportErrorKind::Refused, said));
                };
                Proof::Keys(Some(jwt.to_owned()), pair(seed)?)
            }
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

/// What proves who a node is, for one connection.
pub(crate) enum Proof {
    /// What is sent as it is.
    Auth(Box<Auth>),
    /// What the server asks for is signed, with the JWT that names the user, if there is one.
    Keys(Option<String>, Box<nkeys::KeyPair>),
}

impl Proof {
    /// What is sent to a server that asks for that to be signed.
    pub(crate) fn of(&self, nonce: &[u8]) -> Result<Auth, AuthError> {
        match self {
            Self::Auth(sent) => Ok((**sent).clone()),
            Self::Keys(jwt, pair) => {
                let signed = pair.sign(nonce).map_err(AuthError::new)?;
                Ok(auth(|auth| {
                    auth.nkey = jwt.is_none().then(|| pair.public_key());
                    auth.jwt.clone_from(jwt);
                    auth.signature = Some(signed);
                }))
            }
        }
    }
}

fn auth(put: impl FnOnce(&mut Auth)) -> Auth {
    let mut auth = Auth::new();
    put(&mut auth);
    auth
}

/// The line behind ``-----BEGIN <what>-----``.
fn between<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    let begin = format!("BEGIN {what}-");
    let mut lines = text.lines().skip_while(|line| !line.contains(&begin)).skip(1);
    lines.next().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('-'))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_credentials_is_read() {
        let text = "-----BEGIN NATS USER JWT-----\r\neyJ0\r\n------END NATS USER JWT------\n\n****\n-----BEGIN USER NKEY SEED-----\nSUA\n------END USER NKEY SEED------\n";
        assert_eq!(between(text, "NATS USER JWT"), Some("eyJ0"));
        assert_eq!(between(text, "USER NKEY SEED"), Some("SUA"));
        assert_eq!(between("-----BEGIN NATS USER JWT-----\n------END", "NATS USER JWT"), None);
        assert_eq!(between("", "NATS USER JWT"), None);
    }

    #[test]
    fn what_is_no_seed_is_told_and_not_shown() {
        let error = Credentials::nkey("s3cret").proof().err();
        let said = format!("{error:?}");
        assert!(said.contains("seed") && !said.contains("s3cret"), "{said}");
    }
}
