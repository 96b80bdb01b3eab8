//! What a scenario needs of a server, worked out from its steps and its expected lines.
//!
//! Two peers who meet and talk need nothing but a way to signal. What a step uses is what it needs: a word, a refusal, a promise.

mod places;
mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::acquainted::Acquainted;
use super::calls::{Calls, Meets};
use super::crowd::are_apart;
use super::model::{
    Action, Answer, Condition, Cut, Pretence, Raw, Scenario, Second, Share, Step, Together,
};
use super::pretending::Pretending;
use super::strain::Strain;
use crate::names::{PeerName, RoomName, Stack};
use crate::signaling::{Dialect, Field, Kind, Need, Reason};
use crate::terms::Kill;

/// One need, and what in the scenario has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// What.
    pub need: Need,
    /// Where it comes from: `line 12`, or `sequences.yaml:12`.
    pub place: String,
    /// What is done there: `expects a refusal "full"`.
    pub what: String,
}

impl Scenario {
    /// All that it needs of a server, in the order of the file.
    pub fn needs(&self) -> Vec<Needed> {
        let mut course = Course {
            scenario: self,
            rooms: BTreeMap::new(),
            pretending: Pretending::default(),
            outside: BTreeSet::new(),
            lost: BTreeSet::new(),
            kept: BTreeMap::new(),
            named: BTreeSet::new(),
            ends: Vec::new(),
            acquainted: Acquainted::default(),
            calls: Calls::default(),
            left_open: self.leaves_open_who_offers(),
            needs: Vec::new(),
        };
        if let Some(wire) = &self.wire {
            course.needs.push(Needed {
                need: Need::Wire(wire.clone()),
                place: self.place_of("wire:"),
                what: format!("says that the scenario speaks the wire of `{wire}`"),
            });
        }
        if let Some(what) = self.odd_peer() {
            course.needs.push(Needed {
                need: Need::AnyName,
                place: self.place_of("peers:"),
                what,
            });
        }
        for step in &self.steps {
            course.step(step);
            course.pretending.feed(&step.action);
        }
        course.lines();
        course.needs
    }

    /// Whether it leaves it to the server's dialect who offers when somebody comes in.
    fn leaves_open_who_offers(&self) -> bool {
        let by_use = |peer: &PeerName| {
            let mut peers = self.peers.iter();
            peers.any(|(name, spec)| {
                let by_itself = !spec.manual && spec.stack != Some(Stack::Wire);
                name == peer && by_itself && spec.offers.is_none()
            })
        };
        let open = |action: &Action| matches!(action, Action::Join { peer, offer: None, .. } if by_use(peer));
        self.each_step().any(|(_, step)| open(&step.action))
    }

    /// The line that begins so, or the first one.
    fn place_of(&self, key: &str) -> String {
        let mut lines = self.source.text.lines();
        let line = lines.position(|line| line.starts_with(key));
        format!("line {}", line.map_or(1, |line| line + 1))
    }

    /// Why it cannot be played where this is spoken, in one sentence; `None` if it can.
    pub fn lacking(&self, dialect: &Dialect) -> Option<String> {
        self.needs().iter().find_map(|needed| {
            let why = needed.need.lacking(dialect)?;
            Some(format!("{} {}: {why}", needed.place, needed.what))
        })
    }
}

/// How somebody went whom others are to hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// By a word.
    Left,
    /// Without: the line has ended.
    Lost,
    /// Nothing arrives any more.
    Silent,
    /// The node of the server that it was on has ended.
    WithItsNode,
}

/// What is so after the steps up to here, whatever the server is.
struct Course<'s> {
    scenario: &'s Scenario,
    /// Who is in which room; a room stays until the last one has gone.
    rooms: BTreeMap<&'s RoomName, BTreeSet<&'s PeerName>>,
    /// The rooms that anybody has come into.
    named: BTreeSet<&'s RoomName>,
    ends: Vec<(&'s PeerName, End)>,
    acquainted: Acquainted<'s>,
    calls: Calls<'s>,
    /// Somebody comes in who offers by itself or not, as the server's dialect says.
    left_open: bool,
    /// Who shows what is not its own: why it is refused follows from that.
    pretending: Pretending,
    /// Who has left a room by a word, and not come into another since.
    outside: BTreeSet<&'s PeerName>,
    /// Whose line was lost, where no step has waited since for anybody to hear of it.
    lost: BTreeSet<&'s PeerName>,
    /// Where those whose line has ended may still have a place, and how long was waited since.
    kept: BTreeMap<&'s PeerName, (&'s RoomName, Duration)>,
    needs: Vec<Needed>,
}

