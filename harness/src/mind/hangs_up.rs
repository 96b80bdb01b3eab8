//! Planted faults of a client that says goodbye for no good reason: what it hears comes late, comes again, or does not come.
//!
//! They stand beside the mind: one that does right has no clock, and need not remember what it has heard.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;
use std::time::{Duration, Instant};

use super::input::Input;
use crate::hand::PeerFault;
use crate::names::PeerName;
use crate::signaling::Signal;

/// What comes later than this after what was heard before, or after the request to be let in, is late for such a client.
const PATIENCE: Duration = Duration::from_millis(100);

/// A client that hangs up, on each peer once.
#[derive(Debug)]
pub struct HangsUp {
    on: On,
    /// On whom it has hung up.
    done: BTreeSet<PeerName>,
}

/// What it cannot bear, and what it has to remember for that.
#[derive(Debug)]
enum On {
    /// When it last heard something, or asked to be let in.
    Late {
        last: Instant,
    },
    /// What it has heard of whom; `None` is news.
    Again {
        heard: Vec<(PeerName, Option<Signal>)>,
    },
    Missing {
        counts: BTreeMap<PeerName, Counts>,
    },
}

/// What has been between it and one other.
#[derive(Debug, Default)]
struct Counts {
    /// The server has told that this one is there.
    told: bool,
    /// Signals.
    sent: usize,
    heard: usize,
    /// This one has spoken through a channel: by now nothing should be missing.
    speaks: bool,
}

impl Counts {
    /// Each side has as much to say: a description, its candidates, their end.
    fn lacks(&self) -> bool {
        self.speaks && (!self.told || self.heard < self.sent)
    }
}

impl HangsUp {
    /// A client with this fault that begins now, if the fault is one of these.
    pub fn of(fault: Option<PeerFault>, now: Instant) -> Option<Self> {
        let on = match fault? {
            PeerFault::HangsUpOnWhoIsLate => On::Late { last: now },
            PeerFault::HangsUpOnWhoRepeats => On::Again { heard: Vec::new() },
            PeerFault::HangsUpOnWhoOmits => On::Missing {
                counts: BTreeMap::new(),
            },
            _ => return None,
        };
        let done = BTreeSet::new();
        Some(Self { on, done })
    }

    /// It takes this in now. To whom it says goodbye because of that.
    pub fn takes(&mut self, input: &Input, now: Instant) -> Vec<PeerName> {
        let (of, signal) = match input {
            Input::Joining { .. } => {
                if let On::Late { last } = &mut self.on {
                    *last = now;
                }
                return Vec::new();
            }
            Input::Joined { inside, .. } => (inside.as_slice(), None),
            Input::Came { peer, .. } => (from_ref(peer), None),
            Input::Signal { from, signal, .. } => (from_ref(from), Some(signal)),
            _ => return Vec::new(),
        };
        let unbearable = match &mut self.on {
            On::Late { last } => {
                let waited = now.duration_since(std::mem::replace(last, now));
                match waited > PATIENCE {
                    true => of.to_vec(),
                    false => Vec::new(),
                }
            }
            On::Again { heard } => {
                let one = |peer: &PeerName| (peer.clone(), signal.cloned());
                let (again, new): (Vec<_>, Vec<_>) =
                    of.iter().map(one).partition(|one| heard.contains(one));
                heard.extend(new);
                again.into_iter().map(|(peer, _)| peer).collect()
            }
            On::Missing { counts } => {
                let mut lacking = of.to_vec();
                lacking.retain(|peer| {
                    let counts = counts.entry(peer.clone()).or_default();
                    match signal {
                        Some(_) => counts.heard += 1,
                        None => counts.told = true,
                    }
                    counts.lacks()
                });
                lacking
            }
        };
        let mut hung_up = unbearable;
        hung_up.retain(|peer| self.done.insert(peer.clone()));
        hung_up
    }

