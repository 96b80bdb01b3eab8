//! The events of a run as a graph: edges from meaning, and the lanes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::generations::{Generation, generations, trickles};
use super::lane::{Conn, Lane, Sort, lane};
use super::spoken;
use crate::facts::pairs::{End, EndId, Pairs};
use crate::facts::rooms::{PeerId, Rooms};
use crate::facts::{Delivery, Facts};
use crate::names::{Link, PeerName};
use crate::record::{Applied, Event, What};
use crate::signaling::sdp::fingerprints;
use crate::signaling::{Kind, Notice, Signal, Terms, Word};
use crate::terms::{Direction, Fate, Machine, ONE_MORE, ONE_MORE_LET_IN, ServerLife, Side};

/// Events by index, with all that is known or inferred of each.
pub(super) struct Graph<'a> {
    pub events: &'a [Event],
    pub index_of: HashMap<u64, usize>,
    /// What each event comes from: recorded causes and inferred ones.
    pub before: Vec<Vec<usize>>,
    /// What a reader wants to see next: a reply, a delivery, news.
    pub follows: Vec<Vec<usize>>,
    pub lanes: Vec<Option<Lane>>,
    /// Order beyond the lanes: requests among signals, candidates after their description.
    pub beside: Vec<Vec<usize>>,
    pub delivery: Vec<Option<Delivery>>,
    pub generation: Vec<Option<Generation>>,
    /// The request that a reply answers.
    pub answers: Vec<Option<usize>>,
    /// The coming or going that news tells of, or the request by which a room is gone.
    pub news_of: Vec<Option<usize>>,
    /// What was said, for what was heard.
    pub said: Vec<Option<usize>>,
    /// Who is at the other end of each connection, and how they came to be.
    pub pairs: Pairs,
    /// Peers that are pages of the user's.
    pages: HashSet<&'a PeerName>,
    /// Links that ended before they were fenced: what was on its way is missing or not, as it came.
    unsettled: HashSet<&'a Link>,
    /// Links of those who got names by one outcome, of which one is unsettled, and whether each event comes of that outcome's step.
    shared: Vec<(HashSet<&'a Link>, Vec<bool>)>,
    /// Links that a step ended.
    pub ended: HashSet<&'a Link>,
    /// The event that shows that all is here, per link.
    pub fenced: HashMap<&'a Link, usize>,
}

impl<'a> Graph<'a> {
    pub fn new(events: &'a [Event], rules: &Terms) -> Self {
        let mut index_of = HashMap::new();
        for (i, event) in events.iter().enumerate() {
            index_of.entry(event.seq).or_insert(i);
        }
        let facts = Facts::of(events, rules);
        let by_place = 0..events.len();
        let delivery: Vec<_> = by_place.clone().map(|i| facts.delivery(i)).collect();
        let went_on: Vec<_> = by_place.clone().map(|i| facts.went_on(i)).collect();
        let answers: Vec<_> = by_place.clone().map(|i| facts.answers(i)).collect();
        let told = facts.news();
        let ends = &facts.rooms.ends;
        let told_of = |i| {
            told.get(&i)
                .and_then(|of| of.cause)
                .or(ends.get(&i).copied().flatten())
        };
        let news_of = by_place.clone().map(told_of).collect();
        let entries: Vec<_> = by_place.map(|i| told.get(&i)?.entry).collect();
        let (generation, described): (Vec<_>, Vec<_>) = generations(events, &delivery, &index_of)
            .into_iter()
            .map(|found| found.map_or((None, None), |(g, d)| (Some(g), d)))
            .unzip();
        let pages = events.iter().filter_map(|event| match &event.what {
            What::App { peer, .. } => Some(peer),
            _ => None,
        });
        let pages = pages.collect();
        let said = spoken::heard(events, &facts.pairs, &pages);
        let mut graph = Self {
            events,
            before: vec![Vec::new(); events.len()],
            follows: vec![Vec::new(); events.len()],
            lanes: Vec::new(),
            beside: vec![Vec::new(); events.len()],
            delivery,
            generation,
            answers,
            news_of,
            said,
            pairs: facts.pairs,
            pages,
            unsettled: HashSet::new(),
            shared: Vec::new(),
            ended: HashSet::new(),
            fenced: HashMap::new(),
            index_of,
        };
        graph.name_lanes();
        graph.recorded(&went_on);
        graph.inferred(&went_on);
        graph.comings(&facts.rooms, &went_on);
        graph.connections();
        graph.second_lines();
        graph.redials();
        // Nobody hears news of a room before having asked to come in.
        for (i, entry) in entries.into_iter().enumerate() {
            if let Some(entry) = entry.filter(|entry| *entry < i) {
                graph.beside[i].push(entry);
            }
        }
        for (i, description) in described.into_iter().enumerate() {
            if let Some(description) = description.filter(|d| *d < i) {
                graph.beside[i].push(description);
            }
        }
        graph.settle();
        graph.share();
        graph
    }