impl<'s> Course<'s> {
    fn step(&mut self, step: &'s Step) {
        let need = |course: &mut Self, need: Need, what: String| course.need(need, what, step);
        if let Action::Connect { peer, .. }
        | Action::Create { peer, .. }
        | Action::Join { peer, .. } = &step.action
            && self.lost.remove(peer)
        {
            let what = format!("has {peer} come back at once after a loss");
            need(self, Need::NoticesLoss, what);
        }
        match self.calls.step(self.scenario, &step.action, &self.rooms) {
            Some(Meets::Standing) => {
                let what = "has somebody offer who is in a call, or to who is".into();
                need(self, Need::AnotherOffer, what);
            }
            Some(Meets::Ended) => {
                let what = "has somebody offer who was in a call, or to who was".into();
                need(self, Need::AnotherCall, what);
            }
            Some(Meets::Answered) => {
                need(
                    self,
                    Need::AnotherAnswer,
                    "has an offer answered twice".into(),
                );
            }
            None => {}
        }
        match &step.action {
            Action::Connect { peer, answer } if wants_refusal(answer) => {
                if let Answer::RefusedWith(text) = answer
                    && let Some(reason) = Reason::parse(text).filter(|of| *of != Reason::Taken)
                {
                    let what = format!("expects a refusal \"{reason}\"");
                    need(self, Need::Refuses(reason), what);
                } else if !self.pretending.is_done_by(&step.action) {
                    let what = "expects a second line with the same id to be refused".into();
                    need(self, Need::RejectsSameId, what);
                }
            }
            Action::Pretend { how, .. } => match how {
                Pretence::GivenTo(_) => {
                    let what = "comes back by another's ticket";
                    need(self, Need::ComesBack, what.into());
                }
                _ => need(self, Need::LogsIn, "logs in as somebody else does".into()),
            },
            Action::Second { peer, how } => {
                let what = format!("has a second line of {peer}'s in no room");
                match how {
                    Second::TakesOver => {
                        let what = "has a second line with the same id take over".into();
                        need(self, Need::TakesOver, what);
                        self.leave(peer, Some(End::Left));
                    }
                    Second::Resumes => {
                        let what = "has a second line with the same id resume".into();
                        need(self, Need::Resumes, what);
                    }
                }
                need(self, Need::LineOutside, what);
            }
            // Its new line says of the old one that it is over.
            Action::Connect { peer, .. } => self.ends.push((peer, End::Left)),
            Action::Create { peer, room, answer } => {
                need(self, Need::Says(Kind::Create), "creates a room".into());
                self.names_room(room, step);
                if !self.refused(peer, Kind::Create, Some(room), answer, step) {
                    self.makes_anew(peer, room, step);
                    self.leave(peer, None);
                    self.rooms.insert(room, BTreeSet::from([peer]));
                }
            }
            Action::Join {
                peer, room, answer, ..
            } => {
                need(self, Need::Says(Kind::Join), "joins a room".into());
                self.names_room(room, step);
                if !self.refused(peer, Kind::Join, Some(room), answer, step) {
                    self.leave(peer, None);
                    self.rooms.entry(room).or_default().insert(peer);
                    self.holds(room, step);
                    self.met_by_insiders(room, peer, step);
                }
            }
            Action::Leave { peer, answer } => {
                need(self, Need::Says(Kind::Leave), "leaves a room".into());
                if !self.refused(peer, Kind::Leave, None, answer, step) {
                    self.leave(peer, Some(End::Left));
                    self.outside.insert(peer);
                }
            }
            Action::Destroy { peer, room, answer } => {
                need(self, Need::Says(Kind::Destroy), "removes a room".into());
                self.takes_name(room, step);
                if !self.refused(peer, Kind::Destroy, Some(room), answer, step) {
                    self.removes(room);
                }
            }
            Action::Kick { peer, whom, answer } => {
                need(self, Need::Says(Kind::Kick), "puts somebody out".into());
                if !self.refused(peer, Kind::Kick, None, answer, step) {
                    self.leave(whom, Some(End::Left));
                    self.outside.insert(whom);
                }
            }
            Action::SetState { peer, answer, .. } => {
                need(self, Need::Says(Kind::SetState), "sets a state".into());
                self.refused(peer, Kind::SetState, None, answer, step);
            }
            // Of the end of a line that is silent already the server hears nothing.
            Action::Kill {
                peer,
                how: Kill::Tab | Kill::Browser,
            } if self.is_silent(peer) => self.ends.push((peer, End::Silent)),
            Action::Disconnect { peer }
            | Action::Cut {
                peer,
                how: Cut::Close,
            } => {
                for peer in self.scenario.may_be(peer) {
                    self.leave(peer, Some(End::Lost));
                }
            }
            Action::Kill { peer, .. }
            | Action::Cut {
                peer,
                how: Cut::Reset,
            } => {
                for peer in self.scenario.may_be(peer) {
                    self.leave(peer, Some(End::Lost));
                    self.lost.insert(peer);
                }
            }
            Action::Cut {
                peer,
                how: Cut::Silence(_),
            } => self.ends.push((peer, End::Silent)),
            Action::KillServer { node: None, .. } | Action::Restart { node: None } => {
                self.rooms.clear();
                self.lost.clear();
                self.kept.clear();
            }
            Action::KillServer { node, .. } | Action::Restart { node } => {
                for (peer, spec) in &self.scenario.peers {
                    if spec.node == *node {
                        self.leave(peer, Some(End::WithItsNode));
                    }
                }
            }
            Action::Send {
                message, from, to, ..
            } => {
                need(self, Need::Relays(*message), format!("sends `{message}`"));
                if let Some(to) = to {
                    let mut rooms = self.rooms.values();
                    let of_many = rooms.any(|all| all.len() > 2 && all.contains(from));
                    if are_apart(self.rooms.values(), from, to) {
                        let what = format!("sends `{message}` to {to}, who is in another room");
                        need(self, Need::Addresses(*message), what);
                    } else if of_many {
                        let what = format!("sends `{message}` to {to}, who is one of many there");
                        need(self, Need::ReachesOneOfMany(*message), what);
                    }
                }
                self.meets(from, to.as_ref());
            }
            Action::Negotiate { from, to } => self.meets(from, to.as_ref()),
            // Whoever breaks the protocol loses his line by it (RFC 6455, section 7.1.7).
            Action::SendRaw {
                peer,
                raw: Raw::Frame(_),
            } => {
                need(self, Need::WebSocket, "breaks a frame".into());
                self.may_be_kept(peer);
                self.ends.push((peer, End::Lost));
            }
            Action::SendRaw {
                raw: Raw::Upgrade { .. },
                ..
            } => need(self, Need::WebSocket, "asks for a WebSocket".into()),
            Action::SendRaw {
                raw: Raw::Text(_), ..
            } => need(self, Need::SendsMessages, "sends a text as it is".into()),
            Action::SendRaw {
                peer,
                raw: Raw::Garbage {
                    kind, of, field, ..
                },
            } => {
                let what = format!("sends garbage, `{kind}`");
                let of = &of.or((*field == Some(Field::Given)).then_some(Kind::Join));
                need(self, Need::Spoils(*kind, *of, *field), what);
                if let Some(of) = of {
                    need(self, Need::Passes(*of), format!("makes garbage of `{of}`"));
                }
                if let (Some(of), Some(field)) = (of, field) {
                    let what = match field {
                        Field::Given => "spoils what one comes back with".to_owned(),
                        _ => format!("spoils the {field} of `{of}`"),
                    };
                    need(self, Need::HasField(*of, *field), what);
                }
                if !self.rooms.values().any(|inside| inside.contains(peer)) {
                    let what = format!("has {peer} send garbage from outside of any room");
                    need(self, Need::LineOutside, what);
                }
            }
            Action::SendRaw {
                peer,
                raw: Raw::Forged { kind, to, claimed },
            } => {
                let what = format!("sends `{kind}` in {claimed}'s name");
                need(self, Need::Forges(*kind), what);
                self.meets(peer, Some(to));
            }
            Action::Say { from, to, .. } => {
                let peers = std::iter::once(from).chain(to);
                self.connection(peers, "talks through a channel", step);
            }
            Action::Hold(pattern)
            | Action::Release(pattern)
            | Action::Drop(pattern)
            | Action::Delay { pattern, .. }
            | Action::Duplicate(pattern)
            | Action::Corrupt { pattern, .. } => self.pattern(pattern, step),
            Action::Reorder { pattern, behind } => {
                self.pattern(pattern, step);
                if let Some(behind) = behind {
                    need(self, Need::Passes(*behind), format!("looks for `{behind}`"));
                }
            }
            Action::Strain { how, times } => self.strain(*how, *times, step),
            Action::Await(condition) => {
                if let Condition::Hears {
                    kind: Kind::PeerLeft,
                    from,
                    ..
                } = condition
                {
                    let is_gone = |lost: &PeerName| from.as_ref().is_none_or(|from| from == lost);
                    self.lost.retain(|lost| !is_gone(lost));
                    self.kept.retain(|lost, _| !is_gone(lost));
                }
                self.condition(condition, step);
            }
            Action::Wait(time) => {
                for (_, waited) in self.kept.values_mut() {
                    *waited += *time;
                }
            }
            Action::Together(together) => self.together(together),
            _ => {}
        }
    }

