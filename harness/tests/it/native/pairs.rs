//! Two native peers: connecting, talking, closing, dying.

use std::time::{Duration, Instant};

use glare::hand::{Command, Hand, HandError, Happening, Reply};
use glare::signaling::{Description, DescriptionKind};
use glare::terms::Machine;
use glare::terms::{ChannelOptions, Data, Kill};

use super::peer::{C, Peer, heard, negotiate, pair};

#[tokio::test]
async fn a_pair_connects_and_chats_both_ways() {
    let (mut alice, mut bob) = pair().await;
    let text = Data::Text("grüß dich".into());
    let bytes = Data::Bytes("AP8Q".into());
    for data in [text, bytes] {
        alice.say("chat", data.clone()).await;
        bob.until("alice's message", heard(data.clone())).await;
        bob.say("chat", data.clone()).await;
        alice.until("bob's message", heard(data)).await;
    }
    let added = bob
        .told
        .iter()
        .position(|h| matches!(h, Happening::ChannelAdded { label, .. } if label == "chat"));
    let open = bob
        .told
        .iter()
        .position(|h| matches!(h, Happening::ChannelState { state, .. } if state == "open"));
    assert!(added.is_some() && added < open);
    for peer in [&mut alice, &mut bob] {
        peer.until_state(Machine::Connection, "connected").await;
        assert_eq!(
            peer.states(Machine::Connection),
            ["connecting", "connected"]
        );
        assert_eq!(
            peer.states(Machine::IceGathering),
            ["gathering", "complete"]
        );
        assert_eq!(peer.states(Machine::Ice)[..2], ["checking", "connected"]);
    }
    assert_eq!(
        alice.states(Machine::Signaling),
        ["have-local-offer", "stable"]
    );
    assert_eq!(
        bob.states(Machine::Signaling),
        ["have-remote-offer", "stable"]
    );
    alice.hand.finish().await;
    bob.hand.finish().await;
}

#[tokio::test]
async fn a_remote_offer_takes_a_local_one_back() {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    alice.channel("from-alice").await;
    bob.channel("from-bob").await;
    let offer = alice.set_local().await;
    bob.set_local().await;
    // Glare: bob is the polite one.
    bob.until_gathered().await;
    bob.candidates.clear();
    bob.told.clear();
    bob.set_remote(offer).await;
    let answer = bob.set_local().await;
    alice.set_remote(answer).await;
    alice.until_gathered().await;
    bob.until_gathered().await;
    alice.carry_to(&mut bob).await;
    bob.carry_to(&mut alice).await;
    for label in ["from-alice", "from-bob"] {
        alice.until_channel(label, "open").await;
        bob.until_channel(label, "open").await;
    }
    assert_eq!(
        bob.states(Machine::Signaling),
        ["stable", "have-remote-offer", "stable"]
    );
}

#[tokio::test]
async fn an_offer_can_be_rolled_back_and_made_again() {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    alice.channel("chat").await;
    alice.set_local().await;
    let rollback = Description {
        kind: DescriptionKind::Rollback,
        sdp: String::new(),
    };
    let description = Some(rollback);
    alice
        .ok(Command::SetLocal {
            conn: C,
            description,
        })
        .await;
    alice.until_state(Machine::Signaling, "stable").await;
    negotiate(&mut alice, &mut bob).await;
    alice.until_channel("chat", "open").await;
}

