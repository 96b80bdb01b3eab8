//! A driver with a hand that has no sockets: what it does with its line, and what it tells the stage.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::super::desk::Desk;
use super::super::directory::Directory;
use super::super::driver::{Driver, Setup};
use super::super::order::{Done, Order, Task};
use super::super::wire::Wire;
use super::peer;
use crate::hand::fake::FakeHand;
use crate::hand::{Command, Deed, Hand, HandError, Happening, Reply};
use crate::lock::lock;
use crate::mind::Policy;
use crate::names::RoomName;
use crate::record::{Digest, Recorder, What};
use crate::scenario::Reconnects;
use crate::signaling::{Dialect, Request};
use crate::terms::{Data, Kill};

/// Longer than anything here takes, on the slowest machine.
const AT_MOST: Duration = Duration::from_secs(20);

/// A hand without sockets that does what it is told at once.
struct Scripted {
    hand: Mutex<FakeHand>,
    tells: mpsc::UnboundedSender<Happening>,
    /// Links that it could not open, from now on.
    refuses: Mutex<bool>,
    /// What it was told to open (`open 1`) or say.
    done: mpsc::UnboundedSender<String>,
}

#[async_trait]
impl Hand for Scripted {
    async fn perform(&self, command: Command) -> Result<Reply, HandError> {
        match command {
            Command::OpenLink { link, .. } => {
                drop(self.done.send(format!("open {link}")));
                let code = 1006;
                let reason = String::new();
                drop(self.tells.send(match *lock(&self.refuses) {
                    true => Happening::LinkClosed { link, code, reason },
                    false => Happening::LinkOpened { link },
                }));
                Ok(Reply::Done)
            }
            Command::SendText { text, .. } => {
                drop(self.done.send(text));
                Ok(Reply::Done)
            }
            Command::CloseLink { link, reason, .. } => {
                let code = 1000;
                drop(
                    self.tells
                        .send(Happening::LinkClosed { link, code, reason }),
                );
                Ok(Reply::Done)
            }
            command => {
                let mut hand = lock(&self.hand);
                let reply = hand.perform(command);
                for happening in hand.happenings.drain(..) {
                    drop(self.tells.send(happening));
                }
                reply
            }
        }
    }

    async fn kill(&self, _: Kill) -> Result<(), HandError> {
        Ok(())
    }

    async fn finish(&self) {}
}

/// Alice at work, with Bob somewhere.
struct Alice {
    hand: Arc<Scripted>,
    tasks: mpsc::UnboundedSender<Task>,
    done: mpsc::UnboundedReceiver<String>,
    recorder: Recorder,
}

impl Alice {
    fn new(reconnects: Option<Reconnects>) -> Self {
        Self::speaking(Dialect::reference(), reconnects)
    }

    fn speaking(dialect: Arc<Dialect>, reconnects: Option<Reconnects>) -> Self {
        let (tells, happenings) = mpsc::unbounded_channel();
        let (said, done) = mpsc::unbounded_channel();
        let hand = Arc::new(Scripted {
            hand: Mutex::new(FakeHand::new("alice")),
            tells,
            refuses: Mutex::new(false),
            done: said,
        });
        let recorder = Recorder::new(None);
        let names = [peer("alice"), peer("bob")];
        let directory = Directory::new(names.iter());
        let wire = Wire::new(
            peer("alice"),
            recorder.clone(),
            Digest::new(),
            Arc::default(),
            directory.clone(),
            dialect.clone(),
            None,
        );
        let (tasks, _life) = Driver::start(Setup {
            name: peer("alice"),
            policy: Policy::default(),
            reconnects,
            hand: hand.clone(),
            happenings,
            wire: Arc::new(wire),
            recorder: recorder.clone(),
            desk: Desk::default(),
            directory,
            dialect,
            first_link: 1,
            first_conn: 1,
            lost: Arc::default(),
        });
        Self {
            hand,
            tasks,
            done,
            recorder,
        }
    }

    async fn order(&self, order: Order) -> Done {
        let (done, end) = oneshot::channel();
        let cause = Vec::new();
        let sent = self.tasks.send(Task { order, cause, done });
        assert!(sent.is_ok(), "the driver has ended");
        let end = timeout(AT_MOST, end).await.expect("it is told");
        end.expect("the driver goes on")
    }

    /// The next thing that the hand is told to open or say.
    async fn next(&mut self) -> String {
        let next = timeout(AT_MOST, self.done.recv()).await;
        next.expect("it comes").expect("the driver goes on")
    }

    /// The server says this.
    fn hears(&self, text: &str) {
        let data = Data::Text(text.into());
        let link = 1;
        drop(self.hand.tells.send(Happening::LinkMessage { link, data }));
    }

    fn loses(&self, link: u32) {
        let reason = String::new();
        let code = 1006;
        drop(
            self.hand
                .tells
                .send(Happening::LinkClosed { link, code, reason }),
        );
    }

