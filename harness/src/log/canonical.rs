//! The log: the one text that every run of a scenario gives that differs from another by races alone.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::fmt;

use super::folds::{Folds, candidate};
use super::graph::Graph;
use super::inside::inside;
use super::lane::Lane;
use super::lines::{Marks, Names};
use super::roles::Roles;
use crate::record::{Event, Seq, What, let_in};
use crate::signaling::Terms;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// In arrow notation.
    pub text: String,
    /// Other ways to write it that an expectation may use: the two legs of a relay.
    pub forms: Vec<String>,
    /// The events it stands for.
    pub events: Vec<Seq>,
}

/// What a person reads of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// What came of requests that may be granted or refused, where logs differ by it: `bob's join granted, alice's destroy refused`.
    pub outcome: Option<String>,
    /// In canonical order.
    pub lines: Vec<Line>,
}

/// What the line begins with that tells a log's outcome; no other does.
pub const OUTCOME: &str = "# ";

impl Log {
    /// The log of a trace, for a server that relays unchanged.
    pub fn of(events: &[Event]) -> Self {
        Self::with(events, &Terms::default())
    }

    /// The log of a trace. What is wrong with the trace (unknown causes, cycles) is passed over.
    pub fn with(events: &[Event], terms: &Terms) -> Self {
        let counted: Vec<Event>;
        let is_refused = |event: &Event| matches!(event.what, What::LinkRefused { .. });
        let events = match events.iter().any(is_refused) {
            true => {
                counted = let_in(events).into_iter().map(Cow::into_owned).collect();
                &counted
            }
            false => events,
        };
        let graph = Graph::new(events, terms);
        let logged = inside(&graph);
        let folds = folds(&graph, &logged);
        let (order, roles) = order(&graph, &logged, &folds);
        let mut names = Names::new(events);
        let told;
        let mut graph = graph;
        if !roles.is_empty() {
            told = names.with_roles(events, &roles);
            graph.events = &told;
        }
        let mut lines = Vec::new();
        let mut at = 0;
        while at < order.len() {
            let here = order[at];
            let joined = order
                .get(at + 1)
                .and_then(|next| names.joined(&graph, here, *next, &folds));
            let (text, forms) = match joined {
                Some((text, legs)) => {
                    at += 1;
                    (text, legs)
                }
                None => (names.line(&graph, here), Vec::new()),
            };
            let events = order[at - usize::from(!forms.is_empty())..=at]
                .iter()
                .flat_map(|i| folds.members(*i))
                .map(|i| graph.events[i].seq)
                .collect();
            lines.push(Line {
                text,
                forms,
                events,
            });
            at += 1;
        }
        let outcomes = events.iter().filter_map(|event| match &event.what {
            What::Outcome { text, .. } => text.clone(),
            _ => None,
        });
        let outcomes: Vec<String> = outcomes.collect();
        Self {
            outcome: (!outcomes.is_empty()).then(|| outcomes.join("; ")),
            lines,
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outcome) = &self.outcome {
            writeln!(f, "{OUTCOME}{outcome}")?;
        }
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}", line.text))
    }
}

fn folds(graph: &Graph<'_>, logged: &[bool]) -> Folds {
    let mut folds = Folds::none(graph.events.len());
    fold_candidates(graph, logged, &mut folds);
    fold_repeats(graph, logged, &mut folds);
    folds
}

/// The candidates of one generation are one line a type. Over which transport is not said: Chromium's first one is now and then one over TCP
/// (2 of 160 runs), since its UDP sockets are bound elsewhere.
fn fold_candidates(graph: &Graph<'_>, logged: &[bool], folds: &mut Folds) {
    let mut first: BTreeMap<(&Lane, Marks, &str), usize> = BTreeMap::new();
    for (i, event) in graph.events.iter().enumerate() {
        if !logged[i] {
            continue;
        }
        let message = match &event.what {
            What::Released { message, .. } => graph.earlier(*message, i).unwrap_or(i),
            _ => i,
        };
        let (Some(candidate), Some(lane)) = (candidate(&graph.events[message]), &graph.lanes[i])
        else {
            continue;
        };
        // Which of its letters is another one differs from run to run.
        let kind = if graph.is_forged(i) {
            ""
        } else {
            candidate.kind()
        };
        match first.entry((lane, Marks::of(graph, i), kind)) {
            Entry::Vacant(free) => {
                free.insert(i);
            }
            Entry::Occupied(first) => folds.join(*first.get(), i),
        }
    }
}

