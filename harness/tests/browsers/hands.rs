//! What the hand of a page does and tells, in both browsers.

use crate::browser_support::{Tap, actor, actor_at, chat, connect};
use glare::hand::{Command, Hand, HandError, Happening, Reply};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::signaling::{Candidate, DescriptionKind};
use glare::terms::{ChannelOptions, Data, Via};
use rstest::rstest;

fn candidate(text: &str, mid: &str) -> Option<Candidate> {
    Some(Candidate {
        candidate: text.into(),
        sdp_mid: Some(mid.into()),
        ..Candidate::default()
    })
}

const HOST: &str = "candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host";

#[rstest]
#[case(
    Stack::Chromium,
    "Failed to execute 'addIceCandidate' on 'RTCPeerConnection': The remote description was null",
    "wrong state: stable"
)]
#[case(
    Stack::Firefox,
    "No remoteDescription.",
    "Cannot set remote answer in state stable"
)]
#[tokio::test]
async fn refusals_are_the_browsers_own_words(
    #[case] stack: Stack,
    #[case] early_candidate: &str,
    #[case] answer_in_stable: &str,
) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b) = tokio::join!(actor(pool, stack), actor(pool, stack));

    a.does(Command::NewConnection { conn: 2 }).await;
    let early = Command::AddCandidate {
        conn: 2,
        candidate: candidate(HOST, "0"),
    };
    assert_eq!(
        a.is_refused(early).await,
        format!("InvalidStateError: {early_candidate}")
    );

    connect(&mut a, &mut b).await;
    // A well-formed answer, so that the state is what is wrong with it.
    let offer = a
        .describes(Command::SetLocal {
            conn: 1,
            description: None,
        })
        .await;
    b.does(Command::SetRemote {
        conn: 1,
        description: offer,
    })
    .await;
    let answer = b
        .describes(Command::SetLocal {
            conn: 1,
            description: None,
        })
        .await;
    a.does(Command::SetRemote {
        conn: 1,
        description: answer.clone(),
    })
    .await;
    let said = a
        .is_refused(Command::SetRemote {
            conn: 1,
            description: answer,
        })
        .await;
    assert!(
        said.starts_with("InvalidStateError: ") && said.contains(answer_in_stable),
        "{said}"
    );

    let stray = Command::AddCandidate {
        conn: 1,
        candidate: candidate(HOST, "nowhere"),
    };
    let said = a.is_refused(stray).await;
    assert!(said.starts_with("OperationError: "), "{said}");

    // A remote offer in have-local-offer: both roll back by themselves.
    let offer = b
        .describes(Command::CreateOffer {
            conn: 1,
            ice_restart: false,
        })
        .await;
    a.describes(Command::SetLocal {
        conn: 1,
        description: None,
    })
    .await;
    a.does(Command::SetRemote {
        conn: 1,
        description: offer,
    })
    .await;
    a.hand.finish().await;
    b.hand.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_link_is_a_real_websocket(#[values(Stack::Chromium, Stack::Firefox)] stack: Stack) {
    let mut a = actor(Pool::global().unwrap(), stack).await;
    let open = |link, path: &str| Command::OpenLink {
        link,
        path: path.into(),
        protocols: vec![],
        headers: vec![],
        via: Via::default(),
    };
    a.does(open(1, "/ws")).await;
    a.sees(|saw| *saw == Happening::LinkOpened { link: 1 })
        .await;
    a.does(Command::SendText {
        link: 1,
        text: "ä – 𝄞".into(),
    })
    .await;
    let echo = Happening::LinkMessage {
        link: 1,
        data: Data::Text("ä – 𝄞".into()),
    };
    a.sees(|saw| *saw == echo).await;
    a.does(Command::CloseLink {
        link: 1,
        code: Some(4001),
        reason: "enough".into(),
    })
    .await;
    let closed = a
        .sees(|saw| matches!(saw, Happening::LinkClosed { .. }))
        .await;
    assert_eq!(
        closed,
        Happening::LinkClosed {
            link: 1,
            code: 4001,
            reason: "enough".into()
        }
    );

    // No server speaks WebSocket there: the browser says 1006.
    a.does(open(2, "/plain")).await;
    let closed = a
        .sees(|saw| matches!(saw, Happening::LinkClosed { link: 2, .. }))
        .await;
    assert!(
        matches!(
            closed,
            Happening::LinkClosed {
                code: 1005 | 1006,
                ..
            }
        ),
        "{closed:?}"
    );

    for foreign in ["ws://127.0.0.1:1/", "@127.0.0.1/"] {
        let refused = a.hand.perform(open(3, foreign)).await;
        assert_eq!(
            refused,
            Err(HandError::Unsupported(format!("not a path: {foreign}")))
        );
    }
    let nothing = a
        .hand
        .perform(Command::SendText {
            link: 9,
            text: "?".into(),
        })
        .await;
    assert_eq!(nothing, Err(HandError::Unsupported("no link 9".into())));
    a.hand.finish().await;
}

