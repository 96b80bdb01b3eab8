//! The arrow notation: how each event is written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::folds::{Folds, candidate};
use super::generations::ufrag;
use super::graph::{Graph, connection, kind};
use super::quote::{quote, word};
use super::roles::{Called, Roles, rename};
use crate::facts::Delivery;
use crate::facts::pairs::Pairs;
use crate::names::{Link, PeerName, Stack};
use crate::record::{Applied, Event, Seq, What};
use crate::signaling::{Kind, Notice, Request, Signal, Word};
use crate::terms::{Carrier, Direction, Ending, Fate, Payload, ServerLife, Side};

/// What stands in brackets behind a message; candidates fold only where it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Marks {
    fate: Option<&'static str>,
    delivery: Option<&'static str>,
}

impl Marks {
    const NONE: Self = Self {
        fate: None,
        delivery: None,
    };

    /// The marks of a logged event.
    pub fn of(graph: &Graph<'_>, i: usize) -> Self {
        let event = &graph.events[i];
        let mut marks = Self::raw(event, graph.delivery[i]);
        if let (
            None,
            What::Message {
                direction: Direction::Down,
                word: Some(Word::Notice { notice }),
                fate,
                ..
            },
        ) = (marks.delivery, &event.what)
            && !fate.is_made()
        {
            let explained = match notice {
                Notice::PeerJoined { .. } | Notice::PeerLeft { .. } => graph.news_of[i].is_some(),
                notice if notice.comes_unasked() => true,
                Notice::Destroyed { .. } if graph.news_of[i].is_some() => true,
                _ => graph.answers[i].is_some(),
            };
            marks.delivery = (!explained).then_some("unasked");
        }
        marks
    }

    /// The marks of an event by itself.
    pub fn raw(event: &Event, delivery: Option<Delivery>) -> Self {
        let fate = match &event.what {
            What::Message { fate, .. } => match fate {
                Fate::Passed => None,
                Fate::Held => Some("held"),
                Fate::Dropped => Some("dropped"),
                Fate::Undeliverable => Some("undeliverable"),
                Fate::Delayed => Some("delayed"),
                Fate::Corrupted => Some("corrupted"),
                Fate::Copy => Some("duplicate"),
                Fate::Forged => Some("forged"),
                Fate::Swallowed => Some("swallowed"),
            },
            What::Released {
                delivered: true, ..
            } => Some("released"),
            _ => None,
        };
        let delivery = match delivery {
            None | Some(Delivery::Relay(_)) => None,
            Some(Delivery::Again(_)) => Some("again"),
            Some(Delivery::Altered(_)) => Some("altered"),
            Some(Delivery::Invented) => Some("invented"),
        };
        Self { fate, delivery }
    }
}

impl std::fmt::Display for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        [self.delivery, self.fate]
            .into_iter()
            .flatten()
            .try_for_each(|mark| write!(f, " ({mark})"))
    }
}

/// The names that a log gives: to ids, to ICE generations, to connections.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Whose id this is, as far as messages tell.
    ids: HashMap<String, PeerName>,
    /// Ids that nothing explains, in the order in which they are written.
    unknown: HashMap<String, usize>,
    /// The number of each user name fragment among its sender's, in the order in which they are written.
    ice: HashMap<PeerName, HashMap<String, usize>>,
    pairs: Pairs,
    /// So many peers have connections.
    connecting: usize,
    learnt: usize,
    about: HashMap<Seq, PeerName>,
    /// Deliveries of what the tap has made up.
    forged: HashSet<Seq>,
    /// Whose a name is that an outcome has bound.
    own: HashMap<PeerName, PeerName>,
    /// What everybody is called, for events that are told by such names.
    called: HashMap<Seq, Arc<Called>>,
}

impl Names {
    /// The names of a whole trace.
    pub fn new(events: &[Event]) -> Self {
        let mut names = Self::default();
        events.iter().for_each(|event| names.learn(event));
        names
    }

