//! Servers of meetings: who is put out, away, host, and what each shows of himself.

use std::sync::PoisonError;

use crate::cli_support::Stand;
use crate::{ONE, breaks_alone, changed_server, folder, wanted};

/// Each of these servers of meetings does one thing wrong, or nothing; of these cases each breaks what is named beside it.
fn meetings_break(cases: &[&str], servers: &[(&[&str], &str, &str)]) {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/meeting");
    let text = std::fs::read_to_string(example.join("server.js")).expect("a text");
    let spoken = std::fs::read_to_string(example.join("dialect.yaml")).expect("a text");
    for (broken, right, wrong) in servers {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match *right {
            "" => text.clone(),
            right => text.replacen(right, wrong, 1),
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, cases, broken);
    }
}

#[test]
fn who_is_put_out_of_a_room_is_out() {
    if !wanted("examples") {
        return;
    }
    let cases = ["3.40", "3.41", "3.42", "3.43", "3.44", "3.45"];
    let out = "tell(room, { out: place.name })";
    // His line ends with it. Then whether it is there to be closed, as 3.44 has it, is a matter of moments.
    meetings_break(
        &["3.40", "3.41", "3.42", "3.43", "3.45"],
        &[(
            &[],
            "say(word, line)",
            "say(word, line)\n  if (word.kicked) line?.close(4005)",
        )],
    );
    meetings_break(
        &cases,
        &[
            (&[], "", ""),
            // He is told late or never, or who asked for it is told nothing more.
            (
                &[],
                "say(word, line)",
                "setTimeout(() => say(word, line), word.kicked ? 100 : 0)",
            ),
            (&[], "say(word, line)", "if (!word.kicked) say(word, line)"),
            (
                &[],
                out,
                "tell(room, { out: place.name }, word.kicked && host)",
            ),
            // His line is told on what happens there: by law 2 that shows wherever he was told to be out.
            (
                &["3.40", "3.42"],
                out,
                "tell(room, { out: place.name })\n  const { set } = places\n  if (word.kicked) places.set = (ticket, place) => (say({ came: place.name }, line), set.call(places, ticket, place))",
            ),
            // His place is taken.
            (
                &["3.42"],
                "places.delete(ticket)\n",
                "places.delete(ticket)\n  if (word.kicked) places.set('', { room, name: '', muted: false })\n",
            ),
            (&["3.43"], "if (me !== hostOf(me.room)) return 'host'", ""),
            (
                &["3.44"],
                "if (line.ticket || !places.has(ticket)) return 'ticket'",
                "if (line.ticket) return 'ticket'\n      if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: line.name, muted: false })",
            ),
            (
                &["3.45"],
                "place.room === me.room && place !== me",
                "place !== me",
            ),
        ],
    );
    meetings_break(
        &cases[..2],
        &[(
            &["3.41"],
            out,
            "if (!word.kicked) tell(room, { out: place.name })",
        )],
    );
}

/// Who says garbage may lose his line for it, before or after what he says next: it is for the others that things must go on.
#[test]
fn the_line_of_who_spoils_a_kick_may_be_ended() {
    if !wanted("examples") {
        return;
    }
    let (kick, ends) = ("kick: name => {", "line.close(1008)");
    let spoilt =
        |ends: &str| format!("{kick}\n      if (typeof name !== 'string') return void ({ends})");
    let all = "hostOf(mine().room).line.close(1008), inside(mine().room)[1].line.terminate()";
    let cases = ["7.141", "7.142", "7.143"];
    meetings_break(
        &cases,
        &[
            (&[], "", ""),
            (&[], kick, &spoilt(ends)),
            (&cases, kick, &spoilt(all)),
        ],
    );
}