    /// The event of a number, if it comes before this one.
    pub fn earlier(&self, seq: u64, than: usize) -> Option<usize> {
        self.index_of.get(&seq).copied().filter(|i| *i < than)
    }

    /// The message that a delivery comes from.
    pub fn source(&self, delivery: usize) -> Option<usize> {
        let seq = self.delivery[delivery].and_then(Delivery::of)?;
        self.earlier(seq, delivery)
    }

    /// Whether the tap made it up, or it is the delivery of what the tap made up.
    pub fn is_forged(&self, i: usize) -> bool {
        [Some(i), self.source(i)].into_iter().flatten().any(|i| {
            matches!(
                self.events[i].what,
                What::Message {
                    fate: Fate::Forged,
                    ..
                }
            )
        })
    }

    /// Whether what came through this link may be missing at this event. Whose link a name means is another matter in another run: before that
    /// is told, what is so of one of them is so of all.
    pub fn is_unsettled(&self, link: &Link, i: usize) -> bool {
        self.unsettled.contains(link)
            || (self.shared.iter()).any(|(links, after)| links.contains(link) && !after[i])
    }

    /// Whether it was heard of a page, whose own words are in no log: when they are told is a race.
    pub fn is_from_a_page(&self, i: usize) -> bool {
        let What::Heard { peer, conn, .. } = &self.events[i].what else {
            return false;
        };
        let by = self.pairs.partner(peer, *conn);
        by.is_some_and(|by| self.pages.contains(by))
    }

    /// Whether it is a signal that a page may have sent by itself: no step has waited for that.
    pub fn is_by_itself(&self, i: usize) -> bool {
        matches!(&self.events[i].what, What::Message { link, word: Some(Word::Signal { signal, .. }), .. }
            if self.pages.contains(&link.peer) && !matches!(signal, Signal::Bye))
    }

    pub fn is_anchor(&self, i: usize) -> bool {
        matches!(
            self.events[i].what,
            What::Step { inner: None, .. } | What::End
        )
    }

    fn name_lanes(&mut self) {
        let numbers = self.connection_numbers();
        let conn = |peer: &PeerName, conn: u32| Conn {
            partner: self.pairs.partner(peer, conn),
            number: numbers.get(&(peer.clone(), conn)).copied().unwrap_or(0),
        };
        let mut lanes: Vec<Option<Lane>> = self
            .events
            .iter()
            .enumerate()
            .map(|(i, event)| {
                let reply = self.answers[i].is_some();
                lane(event, self.generation[i].as_ref(), reply, conn)
            })
            .collect();
        for (i, event) in self.events.iter().enumerate() {
            if let What::Released { message, .. } = &event.what
                && let Some(message) = self.earlier(*message, i)
            {
                lanes[i] = lanes[message].clone().map(|lane| Lane {
                    released: true,
                    ..lane
                });
            }
        }
        self.lanes = lanes;
    }

