//! What the taps gather of steps that begin together: the first message that each of them sends.

use std::sync::Mutex;

use tokio::sync::Notify;

use crate::lock::lock;
use crate::names::PeerName;
use crate::record::Seq;
use crate::tap::HoldId;

/// The steps whose first messages are gathered now; none most of the time.
#[derive(Default)]
pub(super) struct Gathering {
    wanted: Mutex<Vec<Wanted>>,
    changed: Notify,
}

/// One of these steps.
struct Wanted {
    /// Its event.
    step: Seq,
    peer: PeerName,
    /// It begins with the request for a connection, not with a message.
    connects: bool,
    caught: Option<Caught>,
}

/// Its first message is at the tap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caught {
    /// What lets it go; `None` if another step's fault has it.
    pub hold: Option<HoldId>,
    /// How many of these steps' messages came to the taps before it.
    pub nth: usize,
}

impl Gathering {
    /// Begins to gather.
    pub fn begin(&self, steps: impl Iterator<Item = (Seq, PeerName, bool)>) {
        *lock(&self.wanted) = steps
            .map(|(step, peer, connects)| Wanted {
                step,
                peer,
                connects,
                caught: None,
            })
            .collect();
    }

    /// From here on everything passes.
    pub fn end(&self) {
        lock(&self.wanted).clear();
    }

    /// What the first message of a step is kept by, once it is at its tap.
    pub fn caught(&self, step: Seq) -> Option<Caught> {
        let wanted = lock(&self.wanted);
        wanted.iter().find(|one| one.step == step)?.caught
    }

    /// Something came to a tap since the last call that this answers.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A message of this peer, because of what `led` tells: whether it is one to be gathered. `hold` is what lets it go.
    pub fn catch(&self, peer: &PeerName, hold: Option<HoldId>, led: impl Fn(Seq) -> bool) -> bool {
        self.take(hold, |one| {
            !one.connects && one.peer == *peer && led(one.step)
        })
    }

    /// A request of this peer for a connection: whether it is one to be gathered.
    pub fn catch_upgrade(&self, peer: &PeerName, hold: HoldId) -> bool {
        self.take(Some(hold), |one| one.connects && one.peer == *peer)
    }

    fn take(&self, hold: Option<HoldId>, is: impl Fn(&Wanted) -> bool) -> bool {
        let mut wanted = lock(&self.wanted);
        let nth = wanted.iter().filter(|one| one.caught.is_some()).count();
        let Some(one) = wanted
            .iter_mut()
            .find(|one| one.caught.is_none() && is(one))
        else {
            return false;
        };
        one.caught = Some(Caught { hold, nth });
        self.changed.notify_one();
        true
    }
}

/// The places from 0 to `count` in an order that a seed draws (splitmix64, Fisher and Yates); in their own without one.
pub(super) fn drawn(count: usize, seed: Option<u64>) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    let Some(mut state) = seed else {
        return places;
    };
    for at in (1..count).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        places.swap(at, (z % (at as u64 + 1)) as usize);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_seed_the_order_is_that_of_the_file() {
        assert_eq!(drawn(4, None), [0, 1, 2, 3]);
    }

    #[test]
    fn seeds_that_follow_each_other_draw_every_order_equally_often() {
        let mut drawings = std::collections::BTreeMap::new();
        for seed in 0..600 {
            *drawings.entry(drawn(3, Some(seed))).or_insert(0) += 1;
        }
        assert_eq!(drawings.len(), 6, "{drawings:?}");
        assert!(
            drawings.values().all(|times| (60..140).contains(times)),
            "{drawings:?}"
        );
        assert_eq!(drawn(9, Some(7)), drawn(9, Some(7)));
    }

    #[test]
    fn a_step_is_caught_once_by_its_own_peer_and_for_its_own_sake() {
        let (bob, carol) = (PeerName::new("bob"), PeerName::new("carol"));
        let gathering = Gathering::default();
        let steps = [(5, bob.clone(), false), (6, carol.clone(), true)];
        gathering.begin(steps.into_iter());
        assert!(!gathering.catch(&bob, Some(1), |step| step == 6));
        assert!(!gathering.catch(&carol, Some(1), |step| step == 5));
        assert!(gathering.catch(&bob, Some(1), |step| step == 5));
        assert!(!gathering.catch(&bob, Some(2), |step| step == 5));
        assert!(gathering.catch_upgrade(&carol, 3));
        let caught = gathering.caught(6).unwrap();
        assert_eq!((caught.hold, caught.nth), (Some(3), 1));
        gathering.end();
        assert!(!gathering.catch(&bob, Some(1), |step| step == 5));
    }
}
