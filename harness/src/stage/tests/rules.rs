//! What becomes of messages that meet a fault.

use super::super::rules::{Decision, Fault, Held, Rules};
use super::peer;
use crate::names::{Link, PeerName};
use crate::record::Seq;
use crate::scenario::Pattern;
use crate::signaling::Kind;
use crate::tap::Passing;
use crate::terms::{Carrier, Direction};

fn pattern(message: Kind, from: Option<&str>, to: Option<&str>) -> Pattern {
    Pattern {
        message,
        from: from.map(peer),
        to: to.map(peer),
        nth: None,
    }
}

/// A word at Alice's tap, on her first line.
fn decide(rules: &Rules, seq: Seq, direction: Direction, kind: Kind) -> Decision {
    decide_at(rules, seq, "alice", (1, direction), kind)
}

fn decide_at(
    rules: &Rules,
    seq: Seq,
    at: &str,
    (link, direction): (u32, Direction),
    kind: Kind,
) -> Decision {
    let (peer, bob): (PeerName, PeerName) = (peer(at), peer("bob"));
    let passing = Passing {
        link,
        direction,
        carrier: Carrier::Text,
        data: b"x",
        text: Some("x"),
        head: "",
        truncated: false,
        swallowed: false,
    };
    let held = |seq| Held {
        peer: peer.clone(),
        id: (u64::from(link) << 32) | seq,
        link: Link {
            peer: peer.clone(),
            instance: link,
        },
        direction,
        seq,
        mark: 0,
    };
    rules.decide(&peer, &passing, Some((kind, Some(&bob))), |_| seq, held)
}

fn behind(decision: &Decision) -> Option<Seq> {
    decision.behind.as_ref().map(|held| held.seq)
}

#[test]
fn what_is_reordered_goes_behind_the_next_word_that_goes() {
    let rules = Rules::default();
    rules.place(
        pattern(Kind::Offer, Some("alice"), None),
        Fault::Reorder(None),
    );
    let mut first = pattern(Kind::Candidate, Some("alice"), None);
    first.nth = Some(1);
    rules.place(first, Fault::Drop);
    let offer = decide(&rules, 1, Direction::Up, Kind::Offer);
    assert_eq!(
        (offer.fault, behind(&offer)),
        (Some(Fault::Reorder(None)), None)
    );
    let dropped = decide(&rules, 2, Direction::Up, Kind::Candidate);
    assert_eq!((dropped.fault, behind(&dropped)), (Some(Fault::Drop), None));
    // The harness's own, another way, another line, another peer.
    assert_eq!(behind(&decide(&rules, 3, Direction::Up, Kind::Fence)), None);
    assert_eq!(
        behind(&decide(&rules, 4, Direction::Down, Kind::Answer)),
        None
    );
    for (at, link) in [("alice", 2), ("carol", 1)] {
        let other = decide_at(&rules, 5, at, (link, Direction::Up), Kind::Candidate);
        assert_eq!(behind(&other), None, "{at} {link}");
    }
    assert_eq!(
        behind(&decide(&rules, 6, Direction::Up, Kind::Candidate)),
        Some(1)
    );
    assert_eq!(
        behind(&decide(&rules, 7, Direction::Up, Kind::Candidate)),
        None,
        "once"
    );
    assert!(rules.unfollowed().is_empty());
}

#[test]
fn what_is_reordered_behind_a_kind_waits_for_it_and_goes_behind_what_is_delayed() {
    let rules = Rules::default();
    let wanted = Fault::Reorder(Some(Kind::Candidate));
    let delay = Fault::Delay(std::time::Duration::from_secs(1));
    rules.place(pattern(Kind::Offer, Some("alice"), None), wanted);
    rules.place(pattern(Kind::Candidate, Some("alice"), None), delay);
    decide(&rules, 1, Direction::Up, Kind::Offer);
    assert_eq!(
        behind(&decide(&rules, 2, Direction::Up, Kind::Answer)),
        None
    );
    let delayed = decide(&rules, 3, Direction::Up, Kind::Candidate);
    assert_eq!((delayed.fault, behind(&delayed)), (Some(delay), Some(1)));
}

#[test]
fn a_release_is_of_one_receiver_sender_and_word() {
    let rules = Rules::default();
    let targets = [
        (Kind::Answer, None, Some("alice")),
        (Kind::Answer, None, Some("carol")),
        (Kind::Answer, Some("bob"), Some("dave")),
        (Kind::Offer, None, Some("alice")),
    ]
    .map(|(kind, from, to)| pattern(kind, from, to));
    for target in &targets {
        rules.place(target.clone(), Fault::Hold);
    }
    for (seq, at, kind) in [
        (1, "carol", Kind::Answer),
        (2, "alice", Kind::Offer),
        (3, "dave", Kind::Answer),
        (4, "alice", Kind::Answer),
        (5, "alice", Kind::Answer),
    ] {
        let held = decide_at(&rules, seq, at, (1, Direction::Down), kind);
        assert_eq!(held.fault, Some(Fault::Hold));
    }
    let released = |target: &Pattern| -> Vec<Seq> {
        rules.release(target).iter().map(|held| held.seq).collect()
    };
    let [to_alice, to_carol, from_bob, offer] = targets;
    let nobody = pattern(Kind::Answer, None, Some("dave"));
    assert!(released(&nobody).is_empty());
    assert_eq!(released(&to_alice), [4, 5]);
    assert!(released(&to_alice).is_empty(), "once");
    assert_eq!(released(&to_carol), [1]);
    assert_eq!(released(&from_bob), [3]);
    assert_eq!(released(&offer), [2]);
    // Nothing is held by it any more.
    let free = decide_at(&rules, 6, "alice", (1, Direction::Down), Kind::Answer);
    assert_eq!(free.fault, None);
}