#[test]
fn who_is_away_is_told_to_be_away_and_then_to_be_back_or_gone() {
    if !wanted("examples") {
        return;
    }
    meetings_break(
        &["3.46", "3.47", "3.48"],
        &[
            (&[], "", ""),
            (&["3.46", "3.47"], "tell(me.room, { away: me.name })", ""),
            (&["3.46"], "else tell(me.room, { here: me.name }, me)", ""),
            // Who has not come back is told to be there before he is told to have gone.
            (
                &["3.47"],
                "() => put(ticket, {})",
                "() => (tell(me.room, { here: me.name }), put(ticket, {}))",
            ),
            // The end of a line is news, though its user has left.
            (
                &["3.48"],
                "if (line) line.ticket = undefined",
                "if (line && word.left) line.on('close', () => tell(room, { away: place.name }))\n  if (line) line.ticket = undefined",
            ),
        ],
    );
}

#[test]
fn what_somebody_shows_is_told_to_all_in_his_room_as_it_is() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(me.room, { of: me.name, muted: me.muted }, me)";
    meetings_break(
        &["3.49", "3.50", "3.51", "3.52"],
        &[
            (&[], "", ""),
            (
                &["3.49"],
                told,
                "say({ of: me.name, muted: me.muted }, hostOf(me.room).line)",
            ),
            (
                &["3.49"],
                told,
                "places.forEach(place => place !== me && say({ of: me.name, muted: me.muted }, place.line))",
            ),
            (
                &["3.50"],
                told,
                "for (const _ of [1, 2]) tell(me.room, { of: me.name, muted: me.muted }, me)",
            ),
            // Told as when they came.
            (
                &["3.51", "3.52"],
                "({ name, muted }) => ({ name, muted })",
                "({ name }) => ({ name, muted: false })",
            ),
            (
                &["3.52"],
                "const before = places.get(ticket).line",
                "places.get(ticket).muted = false\n      const before = places.get(ticket).line",
            ),
        ],
    );
}

#[test]
fn when_the_host_has_gone_all_hear_of_the_same_next_one() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(room, { host: next.name })";
    meetings_break(
        &["3.53", "3.54", "3.55"],
        &[
            (&[], "", ""),
            (&["3.53", "3.54", "3.55"], told, "{}"),
            (
                &["3.53", "3.54"],
                told,
                "say({ host: next.name }, next.line)",
            ),
            // Each is told that he is.
            (
                &["3.53", "3.54"],
                told,
                "inside(room).forEach(place => say({ host: place.name }, place.line))",
            ),
            // All are told of who came last.
            (
                &["3.54", "3.55"],
                "inside(room)[0]",
                "(inside(room)[0]?.name === 'alice' ? inside(room)[0] : inside(room).at(-1))",
            ),
            // Nobody may do what only the first one might.
            (
                &["3.55"],
                "if (me !== hostOf(me.room)) return 'host'",
                "if (me !== hostOf(me.room) || me.name !== 'alice') return 'host'",
            ),
        ],
    );
}

#[test]
fn what_is_set_back_is_told_as_what_is_set() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(me.room, { of: me.name, muted: me.muted }, me)";
    meetings_break(
        &["3.61", "3.62"],
        &[
            (&[], "", ""),
            // Of what is set in a row the last is told.
            (
                &[],
                told,
                "clearTimeout(me.soon)\n      me.soon = setTimeout(() => tell(me.room, { of: me.name, muted: me.muted }, me), 400)",
            ),
            (
                &["3.61"],
                told,
                "if (me.muted) tell(me.room, { of: me.name, muted: true }, me)",
            ),
            // It is told, and not so.
            (
                &["3.62"],
                told,
                "tell(me.room, { of: me.name, muted: me.muted }, me)\n      me.muted ||= me.was\n      me.was = me.muted",
            ),
            (
                &["3.61", "3.62"],
                "me.muted = muted === true",
                "me.muted ||= muted === true",
            ),
        ],
    );
}