    /// The events as they are told, and what these names learn of it.
    pub fn with_roles(&mut self, events: &[Event], roles: &Roles) -> Vec<Event> {
        let told = roles.told(events, &self.ids);
        let mut last: Option<Arc<Called>> = None;
        for (i, event) in events.iter().enumerate() {
            let Some(called) = roles.at(i) else { continue };
            let shared = last.take().filter(|last| **last == *called);
            let shared = shared.unwrap_or_else(|| {
                self.bind(called);
                Arc::new(called.clone())
            });
            self.called.insert(event.seq, shared.clone());
            last = Some(shared);
        }
        told
    }

    /// From here on these names are known.
    fn bind(&mut self, called: &Called) {
        for (peer, (name, _)) in called {
            self.own.insert(name.clone(), peer.clone());
            self.ids.insert(name.as_str().to_owned(), name.clone());
        }
    }

    /// Every way to write an event by the names that its peers have now.
    pub fn raw_called(
        &mut self,
        event: &Event,
        delivery: Option<Delivery>,
        source: Option<&Link>,
        called: &Called,
    ) -> Vec<String> {
        let new = |link: &mut Link| {
            if let Some((name, _)) = called.get(&link.peer) {
                link.peer = name.clone();
            }
        };
        let mut told = event.clone();
        rename(&mut told, called, &self.ids, new);
        self.bind(called);
        self.called.insert(event.seq, Arc::new(called.clone()));
        let mut source = source.cloned();
        source.iter_mut().for_each(new);
        let lines = self.raw(&told, delivery, source.as_ref());
        self.called.remove(&event.seq);
        lines
    }

    /// Who is at the other end of a connection.
    fn partner(&self, event: &Event, peer: &PeerName, conn: u32) -> Option<&PeerName> {
        let own = self.own.get(peer).unwrap_or(peer);
        let partner = self.pairs.partner(own, conn)?;
        let called = self.called.get(&event.seq);
        let name = called.and_then(|called| called.get(partner));
        Some(name.map_or(partner, |(name, _)| name))
    }

    /// Learns from one event.
    pub fn learn(&mut self, event: &Event) {
        self.pairs.take(self.learnt, event);
        self.learnt += 1;
        match &event.what {
            What::Run { cast, .. } => {
                let connects = |stack: &&Stack| **stack != Stack::Wire;
                self.connecting = cast.values().filter(connects).count();
                for name in cast.keys() {
                    self.ids.insert(name.as_str().to_owned(), name.clone());
                }
            }
            What::Message {
                word: Some(word),
                about: Some(about),
                ..
            } => {
                self.about.insert(event.seq, about.clone());
                let id = match word {
                    Word::Signal { .. } => word.addressee(),
                    Word::Notice { notice } => notice.about(),
                    Word::Request { .. } => word.addressee(),
                };
                if let Some(id) = id {
                    self.ids
                        .entry(id.to_owned())
                        .or_insert_with(|| about.clone());
                }
            }
            What::Hears {
                about: Some(about), ..
            } => {
                self.about.insert(event.seq, about.clone());
            }
            _ => {}
        }
    }

    /// The line of one logged event.
    pub fn line(&mut self, graph: &Graph<'_>, i: usize) -> String {
        let marks = Marks::of(graph, i);
        match &graph.events[i].what {
            What::Released { message, delivered } => match graph.earlier(*message, i) {
                Some(message) if *delivered => self.leg(&graph.events[message], None, marks),
                Some(message) => nobody(&graph.events[message]),
                None => String::new(),
            },
            What::Message { .. } => {
                let answers = graph.answers[i].and_then(|request| kind(&graph.events[request]));
                if graph.is_forged(i) {
                    self.forged.insert(graph.events[i].seq);
                }
                self.leg(&graph.events[i], answers, marks)
            }
            What::Heard { peer, conn, .. } if graph.is_from_a_page(i) => {
                let event = &graph.events[i];
                match self.partner(event, peer, *conn) {
                    Some(from) => format!("{from} ~> {peer}: {}", spoken(event)),
                    None => self.other(event),
                }
            }
            What::Heard { .. } if graph.said[i].is_none() => {
                format!("{} (again)", self.other(&graph.events[i]))
            }
            _ => self.other(&graph.events[i]),
        }
    }

