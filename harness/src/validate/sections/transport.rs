//! 8: transport: below the words.

use crate::laws::Law;
use crate::validate::case::{BEHIND_CLOSE, Row, Section, Source};

const NUMBER: u8 = 8;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "transport",
        asks: "whether the server keeps to WebSocket, and bears those who do not",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "a frame without a mask ends the line of its sender", source: Source::WebSocket("section 5.1"), native: false, broken_by: "keeps-broken-lines",
        why: "A server that takes it can be made to say what an attacker wants, by proxies between.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: unmasked }\n\
            harm await: { peer: bob, disconnected: true, within: 4s }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 2, title: "a reserved bit ends the line of its sender", source: Source::WebSocket("section 5.2"), native: false, broken_by: "keeps-broken-lines",
        why: "It may mean that what follows is compressed.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: reserved-bit }\n\
            harm await: { peer: bob, disconnected: true, within: 4s }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 3, title: "text that is not UTF-8 ends the line of its sender", source: Source::WebSocket("section 8.1"), native: false, broken_by: "keeps-broken-lines",
        why: "What is made of it is not what was sent.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: not-utf8 }\n\
            harm await: { peer: bob, disconnected: true, within: 4s }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 4, title: "a frame without a mask harms nobody else", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "broken-frame-cuts-others",
        why: "An error that nobody catches ends the process.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: unmasked }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 5, title: "a reserved bit harms nobody else", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "broken-frame-cuts-others",
        why: "An error that nobody catches ends the process.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: reserved-bit }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 6, title: "text that is not UTF-8 harms nobody else", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "broken-frame-cuts-others",
        why: "An error that nobody catches ends the process.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, frame: not-utf8 }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 9, title: "a WebSocket on a path that is none harms nobody", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "dies-of-odd-requests",
        why: "Scanners ask for all sorts of paths.",
        steps: "given meet\n\
            given apart\n\
            harm send-raw: { peer: bob, path: \"/glare-nowhere\", answered: false }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 10, title: "a request by a method that is none harms nobody", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "dies-of-odd-requests",
        why: "The same, of methods.",
        steps: "given meet\n\
            given apart\n\
            harm http: { peer: bob, method: DELETE, path: \"/glare-nowhere\", answered: false }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 11, title: "a body where none belongs harms nobody", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "dies-of-odd-requests",
        why: "What is not read must not be taken for the next request.",
        steps: "given meet\n\
            given apart\n\
            harm http: { peer: bob, method: PUT, path: \"/glare-nowhere\", body: \"{}{}{}\", answered: false }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 12, title: "a path with a percent sign and nothing behind it harms nobody", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "dies-of-odd-requests",
        why: "Decoding it is an error that few catch.",
        steps: "given meet\n\
            given apart\n\
            harm http: { peer: bob, method: GET, path: \"/glare%\", answered: false }\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 13, title: "behind the close frame of who breaks a rule nothing stands", source: Source::WebSocket(BEHIND_CLOSE), native: false, broken_by: "speaks-behind-its-close",
        why: "What stands there nobody hears, and who said it is told nothing. It shows on the way of much else, and is asked here alone.",
        steps: "given meet\n\
            given apart\n\
            given tell bob alice offer\n\
            harm run alice bob\n\
            harm send-raw: { peer: bob, frame: reserved-bit }\n\
            harm run alice bob\n\
            harm wait: 300ms\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
    Row { number: 14, title: "behind the close frame of who says what is no message nothing stands", source: Source::WebSocket(BEHIND_CLOSE), native: false, broken_by: "speaks-behind-its-close",
        why: "The same, where it is the server's words that are not understood, and other code that closes.",
        steps: "given meet\n\
            given apart\n\
            given tell bob alice offer\n\
            harm run alice bob\n\
            harm garbage: { peer: bob, kind: cut-short, answered: false }\n\
            harm run alice bob\n\
            harm wait: 300ms\n\
            then tell carol dave offer\n\
            then tell dave carol answer" },
];
