//! 10: real peers: WebRTC through the server, native.

use crate::laws::Law;
use crate::validate::case::{Row, Section, Source};

const NUMBER: u8 = 10;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "real peers",
        asks: "whether two connect by WebRTC through it, talk, and come back",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "two connect, and talk both ways", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "loses-candidates",
        why: "It is what the server is for.",
        steps: "do meet\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 2, title: "who comes back connects again", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "replays-history",
        why: "Most calls that fail are second calls.",
        steps: "given meet\n\
            given await: { connected: [alice, bob] }\n\
            do leave: { peer: bob }\n\
            do enter bob lobby\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 3, title: "who was lost connects again", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "counts-returners-as-inside",
        why: "The same, where nobody said goodbye.",
        steps: "given meet\n\
            given await: { connected: [alice, bob] }\n\
            do kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 4, title: "two who call each other at once connect", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "loses-answer-in-glare",
        why: "Offers that cross are sorted out by the clients, if both arrive.",
        steps: "given open alice lobby\n\
            given join: { peer: bob, room: lobby, offer: false }\n\
            do { together: [ { negotiate: { from: alice } }, { negotiate: { from: bob } } ] }\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 5, title: "ICE is restarted through it", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "one-call-a-meeting",
        why: "A change of networks in the middle of a call needs a second offer.",
        steps: "given meet\n\
            given await: { connected: [alice, bob] }\n\
            do restart-ice: { peer: bob }\n\
            do await: { peer: alice, hears: offer }\n\
            do await: { peer: bob, hears: answer }\n\
            do say: { from: alice, text: still here }" },
    Row { number: 6, title: "a call goes on when the server ends", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "loses-candidates",
        why: "What is connected needs no signaling.",
        steps: "given meet\n\
            given await: { connected: [alice, bob] }\n\
            do kill-server\n\
            do say: { from: alice, text: still here }" },
    Row { number: 7, title: "an answer that comes late is an answer", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "loses-candidates",
        why: "Networks are slow, and people too.",
        steps: "given open alice lobby\n\
            given delay: { message: answer, to: bob, by: 500ms }\n\
            do enter bob lobby\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 8, title: "candidates that come before the answer are kept or refused by nobody", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "drops-early-candidates",
        why: "They are sent as they are found.",
        steps: "given open alice lobby\n\
            given delay: { message: answer, from: alice, by: 300ms }\n\
            do enter bob lobby\n\
            do await: { connected: [alice, bob] }\n\
            do say: { from: alice, text: hello }\n\
            do say: { from: bob, text: hi }" },
    Row { number: 9, title: "three connect, each with each", source: Source::Law(Law::RelayedOnceInOrder), native: true, broken_by: "relays-to-the-next",
        why: "A call of three is three calls.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            do enter carol lobby\n\
            do await: { connected: [alice, bob, carol] }\n\
            do say: { from: carol, to: alice, text: hello }" },
    Row { number: 10, title: "a connection whose user has left the room is ended by its other end alone", source: Source::Nobody, native: true, broken_by: "",
        why: "Who signals no more may still talk.",
        steps: "given meet\n\
            given await: { connected: [alice, bob] }\n\
            do leave: { peer: bob }\n\
            do say: { from: alice, text: still here }" },
];