    /// The number of each connection among those of its peer with the same partner, from 1.
    fn connection_numbers(&self) -> HashMap<(PeerName, u32), u32> {
        let mut conns: BTreeMap<(&PeerName, u32), ()> = BTreeMap::new();
        for event in self.events {
            if let Some(key) = connection(&event.what) {
                conns.insert(key, ());
            }
        }
        let mut next: HashMap<(&PeerName, Option<&PeerName>), u32> = HashMap::new();
        let mut out = HashMap::new();
        for (peer, conn) in conns.into_keys() {
            let key = (peer.clone(), conn);
            let partner = self.pairs.partner(peer, conn);
            let number = next.entry((peer, partner)).or_default();
            *number += 1;
            out.insert(key, *number);
        }
        out
    }

    /// Causes as they were recorded. What heard a held message heard it when it was released.
    fn recorded(&mut self, went_on: &[Option<usize>]) {
        for (i, event) in self.events.iter().enumerate() {
            let inside = matches!(
                event.what,
                What::State { .. } | What::Channel { .. } | What::Heard { .. }
            );
            for seq in &event.cause {
                let Some(cause) = self.earlier(*seq, i) else {
                    continue;
                };
                // Which candidate made a connection is a race, and candidates are not asserted through it.
                if inside && !lasting(&self.events[cause].what) {
                    continue;
                }
                self.before[i].push(cause);
                if matches!(event.what, What::Hears { .. })
                    && let Some(at) = went_on[cause].filter(|at| *at > cause && *at < i)
                {
                    self.before[i].push(at);
                }
            }
            if let What::Released { message, .. } = &event.what
                && let Some(message) = self.earlier(*message, i)
            {
                self.before[i].push(message);
            }
        }
    }

    fn inferred(&mut self, went_on: &[Option<usize>]) {
        let stopped = self.stopped();
        for i in 0..self.events.len() {
            let relay = self.source(i).map(|m| went_on[m].unwrap_or(m));
            let request = self.answers[i].map(|m| went_on[m].unwrap_or(m));
            let news = self.news_of[i].map(|m| went_on[m].unwrap_or(m));
            for source in [request, relay, news, self.said[i]].into_iter().flatten() {
                if source < i {
                    self.before[i].push(source);
                    self.follows[source].push(i);
                    let ends = stopped.ends(&self.events[i].what, source);
                    self.before[i].extend(ends.into_iter().flatten().filter(|end| *end < i));
                }
            }
        }
        let (mut request, mut signals) = (HashMap::new(), HashMap::new());
        for (i, lane) in self.lanes.iter().enumerate() {
            let What::Message { link, .. } = &self.events[i].what else {
                continue;
            };
            match lane.as_ref().map(|lane| lane.sort) {
                Some(Sort::Requests) => {
                    request.insert(link, i);
                    let before: HashMap<_, usize> = signals.remove(link).unwrap_or_default();
                    self.beside[i].extend(before.into_values());
                }
                Some(Sort::Signals) => {
                    self.beside[i].extend(request.get(link));
                    let about = lane.as_ref().and_then(|lane| lane.about.as_ref());
                    signals
                        .entry(link)
                        .or_insert_with(HashMap::new)
                        .insert(about, i);
                }
                _ => {}
            }
        }
    }

    /// Nobody hears news of a room before asking to come in, and nobody is named to one who comes in before having asked so himself.
    fn comings(&mut self, rooms: &Rooms, went_on: &[Option<usize>]) {
        let way_in = |peer: PeerId| {
            let first = rooms.peers[peer].stays.first()?;
            let asked = rooms.stays[*first].asked;
            Some(went_on[asked].unwrap_or(asked))
        };
        let news = rooms.news.iter();
        let heard = news.map(|news| (news.at, rooms.links[news.link].peer));
        let named = rooms.listed.iter().map(|listed| (listed.at, listed.about));
        for (at, peer) in heard.chain(named) {
            self.beside[at].extend(way_in(peer).filter(|asked| *asked < at));
        }
    }

