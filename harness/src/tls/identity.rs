//! What a tap or a server shows.

use std::fmt;

use tokio_rustls::TlsAcceptor;

/// A certificate with its key: what a tap or a server shows.
#[derive(Clone)]
pub struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Identity {
    /// The certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its private key (PKCS #8), in PEM.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}