/// What a stack may say again and again, and what it falls back to.
fn fold_repeats(graph: &Graph<'_>, logged: &[bool], folds: &mut Folds) {
    let mut last: HashMap<&Lane, usize> = HashMap::new();
    for (i, event) in graph.events.iter().enumerate() {
        let (true, Some(lane)) = (logged[i], &graph.lanes[i]) else {
            continue;
        };
        let before = last.get(lane).copied();
        let same = before.is_some_and(|before| match (&graph.events[before].what, &event.what) {
            (What::State { state: a, .. }, What::State { state: b, .. })
            | (What::Channel { state: a, .. }, What::Channel { state: b, .. }) => a == b,
            (What::Applied { applied: a, .. }, What::Applied { applied: b, .. }) => a == b,
            (
                What::PeerError {
                    during: a,
                    name: n,
                    message: m,
                    ..
                },
                What::PeerError {
                    during: b,
                    name: o,
                    message: p,
                    ..
                },
            ) => (a, n, m) == (b, o, p),
            (What::Note { text: a, .. }, What::Note { text: b, .. }) => a == b,
            (What::Server { life: a }, What::Server { life: b }) => a == b,
            _ => false,
        });
        match before {
            Some(before) if same => folds.join(folds.first[before], i),
            _ => {}
        }
        last.insert(lane, i);
    }
}

/// Logged events in canonical order, folds by their first, and the names by which they are told.
fn order(graph: &Graph<'_>, logged: &[bool], folds: &Folds) -> (Vec<usize>, Roles) {
    let mut by = keys(graph, &graph.lanes, logged, folds);
    let mut next = edges(graph, logged, folds);
    late(graph, &by, &mut next);
    let roles = Roles::of(graph, folds, &next);
    if !roles.is_empty() {
        by = keys(graph, &roles.lanes(graph), logged, folds);
    }
    let mut waits = vec![0usize; graph.events.len()];
    for to in next.iter().flatten() {
        waits[*to] += 1;
    }
    let order = Sorter {
        graph,
        keys: &by,
        next: &next,
        waits,
        done: vec![false; graph.events.len()],
        ready: BinaryHeap::new(),
        wanted: Vec::new(),
        out: Vec::new(),
    }
    .run(logged);
    (order, roles)
}

/// The lane's place among lanes, and the event's in its lane; `None` for what has no line and no order of its own.
type Key = Option<(usize, usize)>;

fn keys(graph: &Graph<'_>, of: &[Option<Lane>], logged: &[bool], folds: &Folds) -> Vec<Key> {
    let mut lanes: BTreeMap<&Lane, Vec<usize>> = BTreeMap::new();
    let mut bare = Vec::new();
    for (i, shown) in logged.iter().enumerate() {
        if (*shown || graph.is_anchor(i)) && folds.first[i] == i {
            match &of[i] {
                Some(lane) => lanes.entry(lane).or_default().push(i),
                None => bare.push(i),
            }
        }
    }
    let mut keys = vec![None; graph.events.len()];
    for (rank, members) in lanes.into_values().chain([bare]).enumerate() {
        for (place, i) in members.into_iter().enumerate() {
            keys[i] = Some((rank, place));
        }
    }
    keys
}

/// What must come after each event: effects of all events, and the order of lanes among logged ones.
fn edges(graph: &Graph<'_>, logged: &[bool], folds: &Folds) -> Vec<Vec<usize>> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); graph.events.len()];
    let mut add = |from: usize, to: usize| {
        let from = folds.first[from];
        if folds.first[to] == to && from != to {
            next[from].push(to);
        }
    };
    let shown = |i: usize| logged[i] || graph.is_anchor(i);
    let mut last: HashMap<&Lane, usize> = HashMap::new();
    for i in 0..graph.events.len() {
        for before in &graph.before[i] {
            add(*before, i);
        }
        if !shown(i) {
            continue;
        }
        for before in graph.beside[i].iter().filter(|before| shown(**before)) {
            add(*before, i);
        }
        if let Some(lane) = &graph.lanes[i]
            && folds.first[i] == i
            && let Some(before) = last.insert(lane, i)
        {
            add(before, i);
        }
    }
    next
}

