//! Where the taps of peers are.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::TcpStream;

use crate::tls::{Stream, Trust};

/// Where a peer's tap is, and whether it speaks TLS. Written as a page's origin: `http://127.1.0.1:4000`, `https://…`.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its address.
    pub address: SocketAddr,
    /// Whom the peer trusts; it speaks TLS then.
    pub trust: Option<Trust>,
}

impl Origin {
    /// Opens a connection.
    pub(crate) async fn call(&self) -> io::Result<Stream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.trust {
            Some(trust) => trust.shake(stream, self.address.ip()).await,
            None => Ok(Stream::Plain(stream)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.trust {
            Some(_) => "https",
            None => "http",
        };
        write!(f, "{scheme}://{}", self.address)
    }
}

impl From<SocketAddr> for Origin {
    fn from(address: SocketAddr) -> Self {
        Self {
            address,
            trust: None,
        }
    }
}

/// An address of its own for a peer, so that browsers keep cookies apart: 127.1.0.1, 127.1.0.2, … Ports are chosen by the system.
pub(crate) fn next_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % (250 * 250);
    let [high, low] = [number / 250, number % 250].map(|part| u8::try_from(part).unwrap_or(0));
    Ipv4Addr::new(127, 1, high, low + 1)
}
