//! Whom the calling end trusts.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};
use tokio_rustls::{TlsConnector, TlsStream};

use super::own::OwnOrSigned;
use super::{Stream, TlsError};

/// The authorities whose certificates are taken. Verification is always on: chain, time, and name.
#[derive(Clone)]
pub struct Trust {
    connector: TlsConnector,
    /// What the certificate must name; the address that was called if `None`.
    name: Option<ServerName<'static>>,
}

impl Trust {
    pub(super) fn new(
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let mut named = Vec::new();
        for authority in authorities {
            named.push(authority.clone());
            roots.add(authority)?;
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = OwnOrSigned::new(roots, named, &provider)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: None,
        })
    }

    /// Trust in the authorities of a PEM file's text; certificates that sign themselves do as well.
    ///
    /// # Errors
    /// There is none in it, or one that cannot be read.
    pub fn from_pem(text: &str) -> Result<Self, TlsError> {
        let authorities: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        match authorities {
            Ok(authorities) if authorities.is_empty() => Err(TlsError::Pem("there is none".into())),
            Ok(authorities) => Self::new(authorities),
            Err(error) => Err(TlsError::Pem(error.to_string())),
        }
    }

    /// The same, where the certificate must name this host instead of the address that is called.
    ///
    /// # Errors
    /// It is neither a host's name nor an address.
    pub fn named(mut self, name: &str) -> Result<Self, TlsError> {
        let known = ServerName::try_from(name.to_owned());
        self.name = Some(known.map_err(|_| TlsError::Name(name.to_owned()))?);
        Ok(self)
    }

    /// Shakes hands as the calling end of a connection to this address.
    pub(crate) async fn shake(&self, stream: TcpStream, address: IpAddr) -> io::Result<Stream> {
        let called = || ServerName::IpAddress(address.into());
        let name = self.name.clone().unwrap_or_else(called);
        let stream = self.connector.connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(TlsStream::Client(stream))))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust(name: {:?})", self.name)
    }
}
