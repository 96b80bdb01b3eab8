//! TLS for taps, servers and peers: a certificate authority of each run's own, and streams that are plain or not.
//!
//! TLS 1.3 (RFC 8446) by rustls with the `ring` provider. There are no tickets: every connection shakes hands anew, and nothing
//! lies unread in a socket that would turn its close into a reset.

mod authority;
mod identity;
mod own;
mod security;
mod stream;
mod trust;

use thiserror::Error;

pub use authority::Authority;
pub use identity::Identity;
pub use security::Security;
pub(crate) use stream::{Called, HANDSHAKE, Stream};
pub use trust::Trust;

/// Why there is no certificate or no trust.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// What was made does not do for TLS.
    #[error("no TLS with the certificate: {0}")]
    Config(#[from] tokio_rustls::rustls::Error),
    /// What should be certificates in PEM is not.
    #[error("no certificates in PEM (`-----BEGIN CERTIFICATE-----`): {0}")]
    Pem(String),
    /// A server's name that is none.
    #[error("{0:?} is neither a host's name nor an address")]
    Name(String),
}