    /// What strangers need to do this.
    fn strain(&mut self, how: Strain, times: u32, step: &Step) {
        let mut needs = vec![Need::Strangers];
        match how {
            Strain::Visits => needs.extend([Need::Says(Kind::Join), Need::Says(Kind::Leave)]),
            Strain::Rooms => needs.extend([Need::Rooms, Need::Says(Kind::Leave)]),
            Strain::FullRoom => needs.extend([
                Need::Says(Kind::Join),
                Need::TellsInside,
                Need::Holds(usize::try_from(times).unwrap_or(usize::MAX)),
            ]),
            Strain::Signals
            | Strain::Dialogue
            | Strain::Flood
            | Strain::Deaf
            | Strain::Unread
            | Strain::Respite => {
                needs.push(Need::Relays(Kind::Offer));
            }
            Strain::StandingRooms => {
                needs.extend([Need::Says(Kind::Create), Need::NamesRooms]);
            }
            Strain::TornJoins => {
                needs.extend([Need::Says(Kind::Join), Need::WebSocket, Need::NoticesLoss]);
            }
            Strain::Lines | Strain::Losses | Strain::Returns | Strain::Crowd | Strain::Turnover => {
            }
        }
        if matches!(how, Strain::Visits | Strain::Rooms) {
            needs.push(Need::StaysConnected);
        }
        for need in needs {
            self.need(
                need,
                format!("strains the server by {}", how.as_str()),
                step,
            );
        }
    }

