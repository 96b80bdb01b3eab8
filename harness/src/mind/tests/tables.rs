//! Tables: what comes of each thing that goes in.

use std::time::Duration;

use super::table::{Table, candidate, gathered, refused, sdp};
use crate::hand::{Deed, Happening, PeerFault, Reply};
use crate::mind::{Input, Mind, OrderId, Policy, description, whole_description};
use crate::names::PeerName;
use crate::scenario::{EarlyCandidates, Offers, OnBye};
use crate::signaling::{Description, DescriptionKind, Kind, Signal};
use crate::terms::Machine;

fn name(text: &str) -> PeerName {
    PeerName::from(text)
}

/// Alice, who may meet Bob and Carol.
fn alice(policy: Policy) -> Table {
    let others = vec![name("bob"), name("carol")];
    Table::new(Mind::new(name("alice"), others, policy, true, 0))
}

fn well_behaved() -> Table {
    alice(Policy::default())
}

fn joined(inside: &[&str]) -> Input {
    let inside = inside.iter().map(|peer| name(peer)).collect();
    Input::Joined { inside, heard: 7 }
}

fn came(peer: &str) -> Input {
    let peer = name(peer);
    Input::Came { peer, heard: 7 }
}

fn went(peer: &str) -> Input {
    let peer = name(peer);
    Input::Went { peer, heard: 7 }
}

fn signal(from: &str, signal: Signal) -> Input {
    let from = name(from);
    Input::Signal {
        from,
        signal,
        heard: 7,
    }
}

fn offer(from: &str, number: u32) -> Input {
    let sdp = sdp(from, number).into();
    signal(from, Signal::Offer { sdp })
}

fn answer(from: &str, number: u32) -> Input {
    let sdp = sdp(from, number).into();
    signal(from, Signal::Answer { sdp })
}

fn candidate_of(from: &str, number: u32) -> Input {
    let candidate = candidate(from, number);
    signal(from, Signal::Candidate { candidate })
}

fn deed(order: u64, to: &str, deed: Deed) -> Input {
    Input::Deed {
        order: OrderId(order),
        to: Some(name(to)),
        deed,
        cause: Vec::new(),
    }
}

/// Alice has offered to Bob, and he has answered.
fn connected(policy: Policy) -> Table {
    let mut alice = alice(policy);
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    alice.described(DescriptionKind::Offer);
    alice.put(answer("bob", 1));
    alice.done("set-remote");
    alice
}

#[test]
fn the_joiner_offers_to_each_who_is_inside() {
    let mut alice = well_behaved();
    assert!(alice.put(Input::Joining { offers: None }).is_empty());
    let wanted = [
        "do new 1",
        "do channel 1 chat",
        "do set-local 1",
        "do new 2",
        "do channel 2 chat",
        "do set-local 2",
    ];
    assert_eq!(alice.put(joined(&["bob", "carol"])), wanted);
}

#[test]
fn pairs_do_not_wait_for_each_other() {
    let mut alice = well_behaved();
    alice.put(offer("bob", 1));
    assert_eq!(
        alice.put(offer("carol", 1)),
        ["do new 2", "do set-remote 2 offer"]
    );
    alice.done("new 2");
    let took = alice.done("set-remote 2");
    assert_eq!(took, ["took remote offer", "do set-local 2"]);
}

#[test]
fn who_is_told_not_to_offer_does_not() {
    for offers in [Offers::Insider, Offers::Nobody] {
        let mut alice = alice(Policy {
            offers,
            ..Policy::default()
        });
        alice.put(Input::Joining { offers: None });
        assert!(alice.put(joined(&["bob"])).is_empty(), "{offers:?}");
    }
    let mut alice = well_behaved();
    alice.put(Input::Joining {
        offers: Some(false),
    });
    assert!(alice.put(joined(&["bob"])).is_empty());
}

#[test]
fn what_a_step_says_of_a_join_outranks_the_policy() {
    for (manual, wanted) in [(false, 3), (true, 0)] {
        let mut alice = alice(Policy {
            offers: Offers::Nobody,
            manual,
            ..Policy::default()
        });
        alice.put(Input::Joining { offers: Some(true) });
        assert_eq!(alice.put(joined(&["bob"])).len(), wanted);
    }
}

