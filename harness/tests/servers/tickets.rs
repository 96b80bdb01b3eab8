//! Who comes back by a ticket, and for how long his place is kept.

use std::sync::PoisonError;

use crate::cli_support::Stand;
use crate::{ONE, changed_server, folder, wanted};

/// The example that gives tickets, and its dialect, with places that are kept for so long that a slow machine is in time.
fn kept_for_long(server: &str, spoken: &str) -> (String, String) {
    let (kept, told) = ("KEPT = 1000", "keeps-places: 1s ");
    assert!(server.contains(kept) && spoken.contains(told));
    (
        server.replace(kept, "KEPT = 3500"),
        spoken.replace(told, "keeps-places: { at-least: 3s, at-most: 4s } "),
    )
}

/// Who comes back with what the server gave him is asked what everybody is; each of these servers does one thing wrong.
#[test]
fn who_comes_back_by_a_ticket_is_judged_as_everybody_is() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let sections = [
        "--section",
        "1",
        "--section",
        "3",
        "--section",
        "4",
        "--section",
        "5",
    ];
    for (right, wrong, broken) in [
        ("", "", None),
        // The time of a place is over though its user is back.
        ("clearTimeout(mine().timer)", "", Some("3.13")),
        // A room that only one has who is lost is found by nobody else.
        (
            "      free(line.ticket)\n",
            "      const left = mine().room\n      free(line.ticket)\n      if (!inside(left).some(place => place.line)) for (const place of inside(left)) place.room = Object(left)\n",
            Some("2.25"),
        ),
        // What waited comes in another order, or once more.
        (
            "waiting.splice(0))",
            "waiting.splice(0).reverse())",
            Some("4.26"),
        ),
        ("waiting.splice(0))", "waiting)", Some("4.26")),
        // The end of the line that was replaced is taken for its user's.
        (
            "if (mine()?.line !== line) return",
            "if (!mine()) return",
            Some("1.16"),
        ),
        // Who has to come in within a time is not told apart from who came back.
        (
            "line.on('error', () => {})",
            "line.on('error', () => {})\n  const late = setTimeout(() => line.close(4002), 1500)\n  line.on('message', text => { if (`${text}`.includes('enter')) clearTimeout(late) })",
            Some("3.19"),
        ),
        // A ticket is good for ever, or until the server ends.
        (
            "if (line.ticket || !places.has(ticket)) return say({ no: 'ticket' })",
            "if (line.ticket) return say({ no: 'ticket' })\n    if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: 'bob', waiting: [] })",
            Some("3.21"),
        ),
        // Others hear that he has gone, and come.
        (
            "before?.close(4001)",
            "before?.close(4001)\n    for (const place of others()) if (place.line) say({ out: mine().name }, place.line), say({ came: mine().name }, place.line)",
            Some("1.5"),
        ),
        // The line on which he came back is told what happens in the room that he has left.
        (
            "      free(line.ticket)\n      line.ticket = undefined\n",
            "      free(line.ticket)\n      line.ticket = undefined\n      const { set } = places\n      places.set = (ticket, place) => (say({ came: place.name }), set.call(places, ticket, place))\n",
            Some("3.25"),
        ),
        // A ticket is good after its user has left.
        (
            "      free(line.ticket)\n      line.ticket = undefined\n",
            "      const place = mine()\n      free(line.ticket)\n      places.set(line.ticket, { ...place, line: undefined })\n      line.ticket = undefined\n",
            Some("3.26"),
        ),
        // A ticket that nobody has been given is good for whatever place is kept.
        (
            "if (line.ticket || !places.has(ticket)) return say({ no: 'ticket' })",
            "if (line.ticket) return say({ no: 'ticket' })\n    if (!places.has(ticket)) ticket = [...places.keys()].find(ticket => !places.get(ticket).line)\n    if (!ticket) return say({ no: 'ticket' })",
            Some("3.65"),
        ),
        // A place is kept once.
        (
            "mine().timer = setTimeout(() => free(ticket), KEPT)",
            "if (mine().lost) return free(ticket)\n    mine().lost = true\n    mine().timer = setTimeout(() => free(ticket), KEPT)",
            Some("3.27"),
        ),
        // Who is lost is not counted.
        (
            "if (there.length >= 3)",
            "if (there.filter(place => place.line).length >= 3)",
            Some("3.28"),
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match right {
            "" => text.clone(),
            right => text.replace(right, wrong),
        };
        // Where somebody must be back in time, also on a slow machine.
        let long = matches!(broken, Some("2.25" | "3.27" | "3.28" | "3.65" | "4.26"));
        let (text, spoken) = if long {
            kept_for_long(&text, &spoken)
        } else {
            (text, spoken.clone())
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        let case = broken.map(|number: &str| ["--case", number]);
        let asked = case.as_ref().map_or(&sections[..], |case| &case[..]);
        let ran = stand.glare(&[&flags[..], asked, &["--patience", "3"]].concat());
        let accused: Vec<&str> = ran
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("  broken "))
            .map(str::trim_start)
            .collect();
        match broken {
            None => assert!(accused.is_empty(), "{accused:?}\n{}", ran.out),
            Some(number) => assert!(
                accused.iter().any(|line| line.starts_with(number)),
                "{number} with {wrong:?}: {accused:?}\n{}",
                ran.out
            ),
        }
    }
}

