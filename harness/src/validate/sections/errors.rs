//! 6: errors: each request wrong in each way, and what is said then.

use crate::laws::Law;
use crate::validate::case::{Row, Section, Source};

const NUMBER: u8 = 6;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "errors",
        asks: "whether every refusal is one that a client can understand",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "a room that is there already cannot be made, and that is said", source: Source::Dialect("refusals: exists"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given open alice lobby\n\
            do create: { peer: bob, room: lobby, refused: exists, within: 3s }\n\
            then open erin hall" },
    Row { number: 2, title: "a room that is not there cannot be entered, and that is said", source: Source::Dialect("refusals: missing"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "needs named rooms\n\
            do join: { peer: bob, room: lobby, refused: missing, within: 3s }\n\
            then open alice hall" },
    Row { number: 3, title: "a room that is full cannot be entered, and that is said", source: Source::Dialect("refusals: full"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given meet\n\
            given fill lobby\n\
            do join: { peer: carol, room: lobby, refused: full, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 4, title: "who is inside cannot come in once more, and that is said", source: Source::Dialect("refusals: inside"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given meet\n\
            do join: { peer: bob, room: lobby, refused: inside, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 5, title: "who is inside cannot make another room, and that is said", source: Source::Dialect("refusals: inside"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given meet\n\
            may move\n\
            do create: { peer: bob, room: attic, refused: inside, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 6, title: "who is in no room cannot leave one, and that is said", source: Source::Dialect("refusals: outside"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given meet\n\
            given leave: { peer: bob }\n\
            do leave: { peer: bob, refused: outside, within: 3s }\n\
            then open erin hall" },
    Row { number: 7, title: "a room that is not there cannot be removed, and that is said", source: Source::Dialect("refusals: missing"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "needs named rooms\n\
            needs named destroy\n\
            given connect: { peer: alice }\n\
            do destroy: { peer: alice, room: attic, refused: missing, within: 3s }\n\
            then open erin hall" },
    Row { number: 8, title: "a room of others cannot be removed, and that is said", source: Source::Dialect("refusals: not-yours"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "needs named destroy\n\
            given meet\n\
            given connect: { peer: carol }\n\
            do destroy: { peer: carol, room: lobby, refused: not-yours, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 9, title: "a room with others inside cannot be removed, and that is said", source: Source::Dialect("refusals: occupied"), native: false, broken_by: "silent-refusal",
        why: "Who is told nothing waits, and who is told what asks for something else.",
        steps: "given meet\n\
            do destroy: { peer: alice, room: lobby, refused: occupied, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 10, title: "a request is answered once", source: Source::Law(Law::RequestsAreAnswered), native: false, broken_by: "joined-twice",
        why: "A client that offers when it is let in would offer once for each.",
        steps: "given open alice lobby\n\
            do enter bob lobby\n\
            do tell bob alice offer\n\
            count 1 server -> bob: joined" },
    Row { number: 11, title: "a request that cannot be read is answered as was declared", source: Source::Dialect("garbage"), native: false, broken_by: "ignores-nonsense",
        why: "Its author looks for his mistake by what he is told.",
        steps: "given meet\n\
            given open erin hall\n\
            do garbage: { peer: erin, kind: wrong-type, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 12, title: "what is no message is answered as was declared", source: Source::Dialect("garbage"), native: false, broken_by: "passes-over-bad-json",
        why: "The same, where the mistake is in the writing.",
        steps: "given meet\n\
            given open erin hall\n\
            do garbage: { peer: erin, kind: cut-short, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 13, title: "a word that nobody knows is answered as was declared", source: Source::Dialect("garbage"), native: false, broken_by: "closes-on-nonsense",
        why: "A newer client finds out what an older server does not have.",
        steps: "given meet\n\
            given open erin hall\n\
            do garbage: { peer: erin, kind: unknown-word, within: 3s }\n\
            then tell bob alice offer" },
    Row { number: 14, title: "who is inside and is refused a full room is where he was, and nobody is told otherwise", source: Source::Dialect("room-size"), native: false, broken_by: "refusal-costs-the-place",
        why: "Who takes him out of the one before asking whether there is a place in the other ends a call for nothing.",
        steps: "moves on\n\
            given meet\n\
            given open carol attic\n\
            given enter dave attic\n\
            given fill attic\n\
            do join: { peer: bob, room: attic, refused: true, within: 3s }\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never server -> alice: peer-left bob" },
    Row { number: 15, title: "who says what is no message, and is told so, is where he was", source: Source::Dialect("garbage: word"), native: false, broken_by: "misread-puts-out",
        why: "He is told of a mistake, goes on, and is heard by nobody: he does not know that he has gone.",
        steps: "needs word for cut-short\n\
            given meet\n\
            do garbage: { peer: bob, kind: cut-short, within: 3s }\n\
            do tell bob alice offer\n\
            do tell alice bob answer" },
    Row { number: 16, title: "who says what cannot be read, and is told so, is where he was", source: Source::Dialect("garbage: word"), native: false, broken_by: "misread-puts-out",
        why: "The same, where the mistake is in what was meant.",
        steps: "needs word for wrong-type\n\
            given meet\n\
            do garbage: { peer: bob, kind: wrong-type, within: 3s }\n\
            do tell bob alice offer\n\
            do tell alice bob answer" },
    Row { number: 17, title: "those who ask at once are each answered under the number of their own request", source: Source::Law(Law::RequestsAreAnswered), native: false, broken_by: "",
        why: "Who is answered under another number waits on, and who did not ask is answered.",
        steps: "needs numbers\n\
            given open alice lobby\n\
            given open bob attic\n\
            given connect: { peer: carol }\n\
            given connect: { peer: dave }\n\
            do { together: [ { join: { peer: carol, room: lobby } }, { join: { peer: dave, room: attic } } ] }\n\
            do tell carol alice offer\n\
            do tell dave bob offer" },
    Row { number: 18, title: "who asks twice at once is answered once under the number of each request", source: Source::Law(Law::RequestsAreAnswered), native: false, broken_by: "",
        why: "Who clicks twice waits for ever for one of the two answers, and takes the other's for it.",
        steps: "needs numbers\n\
            needs numbered refusals\n\
            needs one line\n\
            may close\n\
            given open alice lobby\n\
            given connect: { peer: carol }\n\
            do { together: [ { join: { peer: carol, room: lobby, answer: any } }, { join: { peer: carol, room: lobby, answer: any } } ] }" },
    Row { number: 19, title: "an offer is answered once, beside what else is under way", source: Source::Law(Law::RequestsAreAnswered), native: false, broken_by: "",
        why: "Who is answered under another number says it again, and who is not answered waits, or gives up a call that the other one has.",
        steps: "needs answered offers\n\
            given meet\n\
            do send bob alice offer\n\
            do run bob alice\n\
            do await: { peer: alice, hears: offer, from: bob }\n\
            do send alice bob answer\n\
            do run alice bob\n\
            do await: { peer: bob, hears: answer, from: alice }" },
];
