//! Steps that begin together, and the names that their outcomes bind.

use super::model::{Action, Answer, Condition, Pattern, Raw, Scenario, Share, Step, Together};
use super::sought::Sought;
use crate::names::PeerName;

impl Share {
    /// How many they must be, if that is said.
    pub fn number(&self) -> Option<usize> {
        match self {
            Share::Any => None,
            Share::Number(number) => Some(*number),
            Share::Names(names) => Some(names.len()),
        }
    }

    /// The names that it binds.
    pub fn names(&self) -> &[PeerName] {
        match self {
            Share::Names(names) => names,
            Share::Any | Share::Number(_) => &[],
        }
    }
}

impl Together {
    /// Of these, names are for outcomes that look alike whoever has which: all requests of the same kind, for the same room.
    pub fn alike(&self) -> bool {
        let mut open = self.open().map(|(_, action)| {
            let mut action = action.clone();
            action.each_peer(&mut |peer| *peer = PeerName::new(""));
            action
        });
        let first = open.next();
        open.all(|other| Some(&other) == first.as_ref())
    }

    /// The requests whose outcome may be either, each with its number among the steps, from 1.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Action)> {
        let steps = self.steps.iter().enumerate();
        steps
            .filter(|(_, step)| step.action.answer() == Some(&Answer::Any))
            .map(|(index, step)| (index + 1, &step.action))
    }

    /// The names that it binds, those that are let in first.
    pub fn names(&self) -> impl Iterator<Item = &PeerName> {
        let names = [&self.let_in, &self.turned_away];
        names.into_iter().flat_map(|share| share.names())
    }
}

impl Scenario {
    /// Each step, those that begin together after the step that holds them, with the number of that one.
    pub fn each_step(&self) -> impl Iterator<Item = (usize, &Step)> {
        let steps = self.steps.iter().enumerate();
        steps.flat_map(|(index, step)| step.with_inner().map(move |step| (index + 1, step)))
    }

    /// One of the steps that begin together in the step of this number, both from 1.
    pub fn inner(&self, step: usize, inner: usize) -> Option<&Step> {
        match &self.steps.get(step.checked_sub(1)?)?.action {
            Action::Together(together) => together.steps.get(inner.checked_sub(1)?),
            _ => None,
        }
    }