#[test]
fn the_insider_offers_where_that_is_the_policy() {
    for (offers, wanted) in [
        (Offers::Insider, 3),
        (Offers::Both, 3),
        (Offers::Joiner, 0),
        (Offers::Nobody, 0),
    ] {
        let mut alice = alice(Policy {
            offers,
            ..Policy::default()
        });
        assert_eq!(alice.put(came("bob")).len(), wanted, "{offers:?}");
    }
}

#[test]
fn a_refused_join_leads_to_no_offer() {
    let mut alice = well_behaved();
    alice.put(Input::Joining { offers: None });
    alice.put(Input::Refused { bare: false });
    alice.put(Input::Joining {
        offers: Some(false),
    });
    assert!(alice.put(joined(&["bob"])).is_empty());
    alice.put(Input::Joining { offers: None });
    alice.put(Input::LineLost);
    assert!(alice.put(joined(&["bob"])).is_empty());
}

#[test]
fn a_bare_refusal_may_have_been_of_something_else_than_the_join() {
    let refused = || Input::Refused { bare: true };
    let mut alice = well_behaved();
    alice.put(Input::Joining { offers: None });
    alice.put(refused());
    assert!(!alice.put(joined(&["bob"])).is_empty(), "it was let in");
    // One that it asks for after such a refusal was asked for because of it.
    let mut alice = well_behaved();
    alice.put(Input::Joining { offers: None });
    alice.put(refused());
    alice.put(Input::Joining {
        offers: Some(false),
    });
    assert!(alice.put(joined(&["bob"])).is_empty(), "the second was");
}

#[test]
fn an_offer_is_sent_when_it_is_set_and_its_candidates_behind_it() {
    let mut alice = well_behaved();
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    assert!(
        alice
            .put(gathered(1, Some(candidate("alice", 1))))
            .is_empty()
    );
    let sent = alice.described(DescriptionKind::Offer);
    assert_eq!(sent[..2], ["took local offer", "say offer to bob"]);
    assert!(sent[2].starts_with("gathered"), "{sent:?}");
    assert_eq!(sent[3], "say candidate to bob");
    let end = alice.put(gathered(1, None));
    assert_eq!(end, ["gathered the end", "say end-of-candidates to bob"]);
}

#[test]
fn candidates_wait_for_their_description() {
    let mut alice = well_behaved();
    assert_eq!(alice.put(candidate_of("bob", 1)), ["do new 1"]);
    assert!(alice.done("new").is_empty());
    assert_eq!(alice.put(offer("bob", 1)), ["do set-remote 1 offer"]);
    assert!(alice.put(candidate_of("bob", 1)).is_empty());
    let took = alice.done("set-remote");
    assert_eq!(
        took,
        ["took remote offer", "do add 1 candidate", "do set-local 1"]
    );
    let answered = alice.described(DescriptionKind::Answer);
    assert_eq!(
        answered,
        [
            "took local answer",
            "say answer to bob",
            "do add 1 candidate"
        ]
    );
    assert_eq!(alice.done("add"), ["took candidate"]);
}

#[test]
fn a_candidate_of_who_has_gone_meanwhile_is_for_nobody() {
    let policy = Policy {
        early_candidates: EarlyCandidates::Apply,
        ..Policy::default()
    };
    let mut alice = alice(policy);
    alice.put(candidate_of("bob", 1));
    alice.put(went("bob"));
    assert!(alice.done("new").is_empty());
}

#[test]
fn early_candidates_are_treated_as_the_policy_says() {
    for (early_candidates, wanted) in [
        (EarlyCandidates::Buffer, 0),
        (EarlyCandidates::Apply, 1),
        (EarlyCandidates::Drop, 0),
    ] {
        let mut alice = alice(Policy {
            early_candidates,
            ..Policy::default()
        });
        alice.put(candidate_of("bob", 1));
        assert_eq!(alice.done("new").len(), wanted, "{early_candidates:?}");
        alice.put(offer("bob", 1));
        let added = alice
            .done("set-remote")
            .contains(&"do add 1 candidate".to_owned());
        assert_eq!(added, early_candidates == EarlyCandidates::Buffer);
    }
}

#[test]
fn a_candidate_of_another_generation_is_noted() {
    let mut alice = connected(Policy::default());
    let late = "note a candidate of bob belongs to another generation";
    assert_eq!(alice.put(candidate_of("bob", 2)), [late]);
    assert_eq!(alice.put(candidate_of("bob", 1)), ["do add 1 candidate"]);
}

