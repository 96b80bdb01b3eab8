//! The example servers, and small servers of a test's own.

use std::collections::BTreeSet;

use crate::changed::{command, example};
use crate::table::asking;
use crate::{JOBS, Seat, beside_others, folder, play, side_by_side, wanted};

fn examples() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join("examples")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").path());
    names
        .filter(|path| path.join("glare.toml").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect()
}

#[test]
fn two_peers_meet_on_each_example() {
    if !wanted("examples") {
        return;
    }
    let examples: Vec<String> = examples().into_iter().collect();
    let ran = side_by_side(&examples, |name| {
        play(&folder().join("examples").join(name).join("glare.toml"))
    });
    let wrong: Vec<String> = (examples.iter().zip(ran))
        .filter(|(_, ran)| ran.status != 0 || !ran.out.contains(" passed, 0 failed in "))
        .map(|(name, ran)| format!("── {name}: {}\n{ran}", ran.status))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_examples_has_each_of_them() {
    let readme = std::fs::read_to_string(folder().join("examples/README.md")).expect("a text");
    let listed: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.rsplit_once("](")?.1.strip_suffix(") |"))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, examples());
}

#[test]
fn a_trial_speaks_of_no_rooms_where_there_are_none() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    let ran = example("no-rooms").tried().ends(0);
    for line in [
        "1. Alice connects, and is there by that",
        "2. Bob connects, and offers",
        " bob . hears \"hello\"",
        "4. Bob leaves",
        "They met, signalled, talked and parted.",
    ] {
        assert!(ran.out.contains(line), "no {line:?} in\n{}", ran.out);
    }
    for word in ["lobby", " room", "worked out"] {
        assert!(!ran.out.contains(word), "{word:?} in\n{}", ran.out);
    }
}

#[test]
fn what_becomes_of_a_second_line_is_not_proposed_where_no_line_has_a_name() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    let ran = example("given-id")
        .tried()
        .ends(0)
        .says("no line is dialled with a name");
    assert!(!ran.out.contains("same-id: "), "{}", ran.out);
}

/// To be let into the room where one is already is against `refusals: inside`; to be let from a room into another is not.
#[test]
fn a_server_that_moves_who_asks_for_another_room_is_accused_of_nothing() {
    let given_id = example("given-id");
    let refuses = "if (line.room) return say(line, { refused: 'already inside' })";
    let mover = given_id.does(
        refuses,
        "if (line.room === message.join) return say(line, { refused: 'already inside' })\n      if (line.room) out()",
    );
    let lets_in = given_id.does(refuses, "");
    asking(&["6.4"])
        .holds(&mover)
        .is(&["broken"], "the server granted bob's join", &lets_in)
        .asking(&["6.5"])
        .is(&["fact"], "the server granted bob's create", &mover)
        .is(&["fact"], "", &lets_in)
        .ask();
}

/// Those of a crowd who are there already answer what their lines are asked while the others still come.
#[test]
fn a_crowd_that_comes_slowly_is_there_all_the_time() {
    let begins = "host: '127.0.0.1' }";
    // One line after the other, each a while after the one before it.
    let slow = "host: '127.0.0.1', verifyClient: (_, done) => { at = Math.max(Date.now(), at) + 4; setTimeout(done, at - Date.now(), true) } }";
    asking(&["9.6"])
        .is(
            &["holds", "fact"],
            "lines at once in the crowd",
            &example("keepalive")
                .does("missed > 10", "missed > 5")
                .does(begins, slow)
                .begins("let at = 0\n"),
        )
        .ask();
}

/// A server that begins to count anew gives ids that others had before: until it tells whose one is now, it is nobody's.
#[test]
fn an_id_of_the_old_process_is_nobodys_on_the_new_one() {
    if !wanted("examples") {
        return;
    }
    // The answer alone tells somebody his id, behind the news of him to the others.
    let stand = example("given-id")
        .does("  say(line, { welcome: id })\n", "")
        .does("{ joined: line.room,", "{ joined: line.room, you: id,")
        .says("  then:\n    - hear: { welcome: \"{self}\" }\n", "")
        .says(
            "{ joined: \"{room}\",",
            "{ joined: \"{room}\", you: \"{self}\",",
        )
        .promises("announces-joining-within: 1s\n")
        .stand();
    let scenario = folder().join("../../scenarios/closing/server-dies.yaml");
    let scenario = scenario.to_str().expect("a plain path");
    let server = command();
    let flags = ["run", scenario, "--server", &server, "--dialect", "d.yaml"];
    let more = ["--repeat", "12", "--accept", JOBS];
    let _seat = Seat::take();
    stand.glare(&[&flags[..], &more].concat()).ends(0);
}

/// Who is sent the list in the place of an answer is told by it who is inside; where the answer says nothing of that it is not asked.
#[test]
fn an_id_in_a_list_comes_as_it_was_said() {
    // Each says his id when he dials.
    let lists = example("member-lists")
        .says(
            "  path: /\n  then:\n    - hear: { event: hello, data: { you: \"{self}\" } }\n",
            "  path: \"/?id={me|url}\"\n",
        )
        .does("', line =>", "', (line, asked) =>")
        .does("  say(line, 'hello', { you: id })\n", "")
        .does(
            "'u' + ++last",
            "new URL(asked.url, 'ws://here').searchParams.get('id')",
        );
    let comes = "      tell(line.room = data.room)\n";
    let welcomes = format!("      say(line, 'welcome', {{ room: data.room }})\n{comes}");
    let welcomed = lists.does(comes, &welcomes).says(
        "hear:\n",
        "hear:\n  joined: { message: { event: welcome, data: { room: \"{room}\" } } }\n",
    );
    let spoils = lists.does(
        ".map(id => ({ id }))",
        ".map(id => ({ id: Buffer.from(id).toString('latin1') }))",
    );
    asking(&["1.19"])
        .holds(&lists)
        .breaks(&["1.19"], &spoils)
        .is(&["unsupported"], "", &welcomed)
        .ask();
}

/// A room that tells all of who comes and goes tells him as well, as those of XMPP do.
#[test]
fn who_is_told_of_himself_accuses_nobody() {
    let joined = "say(line, { joined: line.room,";
    let left = "    line.room = undefined\n  }";
    let told = example("given-id")
        .does(
            joined,
            &format!("say(line, {{ came: id }})\n      {joined}"),
        )
        .does(
            left,
            &format!("    if (line.room) say(line, {{ left: id }})\n{left}"),
        )
        .promises("announces-joining-within: 1s\nannounces-leaving-within: 1s\nnews-once: true\n");
    asking(&["3.1", "3.2", "3.3", "3.4", "3.10", "3.13"])
        .holds(&told)
        .ask();
}