/// Whoever says what he came back with wrongly ends nobody else's call; each of these servers reads it without looking first.
#[test]
fn what_one_comes_back_with_may_be_anything() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let looks = "typeof message?.back === 'string'";
    let reads = "const back = ticket => {";
    let there = "!places.has(ticket)";
    let knows = |more: &str| format!("{reads}\n    {more}");
    for (broken, right, wrong) in [
        (&[][..], "", String::new()),
        // Who says something else than a ticket comes in as anybody does.
        (
            &[],
            "if (there.some(place => place.name === name)) return say({ no: 'name' })",
            String::new(),
        ),
        // An object without a key is taken for one that has a word.
        (
            &["7.106"],
            "let message\n",
            "let message\n    if (`${text}` === '{}') Object.keys(JSON.parse(text))[0].trim()\n"
                .into(),
        ),
        // Whatever it is, it is taken for a text.
        (
            &["7.107", "7.108", "7.109"],
            looks,
            "'back' in message && message.back.trim() && true".into(),
        ),
        (
            &["7.110"],
            reads,
            knows("if (ticket.length > 1e6) throw RangeError(ticket.length)"),
        ),
        (&["7.111"], reads, knows("ticket[0].trim()")),
        // A table that is an object has it already.
        (
            &["7.112"],
            there,
            "!places.has(ticket) && !({})[ticket]".into(),
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match right {
            "" => text.clone(),
            right => text.replace(right, &wrong),
        };
        let by_join = broken.is_empty() && !right.is_empty();
        let (text, spoken) = match by_join {
            true => (
                text.replace(
                    "if (typeof message?.enter",
                    "if (places.has(message?.back)) back(message.back)\n    else if (typeof message?.enter",
                ),
                spoken.replace(
                    "{ back: \"{ticket}\" }",
                    "{ enter: \"{room}\", as: \"{me}\", back: \"{ticket}\" }",
                ),
            ),
            false => (text, spoken.clone()),
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        let server = changed_server();
        let mut flags = vec!["validate", "--server", &server, "--dialect", "d.yaml"];
        let all: Vec<String> = (106..=112).map(|number| format!("7.{number}")).collect();
        let asked = match broken {
            [] => all.iter().map(String::as_str).collect(),
            some => some.to_vec(),
        };
        flags.extend(asked.iter().flat_map(|number| ["--case", number]));
        let ran = stand.glare(&[&flags[..], &["--patience", "3"]].concat());
        let lines = ran.out.lines().map(str::split_whitespace);
        let accused: Vec<&str> = lines
            .filter_map(|mut words| {
                words
                    .next()
                    .filter(|word| *word == "broken")
                    .and(words.next())
            })
            .collect();
        assert_eq!(accused, broken, "{wrong:?}\n{}", ran.out);
        let all_hold = ran.out.contains("7 of 7 hold");
        assert!(all_hold || !broken.is_empty(), "{}", ran.out);
    }
}

/// How long a place is kept at most promises nothing of the least: who is not let in again has shown nothing of his room.
#[test]
fn a_place_that_is_soon_free_accuses_nobody_of_its_room() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let leaves = "      free(line.ticket)\n";
    assert!(text.contains(leaves));
    // With the last one who hears of it, all places of a room are free.
    let ends = "      const left = mine().room\n      free(line.ticket)\n      for (const [ticket, place] of places) if (place.room === left && !inside(left).some(place => place.line)) {\n        clearTimeout(place.timer)\n        places.delete(ticket)\n      }\n";
    // Who leaves is told so only when the place of him who is lost is free.
    let slow = leaves.to_owned() + "      return setTimeout(() => say({ left: true }), 1200)\n";
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let (long, spoken_long) = kept_for_long(&text, &spoken);
    let short = |text: &str| text.replace("= 1000", "= 300").replace(": 1s ", ": 300ms ");
    for (text, spoken, instead, says) in [
        (&long, &spoken_long, leaves, "1 holds"),
        (&long, &spoken_long, ends, "1 inconclusive"),
        (&text, &spoken, &slow, "1 inconclusive"),
        (&short(&text), &short(&spoken), leaves, "1 unsupported"),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text.replace(leaves, instead));
        stand.write("d.yaml", spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        stand
            .glare(&[&flags[..], &["--case", "2.25"]].concat())
            .says(says);
    }
}