    /// One line for a sending and its delivery right behind it, and its two legs.
    pub fn joined(
        &mut self,
        graph: &Graph<'_>,
        here: usize,
        next: usize,
        folds: &Folds,
    ) -> Option<(String, Vec<String>)> {
        if graph.said[next] == Some(here) {
            let (What::Said { peer: from, .. }, What::Heard { peer: to, .. }) =
                (&graph.events[here].what, &graph.events[next].what)
            else {
                return None;
            };
            let legs = vec![self.line(graph, here), self.line(graph, next)];
            let text = format!("{from} ~> {to}: {}", spoken(&graph.events[here]));
            return Some((text, legs));
        }
        let source = graph.source(next)?;
        if folds.first[source] != here
            || !matches!(graph.events[here].what, What::Message { .. })
            || !matches!(graph.delivery[next], Some(Delivery::Relay(_)))
            || Marks::of(graph, here) != Marks::NONE
            || Marks::of(graph, next) != Marks::NONE
        {
            return None;
        }
        let legs = vec![self.line(graph, here), self.line(graph, next)];
        let (What::Message { link: from, .. }, What::Message { link: to, .. }) =
            (&graph.events[here].what, &graph.events[next].what)
        else {
            return None;
        };
        let said = self.signal(&graph.events[next], "")?;
        Some((format!("{from} -> {to}: {said}"), legs))
    }

    /// Every way to write an event as it happens, for expectations about the whole trace.
    pub fn raw(
        &mut self,
        event: &Event,
        delivery: Option<Delivery>,
        source: Option<&Link>,
    ) -> Vec<String> {
        let What::Message { link, .. } = &event.what else {
            let line = self.other(event);
            return if line.is_empty() {
                Vec::new()
            } else {
                vec![line]
            };
        };
        let marks = Marks::raw(event, delivery);
        let mut lines = vec![self.leg(event, None, marks)];
        if delivery.is_some()
            && let Some(said) = self.signal(event, "")
        {
            let from = match (source, &event.what) {
                (Some(source), _) => source.to_string(),
                (
                    None,
                    What::Message {
                        about: Some(about), ..
                    },
                ) => about.to_string(),
                _ => "server".to_owned(),
            };
            lines.push(format!("{from} -> {link}: {said}{marks}"));
        }
        lines
    }

    /// One leg of a message.
    fn leg(&mut self, event: &Event, answers: Option<Kind>, marks: Marks) -> String {
        let What::Message {
            link,
            direction,
            carrier,
            word,
            about,
            text,
            fate,
            ..
        } = &event.what
        else {
            return String::new();
        };
        let said = match (word, direction) {
            (Some(Word::Request { request }), _) => asked(request),
            (Some(Word::Notice { notice }), _) => self.notice(notice, about.as_ref(), answers),
            (Some(Word::Signal { .. }), _) => {
                let who = match (about, direction) {
                    (Some(about), Direction::Up) => format!(" for {about}"),
                    (Some(about), Direction::Down) => format!(" from {about}"),
                    (None, _) => String::new(),
                };
                self.signal(event, &who).unwrap_or_default()
            }
            (None, direction) if *carrier == Carrier::Http => http(text, *direction),
            // What it says is a step's doing, and may hold what differs from run to run.
            (None, _) if *fate == Fate::Forged => "opaque".to_owned(),
            (None, Direction::Up) => format!("opaque {}", quote(text)),
            (None, Direction::Down) => "opaque".to_owned(),
        };
        match direction {
            Direction::Up => format!("{link} -> server: {said}{marks}"),
            Direction::Down => format!("server -> {link}: {said}{marks}"),
        }
    }

