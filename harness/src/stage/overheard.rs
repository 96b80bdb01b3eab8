//! A page of the user's as its tap hears it: why it says what it says, as far as that is certain, and what it hears.
//!
//! Nothing but the tap and the observer tells of a page. What it asks for comes of what its user did last; an offer of the word that its addressee
//! is there, and of what its user has done since; an answer of the offer that came. Candidates follow their description, and what nobody
//! understands has no cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::lock::lock;
use crate::names::PeerName;
use crate::record::Seq;
use crate::signaling::sdp::fingerprints;
use crate::signaling::{DescriptionKind, Kind, Notice, Signal, Word};

/// So many descriptions that came are remembered: those of what a page still takes in.
const MOST: usize = 64;

/// What the tap knows of a page.
#[derive(Default)]
pub(super) struct Overheard(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// The step in which its user did something last.
    step: Option<Seq>,
    /// The last word that somebody is there, by whom it is about.
    there: BTreeMap<PeerName, Seq>,
    /// The last offer of each.
    offers: BTreeMap<PeerName, Seq>,
    /// Descriptions that came, oldest first.
    came: Vec<(Kind, BTreeSet<String>, Seq)>,
}

impl Overheard {
    /// Its user does something, in this step.
    pub fn acts(&self, step: Seq) {
        lock(&self.0).step = Some(step);
    }

    /// Why it says this.
    pub fn why(&self, word: Option<&Word>, about: Option<&PeerName>) -> Vec<Seq> {
        let inner = lock(&self.0);
        let of = |seqs: &BTreeMap<PeerName, Seq>| about.and_then(|about| seqs.get(about)).copied();
        let causes = match word {
            Some(Word::Request { .. }) => [inner.step, None],
            Some(Word::Signal { signal, .. }) => match signal {
                Signal::Offer { .. } => {
                    let there = of(&inner.there);
                    [
                        there,
                        inner
                            .step
                            .filter(|step| there.is_none_or(|there| there < *step)),
                    ]
                }
                Signal::Answer { .. } => [of(&inner.offers), None],
                Signal::Bye => [inner.step, None],
                Signal::Candidate { .. } | Signal::EndOfCandidates => [None, None],
            },
            Some(Word::Notice { .. }) | None => [None, None],
        };
        causes.into_iter().flatten().collect()
    }

    /// The message that brought it a description of this kind with this certificate, the newest.
    pub fn brought(&self, kind: DescriptionKind, certificate: &str) -> Option<Seq> {
        let kind = match kind {
            DescriptionKind::Offer => Kind::Offer,
            DescriptionKind::Answer | DescriptionKind::Pranswer => Kind::Answer,
            DescriptionKind::Rollback => return None,
        };
        let inner = lock(&self.0);
        let mut newest = inner.came.iter().rev();
        let found = newest.find(|(of, names, _)| *of == kind && names.contains(certificate));
        found.map(|(.., seq)| *seq)
    }

    /// It hears this word, told by this event.
    pub fn hears(
        &self,
        word: &Word,
        about: Option<&PeerName>,
        seq: Seq,
        peer: impl Fn(&str) -> Option<PeerName>,
    ) {
        let mut inner = lock(&self.0);
        match word {
            Word::Notice {
                notice: Notice::Joined { with, .. },
            } => {
                let with = with.iter().filter_map(|id| peer(id));
                inner.there.extend(with.map(|name| (name, seq)));
            }
            Word::Notice {
                notice: Notice::PeerJoined { .. },
            } => inner.there.extend(about.map(|about| (about.clone(), seq))),
            Word::Signal {
                signal: Signal::Offer { sdp } | Signal::Answer { sdp },
                ..
            } => {
                if word.kind() == Kind::Offer {
                    inner.offers.extend(about.map(|about| (about.clone(), seq)));
                }
                if inner.came.len() == MOST {
                    inner.came.remove(0);
                }
                inner.came.push((word.kind(), fingerprints(sdp), seq));
            }
            _ => {}
        }
    }
}
