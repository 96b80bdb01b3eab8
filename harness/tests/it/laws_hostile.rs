//! Traces that no honest run writes: judged without a panic, and in time.

use std::time::Duration;

use crate::time_support;
use crate::traces_support::{link, room};
use glare::laws::judge;
use glare::names::{Link, PeerName};
use glare::record::{Event, What};
use glare::signaling::Terms;
use glare::signaling::{
    AbsentPeer, Dialect, Kind, Notice, Properties, Request, SameId, Signal, Word,
};
use glare::terms::{Carrier, Direction, Ending, Fate, ServerLife, Side};
use proptest::prelude::*;

const PEERS: [&str; 3] = ["alice", "bob", "carol"];

fn word() -> impl Strategy<Value = Option<Word>> {
    let name = || prop::sample::select(&["lobby", "hall"][..]).prop_map(room);
    let request = prop_oneof![
        name().prop_map(|room| Request::Create { room }),
        name().prop_map(|room| Request::Join { room }),
        name().prop_map(|room| Request::Leave { room }),
        name().prop_map(|room| Request::Destroy { room }),
        Just(Request::Fence),
    ];
    let kinds = prop::option::of(prop::sample::select(Kind::ALL));
    let notice = prop_oneof![
        name().prop_map(|room| Notice::Created { room }),
        name().prop_map(|room| Notice::Joined {
            room,
            with: Vec::new()
        }),
        name().prop_map(|room| Notice::Left { room }),
        name().prop_map(|room| Notice::Destroyed { room }),
        kinds.prop_map(|request| Notice::Refused {
            request,
            reason: String::new()
        }),
        Just(Notice::PeerJoined { peer: "x".into() }),
        Just(Notice::PeerLeft {
            peer: "x".into(),
            how: None
        }),
        Just(Notice::Error {
            reason: String::new()
        }),
    ];
    let signal = prop_oneof![
        Just(Signal::Offer { sdp: "".into() }),
        Just(Signal::EndOfCandidates),
        Just(Signal::Bye),
    ];
    prop_oneof![
        1 => Just(None),
        6 => request.prop_map(|request| Some(Word::Request { request })),
        6 => notice.prop_map(|notice| Some(Word::Notice { notice })),
        6 => signal.prop_map(|signal| Some(Word::Signal { peer: None, signal })),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let links = || (0..PEERS.len(), 0..3_u32).prop_map(|(peer, n)| link(PEERS[peer], n));
    let fates = prop::sample::select(vec![
        Fate::Passed,
        Fate::Passed,
        Fate::Held,
        Fate::Dropped,
        Fate::Undeliverable,
        Fate::Delayed,
        Fate::Corrupted,
        Fate::Copy,
        Fate::Forged,
        Fate::Swallowed,
    ]);
    let message = (
        links(),
        any::<bool>(),
        prop::sample::select(vec![
            Carrier::Text,
            Carrier::Text,
            Carrier::Http,
            Carrier::Binary,
        ]),
        word(),
        prop::option::of(0..PEERS.len()),
        fates,
        0..3_u8,
        prop::option::of(0..3_u8),
    )
        .prop_map(
            |(link, up, carrier, word, about, fate, digest, number)| What::Message {
                link,
                direction: if up { Direction::Up } else { Direction::Down },
                carrier,
                word,
                about: about.map(|peer| PeerName::new(PEERS[peer])),
                fate,
                size: 0,
                digest: digest.to_string().into(),
                text: "GET".into(),
                of: None,
                number: number.map(|number| number.to_string()),
            },
        );
    prop_oneof![
        20 => message,
        3 => links().prop_map(|link| What::LinkUp { link }),
        2 => links().prop_map(|link| What::LinkDown { link, by: Side::Server, ending: Ending::Eof }),
        1 => links().prop_map(|link| What::LinkEnded { link }),
        1 => links().prop_map(|link| What::Fenced { link }),
        2 => (0..40_u64, any::<bool>()).prop_map(|(message, delivered)| What::Released { message, delivered }),
        1 => Just(What::Server { life: ServerLife::Killed }),
    ]
}

fn trace() -> impl Strategy<Value = Vec<Event>> {
    let time = prop_oneof![4 => 0..10_000_000_u64, 1 => any::<u64>()];
    let seq = prop_oneof![4 => Just(None), 1 => any::<u64>().prop_map(Some), 1 => (0..40_u64).prop_map(Some)];
    let event = (time, seq, prop::collection::vec(0..60_u64, 0..3), what());
    prop::collection::vec(event, 0..200).prop_map(|events| {
        let numbered = events.into_iter().enumerate();
        numbered
            .map(|(i, (at, seq, cause, what))| Event {
                seq: seq.unwrap_or(i as u64),
                at,
                cause,
                what,
            })
            .collect()
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    (any::<[bool; 6]>(), prop::option::of(0..3_u64)).prop_map(
        |([rewrites, echoes, queue, reject, answers_leave, _], within)| Terms {
            answers_leave,
            ..Terms::from(&Properties {
                announces_leaving_within: within.map(Duration::from_secs),
                same_id: Some(if reject {
                    SameId::Reject
                } else {
                    SameId::Takeover
                }),
                rewrites,
                echoes: Some(echoes),
                absent_peer: Some(if queue {
                    AbsentPeer::Queue
                } else {
                    AbsentPeer::Silence
                }),
                ..Properties::default()
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_trace_makes_the_judge_panic(events in trace(), terms in terms()) {
        let findings = judge(&events, &terms);
        prop_assert_eq!(&findings, &judge(&events, &terms), "the same trace, the same findings");
        for finding in &findings {
            prop_assert!(finding.breaches.iter().all(|breach| breach.law == finding.law));
            prop_assert!(finding.premises >= finding.breaches.len(), "a breach is a premise too: {:?}", finding);
        }
    }
}

fn event(seq: usize, what: What) -> Event {
    Event {
        seq: seq as u64,
        at: seq as u64,
        cause: Vec::new(),
        what,
    }
}

fn message(peer: &str, direction: Direction, word: Word) -> What {
    on(link(peer, 1), direction, word)
}

fn on(link: Link, direction: Direction, word: Word) -> What {
    What::Message {
        link,
        direction,
        carrier: Carrier::Text,
        word: Some(word),
        about: (direction == Direction::Down).then(|| PeerName::new("alice")),
        fate: Fate::Passed,
        size: 0,
        digest: "same".into(),
        text: String::new(),
        of: None,
        number: None,
    }
}

fn told(name: &str, terms: &Terms, what: impl Fn(usize) -> What) {
    let events: Vec<Event> = (0..100_000).map(|seq| event(seq, what(seq))).collect();
    let began = time_support::of_this_thread();
    let findings = judge(&events, terms);
    let took = time_support::of_this_thread().saturating_sub(began);
    println!(
        "{name}: {took:?} for {} events, {} breaches",
        events.len(),
        findings.iter().map(|f| f.breaches.len()).sum::<usize>()
    );
    // Anything that grows with the square takes minutes.
    assert!(took < Duration::from_secs(20), "{name} took {took:?}");
}

#[test]
fn long_traces_are_judged_in_time() {
    let terms = Terms::of(&Dialect::reference());
    let end = || Word::Signal {
        peer: None,
        signal: Signal::EndOfCandidates,
    };
    let ask = |request| Word::Request { request };
    let lobby = || room("lobby");
    told("equal signals, each delivered", &terms, |seq| match seq {
        0 => message(
            "alice",
            Direction::Up,
            ask(Request::Create { room: lobby() }),
        ),
        seq if seq % 2 == 0 => message("alice", Direction::Up, end()),
        _ => message("bob", Direction::Down, end()),
    });
    told("equal signals, first all sent", &terms, |seq| {
        if seq < 50_000 {
            message("alice", Direction::Up, end())
        } else {
            message("bob", Direction::Down, end())
        }
    });
    told("requests that nobody answers", &terms, |seq| {
        let request = if seq % 2 == 0 {
            Request::Join { room: lobby() }
        } else {
            Request::Leave { room: lobby() }
        };
        message("alice", Direction::Up, ask(request))
    });
    told("coming and going", &terms, |seq| match seq % 5 {
        0 => message("alice", Direction::Up, ask(Request::Join { room: lobby() })),
        1 => message(
            "alice",
            Direction::Down,
            Word::Notice {
                notice: Notice::Joined {
                    room: lobby(),
                    with: Vec::new(),
                },
            },
        ),
        2 => message(
            "alice",
            Direction::Up,
            ask(Request::Leave { room: lobby() }),
        ),
        3 => message(
            "alice",
            Direction::Down,
            Word::Notice {
                notice: Notice::Left { room: lobby() },
            },
        ),
        _ => message(
            "bob",
            Direction::Down,
            Word::Notice {
                notice: Notice::PeerLeft {
                    peer: "alice".into(),
                    how: None,
                },
            },
        ),
    });
    told("joins that are refused", &terms, |seq| {
        if seq % 2 == 0 {
            message("alice", Direction::Up, ask(Request::Join { room: lobby() }))
        } else {
            let notice = Notice::Refused {
                request: Some(Kind::Join),
                reason: String::new(),
            };
            message("alice", Direction::Down, Word::Notice { notice })
        }
    });
}

/// Each time on a new link, of which each is told of the other.
#[test]
fn who_comes_back_again_and_again_is_judged_in_time() {
    let reference = Terms::of(&Dialect::reference());
    let returning = Terms {
        rejects_same_id: false,
        ..reference.clone()
    };
    let join = || Word::Request {
        request: Request::Join {
            room: room("lobby"),
        },
    };
    let joined = |with: &[&str]| Word::Notice {
        notice: Notice::Joined {
            room: room("lobby"),
            with: with.iter().map(ToString::to_string).collect(),
        },
    };
    let peer = || "alice".to_owned();
    let come = || Word::Notice {
        notice: Notice::PeerJoined { peer: peer() },
    };
    let gone = || Word::Notice {
        notice: Notice::PeerLeft {
            peer: peer(),
            how: None,
        },
    };
    for terms in [reference, returning] {
        told("coming back on new links", &terms, |seq| {
            let again = u32::try_from(seq / 10).expect("few") + 1;
            let (alice, bob) = (link("alice", again), link("bob", again));
            let down = |link| What::LinkDown {
                link,
                by: Side::Peer,
                ending: Ending::Reset,
            };
            match seq % 10 {
                0 => What::LinkUp { link: bob },
                1 => on(bob, Direction::Up, join()),
                2 => on(bob, Direction::Down, joined(&[])),
                3 => What::LinkUp { link: alice },
                4 => on(alice, Direction::Up, join()),
                5 => on(alice, Direction::Down, joined(&["bob"])),
                6 => on(bob, Direction::Down, come()),
                7 => down(alice),
                8 => on(bob, Direction::Down, gone()),
                _ => down(bob),
            }
        });
    }
}