#[test]
fn what_a_stack_says_of_candidates_is_told_in_their_order() {
    let mut alice = connected(Policy::default());
    alice.put(candidate_of("bob", 1));
    alice.put(signal("bob", Signal::EndOfCandidates));
    assert!(
        alice
            .reply("add 1 end", refused("InvalidStateError"))
            .is_empty()
    );
    let told = alice.done("add 1 candidate");
    assert_eq!(
        told,
        ["took candidate", "refused add-candidate: InvalidStateError"]
    );
}

#[test]
fn one_insists_and_the_other_gives_way() {
    // Alice's name comes first: she insists, unless she is polite.
    for (polite, insists) in [(None, true), (Some(false), true), (Some(true), false)] {
        let mut alice = alice(Policy {
            polite,
            ..Policy::default()
        });
        alice.put(deed(1, "bob", Deed::Negotiate));
        alice.done("new");
        alice.done("channel");
        alice.described(DescriptionKind::Offer);
        let met = alice.put(offer("bob", 1));
        if insists {
            assert_eq!(met, ["note glare: the offer of bob is ignored"]);
            assert!(alice.put(candidate_of("bob", 1)).is_empty());
        } else {
            assert_eq!(met, ["do set-remote 1 offer"]);
        }
    }
}

#[test]
fn a_second_offer_waits_for_the_first_answer() {
    let mut alice = well_behaved();
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    alice.described(DescriptionKind::Offer);
    assert_eq!(alice.put(deed(2, "bob", Deed::Negotiate)), ["over 2"]);
    alice.put(answer("bob", 1));
    assert_eq!(
        alice.done("set-remote"),
        ["took remote answer", "do set-local 1"]
    );
}

#[test]
fn a_channel_made_before_is_in_the_offer_and_none_is_made_twice() {
    let options = crate::terms::ChannelOptions::default();
    let open = |label: &str| Deed::OpenChannel {
        label: label.into(),
        options: options.clone(),
    };
    let mut alice = well_behaved();
    assert_eq!(
        alice.put(deed(1, "bob", open("one"))),
        ["do new 1", "do channel 1 one"]
    );
    alice.done("new");
    assert_eq!(alice.done("channel"), ["over 1"]);
    let offered = alice.put(deed(2, "bob", Deed::Negotiate));
    assert_eq!(offered, ["do channel 1 chat", "do set-local 1"]);

    let mut alice = well_behaved();
    alice.put(deed(1, "bob", open("chat")));
    alice.done("new");
    alice.done("channel");
    assert_eq!(
        alice.put(deed(2, "bob", Deed::Negotiate)),
        ["do set-local 1"]
    );
}

#[test]
fn news_of_a_coming_ends_what_was_only_if_it_was_told_before() {
    // The first news may be late: it tells of the meeting that is going on.
    let mut alice = well_behaved();
    alice.put(offer("bob", 1));
    alice.done("new");
    alice.done("set-remote");
    alice.described(DescriptionKind::Answer);
    alice.put(came("bob"));
    assert_eq!(
        alice.put(gathered(1, None))[1],
        "say end-of-candidates to bob"
    );
    // The second tells of another.
    alice.put(came("bob"));
    assert_eq!(alice.put(gathered(1, None)), ["gathered the end"]);
}

#[test]
fn who_comes_back_is_met_on_a_new_connection() {
    let mut alice = connected(Policy::default());
    alice.put(went("bob"));
    alice.put(came("bob"));
    let met = alice.put(offer("bob", 2));
    assert_eq!(met, ["do close 1", "do new 2", "do set-remote 2 offer"]);
    // Another certificate is another connection, news or not.
    let mut alice = connected(Policy::default());
    assert_eq!(alice.put(offer("bob", 2))[1], "do new 2");
    // The same is the same.
    let mut alice = connected(Policy::default());
    assert_eq!(alice.put(offer("bob", 1)), ["do set-remote 1 offer"]);
}

