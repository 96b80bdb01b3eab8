//! 7: harm to one is harm to none. Each field of each message in turn, and what is no message at all; then the probes.

use crate::laws::Law;
use crate::signaling::{Field, Garbage, Kind};
use crate::validate::case::{Case, Number, PATIENCE, Row, Section, Source};

const NUMBER: u8 = 7;

/// The first number of those that are made of the table below.
const FIRST: u16 = 31;
/// The same of those that came later.
const FIRST_OF_MORE: u16 = 126;

pub(super) fn section() -> Section {
    let mut cases: Vec<Case> = ROWS.iter().map(|row| row.case(NUMBER)).collect();
    cases.extend(fields(&FIELDS, FIRST));
    cases.extend(LATER.iter().map(|row| row.case(NUMBER)));
    cases.extend(fields(&MORE_FIELDS, FIRST_OF_MORE));
    Section {
        number: NUMBER,
        name: "robustness",
        asks: "whether what one sends harms nobody else, and the server lives on",
        cases,
    }
}

const HARMS_NOBODY: Source = Source::Law(Law::GarbageHarmsNobodyElse);
const LIVES: Source = Source::Law(Law::ServerLives);

/// Whoever was there before and has nothing to do with it signals on.
macro_rules! and_then_the_others {
    ($steps:literal) => {
        concat!(
            "given meet\ngiven apart\n",
            $steps,
            "\nthen tell carol dave offer\nthen tell dave carol answer"
        )
    };
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { native: false, number: 1, title: "half of a message", source: HARMS_NOBODY, why: "Clients are cut off in the middle of a write.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: cut-short }"), broken_by: "crashes-on-bad-json" },
    Row { native: false, number: 2, title: "numbers where texts belong", source: HARMS_NOBODY, why: "A reader that calls a method of a text falls over a number.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: wrong-type }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 3, title: "a message without one of its fields", source: HARMS_NOBODY, why: "Old clients leave out what is new.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: field-missing }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 4, title: "a word that the server does not know", source: HARMS_NOBODY, why: "New clients say what an old server has never heard.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: unknown-word }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 5, title: "null in the place of a message", source: HARMS_NOBODY, why: "It is JSON, and has no fields to look at.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: \"null\" }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 6, title: "a message nested 500 deep", source: HARMS_NOBODY, why: "A reader that calls itself runs out of stack.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: deep }"), broken_by: "dies-of-deep-json" },
    Row { native: false, number: 7, title: "a message of 1.2 MB", source: HARMS_NOBODY, why: "Who keeps all that comes keeps it for everybody.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: huge }"), broken_by: "dies-of-huge" },
    Row { native: false, number: 8, title: "a message of no bytes", source: HARMS_NOBODY, why: "Some clients keep a line open with it.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: empty }"), broken_by: "crashes-on-bad-json" },
    Row { native: false, number: 9, title: "the name of what every JavaScript object has", source: HARMS_NOBODY, why: "A table of rooms that is an object has that room already.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: prototype }"), broken_by: "dies-of-odd-texts" },
    Row { native: false, number: 10, title: "garbage, and then a message to its sender", source: LIVES, why: "What was kept of the garbage is looked at when somebody else speaks.",
        steps: and_then_the_others!("harm garbage: { peer: bob, kind: wrong-type, of: offer, answered: false }\nharm send alice bob offer"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 11, title: "garbage, and then its sender is lost", source: HARMS_NOBODY, why: "Clearing up after somebody who was half understood is code that nobody plays.",
        steps: and_then_the_others!("given paired carol dave\nharm garbage: { peer: bob, kind: cut-short }\nharm tell carol dave candidate\nharm kill: { peer: bob, how: socket }"), broken_by: "bad-json-cuts-others" },
    Row { native: false, number: 12, title: "garbage of a third between an offer and its answer", source: HARMS_NOBODY, why: "It must not end what two others have begun.",
        steps: "given meet\ngiven tell bob alice offer\ngiven open erin hall\nharm garbage: { peer: erin, kind: cut-short }\nthen tell alice bob answer\nthen tell bob alice candidate", broken_by: "bad-json-cuts-others" },
    Row { native: false, number: 13, title: "text that is no JSON", source: LIVES, why: "Somebody opens the line by hand and types.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"glare: this is no message of yours\" }"), broken_by: "crashes-on-bad-json" },
    Row { native: false, number: 14, title: "a list in the place of a message", source: LIVES, why: "It is JSON, and has no fields by name.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"[]\" }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 15, title: "a text in the place of a message", source: LIVES, why: "It is JSON, and its fields are its letters.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"\\\"offer\\\"\" }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 16, title: "a number in the place of a message", source: LIVES, why: "It is JSON, and has no fields.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"5\" }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 17, title: "an object without a field", source: LIVES, why: "Each lookup in it finds nothing.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"{}\" }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 18, title: "two messages in one", source: LIVES, why: "Who writes by lines on a carrier that has none sends this.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"{}{}\" }"), broken_by: "crashes-on-bad-json" },
    Row { native: false, number: 19, title: "a byte order mark before a message", source: LIVES, why: "Some platforms write one; JSON has none (RFC 8259, section 8.1).",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: \"\\uFEFF{}\" }"), broken_by: "crashes-on-bad-json" },
    Row { native: false, number: 20, title: "a NUL and half of a surrogate pair in a text", source: LIVES, why: "Both can be written in JSON; not every store takes them.",
        steps: and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, text: '{\"type\":\"\\u0000\\ud800\"}' }"), broken_by: "dies-of-nonsense" },
    Row { native: false, number: 21, title: "whether a sender of text that is no message is told so, loses his line, or hears nothing", source: Source::Nobody, why: "A client's author must know whether a mistake is told, punished or passed over.",
        steps: "given meet\nharm send-raw: { peer: bob, text: \"glare: this is no message of yours\" }\nharm await: { peer: bob, disconnected: true, within: 2s }", broken_by: "" },
];

