//! The example servers, and small servers of a test's own.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use crate::cli_support::Stand;
use crate::{ONE, breaks_alone, changed_server, folder, play, wanted};

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
    let wrong: Vec<String> = examples()
        .into_iter()
        .filter_map(|name| {
            let ran = play(&folder().join("examples").join(&name).join("glare.toml"));
            let met = ran.status == 0
                && ran
                    .out
                    .lines()
                    .any(|line| line.contains(" passed, 0 failed in "));
            (!met).then(|| format!("── {name}: {}\n{}\n{}", ran.status, ran.out, ran.err))
        })
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
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dialect = folder().join("examples/no-rooms/dialect.yaml");
    let server = folder().join("examples/no-rooms/server.js");
    let command = format!("exec node {} {{port}}", server.display());
    let dialect = dialect.to_str().expect("a plain path");
    let ran = Stand::new().glare(&["dialect", "try", dialect, "--server", &command]);
    assert!(ran.status == 0, "{}\n{}", ran.out, ran.err);
    for line in [
        "1. Alice connects, and is there by that",
        "2. Bob connects, and offers",
        "   bob    . hears \"hello\"",
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
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let ran = Stand::new()
        .glare(&["dialect", "try", dialect, "--server", &server])
        .ends(0)
        .says("no line is dialled with a name");
    assert!(!ran.out.contains("same-id: "), "{}", ran.out);
}

/// To be let into the room where one is already is against `refusals: inside`; to be let from a room into another is not.
#[test]
fn a_server_that_moves_who_asks_for_another_room_is_accused_of_nothing() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("given-id/server.js")).expect("a text");
    let refuses = "if (line.room) return say(line, { refused: 'already inside' })";
    assert!(text.contains(refuses), "{text}");
    let mover = "if (line.room === message.join) return say(line, { refused: 'already inside' })\n      if (line.room) out()";
    let dialect = examples.join("given-id/dialect.yaml");
    for (instead, status, told) in [
        (
            mover,
            0,
            ["1 holds, 1 fact", "the server granted bob's create"],
        ),
        ("", 1, ["1 broken, 1 fact", "the server granted bob's join"]),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text.replace(refuses, instead));
        let server = changed_server();
        let dialect = dialect.to_str().expect("a plain path");
        let flags = ["validate", "--server", &server, "--dialect", dialect];
        let cases = ["--case", "6.4", "--case", "6.5"];
        let ran = stand.glare(&[&flags[..], &cases].concat()).ends(status);
        for told in told {
            assert!(ran.out.contains(told), "no {told:?} in\n{}", ran.out);
        }
    }
}

/// Those of a crowd who are there already answer what their lines are asked while the others still come.
#[test]
fn a_crowd_that_comes_slowly_is_there_all_the_time() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/keepalive");
    let text = std::fs::read_to_string(example.join("server.js")).expect("a text");
    let (begins, misses) = ("host: '127.0.0.1' }", "missed > 10");
    assert!(text.contains(begins) && text.contains(misses));
    // One line after the other, each a while after the one before it.
    let slow = "host: '127.0.0.1', verifyClient: (_, done) => { at = Math.max(Date.now(), at) + 4; setTimeout(done, at - Date.now(), true) } }";
    let text = text.replace(misses, "missed > 5").replace(begins, slow);
    let stand = Stand::new();
    stand.write("server.js", &format!("let at = 0\n{text}"));
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let server = changed_server();
    let flags = ["validate", "--server", &server, "--dialect", dialect];
    stand
        .glare(&[&flags[..], &["--case", "9.6"]].concat())
        .says("lines at once in the crowd");
}

/// A server that begins to count anew gives ids that others had before: until it tells whose one is now, it is nobody's.
#[test]
fn an_id_of_the_old_process_is_nobodys_on_the_new_one() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let change = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "no {from:?} in\n{text}");
        text.replace(from, to)
    };
    // The answer alone tells somebody his id, behind the news of him to the others.
    let server = change(read("server.js"), "  say(line, { welcome: id })\n", "");
    let server = change(
        server,
        "{ joined: line.room,",
        "{ joined: line.room, you: id,",
    );
    let dialect = change(
        read("dialect.yaml"),
        "  then:\n    - hear: { welcome: \"{self}\" }\n",
        "",
    );
    let dialect = change(
        dialect,
        "{ joined: \"{room}\",",
        "{ joined: \"{room}\", you: \"{self}\",",
    );
    let dialect = change(
        dialect,
        "takes-any-name: true\n",
        "takes-any-name: true\nannounces-joining-within: 1s\n",
    );
    let stand = Stand::new();
    stand.write("server.js", &server);
    stand.write("dialect.yaml", &dialect);
    let scenario = folder().join("../../scenarios/closing/server-dies.yaml");
    let server = changed_server();
    let scenario = scenario.to_str().expect("a plain path");
    let flags = [
        "run",
        scenario,
        "--server",
        &server,
        "--dialect",
        "dialect.yaml",
    ];
    let more = ["--repeat", "12", "--accept"];
    stand.glare(&[&flags[..], &more].concat()).ends(0);
}

