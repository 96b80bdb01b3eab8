//! What comes of an order: whether it ended as it had to, and what its step then waits for.

use tokio::time::Instant;

use super::director::{Miss, Stage, Stop, fail, fail_as};
use super::hope::Waiting;
use super::order::Done;
use super::pretend::is_told;
use super::waits::World;
use crate::names::{Link, PeerName};
use crate::record::{FailureKind, Seq, What, payload};
use crate::scenario::{Action, Answer};
use crate::signaling::{Kind, Notice};
use crate::terms::Payload;

/// What a step waits for.
pub(super) enum Due {
    /// Its turn.
    Turn,
    /// How its order ended.
    Order,
    /// The end of this line, which was let in and has to be refused: until then.
    Look(Link, Instant),
    /// The server's answer.
    Reply(Kind),
    /// The end of its signaling connection, as the peer sees it.
    Closed(u32),
    /// The end of these lines, as the tap sees it.
    Down(Vec<Link>),
    /// What it said is heard by this one.
    Heard(PeerName, String, Payload),
}

/// How it stands with a step when its order has ended well.
#[derive(Default)]
pub(super) struct After {
    /// What still has to come.
    pub due: Option<Due>,
    /// What its wait was satisfied by.
    pub waited: Option<Seq>,
    pub replied: Option<Replied>,
}

impl From<Option<Due>> for After {
    fn from(due: Option<Due>) -> Self {
        Self {
            due,
            ..Self::default()
        }
    }
}

/// A request, and what its answer must be.
pub(super) struct Asked<'a> {
    pub peer: &'a PeerName,
    pub kind: Kind,
    pub answer: &'a Answer,
    /// The end of its line is a refusal, too.
    pub turned_away: bool,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replied {
    pub granted: bool,
    /// When it was heard.
    pub seq: Seq,
}

impl Asked<'_> {
    /// The answer, once it is there, or why it will not do.
    pub fn replied(
        &self,
        world: &mut World,
        begun: Seq,
        waiting: &Waiting,
    ) -> Option<Result<Replied, Miss>> {
        let Asked {
            peer,
            kind,
            answer,
            turned_away,
        } = self;
        let reply = match answer {
            Answer::Granted => world.reply(peer, *kind, begun),
            _ => world.reply_or_refusal(peer, *kind, begun),
        };
        let Some((notice, seq)) = reply else {
            let why = world.hope.deaf(peer, waiting)?;
            if *turned_away {
                let told = is_told(&world.refusals, answer, &why);
                let replied = told.map(|()| Replied {
                    granted: false,
                    seq: begun,
                });
                return Some(replied.map_err(|expected| {
                    let message = format!("{peer} was not let in: {why}; {expected}");
                    Miss::new(FailureKind::Refused, message)
                }));
            }
            let why = format!("{peer} waited for the server's answer to its {kind}, and {why}");
            return Some(Err(why.into()));
        };
        let granted = !matches!(notice, Notice::Refused { .. });
        Some(match (notice, answer) {
            (Notice::Refused { reason, .. }, Answer::Granted) => {
                let message = format!("the server refused {peer}'s {kind}: {reason:?}");
                Err(Miss::new(FailureKind::Refused, message))
            }
            (Notice::Refused { reason, .. }, answer)
                if let Err(expected) = is_told(&world.refusals, answer, &reason) =>
            {
                let message =
                    format!("the server refused {peer}'s {kind} with {reason:?}, {expected}");
                Err(Miss::new(FailureKind::Refused, message))
            }
            (Notice::Refused { .. }, _) | (_, Answer::Granted | Answer::Any) => {
                Ok(Replied { granted, seq })
            }
            (_, _) => {
                let message = format!("the server granted {peer}'s {kind}, which it had to refuse");
                Err(Miss::new(FailureKind::NotRefused, message))
            }
        })
    }
}

