//! 2: rooms: make, enter, limit, leave, remove, and what happens at once.

use crate::laws::Law;
use crate::validate::case::{
    ANY_NAME, DESTROY_BY, JOINING, NOTICES, ROOM_END, Row, Section, Source,
};

const NUMBER: u8 = 2;

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "rooms",
        asks: "whether rooms are made, entered, filled, left and removed as they were asked",
        cases: ROWS.iter().map(|row| row.case(NUMBER)).collect(),
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { number: 1, title: "the name of a room that is there is taken", source: Source::Dialect("refusals: exists"), native: false, broken_by: "name-check-never-matches",
        why: "Whoever makes a room of that name would be alone in it, or with strangers.",
        steps: "given open alice lobby\n\
            do create: { peer: bob, room: lobby, refused: exists }\n\
            then enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 2, title: "no more come in than a room holds", source: Source::Dialect("room-size"), native: false, broken_by: "accepts-third-peer",
        why: "A third in a room of two breaks what the two have.",
        steps: "given meet\n\
            given fill lobby\n\
            do join: { peer: carol, room: lobby, refused: full }\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 3, title: "of two who ask at once for the last place not both get it", source: Source::Dialect("room-size"), native: false, broken_by: "lets-both-in",
        why: "Whether there is a place is looked up by both before either has it.",
        steps: "given open alice lobby\n\
            given fill lobby\n\
            given connect: { peer: bob }\n\
            given connect: { peer: carol }\n\
            do { together: [ { join: { peer: bob, room: lobby, answer: any } }, { join: { peer: carol, room: lobby, answer: any } } ], let-in: 1, turned-away: 1 }\n\
            asks granted" },
    Row { number: 4, title: "of two who ask at once for the last place not both are refused", source: Source::Dialect("room-size"), native: false, broken_by: "lets-neither-in",
        why: "Each takes the other one for inside, and the place stays empty.",
        steps: "given open alice lobby\n\
            given fill lobby\n\
            given connect: { peer: bob }\n\
            given connect: { peer: carol }\n\
            do { together: [ { join: { peer: bob, room: lobby, answer: any } }, { join: { peer: carol, room: lobby, answer: any } } ], let-in: 1, turned-away: 1 }\n\
            asks refused" },
    Row { number: 5, title: "of two who make a room of one name at once one has made it", source: Source::Dialect("refusals: exists"), native: false, broken_by: "both-create",
        why: "Both are told that it is theirs, and they never meet.",
        steps: "given connect: { peer: alice }\n\
            given connect: { peer: bob }\n\
            do { together: [ { create: { peer: alice, room: lobby, answer: any } }, { create: { peer: bob, room: lobby, answer: any } } ], let-in: 1, turned-away: 1 }" },
    Row { number: 6, title: "who joins while the room is removed is inside, or refused", source: Source::Dialect("refusals: missing"), native: false, broken_by: "destroys-under-a-joiner",
        why: "Else he is told to be in a room that is not there.",
        steps: "needs occupied\n\
            given open alice lobby\n\
            given connect: { peer: bob }\n\
            do { together: [ { join: { peer: bob, room: lobby, answer: any } }, { destroy: { peer: alice, room: lobby, answer: any } } ], let-in: 1, turned-away: 1 }" },
    Row { number: 7, title: "a room that was removed is gone", source: Source::Every("destroy"), native: false, broken_by: "destroy-removes-nothing",
        why: "Its name would be taken for ever.",
        steps: "given open alice lobby\n\
            do destroy: { peer: alice, room: lobby }\n\
            do create: { peer: bob, room: lobby }" },
    Row { number: 8, title: "no other room goes with one that is removed", source: Source::Every("destroy"), native: false, broken_by: "destroy-removes-another",
        why: "Those inside are told nothing, and their next word is lost.",
        steps: "given open carol attic\n\
            given open alice lobby\n\
            do destroy: { peer: alice, room: lobby }\n\
            then enter dave attic\n\
            then tell dave carol offer" },
    Row { number: 9, title: "nobody removes a room that is not his", source: Source::Dialect("refusals: not-yours"), native: false, broken_by: "destroys-for-anybody",
        why: "Whoever knows its name could end it.",
        steps: "needs named destroy\n\
            given meet\n\
            given leave: { peer: alice }\n\
            given enter carol lobby\n\
            given tell carol bob offer\n\
            given leave: { peer: carol }\n\
            do destroy: { peer: alice, room: lobby, refused: not-yours }\n\
            then enter alice lobby\n\
            then tell bob alice offer" },
    Row { number: 10, title: "a room that all have left can be made again", source: Source::Law(Law::EmptyRoomsAreFree), native: false, broken_by: "room-never-freed",
        why: "Names that are never freed run out, and so does memory.",
        steps: "needs named rooms\n\
            given meet\n\
            do leave: { peer: bob }\n\
            do leave: { peer: alice }" },
    Row { number: 11, title: "a room whose last one was lost can be made again", source: Source::Law(Law::EmptyRoomsAreFree), native: false, broken_by: "keeps-the-lost-creators-room",
        why: "Most users never say goodbye.",
        steps: "needs named rooms\n\
            given open alice lobby\n\
            do kill: { peer: alice, how: socket }" },
    Row { number: 12, title: "the name of a room that is gone is free for anybody", source: Source::Dialect("frees-empty-rooms"), native: false, broken_by: "reserves-names",
        why: "It is a name, not an account.",
        steps: "needs named rooms\n\
            given open alice lobby\n\
            do leave: { peer: alice }\n\
            do create: { peer: bob, room: lobby }" },
    Row { number: 13, title: "a place that was left is free at once", source: Source::Dialect("room-size"), native: false, broken_by: "leaves-late",
        why: "The next one waits outside already.",
        steps: "given meet\n\
            given fill lobby\n\
            do leave: { peer: bob }\n\
            do enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 14, title: "a place that was lost is free once the others know", source: Source::Dialect("room-size"), native: false, broken_by: "keeps-dead-places",
        why: "They tell a third to come in.",
        steps: "given meet\n\
            given fill lobby\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            once await: { peer: alice, hears: peer-left, from: bob }\n\
            do enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 15, title: "a room stays with whoever is inside when its maker is lost", source: Source::Every("join"), native: false, broken_by: "room-goes-with-its-creator",
        why: "Who came later has not asked whose room it is.",
        steps: "given meet\n\
            do kill: { peer: alice, how: socket }\n\
            once await: { peer: bob, hears: peer-left, from: alice }\n\
            do enter carol lobby\n\
            then tell carol bob offer" },
    Row { number: 16, title: "two rooms do not mix", source: Source::Law(Law::OnlyToTheRoom), native: false, broken_by: "crosses-rooms",
        why: "What is said in one is for nobody in the other.",
        steps: "given meet\n\
            given apart\n\
            do send bob alice offer\n\
            do send dave carol offer\n\
            do await: { peer: alice, hears: offer }\n\
            do await: { peer: carol, hears: offer }\n\
            then tell alice bob answer\n\
            then tell carol dave answer" },
    Row { number: 17, title: "a room of a name of 48 bytes is one, and no other", source: Source::Every("join"), native: false, broken_by: "cuts-long-names",
        why: "Who cuts names puts strangers together.",
        steps: "do open alice a-room-whose-name-goes-on-to-its-very-end-at-481\n\
            do open carol a-room-whose-name-goes-on-to-its-very-end-at-482\n\
            do enter bob a-room-whose-name-goes-on-to-its-very-end-at-481\n\
            do tell bob alice offer" },
    Row { number: 18, title: "a room with an accent in its name is the same by whatever carrier", source: Source::Every("join"), native: false, broken_by: "encodes-rooms",
        why: "Encoded in one place and not in another it is two.",
        steps: "do open alice café\n\
            do enter bob café\n\
            do tell bob alice offer" },
    Row { number: 19, title: "a room of a name from right to left is one, and no other", source: Source::Every("join"), native: false, broken_by: "ascii-rooms",
        why: "Who keeps only ASCII puts strangers together.",
        steps: "do open alice חדר\n\
            do open carol בית\n\
            do enter bob חדר\n\
            do tell bob alice offer" },
    Row { number: 20, title: "a room with an emoji in its name is one, and no other", source: Source::Every("join"), native: false, broken_by: "cuts-astral",
        why: "Who cuts names at the first of them puts strangers together.",
        steps: "do open alice party🎉\n\
            do open carol party🦊\n\
            do enter bob party🎉\n\
            do tell bob alice offer" },
    Row { number: 21, title: "a room called as what every JavaScript object has is a room like another", source: Source::Every("join"), native: false, broken_by: "dies-of-odd-texts",
        why: "A table of rooms that is an object has that room already.",
        steps: "do open alice __proto__\n\
            do enter bob __proto__\n\
            do tell bob alice offer" },
    Row { number: 22, title: "a place that was lost in silence is free once the others know", source: Source::Dialect(NOTICES), native: false, broken_by: "keeps-dead-places",
        why: "Who is put out after a while has another way out of the room than who closes his line.",
        steps: "needs patience\n\
            given meet\n\
            given fill lobby\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do cut: { peer: bob, how: silence }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: NOTICED }\n\
            do enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 23, title: "rooms whose names differ in capitals alone are two", source: Source::Dialect(ANY_NAME), native: false, broken_by: "lowers-rooms",
        why: "Who writes all names in small letters puts strangers together, and says another name than he was told.",
        steps: "tells capitals\n\
            do open alice Café\n\
            do open carol café\n\
            do enter bob Café\n\
            do tell bob alice offer" },
    Row { number: 24, title: "a room called `constructor` is a room like another", source: Source::Every("join"), native: false, broken_by: "constructor-is-taken",
        why: "Each JavaScript object has it, and who guards against `__proto__` alone has forgotten it: it is a function, where a room is looked for.",
        steps: "do open alice constructor\n\
            do enter bob constructor\n\
            do tell bob alice offer" },
    Row { number: 25, title: "a room stays for who is lost and has his place kept, when everybody else leaves", source: Source::Dialect(JOINING), native: false, broken_by: "loses-the-room-of-the-away",
        why: "He comes back into a room that nobody else finds: who asks for it by its name makes another.",
        steps: "keeps room\n\
            given meet\n\
            given kill: { peer: bob, how: socket }\n\
            given wait: 500ms\n\
            given leave: { peer: alice }\n\
            once connect: { peer: bob }\n\
            once enter bob lobby\n\
            do enter carol lobby\n\
            do await: { peer: bob, hears: peer-joined, from: carol }\n\
            then tell carol bob offer\n\
            then tell bob carol answer" },
    Row { number: 26, title: "who leaves, and then closes his line, gives up one place", source: Source::Dialect("room-size"), native: false, broken_by: "frees-twice",
        why: "What is counted down once for the word and once for the line lets in more than fit.",
        steps: "given meet\n\
            given fill lobby\n\
            do leave: { peer: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: 500ms\n\
            do enter carol lobby\n\
            do join: { peer: dave, room: lobby, refused: full }\n\
            then tell carol alice offer" },
    Row { number: 27, title: "a room whose last one was lost is not there for who asks for it", source: Source::Dialect("frees-empty-rooms"), native: false, broken_by: "keeps-the-lost-creators-room",
        why: "He waits in it for somebody who has gone.",
        steps: "keeps briefly\n\
            needs noticed loss\n\
            given open alice lobby\n\
            do kill: { peer: alice, how: socket }\n\
            do wait: UNTIL-GONE\n\
            do join: { peer: bob, room: lobby, refused: missing }\n\
            then open carol attic\n\
            then enter dave attic\n\
            then tell dave carol offer" },
    Row { number: 28, title: "a join that was refused makes no room", source: Source::Dialect("refusals: missing"), native: false, broken_by: "refused-join-takes-the-name",
        why: "Who looks a room up and puts it there if it is missing takes a name for which nobody has asked.",
        steps: "needs named rooms\n\
            do join: { peer: bob, room: lobby, refused: missing }\n\
            do open alice lobby\n\
            do enter bob lobby\n\
            then tell bob alice offer" },
    Row { number: 29, title: "a room that all have left is not there for who asks for it", source: Source::Dialect("frees-empty-rooms"), native: false, broken_by: "room-never-freed",
        why: "He waits in it for somebody who has gone.",
        steps: "given meet\n\
            do leave: { peer: bob }\n\
            do leave: { peer: alice }\n\
            do join: { peer: carol, room: lobby, refused: missing }\n\
            then open carol attic\n\
            then enter dave attic\n\
            then tell dave carol offer" },
    Row { number: 30, title: "a room is not taken away by the time of a place in one of that name before it", source: Source::Every("destroy"), native: false, broken_by: "old-places-end-new-rooms",
        why: "The time of a place runs on when its room is removed, and what it clears up is the room that has the name by then.",
        steps: "keeps time\n\
            needs free destroy\n\
            given meet\n\
            given kill: { peer: bob, how: socket }\n\
            given wait: SHORTLY\n\
            given destroy: { peer: alice, room: lobby }\n\
            once open carol lobby\n\
            do wait: UNTIL-GONE\n\
            do enter dave lobby\n\
            then tell dave carol offer" },
    Row { number: 31, title: "the name of a room with an accent comes back as it was said", source: Source::Dialect(ANY_NAME), native: false, broken_by: "answers-in-latin1",
        why: "Who is told another name than he said shows that one, and passes it on to those who are to come.",
        steps: "needs told rooms\n\
            do open alice café\n\
            do enter bob café\n\
            then tell bob alice offer\n\
            order server -> bob: joined \"café\"*" },
    Row { number: 32, title: "the name of a room with capitals comes back as it was said", source: Source::Dialect(ANY_NAME), native: false, broken_by: "answers-in-small-letters",
        why: "Who compares it with what he has asked for waits for an answer that has come.",
        steps: "needs told rooms\n\
            do open alice Lobby\n\
            do enter bob Lobby\n\
            then tell bob alice offer\n\
            order server -> bob: joined Lobby*" },
    Row { number: 33, title: "the name of a room with a letter and its accent apart comes back as it was said", source: Source::Dialect(ANY_NAME), native: false, broken_by: "normalises-names",
        why: "It looks the same in one character, and is not: names are compared by their bytes. macOS writes names so, and hardly anybody else.",
        steps: "needs told rooms\n\
            do open alice cafe\u{301}\n\
            do enter bob cafe\u{301}\n\
            then tell bob alice offer\n\
            order server -> bob: joined \"cafe\u{301}\"*" },
    Row { number: 34, title: "who is told that his room is removed can come into another", source: Source::Every("destroy"), native: false, broken_by: "destroy-keeps-inside",
        why: "What is kept of each who was inside outlives the room: he is nowhere, and is let in nowhere.",
        steps: "needs free destroy\n\
            needs told end\n\
            given open dave attic\n\
            given meet\n\
            given destroy: { peer: alice, room: lobby }\n\
            once await: { peer: bob, room-ended: true, within: 2s }\n\
            do enter bob attic\n\
            then tell bob dave offer\n\
            then tell dave bob answer" },
    Row { number: 35, title: "who is inside, and has not made the room, can remove it or is refused, as was declared", source: Source::Dialect(DESTROY_BY), native: false, broken_by: "guests-destroy",
        why: "Whoever comes into a call could end it for all; or nobody can whose host has gone.",
        steps: "needs free destroy\n\
            given meet\n\
            do GUEST-DESTROYS" },
    Row { number: 36, title: "who is inside a room that somebody else removes is told", source: Source::Dialect(ROOM_END), native: false, broken_by: "destroy-untold",
        why: "He waits there for those who are to come, and they come into another room of that name.",
        steps: "needs free destroy\n\
            given meet\n\
            do destroy: { peer: alice, room: lobby }\n\
            do await: { peer: bob, room-ended: true, within: 5s }" },
    Row { number: 37, title: "all who are inside a room that somebody else removes are told", source: Source::Dialect(ROOM_END), native: false, broken_by: "destroy-told-to-one",
        why: "They wait there for each other, and for those who know that it is over.",
        steps: "needs free destroy\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do destroy: { peer: alice, room: lobby }\n\
            do await: { peer: bob, room-ended: true, within: 5s }\n\
            do await: { peer: carol, room-ended: true, within: 5s }" },
    Row { number: 38, title: "who is left in a room when its maker has gone can remove it", source: Source::Dialect(DESTROY_BY), native: false, broken_by: "only-makers-destroy",
        why: "It is in the hands of somebody who is not there.",
        steps: "needs destroy by who is left\n\
            given meet\n\
            given leave: { peer: alice }\n\
            given wait: HOST-TOLD\n\
            given enter carol lobby\n\
            given tell carol bob offer\n\
            given leave: { peer: carol }\n\
            given wait: HOST-TOLD\n\
            do destroy: { peer: bob, room: lobby }\n\
            then open carol lobby\n\
            then enter dave lobby\n\
            then tell dave carol offer" },
];
