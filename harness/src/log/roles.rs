//! Names that outcomes bind: who was let in and who was not is another peer in another run, and the log is the same.
//!
//! What must come after the step whose outcome binds a name, in the order that every run has, is told by that name, and sorted by it. All
//! else is told by the peers' own: it may have been there before.

use std::collections::{BTreeMap, HashMap};

use super::folds::Folds;
use super::graph::{Graph, connection};
use super::lane::{Lane, Owner};
use crate::names::{Link, PeerName};
use crate::record::{Event, What};
use crate::signaling::{Notice, Request, Word};
use crate::terms::Direction;

/// Who has which name at one time: by the peer's own name the new one, and its place among all that are bound.
pub(super) type Called = BTreeMap<PeerName, (PeerName, usize)>;

/// The names that the outcomes of a run bind, and for which of its events.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// After the first so many outcomes.
    called: Vec<Called>,
    /// How many outcomes each event comes after, by index.
    after: Vec<usize>,
    /// The first link that a peer spoke on under its newest name, by how many outcomes there were.
    first_link: HashMap<(usize, PeerName), u32>,
    /// The first connection between two peers after so many outcomes.
    first_conn: HashMap<(usize, Owner, Option<PeerName>), u32>,
}

impl Roles {
    /// `next` is what must come after each event.
    pub fn of(graph: &Graph<'_>, folds: &Folds, next: &[Vec<usize>]) -> Self {
        let mut roles = Self::default();
        let mut called = Called::new();
        let mut bound = 0;
        for (i, event) in graph.events.iter().enumerate() {
            let What::Outcome { names, .. } = &event.what else {
                continue;
            };
            let (Some(step), false) = (graph.step_of(i), names.is_empty()) else {
                continue;
            };
            for (name, peer) in names {
                called.insert(peer.clone(), (name.clone(), bound));
                bound += 1;
            }
            roles.called.push(called.clone());
            roles.after.resize(graph.events.len(), 0);
            let mut open = vec![step];
            while let Some(at) = open.pop() {
                if roles.after[at] < roles.called.len() {
                    roles.after[at] = roles.called.len();
                    open.extend(&next[at]);
                }
            }
        }
        for at in 0..roles.after.len() {
            roles.after[at] = roles.after[folds.first[at]];
        }
        roles.count(graph);
        roles
    }

    pub fn is_empty(&self) -> bool {
        self.called.is_empty()
    }

    /// Everybody's newest name at an event.
    pub fn at(&self, i: usize) -> Option<&Called> {
        self.called.get(self.after.get(i)?.checked_sub(1)?)
    }

    /// A peer that goes by a new name begins to count links and connections anew.
    fn count(&mut self, graph: &Graph<'_>) {
        for (i, event) in graph.events.iter().enumerate() {
            let Some(after) = self.after.get(i).copied().filter(|after| *after > 0) else {
                continue;
            };
            if let What::Message {
                link,
                direction: Direction::Up,
                ..
            } = &event.what
            {
                let key = (after, link.peer.clone());
                let first = self.first_link.entry(key).or_insert(link.instance);
                *first = (*first).min(link.instance);
            }
            if let (Some(lane), Some(_)) = (&graph.lanes[i], connection(&event.what)) {
                let key = (after, lane.owner.clone(), lane.about.clone());
                let first = self.first_conn.entry(key).or_insert(lane.number);
                *first = (*first).min(lane.number);
            }
        }
        // A name lasts until the next one.
        let all: Vec<_> = self.first_link.clone().into_iter().collect();
        for ((after, peer), first) in all {
            let name = |after: usize| self.called[after - 1].get(&peer).map(|(name, _)| name);
            for later in after + 1..=self.called.len() {
                if name(later) == name(after) {
                    let known = self
                        .first_link
                        .entry((later, peer.clone()))
                        .or_insert(first);
                    *known = (*known).min(first);
                }
            }
        }
    }

    /// The number of a link under the name that its peer has.
    fn number(&self, i: usize, link: &Link) -> u32 {
        let key = (self.after[i], link.peer.clone());
        let first = self.first_link.get(&key).copied().unwrap_or(1);
        (link.instance + 1).saturating_sub(first).max(1)
    }

