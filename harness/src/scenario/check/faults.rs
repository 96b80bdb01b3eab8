//! What steps do to messages, lines and the server's nodes, and what cannot be because of that.

use super::{Faulty, Walk, which};
use crate::names::PeerName;
use crate::scenario::model::{Action, Answer, Cut, Pattern, Raw};
use crate::scenario::placed::Placed;
use crate::scenario::text::pattern_text;
use crate::signaling::Kind;

impl Walk<'_> {
    /// What is silent, stalled or paused, and what cannot be because of it.
    pub(super) fn faults(&mut self, at: &Placed) {
        match &at.step.action {
            Action::Cut {
                peer,
                how: Cut::Silence(_),
            } => {
                let before = self.faulty.silent.insert(peer.clone(), at.number);
                let anew = self.faulty.anew.remove(peer);
                if let Some(step) = before.filter(|_| !anew) {
                    self.note(at, "peer", format!("`{peer}` is silent already"))
                        .expect("a second time")
                        .advise(format!("step {step} silences it; `mend` ends that"));
                }
            }
            Action::Cut { peer, .. } | Action::Kill { peer, .. } | Action::Disconnect { peer } => {
                if matches!(at.step.action, Action::Cut { .. })
                    && at.values.span("direction").is_some()
                {
                    self.note(at, "direction", "a direction of what ends both".to_owned())
                        .expect("only `how: silence` has one");
                }
                self.faulty.silent.remove(peer);
                self.faulty.anew.remove(peer);
                self.faulty.stalled.remove(peer);
            }
            Action::Stall { peer } => {
                if let Some(step) = self.faulty.stalled.insert(peer.clone(), at.number) {
                    self.note(at, "peer", format!("`{peer}` is stalled already"))
                        .expect("a second time")
                        .advise(format!("step {step} stalls it; `mend` ends that"));
                }
            }
            Action::Mend { peer } => {
                let silent = self.faulty.silent.remove(peer);
                let stalled = self.faulty.stalled.remove(peer);
                if silent.or(stalled).is_none() {
                    self.note(
                        at,
                        "peer",
                        format!("`{peer}` is neither silent nor stalled"),
                    )
                    .expect("nothing to mend")
                    .advise(
                        "only `cut: { how: silence }` and `stall` before this step can be mended",
                    );
                }
            }
            Action::Pause { node } => {
                let before = self.faulty.paused.get(&None).copied();
                let again = self.faulty.paused.insert(*node, at.number);
                if let Some(step) = before.or(again) {
                    let what = which(*node);
                    self.mistakes
                        .add(&at.verb, format!("{what} is paused already"))
                        .expect("a second time")
                        .advise(format!("step {step} pauses it"));
                }
            }
            Action::Resume { node } => {
                let paused = match node {
                    None => !std::mem::take(&mut self.faulty.paused).is_empty(),
                    node => self.faulty.paused.remove(node).is_some(),
                };
                if !paused {
                    let what = which(*node);
                    self.mistakes
                        .add(&at.verb, format!("{what} is not paused"))
                        .expect("no `pause` before this step");
                }
            }
            Action::Restart { node: None } | Action::KillServer { node: None, .. } => {
                self.faulty = Faulty::default();
            }
            Action::Restart { node } | Action::KillServer { node, .. } => {
                self.faulty.paused.remove(node);
            }
            action if action.may_go_unanswered() && at.values.span("status").is_some() => {
                self.note(
                    at,
                    "status",
                    "an answer that need not come has no status".to_owned(),
                )
                .expect("`status`, or `answered: false`");
            }
            Action::SendRaw {
                raw: Raw::Text(_) | Raw::Frame(_) | Raw::Garbage { .. },
                ..
            } => {
                if at.values.span("to").is_some() && at.values.span("field").is_none() {
                    self.note(at, "to", "garbage is for nobody".to_owned())
                        .expect("only with `field` is all else as it should be");
                }
                let status = at.values.span("status");
                if status.is_some() {
                    self.note(
                        at,
                        "status",
                        "nothing answers this with a status".to_owned(),
                    )
                    .expect("only `path` has one");
                }
            }
            Action::Connect {
                peer,
                answer: Answer::Granted | Answer::Any,
            } if self.faulty.paused.is_empty() && self.faulty.silent.contains_key(peer) => {
                self.faulty.anew.insert(peer.clone());
            }
            Action::Connect { .. }
            | Action::Second { .. }
            | Action::Pretend { .. }
            | Action::Create { .. }
            | Action::Join { .. }
            | Action::Leave { .. }
            | Action::Destroy { .. }
            | Action::Kick { .. }
            | Action::SetState { .. }
            | Action::Http { .. }
            | Action::SendRaw {
                raw: Raw::Upgrade { .. },
                ..
            } => {
                if let Some((what, step)) = self.stands_still(at) {
                    self.mistakes
                        .add(&at.verb, format!("this waits for {what}, which is paused"))
                        .expect("nothing can answer")
                        .advise(format!(
                            "step {step} pauses it; `resume` first, or `hold` the message, pause, and `release` it"
                        ));
                }
            }
            _ => {}
        }
    }

    /// Whether the scenario puts this peer on this node.
    pub(super) fn is_placed(&self, peer: &PeerName, node: u32) -> bool {
        let mut peers = self.peers.iter();
        peers.any(|(name, spec)| name == peer && spec.node == Some(node))
    }

    /// What of the server this step's peer certainly waits for in vain, and the step that paused it.
    fn stands_still(&self, at: &Placed) -> Option<(String, usize)> {
        let peer = at.step.action.actor();
        let mut paused = self.faulty.paused.iter();
        paused.find_map(|(node, step)| {
            let waits = node.is_none_or(|node| peer.is_some_and(|peer| self.is_placed(peer, node)));
            waits.then(|| (which(*node), *step))
        })
    }

    /// Whether a word can follow on the leg where the pattern looks.
    pub(super) fn same_leg(&mut self, at: &Placed, pattern: &Pattern, behind: Kind) {
        let down = pattern.to.is_some();
        let wrong = if down {
            behind.is_request()
        } else {
            !behind.is_signal() && !behind.is_request()
        };
        if wrong {
            let side = if down { "after" } else { "before" };
            self.note(
                at,
                "behind",
                format!("no `{behind}` passes {side} the server"),
            )
            .expect("nothing can let it go");
        }
    }

    pub(super) fn release(&mut self, at: &Placed, pattern: &Pattern) {
        if let Some(index) = self.holds.iter().position(|(hold, _)| hold == pattern) {
            self.holds.remove(index);
            return;
        }
        if !self.sided(at, pattern) {
            return;
        }
        let holds = self.holding();
        self.mistakes
            .add(&at.verb, format!("nothing holds {}", pattern_text(pattern)))
            .expect("no `hold` before this step has the same pattern")
            .advise(holds);
    }

    pub(super) fn holding(&self) -> String {
        if self.holds.is_empty() {
            return "nothing is held at this step".into();
        }
        let list: Vec<String> = self
            .holds
            .iter()
            .map(|(hold, step)| format!("{} (step {step})", pattern_text(hold)))
            .collect();
        format!("held at this step: {}", list.join("; "))
    }

    /// Whether a pattern says on which side of the server it looks, and one on which the message can pass.
    pub(super) fn sided(&mut self, at: &Placed, pattern: &Pattern) -> bool {
        let kind = pattern.message;
        let key = if at.values.span("held").is_some() {
            "held"
        } else {
            "message"
        };
        match (&pattern.from, &pattern.to) {
            (None, None) => {
                self.note(at, key, format!("{kind}: on which side of the server?"))
                    .expect("neither `from` nor `to`")
                    .advise("`from: …` alone is before the server, `to: …` after it");
                false
            }
            (_, Some(_)) if kind.is_request() => {
                self.note(
                    at,
                    "to",
                    format!("`{kind}` goes to the server, no peer hears it"),
                )
                .expect("nothing can match this")
                .advise("say `from: …` alone");
                false
            }
            (Some(_), None) if !kind.is_signal() && !kind.is_request() => {
                self.note(at, "from", format!("`{kind}` comes from the server"))
                    .expect("nothing can match this")
                    .advise("say `to: …`");
                false
            }
            (Some(_), Some(_)) if !kind.is_signal() && !kind.is_of_a_peer() => {
                self.note(at, "from", format!("`{kind}` comes from the server"))
                    .expect("nothing can match this")
                    .advise("say `to: …` alone");
                false
            }
            (Some(from), Some(to)) => self.differ(at, from, to, "to"),
            _ => true,
        }
    }
}
