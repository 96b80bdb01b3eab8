//! The chat's page, as the server under test serves it to peers that are pages.

use std::sync::Arc;

use glare::run::Run;
use glare::server::{ServerSpec, ServerUnderTest};
use glare_signaling_server::Faults;
use glare_signaling_server::page::{HAS_FAULTS, PAGE_FAULTS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status line and headers, and the body.
async fn get(server: &ServerUnderTest, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server.address()).await.expect("a line");
    let ask = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.expect("to ask");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
}

async fn embedded(faults: Faults) -> ServerUnderTest {
    let run = Run::global().expect("a run").clone();
    ServerUnderTest::start(ServerSpec::faulty(faults), run, Arc::new(|_| {}))
        .await
        .expect("the embedded server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_server_serves_the_chat_and_nothing_beside_it() {
    let server = embedded(Faults::none()).await;
    let (head, index) = get(&server, "/?userId=alice").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(
        head.contains("content-security-policy: default-src 'none'"),
        "{head}"
    );
    assert!(index.contains("<title>Two-peer chat</title>"));
    let (head, _) = get(&server, "/webrtc.js").await;
    assert!(head.contains("content-type: text/javascript"), "{head}");
    for path in [
        "/nothing.js",
        "/../Cargo.toml",
        "/%2e%2e/signaling-server/Cargo.toml",
    ] {
        let (head, _) = get(&server, path).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_has_a_fault_only_if_its_address_names_one() {
    let server = embedded(Faults::none()).await;
    let (_, plain) = get(&server, "/").await;
    for fault in PAGE_FAULTS {
        let (head, faulty) = get(&server, &format!("/?fault={}", fault.name)).await;
        assert!(head.starts_with("http/1.1 200"), "{}: {head}", fault.name);
        assert_eq!(faulty != plain, HAS_FAULTS, "{}", fault.name);
    }
}
