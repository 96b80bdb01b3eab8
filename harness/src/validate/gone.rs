//! That a peer cannot do what a step asks, or hear what it waits for, because its line is gone. A server is accused of that only where it has ended the
//! line by itself: not where a step has, where the dialect has no line for who is in no room, or where it had a reason that the case gave it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::case::{BEARS, Case, IDLE, Source};
use super::script::{Role, Script};
use crate::names::{Link, PeerName, RoomName};
use crate::record::{Event, Failure, FailureKind, What};
use crate::scenario::{Action, Answer, Condition, Place, Scenario, Sought, Step};
use crate::signaling::{Dialect, Kind, Notice, Word};
use crate::stage::{Outcome, shares};
use crate::terms::{Direction, Ending, Side};

/// Where nobody has done anything for so long a line may be ended because it is idle, as servers and proxies do: nobody promises otherwise.
const LONG_IDLE: Duration = Duration::from_millis(500);

/// Whose doing it is that the line is gone.
pub(super) enum Gone {
    /// The server's, unasked.
    ByServer {
        /// How it is told.
        told: String,
        /// Whose line it was does what the case asks.
        asks: bool,
    },
    /// The dialect's, or the server's, which may: who is in no room has no line, or who was put out of one.
    ByDialect(String),
    /// The server's, which may: he was put out of a room, and comes into one on a line that ends.
    Overtaken(String),
    /// Anybody else's, or the server's for a reason.
    Otherwise(String),
}

/// The same of the failed step; `None`: it failed by something else, or it was the step itself that was to open the line.
pub(super) fn gone(
    case: &Case,
    script: &Script,
    failure: &Failure,
    outcome: &Outcome,
    dialect: &Dialect,
) -> Option<Gone> {
    let cannot = matches!(
        failure.kind,
        FailureKind::Impossible | FailureKind::ConnectionLost | FailureKind::Hopeless
    );
    let Some(Place::Step(failed)) = failure.place else {
        return None;
    };
    if !cannot || !failure.breaches.is_empty() {
        return None;
    }
    let scenario = script.scenario("case.yaml").ok()?;
    let step = scenario.steps.get(failed.checked_sub(1)?)?;
    let course = Course {
        script,
        scenario: &scenario,
        failed,
        events: failure.until(&outcome.events),
        idle_stands: matches!(case.source, Source::Dialect(BEARS | IDLE)),
    };
    let mut who = step.with_inner().filter_map(|step| who(&step.action));
    who.find_map(|peer| course.judged(peer, &failure.message, dialect))
}

/// Whether it is how anybody comes in, which harms nobody whatever it is part of.
fn comes_in(action: &Action) -> bool {
    matches!(
        action,
        Action::Connect { .. } | Action::Create { .. } | Action::Join { .. }
    )
}

/// Who does a step, or hears what it waits for.
fn who(action: &Action) -> Option<&PeerName> {
    match action {
        Action::Await(
            Condition::Hears { peer, .. }
            | Condition::Said { peer, .. }
            | Condition::Applied { peer, .. }
            | Condition::RoomEnded { peer }
            | Condition::Passes(Sought { peer, .. }),
        ) => Some(peer),
        action => action.actor(),
    }
}

/// A line of a peer's, as the record tells of it.
#[derive(Default)]
struct Line {
    /// It was asked for in the step that failed.
    is_new: bool,
    /// It stood once.
    stood: bool,
    /// The peer has seen it end, or not come to stand.
    closed: bool,
    /// A step has ended it.
    by_step: bool,
    /// It has ended: who did it, and how, as the tap saw it.
    down: Option<(Side, String)>,
    /// Why it was not let in.
    refused: Option<String>,
    /// What was said last on it.
    said: Option<Kind>,
    /// What the server said no with after that.
    no: Option<String>,
    /// The room that who is on it was let into last.
    room: Option<RoomName>,
    /// He was told that he is in it no more, or that it is gone.
    out: bool,
    /// The case did harm on it.
    harmed: bool,
    /// For how long nobody had done anything when it ended.
    idle: Option<Duration>,
}

impl Line {
    fn stands(&self) -> bool {
        self.stood && self.down.is_none() && !self.closed
    }

    /// Who is on it is told that he is not in this room any more.
    fn goes_out(&mut self, room: &RoomName) {
        self.out |= self.room.as_ref().is_none_or(|own| own == room);
    }
}

/// When something was done last.
#[derive(Default)]
struct Done {
    /// In µs, as the record counts.
    last: u64,
    /// Lines that were asked for, and whose answer is not there.
    asked: BTreeSet<Link>,
}

impl Done {
    fn take(&mut self, event: &Event) {
        match &event.what {
            What::LinkAsked { link, .. } => {
                self.asked.insert(link.clone());
            }
            What::LinkUp { link } | What::LinkRefused { link, .. } => {
                self.asked.remove(link);
            }
            What::LinkEnded { .. }
            | What::Message {
                direction: Direction::Up,
                ..
            } => {}
            // It was this machine that let the time pass.
            What::Starved { millis } => {
                self.last = self.last.saturating_add(millis.saturating_mul(1000));
                return;
            }
            _ => return,
        }
        self.last = event.at;
    }

