//! [`Tls`]: whom a node trusts, and by which certificate it is known.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};
use rem_mesh::{TransportError, TransportErrorKind};

/// Whom a node trusts when it connects by TLS, and by which certificate it is known to the server. Files are read when it connects,
/// in the form PEM.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    roots: Vec<PathBuf>,
    own: Option<(PathBuf, PathBuf)>,
    pub(crate) first: bool,
}

impl Tls {
    /// Trusts whom the system trusts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts who these certificates stand for, in place of whom the system trusts. May be called again for more.
    #[must_use]
    pub fn trust(mut self, file: impl AsRef<Path>) -> Self {
        self.roots.push(file.as_ref().to_owned());
        self
    }

    /// Is known by this certificate and its key.
    #[must_use]
    pub fn certificate(mut self, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.own = Some((certificate.as_ref().to_owned(), key.as_ref().to_owned()));
        self
    }

    /// Begins with TLS before the server has said a word, as servers from 2.10.4 on with `handshake_first` want it.
    #[must_use]
    pub fn handshake_first(mut self) -> Self {
        self.first = true;
        self
    }

    /// With a provider that is named: which is the process's own may be undecided, and asking for it would panic then.
    pub(crate) fn config(&self) -> Result<ClientConfig, TransportError> {
        let mut roots = RootCertStore::empty();
        if self.roots.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for file in &self.roots {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| wrong(file, error))?;
            }
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(Path::new("TLS"), error))?
            .with_root_certificates(roots);
        match &self.own {
            None => Ok(builder.with_no_client_auth()),
            Some((certificate, key)) => {
                let read = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error))?;
                let chain = certificates(certificate)?;
                builder
                    .with_client_auth_cert(chain, read)
                    .map_err(|error| wrong(certificate, error))
            }
        }
    }
}

/// All that a file has; none is an error.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| wrong(file, error))?;
    let all = read.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(file, error))?;
    if all.is_empty() {
        return Err(wrong(file, "it holds no certificate"));
    }
    Ok(all)
}

fn wrong(file: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    let said = format!(
        "`{}` cannot be used for TLS: it has to be a readable file in the form PEM",
        file.display()
    );
    TransportError::with_source(TransportErrorKind::Refused, said, why)
}