/// Who is sent the list in the place of an answer is told by it who is inside; where the answer says nothing of that it is not asked.
#[test]
fn an_id_in_a_list_comes_as_it_was_said() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples/member-lists");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).expect("a text");
    let swap = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    // Each says his id when he dials.
    let spoken = swap(
        &read("dialect.yaml"),
        "  path: /\n  then:\n    - hear: { event: hello, data: { you: \"{self}\" } }\n",
        "  path: \"/?id={me|url}\"\n",
    );
    let text = swap(&read("server.js"), "', line =>", "', (line, asked) =>");
    let text = swap(&text, "  say(line, 'hello', { you: id })\n", "");
    let text = swap(
        &text,
        "'u' + ++last",
        "new URL(asked.url, 'ws://here').searchParams.get('id')",
    );
    let lists = ".map(id => ({ id }))";
    let spoils = ".map(id => ({ id: Buffer.from(id).toString('latin1') }))";
    let comes = "      tell(line.room = data.room)\n";
    let welcomes = format!("      say(line, 'welcome', {{ room: data.room }})\n{comes}");
    let welcomed = swap(
        &spoken,
        "hear:\n",
        "hear:\n  joined: { message: { event: welcome, data: { room: \"{room}\" } } }\n",
    );
    for (text, spoken, says) in [
        (text.clone(), &spoken, "1 holds"),
        (swap(&text, lists, spoils), &spoken, "1 broken"),
        (swap(&text, comes, &welcomes), &welcomed, "1 unsupported"),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text);
        stand.write("d.yaml", spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        stand
            .glare(&[&flags[..], &["--case", "1.19"]].concat())
            .says(says);
    }
}

/// A room that tells all of who comes and goes tells him as well, as those of XMPP do.
#[test]
fn who_is_told_of_himself_accuses_nobody() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let change = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "no {from:?} in\n{text}");
        text.replace(from, to)
    };
    let joined = "say(line, { joined: line.room,";
    let server = change(
        read("server.js"),
        joined,
        &format!("say(line, {{ came: id }})\n      {joined}"),
    );
    let left = "    line.room = undefined\n  }";
    let server = change(
        server,
        left,
        &format!("    if (line.room) say(line, {{ left: id }})\n{left}"),
    );
    let dialect = change(
        read("dialect.yaml"),
        "takes-any-name: true\n",
        "takes-any-name: true\nannounces-joining-within: 1s\nannounces-leaving-within: 1s\nnews-once: true\n",
    );
    let stand = Stand::new();
    stand.write("server.js", &server);
    stand.write("d.yaml", &dialect);
    breaks_alone(&stand, &["3.1", "3.2", "3.3", "3.4", "3.10", "3.13"], &[]);
}

/// A server that copies what waits for one who does not read, again and again, is told apart from one that lets it wait.
#[test]
fn what_is_held_for_one_who_does_not_read_stands_out_where_it_has_no_proportion() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let right = std::fs::read_to_string(example.join("server.js")).expect("a text");
    let says = "  const say = (to, message) => to.send(JSON.stringify(message))\n";
    assert!(right.contains(says), "{right}");
    let hoards = r"  const say = (to, message) => {
    const text = JSON.stringify(message)
    to.send(text)
    if (to.bufferedAmount > 65536) for (let copy = 0; copy < 20; copy++) (to.kept ??= []).push(Buffer.from(text))
  }
";
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    for (text, out) in [(right.clone(), false), (right.replace(says, hoards), true)] {
        let stand = Stand::new();
        stand.write("server.js", &text);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", dialect];
        let ran = stand
            .glare(&[&flags[..], &["--case", "9.17"]].concat())
            .ends(0)
            .says("1 fact")
            .says("that one does not read the server's processes hold");
        let told = ran.out.contains("out of all proportion: for 9.4 MB");
        assert_eq!(told, out, "{}", ran.out);
    }
}
