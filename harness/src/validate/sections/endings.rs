//! 5: endings: close, reset, silence, and the server's own.

use crate::laws::Law;
use crate::validate::case::{BEARS, IDLE, NOTICES, Row, Section, Source};

const NUMBER: u8 = 5;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "endings",
        asks: "what becomes of a line, and of the server, that closes, breaks, stands still or is started again",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "the end of a line ends no other", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "end-cuts-others",
        why: "What shares a process shares its mistakes.",
        steps: "given meet\n\
            given apart\n\
            harm kill: { peer: bob, how: socket }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 2, title: "a line that is reset in the middle of a call ends no other", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "end-cuts-others",
        why: "It is the usual end on a phone.",
        steps: "given meet\n\
            given apart\n\
            given tell bob alice offer\n\
            harm cut: { peer: bob, how: reset }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 3, title: "a line that is closed in the middle of a call ends no other", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "end-cuts-others",
        why: "It is the usual end of a page.",
        steps: "given meet\n\
            given apart\n\
            given tell bob alice offer\n\
            harm cut: { peer: bob, how: close }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 4, title: "rooms do not outlive the server", source: Source::Dialect("frees-empty-rooms"), native: false, broken_by: "rooms-outlive-a-restart",
        why: "Nobody is in them, and nobody can make them.",
        steps: "given meet\n\
            do restart\n\
            do open alice lobby\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 5, title: "ids do not outlive the server", source: Source::Every("connect"), native: false, broken_by: "ids-outlive-a-restart",
        why: "Everybody comes back at once, by the same ids.",
        steps: "given meet\n\
            do restart\n\
            do connect: { peer: alice }\n\
            do connect: { peer: bob }\n\
            then open alice lobby\n\
            then enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 6, title: "nobody is gone because the server stood still", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "buries-all-after-a-standstill",
        why: "A machine that sleeps for a moment must not end every call.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do pause\n\
            do resume\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 7, title: "how soon an idle line is ended", source: Source::Nobody, native: false, broken_by: "",
        why: "Who waits in a room with nobody says nothing.",
        steps: "given open alice lobby\n\
            do wait: 2s\n\
            do enter bob lobby\n\
            do tell bob alice offer" },
    Row { number: 8, title: "whether those on a line that is reset are announced", source: Source::Nobody, native: false, broken_by: "",
        why: "A client that is not told must find out by itself.",
        steps: "given meet\n\
            do kill: { peer: bob, how: socket }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: 30s }" },
    Row { number: 9, title: "a line is ended whose client is not heard any more", source: Source::Dialect(NOTICES), native: false, broken_by: "never-times-out-half-open",
        why: "Only one direction is dead: he hears all, and nobody hears him.",
        steps: "needs words on the line\n\
            needs patience\n\
            given meet\n\
            given apart\n\
            harm cut: { peer: bob, how: silence, direction: up }\n\
            harm await: { peer: bob, disconnected: true, within: PATIENTLY }\n\
            then tell carol dave offer" },
    Row { number: 10, title: "those inside hear of one who hears nothing any more", source: Source::Dialect(NOTICES), native: false, broken_by: "never-times-out-half-open",
        why: "The other direction: what he says still comes, so he seems to be there.",
        steps: "needs patience\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given tell bob alice offer\n\
            do cut: { peer: bob, how: silence, direction: down }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: PATIENTLY }" },
    Row { number: 11, title: "those inside hear of one whose line is dead in both directions", source: Source::Dialect(NOTICES), native: false, broken_by: "never-times-out-half-open",
        why: "A phone that has left the house closes nothing.",
        steps: "needs patience\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given tell bob alice offer\n\
            do cut: { peer: bob, how: silence }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: PATIENTLY }" },
    Row { number: 12, title: "what those on a line are told when the server is asked to end", source: Source::Nobody, native: false, broken_by: "",
        why: "1001 says that it is worth coming back (RFC 6455, section 7.4.1); a line that breaks says nothing.",
        steps: "given meet\n\
            harm kill-server: { asked: true }" },
    Row { number: 13, title: "a close with a code that must not be written harms nobody else", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "end-cuts-others",
        why: "Libraries tell it as an error, in a place where none is expected.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: odd-close }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 14, title: "a line that is reset in the middle of a message harms nobody else", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "end-cuts-others",
        why: "What is half there is cleared up by code that nobody plays.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: false-length }\n\
            harm kill: { peer: bob, how: socket }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 15, title: "a server that is asked to end has ended in time, whoever has a line", source: Source::Dialect("ends-within"), native: false, broken_by: "waits-for-lines-to-end",
        why: "Whoever starts the new one waits for the old one, and in the end kills it, in the middle of what it had left to do.",
        steps: "needs end\n\
            given meet\n\
            do kill-server: { asked: true }" },
    Row { number: 16, title: "nobody is put out because the server stood still until its timers had run out", source: Source::Dialect(BEARS), native: false, broken_by: "takes-a-standstill-for-silence",
        why: "What has come meanwhile is still unread then: who looks at the clock first throws out everybody at once.",
        steps: "needs patience\n\
            given meet\n\
            harm pause\n\
            harm wait: STANDSTILL\n\
            harm resume\n\
            then wait: 1s\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 17, title: "a server that is asked to end closes each line with the code that was promised", source: Source::Dialect("ends-with"), native: false, broken_by: "ends-abruptly",
        why: "By the code a client knows whether to come back at once, later, or not at all; a line that breaks says nothing.",
        steps: "needs ends with\n\
            needs end\n\
            given meet\n\
            do kill-server: { asked: true }\n\
            count 1 alice: disconnected (ENDS-WITH)\n\
            count 1 bob: disconnected (ENDS-WITH)" },
    Row { number: 18, title: "a line on which nobody says anything stands as long as was promised", source: Source::Dialect(IDLE), native: false, broken_by: "cuts-idle-lines",
        why: "Who waits in a room with nobody says nothing for hours, and answers each ping.",
        steps: "needs idle lines\n\
            given meet\n\
            do wait: IDLE-FOR\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
];
