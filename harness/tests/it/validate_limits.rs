//! Servers with a limit on how much is said, who tell so: what `glare validate` makes of it in section 9.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Answer, Says, ask_all, every_case};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::stage_support::setting;

const DIALECT: &str = r#"
dialect: with-a-limit
connect:
  path: /{me|url}
room-size: 4
answers-within: 1s
rooms-apart: true
frees-empty-rooms: true
broadcasts: false
echoes: false
say:
  create: join
  join: { message: { join: "{room}" } }
  leave: { message: { leave: "{room}" } }
  fence: { message: { ping: true } }
  offer: { message: { to: "{peer}", offer: "{sdp}" } }
  answer: { message: { to: "{peer}", answer: "{sdp}" } }
  candidate: { message: { to: "{peer}", candidate: "{candidate}" } }
hear:
  joined: { message: { joined: "{room}", with: "{with}" } }
  left: { message: { left: "{room}" } }
  fenced: { message: { pong: true, reason?: "{reason}" } }
  error: { message: { error: "{reason}" } }
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }
  candidate: { message: { from: "{peer}", candidate: "{candidate}" } }
"#;

/// What is too much, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// Of each line, or of all together, 120 messages and then 60 a second; each that is too much is answered by an error.
    OfEach,
    OfAll,
    /// After the 100th nothing of a line is done, and each is answered by an error.
    ForEver,
    /// The same, and nothing is answered any more but the first.
    InSilence,
    /// After the 30th each tenth of a line is not done, and its sender is told so 300 ms later.
    ToldLate,
    /// The same, and nobody is told.
    Untold,
}

/// What a line, or all lines, may still say.
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full() -> Self {
        Self {
            left: 120.0,
            at: Instant::now(),
        }
    }

    fn takes_one(&mut self) -> bool {
        let since = self.at.elapsed().as_secs_f64();
        self.at = Instant::now();
        self.left = (self.left + since * 60.0).min(120.0);
        let has = self.left >= 1.0;
        self.left -= f64::from(u8::from(has));
        has
    }
}

type Ear = mpsc::UnboundedSender<String>;
/// By name: his room, and where he listens.
type People = Arc<Mutex<BTreeMap<String, (String, Ear)>>>;

/// What becomes of a message.
enum Fate {
    Done,
    /// Not done, and that is told after so long.
    Told(Duration),
    Untold,
}

impl Limit {
    /// What becomes of the nth message of a line.
    fn judges(self, nth: u32, own: &mut Bucket, all: &Mutex<Bucket>) -> Fate {
        let told = |done| match done {
            true => Fate::Done,
            false => Fate::Told(Duration::ZERO),
        };
        let thinned = nth > 30 && nth.is_multiple_of(10);
        match self {
            Limit::OfEach => told(own.takes_one()),
            Limit::OfAll => told(all.lock().expect("nobody panics").takes_one()),
            Limit::ForEver => told(nth <= 100),
            Limit::InSilence if nth > 101 => Fate::Untold,
            Limit::InSilence => told(nth <= 100),
            Limit::ToldLate if thinned => Fate::Told(Duration::from_millis(300)),
            Limit::Untold if thinned => Fate::Untold,
            Limit::ToldLate | Limit::Untold => Fate::Done,
        }
    }
}

async fn serve(listener: TcpListener, limit: Limit) {
    let people = People::default();
    let all = Arc::new(Mutex::new(Bucket::full()));
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(line(stream, limit, people.clone(), all.clone()));
    }
}

#[expect(clippy::result_large_err, reason = "so the crate has it")]
async fn line(stream: TcpStream, limit: Limit, people: People, all: Arc<Mutex<Bucket>>) {
    let mut name = String::new();
    let opens = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        name = request.uri().path().to_owned();
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, opens).await else {
        return;
    };
    let name = name.trim_start_matches('/').to_owned();
    let (says, mut listens) = mpsc::unbounded_channel::<String>();
    let (mut nth, mut own) = (0, Bucket::full());
    loop {
        tokio::select! {
            Some(text) = listens.recv() => {
                if socket.send(Message::text(text)).await.is_err() { break }
            }
            message = socket.next() => {
                let Some(Ok(Message::Text(text))) = message else { break };
                nth += 1;
                match limit.judges(nth, &mut own, &all) {
                    Fate::Done => done(&people, (&name, &says), &text),
                    Fate::Untold => {}
                    Fate::Told(after) => {
                        let says = says.clone();
                        let error = json!({ "error": "too-fast" }).to_string();
                        if after.is_zero() {
                            drop(says.send(error));
                        } else {
                            tokio::spawn(async move {
                                sleep(after).await;
                                drop(says.send(error));
                            });
                        }
                    }
                }
            }
        }
    }
    people.lock().expect("nobody panics").remove(&name);
    drop(socket.close(None).await);
}

