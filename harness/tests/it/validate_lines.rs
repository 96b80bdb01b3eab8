//! Who cannot do what a case asks because his line is gone: whether a server is accused of that depends on who ended it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Case, Says, ask_all, every_case};
use glare_signaling_server::Policy;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::stage_support::setting;

const DIALECT: &str = r#"
dialect: a-line-for-each-room
connect:
  path: /{room|url}?{me|url}
  then:
    - hear: { inside: "{_}" }
      refused: { no: "{reason}" }
room-size: 2
rooms-apart: true
refusals: { full: is full }
absent-peer: silence
broadcasts: false
echoes: false
say:
  create: join
  join: { done: connected }
  leave: { done: closed }
  offer: { message: { to: "{peer}", offer: "{sdp}" } }
  answer: { message: { to: "{peer}", answer: "{sdp}" } }
hear:
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }
"#;

/// When the server ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It lets no third into a room: no line is opened.
    AtTheDoor,
    /// The same, with a line that is opened, told so, and closed.
    WithAWord,
    /// It ends that of whoever has made an offer, behind it.
    AtAnOffer,
    /// It ends that of whoever says what is no message.
    AtGarbage,
    /// With a frame that is none, behind all that was asked.
    Wrongly,
}

/// `{}`, as a frame with reserved bits (RFC 6455, section 5.2).
const RESERVED: [u8; 4] = [0xf1, 2, b'{', b'}'];

/// By room, who is inside, and where he listens.
type Rooms = Arc<Mutex<BTreeMap<String, BTreeMap<String, mpsc::UnboundedSender<String>>>>>;

/// A room holds so many.
const SIZE: usize = 2;

async fn serve(listener: TcpListener, ends: Ends) {
    let rooms = Rooms::default();
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(line(stream, ends, rooms.clone()));
    }
}

#[expect(clippy::result_large_err, reason = "so the crate has it")]
async fn line(stream: TcpStream, ends: Ends, rooms: Rooms) {
    let all = || rooms.lock().expect("nobody panics");
    let (says, mut listens) = mpsc::unbounded_channel();
    let mut asked = None;
    let opens = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let uri = request.uri();
        let (room, name) = (uri.path().to_owned(), uri.query().unwrap_or("").to_owned());
        let mut all = rooms.lock().expect("nobody panics");
        let inside = all.entry(room.clone()).or_default();
        let others: Vec<String> = inside.keys().cloned().collect();
        let is_full = others.len() >= SIZE;
        if is_full && ends != Ends::WithAWord {
            let mut no = ErrorResponse::new(Some("the room is full".to_owned()));
            *no.status_mut() = http_status(403);
            return Err(no);
        }
        if !is_full {
            inside.insert(name.clone(), says.clone());
        }
        asked = Some((room, name, others, is_full));
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, opens).await else {
        return;
    };
    let Some((room, name, others, is_full)) = asked else {
        return;
    };
    if is_full {
        let no = json!({ "no": "the room is full" }).to_string();
        drop(socket.send(Message::text(no)).await);
        drop(socket.close(None).await);
        while let Some(Ok(_)) = socket.next().await {}
        return;
    }
    let inside = json!({ "inside": others }).to_string();
    drop(socket.send(Message::text(inside)).await);
    loop {
        tokio::select! {
            Some(text) = listens.recv() => {
                if socket.send(Message::text(text)).await.is_err() { break }
            }
            message = socket.next() => {
                let Some(Ok(Message::Text(text))) = message else { break };
                let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
                    if ends == Ends::AtGarbage { break }
                    continue;
                };
                let to = value["to"].as_str().unwrap_or_default().to_owned();
                value["from"] = name.as_str().into();
                if let Some(says) = all().get(&room).and_then(|inside| inside.get(&to)) {
                    drop(says.send(value.to_string()));
                }
                if ends == Ends::AtAnOffer && !value["offer"].is_null() { break }
            }
        }
    }
    if let Some(inside) = all().get_mut(&room) {
        inside.remove(&name);
    }
    if ends == Ends::Wrongly {
        drop(socket.get_mut().write_all(&RESERVED).await);
    }
    drop(socket.close(None).await);
    while let Some(Ok(_)) = socket.next().await {}
}

fn http_status(code: u16) -> tokio_tungstenite::tungstenite::http::StatusCode {
    tokio_tungstenite::tungstenite::http::StatusCode::from_u16(code).expect("a status")
}

fn case(number: &str) -> Case {
    let mut all = every_case();
    all.find(|case| case.number.to_string() == number)
        .expect("a case")
}

/// One like 4.1, which a server owes.
fn own(steps: impl Into<Cow<'static, str>>) -> Case {
    Case {
        steps: steps.into(),
        ..case("4.1")
    }
}

