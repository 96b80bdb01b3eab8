//! What a server was seen to do, as lines that its dialect may promise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::names::names;
use super::returning::returning;
use super::scenes::Shows;
use super::seen::{Proposal, Seen, Stands, failure, went_well};
use crate::mistake::quoted;
use crate::names::PeerName;
use crate::record::{Event, Failure, FailureKind, Verdict, What};
use crate::report::{PEERS, ROOM};
use crate::scenario::Place;
use crate::signaling::{
    AbsentPeer, Dialect, Garbled, Kind, Notice, OnGarbage, Properties, Reason, SameId, Word,
};
use crate::stage::Outcome;
use crate::terms::{Direction, ServerLife, Side};

/// Times are proposed so: what was measured may be ten times slower on another day.
const STEPS: [u64; 6] = [1, 2, 5, 10, 30, 60];

/// What these outcomes show.
pub fn seen(dialect: &Dialect, played: &BTreeMap<Shows, Outcome>) -> Seen {
    let mut seen = Seen::default();
    let now = dialect.properties();
    leaving(dialect, now, played, &mut seen);
    joining(dialect, now, played, &mut seen);
    answers(now, played, &mut seen);
    room_size(now, played, &mut seen);
    same_id(dialect, played, &mut seen);
    absent(now, played, &mut seen);
    echoes(now, played, &mut seen);
    addressed(dialect, now, played, &mut seen);
    names(now, played, &mut seen);
    garbage(now, played, &mut seen);
    returning(dialect, played, &mut seen);
    seen
}

fn leaving(
    dialect: &Dialect,
    now: &Properties,
    played: &BTreeMap<Shows, Outcome>,
    seen: &mut Seen,
) {
    if !dialect.hears(Kind::PeerLeft) {
        let why = "nobody is told who went: there is no `hear: peer-left`";
        return seen.remarks.push(why.into());
    }
    let mut measured = Vec::new();
    for (shows, what) in [
        (Shows::Leaving, "after leaving"),
        (Shows::Dropping, "after a lost line"),
    ] {
        let Some(outcome) = played.get(&shows) else {
            continue;
        };
        // What is kept meanwhile is told of later than this is waited for.
        if let (Shows::Dropping, Some(kept)) = (shows, now.keeps_places) {
            seen.remarks.push(format!(
                "what is told {what} was not looked at: a place is kept for {kept:?} (`keeps-places`)"
            ));
            continue;
        }
        match told_after(outcome, shows) {
            // Long after who leaves by a word: it is not slow, it keeps the place.
            Some(took) if shows == Shows::Dropping && is_kept(took, &measured) => {
                seen.proposals.push(Proposal {
                    line: format!("keeps-places: {}s", took.as_secs_f64().ceil()),
                    seen: format!("peer-left came {} {what}", shown(took)),
                    stands: Stands::Missing,
                });
            }
            Some(took) => measured.push((took, format!("{} {what}", shown(took)))),
            None if unsupported(outcome) => seen.remarks.push(format!(
                "what is told {what} was not tried: it is not done to a server that is not yours (--i-own-this-server)"
            )),
            None => {
                let untold = format!("nobody was told within 5 s {what}");
                return match now.announces_leaving_within {
                    Some(within) => seen.unkept.push(format!(
                        "announces-leaving-within: {}s, and {untold}",
                        within.as_secs_f64()
                    )),
                    None => {
                        let why = format!("{untold}: no `announces-leaving-within`");
                        seen.remarks.push(why);
                    }
                };
            }
        }
    }
    let Some(slowest) = measured.iter().map(|(took, _)| *took).max() else {
        return;
    };
    let within = within(slowest);
    let told: Vec<String> = measured.into_iter().map(|(_, told)| told).collect();
    seen.proposals.push(Proposal {
        line: format!("announces-leaving-within: {}s", within.as_secs()),
        seen: format!("peer-left came {}", told.join(", ")),
        stands: at_most(now.announces_leaving_within, slowest),
    });
}

