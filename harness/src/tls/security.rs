//! TLS of a whole run: what its taps, its servers and its peers show and trust.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Authority, Identity, TlsError, Trust};

/// Everything speaks TLS: peers with taps, and taps with the server under test.
#[derive(Clone, Debug)]
pub struct Security {
    authority: Arc<Authority>,
    /// Whom peers trust.
    peers: Trust,
    /// Whom taps trust to be the server.
    server: Trust,
}

impl Security {
    /// With an authority of its own. The server has a certificate of that authority, unless `server` says whom else to trust, and
    /// that is for the address that it is called at, unless `name` says for whom else.
    ///
    /// # Errors
    /// The system has no random numbers to give, or the name is none.
    pub fn new(server: Option<Trust>, name: Option<&str>) -> Result<Self, TlsError> {
        let authority = Authority::new()?;
        let peers = authority.trust()?;
        let mut server = server.unwrap_or_else(|| peers.clone());
        if let Some(name) = name {
            server = server.named(name)?;
        }
        Ok(Self {
            authority: Arc::new(authority),
            peers,
            server,
        })
    }

    /// The run's authority, in PEM.
    pub fn authority(&self) -> &str {
        self.authority.pem()
    }

    /// For the tap at this address.
    pub(crate) fn tap(&self, address: IpAddr) -> Result<Identity, TlsError> {
        self.authority.identity(&[&address.to_string()])
    }

    /// For a tap that stands in the place of the server of these names.
    pub(crate) fn called(&self, names: &[&str]) -> Result<Identity, TlsError> {
        self.authority.identity(names)
    }

    /// For a server on loopback.
    pub(crate) fn server(&self) -> Result<Identity, TlsError> {
        self.authority.identity(&["127.0.0.1", "localhost"])
    }

    /// Whom peers trust.
    pub(crate) fn peers(&self) -> &Trust {
        &self.peers
    }

    /// Whom taps trust.
    pub(crate) fn servers(&self) -> &Trust {
        &self.server
    }
}