/// Does what a message asks.
fn done(people: &People, (name, says): (&str, &Ear), text: &str) {
    let mut people = people.lock().expect("nobody panics");
    let Ok(mut message) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let answer = |answer: Value| drop(says.send(answer.to_string()));
    if let Some(room) = message["join"].as_str() {
        let others = people.iter().filter(|(_, (inside, _))| inside == room);
        let with: Vec<&String> = others.map(|(name, _)| name).collect();
        answer(json!({ "joined": room, "with": with }));
        people.insert(name.to_owned(), (room.to_owned(), says.clone()));
    } else if let Some(room) = message["leave"].as_str() {
        people.remove(name);
        answer(json!({ "left": room }));
    } else if message["ping"] == true {
        answer(json!({ "pong": true }));
    } else if let Some(to) = message["to"].as_str() {
        let to = people.get(to).cloned();
        message["from"] = name.into();
        match (people.get(name), to) {
            (Some((mine, _)), Some((room, to))) if *mine == room => {
                drop(to.send(message.to_string()));
            }
            _ => answer(json!({ "error": "nobody" })),
        }
    }
}

async fn says(limit: Limit, wanted: &[&str]) -> Vec<Answer> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = JoinSet::new();
    server.spawn(serve(listener, limit));
    let url = format!("http://{address}").parse().expect("a URL");
    let setting = Setting {
        server: ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(url)
        }),
        dialect: Arc::new(Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect")),
        ..setting()
    };
    let cases: Vec<_> = every_case()
        .filter(|case| wanted.contains(&&*case.number.to_string()))
        .collect();
    assert_eq!(cases.len(), wanted.len());
    ask_all(&cases, &Arc::new(setting), &|_| ()).await
}

/// Each is a fact, and says what somebody was told.
async fn told(limit: Limit, wanted: &[&str]) {
    for answer in says(limit, wanted).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert!(matches!(answer.says, Says::Fact(_)), "{told}");
        assert!(answer.says.why().contains("told \"too-fast\""), "{told}");
        assert!(!answer.says.why().contains("never got"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_answered_by_an_error_is_told_so_and_not_kept_waiting() {
    told(Limit::ForEver, &["9.1", "9.2", "9.8", "9.9"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_passed_on_is_no_loss_where_its_sender_is_told_a_moment_later() {
    told(Limit::ToldLate, &["9.8", "9.9"]).await;
    for answer in says(Limit::Untold, &["9.8", "9.9"]).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert!(matches!(answer.says, Says::Broken(_)), "{told}");
        assert!(answer.says.why().contains(" did not"), "{told}");
    }
}

/// The pair comes near no limit of its own; where it is refused for another one, and told so, that may be by its address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_little_beside_a_flood_is_served_where_each_line_has_its_own_limit() {
    for answer in says(Limit::OfEach, &["9.10"]).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.log);
    }
    let shared = says(Limit::OfAll, &["9.10"]).await;
    for answer in shared {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert!(matches!(answer.says, Says::Fact(_)), "{told}");
        assert!(
            answer
                .says
                .why()
                .contains("not counted for each line alone"),
            "{told}"
        );
    }
}

/// Who is kept out for longer than he pauses is told so; where nobody answers him, he was forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_too_fast_is_served_again_after_a_pause_or_told_why_not() {
    let all = [
        Limit::OfEach,
        Limit::ForEver,
        Limit::InSilence,
        Limit::Untold,
    ];
    let asked = all.map(|limit| says(limit, &["9.15"]));
    let answers = futures_util::future::join_all(asked).await.concat();
    let words: Vec<&str> = answers.iter().map(|answer| answer.says.word()).collect();
    assert_eq!(words, ["holds", "fact", "broken", "fact"], "{answers:#?}");
    let why = [
        "",
        "pauses for 5 s; then",
        "never got an answer to its fence",
        // Who is told of nothing has nothing to pause for.
        "nothing is asked",
    ];
    for (answer, why) in answers.iter().zip(why) {
        assert!(answer.says.why().contains(why), "{answer:#?}");
    }
}
