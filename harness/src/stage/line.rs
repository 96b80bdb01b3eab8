//! A peer's line to the server, as its driver knows it.

use std::collections::{BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::beats::Beats;
use super::order::{Done, Task};
use crate::hand::{Command, Hand, HandError, Reply};
use crate::mind::OrderId;
use crate::names::RoomName;
use crate::record::Seq;
use crate::signaling::{Conversation, Heard, Meant, Notice, Out, Say};

/// A peer's line to the server.
pub(super) struct Line {
    pub open: Option<OpenLink>,
    /// Those that stand or stood.
    pub stood: BTreeSet<u32>,
    /// Those that it had before, and whose end it has not seen.
    pub abandoned: Vec<u32>,
    /// The one beside it, until the server has let it in or not.
    pub more: Option<More>,
    /// What is to be done once the one that was refused has ended.
    pub later: VecDeque<Task>,
    /// It leaves by closing this one, and who waits for that.
    pub leaving: Option<(u32, oneshot::Sender<Done>)>,
    /// The room that it is in, as far as it was told.
    pub room: Option<RoomName>,
    /// A step has ended the line: nothing dials again.
    pub ended: bool,
    /// The play is over: nothing dials again.
    pub rests: bool,
    /// It is to dial again, then and for so long.
    pub again: Option<Again>,
    /// The number of the last link.
    pub last: u32,
    /// What is to be said, in order.
    pub outgoing: VecDeque<Outgoing>,
    /// Something was said by HTTP whose answer is not there yet.
    pub waits: bool,
    /// The answers to HTTP requests come in here.
    pub answers: mpsc::UnboundedSender<Answered>,
}

/// One more line beside the one that it speaks on.
pub(super) struct More {
    pub number: u32,
    pub conversation: Conversation,
    pub done: oneshot::Sender<Done>,
}

pub(super) struct OpenLink {
    pub number: u32,
    /// Words can be said on it.
    pub open: bool,
    /// The server has said that it does not let it in: what comes next dials anew, once it has ended.
    pub refused: bool,
    pub conversation: Conversation,
    /// What its dialling asks for, as an event.
    pub asked: Option<Seq>,
    /// What is said on it every so often.
    pub beats: Beats,
    /// What is to be done once it stands; told, if it does not.
    pub then: Vec<Task>,
}

/// When it is to dial again, and until when it may go on doing so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    /// `None` while it is dialling.
    pub at: Option<Instant>,
    pub until: Instant,
    /// The event of the line's end.
    pub lost: Seq,
}

/// A frame of something that is to be said.
pub(super) struct Outgoing {
    pub link: u32,
    pub means: Meant,
    pub frame: Out,
    pub cause: Vec<Seq>,
    /// The order that is over with it.
    pub ends: Option<OrderId>,
}

/// An HTTP request is over. Its answer may be long in coming, and a peer has more to do meanwhile.
pub(super) struct Answered {
    /// The link whose conversation it belongs to; `None` for a request as a step writes it.
    pub link: Option<u32>,
    pub method: String,
    pub path: String,
    pub result: Result<Reply, HandError>,
    pub whose: Whose,
}

/// Who waits for the answer of an HTTP request.
pub(super) enum Whose {
    /// The stage.
    Order(oneshot::Sender<Done>),
    /// What is said behind it, and an order of the mind's.
    Signal(Option<OrderId>),
}

impl Line {
    pub fn new(last: u32, answers: mpsc::UnboundedSender<Answered>) -> Self {
        Self {
            open: None,
            stood: BTreeSet::new(),
            abandoned: Vec::new(),
            more: None,
            later: VecDeque::new(),
            leaving: None,
            room: None,
            ended: false,
            rests: false,
            again: None,
            last,
            outgoing: VecDeque::new(),
            waits: false,
            answers,
        }
    }

    /// What comes of the one that it has speaks of nothing any more. What waits for it goes on with the next.
    pub fn abandon(&mut self) {
        if let Some(link) = self.open.take() {
            for task in link.then {
                tell(task.done, Done::No("another line takes its place".into()));
            }
            self.abandoned.push(link.number);
        }
    }

    /// Takes note of where it is.
    pub fn placed(&mut self, notice: &Notice) {
        match notice {
            Notice::Created { room } | Notice::Joined { room, .. } => {
                self.room = Some(room.clone());
            }
            Notice::Left { .. } | Notice::Kicked { .. } => self.room = None,
            // Of another room it says nothing of this peer.
            Notice::Destroyed { room } => drop(self.room.take_if(|own| own == room)),
            _ => {}
        }
    }

    /// The moment at which it is to dial again.
    pub async fn redials(&self) {
        match self.again.and_then(|again| again.at) {
            Some(at) => sleep_until(at).await,
            None => pending().await,
        }
    }

    /// The number of the link that stands.
    pub fn open_number(&self) -> Option<u32> {
        let open = self.open.as_ref().filter(|link| link.open);
        open.map(|link| link.number)
    }

    /// The moment of the next of what is said every so often.
    pub async fn beat(&self) {
        match self.open.as_ref().and_then(|link| link.beats.next()) {
            Some(next) => sleep_until(next).await,
            None => pending().await,
        }
    }

    /// What is due of that, on its link.
    pub fn due(&mut self) -> Option<(u32, Vec<Say>)> {
        let link = self.open.as_mut()?;
        Some((link.number, link.beats.due(&mut link.conversation)))
    }

    /// What a message of this link says, if that is the one it speaks on, or one more that it opens.
    pub fn hear(&mut self, link: u32, text: &str) -> Option<Heard> {
        let own = self.open.as_mut().filter(|own| own.number == link);
        let more = self.more.as_mut().filter(|more| more.number == link);
        let own = own.map(|own| &mut own.conversation);
        let conversation = own.or(more.map(|more| &mut more.conversation))?;
        Some(conversation.hear_text(text))
    }
}

/// A request as a hand is told to make it, with its method and path.
pub(super) fn fetch_command(fetch: Out) -> Option<(String, String, Command)> {
    let Out::Fetch {
        method,
        path,
        headers,
        body,
    } = fetch
    else {
        return None;
    };
    let command = Command::Fetch {
        method: method.clone(),
        path: path.clone(),
        headers,
        body,
    };
    Some((method, path, command))
}

/// A command that was given: over already, or under way.
pub(super) enum Begun {
    Ended(Result<Reply, HandError>),
    Goes(BoxFuture<'static, Result<Reply, HandError>>),
}

/// Gives a hand a command in its turn: a hand takes its commands in the order in which they are first polled.
pub(super) fn begin(hand: &Arc<dyn Hand>, command: Command) -> Begun {
    let hand = hand.clone();
    let mut work: BoxFuture<'static, _> = Box::pin(async move { hand.perform(command).await });
    match (&mut work).now_or_never() {
        Some(result) => Begun::Ended(result),
        None => Begun::Goes(work),
    }
}

pub(super) fn plain(result: Result<Reply, HandError>) -> Done {
    match result {
        Ok(_) => Done::Yes,
        Err(error) => Done::No(error.to_string()),
    }
}

/// The stage may have given up waiting; that is its right.
pub(super) fn tell(done: oneshot::Sender<Done>, value: Done) {
    drop(done.send(value));
}