    /// A second line while the first one stood, refused or let in: the server still held the peer to be there, so the news that it is gone came
    /// after.
    fn second_lines(&mut self) {
        let mut up: HashMap<&PeerName, HashSet<u32>> = HashMap::new();
        let mut step = None;
        let mut held: HashMap<&PeerName, usize> = HashMap::new();
        for (i, event) in self.events.iter().enumerate() {
            match &event.what {
                What::Step { .. } => step = Some(i),
                What::LinkUp { link } => {
                    let up = up.entry(&link.peer).or_default();
                    let asked = step.filter(|step| self.asks_for_one_more(*step, &link.peer));
                    if let Some(step) = asked.filter(|_| !up.is_empty()) {
                        held.insert(&link.peer, step);
                    }
                    up.insert(link.instance);
                }
                What::LinkDown { link, .. } => {
                    if let Some(up) = up.get_mut(&link.peer) {
                        up.remove(&link.instance);
                    }
                }
                What::LinkRefused { link, .. } => {
                    let stands = up.get(&link.peer).is_some_and(|up| !up.is_empty());
                    let asked = step.filter(|step| self.asks_for_one_more(*step, &link.peer));
                    if let Some(step) = asked.filter(|_| stands) {
                        held.insert(&link.peer, step);
                    }
                }
                What::Message {
                    direction: Direction::Down,
                    word:
                        Some(Word::Notice {
                            notice: Notice::PeerLeft { .. },
                        }),
                    about: Some(about),
                    ..
                } => self.beside[i].extend(held.get(about)),
                _ => {}
            }
        }
    }

    /// A page that dials by itself after a step had its line ended does so because of that, though what it says counts as of its user's last
    /// deed.
    fn redials(&mut self) {
        let mut step = None;
        let mut ended: HashMap<&PeerName, usize> = HashMap::new();
        let mut since: HashMap<&Link, usize> = HashMap::new();
        for (i, event) in self.events.iter().enumerate() {
            match &event.what {
                What::Step { .. } => step = Some(i),
                What::LinkDown {
                    link,
                    by: Side::Tap,
                    ..
                } if self.pages.contains(&link.peer) => {
                    ended.extend(step.map(|step| (&link.peer, step)));
                }
                What::LinkAsked { link, .. } => {
                    since.extend(ended.get(&link.peer).map(|step| (link, *step)));
                }
                What::Message { link, .. } => self.before[i].extend(since.get(link)),
                _ => {}
            }
        }
    }

    /// Whether a step has this peer open one more line.
    fn asks_for_one_more(&self, step: usize, peer: &PeerName) -> bool {
        let lines = [ONE_MORE, ONE_MORE_LET_IN].map(|said| format!("{peer}: {said}"));
        matches!(&self.events[step].what, What::Step { log: Some(log), .. } if lines.contains(log))
    }

