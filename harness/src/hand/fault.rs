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
    /// Each offer is made on a connection of its own.
    OffersOnANewConnection,
    /// A second offer does not wait for the answer to the first, which is then taken for its own.
    OffersBeforeTheAnswer,
    /// An offer is sent when its candidates have been sent.
    OffersBehindItsCandidates,
    /// Each offer is answered on a connection of its own: one side renegotiates, the other begins anew.
    AnswersOnANewConnection,
    /// Whose offer meets another one gives way, whoever it is: both do.
    AlwaysYields,
    /// An offer is ignored, and its candidates are not.
    AddsCandidatesOfIgnoredOffers,
    /// Candidates that come before their description are forgotten.
    ForgetsEarlyCandidates,
    /// A description that its stack refuses ends the connection.
    GivesUpOnARefusal,
    /// The end of the line to the server ends the connections to the other peers.
    DiesWithItsLine,
    /// Who has gone is not heard any more, and comes in vain.
    NeverMeetsAgain,
    /// It begins to listen on a channel only behind the first message.
    LosesTheFirstMessage,
    /// It restarts ICE, and offers nothing new.
    RestartsWithoutAnOffer,
    /// It dials again when its line is lost, and does not go back into its room.
    NeverRejoins,
    /// It should offer to whoever comes in, and waits for his offer.
    NeverOffersAsInsider,
    /// Who gives way when two offers collide goes by the names, whatever was agreed on.
    PoliteByName,
    /// It hears that somebody went, and keeps the connection to that one for ever.
    NeverCleansUp,
    /// News of a coming that is late ends what was begun with the one who came.
    TakesLateNewsForAnother,
    /// That a channel has closed passes unnoticed.
    MissesAChannelsClose,
    /// That its connection is `disconnected` passes unnoticed.
    MissesTheDisconnect,
    /// That its stack has refused a description of the other side passes unnoticed.
    PassesOverRefusals,
    /// What a step has it do is done, even if its stack refused.
    TakesNoForYes,
    /// It does not take its own offer back, and says that it did.
    KeepsItsOwnOffer,
    /// It does not take the other side's offer back, and says that it did.
    KeepsTheOthersOffer,
    /// Who sends a candidate before a description is not heard any more.
    ShunsWhoIsEarly,
    /// It says goodbye to whoever it has to wait for, though not for long.
    HangsUpOnWhoIsLate,
    /// It says goodbye to whoever it hears the same of again.
    HangsUpOnWhoRepeats,
    /// It says goodbye to whoever talks to it and was not announced, or has sent it fewer signals than it has sent.
    HangsUpOnWhoOmits,
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
        PeerFault::OffersOnANewConnection,
        PeerFault::OffersBeforeTheAnswer,
        PeerFault::OffersBehindItsCandidates,
        PeerFault::AnswersOnANewConnection,
        PeerFault::AlwaysYields,
        PeerFault::AddsCandidatesOfIgnoredOffers,
        PeerFault::ForgetsEarlyCandidates,
        PeerFault::GivesUpOnARefusal,
        PeerFault::DiesWithItsLine,
        PeerFault::NeverMeetsAgain,
        PeerFault::LosesTheFirstMessage,
        PeerFault::RestartsWithoutAnOffer,
        PeerFault::NeverRejoins,
        PeerFault::NeverOffersAsInsider,
        PeerFault::PoliteByName,
        PeerFault::NeverCleansUp,
        PeerFault::TakesLateNewsForAnother,
        PeerFault::MissesAChannelsClose,
        PeerFault::MissesTheDisconnect,
        PeerFault::PassesOverRefusals,
        PeerFault::TakesNoForYes,
        PeerFault::KeepsItsOwnOffer,
        PeerFault::KeepsTheOthersOffer,
        PeerFault::ShunsWhoIsEarly,
        PeerFault::HangsUpOnWhoIsLate,
        PeerFault::HangsUpOnWhoRepeats,
        PeerFault::HangsUpOnWhoOmits,
        PeerFault::StaysOnStage,
    ];

    /// Their names, in that order.
    pub const NAMES: &'static [&'static str] = &{
        let mut names = [""; PeerFault::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = PeerFault::ALL[at].as_str();
            at += 1;
        }
        names
    };

    /// Whether it shows on the line to the server, so that one without a connection can have it.
    pub const fn is_of_the_line(self) -> bool {
        matches!(
            self,
            PeerFault::ChokesOnTheUnknown | PeerFault::NeverRejoins | PeerFault::StaysOnStage
        )
    }

    /// The name as scenario files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            PeerFault::AppliesCandidatesEarly => "applies-candidates-early",
            PeerFault::DropsCandidates => "drops-candidates",
            PeerFault::AnswersTwice => "answers-twice",
            PeerFault::IgnoresBye => "ignores-bye",
            PeerFault::OffersOnGlareAndNeverRollsBack => "offers-on-glare-and-never-rolls-back",
            PeerFault::KeepsOldConnection => "keeps-old-connection",
            PeerFault::NoEndOfCandidates => "no-end-of-candidates",
            PeerFault::ChokesOnTheUnknown => "chokes-on-the-unknown",
            PeerFault::OffersOnANewConnection => "offers-on-a-new-connection",
            PeerFault::OffersBeforeTheAnswer => "offers-before-the-answer",
            PeerFault::OffersBehindItsCandidates => "offers-behind-its-candidates",
            PeerFault::AnswersOnANewConnection => "answers-on-a-new-connection",
            PeerFault::AlwaysYields => "always-yields",
            PeerFault::AddsCandidatesOfIgnoredOffers => "adds-candidates-of-ignored-offers",
            PeerFault::ForgetsEarlyCandidates => "forgets-early-candidates",
            PeerFault::GivesUpOnARefusal => "gives-up-on-a-refusal",
            PeerFault::DiesWithItsLine => "dies-with-its-line",
            PeerFault::NeverMeetsAgain => "never-meets-again",
            PeerFault::LosesTheFirstMessage => "loses-the-first-message",
            PeerFault::RestartsWithoutAnOffer => "restarts-without-an-offer",
            PeerFault::NeverRejoins => "never-rejoins",
            PeerFault::NeverOffersAsInsider => "never-offers-as-insider",
            PeerFault::PoliteByName => "polite-by-name",
            PeerFault::NeverCleansUp => "never-cleans-up",
            PeerFault::TakesLateNewsForAnother => "takes-late-news-for-another",
            PeerFault::MissesAChannelsClose => "misses-a-channels-close",
            PeerFault::MissesTheDisconnect => "misses-the-disconnect",
            PeerFault::PassesOverRefusals => "passes-over-refusals",
            PeerFault::TakesNoForYes => "takes-no-for-yes",
            PeerFault::KeepsItsOwnOffer => "keeps-its-own-offer",
            PeerFault::KeepsTheOthersOffer => "keeps-the-others-offer",
            PeerFault::ShunsWhoIsEarly => "shuns-who-is-early",
            PeerFault::HangsUpOnWhoIsLate => "hangs-up-on-who-is-late",
            PeerFault::HangsUpOnWhoRepeats => "hangs-up-on-who-repeats",
            PeerFault::HangsUpOnWhoOmits => "hangs-up-on-who-omits",
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
                format!(
                    "`{text}` is no fault of a peer: expected {}",
                    PeerFault::NAMES.join(", ")
                )
            })
    }
}