/// Its own channel ends at the server, which opens none at the other one before something is said in it.
#[test]
fn where_the_server_relays_media_who_answers_makes_a_channel_too() {
    for (relayed, wanted) in [
        (false, &["do new 1", "do set-remote 1 offer"][..]),
        (
            true,
            &["do new 1", "do channel 1 chat", "do set-remote 1 offer"],
        ),
    ] {
        let mut alice = alice(Policy {
            relayed,
            ..Policy::default()
        });
        assert_eq!(alice.put(offer("bob", 1)), wanted);
    }
}

/// It has one certificate for all of its connections.
#[test]
fn where_the_server_relays_media_an_offer_that_comes_again_is_of_another_call() {
    for (relayed, wanted) in [
        (false, &["do set-remote 1 offer"][..]),
        (
            true,
            &[
                "do close 1",
                "do new 2",
                "do channel 2 chat",
                "do set-remote 2 offer",
            ],
        ),
    ] {
        let mut alice = connected(Policy {
            relayed,
            ..Policy::default()
        });
        assert_eq!(alice.put(offer("bob", 1)), wanted);
    }
}

/// Whoever reads a description wants a channel in it.
#[test]
fn what_is_only_carried_has_a_channel_where_the_server_reads_it() {
    let bare = description("x");
    assert!(!bare.contains("m="), "{bare}");
    for (kind, setup) in [(Kind::Offer, "actpass"), (Kind::Answer, "active")] {
        let whole = whole_description("x", kind);
        let rest = whole.strip_prefix(&bare).expect("the same, and more");
        assert!(rest.lines().all(|line| line.contains('=')), "{rest}");
        assert!(rest.contains(&format!("\r\na=setup:{setup}\r\n")), "{rest}");
        assert!(whole.contains("\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    }
}

#[test]
fn a_goodbye_closes_unless_it_is_ignored() {
    for (on_bye, wanted) in [(OnBye::Close, vec!["do close 1"]), (OnBye::Ignore, vec![])] {
        let mut alice = connected(Policy {
            on_bye,
            ..Policy::default()
        });
        assert_eq!(alice.put(signal("bob", Signal::Bye)), wanted);
    }
}

#[test]
fn it_cleans_up_after_its_time_if_the_other_is_still_gone() {
    let policy = || Policy {
        cleans_up_in: Some(Duration::from_millis(500)),
        ..Policy::default()
    };
    let time = || Input::Time {
        with: name("bob"),
        number: 1,
    };
    let mut alice = connected(policy());
    assert_eq!(alice.put(went("bob")), ["after 500ms for 1"]);
    assert_eq!(alice.put(time()), ["do close 1"]);
    assert!(alice.put(time()).is_empty());
    // He came back before.
    let mut alice = connected(policy());
    alice.put(went("bob"));
    alice.put(offer("bob", 2));
    assert!(alice.put(time()).is_empty());
}

#[test]
fn a_refusal_is_told_with_its_name() {
    let mut alice = connected(Policy::default());
    alice.put(answer("bob", 1));
    let told = alice.reply("set-remote", refused("InvalidStateError"));
    assert_eq!(told, ["refused set-remote: InvalidStateError"]);
    let mut alice = connected(Policy {
        fault: Some(PeerFault::GivesUpOnARefusal),
        ..Policy::default()
    });
    alice.put(answer("bob", 1));
    let told = alice.reply("set-remote", refused("InvalidStateError"));
    assert_eq!(told[1], "do close 1");
}

#[test]
fn ice_restarts_with_an_offer_on_the_same_connection() {
    let mut alice = connected(Policy::default());
    assert_eq!(
        alice.put(deed(2, "bob", Deed::RestartIce)),
        ["do restart 1"]
    );
    // The stack says it too, and that leads to no second offer.
    let needed = Happening::NegotiationNeeded { conn: 1 };
    alice.put(Input::Happening(needed.clone()));
    assert_eq!(alice.done("restart"), ["do set-local 1"]);
    alice.put(Input::Happening(needed));
    let sent = alice.described(DescriptionKind::Offer);
    assert_eq!(sent, ["took local offer", "say offer to bob"]);
}

#[test]
fn what_connects_is_caused_by_the_negotiation_that_began_it() {
    let mut alice = connected(Policy::default());
    let state = |machine| {
        Input::Happening(Happening::State {
            conn: 1,
            machine,
            state: "connected".into(),
        })
    };
    let first = alice.causes(state(Machine::Connection));
    assert_eq!(first.len(), 2, "an offer and its answer");
    alice.put(deed(2, "bob", Deed::Negotiate));
    alice.described(DescriptionKind::Offer);
    assert_eq!(alice.causes(state(Machine::Connection)), first);
    assert_eq!(alice.causes(state(Machine::Signaling)).len(), 3);
    alice.put(answer("bob", 1));
    alice.done("set-remote");
    assert_eq!(alice.causes(state(Machine::Ice)), first);
    // Another generation connects anew.
    alice.put(deed(3, "bob", Deed::RestartIce));
    alice.done("restart");
    let description = Description {
        kind: DescriptionKind::Offer,
        sdp: sdp("alice", 2),
    };
    alice.reply("set-local", Ok(Reply::Description(description)));
    alice.put(answer("bob", 2));
    alice.done("set-remote");
    assert_eq!(alice.causes(state(Machine::Ice)).len(), 4);
}

#[test]
fn what_the_stack_needs_is_negotiated_once_there_is_a_connection() {
    let needed = || Input::Happening(Happening::NegotiationNeeded { conn: 1 });
    let mut connected = connected(Policy::default());
    assert_eq!(connected.put(needed()), ["do set-local 1"]);
    // By hand, and before the first offer, it is the scenario's to say.
    for manual in [true, false] {
        let mut one = alice(Policy {
            manual,
            ..Policy::default()
        });
        let kind = DescriptionKind::Offer;
        one.put(deed(1, "bob", Deed::Create { kind }));
        one.done("new");
        one.done("CreateOffer");
        assert!(one.put(needed()).is_empty());
    }
}

#[test]
fn by_hand_nothing_happens_by_itself() {
    let mut alice = alice(Policy {
        manual: true,
        ..Policy::default()
    });
    assert!(alice.put(offer("bob", 1)).is_empty());
    assert!(alice.put(candidate_of("bob", 1)).is_empty());
    let kind = DescriptionKind::Offer;
    let set = alice.put(deed(1, "bob", Deed::SetRemote { kind }));
    assert_eq!(set, ["do new 1", "do set-remote 1 offer"]);
    alice.done("new");
    assert_eq!(alice.done("set-remote"), ["took remote offer", "over 1"]);
    assert_eq!(
        alice.put(deed(2, "bob", Deed::AddCandidate)),
        ["do add 1 candidate"]
    );
    assert_eq!(alice.done("add"), ["took candidate", "over 2"]);
    let none = "over 3: it has heard no candidate that it has not added";
    assert_eq!(alice.put(deed(3, "bob", Deed::AddCandidate)), [none]);
    let kind = DescriptionKind::Answer;
    let none = "over 4: it has heard no answer";
    assert_eq!(alice.put(deed(4, "bob", Deed::SetRemote { kind })), [none]);
    let none = "over 5: it has created no answer";
    assert_eq!(alice.put(deed(5, "bob", Deed::SetLocal { kind })), [none]);
}

#[test]
fn without_a_connection_there_is_nothing_to_do() {
    let mut alice = well_behaved();
    for deed_ in [
        Deed::Close,
        Deed::RestartIce,
        Deed::CloseChannel {
            label: "chat".into(),
        },
        Deed::Send {
            kind: Kind::Bye,
            gathered: false,
            size: None,
        },
    ] {
        assert_eq!(
            alice.put(deed(1, "bob", deed_)),
            ["over 1: it has no connection yet"]
        );
    }
    let unnamed = Input::Deed {
        order: OrderId(2),
        to: None,
        deed: Deed::Close,
        cause: Vec::new(),
    };
    // With two that it may mean it asks nobody.
    assert_eq!(alice.put(unnamed), ["over 2: it has no connection yet"]);
    let none = "note an answer from bob, who was made no offer";
    assert_eq!(alice.put(answer("bob", 1)), [none]);
}

#[test]
fn who_has_no_connections_signals_to_whom_it_met() {
    let others = vec![name("bob"), name("carol")];
    let mut alice = Table::new(Mind::new(
        name("alice"),
        others,
        Policy::default(),
        false,
        0,
    ));
    let send = |to: Option<&str>| Input::Deed {
        order: OrderId(1),
        to: to.map(name),
        deed: Deed::Send {
            kind: Kind::Offer,
            gathered: false,
            size: None,
        },
        cause: Vec::new(),
    };
    assert_eq!(
        alice.put(send(None)),
        ["over 1: it has met nobody to send this to"]
    );
    alice.put(came("carol"));
    assert_eq!(alice.put(send(None)), ["say offer to carol"]);
    assert_eq!(alice.put(send(Some("bob"))), ["say offer to bob"]);
    let none = "over 2: a wire peer has no connection to offer";
    assert_eq!(alice.put(deed(2, "bob", Deed::Negotiate)), [none]);
}

/// Alice, whose descriptions carry their candidates, is told of one and of the last.
fn gathers_first() -> Table {
    alice(Policy {
        gathers_first: true,
        ..Policy::default()
    })
}

fn whole(kind: DescriptionKind) -> Result<Reply, crate::hand::HandError> {
    let sdp = format!("{}a=candidate:1\n", sdp("alice", 1));
    Ok(Reply::Description(Description { kind, sdp }))
}

#[test]
fn where_descriptions_carry_their_candidates_an_offer_waits_for_all_of_them() {
    let mut alice = gathers_first();
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    assert_eq!(
        alice.described(DescriptionKind::Offer),
        ["took local offer"]
    );
    assert_eq!(
        alice.put(gathered(1, Some(candidate("alice", 1)))),
        ["gathered host/udp"]
    );
    let last = alice.put(gathered(1, None));
    assert_eq!(last[0], "gathered the end");
    assert!(last[1].starts_with("do LocalDescription"), "{last:?}");
    assert_eq!(last.len(), 2);
    let sent = alice.reply("LocalDescription", whole(DescriptionKind::Offer));
    assert_eq!(sent, ["say offer to bob"]);
}

#[test]
fn candidates_that_were_told_while_the_description_was_set_count() {
    let mut alice = gathers_first();
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    assert!(
        alice
            .put(gathered(1, Some(candidate("alice", 1))))
            .is_empty()
    );
    assert!(alice.put(gathered(1, None)).is_empty());
    let lines = alice.described(DescriptionKind::Offer);
    assert!(
        matches!(lines.as_slice(), [took, _, _, read]
            if took == "took local offer" && read.starts_with("do LocalDescription")),
        "{lines:?}"
    );
}

#[test]
fn an_answer_waits_for_its_candidates_too_and_what_comes_meanwhile_for_the_answer() {
    let mut alice = gathers_first();
    alice.put(offer("bob", 1));
    alice.done("new");
    alice.done("set-remote");
    assert_eq!(
        alice.described(DescriptionKind::Answer),
        ["took local answer"]
    );
    // A channel that a step opens makes the stack want another offer: it has to wait.
    assert!(
        alice
            .put(Input::Happening(Happening::NegotiationNeeded { conn: 1 }))
            .is_empty()
    );
    assert!(alice.put(offer("bob", 1)).is_empty());
    alice.put(gathered(1, None));
    let sent = alice.reply("LocalDescription", whole(DescriptionKind::Answer));
    assert_eq!(sent, ["say answer to bob", "do set-remote 1 offer"]);
}

#[test]
fn a_description_that_begins_no_generation_has_its_candidates_already() {
    let mut alice = gathers_first();
    alice.put(offer("bob", 1));
    alice.done("new");
    alice.done("set-remote");
    alice.described(DescriptionKind::Answer);
    alice.put(gathered(1, None));
    alice.reply("LocalDescription", whole(DescriptionKind::Answer));
    alice.put(deed(1, "bob", Deed::Negotiate));
    let lines = alice.described(DescriptionKind::Offer);
    assert!(lines[1].starts_with("do LocalDescription"), "{lines:?}");
    let sent = alice.reply("LocalDescription", whole(DescriptionKind::Offer));
    assert_eq!(sent, ["say offer to bob"]);
}

#[test]
fn who_has_gone_before_all_candidates_are_there_is_sent_nothing() {
    let mut alice = gathers_first();
    alice.put(deed(1, "bob", Deed::Negotiate));
    alice.done("new");
    alice.done("channel");
    alice.described(DescriptionKind::Offer);
    alice.put(went("bob"));
    alice.put(gathered(1, None));
    let lines = alice.reply("LocalDescription", whole(DescriptionKind::Offer));
    assert_eq!(lines, ["over 1: bob has gone"]);
}
