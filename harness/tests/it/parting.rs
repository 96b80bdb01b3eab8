//! What a dialect has a peer say last on a line that it closes in order, and who is told to be inside before the yes.

use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use glare::names::RoomName;
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::{Conversation, Dialect, Notice, Request, Word};
use glare::stage::{Setting, play};
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