    /// It sends this one a signal. Whether it says goodbye then.
    pub fn sends(&mut self, to: &PeerName) -> bool {
        self.counts(to, |counts| counts.sent += 1)
    }

    /// This one speaks through a channel. Whether it says goodbye then.
    pub fn is_spoken_to(&mut self, by: &PeerName) -> bool {
        self.counts(by, |counts| counts.speaks = true)
    }

    fn counts(&mut self, peer: &PeerName, count: impl FnOnce(&mut Counts)) -> bool {
        let On::Missing { counts } = &mut self.on else {
            return false;
        };
        let counts = counts.entry(peer.clone()).or_default();
        count(counts);
        counts.lacks() && self.done.insert(peer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::Candidate;

    fn bob() -> PeerName {
        PeerName::new("bob")
    }

    fn came() -> Input {
        let (peer, heard) = (bob(), 0);
        Input::Came { peer, heard }
    }

    fn signal(signal: Signal) -> Input {
        let (from, heard) = (bob(), 0);
        Input::Signal {
            from,
            signal,
            heard,
        }
    }

    fn candidate(text: &str) -> Input {
        let candidate = Candidate {
            candidate: text.into(),
            ..Candidate::default()
        };
        signal(Signal::Candidate { candidate })
    }

    fn client(fault: PeerFault, now: Instant) -> HangsUp {
        HangsUp::of(Some(fault), now).expect("one of these faults")
    }

    #[test]
    fn who_is_late_is_left_and_who_is_in_time_is_not() {
        let start = Instant::now();
        let mut client = client(PeerFault::HangsUpOnWhoIsLate, start);
        let after = |ms| start + Duration::from_millis(ms);
        assert!(client.takes(&came(), after(90)).is_empty());
        assert!(
            client
                .takes(&signal(Signal::EndOfCandidates), after(180))
                .is_empty()
        );
        // It is its own request that is answered in time.
        assert!(
            client
                .takes(&Input::Joining { offers: None }, after(900))
                .is_empty()
        );
        assert!(client.takes(&came(), after(950)).is_empty());
        assert_eq!(client.takes(&signal(Signal::Bye), after(1100)), [bob()]);
        // Once is enough.
        assert!(client.takes(&signal(Signal::Bye), after(1900)).is_empty());
    }

    #[test]
    fn who_says_the_same_again_is_left_and_who_says_something_like_it_is_not() {
        let now = Instant::now();
        let mut client = client(PeerFault::HangsUpOnWhoRepeats, now);
        assert!(client.takes(&came(), now).is_empty());
        assert!(client.takes(&candidate("candidate:1"), now).is_empty());
        assert!(client.takes(&candidate("candidate:2"), now).is_empty());
        assert_eq!(client.takes(&candidate("candidate:1"), now), [bob()]);
    }

    #[test]
    fn who_has_said_less_is_left_once_he_speaks_and_not_before() {
        let now = Instant::now();
        let mut client = client(PeerFault::HangsUpOnWhoOmits, now);
        assert!(client.takes(&came(), now).is_empty());
        assert!(!client.sends(&bob()));
        assert!(!client.sends(&bob()));
        assert!(client.takes(&candidate("candidate:1"), now).is_empty());
        assert!(client.is_spoken_to(&bob()));

        let mut client = self::client(PeerFault::HangsUpOnWhoOmits, now);
        assert!(!client.sends(&bob()));
        assert!(client.takes(&came(), now).is_empty());
        assert!(client.takes(&candidate("candidate:1"), now).is_empty());
        assert!(!client.is_spoken_to(&bob()));
        // What it has yet to say counts as well.
        assert!(client.sends(&bob()));
    }

    #[test]
    fn who_was_never_told_of_is_left_once_he_speaks() {
        let now = Instant::now();
        let mut client = client(PeerFault::HangsUpOnWhoOmits, now);
        assert!(client.takes(&candidate("candidate:1"), now).is_empty());
        assert!(client.is_spoken_to(&bob()));
    }
}
