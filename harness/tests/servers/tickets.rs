//! Who comes back by a ticket, and for how long his place is kept.

use std::time::Duration;

use crate::changed::{COMES_BACK, Changed, command, example};
use crate::table::{asking, asking_sections, numbers};
use crate::{JOBS, Seat, beside_others, side_by_side, wanted};

/// With places that are kept for so long that a slow machine is in time.
fn kept_for_long(tickets: &Changed) -> Changed {
    tickets
        .does("KEPT = 1000", "KEPT = 3500")
        .says(PLACES, "keeps-places: { at-least: 3s, at-most: 4s } ")
}

const PLACES: &str = "keeps-places: 1s ";
const PATIENCE: Duration = Duration::from_secs(3);

/// What `server.js` does with who leaves, with whose ticket is good for nothing, and with what waited for who is back.
const LEAVES: &str = "      free(line.ticket)\n";
const LEFT: &str = "      free(line.ticket)\n      line.ticket = undefined\n";
const IS_GOOD: &str = "if (line.ticket || !places.has(ticket)) return say({ no: 'ticket' })";
const WAITED: &str = "waiting.splice(0))";

/// Who comes back with what the server gave him is asked what everybody is.
#[test]
fn who_comes_back_by_a_ticket_is_accused_of_nothing() {
    asking_sections(&[1, 3, 4, 5])
        .patient(PATIENCE)
        .breaks_nothing(&example("tickets"))
        .ask();
}

/// Each of these servers does one thing wrong.
#[test]
fn who_comes_back_by_a_ticket_is_judged_as_everybody_is() {
    let tickets = example("tickets");
    let long = kept_for_long(&tickets);
    // The time of a place is over though its user is back.
    asking(&["3.13"])
        .patient(PATIENCE)
        .breaks(&["3.13"], &tickets.does("clearTimeout(mine().timer)", ""))
        // A room that only one has who is lost is found by nobody else.
        .asking(&["2.25"])
        .breaks(
            &["2.25"],
            &long.does(
                LEAVES,
                "      const left = mine().room\n      free(line.ticket)\n      if (!inside(left).some(place => place.line)) for (const place of inside(left)) place.room = Object(left)\n",
            ),
        )
        // What waited comes in another order, or once more.
        .asking(&["4.26"])
        .breaks(&["4.26"], &long.does(WAITED, "waiting.splice(0).reverse())"))
        .breaks(&["4.26"], &long.does(WAITED, "waiting)"))
        // The end of the line that was replaced is taken for its user's.
        .asking(&["1.16"])
        .breaks(
            &["1.16"],
            &tickets.does("if (mine()?.line !== line) return", "if (!mine()) return"),
        )
        // Who has to come in within a time is not told apart from who came back.
        .asking(&["3.19"])
        .breaks(
            &["3.19"],
            &tickets.does(
                "line.on('error', () => {})",
                "line.on('error', () => {})\n  const late = setTimeout(() => line.close(4002), 1500)\n  line.on('message', text => { if (`${text}`.includes('enter')) clearTimeout(late) })",
            ),
        )
        // A ticket is good for ever, or until the server ends.
        .asking(&["3.21"])
        .breaks(
            &["3.21"],
            &tickets.does(
                IS_GOOD,
                "if (line.ticket) return say({ no: 'ticket' })\n    if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: 'bob', waiting: [] })",
            ),
        )
        // Others hear that he has gone, and come.
        .asking(&["1.5"])
        .breaks(
            &["1.5"],
            &tickets.does(
                "before?.close(4001)",
                "before?.close(4001)\n    for (const place of others()) if (place.line) say({ out: mine().name }, place.line), say({ came: mine().name }, place.line)",
            ),
        )
        // The line on which he came back is told what happens in the room that he has left.
        .asking(&["3.25"])
        .breaks(
            &["3.25"],
            &tickets.does(
                LEFT,
                "      free(line.ticket)\n      line.ticket = undefined\n      const { set } = places\n      places.set = (ticket, place) => (say({ came: place.name }), set.call(places, ticket, place))\n",
            ),
        )
        // A ticket is good after its user has left.
        .asking(&["3.26"])
        .breaks(
            &["3.26"],
            &tickets.does(
                LEFT,
                "      const place = mine()\n      free(line.ticket)\n      places.set(line.ticket, { ...place, line: undefined })\n      line.ticket = undefined\n",
            ),
        )
        // A ticket that nobody has been given is good for whatever place is kept.
        .asking(&["3.65"])
        .breaks(
            &["3.65"],
            &long.does(
                IS_GOOD,
                "if (line.ticket) return say({ no: 'ticket' })\n    if (!places.has(ticket)) ticket = [...places.keys()].find(ticket => !places.get(ticket).line)\n    if (!ticket) return say({ no: 'ticket' })",
            ),
        )
        // A place is kept once.
        .asking(&["3.27"])
        .breaks(
            &["3.27"],
            &long.does(
                "mine().timer = setTimeout(() => free(ticket), KEPT)",
                "if (mine().lost) return free(ticket)\n    mine().lost = true\n    mine().timer = setTimeout(() => free(ticket), KEPT)",
            ),
        )
        // Who is lost is not counted.
        .asking(&["3.28"])
        .breaks(
            &["3.28"],
            &long.does(
                "if (there.length >= 3)",
                "if (there.filter(place => place.line).length >= 3)",
            ),
        )
        .ask();
}

