//! The server under test as a program: readiness, its words, its end, and that nothing of it stays.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::cli_support::{GLARE, Stand, eventually, marked, scenarios};
use glare::run::Run;
use glare::server::{CommandSpec, Ready, ServerError, ServerSpec, ServerUnderTest, Sink};
use glare::terms::ServerLife;

/// What the server's life was, as it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<ServerLife>>>);

impl Told {
    fn sink(&self) -> Sink {
        let told = self.0.clone();
        Arc::new(move |life| told.lock().expect("no panic").push(life))
    }

    fn lines(&self) -> Vec<String> {
        let told = self.0.lock().expect("no panic");
        told.iter()
            .filter_map(|life| {
                if let ServerLife::Line { text } = life {
                    Some(text.clone())
                } else {
                    None
                }
            })
            .collect()
    }

    fn has(&self, wanted: impl Fn(&ServerLife) -> bool) -> bool {
        self.0.lock().expect("no panic").iter().any(wanted)
    }
}

fn spec(command: impl Into<String>, ready: Ready) -> CommandSpec {
    CommandSpec {
        ready,
        within: Duration::from_secs(20),
        ..CommandSpec::new(command)
    }
}

fn reference() -> String {
    format!("exec {GLARE} serve --port {{port}}")
}

async fn start(run: &Run, told: &Told, spec: CommandSpec) -> Result<ServerUnderTest, ServerError> {
    ServerUnderTest::start(ServerSpec::Command(spec), run.clone(), told.sink()).await
}

async fn refused(run: &Run, told: &Told, spec: CommandSpec) -> String {
    match start(run, told, spec).await {
        Ok(_) => panic!("it cannot have got ready"),
        Err(error) => error.to_string(),
    }
}

