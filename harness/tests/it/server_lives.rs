//! A server that ends by itself during a case has failed it, and what it got last is told. The servers are processes of this same test binary.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cli_support::{GLARE, Stand, eventually, marked};
use futures_util::{SinkExt as _, StreamExt as _};
use glare::laws::{Law, server_lives};
use glare::names::{Link, PeerName};
use glare::record::{Event, Fingerprint, What};
use glare::run::Run;
use glare::server::{CommandSpec, Lives, Ready, ServerSpec, ServerUnderTest};
use glare::terms::{Carrier, Direction, Fate, ServerLife};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// What the server under test does with what is not JSON, and with a request to delete something: `bears` it, `exits`, `aborts`, `restarts`
/// (a shell starts it again), `leaves` (a shell that goes on), `closes` (its sockets first, and itself a moment later).
const HOW: &str = "ROOMLESS";

type Users = Arc<Mutex<HashMap<String, UnboundedSender<String>>>>;

/// How it `closes`: as with a process that dies, nobody listens any more when a line of it ends.
#[derive(Default)]
struct Doom {
    comes: Notify,
    deaf: Notify,
}

impl Doom {
    async fn strikes(&self) {
        self.comes.notify_one();
        self.deaf.notified().await;
    }
}

/// Not a test: a server without rooms, ids in the query, each message goes to whom it names. Does nothing when it is not asked to.
#[test]
#[ignore = "started by the other tests"]
fn roomless() {
    let Ok(how) = std::env::var(HOW) else { return };
    let port: u16 = std::env::var("PORT")
        .expect("PORT")
        .parse()
        .expect("a port");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("the port");
        println!(
            "listening on {}",
            listener.local_addr().expect("an address")
        );
        let users = Users::default();
        let doom = Arc::new(Doom::default());
        loop {
            let (socket, _) = tokio::select! {
                accepted = listener.accept() => accepted.expect("a connection"),
                () = doom.comes.notified() => break,
            };
            tokio::spawn(serve(socket, users.clone(), how.clone(), doom.clone()));
        }
        drop(listener);
        doom.deaf.notify_one();
        tokio::time::sleep(Duration::from_millis(300)).await;
        eprintln!("SyntaxError: Unexpected token");
        std::process::exit(1);
    });
}

