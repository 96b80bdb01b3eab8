//! 3, too: who is put out of a room by another, who is away and back, what each shows of himself, who is host, who comes at once with another. A
//! dialect need not know any of it.

use crate::laws::Law;
use crate::validate::case::{ABSENCE, HOST, JOINING, OTHERS_TICKET, Row, STATES, Source};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row { number: 40, title: "who is put out of a room hears no more of it", source: Source::Dialect("kick-by"), native: false, broken_by: "hears-after-a-kick",
        why: "He was put out so that he does not.",
        steps: "needs kick\n\
            given meet\n\
            do kick: { peer: alice, whom: bob }\n\
            do enter carol lobby\n\
            do tell carol alice offer\n\
            never server -> bob: peer-joined carol\n\
            never carol -> bob: offer" },
    Row { number: 41, title: "all who stay hear who was put out", source: Source::Dialect("announces-leaving-within"), native: false, broken_by: "kicks-untold",
        why: "They keep a picture of him that stands still, and wait for what he says.",
        steps: "needs kick\n\
            needs announced leaving\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do kick: { peer: alice, whom: bob }\n\
            do await: { peer: carol, hears: peer-left, from: bob }\n\
            then tell carol alice offer" },
    Row { number: 42, title: "the place of who is put out is free, and no more than that", source: Source::Dialect("room-size"), native: false, broken_by: "keeps-kicked-places",
        why: "He is put out so that somebody else finds a place.",
        steps: "needs kick\n\
            given meet\n\
            given fill lobby\n\
            do kick: { peer: alice, whom: bob }\n\
            do enter carol lobby\n\
            do join: { peer: dave, room: lobby, refused: full }\n\
            then tell carol alice offer" },
    Row { number: 43, title: "nobody is put out by who may not", source: Source::Dialect("refusals: not-yours"), native: false, broken_by: "kicks-for-anybody",
        why: "Whoever comes into a call could throw out those who hold it.",
        steps: "needs kick by host\n\
            given meet\n\
            do kick: { peer: bob, whom: alice, refused: not-yours }\n\
            then tell bob alice offer\n\
            then tell alice bob answer" },
    Row { number: 44, title: "by a ticket of who was put out nobody comes in", source: Source::Dialect("refusals: expired"), native: false, broken_by: "kicked-tickets-live",
        why: "He is back as if nobody had put him out.",
        steps: "needs kick\n\
            keeps time\n\
            given meet\n\
            given kick: { peer: alice, whom: bob }\n\
            given kill: { peer: bob, how: socket }\n\
            given connect: { peer: bob }\n\
            do join: { peer: bob, room: lobby, refused: expired }\n\
            then enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 45, title: "nobody is put out of another room", source: Source::Dialect("rooms-apart"), native: false, broken_by: "kicks-anywhere",
        why: "Whoever makes a room could end all others, one by one.",
        steps: "needs kick\n\
            needs answers\n\
            given meet\n\
            given apart\n\
            do kick: { peer: alice, whom: carol, answer: any }\n\
            then tell dave carol offer\n\
            then tell carol dave answer" },
    Row { number: 46, title: "who is lost, and has his place again, is told to be away, and then to be back", source: Source::Dialect(ABSENCE), native: false, broken_by: "returns-untold",
        why: "They see that his picture stands still for a reason, and wait for him.",
        steps: "needs absence\n\
            keeps places\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do await: { peer: alice, hears: peer-away, from: bob }\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            do await: { peer: alice, hears: peer-back, from: bob }\n\
            then tell alice bob offer\n\
            then tell bob alice answer\n\
            order server -> alice: peer-away bob\n\
            order server -> alice: peer-back bob\n\
            never server -> alice: peer-left bob*" },
    Row { number: 47, title: "who is lost, and does not come back, is told to be away, and then to have left", source: Source::Dialect(ABSENCE), native: false, broken_by: "absence-untold",
        why: "Else they wait for him for ever.",
        steps: "needs absence\n\
            needs announced leaving\n\
            keeps time\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do await: { peer: alice, hears: peer-away, from: bob }\n\
            do await: { peer: alice, hears: peer-left, from: bob, within: PATIENTLY }\n\
            then enter carol lobby\n\
            then tell carol alice offer\n\
            order server -> alice: peer-away bob\n\
            order server -> alice: peer-left bob*\n\
            never server -> alice: peer-back bob" },
    Row { number: 48, title: "who has left by a word, and then closes his line, is not told to be away", source: Source::Dialect(ABSENCE), native: false, broken_by: "leavers-go-away",
        why: "They wait for somebody who has said goodbye.",
        steps: "needs absence\n\
            needs line outside\n\
            given meet\n\
            given await: { peer: alice, hears: peer-joined, from: bob }\n\
            do leave: { peer: bob }\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: 500ms\n\
            do enter carol lobby\n\
            then tell carol alice offer\n\
            never server -> alice: peer-away bob" },
    Row { number: 49, title: "what somebody sets is told to all others in the room, and to nobody in another", source: Source::Dialect(STATES), native: false, broken_by: "muting-told-to-one",
        why: "They speak to who does not hear them, or wait for who is not there to speak.",
        steps: "needs states\n\
            given open alice lobby\n\
            given enter carol lobby\n\
            given enter bob lobby\n\
            given open dave attic\n\
            do set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            do await: { peer: alice, hears: peer-state, from: bob }\n\
            do await: { peer: carol, hears: peer-state, from: bob }\n\
            do wait: STATES-TOLD\n\
            then tell alice bob offer\n\
            then tell carol bob offer\n\
            count some server -> alice: peer-state bob OTHER-STATE\n\
            count some server -> carol: peer-state bob OTHER-STATE\n\
            never server -> dave: peer-state bob*" },
    Row { number: 50, title: "what somebody sets is told to each once", source: Source::Dialect("news-once"), native: false, broken_by: "muting-told-twice",
        why: "A sound, or a note on the screen, comes twice.",
        steps: "needs states\n\
            needs news once\n\
            given meet\n\
            do set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            do await: { peer: alice, hears: peer-state, from: bob }\n\
            do wait: STATES-TOLD\n\
            then tell bob alice offer\n\
            count 1 server -> alice: peer-state bob OTHER-STATE" },
    Row { number: 51, title: "who comes in is told what each shows, as it is now", source: Source::Dialect(STATES), native: false, broken_by: "lists-nobody-as-muted",
        why: "He sees what was so when they came, until they set it anew.",
        steps: "needs states\n\
            needs listed states\n\
            given meet\n\
            do set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            do wait: STATES-TOLD\n\
            do enter carol lobby\n\
            do await: { peer: carol, hears: peer-state, from: bob }\n\
            then tell carol bob offer\n\
            order server -> carol: peer-state bob OTHER-STATE\n\
            never server -> carol: peer-state bob FIRST-STATE" },
    Row { number: 52, title: "what somebody has set is so when he has his place again", source: Source::Dialect("keeps-states"), native: false, broken_by: "unmutes-who-returns",
        why: "Who was muted is heard by all, and does not know.",
        steps: "needs states\n\
            needs listed states\n\
            needs kept states\n\
            keeps places\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            given wait: STATES-TOLD\n\
            do kill: { peer: bob, how: socket }\n\
            do wait: SHORTLY\n\
            do connect: { peer: bob }\n\
            do enter bob lobby\n\
            do enter carol lobby\n\
            do await: { peer: carol, hears: peer-state, from: bob }\n\
            then tell carol bob offer\n\
            order server -> carol: peer-state bob OTHER-STATE\n\
            never server -> carol: peer-state bob FIRST-STATE" },
    Row { number: 53, title: "when the host has left all who stay hear who is host, and of the same one", source: Source::Dialect(HOST), native: false, broken_by: "host-told-to-one",
        why: "Nobody can end the call, or two believe that they can.",
        steps: "needs host\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given hosted bob alice\n\
            given hosted carol alice\n\
            do leave: { peer: alice }\n\
            do wait: HOST-TOLD\n\
            do await: { peer: bob, hears: host }\n\
            do await: { peer: carol, hears: host }\n\
            then tell carol bob offer" },
    Row { number: 54, title: "when the host has left who has been inside longest is host", source: Source::Dialect("host-passes-to"), native: false, broken_by: "host-passes-to-the-newest",
        why: "Who has just come in can throw out all others.",
        steps: "needs host\n\
            needs longest host\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do leave: { peer: alice }\n\
            do wait: HOST-TOLD\n\
            then tell carol bob offer\n\
            count some server -> bob: host bob\n\
            count some server -> carol: host bob\n\
            never server -> carol: host carol" },
    Row { number: 55, title: "who has become host can put others out, and nobody else can", source: Source::Dialect("host-passes-to"), native: false, broken_by: "only-makers-kick",
        why: "A call whose maker has gone is in nobody's hands, or in everybody's.",
        steps: "needs kick by host\n\
            needs longest host\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given leave: { peer: alice }\n\
            given wait: HOST-TOLD\n\
            do kick: { peer: carol, whom: bob, refused: not-yours }\n\
            do kick: { peer: bob, whom: carol }\n\
            then enter dave lobby\n\
            then tell dave bob offer" },
    Row { number: 56, title: "when the host is lost all who stay hear who is host, and of the same one", source: Source::Dialect(HOST), native: false, broken_by: "lost-hosts-untold",
        why: "He is lost as often as he leaves, and then nobody can end the call.",
        steps: "needs host\n\
            needs noticed loss\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            given hosted bob alice\n\
            given hosted carol alice\n\
            do kill: { peer: alice, how: socket }\n\
            do await: { peer: bob, hears: peer-left, from: alice, within: PATIENTLY }\n\
            do wait: HOST-TOLD\n\
            do await: { peer: bob, hears: host }\n\
            do await: { peer: carol, hears: host }\n\
            then tell carol bob offer" },
    Row { number: 57, title: "who has left, and comes in again, shows what who comes in does", source: Source::Dialect("states"), native: false, broken_by: "keeps-muting",
        why: "His page begins anew and shows one thing, and all others see another.",
        steps: "needs states\n\
            needs listed states\n\
            needs line outside\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            given wait: STATES-TOLD\n\
            do leave: { peer: bob }\n\
            do enter bob lobby\n\
            do wait: STATES-TOLD\n\
            do enter carol lobby\n\
            do await: { peer: carol, hears: peer-state, from: bob }\n\
            then tell carol bob offer\n\
            order server -> carol: peer-state bob FIRST-STATE\n\
            never server -> carol: peer-state bob OTHER-STATE" },
    Row { number: 58, title: "who is put out is told", source: Source::Dialect("kick-by"), native: false, broken_by: "kicked-untold",
        why: "His page shows a call that he is not in.",
        steps: "needs kick\n\
            needs told kick\n\
            given meet\n\
            do kick: { peer: alice, whom: bob }\n\
            do await: { peer: bob, hears: kicked }\n\
            then enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 59, title: "of two who come at once one is told of the other", source: Source::Dialect(JOINING), native: false, broken_by: "blind-pair",
        why: "Who is inside is looked up for both before either is: they sit in one room, and neither calls the other.",
        steps: "given open alice lobby\n\
            given connect: { peer: bob }\n\
            given connect: { peer: carol }\n\
            do { together: [ { join: { peer: bob, room: lobby } }, { join: { peer: carol, room: lobby } } ] }\n\
            do await: { peer: alice, hears: peer-joined, from: bob }\n\
            do await: { peer: alice, hears: peer-joined, from: carol }" },
    Row { number: 60, title: "who makes a room anew that all have left is its host", source: Source::Dialect("kick-by"), native: false, broken_by: "keeps-old-hosts",
        why: "Its host is somebody who has gone, and nobody can put a stranger out.",
        steps: "needs kick by host\n\
            needs named rooms\n\
            needs freed rooms\n\
            given open alice lobby\n\
            given leave: { peer: alice }\n\
            given open bob lobby\n\
            given enter carol lobby\n\
            do kick: { peer: bob, whom: carol }\n\
            then enter dave lobby\n\
            then tell dave bob offer" },
    Row { number: 61, title: "what somebody sets back is told as well, and after what he had set", source: Source::Dialect(STATES), native: false, broken_by: "unmuting-untold",
        why: "Who was muted once is muted for ever, for all others.",
        steps: "needs states\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            given wait: STATES-TOLD\n\
            do set-state: { peer: bob, state: \"FIRST-STATE\" }\n\
            do wait: STATES-TOLD\n\
            then tell alice bob offer\n\
            order server -> alice: peer-state bob OTHER-STATE\n\
            order server -> alice: peer-state bob FIRST-STATE" },
    Row { number: 62, title: "who comes in is told what each has set last, be it set back", source: Source::Dialect(STATES), native: false, broken_by: "lists-who-was-muted",
        why: "He sees another thing than all others, and waits for who is there to speak.",
        steps: "needs states\n\
            needs listed states\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            given wait: STATES-TOLD\n\
            do set-state: { peer: bob, state: \"FIRST-STATE\" }\n\
            do wait: STATES-TOLD\n\
            do enter carol lobby\n\
            do await: { peer: carol, hears: peer-state, from: bob }\n\
            then tell carol bob offer\n\
            order server -> carol: peer-state bob FIRST-STATE\n\
            never server -> carol: peer-state bob OTHER-STATE" },
    Row { number: 63, title: "who is put out of a room is not heard in it", source: Source::Dialect("rooms-apart"), native: false, broken_by: "heard-after-a-kick",
        why: "Those inside have been told that he is out, and he calls them all the same.",
        steps: "needs kick\n\
            needs line outside\n\
            given meet\n\
            given kick: { peer: alice, whom: bob }\n\
            do send bob alice offer\n\
            then enter carol lobby\n\
            then tell carol alice offer\n\
            never bob -> alice: offer" },
    Row { number: 64, title: "who was put out of a room, and comes into another, is heard there", source: Source::Dialect("kick-by"), native: false, broken_by: "silences-the-kicked",
        why: "He was put out of one room, and not of all that are to come.",
        steps: "needs kick\n\
            needs line outside\n\
            given open dave attic\n\
            given meet\n\
            given kick: { peer: alice, whom: bob }\n\
            once enter bob attic\n\
            do tell bob dave offer\n\
            do tell dave bob answer\n\
            then enter carol lobby\n\
            then tell carol alice offer" },
    Row { number: 65, title: "by a ticket that is made up nobody has the place that is kept for him", source: Source::Dialect("refusals: expired"), native: false, broken_by: "takes-any-ticket",
        why: "Whoever knows a name has the place of its owner, who is told that he has come back.",
        steps: "needs expired\n\
            keeps room\n\
            given meet\n\
            given apart\n\
            given kill: { peer: bob, how: socket }\n\
            given wait: SHORTLY\n\
            given connect: { peer: bob }\n\
            do garbage: { peer: bob, kind: unknown-word, of: join, field: given }\n\
            then tell dave carol offer\n\
            then tell carol dave answer\n\
            never server -> bob#2: joined*" },
    Row { number: 66, title: "when the host is lost, and has his place again, all hear of the same host", source: Source::Dialect(HOST), native: false, broken_by: "two-hosts",
        why: "Whoever watches over it for those who are lost passes it on, and who is back believes that he has it still: two end the call, or nobody can.",
        steps: "needs host\n\
            keeps room\n\
            given open alice lobby\n\
            given enter bob lobby\n\
            given enter carol lobby\n\
            do kill: { peer: alice, how: socket }\n\
            do wait: SHORTLY\n\
            do connect: { peer: alice }\n\
            once enter alice lobby\n\
            do wait: HOST-TOLD\n\
            then tell alice bob offer\n\
            then tell carol alice offer" },
    Row { number: 67, title: "by a ticket of who is there nobody else comes in", source: Source::Dialect(OTHERS_TICKET), native: false, broken_by: "",
        why: "A ticket stands in logs and links: whoever finds one has its owner's place, who is thrown out. Where it is good for whoever bears it, that is a fact.",
        steps: "given meet\n\
            do pretend: { peer: carol, given-to: bob }\n\
            do join: { peer: carol, room: lobby, refused: true }\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 68, title: "who sets what he shows already is answered", source: Source::Law(Law::RequestsAreAnswered), native: false, broken_by: "passes-over-the-same",
        why: "A server that looks whether anything changes, and says nothing where nothing does, leaves a button grey for ever.",
        steps: "needs answered states\n\
            may close\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            do set-state: { peer: bob, state: \"OTHER-STATE\", answer: any, within: 3s }\n\
            then tell alice bob offer\n\
            then tell bob alice answer" },
    Row { number: 69, title: "what somebody sets at once after something else is told as well", source: Source::Dialect(STATES), native: false, broken_by: "news of the same within a moment is dropped",
        why: "Who presses the button twice is taken for muted, or not, for as long as he presses it no more.",
        steps: "needs states\n\
            given meet\n\
            given set-state: { peer: bob, state: \"OTHER-STATE\" }\n\
            given await: { peer: alice, hears: peer-state, from: bob }\n\
            once set-state: { peer: bob, state: \"FIRST-STATE\" }\n\
            do wait: STATES-TOLD\n\
            then tell alice bob offer\n\
            order server -> alice: peer-state bob OTHER-STATE\n\
            order server -> alice: peer-state bob FIRST-STATE" },
];