    /// What a step sent or let go while the server stood still, or a tap did not read, and the event that ended that. What peers sent by
    /// themselves may have been there before, so it is left out. Told by steps, since what they cause may be recorded late.
    fn stopped(&self) -> Stopped<'a> {
        // Where nothing moves: everywhere (`None`), or down one link.
        let mut since: HashMap<Option<&Link>, usize> = HashMap::new();
        let mut spans = Vec::new();
        let mut by_step = Vec::new();
        for (i, event) in self.events.iter().enumerate() {
            let mut causes = event.cause.iter().filter_map(|seq| self.earlier(*seq, i));
            let is_step = |cause: &usize| matches!(self.events[*cause].what, What::Step { .. });
            let Some(step) = causes.find(|cause| self.is_anchor(*cause) || is_step(cause)) else {
                continue;
            };
            let (place, ends) = match &event.what {
                // Which lines end at a node that stands still, nobody tells here.
                What::Server {
                    life: ServerLife::Paused,
                }
                | What::Node {
                    life: ServerLife::Paused,
                    ..
                } => (None, false),
                What::Server {
                    life: ServerLife::Resumed,
                }
                | What::Node {
                    life: ServerLife::Resumed,
                    ..
                } => (None, true),
                What::Stalled { link, stalled } => (Some(link), !stalled),
                What::Message { .. } | What::Released { .. } => {
                    by_step.push((step, i));
                    continue;
                }
                _ => continue,
            };
            if !ends {
                since.insert(place, step);
            } else if let Some(since) = since.remove(&place) {
                spans.push((place, since..step, i));
            }
        }
        let mut out = Stopped::default();
        for (place, steps, end) in spans {
            let inside = by_step.iter().filter(|(step, _)| steps.contains(step));
            for (_, sent) in inside {
                out.until.insert((place, *sent), end);
            }
        }
        out
    }

    /// A connection stands only when both sides have both descriptions of its first exchange.
    fn connections(&mut self) {
        let mut led: HashMap<EndId, Vec<usize>> = HashMap::new();
        for (id, end) in self.pairs.ends() {
            if self.pages.contains(&id.0) {
                led.insert(id.clone(), self.met_by_messages(&id.0, end));
                continue;
            }
            let Some(answered) = end.answered else {
                continue;
            };
            let local = matches!(
                self.events[answered].what,
                What::Applied {
                    applied: Applied::Local(_),
                    ..
                }
            );
            let heard = local.then(|| self.answer_heard(answered, &id.0));
            let led_to = end.first.iter().copied().chain(heard.flatten());
            led.insert(id.clone(), led_to.collect());
        }
        for (i, event) in self.events.iter().enumerate() {
            let stands = match &event.what {
                What::State { machine, state, .. } => {
                    matches!(machine, Machine::Connection | Machine::Ice)
                        && matches!(state.as_str(), "connected" | "completed")
                }
                What::Channel { state, .. } => state == "open",
                What::Heard { .. } | What::Said { .. } => true,
                _ => false,
            };
            if let (true, Some((peer, conn))) = (stands, connection(&event.what))
                && let Some(led) = led.get(&(peer.clone(), conn))
            {
                let page = self.pages.contains(peer);
                let led = led.iter().filter(|at| **at != i && (!page || **at < i));
                self.before[i].extend(led);
            }
        }
    }

    /// What led to the connection of a page: the first description of its own that the tap saw, and the first that came of the other side.
    fn met_by_messages(&self, peer: &PeerName, end: &End) -> Vec<usize> {
        let (mut sent, mut came) = (None, None);
        for (i, event) in self.events.iter().enumerate() {
            let What::Message {
                link,
                direction,
                word:
                    Some(Word::Signal {
                        signal: Signal::Offer { sdp } | Signal::Answer { sdp },
                        ..
                    }),
                ..
            } = &event.what
            else {
                continue;
            };
            let (found, known) = match direction {
                Direction::Up => (&mut sent, end.local()),
                Direction::Down => (&mut came, end.remote()),
            };
            let names = || fingerprints(sdp);
            if link.peer == *peer && found.is_none() && !names().is_disjoint(known) {
                *found = Some(i);
            }
        }
        [sent, came].into_iter().flatten().collect()
    }

    /// The delivery of the answer that a peer made, where it was delivered: the first it sent to its partner after applying it.
    fn answer_heard(&self, applied: usize, peer: &PeerName) -> Option<usize> {
        let partner = match &self.events[applied].what {
            What::Applied { conn, .. } => self.pairs.partner(peer, *conn)?,
            _ => return None,
        };
        (applied..self.events.len()).find(|i| {
            let What::Message {
                link,
                direction: Direction::Down,
                word: Some(word),
                ..
            } = &self.events[*i].what
            else {
                return false;
            };
            word.kind() == Kind::Answer
                && link.peer == *partner
                && self.source(*i).is_some_and(|source| {
                    source > applied
                        && matches!(&self.events[source].what, What::Message { link, .. } if link.peer == *peer)
                })
        })
    }

    /// The step whose outcome an event tells.
    pub fn step_of(&self, outcome: usize) -> Option<usize> {
        let causes = self.events[outcome].cause.iter();
        causes
            .filter_map(|seq| self.earlier(*seq, outcome))
            .find(|cause| self.is_anchor(*cause))
    }

    /// The links that stood when names were given to their peers, where one of them is unsettled.
    fn share(&mut self) {
        for (i, event) in self.events.iter().enumerate() {
            let What::Outcome { names, .. } = &event.what else {
                continue;
            };
            let Some(step) = self.step_of(i).filter(|_| !names.is_empty()) else {
                continue;
            };
            let mut newest: BTreeMap<&PeerName, &Link> = BTreeMap::new();
            for before in &self.events[..step] {
                if let What::LinkUp { link } = &before.what
                    && names.iter().any(|(_, peer)| *peer == link.peer)
                {
                    newest.insert(&link.peer, link);
                }
            }
            let links: HashSet<&Link> = newest.into_values().collect();
            if !links.iter().any(|link| self.unsettled.contains(*link)) {
                continue;
            }
            let mut after = vec![false; self.events.len()];
            after[step] = true;
            for i in step..self.events.len() {
                after[i] |= self.before[i].iter().any(|cause| after[*cause]);
            }
            self.shared.push((links, after));
        }
    }

    /// A link's traffic is complete if it was fenced, or if nothing ended it.
    fn settle(&mut self) {
        for (i, event) in self.events.iter().enumerate() {
            if let What::LinkEnded { link } = &event.what {
                self.ended.insert(link);
            }
            match &event.what {
                What::LinkEnded { link } | What::LinkDown { link, .. }
                    if !self.fenced.contains_key(link) =>
                {
                    self.unsettled.insert(link);
                }
                What::Fenced { link } => {
                    self.unsettled.remove(link);
                    self.fenced.entry(link).or_insert(i);
                }
                _ => {}
            }
        }
    }
}

