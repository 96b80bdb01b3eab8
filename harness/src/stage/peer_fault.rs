//! Faults that can be planted in the harness's own peers, by name: what a client gets wrong. Only to see scenarios fail.

use std::fmt;
use std::str::FromStr;

/// One way in which the peers of a case can be made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerFault {
    /// Candidates that come before their description go to the stack at once.
    AppliesCandidatesEarly,
    /// Candidates of the other side are thrown away.
    DropsCandidates,
    /// Every answer is sent twice.
    AnswersTwice,
    /// A goodbye changes nothing.
    IgnoresBye,
    /// Whose offer meets another one insists on its own, whoever it is.
    OffersOnGlareAndNeverRollsBack,
    /// Whoever comes back is met with the connection of the time before.
    KeepsOldConnection,
    /// The end of the candidates is not told.
    NoEndOfCandidates,
    /// A message that it does not understand ends its connection to the server.
    ChokesOnTheUnknown,
    /// The case is over, and the tap goes on.
    StaysOnStage,
}

impl PeerFault {
    /// Every fault, in the order in which they are listed.
    pub const ALL: &'static [PeerFault] = &[
        PeerFault::AppliesCandidatesEarly,
        PeerFault::DropsCandidates,
        PeerFault::AnswersTwice,
        PeerFault::IgnoresBye,
        PeerFault::OffersOnGlareAndNeverRollsBack,
        PeerFault::KeepsOldConnection,
        PeerFault::NoEndOfCandidates,
        PeerFault::ChokesOnTheUnknown,
        PeerFault::StaysOnStage,
    ];

    /// The name as scenario files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            PeerFault::AppliesCandidatesEarly => "applies-candidates-early",
            PeerFault::DropsCandidates => "drops-candidates",
            PeerFault::AnswersTwice => "answers-twice",
            PeerFault::IgnoresBye => "ignores-bye",
            PeerFault::OffersOnGlareAndNeverRollsBack => "offers-on-glare-and-never-rolls-back",
            PeerFault::KeepsOldConnection => "keeps-old-connection",
            PeerFault::NoEndOfCandidates => "no-end-of-candidates",
            PeerFault::ChokesOnTheUnknown => "chokes-on-the-unknown",
            PeerFault::StaysOnStage => "stays-on-stage",
        }
    }
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PeerFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        PeerFault::ALL
            .iter()
            .copied()
            .find(|fault| fault.as_str() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = PeerFault::ALL.iter().map(|fault| fault.as_str()).collect();
                format!(
                    "`{text}` is no fault of a peer: expected {}",
                    names.join(", ")
                )
            })
    }
}