    /// What a signal says; `who` comes behind its kind.
    fn signal(&mut self, event: &Event, who: &str) -> Option<String> {
        let What::Message {
            link,
            direction,
            word: Some(Word::Signal { signal, .. }),
            about,
            fate,
            ..
        } = &event.what
        else {
            return None;
        };
        if *fate == Fate::Forged || self.forged.contains(&event.seq) {
            // Which of its letters is another one differs from run to run.
            return Some(format!("{}{who}", signal_kind(event, signal)));
        }
        let sender = match direction {
            Direction::Up => Some(&link.peer),
            Direction::Down => about.as_ref(),
        };
        let (name, mut parts) = match signal {
            Signal::Offer { sdp } => (Kind::Offer, sections(sdp)),
            Signal::Answer { sdp } => (Kind::Answer, sections(sdp)),
            Signal::Candidate { .. } => match candidate(event) {
                Some(candidate) => (Kind::Candidate, vec![word(candidate.kind())]),
                None => (Kind::EndOfCandidates, Vec::new()),
            },
            Signal::EndOfCandidates => (Kind::EndOfCandidates, Vec::new()),
            Signal::Bye => (Kind::Bye, Vec::new()),
        };
        if let (Some(ufrag), Some(sender), true) =
            (ufrag(signal), sender, name != Kind::EndOfCandidates)
        {
            let all = self.ice.entry(sender.clone()).or_default();
            let next = all.len() + 1;
            let number = *all.entry(ufrag.to_owned()).or_insert(next);
            parts.push(format!("ice <{sender} {number}>"));
        }
        let parts = parts.join(", ");
        let gap = if parts.is_empty() { "" } else { " " };
        Some(format!("{name}{who}{gap}{parts}"))
    }

    fn notice(
        &mut self,
        notice: &Notice,
        about: Option<&PeerName>,
        answers: Option<Kind>,
    ) -> String {
        match notice {
            Notice::Created { room } => format!("created {}", word(room.as_str())),
            Notice::Joined { room, with } => {
                let mut with: Vec<String> = with.iter().map(|id| self.who(None, id)).collect();
                with.sort();
                let gap = if with.is_empty() { "" } else { " with " };
                format!("joined {}{gap}{}", word(room.as_str()), with.join(", "))
            }
            Notice::Left { room } => format!("left {}", word(room.as_str())),
            Notice::Destroyed { room } => format!("destroyed {}", word(room.as_str())),
            Notice::Granted { request } => format!("granted {request}"),
            Notice::PeerAway { peer } => format!("peer-away {}", self.who(about, peer)),
            Notice::PeerBack { peer } => format!("peer-back {}", self.who(about, peer)),
            Notice::PeerState { peer, state } => {
                format!("peer-state {} {}", self.who(about, peer), word(state))
            }
            Notice::Host { peer } => format!("host {}", self.who(about, peer)),
            Notice::Kicked { room } => format!("kicked {}", word(room.as_str())),
            Notice::Refused { request, reason } => match request.or(answers) {
                Some(kind) => format!("refused {kind} {}", quote(reason)),
                None => format!("refused {}", quote(reason)),
            },
            Notice::PeerJoined { peer } => format!("peer-joined {}", self.who(about, peer)),
            Notice::PeerLeft { peer, how } => {
                let how = how.as_ref().map(|how| format!(" ({})", word(how)));
                format!(
                    "peer-left {}{}",
                    self.who(about, peer),
                    how.unwrap_or_default()
                )
            }
            Notice::Error { reason } => format!("error {}", quote(reason)),
        }
    }

    fn who(&mut self, about: Option<&PeerName>, id: &str) -> String {
        if let Some(name) = about.or_else(|| self.ids.get(id)) {
            return name.to_string();
        }
        let next = self.unknown.len() + 1;
        let number = *self.unknown.entry(id.to_owned()).or_insert(next);
        format!("<id {number}>")
    }