/// When what was sent into a standstill could move again.
#[derive(Default)]
struct Stopped<'a> {
    until: HashMap<(Option<&'a Link>, usize), usize>,
}

impl Stopped<'_> {
    /// The ends of the standstills that kept an event back which comes from `source`.
    fn ends(&self, what: &What, source: usize) -> [Option<usize>; 2] {
        let link = match what {
            What::Message {
                link,
                direction: Direction::Down,
                ..
            } => link,
            _ => return [None, None],
        };
        [None, Some(link)].map(|place| self.until.get(&(place, source)).copied())
    }
}

/// Whether a cause of a state is the same in every run.
fn lasting(what: &What) -> bool {
    match what {
        What::Applied { applied, .. } => {
            matches!(applied, Applied::Local(_) | Applied::Remote(_))
        }
        What::Gathered { .. } | What::State { .. } => false,
        What::Message {
            word: Some(word), ..
        } => !trickles(word.kind()),
        What::Hears { kind, .. } => !trickles(*kind),
        _ => true,
    }
}

/// The word of a message, without what it says.
pub(super) fn kind(event: &Event) -> Option<Kind> {
    match &event.what {
        What::Message {
            word: Some(word), ..
        } => Some(word.kind()),
        _ => None,
    }
}

/// The notice of a message.
pub(super) fn notice(event: &Event) -> Option<&Notice> {
    match &event.what {
        What::Message {
            word: Some(Word::Notice { notice }),
            ..
        } => Some(notice),
        _ => None,
    }
}

/// The connection that an event belongs to.
pub(super) fn connection(what: &What) -> Option<(&PeerName, u32)> {
    match what {
        What::Gathered { peer, conn, .. }
        | What::Applied { peer, conn, .. }
        | What::State { peer, conn, .. }
        | What::Channel { peer, conn, .. }
        | What::Said { peer, conn, .. }
        | What::Heard { peer, conn, .. }
        | What::PeerError { peer, conn, .. } => Some((peer, *conn)),
        _ => None,
    }
}