    /// The peers of whom one has this name in a run: one's own, or those who asked for what binds it.
    pub fn may_be<'s>(&'s self, name: &'s PeerName) -> Vec<&'s PeerName> {
        let mut names = vec![name];
        for (_, step) in self.each_step().collect::<Vec<_>>().into_iter().rev() {
            if let Action::Together(together) = &step.action
                && together.names().any(|bound| names.contains(&bound))
            {
                let asked = together.open().filter_map(|(_, action)| action.actor());
                names.extend(asked);
            }
        }
        let is_peer = |name: &&PeerName| self.peers.iter().any(|(peer, _)| peer == *name);
        names.retain(is_peer);
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Step {
    /// The step, and those that it holds.
    pub fn with_inner(&self) -> impl Iterator<Item = &Step> {
        let inner: &[Step] = match &self.action {
            Action::Together(together) => &together.steps,
            _ => &[],
        };
        std::iter::once(self).chain(inner)
    }
}

/// Who does an action, if somebody does: to look at, or to change.
macro_rules! doer {
    ($action:expr) => {
        match $action {
            Action::Connect { peer, .. }
            | Action::Create { peer, .. }
            | Action::Join { peer, .. }
            | Action::Leave { peer, .. }
            | Action::Destroy { peer, .. }
            | Action::Kick { peer, .. }
            | Action::SetState { peer, .. }
            | Action::Disconnect { peer }
            | Action::Second { peer, .. }
            | Action::Retire { peer }
            | Action::CreateOffer { peer, .. }
            | Action::CreateAnswer { peer, .. }
            | Action::SetLocal { peer, .. }
            | Action::SetRemote { peer, .. }
            | Action::AddCandidate { peer, .. }
            | Action::RestartIce { peer, .. }
            | Action::OpenChannel { peer, .. }
            | Action::CloseChannel { peer, .. }
            | Action::Close { peer, .. }
            | Action::Kill { peer, .. }
            | Action::Cut { peer, .. }
            | Action::Stall { peer }
            | Action::Pretend { peer, .. }
            | Action::Mend { peer }
            | Action::SendRaw { peer, .. }
            | Action::Page { peer, .. }
            | Action::Http { peer, .. } => Some(peer),
            Action::Negotiate { from, .. }
            | Action::Send { from, .. }
            | Action::Say { from, .. } => Some(from),
            Action::Hold(_)
            | Action::Release(_)
            | Action::Drop(_)
            | Action::Delay { .. }
            | Action::Duplicate(_)
            | Action::Reorder { .. }
            | Action::Corrupt { .. }
            | Action::KillServer { .. }
            | Action::Restart { .. }
            | Action::Pause { .. }
            | Action::Resume { .. }
            | Action::Strain { .. }
            | Action::Wait(_)
            | Action::Await(_)
            | Action::Never(_)
            | Action::Together(_) => None,
        }
    };
}

impl Action {
    /// What the answer to a request must be.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Action::Connect { answer, .. }
            | Action::Create { answer, .. }
            | Action::Join { answer, .. }
            | Action::Leave { answer, .. }
            | Action::Destroy { answer, .. }
            | Action::Kick { answer, .. }
            | Action::SetState { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// Whether no answer need come to what is sent.
    pub fn may_go_unanswered(&self) -> bool {
        matches!(
            self,
            Action::Http {
                answered: false,
                ..
            } | Action::SendRaw {
                raw: Raw::Upgrade {
                    answered: false,
                    ..
                },
                ..
            }
        )
    }

    /// Who does it, if somebody does.
    pub fn actor(&self) -> Option<&PeerName> {
        doer!(self)
    }

    /// Shows each name of a peer in it, to be read or changed.
    pub fn each_peer(&mut self, look: &mut impl FnMut(&mut PeerName)) {
        if let Some(other) = self.other_end_mut() {
            other.iter_mut().for_each(&mut *look);
        }
        if let Some(actor) = doer!(&mut *self) {
            look(actor);
        }
        match self {
            Action::Hold(pattern)
            | Action::Release(pattern)
            | Action::Drop(pattern)
            | Action::Duplicate(pattern)
            | Action::Delay { pattern, .. }
            | Action::Reorder { pattern, .. }
            | Action::Corrupt { pattern, .. } => of_pattern(pattern, look),
            Action::Await(condition) => of_condition(condition, look),
            Action::Together(together) => {
                for step in &mut together.steps {
                    step.action.each_peer(look);
                }
            }
            _ => {}
        }
    }
}

fn of_pattern(pattern: &mut Pattern, look: &mut impl FnMut(&mut PeerName)) {
    pattern.from.iter_mut().for_each(&mut *look);
    pattern.to.iter_mut().for_each(look);
}

fn of_condition(condition: &mut Condition, look: &mut impl FnMut(&mut PeerName)) {
    match condition {
        Condition::Hears { peer, from, .. } => {
            look(peer);
            from.iter_mut().for_each(look);
        }
        Condition::Held(pattern) => of_pattern(pattern, look),
        Condition::Connected { peers } => peers.iter_mut().for_each(look),
        Condition::State {
            peer, with: other, ..
        }
        | Condition::Channel {
            peer, with: other, ..
        }
        | Condition::Said {
            peer, from: other, ..
        } => {
            look(peer);
            other.iter_mut().for_each(look);
        }
        Condition::Applied { peer, .. }
        | Condition::Error { peer, .. }
        | Condition::RoomEnded { peer }
        | Condition::Disconnected { peer }
        | Condition::Passes(Sought { peer, .. }) => look(peer),
    }
}