#[test]
fn who_was_put_out_of_a_room_is_heard_in_another_alone() {
    if !wanted("examples") {
        return;
    }
    let out = "if (line) line.ticket = undefined";
    let also = |does: &str| format!("{out}\n  if (line && word.kicked) {does}");
    // What he says does not come to the server's ears.
    let hears_not = |what: &str, instead: &str| {
        also(&format!(
            "line.emit = (emit => (...all) => String(all[1]).includes('{what}') ? {instead} : emit.apply(line, all))(line.emit)"
        ))
    };
    meetings_break(
        &["3.63", "3.64"],
        &[
            (&[], "", ""),
            (
                &["3.63"],
                out,
                &also(
                    "line.on('message', text => {\n    const { to, say: what } = JSON.parse(text)\n    if (what) inside(room).forEach(him => him.name === to && say({ from: place.name, say: what }, him.line))\n  })",
                ),
            ),
            (&["3.64"], out, &hears_not("\"say\"", "null")),
        ],
    );
    // Whom he lets in anywhere is the server's matter, and for how long his line stands.
    let bans = hears_not("enter", "say({ no: 'banned', to: 'enter' }, line)");
    meetings_break(&["3.63"], &[(&[], out, &bans)]);
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/meeting");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let (text, spoken) = (read("server.js"), read("dialect.yaml"));
    let closes = also("line.close(4005)");
    // What is said on a line that ends is said before its end, or cannot be said.
    for (server, case, says) in [
        (&bans, "3.64", &["1 inconclusive"][..]),
        (&closes, "3.63", &["1 holds", "1 unsupported"]),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text.replacen(out, server, 1));
        stand.write("d.yaml", &spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        let ran = stand.glare(&[&flags[..], &["--case", case]].concat());
        let is_so = says.iter().any(|says| ran.out.contains(says));
        assert!(is_so, "{}", ran.out);
    }
}

/// Who may not put others out, and ends their lines by asking: that nobody was put out excuses no end of a line.
#[test]
fn a_line_that_ends_by_a_refused_kick_is_the_servers_doing() {
    if !wanted("examples") {
        return;
    }
    let refuses = "if (me !== hostOf(me.room)) return 'host'";
    let ends = "if (me !== hostOf(me.room)) {\n        for (const [, place] of places) if (place.name === name) place.line?.close(4005)\n        return 'host'\n      }";
    meetings_break(&["3.43"], &[(&[], "", ""), (&["3.43"], refuses, ends)]);
}

#[test]
fn when_the_host_is_back_all_hear_of_the_same_one() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(me.room, { away: me.name })";
    let passes = |told: &str| {
        format!(
            "const next = inside(me.room)[1]\n    if (me === hostOf(me.room) && next) {told}\n    tell(me.room, {{ away: me.name }})"
        )
    };
    meetings_break(
        &["3.66"],
        &[
            (&[], "", ""),
            // Who is away is host of nobody, and again when he is back.
            (
                &[],
                "const tell = (room, message, but) =>",
                "const tell = (room, message, but) => {\n  const there = inside(room).find(place => place.line)\n  told(room, message, but)\n  if (there && (message.away || message.here)) told(room, { host: there.name })\n}\nconst told = (room, message, but) =>",
            ),
            (
                &["3.66"],
                told,
                &passes("tell(me.room, { host: next.name })"),
            ),
            // One of the two hears of it.
            (
                &["3.66"],
                told,
                &passes("say({ host: next.name }, next.line)"),
            ),
        ],
    );
}

/// A server that says what is garbage passes on no state that is none.
#[test]
fn a_state_that_is_none_is_told_to_nobody() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/meeting");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let (text, spoken) = (read("server.js"), read("dialect.yaml"));
    let sets = "me.muted = muted === true";
    assert!(text.contains(sets), "{text}");
    let spoken = format!("{spoken}garbage: {{ wrong-type: word }}\n");
    let refuses = format!("if (typeof muted !== 'boolean') return 'type'\n      {sets}");
    for (server, broken) in [(&*refuses, &[][..]), ("me.muted = muted", &["7.125"])] {
        let stand = Stand::new();
        stand.write("server.js", &text.replacen(sets, server, 1));
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, &["7.125"], broken);
    }
}
