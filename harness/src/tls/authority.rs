//! The certificate authority of a run, and the certificates that it signs.

use std::fmt;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, version};

use super::identity::Identity;
use super::{TlsError, Trust};

/// Signs certificates for addresses on loopback. Its key is made anew each time and stays in memory.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    /// A new one, with a key that nobody else has.
    ///
    /// # Errors
    /// The system has no random numbers to give.
    pub fn new() -> Result<Self, TlsError> {
        // A name of its own: two of one name are told apart by signatures only, and "bad signature" explains nothing.
        let name = format!("glare's own authority {:016x}", rand::random::<u64>());
        let mut wanted = lasting(&name);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = wanted.self_signed(&key)?;
        Ok(Self {
            issuer: Issuer::new(wanted, key),
            der: certificate.der().clone(),
            pem: certificate.pem(),
        })
    }

    /// A certificate and its key, for these host names and addresses.
    ///
    /// # Errors
    /// A name that no certificate can have.
    pub fn identity(&self, names: &[&str]) -> Result<Identity, TlsError> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut wanted = lasting(names.first().map_or("glare", String::as_str));
        wanted.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        wanted.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = wanted.signed_by(&key, &self.issuer)?;
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        config.send_tls13_tickets = 0;
        Ok(Identity {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Trust in what it signs, and in nothing else.
    ///
    /// # Errors
    /// None that is known.
    pub fn trust(&self) -> Result<Trust, TlsError> {
        Trust::new([self.der.clone()])
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(…)")
    }
}

/// Nobody renews these, and their keys do not outlive the run.
fn lasting(name: &str) -> CertificateParams {
    let mut wanted = CertificateParams::default();
    wanted.distinguished_name = rcgen::DistinguishedName::new();
    wanted.distinguished_name.push(DnType::CommonName, name);
    wanted.not_before = date_time_ymd(2020, 1, 1);
    wanted.not_after = date_time_ymd(2120, 1, 1);
    wanted
}