impl Stage {
    /// How it stands with a step whose order has ended so.
    pub(super) fn after(
        &self,
        action: &Action,
        peer: &PeerName,
        step: Seq,
        done: Done,
    ) -> Result<After, Stop> {
        match (action, done) {
            (
                Action::Connect {
                    answer: Answer::Any,
                    ..
                },
                done,
            ) => {
                let replied = Some(self.let_in(peer, done, step)?);
                Ok(After {
                    replied,
                    ..After::default()
                })
            }
            (
                action @ Action::Connect {
                    answer: Answer::Refused | Answer::RefusedWith(_),
                    ..
                },
                Done::Yes,
            ) => {
                let again = match self.pretending.is_done_by(action) {
                    true => "",
                    false => " a second time",
                };
                let message = format!("the server let {peer} in{again}, which it had to refuse");
                Err(fail_as(FailureKind::NotRefused, message))
            }
            (
                Action::Connect {
                    answer: answer @ (Answer::Refused | Answer::RefusedWith(_)),
                    ..
                },
                Done::No(why) | Done::NotLetIn(why),
            ) => self.is_refused(peer, answer, &why),
            (action, Done::NotLetIn(why))
                if let Some(answer) = action.answer()
                    && self.may_be_turned_away(action) =>
            {
                self.is_refused(peer, answer, &why)
            }
            (
                Action::SetLocal { fails, .. }
                | Action::SetRemote { fails, .. }
                | Action::AddCandidate { fails, .. },
                done,
            ) => {
                let waited = by_hand(peer, done, fails.as_deref())?;
                Ok(After {
                    waited,
                    ..After::default()
                })
            }
            (
                Action::Http {
                    status: Some(wanted),
                    ..
                },
                Done::Status(got, _),
            ) if got != *wanted => Err(fail_as(
                FailureKind::Refused,
                format!("the answer has status {got}, expected {wanted}"),
            )),
            (_, Done::No(why) | Done::NotLetIn(why)) => {
                Err(fail(format!("{peer} could not: {why}")))
            }
            (_, Done::Refused { name, message, .. }) => Err(fail_as(
                FailureKind::StackRefused,
                format!("{peer}'s stack refused: {name}: {message}"),
            )),
            (Action::Create { .. }, _) => Ok(Some(Due::Reply(Kind::Create)).into()),
            (Action::Join { .. }, _) => Ok(Some(Due::Reply(Kind::Join)).into()),
            (Action::Leave { .. }, _) => Ok(Some(Due::Reply(Kind::Leave)).into()),
            (Action::Destroy { .. }, _) => Ok(Some(Due::Reply(Kind::Destroy)).into()),
            (Action::Kick { .. }, _) => Ok(Some(Due::Reply(Kind::Kick)).into()),
            (Action::SetState { .. }, _) => Ok(Some(Due::Reply(Kind::SetState)).into()),
            (Action::Disconnect { .. }, _) => Ok(self.world.link(peer).map(Due::Closed).into()),
            (
                Action::Say {
                    from,
                    to,
                    channel,
                    data,
                    heard: true,
                },
                _,
            ) => {
                let by = self.addressee(from, to.as_ref())?;
                Ok(Some(Due::Heard(by, channel.clone(), payload(data))).into())
            }
            (_, Done::Status(_, waited)) => Ok(After {
                waited,
                ..After::default()
            }),
            (_, Done::Yes) => Ok(After::default()),
        }
    }

    /// A line that had to be refused was not let in, for this reason.
    fn is_refused(&self, peer: &PeerName, answer: &Answer, why: &str) -> Result<After, Stop> {
        match is_told(&self.world.refusals, answer, why) {
            Ok(()) => Ok(After::default()),
            Err(expected) => {
                let message = format!("{peer} was not let in: {why}; {expected}");
                Err(fail_as(FailureKind::Refused, message))
            }
        }
    }

    /// Whether the server has let a peer in that asked for a connection, where either is right.
    fn let_in(&self, peer: &PeerName, done: Done, begun: Seq) -> Result<Replied, Stop> {
        let replied = |granted| Replied {
            granted,
            seq: begun,
        };
        let refused = || {
            let events = self.recorder.events_from(begun);
            events.iter().any(|event| {
                matches!(&event.what, What::LinkRefused { link, status: Some(_), .. } if link.peer == *peer)
            })
        };
        match done {
            Done::No(_) | Done::NotLetIn(_) if refused() => Ok(replied(false)),
            Done::No(why) | Done::NotLetIn(why) => Err(fail(format!("{peer} could not: {why}"))),
            _ => Ok(replied(true)),
        }
    }
}

/// What came of an order that the stack may have to refuse.
fn by_hand(peer: &PeerName, done: Done, fails: Option<&str>) -> Result<Option<Seq>, Stop> {
    match (done, fails) {
        (Done::Refused { name, message, seq }, Some(text)) => {
            let whole = format!("{name}: {message}");
            if whole.contains(text) {
                return Ok(Some(seq));
            }
            let message = format!("{peer}'s stack refused with {whole:?}, expected {text:?} in it");
            Err(fail_as(FailureKind::StackRefused, message))
        }
        (Done::Refused { name, message, .. }, None) => Err(fail_as(
            FailureKind::StackRefused,
            format!("{peer}'s stack refused: {name}: {message}"),
        )),
        (Done::No(why) | Done::NotLetIn(why), _) => Err(fail(format!("{peer} could not: {why}"))),
        (Done::Yes | Done::Status(..), Some(_)) => Err(fail_as(
            FailureKind::StackAccepted,
            format!("{peer}'s stack took it, which it had to refuse"),
        )),
        (Done::Yes | Done::Status(..), None) => Ok(None),
    }
}