async fn serve(mut socket: TcpStream, users: Users, how: String, doom: Arc<Doom>) {
    let mut head = [0; 2048];
    let length = socket.peek(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
    if how == "closes" && head.starts_with("get /delete") {
        doom.strikes().await;
        return;
    }
    if !head.contains("upgrade: websocket") {
        let mut request = [0; 2048];
        drop(socket.read(&mut request).await);
        if how == "closes" && head.starts_with("delete") {
            doom.strikes().await;
            return;
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        drop(socket.write_all(answer).await);
        return;
    }
    let mut id = String::new();
    let (say, mut said) = unbounded_channel();
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is what the library says it is"
    )]
    let callback = |request: &Request, response: Response| {
        id = request.uri().query().unwrap_or_default().replace("id=", "");
        // Before it is let in: from then on it can be spoken to.
        users
            .lock()
            .expect("no panic")
            .insert(id.clone(), say.clone());
        Ok(response)
    };
    let Ok(line) = tokio_tungstenite::accept_hdr_async(socket, callback).await else {
        return;
    };
    let (mut sink, mut stream) = line.split();
    loop {
        tokio::select! {
            Some(text) = said.recv() => {
                if sink.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            message = stream.next() => {
                let Some(Ok(message)) = message else { break };
                let Message::Text(text) = message else { continue };
                let Ok(mut message) = serde_json::from_str::<Value>(&text) else {
                    match how.as_str() {
                        "bears" => drop(say.send(json!({ "error": "not JSON" }).to_string())),
                        "aborts" => std::process::abort(),
                        "closes" => {
                            doom.strikes().await;
                            break;
                        }
                        _ => {
                            eprintln!("SyntaxError: Unexpected token");
                            std::process::exit(1);
                        }
                    }
                    continue;
                };
                let to = message["to"].as_str().unwrap_or_default().to_owned();
                message["from"] = id.clone().into();
                match users.lock().expect("no panic").get(&to) {
                    Some(to) => drop(to.send(message.to_string())),
                    None => drop(say.send(json!({ "error": "nobody is called so" }).to_string())),
                }
            }
        }
    }
    users.lock().expect("no panic").remove(&id);
}

const DIALECT: &str = r#"
dialect: roomless
about: No rooms; to be connected is to be reachable.
framing: json
connect: { path: "/?id={me|url}" }
same-id: takeover
absent-peer: error
rewrites: false
echoes: false
say:
  offer:     { message: { to: "{peer}", kind: offer, sdp: "{sdp}" } }
  answer:    { message: { to: "{peer}", kind: answer, sdp: "{sdp}" } }
  candidate: { message: { to: "{peer}", kind: candidate, candidate: "{candidate}" } }
  end-of-candidates: { message: { to: "{peer}", kind: candidate, candidate: null } }
hear:
  offer:     { message: { from: "{peer}", kind: offer, sdp: "{sdp}" } }
  answer:    { message: { from: "{peer}", kind: answer, sdp: "{sdp}" } }
  candidate: { message: { from: "{peer}", kind: candidate, candidate: "{candidate}" } }
  end-of-candidates: { message: { from: "{peer}", kind: candidate, candidate: null } }
  error:     { message: { error: "{reason}" } }
"#;

const GARBAGE_LAST: &str = r#"
scenario: last garbage
peers:
  alice: {}
  bob: {}
  carol: { stack: wire }
steps:
  - connect: { peer: alice }
  - connect: { peer: bob }
  - negotiate: { from: bob, to: alice }
  - await: { connected: [alice, bob] }
  - connect: { peer: carol }
  - send-raw: { peer: carol, text: "this is not JSON" }
"#;

/// This test binary as a server, for a shell.
fn server(how: &str) -> String {
    let binary = std::env::current_exe().expect("this binary");
    let path = module_path!()
        .split_once("::")
        .map(|(_, path)| format!("{path}::"));
    let name = format!("{}roomless", path.unwrap_or_default());
    let run = format!(
        "{HOW}={how} '{}' --exact {name} --ignored --nocapture",
        binary.display()
    );
    match how {
        "restarts" => format!("while :; do {run}; done"),
        "leaves" => format!("{run}; sleep 1000"),
        _ => format!("exec env {run}"),
    }
}

fn stand() -> Stand {
    let stand = Stand::new();
    stand.write("roomless.yaml", DIALECT);
    stand.write("x.yaml", GARBAGE_LAST);
    stand
}

/// A verdict that no race decides.
#[test]
fn garbage_as_the_last_word_that_ends_the_server_is_always_a_failure() {
    for (how, words) in [
        (
            "exits",
            "law 11 is broken: the server ended by itself: exit status: 1, after a message of carol",
        ),
        (
            "aborts",
            "law 11 is broken: the server ended by itself: signal: 6 (SIGABRT)",
        ),
        (
            "restarts",
            "law 11 is broken: the server ended by itself: the process that listened has ended",
        ),
        (
            "leaves",
            "law 11 is broken: the server ended by itself: nothing of it listens on port",
        ),
    ] {
        let (stand, server) = (stand(), server(how));
        for more in [vec![], vec!["--shake", "7"]] {
            let mut arguments = vec!["run", "x.yaml", "--server", &server];
            arguments.extend([
                "--ready",
                "http:/health",
                "--dialect",
                "roomless.yaml",
                "--accept",
            ]);
            arguments.extend(["--repeat", "4"]);
            arguments.extend(more);
            let ran = stand
                .glare(&arguments)
                .ends(1)
                .complains(words)
                .complains("carol -> server: opaque \"this is not JSON\"")
                .says("11 broken 4 times in 4");
            if how == "exits" {
                ran.complains("server's output: SyntaxError: Unexpected token");
            }
        }
    }
}

/// The sockets of a server that dies may be seen to close well before its process is seen to end: it died of the step that it got, and
/// not of the one behind it.
#[test]
fn an_end_is_laid_to_the_step_that_the_server_dies_of() {
    let steps = "  - say: { from: alice, text: again }\n  - wait: 400ms\n";
    for harm in [
        "  - http: { peer: carol, method: DELETE, path: /room, answered: false }\n",
        "  - garbage: { peer: carol, kind: cut-short }\n",
        "  - send-raw: { peer: carol, path: /delete, answered: false }\n",
    ] {
        let (stand, server) = (stand(), server("closes"));
        stand.write("roomless.yaml", &format!("{DIALECT}garbage: close\n"));
        let scenario = GARBAGE_LAST.replace(
            "  - send-raw: { peer: carol, text: \"this is not JSON\" }\n",
            &format!("{harm}{steps}"),
        );
        stand.write("x.yaml", &scenario);
        let place = format!(
            "x.yaml:{}",
            1 + scenario
                .split(harm)
                .next()
                .unwrap_or_default()
                .lines()
                .count()
        );
        (stand.glare(&[
            "run",
            "x.yaml",
            "--server",
            &server,
            "--ready",
            "http:/health",
            "--dialect",
            "roomless.yaml",
            "--accept",
        ]))
        .ends(1)
        .complains("the server ended by itself: exit status: 1")
        .complains(&place);
    }
}

#[test]
fn a_server_that_bears_garbage_is_not_accused() {
    let (stand, server) = (stand(), server("bears"));
    for more in [vec![], vec!["--shake", "7"]] {
        let mut arguments = vec!["run", "x.yaml", "--server", &server];
        arguments.extend([
            "--ready",
            "http:/health",
            "--dialect",
            "roomless.yaml",
            "--accept",
        ]);
        arguments.extend(["--repeat", "4"]);
        arguments.extend(more);
        stand.glare(&arguments).ends(0).says("11 held 4 times");
    }
}

/// The same server as a program that somebody else has started.
struct Elsewhere(Child, String);

impl Elsewhere {
    fn start(how: &str) -> Self {
        let mut child = Command::new("/bin/sh")
            .args(["-c", &server(how)])
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map_while(Result::ok);
        let at = lines
            .find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()))
            .expect("its address");
        Self(child, format!("http://{at}"))
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Nobody knows who has ended it, so nobody is accused; but it is not green either.
#[test]
fn a_server_at_a_url_that_refuses_connections_afterwards_is_inconclusive() {
    let stand = stand();
    for (how, status) in [("bears", 0), ("exits", 5)] {
        let elsewhere = Elsewhere::start(how);
        let mut arguments = vec!["run", "x.yaml", "--server-url", &elsewhere.1];
        arguments.extend([
            "--i-own-this-server",
            "--dialect",
            "roomless.yaml",
            "--accept",
        ]);
        let ran = stand.glare(&arguments).ends(status);
        match how {
            "bears" => drop(ran.says("11 vacuous")),
            _ => drop(
                ran.says("INCONCLUSIVE")
                    .says("the server refuses connections after the steps")
                    .says("what it got last was carol's \"this is not JSON\""),
            ),
        }
    }
}

fn told() -> (Arc<Mutex<Vec<ServerLife>>>, glare::server::Sink) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    (
        told,
        Arc::new(move |life| sink.lock().expect("no panic").push(life)),
    )
}

