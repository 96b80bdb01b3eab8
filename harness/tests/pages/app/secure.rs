//! Pages that come by https, from a server with a certificate of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use glare::record::Verdict;
use glare::server::{AppFrom, AppSpec};
use glare::stage::{Setting, play};
use glare::tls::{Security, Trust};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{TWO, case, casts};
use crate::site_support::Site;
use crate::stage_support::{passes, setting};

casts! {
    a_page_by_https_says_by_wss_what_the_tap_sees_in_chromium: "alice=chromium,bob=wire", one_hears;
    a_page_by_https_says_by_wss_what_the_tap_sees_in_firefox: "alice=firefox,bob=wire", one_hears;
    a_page_by_https_meets_another_where_the_server_speaks_tls_in_chromium: "alice=chromium,bob=chromium", two_meet;
    a_page_by_https_meets_another_where_the_server_speaks_tls_in_firefox: "alice=firefox,bob=firefox", two_meet;
    a_frame_of_a_page_by_https_comes_by_https_in_chromium: "alice=chromium", framed;
    a_frame_of_a_page_by_https_comes_by_https_in_firefox: "alice=firefox", framed;
    a_certificate_that_nobody_named_is_told_in_chromium: "alice=chromium", refused;
}

/// A certificate that signs itself, as tools make it for a server of one's own.
struct Own {
    pem: String,
    config: Arc<ServerConfig>,
}

impl Own {
    fn new(name: &str) -> Self {
        let mut wanted = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let made = wanted.self_signed(&key).expect("a certificate");
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], private)
            .expect("a configuration");
        Self {
            pem: made.pem(),
            config: Arc::new(config),
        }
    }

    /// Speaks TLS for a site.
    async fn before(&self, site: &Site) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let behind: SocketAddr = site.origin["http://".len()..].parse().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let (Ok(mut far), Ok(mut near)) = (
                        acceptor.accept(stream).await,
                        TcpStream::connect(behind).await,
                    ) else {
                        return;
                    };
                    let _ = tokio::io::copy_bidirectional(&mut far, &mut near).await;
                });
            }
        });
        address
    }
}

/// Pages come from `localhost`, and call the server under test `signal.test`.
fn secure(address: SocketAddr, trusted: &Own) -> Setting {
    let url = format!("https://localhost:{}", address.port());
    let trust = Trust::from_pem(&trusted.pem).expect("a certificate");
    let security = Security::new(Some(trust), Some("localhost")).expect("an authority");
    Setting {
        app: Some(AppSpec {
            from: AppFrom::Url(url.parse().expect("a URL"), Some(security)),
            names: vec!["signal.test:443".to_owned()],
        }),
        ..setting()
    }
}

/// The same page at home by https.
fn two() -> String {
    TWO.replace("ws://", "wss://")
        .replace("http://", "https://")
}

async fn one_hears(cast: &str) {
    let text = r#"scenario: a page by https and one who only signals
peers:
  alice: { app: / }
  bob: { stack: wire }
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, text: "Waiting for somebody" }
  - await: { peer: alice, hears: created }
  - join: { peer: bob, room: lobby }
  - see: { peer: alice, text: "Somebody came" }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - cut: { peer: alice, how: reset }
  - await: { peer: bob, hears: peer-left, from: alice }
"#;
    let site = Site::page(&two()).await;
    let own = Own::new("localhost");
    let setting = secure(own.before(&site).await, &own);
    let outcome = play(&case(text, cast), Arc::new(setting)).await;
    assert_eq!(
        passes(&outcome),
        r#"alice: fills field "Room" with "lobby"
alice: clicks button "Create"
alice -> server: create lobby
server -> alice: created lobby
alice: sees text "Waiting for somebody"
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
alice: sees text "Somebody came"
tap: cut alice (reset)
server -> bob: peer-left alice (lost)
"#
    );
}

async fn two_meet(cast: &str) {
    let text = r#"scenario: two pages by https
peers:
  alice: { app: / }
  bob: { app: / }
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, text: "Waiting for somebody" }
  - fill: { peer: bob, field: "Room", text: lobby }
  - click: { peer: bob, button: "Join" }
  - await: { connected: [alice, bob] }
"#;
    let site = Site::page(&two()).await;
    let own = Own::new("localhost");
    let setting = Setting {
        security: Some(Security::new(None, None).expect("an authority")),
        ..secure(own.before(&site).await, &own)
    };
    let outcome = play(&case(text, cast), Arc::new(setting)).await;
    passes(&outcome);
}

/// What a page loads comes as itself does.
async fn framed(cast: &str) {
    let site = Site::of(&[
        ("/", "<p id=at>nothing</p><iframe src=/inner></iframe><script>onmessage = ({ data }) => { at.textContent = data; }</script>"),
        ("/inner", "<script>const socket = new WebSocket('wss://signal.test/?userId=inner'); socket.onopen = () => parent.postMessage(`${isSecureContext} ${location.protocol} open`, '*'); socket.onerror = () => parent.postMessage('no socket', '*')</script>"),
    ])
    .await;
    let own = Own::new("localhost");
    let setting = secure(own.before(&site).await, &own);
    let text = "scenario: a frame\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: \"true https: open\" }\n";
    let outcome = play(&case(text, cast), Arc::new(setting)).await;
    passes(&outcome);
}

async fn refused(cast: &str) {
    let site = Site::page("<p>here").await;
    let (own, other) = (Own::new("localhost"), Own::new("localhost"));
    let text = "scenario: refused\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: here }\n";
    let told = async |setting: Setting| {
        let outcome = play(&case(text, cast), Arc::new(setting)).await;
        match &outcome.verdict {
            Verdict::Inconclusive(inconclusive) => inconclusive.why.clone(),
            other => panic!("{other:#?}"),
        }
    };
    let address = own.before(&site).await;
    let foreign = told(secure(address, &other)).await;
    assert!(
        foreign.starts_with("the server of the pages: the server at https://localhost:")
            && foreign.contains("no TLS with it: invalid peer certificate"),
        "{foreign}"
    );
    let elsewhere = Own::new("elsewhere.test");
    let address = elsewhere.before(&site).await;
    let name = told(secure(address, &elsewhere)).await;
    assert!(name.contains("not valid for name \"localhost\""), "{name}");
    // That it is there all the same is seen by one who trusts it.
    let address = own.before(&site).await;
    let outcome = play(&case(text, cast), Arc::new(secure(address, &own))).await;
    passes(&outcome);
}