/// What has no recorded cause, and what happens inside a peer, is written where a step waited for it: it may have happened long
/// before, and whether it did is a race.
fn late(graph: &Graph<'_>, keys: &[Key], next: &mut [Vec<usize>]) {
    let count = graph.events.len();
    let anchors: Vec<usize> = (0..count).filter(|i| graph.is_anchor(*i)).collect();
    let Some(last) = anchors.last() else {
        return;
    };
    let mut place = vec![usize::MAX; count];
    for (k, anchor) in anchors.iter().enumerate() {
        place[*anchor] = k;
    }
    let mut waits = vec![0usize; count];
    for to in next.iter().flatten() {
        waits[*to] += 1;
    }
    let mut sorted: Vec<usize> = (0..count).filter(|i| waits[*i] == 0).collect();
    let mut at = 0;
    while at < sorted.len() {
        for to in &next[sorted[at]] {
            waits[*to] -= 1;
            if waits[*to] == 0 {
                sorted.push(*to);
            }
        }
        at += 1;
    }
    if sorted.len() < count {
        return; // A cycle: a trace that no run wrote.
    }
    // Whether anything that is written led to it.
    let mut led = vec![false; count];
    for i in &sorted {
        led[*i] = graph.before[*i]
            .iter()
            .any(|before| led[*before] || keys[*before].is_some());
    }
    let mut reach = place.clone();
    for i in sorted.iter().rev() {
        if place[*i] == usize::MAX {
            reach[*i] = next[*i]
                .iter()
                .map(|to| reach[*to])
                .min()
                .unwrap_or(usize::MAX);
        }
    }
    for i in 0..count {
        let (Some(_), usize::MAX) = (keys[i], place[i]) else {
            continue;
        };
        let inner = graph.lanes[i].as_ref().is_some_and(|lane| lane.rank > 0);
        if !inner && led[i] {
            continue;
        }
        match reach[i] {
            usize::MAX => next[*last].push(i),
            0 => {}
            k => next[anchors[k - 1]].push(i),
        }
    }
}

/// Kahn's algorithm; ties are broken by lane, but what a reader wants to see next comes next.
struct Sorter<'a, 'e> {
    graph: &'a Graph<'e>,
    keys: &'a [Key],
    next: &'a [Vec<usize>],
    waits: Vec<usize>,
    done: Vec<bool>,
    ready: BinaryHeap<Reverse<((usize, usize), usize)>>,
    wanted: Vec<Vec<usize>>,
    out: Vec<usize>,
}

impl Sorter<'_, '_> {
    fn run(mut self, logged: &[bool]) -> Vec<usize> {
        let mut free: Vec<usize> = (0..self.waits.len())
            .filter(|i| self.waits[*i] == 0)
            .collect();
        self.settle(&mut free);
        let mut stuck = 0;
        loop {
            let Some(i) = self.pick() else {
                // Only a trace that no run wrote has cycles: break them somewhere, and go on.
                while stuck < self.done.len() && self.done[stuck] {
                    stuck += 1;
                }
                if stuck == self.done.len() {
                    break;
                }
                self.waits[stuck] = 0;
                self.settle(&mut vec![stuck]);
                continue;
            };
            if logged[i] {
                self.out.push(i);
                let mut wanted: Vec<usize> = self.graph.follows[i].clone();
                wanted.retain(|to| self.keys[*to].is_some());
                wanted.sort_by_key(|to| (self.graph.news_of[*to].is_some(), self.keys[*to]));
                self.wanted.push(wanted);
            }
            let mut free = Vec::new();
            self.free(i, &mut free);
            self.settle(&mut free);
        }
        self.out
    }

    fn free(&mut self, i: usize, free: &mut Vec<usize>) {
        for to in &self.next[i] {
            if self.waits[*to] > 0 {
                self.waits[*to] -= 1;
                if self.waits[*to] == 0 {
                    free.push(*to);
                }
            }
        }
    }

    /// What has no line takes no turn.
    fn settle(&mut self, free: &mut Vec<usize>) {
        while let Some(i) = free.pop() {
            if self.done[i] {
                continue;
            }
            match self.keys[i] {
                Some(key) => self.ready.push(Reverse((key, i))),
                None => {
                    self.done[i] = true;
                    self.free(i, free);
                }
            }
        }
    }

    fn pick(&mut self) -> Option<usize> {
        while let Some(top) = self.wanted.last() {
            let found = top
                .iter()
                .copied()
                .find(|i| self.waits[*i] == 0 && !self.done[*i]);
            if let Some(i) = found {
                self.done[i] = true;
                return Some(i);
            }
            self.wanted.pop();
        }
        while let Some(Reverse((_, i))) = self.ready.pop() {
            if !std::mem::replace(&mut self.done[i], true) {
                return Some(i);
            }
        }
        None
    }
}