/// Whether it took so much longer than for who left by a word that a place must have been kept.
fn is_kept(took: Duration, left: &[(Duration, String)]) -> bool {
    let at_once = |(left, _): &(Duration, String)| *left * 4 < took;
    took >= KEPT && !left.is_empty() && left.iter().all(at_once)
}

/// From here on news is not late, but waited for.
const KEPT: Duration = Duration::from_millis(900);

fn joining(
    dialect: &Dialect,
    now: &Properties,
    played: &BTreeMap<Shows, Outcome>,
    seen: &mut Seen,
) {
    if !dialect.hears(Kind::PeerJoined) {
        return;
    }
    let Some(outcome) = played.get(&Shows::Meeting) else {
        return;
    };
    let asked = at(outcome, |event| {
        said(event, "bob", |word| word.kind() == Kind::Join)
    });
    let told = at(outcome, |event| {
        heard(event, "alice", |word| word.kind() == Kind::PeerJoined)
    });
    match (asked, told) {
        (Some(asked), Some(told)) if told > asked => {
            let took = Duration::from_micros(told - asked);
            seen.proposals.push(Proposal {
                line: format!("announces-joining-within: {}s", within(took).as_secs()),
                seen: format!("peer-joined came {} after the join", shown(took)),
                stands: at_most(now.announces_joining_within, took),
            });
        }
        _ => match now.announces_joining_within {
            Some(within) => seen.unkept.push(format!(
                "announces-joining-within: {}s, and alice was not told that bob came",
                within.as_secs_f64()
            )),
            None => seen
                .remarks
                .push("alice was not told that bob came: no `announces-joining-within`".into()),
        },
    }
}

fn answers(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Meeting) else {
        return;
    };
    let took = |who: &str, asked: Kind, answered: Kind| {
        let asked = at(outcome, |event| {
            said(event, who, |word| word.kind() == asked)
        })?;
        let answered = at(outcome, |event| {
            heard(event, who, |word| word.kind() == answered)
        })?;
        answered.checked_sub(asked).map(Duration::from_micros)
    };
    let all = [
        took("alice", Kind::Create, Kind::Created),
        took("bob", Kind::Join, Kind::Joined),
    ];
    if let Some(slowest) = all.into_iter().flatten().max() {
        seen.proposals.push(Proposal {
            line: format!("answers-within: {}s", within(slowest).as_secs()),
            seen: format!("the slowest answer came after {}", shown(slowest)),
            stands: at_most(now.answers_within, slowest),
        });
    }
}

fn room_size(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::RoomSize) else {
        return;
    };
    match failure(outcome) {
        None if !went_well(outcome) => {}
        None => {
            match now.room_size.filter(|size| *size < 5) {
                Some(size) => seen
                    .unkept
                    .push(format!("room-size: {size}, and 5 fit into one room")),
                None => seen
                    .remarks
                    .push("5 fit into one room: no `room-size`, or a larger one".into()),
            }
        }
        Some(Failure {
            kind: FailureKind::Refused,
            place: Some(Place::Step(step)),
            message,
            ..
        }) if *step > 1 => {
            let size = step - 1;
            let reason = refusal(outcome).filter(|reason| !reason.is_empty());
            seen.proposals.push(Proposal {
                line: format!("room-size: {size}"),
                seen: match reason {
                    Some(_) => message.clone(),
                    None => "the one too many was refused, without a reason".into(),
                },
                stands: stands(now.room_size, size),
            });
            full(now, reason, seen);
        }
        Some(Failure {
            place: Some(Place::Step(step)),
            ..
        }) => seen.remarks.push(format!(
            "the one who came {} into the room was neither let in nor refused: nothing can be said of `room-size`{}",
            ["first", "second", "third", "fourth", "fifth"][step.saturating_sub(1).min(4)],
            heard_instead(outcome, *step)
        )),
        Some(_) => {}
    }
}