    fn since(&self, at: u64) -> Duration {
        match self.asked.is_empty() {
            true => Duration::from_micros(at.saturating_sub(self.last)),
            false => Duration::ZERO,
        }
    }
}

/// The run until the failure.
struct Course<'a> {
    script: &'a Script,
    scenario: &'a Scenario,
    failed: usize,
    events: &'a [Arc<Event>],
    /// It is promised that no line is ended for what the case does.
    idle_stands: bool,
}

impl Course<'_> {
    fn judged(&self, peer: &PeerName, message: &str, dialect: &Dialect) -> Option<Gone> {
        let lines = self.lines(peer);
        // One that was opened beside it and refused is none that it ever spoke on: it has no word of its end.
        let mut newest = lines.values().rev();
        let own = newest.find(|line| line.closed || line.stands());
        let line = own.or(lines.values().next_back());
        if line.is_some_and(|line| line.is_new || line.stands()) {
            return None;
        }
        let by_room = |why: String| match dialect.dials_by_room() {
            true => {
                let name = dialect.name();
                Gone::ByDialect(format!(
                    "{why}: with the dialect `{name}` a line is dialled for each room, and who is in none has none ({message})"
                ))
            }
            false => Gone::Otherwise(format!("{why} ({message})")),
        };
        let Some(line) = line else {
            return Some(by_room(format!("{peer} has had no line yet")));
        };
        if line.by_step {
            let has_left = line.said == Some(Kind::Leave) || self.has_left(peer);
            let why = format!("a step of the case has ended {peer}'s line");
            return Some(match has_left {
                true => by_room(why),
                false => Gone::Otherwise(format!("{why} ({message})")),
            });
        }
        if let Some(why) = &line.refused {
            return Some(by_room(format!("{peer} was not let in: {why}")));
        }
        let how = match &line.down {
            // The peer has seen its end, and the tap not all of it.
            None => String::new(),
            Some((Side::Server, how)) => format!(" ({how})"),
            // It has let go of a line that said no to it.
            Some((Side::Peer | Side::Tap, _)) => {
                return Some(by_room(format!("{peer}'s line ended on its own side")));
            }
        };
        let ended = format!("the server ended {peer}'s line{how}");
        if let Some(no) = &line.no {
            return Some(by_room(format!("{ended}, having refused it: {no:?}")));
        }
        if line.out || self.is_put_out(peer) {
            let why = format!("{ended}, who was in the room no more ({message})");
            return Some(match self.action(self.failed).is_some_and(comes_in) {
                true => Gone::Overtaken(why),
                false => Gone::ByDialect(why),
            });
        }
        if let Some(kind @ (Kind::Leave | Kind::Destroy | Kind::Bye)) = line.said {
            return Some(by_room(format!("{ended} at its `{kind}`")));
        }
        if line.harmed {
            return Some(Gone::Otherwise(format!(
                "{ended}, on which the case had done harm ({message})"
            )));
        }
        // Where no harm is done nobody does anything for as long, and a server that ends idle lines ends that one, too.
        let seen_without = |idle: &Duration| *idle < self.idle_without_harm();
        let idle = line
            .idle
            .filter(|idle| *idle >= LONG_IDLE && !seen_without(idle) && !self.idle_stands);
        if let Some(idle) = idle {
            let idle = idle.as_millis();
            return Some(Gone::Otherwise(format!(
                "{ended} when nobody had done anything for {idle} ms: it may end idle lines ({message})"
            )));
        }
        Some(Gone::ByServer {
            told: format!("{ended}, which nobody had asked for\n  seen by this: {message}"),
            asks: self.asks(peer),
        })
    }

    /// Whether a step so far that is what the case asks, or does harm, is this peer's.
    fn asks(&self, peer: &PeerName) -> bool {
        (1..=self.failed).any(|step| {
            let is_deed = matches!(self.script.role(step), Some(Role::Deed | Role::Harm));
            let mut actors = (self.step(step).into_iter())
                .flat_map(Step::with_inner)
                .filter_map(|step| step.action.actor());
            is_deed && actors.any(|actor| actor == peer)
        })
    }

    /// The peer's lines, by number.
    fn lines(&self, of: &PeerName) -> BTreeMap<u32, Line> {
        let mut lines: BTreeMap<u32, Line> = BTreeMap::new();
        let mut is_new = false;
        let mut done = Done::default();
        let mut harmers = BTreeSet::new();
        for event in self.events {
            done.take(event);
            match &event.what {
                What::Step {
                    index, inner: None, ..
                } => {
                    is_new = *index == self.failed;
                    let harms = self.script.role(*index) == Some(Role::Harm);
                    let action = self.action(*index).filter(|action| !comes_in(action));
                    let does = action.and_then(Action::actor) == Some(of);
                    if harms {
                        harmers.extend(action.and_then(Action::actor).cloned());
                    }
                    if harms && does {
                        lines.values_mut().for_each(|line| line.harmed = true);
                    }
                }
                What::LinkAsked { link, .. } if link.peer == *of => {
                    let line = lines.entry(link.instance);
                    line.or_insert_with(|| Line {
                        is_new,
                        ..Line::default()
                    });
                }
                What::LinkUp { link } if link.peer == *of => {
                    lines.entry(link.instance).or_default().stood = true;
                }
                What::LinkRefused { link, text, .. } if link.peer == *of => {
                    lines.entry(link.instance).or_default().refused = Some(text.clone());
                }
                What::LinkEnded { link } if link.peer == *of => {
                    lines.entry(link.instance).or_default().by_step = true;
                }
                What::LinkDown { link, by, ending } if link.peer == *of => {
                    let line = lines.entry(link.instance).or_default();
                    line.down = Some((*by, how(ending)));
                    line.idle.get_or_insert(done.since(event.at));
                }
                What::LinkClosed { link, .. } if link.peer == *of => {
                    let line = lines.entry(link.instance).or_default();
                    line.closed = true;
                    line.idle.get_or_insert(done.since(event.at));
                }
                // Some of it goes beside the line, by HTTP.
                What::Message {
                    link,
                    direction,
                    word,
                    ..
                } if link.peer == *of => {
                    let Some(mut line) = lines.last_entry() else {
                        continue;
                    };
                    let line = line.get_mut();
                    match (direction, word) {
                        (Direction::Up, word) => {
                            line.said = word.as_ref().map(Word::kind);
                            line.no = None;
                        }
                        (Direction::Down, Some(Word::Notice { notice })) => match notice {
                            Notice::Refused { reason, .. } | Notice::Error { reason } => {
                                line.no = Some(reason.clone());
                            }
                            Notice::Created { room } | Notice::Joined { room, .. } => {
                                line.room = Some(room.clone());
                                line.out = false;
                            }
                            Notice::Left { room } => line.goes_out(room),
                            // What is done to others is no reason to put out who is in another room.
                            Notice::Kicked { room } | Notice::Destroyed { room }
                                if line.said != Some(Kind::Destroy)
                                    && (harmers.is_empty()
                                        || shares(self.scenario, of, &harmers)) =>
                            {
                                line.goes_out(room);
                            }
                            _ => {}
                        },
                        (Direction::Down, _) => {}
                    }
                }
                _ => {}
            }
        }
        lines
    }

    /// For how long nobody does anything in the same run without the harm; zero where there is none.
    fn idle_without_harm(&self) -> Duration {
        let roles = || (1..self.failed).map(|step| (step, self.script.role(step)));
        if !roles().any(|(_, role)| role == Some(Role::Harm)) {
            return Duration::ZERO;
        }
        let kept = roles().filter(|(_, role)| *role != Some(Role::Harm));
        let waits = kept.filter_map(|(step, _)| match self.action(step)? {
            Action::Wait(time) => Some(*time),
            _ => None,
        });
        waits.max().unwrap_or_default()
    }

    fn step(&self, number: usize) -> Option<&Step> {
        self.scenario.steps.get(number.checked_sub(1)?)
    }

    fn action(&self, step: usize) -> Option<&Action> {
        Some(&self.step(step)?.action)
    }

    /// Whether a step has had somebody put this one out, or remove the room that he was in, with nothing behind it that he came in by. What the
    /// server is to refuse puts nobody out.
    fn is_put_out(&self, peer: &PeerName) -> bool {
        let before = || (1..self.failed).rev().filter_map(|step| self.action(step));
        let came = |action: &&Action| {
            let comes = matches!(action, Action::Create { .. } | Action::Join { .. });
            comes && action.actor() == Some(peer)
        };
        let room = before().find(came).and_then(|action| match action {
            Action::Create { room, .. } | Action::Join { room, .. } => Some(room),
            _ => None,
        });
        let since = before().take_while(|action| {
            let goes = matches!(action, Action::Leave { .. }) && action.actor() == Some(peer);
            !came(action) && !goes
        });
        let mut since = since;
        since.any(|action| match action {
            Action::Kick { whom, answer, .. } => whom == peer && *answer == Answer::Granted,
            Action::Destroy {
                peer: who,
                room: gone,
                answer,
                ..
            } => who != peer && *answer == Answer::Granted && room == Some(gone),
            _ => false,
        })
    }

    /// Whether a step before had the peer leave, with nothing behind it that it came in by.
    fn has_left(&self, peer: &PeerName) -> bool {
        let before = (1..self.failed).rev().filter_map(|step| self.action(step));
        let mut his = before.filter(|action| action.actor() == Some(peer));
        his.find_map(|action| match action {
            Action::Leave { .. } => Some(true),
            Action::Create { .. } | Action::Join { .. } | Action::Disconnect { .. } => Some(false),
            _ => None,
        })
        .unwrap_or_default()
    }
}

/// How a line ended, for a person.
pub(super) fn how(ending: &Ending) -> String {
    match ending {
        Ending::Close {
            code: Some(code), ..
        } => format!("close code {code}"),
        Ending::Close { code: None, .. } => "a close without a code".to_owned(),
        Ending::Eof => "without a close".to_owned(),
        Ending::Reset => "a reset".to_owned(),
    }
}