#[tokio::test]
async fn an_answer_in_stable_is_refused_in_the_crates_words() {
    let (mut alice, bob) = pair().await;
    drop(bob);
    let offer = alice
        .describe(Command::CreateOffer {
            conn: C,
            ice_restart: false,
        })
        .await;
    let description = Description {
        kind: DescriptionKind::Answer,
        sdp: offer.sdp,
    };
    let refusal = alice
        .refusal(Command::SetRemote {
            conn: C,
            description,
        })
        .await;
    assert!(
        refusal.starts_with("ErrSignalingStateProposedTransitionInvalid: "),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_garbage_offer_leaves_the_local_one_in_place() {
    let mut alice = Peer::start().await;
    alice.channel("chat").await;
    alice.set_local().await;
    let description = Description {
        kind: DescriptionKind::Offer,
        sdp: "garbage".into(),
    };
    alice
        .refusal(Command::SetRemote {
            conn: C,
            description,
        })
        .await;
    alice.until_gathered().await;
    assert_eq!(alice.states(Machine::Signaling), ["have-local-offer"]);
}

#[tokio::test]
async fn commands_take_effect_in_the_order_of_the_calls() {
    let mut alice = Peer::start().await;
    let (hand, label, options) = (&alice.hand, "chat".to_owned(), ChannelOptions::default());
    let channel = hand.perform(Command::CreateChannel {
        conn: C,
        label,
        options,
    });
    let local = hand.perform(Command::SetLocal {
        conn: C,
        description: None,
    });
    let close = hand.perform(Command::CloseConnection { conn: C });
    let late = hand.perform(Command::CreateOffer {
        conn: C,
        ice_restart: false,
    });
    // Polled the other way round.
    let late = late.await;
    assert!(matches!(late, Err(HandError::Refused { name, .. }) if name == "ErrConnectionClosed"));
    close.await.expect("close");
    local
        .await
        .expect("an offer with the channel, before the close");
    channel.await.expect("channel");
    alice.drain();
}

#[tokio::test]
async fn a_closed_channel_is_seen_by_the_other_and_the_connection_stays() {
    let (mut alice, mut bob) = pair().await;
    alice.channel("second").await;
    bob.until_channel("second", "open").await;
    alice.until_channel("second", "open").await;
    alice
        .ok(Command::CloseChannel {
            conn: C,
            label: "second".into(),
        })
        .await;
    bob.until_channel("second", "closed").await;
    alice.until_channel("second", "closed").await;
    let data = Data::Text("still here".into());
    alice.say("chat", data.clone()).await;
    bob.until("a message after the close", heard(data.clone()))
        .await;
    let refusal = alice
        .refusal(Command::Say {
            conn: C,
            label: "second".into(),
            data,
        })
        .await;
    assert!(refusal.starts_with("ErrDataChannelClosed: "), "{refusal}");
    assert!(!bob.states(Machine::Connection).contains(&"disconnected"));
}

#[tokio::test]
async fn close_is_told_to_the_other_at_once_and_to_oneself_not_at_all() {
    let (mut alice, mut bob) = pair().await;
    alice.until_state(Machine::Connection, "connected").await;
    alice.drain();
    let told = alice.told.len();
    let begun = Instant::now();
    alice.ok(Command::CloseConnection { conn: C }).await;
    bob.until_channel("chat", "closed").await;
    // Not by way of disconnected, which takes over 4 s.
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    bob.until_state(Machine::Connection, "disconnected").await;
    alice.drain();
    assert_eq!(alice.told.len(), told);
    // Again is no error, as in browsers; anything else is.
    alice.ok(Command::CloseConnection { conn: C }).await;
    let refusal = alice
        .refusal(Command::CreateOffer {
            conn: C,
            ice_restart: false,
        })
        .await;
    assert_eq!(refusal, "ErrConnectionClosed: connection closed");
}

#[tokio::test]
async fn a_pair_at_rest_stays_connected() {
    let (mut alice, mut bob) = pair().await;
    alice.until_state(Machine::Connection, "connected").await;
    // Longer than the silence that counts as gone: keepalives alone tell each that the other is there.
    tokio::time::sleep(Duration::from_secs(8)).await;
    for peer in [&mut alice, &mut bob] {
        peer.drain();
        let states = peer.states(Machine::Connection);
        assert_eq!(states.last(), Some(&"connected"), "{states:?}");
        assert!(!states.contains(&"disconnected"), "{states:?}");
    }
}

#[tokio::test]
async fn a_killed_peer_is_silent() {
    let (mut alice, mut bob) = pair().await;
    alice.hand.kill(Kill::Tab).await.expect("kill");
    for command in [
        Command::CreateOffer {
            conn: C,
            ice_restart: false,
        },
        Command::NewConnection { conn: 7 },
    ] {
        let answer = alice.hand.perform(command).await;
        assert_eq!(answer, Err(HandError::Gone("killed (tab)".into())));
    }
    // Nothing leaves the dead: bob notices by its absence alone, which takes seconds.
    bob.until_state(Machine::Connection, "disconnected").await;
    assert_eq!(
        bob.count(|h| matches!(h, Happening::ChannelState { state, .. } if state != "open")),
        0
    );
    alice.drain();
    assert!(alice.happenings.is_closed());
    alice.hand.finish().await;
}

#[tokio::test]
async fn a_dropped_peer_closes_its_connection() {
    let (alice, mut bob) = pair().await;
    drop(alice);
    bob.until_channel("chat", "closed").await;
}

#[tokio::test]
async fn an_ice_restart_changes_the_fragment_and_keeps_the_channel() {
    let (mut alice, mut bob) = pair().await;
    let ufrag = |peer: &Peer| {
        peer.told
            .iter()
            .rev()
            .find_map(|happening| match happening {
                Happening::Candidate {
                    candidate: Some(candidate),
                    ..
                } => candidate.username_fragment.clone(),
                _ => None,
            })
    };
    let before = (ufrag(&alice), ufrag(&bob));
    alice.told.clear();
    bob.told.clear();
    alice.ok(Command::RestartIce { conn: C }).await;
    alice
        .until("negotiationneeded", |h| {
            matches!(h, Happening::NegotiationNeeded { .. })
        })
        .await;
    negotiate(&mut alice, &mut bob).await;
    let after = (ufrag(&alice), ufrag(&bob));
    assert!(
        after.0.is_some() && after.0 != before.0,
        "{before:?} {after:?}"
    );
    assert!(
        after.1.is_some() && after.1 != before.1,
        "{before:?} {after:?}"
    );
    // It ends with its offer: the next one is of the same generation.
    let next = Command::CreateOffer {
        conn: C,
        ice_restart: false,
    };
    let Reply::Description(next) = alice.ok(next).await else {
        panic!("no offer");
    };
    let same = format!("a=ice-ufrag:{}\r", after.0.clone().unwrap_or_default());
    assert!(next.sdp.contains(&same), "{same:?} in {}", next.sdp);
    alice.until_state(Machine::Ice, "connected").await;
    bob.until_state(Machine::Ice, "connected").await;
    let data = Data::Text("after the restart".into());
    alice.say("chat", data.clone()).await;
    bob.until("a message after the restart", heard(data)).await;
}

#[tokio::test]
async fn a_negotiated_channel_opens_on_both_sides_unannounced() {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    for peer in [&mut alice, &mut bob] {
        let options = ChannelOptions {
            ordered: false,
            max_retransmits: Some(0),
            negotiated: Some(5),
        };
        peer.ok(Command::CreateChannel {
            conn: C,
            label: "agreed".into(),
            options,
        })
        .await;
    }
    negotiate(&mut alice, &mut bob).await;
    alice.until_channel("agreed", "open").await;
    bob.until_channel("agreed", "open").await;
    assert_eq!(
        bob.count(|h| matches!(h, Happening::ChannelAdded { .. })),
        0
    );
}

#[tokio::test]
async fn statistics_name_the_connection() {
    let (mut alice, _bob) = pair().await;
    let glare::hand::Reply::Stats(stats) = alice.ok(Command::Stats { conn: C }).await else {
        panic!("no statistics");
    };
    let types: Vec<_> = stats
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, s)| s["type"].as_str())
        .collect();
    assert!(
        types.contains(&"candidate-pair") && types.contains(&"data-channel"),
        "{types:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pairs_connect_at_once() {
    let pairs: Vec<_> = (0..50).map(|_| tokio::spawn(pair())).collect();
    let mut all = Vec::new();
    for pair in pairs {
        all.push(pair.await.expect("a pair"));
    }
    for (alice, bob) in all {
        tokio::join!(alice.hand.finish(), bob.hand.finish());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutilated_offer_is_answered_one_way_or_the_other() {
    let mut alice = Peer::start().await;
    alice.channel("chat").await;
    let offer = alice.set_local().await.sdp;
    let lines: Vec<_> = offer.lines().collect();
    let mutilated = (0..lines.len()).flat_map(|n| {
        let (name, _) = lines[n].split_at(2);
        let with = |line: Option<String>| {
            let mut lines: Vec<_> = lines.iter().map(|line| line.to_string()).collect();
            lines.splice(n..=n, line);
            lines.join("\r\n") + "\r\n"
        };
        let long = format!("{name}{}", "9".repeat(70_000));
        let key = lines[n].split_once(':').map_or(name, |(key, _)| key);
        [
            with(None),
            with(Some(name.into())),
            with(Some(format!("{key}:"))),
            with(Some(format!("{key}:-1 -1 -1"))),
            with(Some(long)),
        ]
    });
    let tries = mutilated.map(|sdp| {
        tokio::spawn(async move {
            let bob = Peer::start().await;
            let description = Description {
                kind: DescriptionKind::Offer,
                sdp: sdp.clone(),
            };
            let commands = [
                Command::SetRemote {
                    conn: C,
                    description,
                },
                Command::SetLocal {
                    conn: C,
                    description: None,
                },
                Command::CloseConnection { conn: C },
            ];
            for command in commands {
                if let Err(HandError::Refused { name, message }) = bob.hand.perform(command).await {
                    assert_ne!(name, "TimeoutError", "{sdp}");
                    assert!(!message.contains("panicked"), "{sdp}");
                }
            }
            bob.hand.finish().await;
        })
    });
    for attempt in tries.collect::<Vec<_>>() {
        attempt.await.expect("a mutilated offer did harm");
    }
}
