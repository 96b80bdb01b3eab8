//! Where a stranger comes from: a tap that keeps nothing but why somebody was not let in, and can hold what one is about to say until his line ends.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::{Probe, Stuck};
use crate::carrier::Packets;
use crate::lock::lock;
use crate::names::RoomName;
use crate::signaling::{Request, Word};
use crate::tap::{Cut, HoldId, LinkChange, Passing, Policy, Refused, Tap, TapOptions, Verdict};
use crate::terms::Direction;

/// How a line ends within a request.
#[derive(Clone, Copy, Debug)]
pub(in crate::stage) enum Torn {
    /// It is reset behind the request.
    Reset,
    /// It is closed behind the request.
    Closed,
    /// It is reset when the server has said something after the request.
    ResetWhenAnswered,
}

impl Torn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reset, Self::Closed, Self::ResetWhenAnswered];
}

/// The first message to the server from some moment on, which is held.
#[derive(Clone, Copy, Default)]
struct Held {
    /// It is to be held.
    wanted: bool,
    /// It is, under this number.
    hold: Option<HoldId>,
    /// Something has come from the server since.
    answered: bool,
}

/// Keeps nothing but the status of the last answer that let nobody in, and what is to be held.
pub(super) struct KeepsRefusal {
    pub(super) refused: Mutex<Option<String>>,
    packets: Option<Packets>,
    held: watch::Sender<Held>,
}

impl Policy for KeepsRefusal {
    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict {
        let mut verdict = Verdict::Pass;
        self.held.send_if_modified(|held| match passing.direction {
            Direction::Up if held.wanted => {
                verdict = Verdict::Hold;
                held.wanted = false;
                held.hold = Some(hold);
                true
            }
            Direction::Down if held.hold.is_some() => {
                held.answered = true;
                true
            }
            _ => false,
        });
        verdict
    }

    fn packets(&self) -> Option<Packets> {
        self.packets
    }

    fn link(&self, _: u32, change: LinkChange) {
        if let LinkChange::Refused(Refused::Answered { status, phrase, .. }) = change {
            *lock(&self.refused) = Some(format!("{status} {phrase}"));
        }
    }
}

/// Where a stranger comes from: a tap, and what it keeps of refusals.
#[derive(Clone)]
pub(in crate::stage) struct Gate {
    pub(super) tap: Arc<Tap>,
    pub(super) refusal: Arc<KeepsRefusal>,
}

impl Gate {
    /// A new one, for lines of such a kind. Several may come through it.
    pub async fn open(tap: TapOptions, packets: Option<Packets>) -> Result<Self, Stuck> {
        let refusal = Arc::new(KeepsRefusal {
            refused: Mutex::default(),
            packets,
            held: watch::Sender::default(),
        });
        let tap = Tap::start(tap, refusal.clone()).await;
        let tap =
            tap.map_err(|error| Stuck::Harness(format!("no port for a stranger's tap: {error}")))?;
        let tap = Arc::new(tap);
        Ok(Self { tap, refusal })
    }
}

impl Probe {
    /// Asks to come into a room, and its line ends in that moment.
    pub async fn is_torn(
        &mut self,
        room: &RoomName,
        how: Torn,
        until: Instant,
    ) -> Result<(), Stuck> {
        let word = Word::Request {
            request: Request::Join { room: room.clone() },
        };
        let says = self.conversation.say(&word);
        let says = says.map_err(|error| Stuck::Harness(error.to_string()))?;
        self.refusal.held.send_replace(Held {
            wanted: true,
            ..Held::default()
        });
        self.send(says, until).await?;
        let mut held = self.refusal.held.subscribe();
        let held_back = held.wait_for(|held| held.hold.is_some());
        let hold = match timeout_at(until, held_back).await {
            Ok(Ok(held)) => held.hold.unwrap_or_default(),
            _ => return Err(self.stuck("could not speak to the server")),
        };
        self.tap.release(hold).await;
        if matches!(how, Torn::ResetWhenAnswered) {
            let answered = held.wait_for(|held| held.answered);
            if !matches!(timeout_at(until, answered).await, Ok(Ok(_))) {
                return Err(self.stuck("got no answer to its join"));
            }
        }
        let cut = match how {
            Torn::Closed => Cut::Close {
                code: 1001,
                reason: String::new(),
            },
            Torn::Reset | Torn::ResetWhenAnswered => Cut::Reset,
        };
        self.tap.cut(None, cut).await;
        self.line_ends(until).await
    }
}