/// What the one who asked to come in at this step was told in the place of a yes or a no.
fn heard_instead(outcome: &Outcome, step: usize) -> String {
    let Some(peer) = PEERS.get(step.saturating_sub(1)) else {
        return String::new();
    };
    let begun = outcome
        .events
        .iter()
        .skip_while(|event| !matches!(&event.what, What::Step { index, .. } if *index == step));
    let told = begun.filter_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word,
            text,
            ..
        } if link.peer.as_str() == *peer => match word {
            Some(Word::Notice {
                notice: Notice::Error { reason },
            }) => Some(format!(
                "; it heard error {reason:?}: if that is the refusal, make it `refused`"
            )),
            None => Some(format!(
                "; it was told what no word of the dialect matches: {}",
                quoted(text)
            )),
            Some(_) => None,
        },
        _ => None,
    });
    // An error says more than what nobody understood.
    told.min_by_key(|one| !one.starts_with("; it heard"))
        .unwrap_or_default()
}

/// Why the first one who was refused was, as the dialect hears it.
fn refusal(outcome: &Outcome) -> Option<&str> {
    outcome.events.iter().find_map(|event| match &event.what {
        What::Message {
            direction: Direction::Down,
            word:
                Some(Word::Notice {
                    notice: Notice::Refused { request, reason },
                }),
            ..
        } if *request != Some(Kind::Fence) => Some(reason.as_str()),
        _ => None,
    })
}

/// By what a full room is told from all else that is refused, or why that cannot be said.
fn full(now: &Properties, reason: Option<&str>, seen: &mut Seen) {
    let declared = now.refusals.has(Reason::Full);
    let why = match reason {
        None => "the word that refused has no `{reason}`".to_owned(),
        Some(reason) => {
            // What else stands there may be the room's name, and another one next time.
            let pieces = reason
                .split(ROOM)
                .map(|piece| piece.trim_matches(|c: char| !c.is_alphanumeric()));
            let longest = pieces.max_by_key(|piece| piece.len()).unwrap_or_default();
            let text = match (reason.contains(ROOM), reason.contains("full")) {
                (false, _) => reason.trim(),
                (true, true) => "full",
                (true, false) => longest,
            };
            if !text.is_empty() {
                return seen.proposals.push(Proposal {
                    line: format!("refusals: {{ full: {} }}", crate::yaml::scalar(text)),
                    seen: format!("{} is what the one too many was told", quoted(reason)),
                    stands: match declared {
                        true => Stands::Said,
                        false => Stands::Missing,
                    },
                });
            }
            format!("{} says no more than the room's name", quoted(reason))
        }
    };
    if !declared {
        seen.remarks
            .push(format!("no `refusals: {{ full: … }}`: {why}"));
    }
}

fn same_id(dialect: &Dialect, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::SameId) else {
        return;
    };
    if !dialect.names_at_connecting() {
        let why = "no line is dialled with a name: `same-id` is left out, and what becomes of a name that is in use is said on the way into a room (`refusals: { taken: … }`)";
        return seen.remarks.push(why.into());
    }
    let (word, is, why) = match failure(outcome) {
        None if !went_well(outcome) => return,
        None => {
            let refused = outcome.events.iter().find_map(|event| match &event.what {
                What::LinkRefused { text, .. } => Some(text.clone()),
                _ => None,
            });
            let why = refused.unwrap_or_else(|| "a second line was refused".into());
            ("reject", SameId::Reject, why)
        }
        Some(Failure {
            kind: FailureKind::NotRefused,
            ..
        }) => {
            let first_ended = outcome.events.iter().any(|event| {
                matches!(&event.what, What::LinkDown { link, by: Side::Server, .. }
                    if link.peer.as_str() == "bob" && link.instance == 1)
            });
            match first_ended {
                true => (
                    "takeover",
                    SameId::Takeover,
                    "a second line called bob was let in, and the first one closed".into(),
                ),
                false => (
                    "rename",
                    SameId::Rename,
                    "a second line called bob was let in beside the first".into(),
                ),
            }
        }
        Some(_) => return,
    };
    seen.proposals.push(Proposal {
        line: format!("same-id: {word}"),
        seen: why,
        stands: stands(dialect.properties().same_id, is),
    });
}