    /// All that is no message.
    fn other(&self, event: &Event) -> String {
        let with = self.with(event);
        match &event.what {
            What::Step { log, .. } => log.clone().unwrap_or_default(),
            What::LinkUp { link } => format!("{link} -> server: connect"),
            What::LinkDown { link, by, ending } => down(link, *by, ending),
            What::LinkClosed { link, code, .. } => format!("{link}: disconnected ({code})"),
            What::Gathered { peer, sort, .. } => match sort {
                Some(sort) => format!("{peer}: gathered {}{with}", word(sort)),
                None => format!("{peer}: gathered all{with}"),
            },
            What::Applied {
                peer,
                conn,
                applied,
            } => {
                let from = self
                    .partner(event, peer, *conn)
                    .map(|partner| format!(" from {partner}"))
                    .unwrap_or_default();
                match applied {
                    Applied::Local(kind) => {
                        format!("{peer}: applied local {}{with}", kind.as_str())
                    }
                    Applied::Remote(kind) => format!("{peer}: applied {}{from}", kind.as_str()),
                    Applied::Candidate => format!("{peer}: applied candidate{from}"),
                    Applied::EndOfCandidates => format!("{peer}: applied end-of-candidates{from}"),
                }
            }
            What::State {
                peer,
                machine,
                state,
                ..
            } => format!("{peer}: {} {}{with}", machine.as_str(), word(state)),
            What::Channel {
                peer, label, state, ..
            } => format!("{peer}: channel {} {}{with}", word(label), word(state)),
            What::Said { peer, .. } => format!("{peer} ~>: {}{with}", spoken(event)),
            What::Heard { peer, .. } => format!("~> {peer}: {}{with}", spoken(event)),
            What::PeerError {
                peer,
                during,
                name,
                message,
                ..
            } => format!(
                "{peer}: error {} {} {}{with}",
                word(during),
                word(name),
                quote(message)
            ),
            What::Console { peer, level, text } => {
                format!("{peer}: console {} {}", word(level), quote(text))
            }
            What::Note { peer, text } => match peer {
                Some(peer) => format!("{peer}: note {}", one_line(text)),
                None => format!("note {}", one_line(text)),
            },
            What::Server { life } => match life {
                ServerLife::Ready => "server: ready".to_owned(),
                ServerLife::Exited { status } => format!("server: exited {}", quote(status)),
                ServerLife::Killed => "server: killed".to_owned(),
                // The steps say it, and what is as it should be goes without saying.
                ServerLife::Paused | ServerLife::Resumed | ServerLife::Alive => String::new(),
                ServerLife::Line { text } => format!("server: says {}", quote(text)),
            },
            // The steps say it.
            What::Node { .. } => String::new(),
            What::Released {
                delivered: false, ..
            }
            | What::Run { .. }
            | What::Outcome { .. }
            | What::LinkEnded { .. }
            | What::LinkAsked { .. }
            | What::LinkRefused { .. }
            | What::Violation { .. }
            | What::Message { .. }
            | What::Released { .. }
            | What::Aside { .. }
            | What::Hears { .. }
            | What::Passes { .. }
            | What::Stalled { .. }
            | What::Fenced { .. }
            | What::ConnectionMade { .. }
            | What::App { .. }
            | What::Certificate { .. }
            | What::Case(_)
            | What::Source { .. }
            | What::Clearing
            | What::Starved { .. }
            | What::Law(_)
            | What::Verdict { .. }
            | What::End => String::new(),
        }
    }

    /// Which connection, where a peer may have them with several partners.
    fn with(&self, event: &Event) -> String {
        let Some((peer, conn)) = connection(&event.what) else {
            return String::new();
        };
        let peer = self.own.get(peer).unwrap_or(peer);
        let Some(mine) = self.pairs.partner(peer, conn) else {
            return String::new();
        };
        // By the cast where it can be: how far another negotiation came by the end is a race.
        let several = self.connecting > 2
            || (self.pairs.ends()).any(|((other, _), end)| {
                other == peer && end.described && end.partner.as_ref().is_some_and(|it| it != mine)
            });
        if let (true, Some(mine)) = (several, self.partner(event, peer, conn)) {
            format!(" (with {mine})")
        } else {
            String::new()
        }
    }
}

fn signal_kind(event: &Event, signal: &Signal) -> Kind {
    match signal {
        Signal::Offer { .. } => Kind::Offer,
        Signal::Answer { .. } => Kind::Answer,
        Signal::Candidate { .. } if candidate(event).is_some() => Kind::Candidate,
        Signal::Candidate { .. } | Signal::EndOfCandidates => Kind::EndOfCandidates,
        Signal::Bye => Kind::Bye,
    }
}

