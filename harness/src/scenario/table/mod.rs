//! The one table of verbs, conditions and keys. The reader reads by it and the schema is made from it, so they cannot drift.

mod alone;
mod at_once;
mod conditions;
mod file;
mod keys;
mod limits;
mod spec;
mod states;
mod steps;
mod verbs;

pub(crate) use at_once::AT_ONCE;
pub(crate) use conditions::CONDITIONS;
pub(crate) use file::{
    EXPECT_KEYS, FILE, PEER_KEYS, PLACES, PeerShape, RECONNECTS, RESERVED, SEQUENCE_KEYS,
    SEQUENCES_FILE,
};
pub(crate) use keys::WITHIN;
pub(crate) use limits::{
    LAWS, MAX_AT_ONCE, MAX_LINE, MAX_LINES, MAX_MIXES, MAX_NESTED, MAX_NODE, MAX_PARAMETERS,
    MAX_PEERS, MAX_ROOMS, MAX_SEQUENCES, MAX_STEPS, MAX_TAGS, MAX_TEXT, MAX_VALUE, MAX_VARIANTS,
};
pub(crate) use spec::{Demands, KeySpec, Shape, Verb};
pub(crate) use states::STATES;
pub(crate) use steps::{
    AWAIT, AWAIT_ABOUT, ELSEWHERE, GONE, LET_IN, SEQUENCE, TOGETHER, TOGETHER_ABOUT, TOGETHER_KEYS,
    TURNED_AWAY, USE, USE_ABOUT, WAIT, WAIT_ABOUT,
};
pub(crate) use verbs::{condition, verb, verbs};