/// The end of a line that was replaced is no loss: long after it, its ticket is good for the one that came after it.
#[test]
fn a_ticket_is_good_after_the_line_that_was_replaced_has_ended() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/tickets");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let stand = Stand::new();
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
            "--server",
            &server,
            "--dialect",
            dialect,
        ])
        .ends(0)
        .says("1 passed, 0 failed");
}

/// A place that is free before the least time is over is told of: by the news of it, or by whom it costs his place.
#[test]
fn a_place_that_is_free_too_early_is_told_of() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let dialect = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let server = changed_server();
    let (plain, told) = (
        "keeps-places: 1s ",
        "place of inside(room)) if (place.line) say({ out: name }, place.line)",
    );
    assert!(dialect.contains(plain) && text.contains("KEPT = 1000") && text.contains(told));
    let least = dialect.replace(plain, "keeps-places: { at-least: 3s, at-most: 4s } ");
    let right = text.replace("KEPT = 1000", "KEPT = 3500");
    let silent = text.replace(told, "place of []) say({ out: name }, place.line)");
    for (server_js, dialect, says) in [
        (&right, &least, "holds"),
        (
            &text,
            &least,
            "bob's place was to be kept for at least 3 s, and alice was told after 1",
        ),
        (&silent, &least, "broken"),
        (&text, &dialect, "1 fact"),
    ] {
        let stand = Stand::new();
        stand.write("server.js", server_js);
        stand.write("d.yaml", dialect);
        let ran = stand.glare(&[
            "validate",
            "--case",
            "3.20",
            "--server",
            &server,
            "--dialect",
            "d.yaml",
        ]);
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(says), "no {says:?} in\n{}", ran.out);
    }
}

/// A trial comes back by what the server gave, and says what became of it; what is told later than it waits for is no silence.
#[test]
fn a_trial_comes_back_by_what_the_server_gave() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let dialect = examples.join("tickets/dialect.yaml");
    let dialect = std::fs::read_to_string(dialect).expect("a text");
    let server = changed_server();
    let heading = "7. Bob's line is lost, and he comes back by what he was given";
    for (right, wrong, told) in [
        (
            "KEPT = 1000",
            "KEPT = 6000",
            "he was let in, and what alice and he then said to each other arrived",
        ),
        ("line.ticket || !places", "places", "he was not let in"),
        (
            "take(ticket)\n    before",
            "line.ticket = ticket\n    before",
            "he was neither let in nor refused; he was told nothing",
        ),
        (
            "mine().line = line\n",
            "mine().line ??= line\n",
            "what alice then said to him did not come",
        ),
        (
            "before?.close(4001)",
            "before?.close(4001)\n    line.removeAllListeners('message')",
            "what he then said to alice did not come to her",
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let mut text = text.replace(right, wrong);
        if wrong.contains("??=") {
            text = text.replace("mine().line = undefined\n", "");
        }
        let stand = Stand::new();
        stand.write("server.js", &text);
        // A dialect before anything is promised in it.
        let kept = dialect
            .lines()
            .filter(|line| !line.starts_with("keeps-places"));
        stand.write("d.yaml", &kept.collect::<Vec<_>>().join("\n"));
        let ran = stand.glare(&["dialect", "try", "d.yaml", "--server", &server]);
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains(heading) && words.contains(told),
            "{told}\n{}",
            ran.out
        );
        if wrong == "KEPT = 6000" {
            assert!(
                words.contains(
                    "ms after the line had ended: later than the 5 s for which this waits"
                ),
                "{}",
                ran.out
            );
            assert!(!words.contains("did not happen"), "{}", ran.out);
            assert!(words.contains("keeps-places: 7s"), "{}", ran.out);
        }
        // Without the key nothing is claimed.
        if wrong == "KEPT = 6000" {
            let none = dialect.lines().filter(|line| !line.starts_with("rejoin"));
            stand.write("d.yaml", &none.collect::<Vec<_>>().join("\n"));
            let ran = stand.glare(&["dialect", "try", "d.yaml", "--server", &server]);
            assert!(
                !ran.out.contains("comes back") && !ran.out.contains("rejoin"),
                "{}",
                ran.out
            );
        }
    }
}

/// News of a loss that comes long after that of a leaving is not slow: a place was kept.
#[test]
fn how_long_a_place_is_kept_is_proposed_apart_from_when_a_leaving_is_told() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/tickets");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let text = std::fs::read_to_string(example.join("dialect.yaml")).expect("a text");
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("keeps-places"));
    let stand = Stand::new();
    stand.write("d.yaml", &kept.collect::<Vec<_>>().join("\n"));
    stand
        .glare(&["dialect", "try", "d.yaml", "--server", &server])
        .ends(0)
        .says("keeps-places: ")
        .says("announces-leaving-within: ");
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    stand
        .glare(&["dialect", "try", dialect, "--server", &server])
        .ends(0)
        .says("a place is kept for 1s (`keeps-places`)");
}
