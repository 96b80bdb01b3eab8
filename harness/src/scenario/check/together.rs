//! Steps that begin together: what none of them can get from another, and who is called what afterwards.

use std::collections::BTreeMap;

use super::Walk;
use crate::mistake::quoted;
use crate::names::PeerName;
use crate::scenario::build::Parsed;
use crate::scenario::model::{Action, Answer, Pattern};
use crate::scenario::model::{Share, Together};
use crate::scenario::placed::Placed;
use crate::scenario::table::{LET_IN, TURNED_AWAY};
use crate::scenario::text::pattern_text;
use crate::signaling::Kind;
use crate::source::Span;

/// Who asked for what may be granted or refused, and what he is called since.
#[derive(Default)]
pub(super) struct Renamed {
    /// One's own name, the step, and the names of which one is his now.
    peers: Vec<(PeerName, usize, Vec<PeerName>)>,
    /// Names that may be those of somebody without a connection, and who that is by his own name.
    pub wire: BTreeMap<PeerName, PeerName>,
}

impl Walk<'_> {
    pub(super) fn together(&mut self, at: &Placed, together: &Together) {
        for inner in &at.inner {
            self.needs_another(inner, &at.inner);
            self.is_kept_back(inner);
            self.is_cut_off(inner, &at.inner);
        }
        // Whether they come off is another matter: each finds the stage as it was before all of them.
        for inner in &at.inner {
            self.step(inner);
        }
        self.shares(at, together);
        self.rename(at, together);
    }

    /// Whether a step needs what only one that begins with it brings.
    fn needs_another(&mut self, at: &Placed, all: &[Placed]) {
        let granted = |action: &Action| action.answer() == Some(&Answer::Granted);
        let others = || all.iter().filter(|other| !std::ptr::eq(*other, at));
        let (needs, from) = match &at.step.action {
            action @ (Action::Join { room, .. } | Action::Destroy { room, .. })
                if granted(action) && self.rooms.get(room).is_none_or(Option::is_some) =>
            {
                let maker = others().find(
                    |other| matches!(&other.step.action, Action::Create { room: made, .. } if made == room),
                );
                (format!("the room `{room}`"), maker)
            }
            action @ Action::Leave { peer, .. }
                if granted(action) && !self.inside.contains(peer) =>
            {
                let way_in = others().find(|other| {
                    matches!(&other.step.action, Action::Create { peer: who, .. } | Action::Join { peer: who, .. } if who == peer)
                });
                (format!("`{peer}` in a room"), way_in)
            }
            Action::Say { .. } | Action::CloseChannel { .. } if !self.negotiated => {
                let negotiation = others().find(|other| {
                    matches!(
                        other.step.action,
                        Action::Negotiate { .. }
                            | Action::Join {
                                offer: None | Some(true),
                                ..
                            }
                    )
                });
                ("an open channel".to_owned(), negotiation)
            }
            Action::CreateAnswer { peer, .. } => {
                let given = others().find(
                    |other| matches!(&other.step.action, Action::SetRemote { peer: who, .. } if who == peer),
                );
                ("a remote description".to_owned(), given)
            }
            _ => return,
        };
        let Some(from) = from else { return };
        let line = from.verb.line;
        self.mistakes
            .add(&at.verb, format!("this needs {needs}, which {} is to bring (line {line}), and both begin at once", named(from)))
            .expect("it waits for what it holds up itself")
            .advise(format!(
                "make two steps of it, or let either outcome be right: `answer: any`; the other is at line {line}"
            ));
    }

    /// Whether a step before keeps back or throws away what it asks for, or the answer.
    fn is_kept_back(&mut self, at: &Placed) {
        let Some(peer) = at.step.action.actor() else {
            return;
        };
        let (asks, answers): (Kind, &[Kind]) = match &at.step.action {
            Action::Create { .. } => (Kind::Create, &[Kind::Created, Kind::Refused]),
            Action::Join { .. } => (Kind::Join, &[Kind::Joined, Kind::Refused]),
            Action::Leave { .. } => (Kind::Leave, &[Kind::Left, Kind::Refused]),
            Action::Destroy { .. } => (Kind::Destroy, &[Kind::Destroyed, Kind::Refused]),
            Action::Kick { .. } => (Kind::Kick, &[Kind::Granted, Kind::Refused]),
            Action::SetState { .. } => (Kind::SetState, &[Kind::Granted, Kind::Refused]),
            _ => return,
        };
        let answer = at.step.action.answer();
        let keeps = |pattern: &Pattern| {
            let refusal = pattern.message == Kind::Refused;
            let may_come = match answer {
                Some(Answer::Granted) => !refusal,
                Some(Answer::Refused | Answer::RefusedWith(_)) => refusal,
                _ => true,
            };
            pattern.nth.is_none()
                && (pattern.message == asks && pattern.from.as_ref() == Some(peer)
                    || answers.contains(&pattern.message)
                        && pattern.to.as_ref() == Some(peer)
                        && may_come)
        };
        let held = (self
            .holds
            .iter()
            .map(|(pattern, step)| ("keeps back", pattern, *step)))
        .chain(
            self.drops
                .iter()
                .map(|(pattern, step)| ("throws away", pattern, *step)),
        )
        .find(|(_, pattern, _)| keeps(pattern))
        .map(|(how, pattern, step)| (how, pattern_text(pattern), step));
        if let Some((how, pattern, step)) = held {
            self.mistakes
                .add(
                    &at.verb,
                    format!("this ends with the server's answer, and step {step} {how} {pattern}"),
                )
                .expect("it would wait for itself")
                .advise(format!(
                    "`release` it before this step, or leave step {step} out"
                ));
        }
    }

    /// Whether another ends the line through which its answer is to come.
    fn is_cut_off(&mut self, at: &Placed, all: &[Placed]) {
        let waits =
            at.step.action.answer().is_some() || matches!(at.step.action, Action::Connect { .. });
        let Some(peer) = at.step.action.actor().filter(|_| waits) else {
            return;
        };
        let end = all.iter().find(|other| {
            matches!(&other.step.action,
                Action::Disconnect { peer: who } | Action::Kill { peer: who, .. } | Action::Cut { peer: who, .. }
                    if who == peer)
        });
        if let Some(end) = end {
            let line = end.verb.line;
            self.mistakes
                .add(&at.verb, format!("`{peer}` waits for an answer here, and {} ends its connection at once (line {line})", named(end)))
                .expect("the answer may never come")
                .advise("`hold` the answer, and end the connection in a step of its own");
        }
    }

    /// How many are let in and how many are not.
    fn shares(&mut self, at: &Placed, together: &Together) {
        let open = together.open().count();
        for (key, share) in [
            (LET_IN, &together.let_in),
            (TURNED_AWAY, &together.turned_away),
        ] {
            let Some(number) = share.number() else {
                continue;
            };
            if open == 0 {
                self.note(
                    at,
                    key,
                    format!("`{key}`, and no request here may be either"),
                )
                .expect("nothing to tell apart")
                .advise("say `answer: any` in the requests that are meant");
                return;
            }
            if number > open {
                let help = match share {
                    Share::Names(_) => {
                        "name fewer, or let more of the steps that begin together say `answer: any`"
                    }
                    _ => {
                        "say a smaller number, or let more of the steps that begin together say `answer: any`"
                    }
                };
                self.note(at, key, format!("`{key}` is for {number}"))
                    .expect(format!("requests with `answer: any`: {open}"))
                    .advise(help);
                return;
            }
        }
        if let (Some(let_in), Some(away)) =
            (together.let_in.number(), together.turned_away.number())
            && let_in + away != open
        {
            self.note(
                at,
                TURNED_AWAY,
                format!("{let_in} let in and {away} turned away"),
            )
            .expect(format!("requests with `answer: any`: {open}"))
            .advise(format!(
                "each request is one or the other: both together are for {open}, or leave one of the two out"
            ));
        }
    }

    /// From here on those who asked go by other names.
    fn rename(&mut self, at: &Placed, together: &Together) {
        let names: Vec<PeerName> = together.names().cloned().collect();
        if names.is_empty() {
            return;
        }
        let mut asked: Vec<PeerName> = Vec::new();
        for (_, action) in together.open() {
            let Some(peer) = action.actor() else { continue };
            if asked.contains(peer) {
                let key = match together.let_in {
                    Share::Names(_) => LET_IN,
                    _ => TURNED_AWAY,
                };
                self.note(
                    at,
                    key,
                    format!("`{peer}` asks twice, and would get two names"),
                )
                .expect("one request of each peer where names are bound")
                .advise("say how many there are in place of the names");
                return;
            }
            asked.push(peer.clone());
        }
        if let Some(wire) = asked.iter().find(|peer| self.wire.contains_key(*peer)) {
            for name in &names {
                self.wire.insert(name.clone(), false);
                self.renamed.wire.insert(name.clone(), wire.clone());
            }
        }
        self.inside.extend(together.let_in.names().iter().cloned());
        for peer in asked {
            self.renamed.peers.push((peer, at.number, names.clone()));
        }
    }

    /// Whether a request has to be refused and need not be.
    pub(super) fn answers_one_way(&mut self, at: &Placed) {
        if at.values.span("refused").is_some() && at.values.span("answer").is_some() {
            self.note(at, "answer", "`refused` and `answer` at once".into())
                .expect("either it has to be refused, or any answer is right");
        }
    }

    /// Whether a step names one whose name depends on the run by now.
    pub(super) fn calls_by_old_name(&mut self, at: &Placed) {
        let mut named: Vec<(&PeerName, &Span)> = Vec::new();
        for (_, value, span) in &at.values.0 {
            match value {
                Parsed::Peer(peer) => named.push((peer, span)),
                Parsed::Peers(peers) => named.extend(peers.iter().map(|(peer, span)| (peer, span))),
                _ => {}
            }
        }
        for (peer, span) in named {
            let since = self.renamed.peers.iter().find(|(old, ..)| old == peer);
            let Some((_, step, names)) = since else {
                continue;
            };
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            self.mistakes
                .add(
                    span,
                    format!(
                        "since step {step} {} goes by another name",
                        quoted(peer.as_str())
                    ),
                )
                .expect(format!("which, the run tells: {}", names.join(" or ")))
                .advise(format!("name whom you mean by what step {step} binds"));
        }
    }
}

/// A step as a mistake calls it.
fn named(at: &Placed) -> String {
    match at.step.action.actor() {
        Some(peer) => format!("{peer}'s `{}`", at.step.action.verb()),
        None => format!("`{}`", at.step.action.verb()),
    }
}
