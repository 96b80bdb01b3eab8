//! What cannot come true, found before anything boots.

mod faults;
mod meeting;
mod page;
mod pretend;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use super::address;
use super::crowd::Acquainted;
use super::model::{Action, Answer, Condition, DEFAULT_WITHIN, Pattern, PeerSpec, Raw};
use super::placed::Placed;
use super::pretending::Pretending;
use super::spelling;
use super::table::MAX_ROOMS;
use super::text::pattern_text;
use crate::mistake::{Mistake, Mistakes};
use crate::names::{PeerName, RoomName};
use crate::signaling::Kind;
use crate::source::{Source, Span};
use meeting::{Meetings, Why};
use together::Renamed;

/// Goes through the steps as the stage will, and notes what can never work.
pub(crate) fn steps(
    source: &Source,
    placed: &[Placed],
    (peers, wire): (&[(PeerName, PeerSpec)], BTreeMap<PeerName, bool>),
    mistakes: &mut Mistakes,
) {
    let mut walk = Walk {
        wire,
        peers,
        rooms: BTreeMap::new(),
        named: BTreeSet::new(),
        inside: BTreeSet::new(),
        holds: Vec::new(),
        drops: Vec::new(),
        renamed: Renamed::default(),
        faulty: Faulty::default(),
        linked: BTreeMap::new(),
        borrowed: BTreeMap::new(),
        pretending: Pretending::default(),
        negotiated: false,
        acquainted: Acquainted::default(),
        meetings: Meetings::before(placed),
        mistakes,
    };
    walk.negotiated = walk.has_pages();
    for step in placed {
        match &step.step.via {
            Some(via) => walk.mistakes.enter(&via.source, Some(via.used_in(source))),
            None => walk.mistakes.leave(),
        }
        walk.step(step);
        let wire = &walk.wire;
        let signals = |peer: &PeerName| wire.contains_key(peer);
        walk.meetings
            .feed(&step.step.action, step.number, peers, &signals);
        walk.negotiated |= walk.meetings.any();
    }
    walk.mistakes.leave();
}

struct Walk<'a> {
    wire: BTreeMap<PeerName, bool>,
    peers: &'a [(PeerName, PeerSpec)],
    /// Rooms that were made, and the step that removed them if one did.
    rooms: BTreeMap<RoomName, Option<usize>>,
    named: BTreeSet<RoomName>,
    /// Peers that were ever in a room.
    inside: BTreeSet<PeerName>,
    holds: Vec<(Pattern, usize)>,
    drops: Vec<(Pattern, usize)>,
    renamed: Renamed,
    faulty: Faulty,
    /// Who certainly has a line to the server, and the step that opened it.
    linked: BTreeMap<PeerName, usize>,
    /// Who shows what is somebody else's, and the step from which on.
    borrowed: BTreeMap<PeerName, usize>,
    pretending: Pretending,
    negotiated: bool,
    acquainted: Acquainted,
    meetings: Meetings,
    mistakes: &'a mut Mistakes,
}

/// Whether a wait for this is over soon, with everybody's line as it was.
fn is_lively(condition: &Condition) -> bool {
    match condition {
        Condition::Hears { kind, .. } => !matches!(kind, Kind::PeerLeft | Kind::PeerAway),
        Condition::Connected { .. }
        | Condition::Said { .. }
        | Condition::Applied { .. }
        | Condition::RoomEnded { .. }
        | Condition::Passes(_) => true,
        _ => false,
    }
}

/// What a step has put out of order, and which step.
#[derive(Default)]
struct Faulty {
    silent: BTreeMap<PeerName, usize>,
    /// Who has dialled a new line in the place of a silent one.
    anew: BTreeSet<PeerName>,
    stalled: BTreeMap<PeerName, usize>,
    /// The whole server, or nodes of it.
    paused: BTreeMap<Option<u32>, usize>,
}

