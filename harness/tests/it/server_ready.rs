//! A program is ready when one of its own processes listens on its port and shows what was asked for; whoever else listens there is named.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli_support::{GLARE, Stand, eventually, marked, scenarios};
use glare::run::Run;
use glare::server::{CommandSpec, Ready, ServerError, ServerSpec, ServerUnderTest};

/// So many seconds a program may take to start on a busy machine; what is never ready takes all of them.
const BUSY: u64 = 8;

fn spec(command: impl Into<String>, ready: Ready, within: u64) -> CommandSpec {
    CommandSpec {
        ready,
        within: Duration::from_secs(within),
        ..CommandSpec::new(command)
    }
}

async fn start(run: &Run, spec: CommandSpec) -> Result<ServerUnderTest, ServerError> {
    ServerUnderTest::start(ServerSpec::Command(spec), run.clone(), Arc::new(|_| {})).await
}

async fn refused(run: &Run, spec: CommandSpec) -> ServerError {
    match start(run, spec).await {
        Ok(_) => panic!("it cannot have got ready"),
        Err(error) => error,
    }
}

/// A command that writes the port which it was given into a file, and goes on.
fn tells(file: &Path, goes_on: &str) -> String {
    let file = file.display();
    format!("printf {{port}} > {file}.new; mv {file}.new {file}; {goes_on}")
}

fn told(file: &Path) -> u16 {
    eventually("the port", || file.exists());
    let text = std::fs::read_to_string(file).expect("a port");
    text.parse().expect("a number")
}

/// Listens and answers every question with 200, as a right server would; ends when the test does.
fn impostor(port: u16) -> TcpListener {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
    let answering = listener.try_clone().expect("a copy");
    std::thread::spawn(move || {
        use std::io::Write as _;
        for mut socket in answering.incoming().flatten() {
            drop(socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        }
    });
    listener
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_answers_404_is_never_ready() {
    let run = Run::start().expect("a run");
    let command = format!("exec {GLARE} serve --port {{port}}");
    let error = refused(&run, spec(command, Ready::Http("/nope".into()), BUSY)).await;
    let error = error.to_string();
    assert!(
        error.contains("/nope: the last answer had status 404, expected 2xx or 3xx"),
        "{error}"
    );
    assert_eq!(marked(run.mark()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_on_the_port_is_never_the_server_and_is_named() {
    let run = Run::start().expect("a run");
    let folder = tempfile::tempdir().expect("a folder");
    for (number, ready) in [
        Ready::Port,
        Ready::Http("/health".into()),
        Ready::Line("up".into()),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(number.to_string());
        let command = tells(&file, "echo up; exec sleep 60");
        // It is there before anybody else could be: the port is the run's own.
        let listening = tokio::task::spawn_blocking(move || impostor(told(&file)));
        let began = Instant::now();
        let error = refused(&run, spec(command, ready, 60)).await;
        let listener = listening.await.expect("no panic");
        let port = listener.local_addr().expect("an address").port();
        let ServerError::Taken {
            port: taken,
            by,
            lines,
            ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (*taken, lines.as_slice()),
            (port, ["up".to_owned()].as_slice())
        );
        let by = by.as_ref().expect("one's own processes can be seen");
        assert_eq!(by.pid, std::process::id());
        let text = error.to_string();
        for word in [
            format!("port {port}, where the server must listen, is held by another program"),
            format!("pid {}", std::process::id()),
        ] {
            assert!(text.contains(&word), "no {word:?} in {text}");
        }
        assert!(
            began.elapsed() < Duration::from_secs(50),
            "it is not waited for in vain"
        );
        assert_eq!(marked(run.mark()), Vec::<String>::new());
    }
}

/// A port that stands in the command is whoever's it is: a server that cannot have it is not ready, whatever else listens there.
#[test]
fn a_port_that_stands_in_the_command_and_is_anothers_is_told() {
    let listener = impostor(0);
    let port = listener.local_addr().expect("an address").port();
    let scenario = scenarios()
        .join("rooms/happy-path.yaml")
        .display()
        .to_string();
    let server = format!("exec {GLARE} serve --port {port}");
    Stand::new()
        .glare(&[
            "run",
            &scenario,
            "--server",
            &server,
            "--ready",
            "http:/health",
        ])
        .ends(5)
        .says("INCONCLUSIVE")
        .says("the server ended (exit status: 4) before it was ready")
        .says(&format!(
            "port {port} at 127.0.0.1 cannot be used: Address already in use"
        ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_listens_on_another_port_than_it_must_is_told_which() {
    let run = Run::start().expect("a run");
    let run = &run;
    let port = || glare::run::Port::take().expect("a port");
    let waits = [
        (Ready::Port, port()),
        (
            Ready::Http("/health".into()),
            glare::run::Port::take().expect("a port"),
        ),
        (
            Ready::Line("listening".into()),
            glare::run::Port::take().expect("a port"),
        ),
    ]
    .into_iter()
    .map(|(ready, port)| async move {
        let number = port.address().port();
        let command = format!("exec {GLARE} serve --port {number}");
        let error = refused(run, spec(command, ready, BUSY)).await.to_string();
        for word in [
            "nothing listens on port",
            &format!("it listens on port {number} instead"),
            "{port}",
        ] {
            assert!(error.contains(word), "no {word:?} in {error}");
        }
    });
    futures_util::future::join_all(waits).await;
    assert_eq!(marked(run.mark()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_servers_port_is_none_that_the_system_gives_to_others() {
    let run = Run::start().expect("a run");
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("a range");
    let range: Vec<u16> = range
        .split_whitespace()
        .map(|port| port.parse().expect("a port"))
        .collect();
    let command = spec(
        format!("exec {GLARE} serve --port {{port}}"),
        Ready::Port,
        20,
    );
    for spec in [ServerSpec::Command(command), ServerSpec::reference()] {
        let mut server = ServerUnderTest::start(spec, run.clone(), Arc::new(|_| {}))
            .await
            .expect("ready");
        let port = server.address().port();
        // In a container that gives out all ports there is no other.
        let whole = range[0] <= 10_240 && range[1] == u16::MAX;
        assert!(
            whole || !(range[0]..=range[1]).contains(&port),
            "{port} in {range:?}"
        );
        // Its own also while it is down.
        server.kill().await;
        let others: Vec<_> = (0..50)
            .map(|_| glare::run::Port::take().expect("a port"))
            .collect();
        assert!(others.iter().all(|other| other.address().port() != port));
        drop(others);
        server.restart().await.expect("again");
        assert_eq!(server.address().port(), port);
        server.stop().await;
    }
}