/// In which ways a field is spoilt.
const WAYS: [(Garbage, &str); 7] = [
    (Garbage::FieldMissing, "missing"),
    (Garbage::Null, "null"),
    (Garbage::WrongType, "a number"),
    (Garbage::Deep, "500 lists in each other"),
    (Garbage::Huge, "of 1.2 MB"),
    (Garbage::Empty, "empty"),
    (Garbage::Prototype, "`__proto__`"),
];

/// Each field of each word. Numbers follow from the place, and others come behind them: new ones go to the end of the table below.
const FIELDS: [(Kind, Field, &[Garbage]); 17] = {
    use Garbage::{Deep, Empty, FieldMissing, Huge, Null, Prototype, WrongType};
    const ALL: &[Garbage] = &[FieldMissing, Null, WrongType, Deep, Huge, Empty, Prototype];
    const TEXT: &[Garbage] = &[Deep, Huge, Empty, Prototype];
    const SMALL: &[Garbage] = &[FieldMissing, Null, WrongType, Prototype];
    [
        (Kind::Join, Field::Word, ALL),
        (Kind::Join, Field::Room, ALL),
        (Kind::Create, Field::Room, ALL),
        (Kind::Destroy, Field::Room, ALL),
        (Kind::Leave, Field::Word, ALL),
        (Kind::Offer, Field::Word, ALL),
        (Kind::Offer, Field::Sdp, ALL),
        (Kind::Answer, Field::Sdp, ALL),
        (Kind::Candidate, Field::Candidate, TEXT),
        (Kind::Bye, Field::Word, ALL),
        (Kind::Offer, Field::Peer, SMALL),
        (Kind::Offer, Field::Me, SMALL),
        (Kind::Join, Field::Given, ALL),
        (Kind::Join, Field::Payload, SMALL),
        (Kind::Offer, Field::Payload, SMALL),
        (Kind::Join, Field::Ack, &[FieldMissing]),
        (Kind::Leave, Field::Ack, &[FieldMissing]),
    ]
};

/// What came later. Numbers follow from the place: new ones go to the end.
const MORE_FIELDS: [(Kind, Field, &[Garbage]); 4] = {
    use Garbage::{Deep, Empty, FieldMissing, Huge, Null, Prototype, WrongType};
    const ALL: &[Garbage] = &[FieldMissing, Null, WrongType, Deep, Huge, Empty, Prototype];
    [
        (Kind::SetState, Field::State, ALL),
        (Kind::SetState, Field::Word, ALL),
        (Kind::Kick, Field::Peer, ALL),
        (Kind::Kick, Field::Word, ALL),
    ]
};

/// What came after the first table, so that its numbers stay.
#[rustfmt::skip]
const LATER: &[Row] = &[
    Row { native: false, number: 123, title: "a message nested 20,000 deep", source: HARMS_NOBODY, why: "Who reads 500 levels has a limit, or a stack that is large enough for these; 40 KB are enough for one that no stack holds.",
        steps: and_then_the_others!("given open erin hall\nharm garbage: { peer: erin, kind: very-deep, answered: false }"), broken_by: "dies-of-deep-json" },
    Row { native: false, number: 124, title: "a binary frame where messages are text", source: HARMS_NOBODY, why: "Who calls a method of a text on what comes falls over bytes. To end the line (1003) or to pass it over is as good as an error.",
        steps: concat!("needs text\n", and_then_the_others!("given open erin hall\nharm send-raw: { peer: erin, frame: binary }")), broken_by: "dies-of-binary" },
    Row { native: false, number: 125, title: "a state that is none is told to nobody", source: Source::Dialect("garbage"), why: "The pages of all others are written for what there is: one that gets a number there breaks.",
        steps: "needs states\nneeds word for wrong-type\ngiven meet\ngiven apart\nharm garbage: { peer: bob, kind: wrong-type, of: set-state, field: state, answered: false }\nthen send alice bob offer\nthen tell carol dave offer\nnever server -> alice: peer-state bob NO-STATE", broken_by: "" },
];

