//! Steps of who is put out of a room, and of what somebody shows of himself.

use super::Values;
use crate::scenario::model::Action;

pub(crate) fn kick(v: &Values) -> Option<Action> {
    Some(Action::Kick {
        peer: v.peer("peer")?,
        whom: v.peer("whom")?,
        answer: v.answer(),
    })
}

pub(crate) fn set_state(v: &Values) -> Option<Action> {
    Some(Action::SetState {
        peer: v.peer("peer")?,
        state: v.text("state")?,
        answer: v.answer(),
    })
}
