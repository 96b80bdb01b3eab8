//! 4: relay: to the right one, once, in order, unchanged.

use crate::laws::Law;
use crate::validate::case::{ABSENT_ERROR, KEEPS, QUEUES, Row, Section, Source, TAKES};

const NUMBER: u8 = 4;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "relay",
        asks: "whether what one says reaches whom it is for, once, in order, and as it was said",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "an offer arrives as it was sent", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "alters-sdp",
        why: "A line of a description that is changed is a call that fails for nobody knows why.",
        steps: "given meet\n\
            do tell bob alice offer" },
    Row { number: 2, title: "an offer arrives once", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "duplicates-offers",
        why: "Who answers twice has one answer refused.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do tell alice bob answer" },
    Row { number: 3, title: "candidates arrive in order", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "reorders-candidates",
        why: "The end of them must not come before the last.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do send bob alice candidate\n\
            do send bob alice candidate\n\
            do send bob alice candidate\n\
            do send bob alice candidate\n\
            then tell alice bob answer" },
    Row { number: 4, title: "candidates arrive before there is an answer", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "drops-early-candidates",
        why: "They are sent as they are found, which is at once.",
        steps: "given meet\n\
            do send bob alice offer\n\
            do send bob alice candidate\n\
            do tell bob alice candidate\n\
            then tell alice bob answer" },
    Row { number: 5, title: "candidates of whoever has joined arrive", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "drops-joiners-candidates",
        why: "He may be the one behind a NAT.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do tell alice bob answer\n\
            do tell bob alice candidate" },
    Row { number: 6, title: "candidates of both arrive, and the end of them", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "loses-candidates",
        why: "Without them nobody is reached.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do tell alice bob answer\n\
            do tell alice bob candidate\n\
            do tell bob alice candidate\n\
            do tell bob alice end-of-candidates" },
    Row { number: 7, title: "an offer is not repeated behind its candidates", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "offers-again",
        why: "It looks like a second call.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do tell bob alice candidate\n\
            then tell alice bob answer" },
    Row { number: 8, title: "a second call arrives as the first did", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "one-call-a-meeting",
        why: "A connection that has failed is made anew on the same line.",
        steps: "given meet\n\
            given tell bob alice offer\n\
            given tell alice bob answer\n\
            do tell alice bob offer\n\
            do tell bob alice answer" },
    Row { number: 9, title: "offers that cross arrive both, and so does an answer", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "loses-answer-in-glare",
        why: "Two who call each other at once agree by these.",
        steps: "given meet\n\
            do send alice bob offer\n\
            do send bob alice offer\n\
            do await: { peer: alice, hears: offer, from: bob }\n\
            do await: { peer: bob, hears: offer, from: alice }\n\
            do tell alice bob answer" },
    Row { number: 10, title: "what is for one does not come back to its sender", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "relays-to-room",
        why: "He would take his own offer for the other one's.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do tell alice bob answer" },
    Row { number: 11, title: "what is for one of three reaches that one", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "relays-to-the-next",
        why: "The others have no connection to answer with.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do tell alice bob offer\n\
            do tell alice carol offer\n\
            do tell bob carol offer" },
    Row { number: 12, title: "nobody is made the sender of what he did not send", source: Source::Law(Law::OnlyToTheRoom), native: false, broken_by: "wrong-sender",
        why: "It is the one thing that a client cannot check.",
        steps: "given meet\n\
            given apart\n\
            do send bob alice offer\n\
            do send dave carol offer\n\
            do await: { peer: alice, hears: offer }\n\
            do await: { peer: carol, hears: offer }\n\
            then send alice bob answer\n\
            then send carol dave answer" },
    Row { number: 13, title: "nothing of one room reaches another", source: Source::Law(Law::OnlyToTheRoom), native: false, broken_by: "crosses-rooms",
        why: "A candidate is an address.",
        steps: "given meet\n\
            given apart\n\
            do send bob alice offer\n\
            do send bob alice candidate\n\
            do send dave carol offer\n\
            do await: { peer: carol, hears: offer }\n\
            then tell carol dave answer" },
    Row { number: 14, title: "what was said to somebody who has gone does not reach who takes his place", source: Source::Law(Law::NothingLateToNewcomers), native: false, broken_by: "stale-answer-to-newcomer",
        why: "An answer to somebody else's offer ends a call before it begins.",
        steps: "given meet\n\
            given tell bob alice offer\n\
            given tell alice bob answer\n\
            do leave: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 15, title: "nothing that was said before is said again to who comes back", source: Source::Law(Law::NothingLateToNewcomers), native: false, broken_by: "replays-history",
        why: "Old candidates are of connections that have ended.",
        steps: "given meet\n\
            given tell bob alice offer\n\
            given tell alice bob answer\n\
            given tell alice bob candidate\n\
            do leave: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left }\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 16, title: "who does not read keeps nobody else waiting", source: Source::Law(Law::GarbageHarmsNobodyElse), native: false, broken_by: "waits-for-the-slowest",
        why: "A phone in a tunnel reads nothing.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            harm stall: { peer: carol }\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 18, title: "thirty-two candidates in a row arrive in order", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "loses-long-runs",
        why: "A host with many addresses sends them in one go.",
        steps: "given meet\n\
            do tell bob alice offer\n\
            do send bob alice candidate 32\n\
            then tell alice bob answer" },
    Row { number: 19, title: "nobody reaches somebody in another room by his name", source: Source::Dialect("rooms-apart"), native: false, broken_by: "relays-anywhere",
        why: "Whoever guesses a name could call strangers, and learn their addresses.",
        steps: "given meet\n\
            given apart\n\
            do send bob carol offer\n\
            then tell dave carol offer\n\
            then tell bob alice offer" },
    Row { number: 20, title: "whether somebody in another room is reached by his name", source: Source::Nobody, native: false, broken_by: "relays-anywhere",
        why: "A broker means it so; where rooms are to keep people apart it is a hole.",
        steps: "given meet\n\
            given apart\n\
            do send bob carol offer\n\
            do await: { peer: carol, hears: offer, from: bob, within: 1s }" },
    Row { number: 21, title: "who was refused because a room is full is not heard by those inside", source: Source::Dialect("rooms-apart"), native: false, broken_by: "hears-the-refused",
        why: "He was told no, and those inside were not told of him: his offer is a stranger's.",
        steps: "given meet\n\
            given fill lobby\n\
            given join: { peer: carol, room: lobby, refused: full }\n\
            do send carol alice offer\n\
            then tell bob alice offer\n\
            then tell alice bob answer\n\
            never carol -> alice: offer" },
    Row { number: 22, title: "what is short does not overtake what is long", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "overtakes-the-long",
        why: "An offer of sound and pictures has 5 KB and more, a candidate 100 bytes; some clients lose a candidate that comes before the offer.",
        steps: "given meet\n\
            do send bob alice offer 6000 bytes\n\
            do send bob alice candidate\n\
            do await: { peer: alice, hears: candidate, from: bob }\n\
            do await: { peer: alice, hears: offer, from: bob }\n\
            then tell alice bob answer" },
    Row { number: 23, title: "who writes another's name on an offer is not believed", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "believes-the-sender",
        why: "Who answers it gives a stranger's call to somebody whom he trusts.",
        steps: "given meet\n\
            given third carol\n\
            given tell bob alice offer\n\
            do forge: { from: bob, to: alice, message: offer, as: carol }" },
    Row { number: 24, title: "who writes another's name on an answer is not believed", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "believes-the-sender",
        why: "It ends a connection between two others, or begins one with him in the middle.",
        steps: "given meet\n\
            given third carol\n\
            given tell bob alice offer\n\
            do forge: { from: bob, to: alice, message: answer, as: carol }" },
    Row { number: 25, title: "who writes another's name on a candidate is not believed", source: Source::Law(Law::RelayedOnceInOrder), native: false, broken_by: "believes-the-sender",
        why: "An address of his among theirs takes the call to him.",
        steps: "given meet\n\
            given third carol\n\
            given tell bob alice offer\n\
            do forge: { from: bob, to: alice, message: candidate, as: carol }" },
    Row { number: 26, title: "what is said to somebody who is away is there when he is back, in order and once", source: Source::Dialect(QUEUES), native: false, broken_by: "forgets-for-the-away",
        why: "A phone that changes networks is away for a second, and an offer that is lost then is a call that never rings.",
        steps: "keeps long\n\
            given meet\n\
            given disconnect: { peer: bob }\n\
            given wait: 500ms\n\
            do send alice bob offer\n\
            do send alice bob candidate\n\
            once connect: { peer: bob }\n\
            once enter bob lobby\n\
            do await: { peer: bob, hears: offer, from: alice, within: 2s }\n\
            do await: { peer: bob, hears: candidate, from: alice, within: 2s }\n\
            then disconnect: { peer: bob }\n\
            then connect: { peer: bob }\n\
            then enter bob lobby\n\
            then tell bob alice answer\n\
            then tell alice bob candidate" },
    Row { number: 27, title: "what was said to somebody whose place is free is not for who comes next under his name", source: Source::Dialect(KEEPS), native: false, broken_by: "keeps-for-the-next",
        why: "It is a call to somebody else, and answering it gives him a stranger's address.",
        steps: "given meet\n\
            given disconnect: { peer: bob }\n\
            given wait: 500ms\n\
            do send alice bob offer\n\
            once await: { peer: alice, hears: peer-left, from: bob, within: PATIENTLY }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            then tell bob alice offer\n\
            then tell alice bob answer\n\
            never alice -> bob: offer" },
    Row { number: 28, title: "nobody reaches somebody in another room by a candidate", source: Source::Dialect("rooms-apart"), native: false, broken_by: "relays-anywhere",
        why: "A candidate is an address, and its code looks for whom it is by itself.",
        steps: "given meet\n\
            given apart\n\
            do send bob carol candidate\n\
            then tell dave carol offer\n\
            then tell bob alice offer" },
    Row { number: 29, title: "nobody reaches somebody in another room by an answer", source: Source::Dialect("rooms-apart"), native: false, broken_by: "relays-anywhere",
        why: "The same, of a description that nobody there has asked for.",
        steps: "given meet\n\
            given apart\n\
            do send bob carol answer\n\
            then tell dave carol offer\n\
            then tell bob alice offer" },
    Row { number: 30, title: "nobody reaches somebody in another room by a goodbye", source: Source::Dialect("rooms-apart"), native: false, broken_by: "relays-anywhere",
        why: "Whoever guesses a name could end the calls of strangers.",
        steps: "given meet\n\
            given apart\n\
            do send bob carol bye\n\
            then tell dave carol offer\n\
            then tell bob alice offer" },
    Row { number: 31, title: "who speaks to somebody who has left is told so", source: Source::Dialect(ABSENT_ERROR), native: false, broken_by: "silent-for-the-absent",
        why: "Who is told nothing waits for an answer.",
        steps: "given meet\n\
            given leave: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do send alice bob offer\n\
            do await: { peer: alice, hears: error, within: 3s }\n\
            then enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 32, title: "an offer that is as long as was promised arrives", source: Source::Dialect(TAKES), native: false, broken_by: "ends-at-the-long",
        why: "A conference with many tracks has a description of 100 KB, and who limits messages to less loses it, or the line.",
        steps: "given meet\n\
            do sized bob alice offer" },
    Row { number: 33, title: "a candidate that is as long as was promised arrives", source: Source::Dialect(TAKES), native: false, broken_by: "ends-at-the-long",
        why: "What is short as a rule has a limit of its own where somebody thought so.",
        steps: "needs size\n\
            given meet\n\
            do sized bob alice candidate" },
    Row { number: 34, title: "that somebody cannot be reached is told to who spoke to him, and to nobody else", source: Source::Dialect(ABSENT_ERROR), native: false, broken_by: "tells-all-who-is-absent",
        why: "The others take it for their own mistake, and end a call that is well.",
        steps: "given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given leave: { peer: bob }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do send alice bob offer\n\
            once await: { peer: alice, hears: error, within: 3s }\n\
            then tell carol alice offer\n\
            never server -> carol: error\n\
            never server -> carol: refused offer" },
];