fn fields(table: &[(Kind, Field, &[Garbage])], first: u16) -> Vec<Case> {
    let all = table.iter().flat_map(|(of, field, ways)| {
        let ways = WAYS.iter().filter(|(way, _)| ways.contains(way));
        ways.map(move |(way, what)| (*of, *field, *way, *what))
    });
    all.zip(first..)
        .map(|((of, field, way, what), number)| Case {
            number: Number {
                section: NUMBER,
                case: number,
            },
            title: match field {
                Field::Given => format!("what one comes back with is {what}"),
                _ => format!("the {} of {} is {what}", named(field), with_article(of)),
            }
            .into(),
            why: match field {
                Field::Ack => {
                    "What calls back without looking whether anybody wants it ends there."
                }
                _ => reason(way),
            }
            .into(),
            source: HARMS_NOBODY,
            steps: steps(of, field, way).into(),
            native: false,
            broken_by: broken_by(field, way),
            patience: PATIENCE,
        })
        .collect()
}

fn named(field: Field) -> &'static str {
    match field {
        Field::Word => "type",
        Field::Room => "room",
        Field::Peer => "addressee",
        Field::Me => "sender",
        Field::Sdp => "description",
        Field::Candidate => "candidate's text",
        Field::Payload => "content",
        Field::State => "state",
        Field::Ack => "wish for an acknowledgement",
        Field::Given => "ticket",
    }
}

fn with_article(of: Kind) -> String {
    match of {
        Kind::Offer | Kind::Answer => format!("an {of}"),
        _ => format!("a {of}"),
    }
}

fn reason(way: Garbage) -> &'static str {
    match way {
        Garbage::FieldMissing => "Old clients leave it out; what is read of it then is nothing.",
        Garbage::Null => "Where a text may be missing it is often null, and null has no length.",
        Garbage::WrongType => "A number has none of a text's methods.",
        Garbage::Deep => "It is passed on, and copied, by code that calls itself.",
        Garbage::Huge => "It is kept, passed on, and written to logs.",
        Garbage::Empty => "It is false in more than one language.",
        _ => "In a table that is a JavaScript object it is there already.",
    }
}

fn steps(of: Kind, field: Field, way: Garbage) -> String {
    let way = crate::yaml::scalar(way.as_str());
    let harm = |peer: &str, to: &str| {
        format!(
            "harm garbage: {{ peer: {peer}, kind: {way}, of: {of}, field: {field}{to}, answered: false }}"
        )
    };
    let (before, harm) = match of {
        // All else that is said then was given to somebody, who is lost.
        Kind::Join if field == Field::Given => (
            "\ngiven open erin hall\ngiven kill: { peer: erin, how: socket }\ngiven connect: { peer: erin }",
            harm("erin", ""),
        ),
        // Who is in no room has none to leave.
        Kind::Leave if field == Field::Ack => ("\ngiven connect: { peer: erin }", harm("erin", "")),
        Kind::Join | Kind::Create => ("\ngiven connect: { peer: erin }", harm("erin", "")),
        Kind::Leave | Kind::Destroy | Kind::SetState => ("", harm("bob", "")),
        // Who makes a room may put others out of it.
        Kind::Kick => ("", harm("alice", ", to: bob")),
        Kind::Answer => ("\ngiven paired alice bob", harm("bob", ", to: alice")),
        Kind::Candidate | Kind::Bye => ("\ngiven paired bob alice", harm("bob", ", to: alice")),
        _ => ("", harm("bob", ", to: alice")),
    };
    // Who did the harm may have lost his line for it.
    let then = match of {
        Kind::Kick => "bob alice",
        _ => "alice bob",
    };
    format!(
        "given meet\ngiven apart{before}\n{harm}\nthen send {then} offer\nthen tell carol dave offer\nthen tell dave carol answer"
    )
}

fn broken_by(field: Field, way: Garbage) -> &'static str {
    match (field, way) {
        // The reference server does not speak Socket.IO.
        (Field::Ack, _) => "",
        (_, Garbage::Huge) => "dies-of-huge",
        (_, Garbage::Empty | Garbage::Prototype) => "dies-of-odd-texts",
        _ => "dies-of-nonsense",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its line may be ended for the harm, before or after the next step: that is a matter of moments.
    #[test]
    fn who_does_harm_says_nothing_more() {
        for case in section().cases {
            let mut harmed = Vec::new();
            for line in case.steps.lines().map(str::trim) {
                if let Some((_, peer)) = line.split_once("harm garbage: { peer: ") {
                    harmed.push(peer.split(',').next().unwrap_or_default().to_owned());
                }
                let mut words = line.split_whitespace();
                let speaks = matches!(words.nth(1), Some("send" | "tell"));
                let speaker = words.next().filter(|_| speaks);
                let number = case.number;
                assert!(
                    !harmed.iter().any(|peer| Some(peer.as_str()) == speaker),
                    "{number}: {line}"
                );
            }
        }
    }
}