/// The server, or one node of it.
fn which(node: Option<u32>) -> String {
    node.map_or_else(|| "the server".into(), |node| format!("node {node}"))
}

impl Walk<'_> {
    /// Who certainly has a line to the server: until something may have ended it.
    fn lines(&mut self, at: &Placed) {
        match &at.step.action {
            Action::Connect {
                peer,
                answer: Answer::Granted,
            } => {
                if let Some(since) = self.linked.get(peer).copied() {
                    self.note(at, "peer", format!("`{peer}` is connected already"))
                        .expect("this opens no second connection")
                        .advise(format!(
                            "step {since} did; for one more, which the server is to refuse: `refused: true`, or to let in: `second: takes-over` or `resumes`"
                        ));
                }
                self.linked.insert(peer.clone(), at.number);
            }
            Action::Second { peer, .. } => {
                for key in ["refused", "answer"] {
                    if at.values.span(key).is_some() {
                        self.note(at, key, format!("`second` and `{key}` at once"))
                            .expect("a second line that the server must let in")
                            .advise("one that it must refuse: `refused: true` alone");
                    }
                }
                self.linked.insert(peer.clone(), at.number);
            }
            Action::Create {
                peer,
                answer: Answer::Granted,
                ..
            }
            | Action::Join {
                peer,
                answer: Answer::Granted,
                ..
            } => {
                self.linked.entry(peer.clone()).or_insert(at.number);
            }
            Action::Negotiate { .. }
            | Action::CreateOffer { .. }
            | Action::CreateAnswer { .. }
            | Action::SetLocal { .. }
            | Action::SetRemote { .. }
            | Action::AddCandidate { .. }
            | Action::Send { .. }
            | Action::RestartIce { .. }
            | Action::OpenChannel { .. }
            | Action::Say { .. }
            | Action::CloseChannel { .. }
            | Action::Close { .. }
            | Action::Retire { .. }
            | Action::Pretend { .. }
            | Action::Hold(_)
            | Action::Release(_) => {}
            Action::Await(condition)
                if at.step.within <= DEFAULT_WITHIN && is_lively(condition) => {}
            // Lines may end by it or meanwhile, or be silent.
            _ => self.linked.clear(),
        }
    }

    fn step(&mut self, at: &Placed) {
        self.page(at);
        self.faults(at);
        self.calls_by_old_name(at);
        self.answers_one_way(at);
        self.other_end(at);
        self.acquainted.feed(&at.step.action);
        self.lines(at);
        self.pretends(at);
        match &at.step.action {
            Action::Create { peer, room, answer } => {
                self.name(at, room);
                if matches!(answer, Answer::Granted | Answer::Any) {
                    self.rooms.insert(room.clone(), None);
                    self.inside.insert(peer.clone());
                }
            }
            Action::Join {
                peer,
                room,
                offer,
                answer,
            } => {
                self.name(at, room);
                if *answer == Answer::Granted {
                    self.room_is_there(at, room);
                }
                if matches!(answer, Answer::Granted | Answer::Any) {
                    self.inside.insert(peer.clone());
                    self.negotiated |= *offer != Some(false);
                }
            }
            Action::Leave { peer, answer } => {
                if *answer == Answer::Granted && !self.inside.contains(peer) {
                    self.note(at, "peer", format!("`{peer}` is in no room"))
                        .expect("nothing to leave")
                        .advise("create or join a room before; if the server is to refuse it: `refused: true`");
                }
            }
            Action::Kick { peer, whom, answer } => {
                if *answer == Answer::Granted {
                    for (key, who) in [("peer", peer), ("whom", whom)] {
                        if !self.inside.contains(who) {
                            self.note(at, key, format!("`{who}` is in no room"))
                                .expect("who is put out is in the room of who asks for it")
                                .advise("create or join a room before; if the server is to refuse it: `refused: true`");
                        }
                    }
                    self.inside.remove(whom);
                }
            }
            Action::SetState { peer, answer, .. } => {
                if *answer == Answer::Granted && !self.inside.contains(peer) {
                    self.note(at, "peer", format!("`{peer}` is in no room"))
                        .expect("nobody to show it to")
                        .advise("create or join a room before; if the server is to refuse it: `refused: true`");
                }
            }
            Action::Destroy { room, answer, .. } => {
                self.name(at, room);
                if *answer == Answer::Granted {
                    self.room_is_there(at, room);
                    self.rooms.insert(room.clone(), Some(at.number));
                }
            }
            // Who else is on that node depends on how many there are; a room may be on all.
            Action::Restart { node: Some(node) }
            | Action::KillServer {
                node: Some(node), ..
            } => {
                let on_it = |peer: &PeerName| self.is_placed(peer, *node);
                let gone: Vec<PeerName> =
                    self.inside.iter().filter(|p| on_it(p)).cloned().collect();
                self.inside.retain(|peer| !gone.contains(peer));
            }
            Action::Restart { node: None } | Action::KillServer { node: None, .. } => {
                self.rooms
                    .values_mut()
                    .for_each(|gone| *gone = Some(at.number));
                self.inside.clear();
            }
            Action::Negotiate { from, .. } => {
                self.has_connection(at, from, "from");
                self.negotiated = true;
            }
            Action::CreateOffer { peer, .. }
            | Action::CreateAnswer { peer, .. }
            | Action::AddCandidate { peer, .. }
            | Action::OpenChannel { peer, .. }
            | Action::CloseChannel { peer, .. }
            | Action::Close { peer, .. } => self.has_connection(at, peer, "peer"),
            Action::SetLocal { peer, .. }
            | Action::SetRemote { peer, .. }
            | Action::RestartIce { peer, .. } => {
                self.has_connection(at, peer, "peer");
                self.negotiated = true;
            }
            Action::Say { from, to, .. } => {
                self.has_connection(at, from, "from");
                if self.after_negotiation(at, "no channel can be open yet") {
                    self.can_meet(at, from, to.as_ref());
                }
            }
            Action::Hold(pattern) => {
                if self.sided(at, pattern)
                    && let Some((_, since)) = self
                        .holds
                        .iter()
                        .find(|(there, _)| there == pattern)
                        .cloned()
                {
                    self.mistakes
                        .add(
                            &at.verb,
                            format!("{} is held already", pattern_text(pattern)),
                        )
                        .expect("a second time")
                        .advise(format!("step {since} holds it"));
                }
                self.holds.push((pattern.clone(), at.number));
            }
            Action::Release(pattern) => self.release(at, pattern),
            Action::Drop(pattern) => {
                self.sided(at, pattern);
                self.drops.push((pattern.clone(), at.number));
            }
            Action::Together(together) => self.together(at, together),
            Action::Delay { pattern, .. }
            | Action::Duplicate(pattern)
            | Action::Corrupt { pattern, .. } => {
                self.sided(at, pattern);
            }
            Action::Reorder { pattern, behind } => {
                if self.sided(at, pattern)
                    && let Some(behind) = behind
                {
                    self.same_leg(at, pattern, *behind);
                }
            }
            Action::SendRaw {
                raw: Raw::Text(text),
                ..
            } => self.no_foreign_address(at, "text", text),
            Action::SendRaw {
                peer,
                raw: Raw::Forged { to, claimed, .. },
            } => {
                self.differ(at, peer, to, "to");
                if peer == claimed {
                    self.note(at, "as", format!("`{peer}` in its own name"))
                        .expect("somebody else")
                        .advise("in its own name it says what it says with `send`");
                }
            }
            Action::Http {
                body: Some(body), ..
            } => self.no_foreign_address(at, "body", body),
            Action::Await(condition) => self.condition(at, condition),
            Action::Send {
                message,
                gathered: true,
                ..
            } if !matches!(message, Kind::Offer | Kind::Answer) => {
                self.mistakes
                    .add(
                        &at.verb,
                        format!("no candidates are within a message `{message}`"),
                    )
                    .expect("`gathered` with an offer or an answer");
            }
            Action::Send {
                message,
                size: Some(_),
                ..
            } if !matches!(message, Kind::Offer | Kind::Answer | Kind::Candidate) => {
                self.mistakes
                    .add(
                        &at.verb,
                        format!("a message `{message}` is no longer than it is"),
                    )
                    .expect("`size` with an offer, an answer or a candidate");
            }
            // A wire peer sends what it makes up.
            Action::Send { .. }
            | Action::Connect { .. }
            | Action::Second { .. }
            | Action::Pretend { .. }
            | Action::Retire { .. }
            | Action::Disconnect { .. }
            | Action::Kill { .. }
            | Action::Cut { .. }
            | Action::Stall { .. }
            | Action::Mend { .. }
            | Action::Pause { .. }
            | Action::Resume { .. }
            | Action::Strain { .. }
            | Action::Wait(_)
            | Action::Never(_)
            | Action::SendRaw { .. }
            | Action::Page { .. }
            | Action::Http { .. } => {}
        }
    }

    /// With whom the connection is that a step is about.
    fn other_end(&mut self, at: &Placed) {
        let (peer, with, key) = match &at.step.action {
            Action::Await(Condition::State { peer, with, .. })
            | Action::Await(Condition::Channel { peer, with, .. }) => (peer, with.as_ref(), "with"),
            Action::Await(Condition::Connected { peers }) => match peers.as_slice() {
                [peer] => (peer, None, "connected"),
                _ => return,
            },
            Action::Await(Condition::Said {
                peer,
                from: Some(from),
                ..
            }) => (peer, Some(from), "from"),
            action => match action.connection() {
                Some((peer, to)) => (peer, to, "to"),
                None => return,
            },
        };
        let signals = self.wire.contains_key(peer);
        if let Some(with) = with {
            if self.differ(at, peer, with, key) && !signals {
                self.has_connection(at, with, key);
            }
            return;
        }
        let others: Vec<String> = (self.peers.iter().map(|(name, _)| name))
            .filter(|name| *name != peer && !self.wire.contains_key(*name))
            .map(|name| format!("`{name}`"))
            .collect();
        let speaks = matches!(at.step.action, Action::Say { .. });
        let known = speaks && self.acquainted.of(peer).next().is_some();
        if signals || others.len() < 2 || known {
            return;
        }
        let found = format!("`{peer}` may be connected with {}", others.join(", "));
        let mistake = self.mistakes.add(&at.verb, found);
        mistake.expect("which of them is meant?");
        mistake.advise(match key {
            "connected" => "name both: `connected: [alice, bob]`".to_owned(),
            key if speaks => format!(
                "say `{key}: …`; without it, to each whom it was awaited `connected` with before"
            ),
            key => format!("say `{key}: …`"),
        });
    }

    fn condition(&mut self, at: &Placed, condition: &Condition) {
        match condition {
            Condition::Hears { peer, kind, from } => {
                let Some(from) = from else { return };
                self.differ(at, peer, from, "from");
                if !kind.is_signal() && !kind.is_of_a_peer() {
                    self.note(
                        at,
                        "from",
                        format!("`{kind}` comes from the server, not from `{from}`"),
                    )
                    .expect("nothing can satisfy this")
                    .advise("leave `from` out");
                }
            }
            Condition::Held(pattern) => {
                if !self.sided(at, pattern)
                    || self.holds.iter().any(|(hold, _)| overlap(hold, pattern))
                {
                    return;
                }
                let holds = self.holding();
                self.note(
                    at,
                    "held",
                    format!("nothing holds {}", pattern_text(pattern)),
                )
                .expect("no `hold` before this step matches")
                .advise(holds);
            }
            Condition::Connected { peers } => {
                for (index, peer) in peers.iter().enumerate() {
                    self.connection_of(at, peer, "connected", Some(index));
                }
                if self.after_negotiation(at, "nothing before this step can connect them") {
                    self.can_all_meet(at, peers);
                }
            }
            Condition::State { peer, .. }
            | Condition::Channel { peer, .. }
            | Condition::Said { peer, .. }
            | Condition::Applied { peer, .. }
            | Condition::Error { peer, .. } => self.has_connection(at, peer, "peer"),
            Condition::RoomEnded { .. } | Condition::Disconnected { .. } | Condition::Passes(_) => {
            }
        }
    }

    fn differ(&mut self, at: &Placed, one: &PeerName, other: &PeerName, key: &str) -> bool {
        if one == other {
            self.note(at, key, format!("`{one}` twice"))
                .expect("nobody signals to itself");
        }
        one != other
    }

    fn name(&mut self, at: &Placed, room: &RoomName) {
        let key = spelling::key(room.as_str());
        let alike = |there: &&RoomName| *there != room && spelling::key(there.as_str()) == key;
        if !self.named.contains(room)
            && let Some(there) = self.named.iter().find(alike).cloned()
        {
            let span = at.values.span("room").unwrap_or(&at.verb);
            spelling::one(there.as_str(), room.as_str(), span, self.mistakes);
        }
        if self.named.insert(room.clone()) && self.named.len() == MAX_ROOMS + 1 {
            self.note(at, "room", format!("{} rooms", MAX_ROOMS + 1))
                .expect(format!("at most {MAX_ROOMS}"));
        }
    }

    fn room_is_there(&mut self, at: &Placed, room: &RoomName) {
        if self.has_pages() {
            // A page may have made it, and may have removed it.
            return;
        }
        let help = "if the server is to refuse it: `refused: true`";
        match self.rooms.get(room).copied() {
            Some(None) => {}
            Some(Some(step)) => {
                self.note(
                    at,
                    "room",
                    format!("the room `{room}` is gone since step {step}"),
                )
                .expect("not there any more")
                .advise(help);
            }
            None => {
                let rooms: Vec<String> = self.rooms.keys().map(ToString::to_string).collect();
                let mistake = self.note(
                    at,
                    "room",
                    format!("the room `{room}` is never created before"),
                );
                mistake.expect("not there").advise(help);
                mistake.suggest(room.as_str(), rooms.iter().map(String::as_str));
            }
        }
    }

    /// Whether anything was negotiated at all; else that is a mistake.
    fn after_negotiation(&mut self, at: &Placed, expected: &str) -> bool {
        if !self.negotiated {
            self.mistakes
                .add(&at.verb, "nobody has negotiated a connection yet")
                .expect(expected)
                .advise(
                    "a `join` offers by itself unless it says `offer: false`; else: `negotiate`",
                );
        }
        self.negotiated
    }

    /// Whether each of them can be connected with each by now; one alone, with anybody.
    fn can_all_meet(&mut self, at: &Placed, peers: &[PeerName]) {
        if let [peer] = peers {
            return self.can_meet(at, peer, None);
        }
        for (place, one) in peers.iter().enumerate() {
            for other in &peers[place + 1..] {
                self.can_meet(at, one, Some(other));
            }
        }
    }

    /// Whether a peer can be connected with another by now, or with anybody.
    fn can_meet(&mut self, at: &Placed, peer: &PeerName, with: Option<&PeerName>) {
        let connects = |name: &&PeerName| *name != peer && !self.wire.contains_key(*name);
        let others: Vec<&PeerName> = match with {
            Some(with) => Some(with).into_iter().filter(connects).collect(),
            None => (self.peers.iter().map(|(name, _)| name))
                .filter(connects)
                .collect(),
        };
        let by_itself = |name: &PeerName| self.is_page(name);
        if self.wire.contains_key(peer)
            || by_itself(peer)
            || others.iter().any(|name| by_itself(name))
        {
            return;
        }
        let whys = others.iter().map(|other| {
            let why = self.meetings.why_not(peer, other, self.peers)?;
            Some((*other, why))
        });
        let Some(whys) = whys.collect::<Option<Vec<_>>>() else {
            return;
        };
        let is_kept = |(_, why): &&(&PeerName, Why)| matches!(why, Why::Kept { .. });
        match whys.iter().find(is_kept).or(whys.first()) {
            Some((
                other,
                Why::Kept {
                    what,
                    pattern,
                    step,
                    dropped,
                },
            )) => {
                let (verb, advice) = match dropped {
                    true => ("drops", "say which one: `nth: 1`".to_owned()),
                    false => {
                        let pattern = pattern_text(pattern);
                        ("holds", format!("put `release` of {pattern} before it"))
                    }
                };
                self.mistakes
                    .add(
                        &at.verb,
                        format!("this waits for a connection of {peer} and {other}, and step {step} {verb} each {what} that could lead to it"),
                    )
                    .expect("it can only run out of time")
                    .advise(advice);
            }
            Some((other, Why::NoOffer)) => {
                let (peer, other) = (peer.clone(), (*other).clone());
                self.mistakes
                    .add(
                        &at.verb,
                        format!("neither of {peer} and {other} has offered to the other by this step"),
                    )
                    .expect("nothing before this step can connect them")
                    .advise(format!(
                        "who offers says `offers:` of each peer and `offer:` of a `join`; else: `negotiate: {{ from: {peer}, to: {other} }}`"
                    ));
            }
            None => {}
        }
    }

    fn has_connection(&mut self, at: &Placed, peer: &PeerName, key: &str) {
        self.connection_of(at, peer, key, None);
    }

    fn connection_of(&mut self, at: &Placed, peer: &PeerName, key: &str, index: Option<usize>) {
        let Some(unpinned) = self.wire.get(peer).copied() else {
            return;
        };
        let span = match index {
            Some(index) => at.values.item(key, index),
            None => at.values.span(key),
        }
        .unwrap_or(&at.verb);
        let mistake = self
            .mistakes
            .add(span, format!("`{peer}` only signals, it has no connection"));
        mistake.expect("a wire peer");
        if let Some(wire) = self.renamed.wire.get(peer) {
            mistake.expect("it may be a wire peer").advise(format!(
                "`{peer}` may be `{wire}` in a run, who only signals; let all who ask for that name have a connection: `{wire}: {{ stack: native }}`"
            ));
        } else if unpinned {
            let first = self
                .peers
                .first()
                .map_or("alice", |(name, _)| name.as_str());
            mistake.advise(format!(
                "a cast varies the first two peers, further ones are wire; pin it: `{peer}: {{ stack: native }}`, or pin `{first}`, or list mixes in `casts:`"
            ));
        }
    }

    fn no_foreign_address(&mut self, at: &Placed, key: &str, text: &str) {
        if let Some(address) = address::foreign(text) {
            self.note(
                at,
                key,
                format!(
                    "{} is an address outside the stage",
                    crate::mistake::quoted(&address)
                ),
            )
            .expect("only loopback addresses may be given to peers")
            .advise("use 127.0.0.1 or ::1");
        }
    }

    /// Notes a mistake at the value of a key, or at the verb where the key is left out.
    fn note(&mut self, at: &Placed, key: &str, found: String) -> &mut Mistake {
        let span: &Span = at.values.span(key).unwrap_or(&at.verb);
        self.mistakes.add(span, found)
    }
}

/// Whether a message can match both.
fn overlap(hold: &Pattern, wanted: &Pattern) -> bool {
    let same = |a: &Option<PeerName>, b: &Option<PeerName>| a.is_none() || b.is_none() || a == b;
    hold.message == wanted.message && same(&hold.from, &wanted.from) && same(&hold.to, &wanted.to)
}