async fn says(ends: Ends, case: Case) -> Says {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = JoinSet::new();
    server.spawn(serve(listener, ends));
    let url = format!("http://{address}").parse().expect("a URL");
    let setting = Setting {
        server: ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(url)
        }),
        dialect: Arc::new(Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect")),
        ..setting()
    };
    let mut answers = ask_all(&[case], &Arc::new(setting), &|_| ()).await;
    answers.remove(0).says
}

/// Where a line is of one room, who is let into none can say nothing, so nothing of his is heard inside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_and_has_no_line_by_that_accuses_nobody() {
    let told = says(Ends::WithAWord, case("4.21")).await;
    let Says::Unsupported(why) = &told else {
        panic!("{told:?}");
    };
    assert!(why.contains("carol"), "{why}");
    assert!(why.contains("a line is dialled for each room"), "{why}");
    // A line that is not opened is no answer to a request, in this dialect.
    let told = says(Ends::AtTheDoor, case("4.21")).await;
    assert!(matches!(told, Says::Inconclusive(_)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_a_step_or_the_dialect_has_ended_accuses_nobody() {
    let left = own("given meet\ndo leave: { peer: bob }\nthen send bob alice offer");
    let told = says(Ends::AtTheDoor, left).await;
    assert!(matches!(told, Says::Unsupported(_)), "{told:?}");
    let gone = "given meet\ndo disconnect: { peer: bob }\nthen send bob alice offer";
    let told = says(Ends::AtTheDoor, own(gone)).await;
    assert!(
        matches!(&told, Says::Inconclusive(why) if why.contains("a step of the case has ended bob's line")),
        "{told:?}"
    );
    let deaf = "given meet\ndo disconnect: { peer: bob }\ndo await: { peer: bob, hears: offer, from: alice }";
    let told = says(Ends::AtTheDoor, own(deaf)).await;
    assert!(
        matches!(&told, Says::Inconclusive(why) if why.contains("a step of the case has ended bob's line")),
        "{told:?}"
    );
}

/// Who did what is no message has asked for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_of_who_did_harm_may_be_ended() {
    let harmed = "given meet\nharm send-raw: { peer: bob, text: \"no JSON\" }\nharm await: { peer: bob, disconnected: true, within: 2s }\nthen send bob alice offer";
    let told = says(Ends::AtGarbage, own(harmed)).await;
    assert!(matches!(told, Says::Inconclusive(_)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_a_line_unasked_is_accused_of_that() {
    let cut = "given meet\ngiven tell bob alice offer\ndo await: { peer: bob, disconnected: true, within: 2s }\nthen send bob alice answer";
    let told = says(Ends::AtAnOffer, own(cut)).await;
    let Says::Broken(why) = &told else {
        panic!("{told:?}");
    };
    assert!(why.starts_with("the server ended bob's line"), "{why}");
    // It holds where the server does not.
    let whole = "given meet\ngiven tell bob alice offer\nthen tell bob alice answer";
    let told = says(Ends::AtTheDoor, own(whole)).await;
    assert!(matches!(told, Says::Holds), "{told:?}");
}

/// That a server may end the line of who does what is asked excuses the end of nobody else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_may_be_ended_is_that_of_who_does_what_is_asked() {
    let ended = "await: { peer: bob, disconnected: true, within: 2s }";
    for (says_so, waits) in [("Inconclusive", false), ("Fact", true)] {
        let then = match waits {
            true => "await: { peer: bob, hears: answer, from: alice }",
            false => "send: { from: bob, to: alice, message: answer }",
        };
        let his =
            format!("may close\ngiven meet\ndo tell bob alice offer\ndo {ended}\nthen {then}");
        let told = says(Ends::AtAnOffer, own(his)).await;
        assert!(format!("{told:?}").starts_with(says_so), "{told:?}");
        let hers = format!(
            "may close\ngiven meet\ngiven tell bob alice offer\nonce {ended}\ndo send alice bob answer\nthen {then}"
        );
        let told = says(Ends::AtAnOffer, own(hers)).await;
        assert!(
            matches!(&told, Says::Broken(why) if why.starts_with("the server ended bob's line")),
            "{told:?}"
        );
    }
}

/// Servers and proxies end idle lines, and no dialect promises otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_idle_lines_is_accused_of_nothing() {
    let idle = Setting {
        server: ServerSpec::variant(Policy {
            ends_idle_lines: Some(Duration::from_secs(1)),
            ..Policy::default()
        }),
        ..setting()
    };
    let cases = ["3.13", "3.14"].map(case);
    for answer in ask_all(&cases, &Arc::new(idle), &|_| ()).await {
        let Says::Inconclusive(why) = &answer.says else {
            panic!("{answer:?}");
        };
        assert!(why.contains("it may end idle lines"), "{why}");
    }
}

/// When the stage is cleared the steps are done, and the server is heard all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_writes_wrongly_at_the_very_end_is_wrong_in_each_case() {
    let told = says(Ends::Wrongly, case("4.1")).await;
    let Says::Broken(why) = &told else {
        panic!("{told:?}");
    };
    assert!(why.contains("RFC 6455, section 5.2"), "{why}");
}