/// A note is the harness's own text, but may quote: its line breaks and control characters go.
fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) {
        quote(text)
    } else {
        text.to_owned()
    }
}

fn asked(request: &Request) -> String {
    match request {
        Request::Create { room } => format!("create {}", word(room.as_str())),
        Request::Join { room } => format!("join {}", word(room.as_str())),
        Request::Leave { room } => format!("leave {}", word(room.as_str())),
        Request::Destroy { room } => format!("destroy {}", word(room.as_str())),
        Request::Kick { room, .. } => format!("kick {}", word(room.as_str())),
        Request::SetState { state, .. } => format!("set-state {}", word(state)),
        Request::Fence => "fence".to_owned(),
    }
}

fn http(text: &str, direction: Direction) -> String {
    let head = text.lines().next().unwrap_or_default();
    let mut fields = head.split_ascii_whitespace();
    let (method, path, status) = (fields.next(), fields.next(), fields.next());
    match direction {
        Direction::Up => {
            let path = path.unwrap_or_default();
            let path = path.split(['?', '#']).next().unwrap_or_default();
            format!("http {} {}", word(method.unwrap_or_default()), word(path))
        }
        Direction::Down => format!("http {}", word(status.unwrap_or_default())),
    }
}

/// A held message whose receiver has gone.
fn nobody(event: &Event) -> String {
    let What::Message {
        link, direction, ..
    } = &event.what
    else {
        return String::new();
    };
    let name = kind(event).map_or("opaque", Kind::as_str);
    match direction {
        Direction::Up => format!("tap: {name} from {link} undeliverable"),
        Direction::Down => format!("tap: {name} to {link} undeliverable"),
    }
}

fn down(link: &Link, by: Side, ending: &Ending) -> String {
    let how = match ending {
        Ending::Close { code, reason } => {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            let reason = match reason.as_str() {
                "" => String::new(),
                reason => format!(" {}", quote(reason)),
            };
            format!("close{code}{reason}")
        }
        // Whether a dead process's socket ends or is reset depends on what was unread.
        Ending::Eof | Ending::Reset => "connection lost".to_owned(),
    };
    match by {
        Side::Peer => format!("{link} -> server: {how}"),
        Side::Server => format!("server -> {link}: {how}"),
        Side::Tap => format!("tap -> {link}: {how}"),
    }
}

fn spoken(event: &Event) -> String {
    match &event.what {
        What::Said { label, payload, .. } | What::Heard { label, payload, .. } => match payload {
            Payload::Text(text) => format!("{} {}", word(label), quote(text)),
            Payload::Bytes(bytes) => format!("{} bytes {}", word(label), quote(bytes)),
        },
        _ => String::new(),
    }
}

/// The media sections of a description, in order, with what departs from the usual (RFC 8866; RFC 8829, section 5.3.1).
fn sections(sdp: &str) -> Vec<String> {
    const MAX_SECTIONS: usize = 20;
    let mut out: Vec<String> = Vec::new();
    let mut refused = false;
    let mut more = 0;
    for line in sdp.lines().map(str::trim_end) {
        if let Some(media) = line.strip_prefix("m=") {
            finish(&mut out, refused);
            refused = false;
            if out.len() == MAX_SECTIONS {
                more += 1;
                continue;
            }
            let mut fields = media.split_ascii_whitespace();
            out.push(word(fields.next().unwrap_or_default()));
            refused = fields.next() == Some("0");
        } else if more > 0 {
            continue;
        } else if let (Some(section), Some(attribute)) = (out.last_mut(), line.strip_prefix("a=")) {
            match attribute {
                // A bundled section may carry port 0 without being refused (RFC 8843, section 6).
                "bundle-only" => refused = false,
                "sendonly" | "recvonly" | "inactive" => {
                    section.push(' ');
                    section.push_str(attribute);
                }
                _ => {}
            }
        }
    }
    finish(&mut out, refused);
    if more > 0 {
        out.push(format!("{more} more"));
    }
    out
}

fn finish(out: &mut [String], refused: bool) {
    if let (Some(section), true) = (out.last_mut(), refused) {
        section.push_str(" rejected");
    }
}
