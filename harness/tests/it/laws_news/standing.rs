//! What laws say of who is put out of a room, and of who is host.

use std::time::Duration;

use glare::names::Link;
use glare::record::{Seq, TraceBuilder};
use glare::signaling::{Kind, Notice, Request, Terms};

use super::{SECOND, broken, enters, fenced, later, news, nothing, promised};
use crate::traces_support::{link, room};

/// Alice, Bob and Carol are in the lobby, in that order.
fn three(b: &mut TraceBuilder) -> [Link; 3] {
    let all = [link("alice", 1), link("bob", 1), link("carol", 1)];
    enters(b, &all[0], &[]);
    enters(b, &all[1], &["alice"]);
    news(b, &all[0], "bob", true);
    enters(b, &all[2], &["alice", "bob"]);
    news(b, &all[0], "carol", true);
    news(b, &all[1], "carol", true);
    all
}

fn host(b: &mut TraceBuilder, to: &Link, who: &str) -> Seq {
    let peer = who.to_owned();
    b.tell(to, Notice::Host { peer }, Some(who), &[])
}

fn kicks(b: &mut TraceBuilder, who: &Link, whom: &str) -> Seq {
    let (room, peer) = (room("lobby"), whom.to_owned());
    b.ask(who, Request::Kick { room, peer }, &[])
}

fn granted(b: &mut TraceBuilder, who: &Link) {
    let request = Kind::Kick;
    b.tell(who, Notice::Granted { request }, None, &[]);
}

fn leaves(b: &mut TraceBuilder, who: &Link) {
    b.ask(
        who,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    b.tell(
        who,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
}

/// Of who was put out all hear but who asked for it, who may; he himself need not be told.
#[test]
fn who_was_put_out_is_told_of_as_who_has_left() {
    for (told, law) in [(true, None), (false, Some(1))] {
        let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
        let [alice, _, carol] = three(&mut b);
        kicks(&mut b, &alice, "bob");
        granted(&mut b, &alice);
        if told {
            news(&mut b, &carol, "bob", false);
        }
        later(&mut b, 10 * SECOND);
        fenced(&mut b, &carol);
        let laws: Vec<u8> = broken(&b, &promised())
            .iter()
            .map(|(law, _)| *law)
            .collect();
        let laws: Vec<u8> = laws.into_iter().filter(|law| *law != 10).collect();
        assert_eq!(laws, law.into_iter().collect::<Vec<_>>(), "told: {told}");
    }
}

/// That one is told to be out of a room is the last that comes of it; and who was not put out has not gone.
#[test]
fn who_was_told_to_be_put_out_hears_no_more_of_the_room() {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let [alice, bob, carol] = three(&mut b);
    kicks(&mut b, &alice, "bob");
    b.tell(
        &bob,
        Notice::Kicked {
            room: room("lobby"),
        },
        None,
        &[],
    );
    granted(&mut b, &alice);
    news(&mut b, &carol, "bob", false);
    let terms = nothing();
    assert_eq!(broken(&b, &terms), []);
    let late = news(&mut b, &bob, "carol", false);
    assert!(broken(&b, &terms).contains(&(2, late)));

    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let [_, bob, carol] = three(&mut b);
    kicks(&mut b, &bob, "alice");
    let notice = Notice::Refused {
        request: Some(Kind::Kick),
        reason: "not you".into(),
    };
    b.tell(&bob, notice, None, &[]);
    let untrue = news(&mut b, &carol, "alice", false);
    assert!(broken(&b, &terms).contains(&(9, untrue)));
}

#[test]
fn all_hear_of_the_same_host_who_is_there() {
    let terms = Terms {
        announces_host_within: Some(Duration::from_secs(1)),
        ..nothing()
    };
    for (bob_hears, carol_hears, is_broken) in [
        (Some("bob"), Some("bob"), false),
        (Some("carol"), Some("carol"), false),
        (Some("bob"), Some("carol"), true),
        (Some("bob"), None, true),
        (None, None, true),
    ] {
        for (goes, waits) in [(true, 10), (true, 1), (false, 10)] {
            let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
            let [alice, bob, carol] = three(&mut b);
            host(&mut b, &bob, "alice");
            host(&mut b, &carol, "alice");
            if goes {
                leaves(&mut b, &alice);
                bob_hears.map(|who| host(&mut b, &bob, who));
                carol_hears.map(|who| host(&mut b, &carol, who));
            }
            later(&mut b, waits * SECOND);
            fenced(&mut b, &carol);
            let told = broken(&b, &terms);
            let wanted = is_broken && goes && waits == 10;
            let seen = told.iter().any(|(law, _)| *law == 9);
            assert_eq!(
                seen, wanted,
                "{bob_hears:?} {carol_hears:?} {goes} {waits}: {told:?}"
            );
            let undeclared = broken(&b, &nothing());
            assert_eq!(undeclared, [], "{bob_hears:?} {carol_hears:?}");
        }
    }
}
