//! The port of an embedded server is its own, also while it is down.

use std::io::ErrorKind;
use std::sync::Arc;

use glare::run::Run;
use glare::server::{ServerSpec, ServerUnderTest};
use tokio::net::{TcpSocket, TcpStream};

async fn started() -> ServerUnderTest {
    let run = Run::global().expect("a run").clone();
    let spec = ServerSpec::reference();
    ServerUnderTest::start(spec, run, Arc::new(|_| {}))
        .await
        .expect("a server")
}

/// Whether somebody who asks for it as any program does can have the port.
fn is_free(server: &ServerUnderTest) -> bool {
    let socket = TcpSocket::new_v4().expect("a socket");
    match socket.bind(server.address()) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
            false
        }
    }
}

#[tokio::test]
async fn nobody_gets_the_port_of_a_server_that_is_down() {
    let mut server = started().await;
    assert!(!is_free(&server));
    server.kill().await;
    assert!(!is_free(&server), "down, and its port is another's");
    let asked = TcpStream::connect(server.address()).await;
    assert_eq!(
        asked.expect_err("nobody listens").kind(),
        ErrorKind::ConnectionRefused
    );
    server.restart().await.expect("the same port");
    TcpStream::connect(server.address())
        .await
        .expect("it listens again");
    let address = server.address();
    server.stop().await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind(address).expect("it is free in the end");
}