fn absent(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Absent) else {
        return;
    };
    let events = &outcome.events;
    let sent = events
        .iter()
        .position(|event| said(event, "alice", |word| word.kind() == Kind::Offer));
    // Where a place is kept, what waits does so for whoever has it; this one never had one.
    if now.keeps_places.is_some() {
        return;
    }
    // Where nothing could be sent, nothing is known.
    let Some(sent) = sent else { return };
    let told = events[sent..].iter().find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word: Some(Word::Notice { notice }),
            ..
        } if link.peer.as_str() == "alice" => match notice {
            Notice::Refused {
                request: Some(Kind::Fence),
                ..
            } => None,
            Notice::Error { reason } | Notice::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        },
        _ => None,
    });
    let (word, is, why) = match told {
        Some(reason) => (
            "error",
            AbsentPeer::Error,
            format!("an offer for nobody is answered{}", why(&reason)),
        ),
        None if went_well(outcome) => (
            "queue",
            AbsentPeer::Queue,
            "an offer waited for who came later".into(),
        ),
        None if !reached(outcome, 5) => return,
        None => (
            "silence",
            AbsentPeer::Silence,
            "an offer for nobody is answered by nothing".into(),
        ),
    };
    seen.proposals.push(Proposal {
        line: format!("absent-peer: {word}"),
        seen: why,
        stands: stands(now.absent_peer, is),
    });
}

fn echoes(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Meeting) else {
        return;
    };
    let own = |event: &Arc<Event>| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word: Some(word @ Word::Signal { .. }),
            digest,
            ..
        } => {
            let kind = word.kind();
            matches!(kind, Kind::Offer | Kind::Answer | Kind::Candidate)
                && outcome.events.iter().any(|sent| {
                    matches!(&sent.what, What::Message { link: from, direction: Direction::Up, digest: of, .. }
                        if from.peer == link.peer && of == digest && sent.seq < event.seq)
                })
        }
        _ => false,
    };
    let echoed = outcome.events.iter().any(own);
    // Whoever it is that offers there.
    let offer = |word: &Word| word.kind() == Kind::Offer;
    let signalled = (outcome.events.iter())
        .any(|event| said(event, "alice", offer) || said(event, "bob", offer));
    if signalled {
        seen.proposals.push(Proposal {
            line: format!("echoes: {echoed}"),
            seen: match echoed {
                true => "what somebody sent came back to him".into(),
                false => "what somebody sent did not come back to him".into(),
            },
            stands: stands(now.echoes, echoed),
        });
    }
}

fn addressed(
    dialect: &Dialect,
    now: &Properties,
    played: &BTreeMap<Shows, Outcome>,
    seen: &mut Seen,
) {
    let Some(outcome) = played.get(&Shows::Addressed) else {
        return;
    };
    // Both offers came: what was for bob would have come to carol before her own.
    if !went_well(outcome) || !dialect.addresses(Kind::Offer) {
        return;
    }
    let offers = outcome
        .events
        .iter()
        .filter(|event| heard(event, "carol", |word| word.kind() == Kind::Offer));
    let broadcasts = offers.count() > 1;
    seen.proposals.push(Proposal {
        line: format!("broadcasts: {broadcasts}"),
        seen: match broadcasts {
            true => "an offer for bob reached carol too".into(),
            false => "an offer for bob did not reach carol".into(),
        },
        stands: stands(now.broadcasts, broadcasts),
    });
}

