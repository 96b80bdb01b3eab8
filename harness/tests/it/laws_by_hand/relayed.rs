//! Law 3: what is relayed arrives once, in order and unaltered; what was refused, or was for a session that is over, is no loss.

use super::*;

#[test]
fn what_arrives_once_in_order_keeps_law_3() {
    let (mut b, alice, bob) = pair();
    for n in 0..5 {
        relay(&mut b, &alice, &bob, &candidate(n));
        relay(&mut b, &alice, &bob, &Signal::EndOfCandidates);
    }
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::RelayedOnceInOrder, &terms()).premises,
        10
    );
}

#[test]
fn what_arrives_twice_breaks_law_3() {
    let (mut b, alice, bob) = pair();
    relay(&mut b, &alice, &bob, &offer("o"));
    let again = b.down(&bob, "alice", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(3, again)]);
}

#[test]
fn what_is_overtaken_breaks_law_3() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    b.up(&alice, "bob", candidate(1), Fate::Passed, &[]);
    b.down(&bob, "alice", candidate(1), Fate::Passed);
    let overtaken = b.down(&bob, "alice", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(3, overtaken)]);
}

#[test]
fn what_the_tap_held_back_is_not_the_servers_disorder() {
    let (mut b, alice, bob) = pair();
    let held = b.up(&alice, "bob", offer("o"), Fate::Held, &[]);
    let lost = b.up(&alice, "bob", candidate(0), Fate::Dropped, &[]);
    b.up(&alice, "bob", candidate(1), Fate::Passed, &[]);
    b.down(&bob, "alice", candidate(1), Fate::Held);
    b.add(
        What::Released {
            message: held,
            delivered: true,
        },
        &[],
    );
    b.down(&bob, "alice", offer("o"), Fate::Dropped);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
    // Released, it has to come.
    let mut b = b;
    b.events[lost as usize].what = match b.events[lost as usize].what.clone() {
        What::Message {
            link,
            direction,
            carrier,
            word,
            about,
            size,
            digest,
            text,
            ..
        } => What::Message {
            link,
            direction,
            carrier,
            word,
            about,
            fate: Fate::Passed,
            size,
            digest,
            text,
            of: None,
            number: None,
        },
        other => other,
    };
    assert_eq!(broken(&b), [(3, lost)]);
}

#[test]
fn other_content_breaks_law_3_unless_the_server_rewrites() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    let altered = b.down(&bob, "alice", offer("another"), Fate::Passed);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), [(3, altered)]);
    assert_eq!(
        broken_by(
            &b,
            &Terms {
                rewrites: true,
                ..terms()
            }
        ),
        []
    );
}

#[test]
fn an_echo_breaks_law_3_unless_it_is_declared() {
    let (mut b, alice, bob) = pair();
    relay(&mut b, &alice, &bob, &offer("o"));
    let echo = b.down(&alice, "alice", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(3, echo)]);
    assert_eq!(
        broken_by(
            &b,
            &Terms {
                echoes: true,
                ..terms()
            }
        ),
        []
    );
}

#[test]
fn what_was_for_somebody_else_breaks_law_3() {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|peer| link(peer, 1));
    b.create(&link("alice", 1), "lobby");
    b.join(&bob, "lobby", &[&alice]);
    b.join(&carol, "lobby", &[&alice, &bob]);
    relay(&mut b, &alice, &bob, &offer("o"));
    let strayed = b.down(&carol, "alice", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(3, strayed)]);
}

#[test]
fn what_never_arrives_breaks_law_3_once_both_are_fenced() {
    let (mut b, alice, bob) = pair();
    let lost = b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    assert_eq!(broken(&b), [], "it may be on its way");
    b.fence(&[&alice]);
    assert_eq!(broken(&b), [], "it may be on its last leg");
    b.fence(&[&bob]);
    assert_eq!(broken(&b), [(3, lost)]);
}

#[test]
fn what_is_refused_or_sent_to_a_dying_link_is_no_loss() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    b.tell(
        &alice,
        Notice::Refused {
            request: Some(Kind::Offer),
            reason: "no".into(),
        },
        None,
        &[],
    );
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    b.add(What::LinkEnded { link: bob.clone() }, &[]);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
}

/// Alice leaves, says something to a room that she is not in, is told so, and comes back.
fn refused_outside(b: &mut TraceBuilder, alice: &Link, bob: &Link, signal: &Signal) {
    outside(b, alice, bob, signal, |b| {
        error(b, alice);
    });
}

