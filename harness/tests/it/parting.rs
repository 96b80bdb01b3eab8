//! What a dialect has a peer say last on a line that it closes in order, and who is told to be inside before the yes.

use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use glare::names::RoomName;
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::{Conversation, Dialect, Kind, Meant, Notice, Request, Word};
use glare::stage::{Setting, play};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::stage_support::{case, passes, setting};

const DIALECT: &str = r#"
dialect: parting
connect: { path: /, last: { close: "{me}" } }
say:
  create: join
  join: { message: { in: "{room}" } }
  offer: { message: { to: "{peer}", offer: "{sdp}" } }
  answer: { message: { to: "{peer}", answer: "{sdp}" } }
hear:
  joined: { message: { in: "{room}" } }
  peer-joined: { message: { came: "{peer}" } }
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }
"#;

/// All that each line has said, in order; that it ended by a close frame is the last of it.
type Said = Arc<Mutex<Vec<Vec<String>>>>;

async fn line(stream: TcpStream, said: Said) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let mut own = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => {
                own.push(text.to_string());
                // The yes is what was asked.
                drop(socket.send(Message::Text(text)).await);
            }
            Message::Close(_) => own.push("closed".into()),
            _ => {}
        }
    }
    said.lock().expect("nobody panics").push(own);
}

async fn lines_of(steps: &str) -> Vec<Vec<String>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let said = Said::default();
    let mut server = JoinSet::new();
    let all = said.clone();
    server.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(line(stream, all.clone()));
        }
    });
    let dialect = Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect");
    let near = Setting {
        server: ServerSpec::Url(UrlSpec::new(
            format!("http://{address}").parse().expect("a URL"),
        )),
        dialect: Arc::new(dialect),
        ..setting()
    };
    let text = format!("scenario: x\npeers: {{ alice: {{ stack: wire }} }}\nsteps:\n{steps}");
    passes(&play(&case(&text), Arc::new(near)).await);
    said.lock().expect("nobody panics").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_last_comes_before_the_close_frame_of_a_step_and_of_the_end() {
    let stays = "  - create: { peer: alice, room: lobby }\n";
    let goes = format!("{stays}  - disconnect: {{ peer: alice }}\n");
    for steps in [stays, &goes] {
        let lines = lines_of(steps).await;
        let parted = lines.iter().filter(|line| line.len() > 1);
        let parted: Vec<_> = parted.map(|line| &line[line.len() - 2..]).collect();
        assert_eq!(parted.len(), 1, "{lines:?}");
        // On a server at an address names have an ending of their own.
        assert!(parted[0][0].starts_with("{\"close\":\"alice"), "{lines:?}");
        assert_eq!(parted[0][1], "closed", "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_says_nothing_last() {
    let steps =
        "  - create: { peer: alice, room: lobby }\n  - kill: { peer: alice, how: socket }\n";
    let lines = lines_of(steps).await;
    assert!(
        !lines.concat().iter().any(|text| text.contains("close")),
        "{lines:?}"
    );
}

/// Polls down, requests up. What says goodbye is an answered request, as `leave` is.
const POLLED: &str = r#"
dialect: polled
connect: { via: long-poll, path: "/poll/{me|url}", last: { http: "POST /bye/{me|url}", body: { from: "{me}" } } }
say:
  create: join
  join: { http: "POST /join/{me|url}", body: { room: "{room}" } }
  leave: { http: "POST /bye/{me|url}", body: { from: "{me}" } }
  offer: { http: "POST /offer", body: { to: "{peer}", offer: "{sdp}" } }
  answer: { http: "POST /answer", body: { to: "{peer}", answer: "{sdp}" } }
hear:
  joined: { http: "POST /join/{me|url}", status: 200, body: { with: "{with}" } }
  left: { http: "POST /bye/{me|url}", status: 200 }
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }
"#;

/// What a server does with a goodbye.
#[derive(Clone, Copy, Debug)]
enum Goodbye {
    Granted,
    Unknown,
    Unanswered,
}

/// Answers one request, and notes it; a poll is not answered, and noted when its peer ends it.
async fn request(stream: TcpStream, goodbye: Goodbye, seen: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let note = |text: &str| seen.lock().expect("nobody panics").push(text.to_owned());
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        match line.trim_end() {
            "" => break,
            line if first.is_empty() => line.clone_into(&mut first),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let what = first.split(' ').nth(1).unwrap_or_default();
    let what = what.split('/').nth(1).unwrap_or_default();
    let answer = match (what, goodbye) {
        ("poll", _) => {
            drop(stream.read(&mut [0]).await);
            return note("poll over");
        }
        ("bye", Goodbye::Unanswered) => {
            note("bye");
            drop(stream.read(&mut [0]).await);
            return;
        }
        ("bye", Goodbye::Unknown) => "404 Not Found\r\nContent-Length: 0\r\n\r\n",
        _ => "200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"with\":[]}",
    };
    note(what);
    drop(
        stream
            .write_all(format!("HTTP/1.1 {answer}").as_bytes())
            .await,
    );
}

/// What a server of polls sees.
async fn polled(goodbye: Goodbye, steps: &str) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut server = JoinSet::new();
    let all = seen.clone();
    server.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(request(stream, goodbye, all.clone()));
        }
    });
    let dialect = Dialect::read(Path::new("d.yaml"), POLLED).expect("a dialect");
    let near = Setting {
        server: ServerSpec::Url(UrlSpec::new(
            format!("http://{address}").parse().expect("a URL"),
        )),
        dialect: Arc::new(dialect),
        ..setting()
    };
    let text = format!("scenario: x\npeers: {{ alice: {{ stack: wire }} }}\nsteps:\n{steps}");
    passes(&play(&case(&text), Arc::new(near)).await);
    seen.lock().expect("nobody panics").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_last_may_be_a_request() {
    let stays = "  - create: { peer: alice, room: lobby }\n";
    let goes = format!("{stays}  - disconnect: {{ peer: alice }}\n");
    for goodbye in [Goodbye::Granted, Goodbye::Unknown, Goodbye::Unanswered] {
        for steps in [stays, &goes] {
            let seen = polled(goodbye, steps).await;
            // Whether the server sees the end of the poll before the case is over is a race.
            let until: Vec<&str> = seen.iter().map(String::as_str).take(2).collect();
            assert_eq!(until, ["join", "bye"], "{goodbye:?}: {seen:?}");
            let byes = seen.iter().filter(|what| *what == "bye").count();
            assert_eq!(byes, 1, "{goodbye:?}: {seen:?}");
        }
    }
}