/// Whoever says what he came back with wrongly ends nobody else's call; each of these servers reads it without looking first.
#[test]
fn what_one_comes_back_with_may_be_anything() {
    let tickets = example("tickets");
    let reads = "const back = ticket => {";
    let knows = |more: &str| tickets.does(reads, &format!("{reads}\n    {more}"));
    // Who says something else than a ticket comes in as anybody does.
    let by_join = tickets
        .does(
            "if (there.some(place => place.name === name)) return say({ no: 'name' })",
            "",
        )
        .does(
            "if (typeof message?.enter",
            "if (places.has(message?.back)) back(message.back)\n    else if (typeof message?.enter",
        )
        .says(
            "{ back: \"{ticket}\" }",
            "{ enter: \"{room}\", as: \"{me}\", back: \"{ticket}\" }",
        );
    let all = numbers(7, 106..=112);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    asking(&all)
        .patient(PATIENCE)
        .holds(&tickets)
        .holds(&by_join)
        // An object without a key is taken for one that has a word.
        .asking(&["7.106"])
        .breaks(
            &["7.106"],
            &tickets.does(
                "let message\n",
                "let message\n    if (`${text}` === '{}') Object.keys(JSON.parse(text))[0].trim()\n",
            ),
        )
        // Whatever it is, it is taken for a text.
        .asking(&["7.107", "7.108", "7.109"])
        .breaks(
            &["7.107", "7.108", "7.109"],
            &tickets.does(
                "typeof message?.back === 'string'",
                "'back' in message && message.back.trim() && true",
            ),
        )
        .asking(&["7.110"])
        .breaks(
            &["7.110"],
            &knows("if (ticket.length > 1e6) throw RangeError(ticket.length)"),
        )
        .asking(&["7.111"])
        .breaks(&["7.111"], &knows("ticket[0].trim()"))
        // A table that is an object has it already.
        .asking(&["7.112"])
        .breaks(
            &["7.112"],
            &tickets.does(
                "!places.has(ticket)",
                "!places.has(ticket) && !({})[ticket]",
            ),
        )
        .ask();
}

/// How long a place is kept at most promises nothing of the least: who is not let in again has shown nothing of his room.
#[test]
fn a_place_that_is_soon_free_accuses_nobody_of_its_room() {
    let tickets = example("tickets");
    let long = kept_for_long(&tickets);
    let short = tickets.does("= 1000", "= 300").says(": 1s ", ": 300ms ");
    asking(&["2.25"])
        .holds(&long)
        // With the last one who hears of it, all places of a room are free.
        .is(
            &["inconclusive"],
            "",
            &long.does(
                LEAVES,
                "      const left = mine().room\n      free(line.ticket)\n      for (const [ticket, place] of places) if (place.room === left && !inside(left).some(place => place.line)) {\n        clearTimeout(place.timer)\n        places.delete(ticket)\n      }\n",
            ),
        )
        // Who leaves is told so only when the place of him who is lost is free.
        .is(
            &["inconclusive"],
            "",
            &tickets.does(
                LEAVES,
                &format!("{LEAVES}      return setTimeout(() => say({{ left: true }}), 1200)\n"),
            ),
        )
        .is(&["unsupported"], "", &short)
        .ask();
}

