//! The port of an embedded server is its own, also while it is down.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::fd::BorrowedFd;
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

/// Copies of the sockets by which it listens, as a process has them that is just being started.
fn copies(server: &ServerUnderTest) -> Vec<TcpListener> {
    let all = std::fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter_map(|fd| {
        // SAFETY: one that is closed meanwhile cannot be copied, and another in its place is not kept.
        let copy = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned();
        let copy = TcpListener::from(copy.ok()?);
        (copy.local_addr().ok()? == server.address()).then_some(copy)
    })
    .collect()
}

#[tokio::test]
async fn who_holds_a_copy_of_the_socket_does_not_keep_a_killed_server_listening() {
    let mut server = started().await;
    let held = copies(&server);
    assert!(!held.is_empty(), "it listens by none");
    server.kill().await;
    let asked = TcpStream::connect(server.address()).await;
    assert_eq!(
        asked.expect_err("nobody listens").kind(),
        ErrorKind::ConnectionRefused
    );
    drop(held);
    server.stop().await;
}
