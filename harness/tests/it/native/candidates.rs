//! Which candidates a native peer tells, and which it refuses.

use std::collections::HashSet;

use glare::hand::{Command, Happening};
use glare::signaling::Candidate;

use super::peer::{C, Peer};

const FINE: &str = "candidate:1 1 udp 2130706431 192.0.2.99 50000 typ host";

/// A peer with a remote offer, whose media section has the mid and the fragment that come with it.
async fn offered() -> (Peer, String, String) {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    alice.channel("chat").await;
    let offer = alice.set_local().await;
    bob.set_remote(offer).await;
    alice.until_gathered().await;
    let candidate = alice.candidates.pop_front().flatten().expect("a candidate");
    let mid = candidate.sdp_mid.expect("a mid");
    let ufrag = candidate.username_fragment.expect("a fragment");
    (bob, mid, ufrag)
}

fn add(candidate: Candidate) -> Command {
    Command::AddCandidate {
        conn: C,
        candidate: Some(candidate),
    }
}

fn fine(mid: &str) -> Candidate {
    Candidate {
        candidate: FINE.into(),
        sdp_mid: Some(mid.into()),
        sdp_mline_index: Some(0),
        username_fragment: None,
    }
}

/// Where nobody says which, loopback is the last that is taken.
#[tokio::test]
async fn a_peer_gathers_the_address_that_it_is_told_alone() {
    let mut alice = Peer::start_at(Some([127, 0, 0, 1].into())).await;
    alice.channel("chat").await;
    alice.set_local().await;
    alice.until_gathered().await;
    let gathered: Vec<_> = alice.candidates.iter().flatten().collect();
    assert_eq!(gathered.len(), 1, "{gathered:?}");
    assert!(
        gathered[0].candidate.contains(" 127.0.0.1 "),
        "{gathered:?}"
    );
}

#[tokio::test]
async fn local_candidates_name_their_section_and_generation_and_end_once() {
    let mut alice = Peer::start().await;
    alice.channel("chat").await;
    let offer = alice.set_local().await;
    alice.until_gathered().await;
    // A second description of the same generation gathers nothing new.
    alice.set_local().await;
    alice.ok(Command::Stats { conn: C }).await;
    let ends = alice.count(|h| {
        matches!(
            h,
            Happening::Candidate {
                candidate: None,
                ..
            }
        )
    });
    assert_eq!(ends, 1);
    let candidates: Vec<_> = alice.candidates.iter().flatten().collect();
    assert!(!candidates.is_empty());
    let distinct: HashSet<_> = candidates.iter().map(|c| &c.candidate).collect();
    assert_eq!(distinct.len(), candidates.len());
    for candidate in candidates {
        assert_eq!(candidate.sort(), "host/udp");
        let mid = candidate.sdp_mid.as_deref().expect("a mid");
        assert!(!mid.is_empty() && offer.sdp.contains(&format!("a=mid:{mid}\r\n")));
        assert_eq!(candidate.sdp_mline_index, Some(0));
        let ufrag = candidate.username_fragment.as_deref().expect("a fragment");
        assert!(offer.sdp.contains(&format!("a=ice-ufrag:{ufrag}\r\n")));
    }
}

#[tokio::test]
async fn a_candidate_before_the_description_is_refused_in_the_crates_words() {
    let mut alice = Peer::start().await;
    let refusal = alice.refusal(add(fine("0"))).await;
    assert_eq!(
        refusal,
        "ErrNoRemoteDescription: remote description is not set"
    );
}

#[tokio::test]
async fn a_fine_candidate_is_taken_by_mid_or_by_index() {
    let (mut bob, mid, ufrag) = offered().await;
    bob.ok(add(Candidate {
        username_fragment: Some(ufrag),
        ..fine(&mid)
    }))
    .await;
    bob.ok(add(Candidate {
        sdp_mid: None,
        ..fine(&mid)
    }))
    .await;
    bob.ok(add(Candidate {
        sdp_mid: Some(String::new()),
        ..fine(&mid)
    }))
    .await;
}

#[tokio::test]
async fn an_unknown_section_is_refused() {
    let (mut bob, mid, _) = offered().await;
    let refusal = bob.refusal(add(fine("no-such-mid"))).await;
    assert_eq!(refusal, "OperationError: Unknown mid: \"no-such-mid\"");
    let index = Candidate {
        sdp_mid: None,
        sdp_mline_index: Some(1),
        ..fine(&mid)
    };
    let refusal = bob.refusal(add(index)).await;
    assert_eq!(refusal, "OperationError: sdpMLineIndex 1 is out of range");
    let neither = Candidate {
        sdp_mid: None,
        sdp_mline_index: None,
        ..fine(&mid)
    };
    assert!(bob.refusal(add(neither)).await.starts_with("TypeError: "));
}

#[tokio::test]
async fn a_wrong_fragment_is_refused() {
    let (mut bob, mid, _) = offered().await;
    let wrong = Candidate {
        username_fragment: Some("wrong".into()),
        ..fine(&mid)
    };
    assert_eq!(
        bob.refusal(add(wrong)).await,
        "OperationError: Unknown ufrag (wrong)"
    );
}

#[tokio::test]
async fn garbage_is_refused() {
    let (mut bob, mid, _) = offered().await;
    for garbage in [
        "garbage",
        "candidate:",
        "candidate:1 1 udp x 192.0.2.99 1 typ host",
        "\u{202e}",
    ] {
        let candidate = Candidate {
            candidate: garbage.into(),
            ..fine(&mid)
        };
        let refusal = bob.refusal(add(candidate)).await;
        assert!(!refusal.is_empty(), "{garbage:?}");
    }
}

#[tokio::test]
async fn a_candidate_after_close_is_refused() {
    let (mut bob, mid, _) = offered().await;
    bob.ok(Command::CloseConnection { conn: C }).await;
    assert!(
        bob.refusal(add(fine(&mid)))
            .await
            .starts_with("InvalidStateError: ")
    );
}

#[tokio::test]
async fn the_end_of_candidates_is_taken() {
    let (mut bob, mid, _) = offered().await;
    bob.ok(add(Candidate {
        candidate: String::new(),
        ..fine(&mid)
    }))
    .await;
    bob.ok(Command::AddCandidate {
        conn: C,
        candidate: None,
    })
    .await;
}
