//! Servers with a certificate that signs itself.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::TlsError;

/// Verifies chain, time and name. Tools that make a certificate for a server of one's own often make one that says of itself to be an authority
/// (`openssl req -x509`): no such may stand for a server (RFC 5280, section 4.2.1.9), but the very one that was named does.
#[derive(Debug)]
pub(super) struct OwnOrSigned {
    signed: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl OwnOrSigned {
    pub(super) fn new(
        roots: RootCertStore,
        named: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let signed =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let signed = signed.build();
        let signed = signed.map_err(|error| TlsError::Pem(error.to_string()))?;
        Ok(Self { signed, named })
    }

    /// Whether all that is wrong with it is that it says to be an authority.
    fn is_refused_as_authority(error: &Error) -> bool {
        match error {
            // Its time is looked at before.
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                other.0.to_string() == "CaUsedAsEndEntity"
            }
            _ => false,
        }
    }
}

impl ServerCertVerifier for OwnOrSigned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let signed = self.signed.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match signed {
            Err(error)
                if Self::is_refused_as_authority(&error)
                    && self.named.iter().any(|named| named == end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::ServerName;

    use super::*;

    fn authority(edit: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut wanted = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        wanted.not_before = date_time_ymd(2020, 1, 1);
        wanted.not_after = date_time_ymd(2120, 1, 1);
        edit(&mut wanted);
        let key = KeyPair::generate().expect("a key");
        let made = wanted.self_signed(&key).expect("a certificate");
        made.der().clone()
    }

    fn verified(
        named: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        name: &str,
    ) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(named.clone()).expect("a certificate");
        let provider = Arc::new(ring::default_provider());
        let verifier = OwnOrSigned::new(roots, vec![named.clone()], &provider).expect("a verifier");
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let verified = verifier.verify_server_cert(shown, &[], &name, &[], now);
        verified.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn one_that_says_to_be_an_authority_stands_for_the_server_if_it_is_the_one_that_was_named() {
        let own = authority(|_| ());
        assert_eq!(verified(&own, &own, "localhost"), Ok(()));
        let other = verified(&own, &authority(|_| ()), "localhost");
        assert!(other.is_err());
    }

    #[test]
    fn of_the_one_that_was_named_too_the_name_and_the_time_must_be_right() {
        let own = authority(|_| ());
        let name = verified(&own, &own, "other.test").expect_err("another name");
        assert!(name.contains("not valid for name"), "{name}");
        let old = authority(|wanted| wanted.not_after = date_time_ymd(2021, 1, 1));
        let time = verified(&old, &old, "localhost").expect_err("its time is over");
        assert!(time.contains("expired"), "{time}");
    }
}