fn outside(
    b: &mut TraceBuilder,
    alice: &Link,
    bob: &Link,
    signal: &Signal,
    refuse: impl FnOnce(&mut TraceBuilder),
) {
    let lobby = || room("lobby");
    b.ask(alice, Request::Leave { room: lobby() }, &[]);
    b.tell(alice, Notice::Left { room: lobby() }, None, &[]);
    tell_left(b, bob, "alice");
    b.up(alice, "bob", signal.clone(), Fate::Passed, &[]);
    refuse(b);
    b.ask(alice, Request::Join { room: lobby() }, &[]);
    let peer = "alice".to_owned();
    b.tell(bob, Notice::PeerJoined { peer }, Some("alice"), &[]);
    let with = vec!["bob".to_owned()];
    let room = lobby();
    b.tell(alice, Notice::Joined { room, with }, None, &[]);
}

fn error(b: &mut TraceBuilder, link: &Link) -> Seq {
    let reason = "you are in no room".to_owned();
    b.tell(link, Notice::Error { reason }, None, &[])
}

#[test]
fn what_was_refused_is_not_taken_for_its_like_that_came_later() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    refused_outside(&mut b, &alice, &bob, &end);
    relay(&mut b, &alice, &bob, &candidate(1));
    relay(&mut b, &alice, &bob, &end);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
    // If the later one never comes, it is the one that is lost.
    let (mut b, alice, bob) = pair();
    refused_outside(&mut b, &alice, &bob, &end);
    relay(&mut b, &alice, &bob, &candidate(1));
    let lost = b.up(&alice, "bob", end.clone(), Fate::Passed, &[]);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), [(3, lost)]);
}

/// On many a wire the end of candidates is a candidate without content, and is refused as one.
#[test]
fn a_refused_candidate_may_be_the_end_of_candidates() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    outside(&mut b, &alice, &bob, &end, |b| {
        let refused = Notice::Refused {
            request: Some(Kind::Candidate),
            reason: "you are in no room".into(),
        };
        b.tell(&alice, refused, None, &[]);
    });
    relay(&mut b, &alice, &bob, &candidate(1));
    relay(&mut b, &alice, &bob, &end);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_refusal_that_is_seen_late_excuses_as_well() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", end.clone(), Fate::Passed, &[]);
    relay(&mut b, &alice, &bob, &candidate(1));
    relay(&mut b, &alice, &bob, &end);
    error(&mut b, &alice);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_refusal_of_something_else_accuses_nobody() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", end.clone(), Fate::Passed, &[]);
    error(&mut b, &alice);
    b.up(&alice, "bob", candidate(1), Fate::Passed, &[]);
    b.up(&alice, "bob", end.clone(), Fate::Passed, &[]);
    for signal in [&end, &candidate(1), &end] {
        b.down(&bob, "alice", signal.clone(), Fate::Passed);
    }
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
    let again = b.down(&bob, "alice", end, Fate::Passed);
    assert_eq!(broken(&b), [(3, again)], "two were sent, three came");
}

#[test]
fn a_refusal_mixes_up_no_sessions() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    relay(&mut b, &alice, &bob, &candidate(1));
    relay(&mut b, &alice, &bob, &end);
    error(&mut b, &alice);
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let bob = link("bob", 2);
    b.join(&bob, "lobby", &[&alice]);
    relay(&mut b, &alice, &bob, &candidate(2));
    relay(&mut b, &alice, &bob, &end);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_refusal_excuses_no_disorder_of_others() {
    let end = Signal::EndOfCandidates;
    let (mut b, alice, bob) = pair();
    refused_outside(&mut b, &alice, &bob, &end);
    b.up(&alice, "bob", candidate(1), Fate::Passed, &[]);
    b.up(&alice, "bob", candidate(2), Fate::Passed, &[]);
    b.up(&alice, "bob", end.clone(), Fate::Passed, &[]);
    b.down(&bob, "alice", candidate(2), Fate::Passed);
    let late = b.down(&bob, "alice", candidate(1), Fate::Passed);
    b.down(&bob, "alice", end, Fate::Passed);
    assert_eq!(broken(&b), [(3, late)]);
}

#[test]
fn what_a_dead_session_lost_is_not_taken_from_the_next() {
    let (mut b, alice, bob) = pair();
    b.up(&bob, "alice", Signal::EndOfCandidates, Fate::Passed, &[]);
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let bob = link("bob", 2);
    b.join(&bob, "lobby", &[&alice]);
    relay(&mut b, &bob, &alice, &Signal::EndOfCandidates);
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), []);
}