/// The end of a line that was replaced is no loss: long after it, its ticket is good for the one that came after it.
#[test]
fn a_ticket_is_good_after_the_line_that_was_replaced_has_ended() {
    if !wanted("examples") {
        return;
    }
    let _seat = Seat::take();
    let stand = example("tickets").stand();
    stand.write(
        "replaced.yaml",
        "scenario: replaced\n\
         peers: { alice: { stack: wire }, bob: { stack: wire } }\n\
         steps:\n\
         - create: { peer: alice, room: lobby }\n\
         - join: { peer: bob, room: lobby }\n\
         - connect: { peer: bob, second: resumes }\n\
         - join: { peer: bob, room: lobby }\n\
         - wait: 1500ms\n\
         - kill: { peer: bob, how: socket }\n\
         - connect: { peer: bob }\n\
         - join: { peer: bob, room: lobby }\n\
         - send: { from: alice, to: bob, message: offer }\n\
         - await: { peer: bob, hears: offer, from: alice }\n",
    );
    stand
        .glare(&[
            "run",
            "replaced.yaml",
            JOBS,
            "--server",
            &command(),
            "--dialect",
            "d.yaml",
        ])
        .ends(0)
        .says("1 passed, 0 failed");
}

/// A place that is free before the least time is over is told of: by the news of it, or by whom it costs his place.
#[test]
fn a_place_that_is_free_too_early_is_told_of() {
    let tickets = example("tickets");
    let least = tickets.says(PLACES, "keeps-places: { at-least: 3s, at-most: 4s } ");
    asking(&["3.20"])
        .holds(&kept_for_long(&tickets))
        .is(
            &["broken"],
            "bob's place was to be kept for at least 3 s, and alice was told after 1",
            &least,
        )
        .breaks(
            &["3.20"],
            &least.does(
                "place of inside(room)) if (place.line) say({ out: name }, place.line)",
                "place of []) say({ out: name }, place.line)",
            ),
        )
        .is(&["fact"], "", &tickets)
        .ask();
}

/// A trial comes back by what the server gave, and says what became of it.
#[test]
fn a_trial_comes_back_by_what_the_server_gave() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    // Before anything is promised.
    let tickets = example("tickets").unsaid("keeps-places");
    let servers = [
        (
            "he was not let in",
            tickets.does("line.ticket || !places", "places"),
        ),
        (
            "he was neither let in nor refused; he was told nothing",
            tickets.does(
                "take(ticket)\n    before",
                "line.ticket = ticket\n    before",
            ),
        ),
        (
            "what alice then said to him did not come",
            tickets
                .does("mine().line = line\n", "mine().line ??= line\n")
                .does("mine().line = undefined\n", ""),
        ),
        (
            "what he then said to alice did not come to her",
            tickets.does(
                "before?.close(4001)",
                "before?.close(4001)\n    line.removeAllListeners('message')",
            ),
        ),
    ];
    let trials = side_by_side(&servers, |(_, server)| server.tried());
    for ((told, _), trial) in servers.iter().zip(trials) {
        trial.says(COMES_BACK).says(told);
    }
}

/// News of a loss that comes long after that of a leaving is not slow: a place was kept.
#[test]
fn how_long_a_place_is_kept_is_proposed_apart_from_when_a_leaving_is_told() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    let tickets = example("tickets");
    let servers = [
        (
            tickets.unsaid("keeps-places"),
            &["keeps-places: ", "announces-leaving-within: "][..],
        ),
        (tickets, &["a place is kept for 1s (`keeps-places`)"]),
    ];
    let trials = side_by_side(&servers, |(server, _)| server.tried());
    for ((_, told), trial) in servers.iter().zip(trials) {
        let trial = trial.ends(0);
        told.iter().fold(trial, |trial, told| trial.says(told));
    }
}