#[rstest]
#[tokio::test]
async fn commands_take_effect_in_the_order_of_the_calls(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b) = tokio::join!(actor(pool, stack), actor(pool, stack));
    // All at once: each needs the one before.
    let all = [
        Command::NewConnection { conn: 7 },
        Command::CreateChannel {
            conn: 7,
            label: "x".into(),
            options: ChannelOptions::default(),
        },
        Command::SetLocal {
            conn: 7,
            description: None,
        },
        Command::CloseConnection { conn: 7 },
        Command::NewConnection { conn: 8 },
    ];
    let replies = futures_util::future::join_all(all.map(|command| a.hand.perform(command))).await;
    assert_eq!(replies[0], Ok(Reply::Done));
    assert_eq!(replies[1], Ok(Reply::Done));
    // It was done before the close came, or it was pending then and ended with the connection: both are in order.
    let closed = HandError::Unsupported("connection 7 was closed meanwhile".into());
    assert!(
        matches!(&replies[2], Ok(Reply::Description(_))) || replies[2] == Err(closed),
        "{:?}",
        replies[2]
    );
    assert_eq!(replies[3], Ok(Reply::Done));
    assert_eq!(replies[4], Ok(Reply::Done));

    connect(&mut a, &mut b).await;
    let say = |number: u32| Command::Say {
        conn: 1,
        label: "chat".into(),
        data: Data::Text(number.to_string()),
    };
    let said =
        futures_util::future::join_all((0..200).map(|number| a.hand.perform(say(number)))).await;
    assert!(said.iter().all(|reply| *reply == Ok(Reply::Done)));
    for number in 0..200 {
        let next = b
            .sees(|saw| matches!(saw, Happening::ChannelMessage { .. }))
            .await;
        let text = Data::Text(number.to_string());
        assert_eq!(
            next,
            Happening::ChannelMessage {
                conn: 1,
                label: "chat".into(),
                data: text
            }
        );
    }
    a.hand.finish().await;
    b.hand.finish().await;
}

/// What is found comes late, and a remote offer over one's own is noticed.
const FOUND_LATE: &str = r#"
    const { prototype } = RTCPeerConnection;
    const { set } = Object.getOwnPropertyDescriptor(prototype, "onicecandidate");
    Object.defineProperty(prototype, "onicecandidate", {
        set(told) {
            set.call(this, (event) => setTimeout(() => { this.found = true; told(event); }, 500));
        },
    });
    const setRemote = prototype.setRemoteDescription;
    prototype.setRemoteDescription = function (given) {
        if (this.signalingState === "have-local-offer")
            console.log(`${given.type} taken, candidates found: ${!!this.found}`);
        return setRemote.call(this, given);
    };
"#;

/// If Chromium takes an offer back when it has begun to gather and found nothing yet, it never gathers again (seen on a busy machine).
#[tokio::test]
async fn chromium_takes_an_offer_back_when_it_has_found_a_candidate() {
    let tap = Tap::with_script(FOUND_LATE).await;
    let mut a = actor_at(Pool::global().unwrap(), Stack::Chromium, tap).await;
    let local = |conn| Command::SetLocal {
        conn,
        description: None,
    };
    for conn in [1, 2] {
        a.does(Command::NewConnection { conn }).await;
        a.does(Command::CreateChannel {
            conn,
            label: "x".into(),
            options: ChannelOptions::default(),
        })
        .await;
    }
    let Reply::Description(description) = a.does(local(2)).await else {
        panic!("no offer")
    };
    a.does(local(1)).await;
    // The first one, whose own offer is out, hears the offer of the second; what follows comes behind it.
    let collide = [
        Command::SetRemote {
            conn: 1,
            description,
        },
        local(1),
    ];
    let replies = collide.map(|command| a.hand.perform(command));
    let replies = futures_util::future::join_all(replies).await;
    let Ok(Reply::Description(answer)) = &replies[1] else {
        panic!("no answer: {replies:?}")
    };
    assert_eq!(answer.kind, DescriptionKind::Answer);
    let told = a.sees(|saw| matches!(saw, Happening::Console { .. })).await;
    let expected = Happening::Console {
        level: "info".into(),
        text: "offer taken, candidates found: true".into(),
    };
    assert_eq!(told, expected);
    a.hand.finish().await;
}

#[rstest]
#[tokio::test]
async fn bytes_stats_states_and_closing_are_told(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b) = tokio::join!(actor(pool, stack), actor(pool, stack));
    connect(&mut a, &mut b).await;
    chat(&mut a, &mut b).await;
    let data = Data::Bytes("AAH/".into());
    a.does(Command::Say {
        conn: 1,
        label: "chat".into(),
        data: data.clone(),
    })
    .await;
    b.sees(|saw| matches!(saw, Happening::ChannelMessage { data: got, .. } if *got == data))
        .await;
    let Reply::Stats(stats) = a.does(Command::Stats { conn: 1 }).await else {
        panic!("no stats")
    };
    let kinds: Vec<_> = stats
        .as_object()
        .unwrap()
        .values()
        .map(|entry| &entry["type"])
        .collect();
    assert!(
        kinds.iter().any(|kind| **kind == "candidate-pair"),
        "{kinds:?}"
    );
    a.does(Command::CloseChannel {
        conn: 1,
        label: "chat".into(),
    })
    .await;
    for actor in [&mut a, &mut b] {
        actor
            .sees(|saw| matches!(saw, Happening::ChannelState { state, .. } if state == "closed"))
            .await;
    }
    a.hand.finish().await;
    b.hand.finish().await;
}

#[rstest]
#[tokio::test]
async fn the_console_and_what_nobody_caught_are_told(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let tap =
        Tap::with_script("console.warn('mind', 1); setTimeout(() => { throw new Error('boom') })")
            .await;
    let mut a = actor_at(Pool::global().unwrap(), stack, tap).await;
    let warned = a.sees(|saw| matches!(saw, Happening::Console { .. })).await;
    assert_eq!(
        warned,
        Happening::Console {
            level: "warn".into(),
            text: "mind 1".into()
        }
    );
    let thrown = a.sees(|saw| matches!(saw, Happening::Console { .. })).await;
    assert!(
        matches!(&thrown, Happening::Console { level, text } if level == "error" && text.contains("boom")),
        "{thrown:?}"
    );
    a.hand.finish().await;
}
