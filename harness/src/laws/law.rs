//! The laws by name, and what a judgement says.

use std::fmt;

use crate::record::Seq;

/// What must hold in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Law {
    /// 1
    LeavingIsAnnounced,
    /// 2
    OnlyToTheRoom,
    /// 3
    RelayedOnceInOrder,
    /// 4
    RequestsAreAnswered,
    /// 5
    GarbageHarmsNobodyElse,
    /// 6
    EmptyRoomsAreFree,
    /// 7
    NothingLateToNewcomers,
    /// 8
    NothingLeftBehind,
    /// 9
    NewsIsTrue,
    /// 10
    LimitHolds,
    /// 11
    ServerLives,
    /// 12
    PromisedOrder,
}

impl Law {
    /// All of them, by number.
    pub const ALL: [Law; 12] = [
        Law::LeavingIsAnnounced,
        Law::OnlyToTheRoom,
        Law::RelayedOnceInOrder,
        Law::RequestsAreAnswered,
        Law::GarbageHarmsNobodyElse,
        Law::EmptyRoomsAreFree,
        Law::NothingLateToNewcomers,
        Law::NothingLeftBehind,
        Law::NewsIsTrue,
        Law::LimitHolds,
        Law::ServerLives,
        Law::PromisedOrder,
    ];

    /// Those that a trace shows: what [`judge`](super::judge) answers for, in its order.
    pub const OBSERVED: [Law; 9] = [
        Law::LeavingIsAnnounced,
        Law::OnlyToTheRoom,
        Law::RelayedOnceInOrder,
        Law::RequestsAreAnswered,
        Law::NothingLateToNewcomers,
        Law::NewsIsTrue,
        Law::LimitHolds,
        Law::ServerLives,
        Law::PromisedOrder,
    ];

    /// Its number, from 1, as scenario files write it.
    pub fn number(self) -> u8 {
        match self {
            Law::LeavingIsAnnounced => 1,
            Law::OnlyToTheRoom => 2,
            Law::RelayedOnceInOrder => 3,
            Law::RequestsAreAnswered => 4,
            Law::GarbageHarmsNobodyElse => 5,
            Law::EmptyRoomsAreFree => 6,
            Law::NothingLateToNewcomers => 7,
            Law::NothingLeftBehind => 8,
            Law::NewsIsTrue => 9,
            Law::LimitHolds => 10,
            Law::ServerLives => 11,
            Law::PromisedOrder => 12,
        }
    }

    /// The law of a number.
    pub fn from_number(number: u8) -> Option<Law> {
        Law::ALL.into_iter().find(|law| law.number() == number)
    }

    /// What it says, in one sentence.
    pub fn statement(self) -> &'static str {
        match self {
            Law::LeavingIsAnnounced => {
                "who left, by whatever way, is announced once to those who stay, within the declared time"
            }
            Law::OnlyToTheRoom => {
                "nothing is delivered to who has left, nor to another room, nor under another sender's name"
            }
            Law::RelayedOnceInOrder => {
                "what is relayed arrives once, in order per pair, byte for byte"
            }
            Law::RequestsAreAnswered => {
                "every request is answered, a refused one too: silence is not an answer"
            }
            Law::GarbageHarmsNobodyElse => "one peer's garbage never harms another",
            Law::EmptyRoomsAreFree => "a room whose last peer has gone can be created again",
            Law::NothingLateToNewcomers => {
                "a session's late messages never reach the session that replaced it"
            }
            Law::NothingLeftBehind => "what the harness itself started is gone at the end",
            Law::NewsIsTrue => {
                "what is told of who is there was so since the last word of them, and the last word is how it is"
            }
            Law::LimitHolds => {
                "a limit holds, and of those who ask at once for the last place one gets it"
            }
            Law::PromisedOrder => {
                "where promised, news of a stay comes before what its peer relays, and each piece once"
            }
            Law::ServerLives => "the server goes on, whatever its clients send",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {}", self.number())
    }
}

/// One place where a law is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which one.
    pub law: Law,
    /// Where it shows.
    pub event: Seq,
    /// The earlier events that make it a breach, ascending.
    pub because: Vec<Seq>,
    /// For a person: names and kinds, no payloads, nothing that the server wrote.
    pub message: String,
}

/// What a trace says of one law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one.
    pub law: Law,
    /// How often it was put to the test: its premise occurred, and the trace shows how it ended. 0 is "vacuous", not "holds".
    pub premises: usize,
    /// Where it is broken, in the order of the trace.
    pub breaches: Vec<Breach>,
}

impl Finding {
    /// Whether the law was never put to the test.
    pub fn is_vacuous(&self) -> bool {
        self.premises == 0 && self.breaches.is_empty()
    }
}
