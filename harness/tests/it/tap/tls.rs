//! TLS towards the peer and towards the server: the same bytes, the same ends.

use std::io::ErrorKind;

use glare::tap::{Cut, Delivery, LinkChange, Refused, TapOptions, Verdict};
use glare::terms::Silence;
use glare::terms::{Ending, Side};
use glare::tls::{Authority, Identity, Trust};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::ends::*;

/// The ends of these tests, as the world has them: nothing of the tap's own.
struct Ends {
    client: TlsConnector,
    server: TlsAcceptor,
}

type Peer = client::TlsStream<TcpStream>;
type Server = server::TlsStream<TcpStream>;

impl Ends {
    fn new(authority: &Authority, shown: &Identity) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
        roots.add(root).unwrap();
        let client = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let chain = CertificateDer::from_pem_slice(shown.certificate().as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(shown.key().as_bytes()).unwrap();
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        Self {
            client: TlsConnector::from(std::sync::Arc::new(client)),
            server: TlsAcceptor::from(std::sync::Arc::new(server)),
        }
    }

    async fn peer(&self, bench: &Bench) -> Peer {
        let name = ServerName::IpAddress(bench.tap.address().ip().into());
        soon(self.client.connect(name, bench.connect().await))
            .await
            .unwrap()
    }

    async fn server(&self, bench: &Bench) -> Server {
        soon(self.server.accept(bench.accept().await))
            .await
            .unwrap()
    }

    /// A WebSocket from end to end.
    async fn pair(&self, bench: &mut Bench) -> (Peer, Server) {
        let mut peer = self.peer(bench).await;
        peer.write_all(upgrade(bench.tap.address()).as_bytes())
            .await
            .unwrap();
        let mut server = self.server(bench).await;
        head(&mut server).await;
        server.write_all(ACCEPTED).await.unwrap();
        server.flush().await.unwrap();
        assert_eq!(head(&mut peer).await.as_bytes(), ACCEPTED);
        assert!(matches!(
            bench.next().await,
            Seen::Link(_, LinkChange::Up { .. })
        ));
        (peer, server)
    }
}