fn lives(told: &Mutex<Vec<ServerLife>>) -> Vec<ServerLife> {
    let told = told.lock().expect("no panic");
    let lives = told
        .iter()
        .filter(|life| !matches!(life, ServerLife::Line { .. }));
    lives.cloned().collect()
}

/// The processes of a run that listen, and not the shells around them.
fn kill_the_program(run: &Run) {
    let wanted = format!("GLARE_RUN={}", run.mark());
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for pid in pids {
        let read = |what: &str| std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        let is = |text: &[u8], part: &str| {
            text.split(|byte| *byte == 0)
                .any(|one| one == part.as_bytes())
        };
        if is(&read("environ"), &wanted) && is(&read("cmdline"), "serve") {
            // SAFETY: plain system call.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            // Sent is not dead yet.
            let over = || {
                let stat = read("stat");
                let state = stat.iter().rposition(|byte| *byte == b')');
                state.is_none_or(|at| stat.get(at + 2) == Some(&b'Z'))
            };
            eventually("its death", over);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_ended_by_itself_is_not_said_to_have_been_killed() {
    let run = Run::start().expect("a run");
    let (told, sink) = told();
    let spec = CommandSpec {
        within: Duration::from_secs(20),
        ..CommandSpec::new(format!("exec {GLARE} serve --port {{port}}"))
    };
    let mut server = ServerUnderTest::start(ServerSpec::Command(spec), run.clone(), sink)
        .await
        .expect("ready");
    kill_the_program(&run);
    assert!(!server.kill().await, "it ran no more");
    let exited = ServerLife::Exited {
        status: "signal: 9 (SIGKILL)".into(),
    };
    assert_eq!(lives(&told), [ServerLife::Ready, exited]);
    server.restart().await.expect("again");
    assert_eq!(server.look(false).await, Lives::Yes);
    assert!(server.kill().await, "it ran till then");
    assert_eq!(
        server.look(true).await,
        Lives::Unknown,
        "a step has ended it"
    );
    let rest = [ServerLife::Ready, ServerLife::Alive, ServerLife::Killed];
    assert_eq!(lives(&told)[2..], rest);
    server.stop().await;
    assert_eq!(marked(run.mark()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_program_leaves_in_the_background_is_the_server_as_long_as_it_listens() {
    let run = Run::start().expect("a run");
    let (told, sink) = told();
    let command = format!("setsid {GLARE} serve --port {{port}} & exit 0");
    let spec = CommandSpec {
        ready: Ready::Http("/health".into()),
        within: Duration::from_secs(20),
        ..CommandSpec::new(command)
    };
    let mut server = ServerUnderTest::start(ServerSpec::Command(spec), run.clone(), sink)
        .await
        .expect("ready");
    assert_eq!(server.look(true).await, Lives::Yes);
    assert_eq!(lives(&told), [ServerLife::Ready, ServerLife::Alive]);
    kill_the_program(&run);
    let exited = |life: &ServerLife| matches!(life, ServerLife::Exited { .. });
    eventually("its end", || lives(&told).iter().any(exited));
    assert_eq!(server.look(false).await, Lives::No);
    assert!(!server.kill().await);
    assert_eq!(
        lives(&told).iter().filter(|life| exited(life)).count(),
        1,
        "told once"
    );
    assert_eq!(marked(run.mark()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_server_that_dies_is_told() {
    let run = Run::start().expect("a run");
    let (told, sink) = told();
    let spec = ServerSpec::faulty(glare_signaling_server::Fault::CrashesOnBadJson);
    let mut server = ServerUnderTest::start(spec, run, sink)
        .await
        .expect("ready");
    assert_eq!(server.look(true).await, Lives::Yes);
    let mut socket = std::net::TcpStream::connect(server.address()).expect("it listens");
    socket
        .write_all(b"POST /create HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n{")
        .expect("written");
    let exited = |life: &ServerLife| matches!(life, ServerLife::Exited { .. });
    eventually("its end", || lives(&told).iter().any(exited));
    assert_eq!(server.look(false).await, Lives::No);
    assert!(!server.kill().await, "it had ended before");
    let exited = ServerLife::Exited {
        status: "a planted fault has struck".into(),
    };
    assert_eq!(lives(&told), [ServerLife::Ready, ServerLife::Alive, exited]);
}

/// A trace of these.
fn trace(all: Vec<What>) -> Vec<Event> {
    let event = |(seq, what)| Event {
        seq: seq as u64,
        at: seq as u64,
        cause: Vec::new(),
        what,
    };
    all.into_iter().enumerate().map(event).collect()
}

fn life(life: ServerLife) -> What {
    What::Server { life }
}

fn up(peer: &str, fate: Fate) -> What {
    What::Message {
        link: Link {
            peer: PeerName::new(peer),
            instance: 1,
        },
        direction: Direction::Up,
        carrier: Carrier::Text,
        word: None,
        about: None,
        fate,
        size: 1,
        digest: Fingerprint::default(),
        text: "{".into(),
        of: None,
        number: None,
    }
}

#[test]
fn a_life_counts_once_something_reached_it_and_it_is_known_how_it_went() {
    use ServerLife::{Alive, Killed, Ready};
    for (lives, premises) in [
        (vec![], 0),
        (vec![life(Ready)], 0),
        // Nothing reached it.
        (vec![life(Ready), life(Alive)], 0),
        (
            vec![life(Ready), up("alice", Fate::Dropped), life(Alive)],
            0,
        ),
        // Nobody knows how it went.
        (vec![life(Ready), up("alice", Fate::Passed)], 0),
        (vec![life(Ready), up("alice", Fate::Passed), life(Alive)], 1),
        (
            vec![
                life(Ready),
                up("alice", Fate::Delayed),
                life(Alive),
                life(Killed),
            ],
            1,
        ),
        (
            vec![
                life(Ready),
                up("alice", Fate::Passed),
                life(Killed),
                life(Ready),
                up("bob", Fate::Forged),
                life(Alive),
            ],
            2,
        ),
        (vec![life(Ready), up("alice", Fate::Held), life(Alive)], 0),
        (
            vec![
                life(Ready),
                up("alice", Fate::Held),
                What::Released {
                    message: 1,
                    delivered: true,
                },
                life(Alive),
            ],
            1,
        ),
    ] {
        let finding = server_lives(&trace(lives.clone()));
        assert_eq!(
            (finding.premises, finding.breaches.len()),
            (premises, 0),
            "{lives:?}"
        );
    }
}

#[test]
fn an_end_of_its_own_is_a_breach_with_what_each_peer_sent_last_and_its_last_lines() {
    let line = |text: &str| life(ServerLife::Line { text: text.into() });
    let exited = || {
        life(ServerLife::Exited {
            status: "exit status: 1".into(),
        })
    };
    let events = trace(vec![
        line("of an earlier life"),
        life(ServerLife::Ready),
        up("alice", Fate::Passed),
        life(ServerLife::Killed),
        line("listening"),
        life(ServerLife::Ready),
        up("alice", Fate::Passed),
        up("alice", Fate::Passed),
        up("bob", Fate::Passed),
        up("bob", Fate::Dropped),
        line("out of memory"),
        exited(),
        exited(),
    ]);
    let finding = server_lives(&events);
    assert_eq!(finding.law, Law::ServerLives);
    assert_eq!(finding.premises, 2);
    let [breach] = finding.breaches.as_slice() else {
        panic!("{finding:#?}")
    };
    assert_eq!(
        (breach.event, breach.because.as_slice()),
        (11, [4, 7, 8, 10].as_slice())
    );
    assert_eq!(
        breach.message,
        "the server ended by itself: exit status: 1, after a message of bob that means nothing to the dialect"
    );
    // Even one that nothing had reached was to be there.
    let finding = server_lives(&trace(vec![life(ServerLife::Ready), exited()]));
    assert_eq!((finding.premises, finding.breaches.len()), (1, 1));
    // Before it is ready it is no server yet.
    assert!(server_lives(&trace(vec![exited()])).breaches.is_empty());
}
