//! 1: who is who: lines, ids, a second line with the same id, coming back.

use crate::validate::case::{ANY_NAME, NOTICES, OTHERS_LOGIN, Row, Section, Source, WRONG_LOGIN};

const NUMBER: u8 = 1;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "identity",
        asks: "whether a peer is who it is, once, whatever it is called, and can come back",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "who has connected and asked for nothing is there when another has come", source: Source::Every("connect"), native: false, broken_by: "forgets-who-rejoins",
        why: "Lines are opened long before their users do anything.",
        steps: "do connect: { peer: alice }\n\
            do connect: { peer: bob }\n\
            do open alice lobby\n\
            do enter bob lobby\n\
            do tell bob alice offer" },
    Row { number: 2, title: "a second line with an id that is in use is refused", source: Source::Dialect("same-id: reject"), native: false, broken_by: "stale-close-evicts-replacement",
        why: "Two who are one cannot both be reached.",
        steps: "given meet\n\
            do connect: { peer: bob, refused: true }\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 3, title: "the refused second line takes nothing from the first", source: Source::Dialect("same-id: reject"), native: false, broken_by: "refusal-cuts-first",
        why: "A user who opens a second tab must not lose the first.",
        steps: "given meet\n\
            do connect: { peer: bob, refused: true }\n\
            then tell bob alice offer\n\
            then tell alice bob answer\n\
            never bob: disconnected" },
    Row { number: 4, title: "a second line that is let in gives up the place of the first, with news", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "keeps-a-replaced-place",
        why: "Those who stay must not talk to a page that is not there any more.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do connect: { peer: bob, second: takes-over }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: 5s }\n\
            do enter bob lobby\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 5, title: "a second line that goes on in the place of the first does so without news", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "tells-of-a-resumption",
        why: "Nobody has gone, so nobody is to be told so.",
        steps: "given meet\n\
            do connect: { peer: bob, second: resumes }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never server -> alice: peer-left bob" },
    Row { number: 6, title: "who has closed his line comes back by the same id", source: Source::Every("connect"), native: false, broken_by: "keeps-dead-ids",
        why: "A page that is reloaded closes its line and opens one.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do disconnect: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 7, title: "who has lost his line comes back by the same id", source: Source::Every("connect"), native: false, broken_by: "keeps-dead-ids",
        why: "A phone that changes networks loses its line without a word.",
        steps: "given meet\n\
            do kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 8, title: "who is back in his room after a loss is not counted twice", source: Source::Dialect("refusals: full"), native: false, broken_by: "counts-returners-as-inside",
        why: "A place that its own user holds against him is lost to both.",
        steps: "given meet\n\
            given fill lobby\n\
            do kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer" },
    Row { number: 9, title: "who is half-open comes back once that is noticed", source: Source::Dialect(NOTICES), native: false, broken_by: "keeps-dead-places",
        why: "The old line of a phone that left the house is never closed.",
        steps: "needs patience\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do cut: { peer: bob, how: silence }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: NOTICED }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 10, title: "an id that every JavaScript object has is an id like another", source: Source::Every("connect"), native: false, broken_by: "dies-of-odd-texts",
        why: "A table of users that is an object has that user already.",
        steps: "names peers\n\
            do open constructor lobby\n\
            do enter bob lobby\n\
            do tell bob constructor offer\n\
            do tell constructor bob answer" },
    Row { number: 11, title: "an id of 48 bytes is let in, and is one", source: Source::Dialect(ANY_NAME), native: false, broken_by: "wants-plain-ids",
        why: "Ids that are made of random bytes are long.",
        steps: "names peers\n\
            do open alice lobby\n\
            do enter an-id-that-has-all-the-bytes-that-a-name-may-hav lobby\n\
            do tell an-id-that-has-all-the-bytes-that-a-name-may-hav alice offer" },
    Row { number: 12, title: "an id with an accent is let in, and is one", source: Source::Dialect(ANY_NAME), native: false, broken_by: "wants-plain-ids",
        why: "Users choose their own names.",
        steps: "names peers\n\
            do open alice lobby\n\
            do enter zoë lobby\n\
            do tell zoë alice offer" },
    Row { number: 13, title: "an id with an emoji is let in, and is one", source: Source::Dialect(ANY_NAME), native: false, broken_by: "wants-plain-ids",
        why: "It is two code units in UTF-16, and four bytes in UTF-8.",
        steps: "names peers\n\
            do open alice lobby\n\
            do enter fox🦊 lobby\n\
            do tell fox🦊 alice offer" },
    Row { number: 14, title: "an id from right to left is let in, and is one", source: Source::Dialect(ANY_NAME), native: false, broken_by: "wants-plain-ids",
        why: "Not all names are Latin.",
        steps: "names peers\n\
            do open alice lobby\n\
            do enter דנה lobby\n\
            do tell דנה alice offer" },
    Row { number: 15, title: "who has taken over is still there when the first line has ended, and nobody hears otherwise", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "The end of a line is taken for the end of its user, who is there by another.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given connect: { peer: bob, second: takes-over }\n\
            given await: { peer: alice, hears: peer-left, from: bob, within: 5s }\n\
            given enter bob lobby\n\
            do disconnect: { peer: bob, older: true }\n\
            once wait: 500ms\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            count 1 server -> alice: peer-left bob" },
    Row { number: 16, title: "who goes on for his first line is still there when that has ended, and nobody hears otherwise", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "The end of a line is taken for the end of its user, who is there by another.",
        steps: "given meet\n\
            given connect: { peer: bob, second: resumes }\n\
            given enter bob lobby\n\
            do disconnect: { peer: bob, older: true }\n\
            once wait: 500ms\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never server -> alice: peer-left bob" },
    Row { number: 17, title: "who has taken over leaves, and comes in again, when the first line has ended", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "What is cleared up with the first line is missed by the second one: its user can neither stay nor go.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given connect: { peer: bob, second: takes-over }\n\
            given await: { peer: alice, hears: peer-left, from: bob, within: 5s }\n\
            given enter bob lobby\n\
            do disconnect: { peer: bob, older: true }\n\
            once wait: 500ms\n\
            then leave: { peer: bob }\n\
            then enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 18, title: "who goes on for his first line leaves, and comes in again, when that has ended", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "What is cleared up with the first line is missed by the second one: its user can neither stay nor go.",
        steps: "given meet\n\
            given connect: { peer: bob, second: resumes }\n\
            given enter bob lobby\n\
            do disconnect: { peer: bob, older: true }\n\
            once wait: 500ms\n\
            then leave: { peer: bob }\n\
            then enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 19, title: "who comes in is told of an id with an accent as it was said", source: Source::Dialect(ANY_NAME), native: false, broken_by: "answers-in-latin1",
        why: "Whom he calls by another id he does not reach.",
        steps: "names peers\n\
            needs listed names\n\
            do open zoë lobby\n\
            do enter bob lobby\n\
            then tell bob zoë offer\n\
            order server -> bob: joined lobby with zoë" },
    Row { number: 20, title: "who has taken over is still there when the first line, which had fallen silent, is ended", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "Who comes back on another network is put out when the old line dies, long after that.",
        steps: "needs a heartbeat\n\
            needs patience\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given cut: { peer: bob, how: silence }\n\
            given connect: { peer: bob, second: takes-over }\n\
            given await: { peer: alice, hears: peer-left, from: bob, within: 5s }\n\
            given enter bob lobby\n\
            do wait: NOTICED\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            count 1 server -> alice: peer-left bob" },
    Row { number: 21, title: "who goes on for his first line, which had fallen silent, is still there when that is ended", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "replaced-line-counts-as-loss",
        why: "Who comes back on another network is put out when the old line dies, long after that.",
        steps: "needs a heartbeat\n\
            needs patience\n\
            given meet\n\
            given cut: { peer: bob, how: silence }\n\
            given connect: { peer: bob, second: resumes }\n\
            given enter bob lobby\n\
            do wait: NOTICED\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never server -> alice: peer-left bob" },
    Row { number: 22, title: "what comes on the first line when a second has taken over is not said for its user", source: Source::Dialect("same-id: takeover"), native: false, broken_by: "hears-the-replaced",
        why: "All others were told that he who said it has gone: it is of a call that they have ended, and goes into the one that has begun.",
        steps: "needs words on the line\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given hold: { message: offer, from: bob }\n\
            given send bob alice offer\n\
            given await: { held: offer, from: bob }\n\
            given connect: { peer: bob, second: takes-over }\n\
            given await: { peer: alice, hears: peer-left, from: bob, within: 5s }\n\
            given enter bob lobby\n\
            given wait: 500ms\n\
            do release: { message: offer, from: bob }\n\
            once wait: 500ms\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never bob -> alice: offer" },
    Row { number: 23, title: "who logs in wrongly is not let in", source: Source::Dialect(WRONG_LOGIN), native: false, broken_by: "",
        why: "A login that is looked at by nobody keeps nobody out.",
        steps: "needs login\n\
            given open alice lobby\n\
            do pretend: { peer: carol, login: wrong }\n\
            do join: { peer: carol, room: lobby, refused: WRONG-LOGIN }\n\
            then enter bob lobby\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 24, title: "who has logged in wrongly comes in when he logs in rightly", source: Source::Dialect(WRONG_LOGIN), native: false, broken_by: "",
        why: "A password is mistyped as often as not, and his name is taken by a line that was never let in.",
        steps: "needs dialled login\n\
            needs wrong login\n\
            given open alice lobby\n\
            given pretend: { peer: carol, login: wrong }\n\
            given connect: { peer: carol, refused: true }\n\
            given pretend: { peer: carol, login: own }\n\
            do enter carol lobby\n\
            then tell carol alice offer\n\
            then tell alice carol answer" },
    Row { number: 25, title: "who logs in wrongly under the name of who is there takes nothing from him", source: Source::Dialect(WRONG_LOGIN), native: false, broken_by: "",
        why: "Whoever knows a name could throw its owner out of his call, and need not know more than that.",
        steps: "needs dialled login\n\
            needs wrong login\n\
            given meet\n\
            given pretend: { peer: bob, login: wrong }\n\
            once connect: { peer: bob, refused: true }\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never bob: disconnected\n\
            never server -> alice: peer-left bob" },
    Row { number: 26, title: "who logs in by what is somebody else's is not let in", source: Source::Dialect(OTHERS_LOGIN), native: false, broken_by: "",
        why: "Whoever has an account could be anybody. Where a login says by itself who somebody is, or is of a group, it is good for whoever has it, which is a fact.",
        steps: "needs login\n\
            given open alice lobby\n\
            do pretend: { peer: carol, login-of: bob }\n\
            do join: { peer: carol, room: lobby, refused: OTHERS-LOGIN }\n\
            then enter bob lobby\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
];