#[test]
fn what_cannot_be_said_last_is_a_mistake() {
    let request = "last: { http: \"POST /bye/{me|url}\", body: { from: \"{me}\" } }";
    assert!(POLLED.contains(request));
    for (last, why) in [
        (
            "last: { bye: \"{me}\" }",
            "a mapping does not fit here (expected a request, `{ http: POST /path }`: no message goes up on such a line)",
        ),
        (
            "last: { http: \"POST /bye\", bodi: { from: \"{me}\" } }",
            "a request that is said last has no key `bodi`",
        ),
        (
            "last: { http: \"BYE /bye\" }",
            "expected method and path, as text: `POST /create`",
        ),
        (
            "last: { http: \"POST /bye/{me}\" }",
            "`{me}` in a path is not percent-encoded",
        ),
    ] {
        let text = POLLED.replace(request, last);
        let wrong = Dialect::read(Path::new("d.yaml"), &text).expect_err("a mistake");
        let told: Vec<String> = wrong.iter().map(|mistake| mistake.line()).collect();
        assert!(told.len() == 1 && told[0].contains(why), "{told:?}");
    }
}

#[test]
fn the_answer_to_a_goodbye_is_no_word() {
    let dialect = Dialect::read(Path::new("d.yaml"), POLLED).expect("a dialect");
    let mut ear = Conversation::new(Arc::new(dialect), "alice");
    let path = "/bye/alice";
    let body = "{\"from\":\"alice\"}";
    for status in [200, 404] {
        let said = ear.overhear_request("POST", path, body, Some(Meant::Aside));
        assert!(said.understood && said.word.is_none(), "{said:?}");
        let heard = ear.hear_response("POST", path, status, "{}");
        assert!(heard.understood, "{status}: {heard:?}");
        assert_eq!(heard.words, [], "{status}");
    }
    // What is asked as a word is answered as one.
    let said = ear.overhear_request("POST", path, body, Some(Meant::Word(Kind::Leave)));
    assert!(said.understood, "{said:?}");
    let heard = ear.hear_response("POST", path, 200, "{}");
    assert_eq!(heard.words.len(), 1, "{heard:?}");
}

#[test]
fn those_told_before_the_yes_are_whom_one_is_with_and_those_after_it_are_news() {
    let dialect = Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect");
    let mut bob = Conversation::new(Arc::new(dialect), "bob");
    let room = RoomName::new("lobby");
    let request = Request::Join { room: room.clone() };
    bob.say(&Word::Request { request }).expect("it can be said");
    for peer in ["alice", "carol"] {
        let heard = bob.hear_text(&format!("{{\"came\":\"{peer}\"}}"));
        assert!(heard.understood && heard.words.is_empty(), "{heard:?}");
    }
    let with = vec!["alice".to_owned(), "carol".to_owned()];
    let notice = Notice::Joined { room, with };
    let heard = bob.hear_text("{\"in\":\"lobby\"}");
    assert_eq!(heard.words, [Word::Notice { notice }]);
    let peer = "dave".to_owned();
    let notice = Notice::PeerJoined { peer };
    let heard = bob.hear_text("{\"came\":\"dave\"}");
    assert_eq!(heard.words, [Word::Notice { notice }]);
}
