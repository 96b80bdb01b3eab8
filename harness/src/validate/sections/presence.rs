//! 3: presence: who is told what, once, in order, how soon.

use super::standing;
use crate::laws::Law;
use crate::validate::case::{JOINING, LEAST_KEPT, NOTICES, Row, Section, Source};

const NUMBER: u8 = 3;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "presence",
        asks: "whether each is told who came and who went: all of them, once, in order, and truly",
        cases: (ROWS.iter().chain(standing::ROWS))
            .map(|row| row.case(NUMBER))
            .collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "all inside hear who comes", source: Source::Dialect(JOINING), native: false, broken_by: "joining-told-to-one",
        why: "Who does not hear of somebody never calls him.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            do enter carol lobby\n\
            do await: { peer: alice, hears: peer-joined, from: carol }\n\
            do await: { peer: bob, hears: peer-joined, from: carol }" },
    Row { number: 2, title: "all who stay hear who leaves", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "leaving-told-to-one",
        why: "Who does not hear of it keeps a picture that stands still.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do leave: { peer: carol }\n\
            do await: { peer: alice, hears: peer-left, from: carol }\n\
            do await: { peer: bob, hears: peer-left, from: carol }" },
    Row { number: 3, title: "who leaves by a word is announced", source: Source::Law(Law::LeavingIsAnnounced), native: false, broken_by: "leaves-untold",
        why: "The most usual way to go.",
        steps: "given meet\n\
            do leave: { peer: bob }\n\
            do await: { peer: alice, hears: peer-left, from: bob }" },
    Row { number: 4, title: "who closes his line is announced", source: Source::Law(Law::LeavingIsAnnounced), native: false, broken_by: "ghost-on-disconnect",
        why: "A page that is closed says no more than that.",
        steps: "given meet\n\
            do disconnect: { peer: bob }\n\
            do await: { peer: alice, hears: peer-left, from: bob }" },
    Row { number: 5, title: "whose line is reset is announced", source: Source::Law(Law::LeavingIsAnnounced), native: false, broken_by: "ghost-on-disconnect",
        why: "A process that is killed says nothing at all.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do kill: { peer: bob, how: socket }" },
    Row { number: 6, title: "it is announced as soon as was promised", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "tells-drops-late",
        why: "Whoever waits for it calls nobody else meanwhile.",
        steps: "given meet\n\
            given tell bob alice offer\n\
            do kill: { peer: bob, how: socket }\n\
            do await: { peer: alice, hears: peer-left, from: bob }" },
    Row { number: 7, title: "who goes without having said a word is announced", source: Source::Law(Law::LeavingIsAnnounced), native: false, broken_by: "forgets-who-never-spoke",
        why: "Not all who come in call somebody.",
        steps: "given meet\n\
            do kill: { peer: bob, how: socket }" },
    Row { number: 8, title: "who is half-open is noticed as soon as was promised", source: Source::Dialect(NOTICES), native: false, broken_by: "never-times-out-half-open",
        why: "Of a phone that leaves the house nothing comes, not even an end.",
        steps: "needs patience\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do cut: { peer: bob, how: silence }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: NOTICED }" },
    Row { number: 9, title: "who is back is announced anew, once he was announced to be gone", source: Source::Law(Law::LeavingIsAnnounced), native: false, broken_by: "hides-who-comes-back",
        why: "Who was not told so sends to a connection that has ended.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 10, title: "the news of somebody comes before what he says", source: Source::Law(Law::PromisedOrder), native: false, broken_by: "offer-before-news",
        why: "An offer of somebody who is not there is thrown away.",
        steps: "given open alice lobby\n\
            do enter bob lobby\n\
            do tell bob alice offer\n\
            do await: { peer: alice, hears: peer-joined, from: bob }" },
    Row { number: 11, title: "each piece of news comes once", source: Source::Law(Law::PromisedOrder), native: false, broken_by: "told-twice",
        why: "A client offers once for each time it is told.",
        steps: "given open alice lobby\n\
            do enter bob lobby\n\
            do tell bob alice offer\n\
            do await: { peer: alice, hears: peer-joined, from: bob }" },
    Row { number: 12, title: "who was refused is announced to nobody", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "tells-of-the-refused",
        why: "He would be called, and never answer.",
        steps: "given meet\n\
            given fill lobby\n\
            once join: { peer: carol, room: lobby, refused: full }\n\
            then tell bob alice offer" },
    Row { number: 13, title: "late news of a loss does not come behind a return", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "late-expire",
        why: "Whoever is told so hangs up on somebody who is there.",
        steps: "given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do enter bob lobby\n\
            do delay: { message: offer, to: alice, by: 1500ms }\n\
            then tell bob alice offer" },
    Row { number: 14, title: "who says nothing for a while is not announced to be gone", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "counts-the-silent-as-gone",
        why: "Who watches says nothing for hours.",
        steps: "given meet\n\
            given tell bob alice offer\n\
            do wait: 3500ms\n\
            then tell alice bob answer" },
    Row { number: 15, title: "who comes in is told of nobody who has gone", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "lists-the-gone",
        why: "He offers to each of them, and waits.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given await: { peer: bob, hears: peer-joined, from: carol }\n\
            do leave: { peer: bob }\n\
            once await: { peer: carol, hears: peer-left, from: bob }\n\
            do leave: { peer: carol }\n\
            once await: { peer: alice, hears: peer-left, from: carol }\n\
            do enter bob lobby\n\
            never server -> bob: joined lobby with alice, carol" },
    Row { number: 16, title: "the loss of one puts nobody else out", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "loss-ends-room",
        why: "They are not told, and go on speaking to nobody.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do kill: { peer: carol, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: carol }\n\
            once await: { peer: bob, hears: peer-left, from: carol }\n\
            then tell bob alice offer" },
    Row { number: 17, title: "a goodbye comes before the news that its sender has gone", source: Source::Nobody, native: false, broken_by: "",
        why: "A client that has cleaned up by then has nobody left to close.",
        steps: "given meet\n\
            given paired bob alice\n\
            do send: { from: bob, message: bye }\n\
            do leave: { peer: bob }\n\
            do await: { peer: alice, hears: peer-left, from: bob }\n\
            do await: { peer: alice, hears: bye, from: bob }\n\
            order server -> alice: bye from bob\n\
            order server -> alice: peer-left bob" },
    Row { number: 18, title: "who comes in is told of nobody who was lost", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "lists-the-gone",
        why: "The place of somebody who never said goodbye is cleared by other code, or by none.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given await: { peer: bob, hears: peer-joined, from: carol }\n\
            do leave: { peer: bob }\n\
            once await: { peer: carol, hears: peer-left, from: bob }\n\
            do kill: { peer: carol, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: carol }\n\
            do enter bob lobby\n\
            never server -> bob: joined lobby with alice, carol" },
    Row { number: 19, title: "who has come back after a loss is not taken for lost later", source: Source::Law(Law::NewsIsTrue), native: false, broken_by: "late-expire",
        why: "The time after which a place is given up, or a line closed, runs on although its user is back.",
        steps: "given meet\n\
            harm disconnect: { peer: bob }\n\
            harm connect: { peer: bob }\n\
            harm enter bob lobby\n\
            do wait: PATIENTLY\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 20, title: "who is lost, and back before the least time is over, has his place", source: Source::Dialect(LEAST_KEPT), native: false, broken_by: "gives-up-places-early",
        why: "A phone that changes networks is back within seconds, and finds its call given up.",
        steps: "keeps places\n\
            given meet\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: MOST-OF-IT\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 21, title: "by a ticket whose time is over nobody comes in", source: Source::Dialect("refusals: expired"), native: false, broken_by: "tickets-never-die",
        why: "Whoever finds an old ticket comes in as somebody who has long gone.",
        steps: "keeps time\n\
            given meet\n\
            given kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob, within: PATIENTLY }\n\
            once wait: ALL-OF-IT\n\
            given connect: { peer: bob }\n\
            do join: { peer: bob, room: lobby, refused: expired }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 22, title: "who comes in is told to all inside while the first of them has just been lost", source: Source::Dialect(JOINING), native: false, broken_by: "news-ends-at-the-lost",
        why: "Where the place of one who is lost is kept, news is passed over who cannot hear it, and some code stops there.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter dave lobby\n\
            given leave: { peer: dave }\n\
            given await: { peer: bob, hears: peer-left, from: dave }\n\
            do kill: { peer: alice, how: socket }\n\
            do wait: 500ms\n\
            do enter carol lobby\n\
            do await: { peer: bob, hears: peer-joined, from: carol }\n\
            then tell carol bob offer" },
    Row { number: 23, title: "who comes in is told to all inside while one in the middle has just been lost", source: Source::Dialect(JOINING), native: false, broken_by: "news-ends-at-the-lost",
        why: "The same, where those before him hear of it, and those behind him do not.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given enter erin lobby\n\
            given leave: { peer: erin }\n\
            given await: { peer: carol, hears: peer-left, from: erin }\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: 500ms\n\
            do enter dave lobby\n\
            do await: { peer: alice, hears: peer-joined, from: dave }\n\
            do await: { peer: carol, hears: peer-joined, from: dave }\n\
            then tell dave carol offer" },
    Row { number: 24, title: "who leaves is told to all who stay while the first of them has just been lost", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "news-ends-at-the-lost",
        why: "Who does not hear of it keeps a picture that stands still.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do kill: { peer: alice, how: socket }\n\
            do wait: 500ms\n\
            do leave: { peer: carol }\n\
            do await: { peer: bob, hears: peer-left, from: carol }\n\
            then enter carol lobby\n\
            then tell carol bob offer" },
    Row { number: 25, title: "who has come back by a ticket, and leaves, hears no more of the room", source: Source::Law(Law::OnlyToTheRoom), native: false, broken_by: "listens-after-leaving",
        why: "What keeps his new line among those who are told is not cleared up with his place.",
        steps: "keeps room\n\
            given meet\n\
            given kill: { peer: bob, how: socket }\n\
            given connect: { peer: bob }\n\
            once enter bob lobby\n\
            do leave: { peer: bob }\n\
            do enter carol lobby\n\
            do tell carol alice offer\n\
            never server -> bob: peer-joined carol" },
    Row { number: 26, title: "by a ticket that was given up by leaving nobody comes in", source: Source::Dialect("refusals: expired"), native: false, broken_by: "tickets-never-die",
        why: "Who is gone for all others would be there again, and nobody is told.",
        steps: "keeps time\n\
            given meet\n\
            given leave: { peer: bob }\n\
            given disconnect: { peer: bob }\n\
            given connect: { peer: bob }\n\
            do join: { peer: bob, room: lobby, refused: expired }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 27, title: "who is lost a second time, and back in time, has his place", source: Source::Dialect(LEAST_KEPT), native: false, broken_by: "keeps-places-once",
        why: "A phone on a train is lost again and again, and the place is kept once.",
        steps: "keeps places\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given kill: { peer: bob, how: socket }\n\
            given wait: SHORTLY\n\
            given connect: { peer: bob }\n\
            given enter bob lobby\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: MOST-OF-IT\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 28, title: "while the place of one who is lost is kept, nobody else has it", source: Source::Dialect(LEAST_KEPT), native: false, broken_by: "gives-away-kept-places",
        why: "Who is back finds his call full, or it has one more than fit.",
        steps: "keeps places\n\
            given meet\n\
            given fill lobby\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: SHORTLY\n\
            do join: { peer: carol, room: lobby, refused: full }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 29, title: "of who leaves by a word it is told that he has left", source: Source::Dialect("how: left"), native: false, broken_by: "mixes-up-how",
        why: "A page waits for who was lost, and hangs up on who has left.",
        steps: "needs how left\n\
            given meet\n\
            do leave: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            order server -> alice: peer-left bob (HOW-LEFT)" },
    Row { number: 30, title: "of whose line is reset it is told that he was lost", source: Source::Dialect("how: lost"), native: false, broken_by: "mixes-up-how",
        why: "Who is said to have left is not waited for, though he is about to be back.",
        steps: "needs how lost\n\
            given meet\n\
            do kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            order server -> alice: peer-left bob (HOW-LOST)" },
    Row { number: 31, title: "whose line ends while he comes in is not there", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "keeps-who-is-lost-at-once",
        why: "Between his request and his place something is looked up, and who has gone by then comes in all the same: nobody ever puts him out.",
        steps: "needs places\n\
            given meet\n\
            do strain: { by: torn-joins, times: 12, within: 90s }\n\
            then tell bob alice offer" },
    Row { number: 32, title: "who says the goodbye of the carrier, and keeps his line, is announced", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "",
        why: "Clients say it before they close, some keep the line for something else, and its end comes to another place in the server than that of a line.",
        steps: "needs a goodbye\n\
            given meet\n\
            given tell bob alice offer\n\
            do send-raw: { peer: bob, text: 'GOODBYE' }\n\
            do await: { peer: alice, hears: peer-left, from: bob }" },
    Row { number: 33, title: "whether who comes in while a place is kept is told whose it is before he hears him", source: Source::Nobody, native: false, broken_by: "",
        why: "Only those who knew the one who is back know him, and the newcomer is called by somebody of whom he never heard. What is said of a return may be for `ignore`.",
        steps: "keeps room\n\
            given meet\n\
            given kill: { peer: bob, how: socket }\n\
            given wait: SHORTLY\n\
            given enter carol lobby\n\
            given connect: { peer: bob }\n\
            once enter bob lobby\n\
            do tell bob carol offer\n\
            order server -> carol: *bob\n\
            order server -> carol: offer from bob" },
    Row { number: 34, title: "whether who closes his line, and is back at once, has his place", source: Source::Nobody, native: false, broken_by: "",
        why: "A page that is reloaded closes its line; so does one that is left for good.",
        steps: "keeps room\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do disconnect: { peer: bob }\n\
            do wait: SHORTLY\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            never server -> alice: peer-left bob" },
    Row { number: 35, title: "whose line the server ended for its silence, and who is back at once, has his place", source: Source::Dialect(LEAST_KEPT), native: false, broken_by: "forgets-the-silent",
        why: "A phone that was asleep finds its line ended, and comes back in that moment. What ends silent lines is another place in the server than what is told of lost ones.",
        steps: "keeps places\n\
            keeps room\n\
            needs a heartbeat\n\
            needs words on the line\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            given cut: { peer: bob, how: silence, direction: up }\n\
            once await: { peer: bob, disconnected: true, within: PATIENTLY }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            never server -> alice: peer-left bob" },
];