    /// The lanes that break ties: those of who has a name by it, in the order in which names were bound.
    pub fn lanes(&self, graph: &Graph<'_>) -> Vec<Option<Lane>> {
        let mut lanes = graph.lanes.clone();
        for (i, lane) in lanes.iter_mut().enumerate() {
            let (Some(called), Some(lane)) = (self.at(i), lane) else {
                continue;
            };
            let is_conn = connection(&graph.events[i].what).is_some();
            if is_conn {
                let key = (self.after[i], lane.owner.clone(), lane.about.clone());
                let touched = matches!(&lane.owner, Owner::Peer(peer) if called.contains_key(peer))
                    || (lane.about.as_ref()).is_some_and(|about| called.contains_key(about));
                if let Some(first) = self.first_conn.get(&key).filter(|_| touched) {
                    lane.number = lane.number + 1 - first;
                }
            }
            if let Some(about) = &mut lane.about
                && let Some((name, _)) = called.get(about)
            {
                *about = name.clone();
            }
            if let Some(generation) = &mut lane.generation
                && let Some(link) = &mut generation.link
            {
                self.rename_link(i, called, link);
            }
            if let Owner::Peer(peer) = &lane.owner
                && let Some((name, place)) = called.get(peer)
            {
                if !is_conn && lane.number > 0 {
                    let link = Link {
                        peer: peer.clone(),
                        instance: lane.number,
                    };
                    lane.number = self.number(i, &link);
                }
                lane.owner = Owner::Bound(*place, name.clone());
            }
            lane.text = words(&lane.text, called);
        }
        lanes
    }

    fn rename_link(&self, i: usize, called: &Called, link: &mut Link) {
        if let Some((name, _)) = called.get(&link.peer) {
            link.instance = self.number(i, link);
            link.peer = name.clone();
        }
    }

    /// The events as they are told; `ids` is whose id one is.
    pub fn told(&self, events: &[Event], ids: &HashMap<String, PeerName>) -> Vec<Event> {
        let mut told = events.to_vec();
        for (i, event) in told.iter_mut().enumerate() {
            if let Some(called) = self.at(i) {
                rename(event, called, ids, |link| self.rename_link(i, called, link));
            }
        }
        told
    }
}

/// Tells an event by the names that its peers have now.
pub(super) fn rename(
    event: &mut Event,
    called: &Called,
    ids: &HashMap<String, PeerName>,
    rename_link: impl Fn(&mut Link),
) {
    let new = |peer: &mut PeerName| {
        if let Some((name, _)) = called.get(peer) {
            *peer = name.clone();
        }
    };
    let id = |id: &mut String| {
        let peer = ids.get(id.as_str());
        if let Some((name, _)) = peer.and_then(|peer| called.get(peer)) {
            *id = name.as_str().to_owned();
        }
    };
    match &mut event.what {
        What::Message {
            link,
            word,
            about,
            text,
            ..
        } => {
            rename_link(link);
            about.iter_mut().for_each(new);
            match word {
                Some(Word::Notice { notice }) => match notice {
                    Notice::Joined { with, .. } => with.iter_mut().for_each(id),
                    Notice::PeerJoined { peer }
                    | Notice::PeerLeft { peer, .. }
                    | Notice::PeerAway { peer }
                    | Notice::PeerBack { peer }
                    | Notice::Host { peer }
                    | Notice::PeerState { peer, .. } => id(peer),
                    Notice::Refused { reason, .. } | Notice::Error { reason } => {
                        *reason = words(reason, called);
                    }
                    Notice::Created { .. }
                    | Notice::Left { .. }
                    | Notice::Destroyed { .. }
                    | Notice::Granted { .. }
                    | Notice::Kicked { .. } => {}
                },
                Some(Word::Request {
                    request: Request::Kick { peer, .. },
                }) => id(peer),
                Some(_) => {}
                None => *text = words(text, called),
            }
        }
        What::Step {
            log: Some(log),
            inner: Some(_),
            ..
        } => *log = words(log, called),
        What::LinkUp { link }
        | What::LinkDown { link, .. }
        | What::LinkClosed { link, .. }
        | What::Stalled { link, .. } => rename_link(link),
        What::Gathered { peer, .. }
        | What::Applied { peer, .. }
        | What::State { peer, .. }
        | What::Channel { peer, .. }
        | What::Said { peer, .. }
        | What::Heard { peer, .. }
        | What::PeerError { peer, .. }
        | What::Console { peer, .. }
        | What::Note {
            peer: Some(peer), ..
        } => new(peer),
        _ => {}
    }
}

/// A text with new names in the place of whole words.
fn words(text: &str, called: &Called) -> String {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if !called.keys().any(|peer| text.contains(peer.as_str())) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !of_name(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let new = called
            .get(&PeerName::new(word))
            .map(|(name, _)| name.as_str());
        out.push_str(new.unwrap_or(word));
        let next = behind.find(of_name).unwrap_or(behind.len());
        out.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    out
}