/// Nothing carries the run's mark any more, and the run can end.
async fn nothing_is_left(run: Run) {
    assert_eq!(marked(run.mark()), Vec::<String>::new());
    tokio::task::spawn_blocking(move || run.end())
        .await
        .expect("no panic")
        .expect("a clean end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ready_by_port_http_and_line() {
    let run = Run::start().expect("a run");
    for ready in [
        Ready::Port,
        Ready::Http("/health".into()),
        Ready::Line("listening on".into()),
    ] {
        let told = Told::default();
        let server = start(&run, &told, spec(reference(), ready))
            .await
            .expect("ready");
        std::net::TcpStream::connect(server.address()).expect("it listens");
        assert!(told.has(|life| matches!(life, ServerLife::Ready)));
        eventually("its line in the trace", || {
            told.lines() == [format!("listening on http://{}", server.address())]
        });
        server.stop().await;
        assert!(
            !told.has(|life| matches!(life, ServerLife::Exited { .. })),
            "an end that was wanted is no exit"
        );
    }
    nothing_is_left(run).await;
}

/// Not a test: a server that answers one status after the other and says each. It ends by itself when it is asked no more.
#[test]
#[ignore = "started by another test"]
fn statuses() {
    let Ok(statuses) = std::env::var("STATUSES") else {
        return;
    };
    let port: u16 = std::env::var("PORT")
        .expect("PORT")
        .parse()
        .expect("a port");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
    let deadline = Instant::now() + Duration::from_secs(20);
    listener.set_nonblocking(true).expect("an option");
    let mut left = statuses.split(',');
    while Instant::now() < deadline {
        let Ok((mut socket, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        socket.set_nonblocking(false).expect("an option");
        let patience = Some(Duration::from_secs(20));
        socket.set_read_timeout(patience).expect("an option");
        let mut request = [0; 512];
        // Whoever only knocks asks nothing.
        let length = socket.read(&mut request).unwrap_or(0);
        if !request[..length].starts_with(b"GET /up HTTP/1.1\r\n") {
            continue;
        }
        let Some(status) = left.next() else { continue };
        println!("said {status}");
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
        // In one piece: who has read the status is gone.
        socket.write_all(answer.as_bytes()).expect("answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_ready_when_it_answers_2xx_or_3xx_and_not_before() {
    let run = Run::start().expect("a run");
    let binary = std::env::current_exe().expect("this binary");
    let path = module_path!().split_once("::");
    let path = path
        .map(|(_, path)| format!("{path}::"))
        .unwrap_or_default();
    let command = format!(
        "exec '{}' --exact {path}statuses --ignored --nocapture",
        binary.display()
    );
    for last in ["200", "204", "302", "399"] {
        let told = Told::default();
        let mut spec = spec(command.clone(), Ready::Http("/up".into()));
        let before = ["503", "502", "500", "404", "400", "199"];
        let all = [before.as_slice(), &[last]].concat();
        spec.env = vec![("STATUSES".into(), all.join(","))];
        let server = start(&run, &told, spec)
            .await
            .expect("ready at the last answer");
        let wanted: Vec<String> = all.iter().map(|status| format!("said {status}")).collect();
        let said = || {
            let lines = told.lines();
            // What a test binary writes around it is its own.
            let said = lines
                .iter()
                .filter_map(|line| Some(&line[line.find("said ")?..]));
            said.map(str::to_owned).collect::<Vec<_>>()
        };
        eventually("its last word", || said().len() >= wanted.len());
        assert_eq!(said(), wanted);
        server.stop().await;
    }
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_end_is_reported_with_the_last_lines() {
    let run = Run::start().expect("a run");
    let told = Told::default();
    let command =
        "for n in $(seq 1 40); do echo line $n; done; echo no config >&2; printf 'the end'; exit 7";
    let error = refused(&run, &told, spec(command, Ready::Port)).await;
    assert!(error.contains("exit status: 7"), "{error}");
    for line in ["    line 40", "    no config", "    the end"] {
        assert!(error.contains(line), "{error}");
    }
    assert!(!error.contains("    line 20\n"), "only the last: {error}");
    assert_eq!(told.lines().len(), 42);
    let error = refused(&run, &told, spec("exit 0", Ready::Line("up".into()))).await;
    assert!(
        error.contains("exit status: 0") && error.contains("it wrote nothing"),
        "{error}"
    );
    let error = refused(&run, &told, spec("no-such-program-here", Ready::Port)).await;
    assert!(
        error.contains("127") && error.contains("not found"),
        "{error}"
    );
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_gets_ready_is_ended_in_time() {
    let run = Run::start().expect("a run");
    for (ready, waited) in [
        (Ready::Port, "port "),
        (Ready::Http("/x".into()), "/x"),
        (Ready::Line("ready now".into()), "a line with \"ready now\""),
    ] {
        let began = Instant::now();
        let told = Told::default();
        let mut spec = spec(
            "printf 'still busy, no line end'; sleep 60 & sleep 60",
            ready,
        );
        spec.within = Duration::from_secs(1);
        let error = refused(&run, &told, spec).await;
        assert!(
            error.contains("not ready after 1 s")
                && error.contains(waited)
                && error.contains("    still busy, no line end"),
            "{error}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(marked(run.mark()), Vec::<String>::new());
    }
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_killed_and_started_again_on_the_same_port() {
    let run = Run::start().expect("a run");
    let told = Told::default();
    let mut server = start(&run, &told, spec(reference(), Ready::Port))
        .await
        .expect("ready");
    let address = server.address();
    for _ in 0..3 {
        let held = std::net::TcpStream::connect(address).expect("it listens");
        server.kill().await;
        assert!(std::net::TcpStream::connect(address).is_err(), "it is gone");
        assert_eq!(marked(run.mark()), Vec::<String>::new());
        server.restart().await.expect("again");
        assert_eq!(server.address(), address);
        std::net::TcpStream::connect(address).expect("it listens again");
        drop(held);
    }
    assert!(told.has(|life| matches!(life, ServerLife::Killed)));
    server.stop().await;
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grandchildren_die_with_it() {
    let run = Run::start().expect("a run");
    let told = Told::default();
    // One in its group, one in a session of its own, both without the pipes.
    let command = format!(
        "sleep 61 >/dev/null 2>&1 & setsid sleep 62 >/dev/null 2>&1 & {GLARE} serve --port {{port}}"
    );
    let server = start(&run, &told, spec(command, Ready::Port))
        .await
        .expect("ready");
    eventually("three of them and the shell", || {
        marked(run.mark()).len() >= 4
    });
    server.stop().await;
    assert_eq!(marked(run.mark()), Vec::<String>::new());
    // A program that fails has failed, whatever it leaves in the background, and that does not hold the port.
    let command = format!("{GLARE} serve --port {{port}} & sleep 63 & exit 3");
    let ended = spec(command, Ready::Line("never said".into()));
    let error = refused(&run, &told, ended).await;
    assert!(error.contains("ended"), "{error}");
    assert_eq!(marked(run.mark()), Vec::<String>::new());
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_of_its_own_is_told() {
    let run = Run::start().expect("a run");
    let told = Told::default();
    let folder = tempfile::tempdir().expect("a folder");
    let stop = folder.path().join("stop");
    let command = format!(
        "{GLARE} serve --port {{port}} & echo up; while [ ! -e {} ]; do sleep 0.02; done; kill -9 $!; echo out of memory; exit 9",
        stop.display()
    );
    let server = start(&run, &told, spec(command, Ready::Line("up".into())))
        .await
        .expect("ready");
    std::fs::write(stop, "").expect("a file");
    eventually("its exit", || {
        told.has(|life| matches!(life, ServerLife::Exited { status } if status == "exit status: 9"))
    });
    let lines = told.lines();
    assert_eq!(
        lines.last().map(String::as_str),
        Some("out of memory"),
        "its last words come before its end: {lines:?}"
    );
    server.stop().await;
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_binary_and_endless_lines_do_no_harm() {
    let run = Run::start().expect("a run");
    let flood = "yes 'all work and no play' & yes oops >&2 & ";
    let endless = "head -c 30000000 /dev/zero | tr '\\0' x & ";
    let binary = "head -c 3000000 /dev/urandom & ";
    for noise in [flood, endless, binary] {
        let told = Told::default();
        let server = start(
            &run,
            &told,
            spec(
                format!("{noise} {GLARE} serve --port {{port}}"),
                Ready::Port,
            ),
        )
        .await
        .expect("ready");
        eventually("some of it", || !told.lines().is_empty());
        std::net::TcpStream::connect(server.address()).expect("it listens all the same");
        if noise == flood {
            eventually("the word that it is too much", || {
                told.lines()
                    .iter()
                    .filter(|line| line.contains("writes too much"))
                    .count()
                    == 2
            });
        }
        server.stop().await;
        let lines = told.lines();
        assert!(lines.len() <= 2 * 10_001, "{}", lines.len());
        assert!(lines.iter().all(|line| line.len() <= 5 * 1024));
        assert!(lines.iter().map(String::len).sum::<usize>() <= 2 * (4 << 20) + 100_000);
        assert_eq!(marked(run.mark()), Vec::<String>::new());
    }
    nothing_is_left(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_folder_and_environment_are_as_asked_for() {
    let run = Run::start().expect("a run");
    let told = Told::default();
    let folder = tempfile::tempdir().expect("a folder");
    let mut spec = spec(
        "pwd; echo $WHO; [ \"$PORT\" = {port} ] && echo same port; exec $GLARE serve >/dev/null",
        Ready::Line("same port".into()),
    );
    spec.folder = Some(folder.path().to_owned());
    spec.env = vec![
        ("WHO".into(), "glare".into()),
        ("GLARE".into(), GLARE.into()),
    ];
    let server = start(&run, &told, spec).await.expect("ready");
    let lines = told.lines();
    assert_eq!(lines[1..], ["glare", "same port"]);
    assert!(
        lines[0].ends_with(
            folder
                .path()
                .file_name()
                .expect("a name")
                .to_str()
                .expect("plain")
        ),
        "{lines:?}"
    );
    server.stop().await;
    nothing_is_left(run).await;
}

/// The reference server as a program plays what the embedded one plays, kill and restart included.
#[test]
fn a_program_plays_the_scenarios_green() {
    let stand = Stand::new();
    let server = format!("{GLARE} serve --port {{port}}");
    let all = scenarios();
    let paths: Vec<String> = [
        "rooms/happy-path.yaml",
        "closing/server-dies.yaml",
        "rooms/mid-join-disconnect.yaml",
    ]
    .map(|path| all.join(path).display().to_string())
    .into();
    let mut arguments = vec![
        "run",
        "--cast=alice=native,bob=native",
        "--server",
        &server,
        "--ready",
        "http:/health",
    ];
    arguments.extend(paths.iter().map(String::as_str));
    stand.glare(&arguments).ends(0).says("3 passed, 0 failed");
    let trace = std::fs::read_to_string(stand.record("server-dies@alice-native+bob-native"))
        .expect("a record");
    assert_eq!(
        trace.matches("listening on http://").count(),
        2,
        "each life's output is in the trace"
    );
}

/// A server that dies in the middle of a scenario fails it, at its step.
#[test]
fn a_program_that_ends_in_the_middle_is_a_failure_there() {
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        "scenario: x\npeers: { alice: {} }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - await: { peer: alice, hears: peer-joined, within: 30s }\n",
    );
    let trace = ".glare/runs/latest/x@alice-native/trace.jsonl";
    // It ends once the second step waits.
    let server = format!(
        "{GLARE} serve --port {{port}} & while ! grep -qs '\"index\":2' {trace}; do sleep 0.05; done; kill $!; echo I gave up; exit 4"
    );
    stand
        .glare(&["run", "x.yaml", "--server", &server])
        .ends(1)
        .complains("step 2 failed")
        .complains("the server ended by itself: exit status: 4");
    assert!(
        std::fs::read_to_string(stand.path(trace))
            .expect("a trace")
            .contains("I gave up")
    );
}