    /// Waits for a note.
    async fn notes(&self, word: &str) {
        let found = async {
            let mut from = 0;
            loop {
                for event in self.recorder.events_from(from) {
                    from = event.seq + 1;
                    if matches!(&event.what, What::Note { text, .. } if text.contains(word)) {
                        return;
                    }
                }
                self.recorder.next_from(from).await;
            }
        };
        timeout(AT_MOST, found).await.expect("it is noted");
    }

    /// In the room, on its first link.
    async fn inside(&mut self) {
        let room = RoomName::new("lobby");
        let request = Request::Join { room };
        let offer = Some(false);
        assert!(matches!(
            self.order(Order::Ask { request, offer }).await,
            Done::Yes
        ));
        assert_eq!(self.next().await, "open 1");
        assert_eq!(self.next().await, r#"{"type":"join","room":"lobby"}"#);
        self.hears(r#"{"type":"joined","room":"lobby","peers":["bob"]}"#);
    }
}

fn for_long() -> Option<Reconnects> {
    Some(Reconnects {
        within: AT_MOST,
        rejoins: true,
    })
}

#[tokio::test]
async fn an_offer_is_over_when_it_is_said() {
    let mut alice = Alice::new(None);
    alice.inside().await;
    let deed = Deed::Negotiate;
    let to = Some(peer("bob"));
    assert!(matches!(
        alice.order(Order::Deed { to, deed }).await,
        Done::Yes
    ));
    assert!(alice.next().await.contains(r#""type":"offer""#));
    assert!(alice.next().await.contains(r#""type":"candidate""#));
}

#[tokio::test]
async fn without_a_line_an_offer_cannot_be_said() {
    let alice = Alice::new(None);
    let deed = Deed::Negotiate;
    let to = Some(peer("bob"));
    let Done::No(why) = alice.order(Order::Deed { to, deed }).await else {
        panic!("it was said");
    };
    assert_eq!(why, "cannot send offer: it has no signaling connection");
}

#[tokio::test]
async fn a_lost_line_is_dialled_again_and_the_room_is_joined_again() {
    let mut alice = Alice::new(for_long());
    alice.inside().await;
    alice.loses(1);
    assert_eq!(alice.next().await, "open 2");
    assert_eq!(alice.next().await, r#"{"type":"join","room":"lobby"}"#);
}

#[tokio::test]
async fn it_dials_until_it_gets_through() {
    let mut alice = Alice::new(for_long());
    alice.inside().await;
    *lock(&alice.hand.refuses) = true;
    alice.loses(1);
    assert_eq!(alice.next().await, "open 2");
    assert_eq!(alice.next().await, "open 3");
    *lock(&alice.hand.refuses) = false;
    while alice.next().await != r#"{"type":"join","room":"lobby"}"# {}
}

#[tokio::test]
async fn it_gives_up_when_its_time_is_over_and_says_so() {
    let mut alice = Alice::new(Some(Reconnects {
        within: Duration::from_millis(250),
        rejoins: true,
    }));
    alice.inside().await;
    *lock(&alice.hand.refuses) = true;
    alice.loses(1);
    alice.notes("given up dialling").await;
}

#[tokio::test]
async fn what_a_step_has_ended_is_not_dialled_again() {
    for order in [Order::Disconnect, Order::Rest] {
        let mut alice = Alice::new(for_long());
        alice.inside().await;
        assert!(matches!(alice.order(order).await, Done::Yes));
        alice.loses(1);
        // The next that is opened is the stage's own.
        assert!(matches!(alice.order(Order::Connect).await, Done::Yes));
        assert_eq!(alice.next().await, "open 2");
        assert!(alice.done.is_empty());
    }
}

/// A hand may tell of the end of a line before it has answered the command for it.
#[tokio::test]
async fn who_leaves_by_closing_has_left_before_the_line_is_over() {
    let reference = include_str!("../../../../fixtures/servers/reference/dialect.yaml");
    let said = "leave:   { message: { type: leave } }";
    assert!(reference.contains(said));
    let closing = reference.replace(said, "leave: { done: closed }");
    let dialect = Dialect::read(Path::new("d.yaml"), &closing).expect("a dialect");
    let mut alice = Alice::speaking(Arc::new(dialect), None);
    alice.inside().await;
    let room = RoomName::new("lobby");
    let request = Request::Leave { room };
    let offer = None;
    let done = alice.order(Order::Ask { request, offer }).await;
    assert!(matches!(done, Done::Yes));
    let ends: Vec<String> = (alice.recorder.events_from(0).iter())
        .filter_map(|event| match &event.what {
            What::Hears { kind, .. } => Some(kind.to_string()),
            What::LinkClosed { .. } => Some("closed".into()),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["joined", "left", "closed"]);
}