fn garbage(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Garbage).filter(|it| !unsupported(it)) else {
        return;
    };
    let sent = outcome.events.iter().position(
        |event| matches!(&event.what, What::Step { text, .. } if text.starts_with("send-raw")),
    );
    let Some(sent) = sent else { return };
    let after = &outcome.events[sent..];
    let until = after
        .iter()
        .position(|event| event.what == What::End)
        .unwrap_or(after.len());
    let what = after[..until].iter().find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word:
                Some(Word::Notice {
                    notice: Notice::Error { reason } | Notice::Refused { reason, .. },
                }),
            ..
        } if link.peer.as_str() == "bob" => {
            let why = format!("garbage was answered{}", why(reason));
            Some((OnGarbage::Word, why))
        }
        What::LinkDown {
            link,
            by: Side::Server,
            ..
        } if link.peer.as_str() == "bob" => Some((
            OnGarbage::Close,
            "garbage closed the line of who sent it".into(),
        )),
        What::Server {
            life: ServerLife::Exited { status },
        } => {
            let line = format!("garbage that a client sent ended the server ({status})");
            seen.remarks.push(line);
            Some((OnGarbage::Close, String::new()))
        }
        _ => None,
    });
    let silence = || {
        (
            OnGarbage::Silence,
            "garbage was answered by nothing".to_owned(),
        )
    };
    let (what, why) = what.unwrap_or_else(silence);
    if !why.is_empty() {
        seen.proposals.push(Proposal {
            line: format!("garbage: {}", OnGarbage::NAMES[what as usize]),
            seen: why,
            stands: match now.garbage == Garbled::default() {
                true => Stands::Missing,
                // It may be declared by kind.
                false => Stands::Said,
            },
        });
    }
}

/// How long after bob went alice was told.
pub fn told_after(outcome: &Outcome, shows: Shows) -> Option<Duration> {
    let went = at(outcome, |event| match shows {
        Shows::Leaving => said(event, "bob", |word| word.kind() == Kind::Leave),
        _ => matches!(&event.what, What::LinkDown { link, .. } if link.peer.as_str() == "bob"),
    })?;
    let told = outcome.events.iter().find(|event| {
        event.at >= went && heard(event, "alice", |word| word.kind() == Kind::PeerLeft)
    })?;
    Some(Duration::from_micros(told.at - went))
}

fn at(outcome: &Outcome, is: impl Fn(&Event) -> bool) -> Option<u64> {
    let event = outcome.events.iter().find(|event| is(event));
    event.map(|event| event.at)
}

fn said(event: &Event, who: &str, is: impl Fn(&Word) -> bool) -> bool {
    passed(event, who, Direction::Up, is)
}

fn heard(event: &Event, who: &str, is: impl Fn(&Word) -> bool) -> bool {
    passed(event, who, Direction::Down, is)
}

fn passed(event: &Event, who: &str, way: Direction, is: impl Fn(&Word) -> bool) -> bool {
    matches!(&event.what, What::Message { link, direction, word: Some(word), .. }
        if *direction == way && link.peer == PeerName::new(who) && is(word))
}

fn reached(outcome: &Outcome, step: usize) -> bool {
    let is = |event: &Arc<Event>| matches!(&event.what, What::Step { index, .. } if *index >= step);
    outcome.events.iter().any(is)
}

fn unsupported(outcome: &Outcome) -> bool {
    matches!(outcome.verdict, Verdict::Unsupported(_))
}

fn within(measured: Duration) -> Duration {
    let fits = |seconds: &u64| Duration::from_secs(*seconds) >= measured * 10;
    let seconds = STEPS.into_iter().find(fits).unwrap_or(120);
    Duration::from_secs(seconds)
}

fn at_most(now: Option<Duration>, measured: Duration) -> Stands {
    match now {
        None => Stands::Missing,
        Some(now) if now >= measured => Stands::Said,
        Some(_) => Stands::Otherwise,
    }
}

fn stands<T: PartialEq>(now: Option<T>, seen: T) -> Stands {
    match now {
        None => Stands::Missing,
        Some(now) if now == seen => Stands::Said,
        Some(_) => Stands::Otherwise,
    }
}

fn shown(took: Duration) -> String {
    match took.as_millis() {
        0 => "less than 1 ms".into(),
        ms if ms < 10_000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1000),
    }
}

/// What an answer says of why.
fn why(reason: &str) -> String {
    match reason {
        "" => ", without a reason".into(),
        reason => format!(": {}", quoted(reason)),
    }
}