    fn need(&mut self, need: Need, what: impl Into<String>, step: &Step) {
        let place = place(&self.scenario.source.path, step);
        let what = what.into();
        self.needs.push(Needed { need, place, what });
    }

    fn together(&mut self, together: &'s Together) {
        let before = self.rooms.clone();
        for step in &together.steps {
            self.step(step);
        }
        let open: Vec<_> = together.open().map(|(_, action)| action).collect();
        let turned_away = match &together.turned_away {
            Share::Any => 0,
            share => share.number().unwrap_or_default(),
        };
        let Some(step) = together.steps.first().filter(|_| turned_away > 0) else {
            return;
        };
        let joins = open
            .iter()
            .all(|action| matches!(action, Action::Join { .. }));
        let creates = open
            .iter()
            .all(|action| matches!(action, Action::Create { .. }));
        let room = open.iter().find_map(|action| match action {
            Action::Join { room, .. } | Action::Create { room, .. } => Some(room),
            _ => None,
        });
        if joins && let Some(room) = room {
            let let_in = together.let_in.number();
            let let_in = let_in.unwrap_or(open.len().saturating_sub(turned_away));
            let inside = before.get(room).map_or(0, BTreeSet::len) + let_in;
            let what = format!("expects a refusal \"full\" with {inside} inside");
            self.need(Need::Limit(inside, 0), what, step);
        } else if creates {
            let what = "expects that of two who create it one is refused";
            self.need(Need::Refuses(Reason::Exists), what, step);
        }
        if let Some(room) = room {
            let names = together.let_in.names().iter();
            self.rooms.entry(room).or_default().extend(names);
        }
    }
}

fn wants_refusal(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused | Answer::RefusedWith(_))
}

/// What it takes that this word passes.
fn passing(kind: Kind) -> Need {
    match kind {
        kind if kind.is_request() => Need::Says(kind),
        kind if kind.is_signal() => Need::Relays(kind),
        kind => Need::Hears(kind),
    }
}

fn place(scenario: &Path, step: &Step) -> String {
    let line = step.span.line;
    match step.via.as_deref() {
        None => format!("line {line}"),
        Some(via) => {
            let file = via
                .source
                .path
                .strip_prefix(scenario.parent().unwrap_or(scenario));
            let file = file.unwrap_or(&via.source.path).display();
            format!("line {} (line {line} of {file})", via.line())
        }
    }
}