/// A tap with TLS to both sides, by one authority.
async fn bench(
    judge: impl Fn(&glare::tap::Passing<'_>) -> Verdict + Send + Sync + 'static,
) -> (Bench, Ends) {
    let authority = Authority::new().unwrap();
    let shown = authority.identity(&["127.0.0.1"]).unwrap();
    let ends = Ends::new(&authority, &shown);
    let bench = Bench::with(judge, both(&authority)).await;
    (bench, ends)
}

fn both(authority: &Authority) -> impl FnOnce(&mut TapOptions) {
    let identity = authority.identity(&["127.3.1.1"]).unwrap();
    let trust = authority.trust().unwrap();
    move |options| {
        options.identity = Some(identity);
        options.trust = Some(trust);
    }
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn got(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    soon(stream.write_all(bytes)).await.unwrap();
    soon(stream.flush()).await.unwrap();
}

fn is_reset(end: std::io::Result<Vec<u8>>) {
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn messages_pass_both_ways_and_the_link_ends_as_its_ends_say() {
    let (mut bench, ends) = bench(|_| Verdict::Pass).await;
    assert!(bench.tap.origin().starts_with("https://127.3.1.1:"));
    let (mut peer, mut server) = ends.pair(&mut bench).await;
    say(&mut peer, &up("hello")).await;
    assert_eq!(got(&mut server, 11).await, up("hello"));
    say(&mut server, &down("welcome")).await;
    assert_eq!(got(&mut peer, 9).await, down("welcome"));
    assert_eq!(bench.next().await.short(), "up hello");
    assert_eq!(bench.next().await.short(), "down welcome");

    // One way ends, by `close_notify`; the other stays open.
    soon(peer.shutdown()).await.unwrap();
    assert_eq!(rest(&mut server).await.unwrap(), b"");
    say(&mut server, &down("still here")).await;
    soon(server.shutdown()).await.unwrap();
    assert_eq!(rest(&mut peer).await.unwrap(), down("still here"));
    let ended = LinkChange::Down {
        by: Side::Peer,
        ending: Ending::Eof,
    };
    assert_eq!(bench.next().await, Seen::Link(1, ended));
}

#[tokio::test]
async fn an_end_without_a_close_notify_is_an_end_all_the_same() {
    let (mut bench, ends) = bench(|_| Verdict::Pass).await;
    let (peer, mut server) = ends.pair(&mut bench).await;
    let (tcp, _) = peer.into_inner();
    drop(tcp);
    assert_eq!(rest(&mut server).await.unwrap(), b"");
    let ended = LinkChange::Down {
        by: Side::Peer,
        ending: Ending::Eof,
    };
    assert_eq!(bench.next().await, Seen::Link(1, ended));
}

#[tokio::test]
async fn ten_megabytes_pass_both_ways_at_once_byte_for_byte() {
    let (mut bench, ends) = bench(|_| Verdict::Pass).await;
    let (peer, server) = ends.pair(&mut bench).await;
    let payload: Vec<u8> = (0..10_000_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let (there, back) = (frame(0x82, &payload, KEY), frame(0x82, &payload, None));
    let (mut peer_reads, mut peer_writes) = tokio::io::split(peer);
    let (mut server_reads, mut server_writes) = tokio::io::split(server);
    let (came, went, (), ()) = tokio::join!(
        got(&mut server_reads, there.len()),
        got(&mut peer_reads, back.len()),
        say(&mut peer_writes, &there),
        say(&mut server_writes, &back),
    );
    assert!(came == there, "up");
    assert!(went == back, "down");
}

#[tokio::test]
async fn requests_with_long_bodies_pass_on_one_connection() {
    let (bench, ends) = bench(|_| Verdict::Pass).await;
    let mut peer = ends.peer(&bench).await;
    let host = bench.tap.address();
    let body = vec![b'x'; 300_000];
    let request = format!(
        "POST /up HTTP/1.1\r\nHost: {host}\r\nOrigin: https://{host}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let request = [request.as_bytes(), &body].concat();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut server = None;
    for _ in 0..2 {
        let asking = async {
            say(&mut peer, &request).await;
            got(&mut peer, answer.len()).await
        };
        let serving = async {
            let mut stream = match server.take() {
                Some(stream) => stream,
                None => ends.server(&bench).await,
            };
            assert!(got(&mut stream, request.len()).await == request);
            say(&mut stream, answer).await;
            stream
        };
        let (answered, stream) = tokio::join!(asking, serving);
        assert_eq!(answered, answer);
        server = Some(stream);
    }
    // A page of plain http is another origin.
    let plain = format!("GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\r\n");
    say(&mut peer, plain.as_bytes()).await;
    assert!(head(&mut peer).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_server_that_refuses_early_is_heard() {
    let (bench, ends) = bench(|_| Verdict::Pass).await;
    let mut peer = ends.peer(&bench).await;
    let host = bench.tap.address();
    let length = 12_000_000;
    let request = format!("POST /up HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    let asking = async {
        say(&mut peer, request.as_bytes()).await;
        say(&mut peer, &vec![b'x'; length]).await;
        got(&mut peer, answer.len()).await
    };
    let serving = async {
        let mut server = ends.server(&bench).await;
        head(&mut server).await;
        say(&mut server, answer).await;
        server
    };
    let (answered, _server) = tokio::join!(asking, serving);
    assert_eq!(answered, answer);
}

#[tokio::test]
async fn a_server_whose_certificate_another_signed_is_refused() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let foreign = Ends::new(&authority, &other.identity(&["127.0.0.1"]).unwrap());
    let misnamed = Ends::new(&authority, &authority.identity(&["127.0.0.2"]).unwrap());
    for (ends, why) in [(foreign, "UnknownIssuer"), (misnamed, "not valid for name")] {
        let mut bench = Bench::with(|_| Verdict::Pass, both(&authority)).await;
        let mut peer = ends.peer(&bench).await;
        say(&mut peer, upgrade(bench.tap.address()).as_bytes()).await;
        let refused = ends.server.accept(bench.accept().await);
        let (shaken, answer) = tokio::join!(soon(refused), rest(&mut peer));
        assert!(shaken.is_err());
        let answer = String::from_utf8(answer.unwrap()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        assert!(answer.contains("glare's tap answers"), "{answer}");
        assert!(
            answer.contains("no TLS with it: ") && answer.contains(why),
            "{answer}"
        );
        let seen = bench.next().await;
        assert!(
            matches!(&seen, Seen::Link(1, LinkChange::Refused(Refused::ByTap { why: told })) if told.contains(why)),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let authority = Authority::new().unwrap();
    let ends = Ends::new(&authority, &authority.identity(&["127.0.0.1"]).unwrap());
    let bench = Bench::with(|_| Verdict::Pass, both(&authority)).await;
    let mut peer = ends.peer(&bench).await;
    say(&mut peer, upgrade(bench.tap.address()).as_bytes()).await;
    let mut server = bench.accept().await;
    server
        .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = String::from_utf8(rest(&mut peer).await.unwrap()).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 502 ") && answer.contains("no TLS"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_file_and_a_name_can_say_whom_to_trust() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let ends = Ends::new(&authority, &other.identity(&["signal.test"]).unwrap());
    let file = format!("{}\n{}", authority.pem(), other.pem());
    let trust = Trust::from_pem(&file)
        .unwrap()
        .named("signal.test")
        .unwrap();
    let identity = authority.identity(&["127.3.1.1"]).unwrap();
    let mut bench = Bench::with(
        |_| Verdict::Pass,
        |options| {
            options.identity = Some(identity);
            options.trust = Some(trust);
        },
    )
    .await;
    ends.pair(&mut bench).await;
    for no_file in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
    ] {
        Trust::from_pem(no_file).unwrap_err();
    }
    Trust::from_pem(&file)
        .unwrap()
        .named("no name")
        .unwrap_err();
}

#[tokio::test]
async fn each_side_has_tls_or_not_by_itself() {
    let authority = Authority::new().unwrap();
    let ends = Ends::new(&authority, &authority.identity(&["127.0.0.1"]).unwrap());
    let trust = authority.trust().unwrap();
    let bench = Bench::with(|_| Verdict::Pass, |options| options.trust = Some(trust)).await;
    let mut peer = bench.connect().await;
    say(&mut peer, upgrade(bench.tap.address()).as_bytes()).await;
    let mut server = ends.server(&bench).await;
    head(&mut server).await;
    say(&mut server, ACCEPTED).await;
    assert_eq!(head(&mut peer).await.as_bytes(), ACCEPTED);
}

#[tokio::test]
async fn a_plain_client_is_told_to_speak_tls() {
    let (bench, _) = bench(|_| Verdict::Pass).await;
    let mut peer = bench.connect().await;
    say(&mut peer, upgrade(bench.tap.address()).as_bytes()).await;
    let answer = String::from_utf8(rest(&mut peer).await.unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("it speaks TLS only, at https://127.3.1.1:"),
        "{answer}"
    );

    // What begins as TLS and is none is closed.
    let mut peer = bench.connect().await;
    say(&mut peer, &[22, 3, 1, 0, 5, 1, 2, 3, 4, 5]).await;
    let _ = rest(&mut peer).await;
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_authority_gets_nowhere() {
    let (bench, _) = bench(|_| Verdict::Pass).await;
    let other = Authority::new().unwrap();
    let ends = Ends::new(&other, &other.identity(&["127.0.0.1"]).unwrap());
    let name = ServerName::IpAddress(bench.tap.address().ip().into());
    let error = soon(ends.client.connect(name, bench.connect().await)).await;
    assert!(error.unwrap_err().to_string().contains("UnknownIssuer"));
}

#[tokio::test]
async fn a_reset_of_either_side_and_a_cut_are_resets() {
    for by in [Side::Peer, Side::Server, Side::Tap] {
        let (mut bench, ends) = bench(|_| Verdict::Pass).await;
        let (mut peer, mut server) = ends.pair(&mut bench).await;
        match by {
            Side::Peer => {
                say(&mut peer, &up("last")).await;
                assert_eq!(got(&mut server, 10).await, up("last"));
                peer.get_ref().0.set_zero_linger().unwrap();
                drop(peer);
                is_reset(rest(&mut server).await);
            }
            Side::Server => {
                say(&mut server, &down("last")).await;
                assert_eq!(got(&mut peer, 6).await, down("last"));
                server.get_ref().0.set_zero_linger().unwrap();
                drop(server);
                is_reset(rest(&mut peer).await);
            }
            Side::Tap => {
                assert_eq!(soon(bench.tap.cut(Some(1), Cut::Reset)).await, 1);
                is_reset(rest(&mut peer).await);
                is_reset(rest(&mut server).await);
            }
        }
        let ended = loop {
            if let Seen::Link(1, LinkChange::Down { by, ending }) = bench.next().await {
                break (by, ending);
            }
        };
        assert_eq!(ended, (by, Ending::Reset));
    }
}

#[tokio::test]
async fn holds_silences_and_stalls_work_within_tls() {
    let judge = |passing: &glare::tap::Passing<'_>| match passing.data {
        b"hold me" => Verdict::Hold,
        _ => Verdict::Pass,
    };
    let (mut bench, ends) = bench(judge).await;
    let (mut peer, mut server) = ends.pair(&mut bench).await;
    say(&mut peer, &[up("hold me"), up("pass")].concat()).await;
    assert_eq!(got(&mut server, 10).await, up("pass"));
    let hold = bench.next().await.hold();
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(got(&mut server, 13).await, up("hold me"));

    let how = Silence {
        up: true,
        down: false,
    };
    assert_eq!(soon(bench.tap.silence(Some(1), how)).await, 1);
    say(&mut peer, &up("lost")).await;
    while !matches!(
        bench.next().await,
        Seen::Message {
            swallowed: true,
            ..
        }
    ) {}
    assert_eq!(soon(bench.tap.mend(Some(1))).await, 1);
    say(&mut peer, &up("here")).await;
    assert_eq!(got(&mut server, 10).await, up("here"));

    assert_eq!(soon(bench.tap.stall(Some(1))).await, 1);
    let flood = frame(0x82, &vec![7; 16_000_000], None);
    let mut writing = Box::pin(async {
        server.write_all(&flood).await.unwrap();
        server.flush().await.unwrap();
    });
    // The server fills the system's buffers and is then kept waiting.
    let stuck = tokio::time::timeout(std::time::Duration::from_millis(300), &mut writing).await;
    assert!(stuck.is_err());
    assert_eq!(soon(bench.tap.mend(Some(1))).await, 1);
    let (came, ()) = tokio::join!(got(&mut peer, flood.len()), soon(writing));
    assert!(came == flood);
}
