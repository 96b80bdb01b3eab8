//! Servers of meetings: who is put out, away, host, and what each shows of himself.

use crate::changed::{Changed, command, example};
use crate::table::asking;
use crate::{beside_others, wanted};

const OUT: &str = "tell(room, { out: place.name })";
const TOLD_STATE: &str = "tell(me.room, { of: me.name, muted: me.muted }, me)";
const TOLD_HOST: &str = "tell(room, { host: next.name })";
const ONLY_HOST: &str = "if (me !== hostOf(me.room)) return 'host'";
const ONLY_HOST_ENDS: &str = "if (!mine() || mine() !== hostOf(room)) return 'host'";
const TOLD_END: &str = "say({ ended: room }, place.line)";

#[test]
fn who_is_put_out_of_a_room_is_out() {
    let meeting = example("meeting");
    asking(&["3.40", "3.41", "3.42", "3.43", "3.45"])
        // His line ends with it. Then whether it is there to be closed, as 3.44 has it, is a matter of moments.
        .holds(&meeting.does(
            "say(word, line)",
            "say(word, line)\n  if (word.kicked) line?.close(4005)",
        ))
        .asking(&["3.40", "3.41", "3.42", "3.43", "3.44", "3.45"])
        .holds(&meeting)
        // He is told late or never, or who asked for it is told nothing more.
        .holds(&meeting.does(
            "say(word, line)",
            "setTimeout(() => say(word, line), word.kicked ? 100 : 0)",
        ))
        .holds(&meeting.does("say(word, line)", "if (!word.kicked) say(word, line)"))
        .holds(&meeting.does(OUT, "tell(room, { out: place.name }, word.kicked && host)"))
        // His line is told on what happens there: by law 2 that shows wherever he was told to be out.
        .breaks(
            &["3.40", "3.42"],
            &meeting.does(
                OUT,
                "tell(room, { out: place.name })\n  const { set } = places\n  if (word.kicked) places.set = (ticket, place) => (say({ came: place.name }, line), set.call(places, ticket, place))",
            ),
        )
        // His place is taken.
        .breaks(
            &["3.42"],
            &meeting.does(
                "places.delete(ticket)\n",
                "places.delete(ticket)\n  if (word.kicked) places.set('', { room, name: '', muted: false })\n",
            ),
        )
        .breaks(&["3.43"], &meeting.does(ONLY_HOST, ""))
        .breaks(
            &["3.44"],
            &meeting.does(
                "if (line.ticket || !places.has(ticket)) return 'ticket'",
                "if (line.ticket) return 'ticket'\n      if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: line.name, muted: false })",
            ),
        )
        .breaks(
            &["3.45"],
            &meeting.does("place.room === me.room && place !== me", "place !== me"),
        )
        .asking(&["3.40", "3.41"])
        .breaks(
            &["3.41"],
            &meeting.does(OUT, "if (!word.kicked) tell(room, { out: place.name })"),
        )
        .ask();
}

/// Who says garbage may lose his line for it, before or after what he says next: it is for the others that things must go on.
#[test]
fn the_line_of_who_spoils_a_kick_may_be_ended() {
    let meeting = example("meeting");
    let spoilt = |ends: &str| {
        let kick = "kick: name => {";
        let ends = format!("{kick}\n      if (typeof name !== 'string') return void ({ends})");
        meeting.does(kick, &ends)
    };
    let cases = ["7.141", "7.142", "7.143"];
    asking(&cases)
        .holds(&meeting)
        .holds(&spoilt("line.close(1008)"))
        .breaks(
            &cases,
            &spoilt(
                "hostOf(mine().room).line.close(1008), inside(mine().room)[1].line.terminate()",
            ),
        )
        .ask();
}

#[test]
fn who_is_away_is_told_to_be_away_and_then_to_be_back_or_gone() {
    let meeting = example("meeting");
    asking(&["3.46", "3.47", "3.48"])
        .holds(&meeting)
        .breaks(
            &["3.46", "3.47"],
            &meeting.does("tell(me.room, { away: me.name })", ""),
        )
        .breaks(
            &["3.46"],
            &meeting.does("else tell(me.room, { here: me.name }, me)", ""),
        )
        // Who has not come back is told to be there before he is told to have gone.
        .breaks(
            &["3.47"],
            &meeting.does(
                "() => put(ticket, {})",
                "() => (tell(me.room, { here: me.name }), put(ticket, {}))",
            ),
        )
        // The end of a line is news, though its user has left.
        .breaks(
            &["3.48"],
            &meeting.does(
                "if (line) line.ticket = undefined",
                "if (line && word.left) line.on('close', () => tell(room, { away: place.name }))\n  if (line) line.ticket = undefined",
            ),
        )
        .ask();
}

#[test]
fn what_somebody_shows_is_told_to_all_in_his_room_as_it_is() {
    let meeting = example("meeting");
    asking(&["3.49", "3.50", "3.51", "3.52"])
        .holds(&meeting)
        .breaks(
            &["3.49"],
            &meeting.does(
                TOLD_STATE,
                "say({ of: me.name, muted: me.muted }, hostOf(me.room).line)",
            ),
        )
        .breaks(
            &["3.49"],
            &meeting.does(
                TOLD_STATE,
                "places.forEach(place => place !== me && say({ of: me.name, muted: me.muted }, place.line))",
            ),
        )
        .breaks(
            &["3.50"],
            &meeting.does(
                TOLD_STATE,
                "for (const _ of [1, 2]) tell(me.room, { of: me.name, muted: me.muted }, me)",
            ),
        )
        // Told as when they came.
        .breaks(
            &["3.51", "3.52"],
            &meeting.does(
                "({ name, muted }) => ({ name, muted })",
                "({ name }) => ({ name, muted: false })",
            ),
        )
        .breaks(
            &["3.52"],
            &meeting.does(
                "const before = places.get(ticket).line",
                "places.get(ticket).muted = false\n      const before = places.get(ticket).line",
            ),
        )
        .ask();
}

#[test]
fn when_the_host_has_gone_all_hear_of_the_same_next_one() {
    let meeting = example("meeting");
    asking(&["3.53", "3.54", "3.55"])
        .holds(&meeting)
        .breaks(&["3.53", "3.54", "3.55"], &meeting.does(TOLD_HOST, "{}"))
        .breaks(
            &["3.53", "3.54"],
            &meeting.does(TOLD_HOST, "say({ host: next.name }, next.line)"),
        )
        // Each is told that he is.
        .breaks(
            &["3.53", "3.54"],
            &meeting.does(
                TOLD_HOST,
                "inside(room).forEach(place => say({ host: place.name }, place.line))",
            ),
        )
        // All are told of who came last.
        .breaks(
            &["3.54", "3.55"],
            &meeting.does(
                "inside(room)[0]",
                "(inside(room)[0]?.name === 'alice' ? inside(room)[0] : inside(room).at(-1))",
            ),
        )
        // Nobody may do what only the first one might.
        .breaks(
            &["3.55"],
            &meeting.does(
                ONLY_HOST,
                "if (me !== hostOf(me.room) || me.name !== 'alice') return 'host'",
            ),
        )
        .ask();
}

#[test]
fn what_is_set_back_is_told_as_what_is_set() {
    let meeting = example("meeting");
    asking(&["3.61", "3.62", "3.69"])
        .holds(&meeting)
        // Of what is set in a row the last is told.
        .holds(&meeting.does(
            TOLD_STATE,
            "clearTimeout(me.soon)\n      me.soon = setTimeout(() => tell(me.room, { of: me.name, muted: me.muted }, me), 400)",
        ))
        .breaks(
            &["3.61", "3.69"],
            &meeting.does(
                TOLD_STATE,
                "if (me.muted) tell(me.room, { of: me.name, muted: true }, me)",
            ),
        )
        // It is told, and not so.
        .breaks(
            &["3.62"],
            &meeting.does(
                TOLD_STATE,
                "tell(me.room, { of: me.name, muted: me.muted }, me)\n      me.muted ||= me.was\n      me.was = me.muted",
            ),
        )
        .breaks(
            &["3.61", "3.62", "3.69"],
            &meeting.does("me.muted = muted === true", "me.muted ||= muted === true"),
        )
        .asking(&["3.69"])
        // Who is told to wait knows it.
        .is(
            &["inconclusive"],
            "what it rests on does not come about",
            &meeting.does(
                "me.muted = muted === true",
                "if (Date.now() - me.set < 800) return 'slow down'\n      me.set = Date.now()\n      me.muted = muted === true",
            ),
        )
        // What comes so soon is passed over.
        .breaks(
            &["3.69"],
            &meeting.does(
                TOLD_STATE,
                "if (!(Date.now() - me.told < 800)) tell(me.room, { of: me.name, muted: me.muted }, me)\n      me.told = Date.now()",
            ),
        )
        .ask();
}

/// A server may look whether anything changes, and need not tell the others then: who asks waits all the same.
#[test]
fn who_sets_what_he_shows_already_is_answered_or_refused() {
    let meeting = example("meeting");
    let sets = "me.muted = muted === true";
    let looks = |instead: &str| {
        meeting.does(
            sets,
            &format!("if (me.muted === (muted === true)) {instead}\n      {sets}"),
        )
    };
    asking(&["3.68"])
        .holds(&meeting)
        .holds(&looks("return say({ done: 'mute' }, line)"))
        .holds(&looks("return say({ no: 'it is so', to: 'mute' }, line)"))
        .breaks(&["3.68"], &looks("return"))
        .is(
            &["unsupported"],
            "`answers-within`",
            &looks("return").unsaid("answers-within"),
        )
        .ask();
}

#[test]
fn who_was_put_out_of_a_room_is_heard_in_another_alone() {
    let meeting = example("meeting");
    let also = |does: &str| {
        let out = "if (line) line.ticket = undefined";
        meeting.does(out, &format!("{out}\n  if (line && word.kicked) {does}"))
    };
    // What he says does not come to the server's ears.
    let hears_not = |what: &str, instead: &str| {
        also(&format!(
            "line.emit = (emit => (...all) => String(all[1]).includes('{what}') ? {instead} : emit.apply(line, all))(line.emit)"
        ))
    };
    // Whom he lets in anywhere is the server's matter, and for how long his line stands.
    let bans = hears_not("enter", "say({ no: 'banned', to: 'enter' }, line)");
    let closes = also("line.close(4005)");
    asking(&["3.63", "3.64"])
        .holds(&meeting)
        .breaks(
            &["3.63"],
            &also(
                "line.on('message', text => {\n    const { to, say: what } = JSON.parse(text)\n    if (what) inside(room).forEach(him => him.name === to && say({ from: place.name, say: what }, him.line))\n  })",
            ),
        )
        .breaks(&["3.64"], &hears_not("\"say\"", "null"))
        .asking(&["3.63"])
        .holds(&bans)
        // What is said on a line that ends is said before its end, or cannot be said.
        .is(&["holds", "unsupported"], "", &closes)
        .asking(&["3.64"])
        // He dials anew, and is heard there.
        .holds(&closes)
        .is(&["inconclusive"], "", &bans)
        .ask();
}

/// Who may not put others out, and ends their lines by asking: that nobody was put out excuses no end of a line.
#[test]
fn a_line_that_ends_by_a_refused_kick_is_the_servers_doing() {
    let meeting = example("meeting");
    let ends = "if (me !== hostOf(me.room)) {\n        for (const [, place] of places) if (place.name === name) place.line?.close(4005)\n        return 'host'\n      }";
    asking(&["3.43"])
        .holds(&meeting)
        .breaks(&["3.43"], &meeting.does(ONLY_HOST, ends))
        .ask();
}

/// The same of a room that is not removed.
#[test]
fn a_line_that_ends_by_a_refused_destroy_is_the_servers_doing() {
    let meeting = example("meeting");
    let ends = "if (!mine() || mine() !== hostOf(room)) {\n        for (const place of inside(room)) place.line?.close(4005)\n        return 'host'\n      }";
    asking(&["6.8"])
        .holds(&meeting)
        .breaks(&["6.8"], &meeting.does(ONLY_HOST_ENDS, ends))
        .ask();
}

/// Whoever has a line is told which rooms are gone.
fn tells_everybody(meeting: &Changed) -> Changed {
    meeting
        .does(TOLD_END, "")
        .does(
            ONLY_HOST_ENDS,
            &format!(
                "{ONLY_HOST_ENDS}\n      server.clients.forEach(all => say({{ ended: room }}, all))"
            ),
        )
        .does("new WebSocketServer", "const server = new WebSocketServer")
        .does("'127.0.0.1' }).on(", "'127.0.0.1' })\nserver.on(")
}

/// Who is inside may be told by the very word that answers who has removed the room, or by another; and the others of which rooms are gone.
#[test]
fn who_is_told_that_his_room_is_gone_is_out_of_it_whatever_the_word() {
    let meeting = example("meeting");
    let another = meeting.does(
        TOLD_END,
        "say(place.line === line ? { ended: room } : { kicked: true }, place.line)",
    );
    let everybody = tells_everybody(&meeting);
    let keeps_them = |meeting: &Changed| {
        meeting.does(
            "if (place.line) place.line.ticket = undefined",
            "line.ticket = undefined",
        )
    };
    let closes = meeting.does(
        TOLD_END,
        &format!("{TOLD_END}\n        if (place.line !== line) place.line?.close(4005)"),
    );
    let cases = ["2.7", "2.8", "2.9", "2.34"];
    asking(&cases)
        .holds(&meeting)
        .holds(&another)
        .holds(&everybody)
        .breaks(&["2.34"], &keeps_them(&meeting))
        .breaks(&["2.34"], &keeps_them(&another))
        .breaks(&["2.34"], &keeps_them(&everybody))
        .asking(&["2.34"])
        // His line ends with the room, and he dials anew.
        .holds(&closes)
        .breaks(
            &["2.34"],
            &closes
                .does("say({ ended: room }, place.line)", "say({ ended: room }, place.line)\n        if (place.line !== line) dead.add(place.name)")
                .does("enter: room => {", "enter: room => {\n      if (dead.has(line.name)) return")
                .does("const places =", "const dead = new Set()\nconst places ="),
        )
        // He is not told, and need not be.
        .is(
            &["inconclusive"],
            "bob is told that the room is gone did not happen",
            &meeting.does(
                TOLD_END,
                "if (place.line === line) say({ ended: room }, line)",
            ),
        )
        .ask();
}

/// A room that ends with who has made it is gone when he has left: nobody promised otherwise, and what is asked of it then shows nothing.
#[test]
fn a_room_that_ends_with_its_maker_is_no_fault() {
    let meeting = example("meeting");
    let leaves = "leave: () => mine() ? put(line.ticket, { left: true }) : 'outside'";
    let ends = |told: &str| {
        meeting
            .does(
                leaves,
                &format!("leave: () => {{\n      const me = mine()\n      if (!me) return 'outside'\n      const ends = me === hostOf(me.room)\n      const others = inside(me.room).filter(place => place !== me)\n      put(line.ticket, {{ left: true }})\n      if (ends) for (const [ticket, place] of places) if (others.includes(place)) put(ticket, {told})\n    }}"),
            )
            .unsaid("host-passes-to")
            .unsaid("announces-host-within")
    };
    let all = ends("{ ended: place.room }");
    asking(&["2.9", "2.38"])
        .holds(&meeting)
        .is(&["inconclusive", "unsupported"], "", &all)
        .is(
            &["inconclusive", "unsupported"],
            "",
            &ends("{ kicked: true }"),
        )
        .asking(&["2.38"])
        .is(
            &["inconclusive"],
            "what it rests on does not come about",
            &all.says("destroy-by: host", "destroy-by: anybody"),
        )
        .ask();
}

/// He is spoken to by who comes in, who need not be told that he is there, and comes back when his line is lost.
#[test]
fn who_is_told_that_another_room_is_gone_is_where_he_was() {
    if !wanted("examples") {
        return;
    }
    let list = ", with: { $each: { name: \"{with}\", muted: \"{state}\" } }";
    let stand = tells_everybody(&example("meeting")).says(list, "").stand();
    stand.write(
        "x.yaml",
        "scenario: another room is gone
peers: { alice: { stack: wire }, carol: { stack: wire, reconnects: { within: 3s } }, dave: { stack: wire } }
steps:
  - create: { peer: carol, room: attic }
  - create: { peer: alice, room: lobby }
  - destroy: { peer: alice, room: lobby }
  - await: { peer: carol, hears: destroyed }
  - join: { peer: dave, room: attic }
  - send: { from: dave, message: offer }
  - await: { peer: carol, hears: offer, from: dave }
  - cut: { peer: carol, how: reset }
  - await: { peer: dave, hears: peer-back, from: carol }
",
    );
    let _beside_others = beside_others();
    let server = command();
    let flags = ["run", "x.yaml", "--server", &server, "--dialect", "d.yaml"];
    stand.glare(&[&flags[..], &["--accept"]].concat()).ends(0);
}

/// Who is inside is told of the end of the room where that is promised; else it is a fact.
#[test]
fn who_is_inside_when_the_room_is_removed_is_told() {
    let meeting = example("meeting");
    let to_himself = meeting.does(
        TOLD_END,
        "if (place.line === line) say({ ended: room }, line)",
    );
    let to_one = meeting.does(
        TOLD_END,
        "if (place.line === line || place.name === 'bob') say({ ended: room }, place.line)",
    );
    let unpromised = |server: &Changed| server.unsaid("tells-room-end");
    asking(&["2.36", "2.37"])
        .holds(&meeting)
        .breaks(&["2.36", "2.37"], &to_himself)
        .breaks(&["2.37"], &to_one)
        .is(&["fact"], "not so: ", &unpromised(&to_himself))
        .is(&["fact"], "hears `destroyed`", &unpromised(&meeting))
        .asking(&["2.34"])
        // Who is put out is told, and so is he; where neither is said he need not be.
        .holds(&unpromised(&meeting))
        .is(
            &["unsupported"],
            "`tells-room-end`",
            &unpromised(&meeting).says("  kicked: { message: { kicked: true } }\n", ""),
        )
        .ask();
}

/// Who may remove a room is as it was declared; where nothing is, it is a fact.
#[test]
fn who_may_remove_a_room_is_who_was_declared() {
    let meeting = example("meeting");
    let any = "if (mine()?.room !== room) return 'host'";
    let lets_all = meeting.does(ONLY_HOST_ENDS, any);
    let to_all = |server: &Changed| server.says("destroy-by: host", "destroy-by: anybody");
    let only_makers =
        "if (!mine() || mine() !== hostOf(room) || mine().name !== 'alice') return 'host'";
    let unpromised = |server: &Changed| server.unsaid("destroy-by");
    asking(&["2.35", "2.38"])
        .holds(&meeting)
        .holds(&to_all(&lets_all))
        .breaks(&["2.35"], &lets_all)
        .breaks(&["2.35"], &to_all(&meeting))
        .breaks(&["2.38"], &meeting.does(ONLY_HOST_ENDS, only_makers))
        .asking(&["2.35"])
        .is(&["fact"], "so it is", &unpromised(&meeting))
        .is(
            &["fact"],
            "not so: the server granted bob's destroy",
            &unpromised(&lets_all),
        )
        .asking(&["2.38"])
        .is(
            &["unsupported"],
            "declares no `destroy-by`",
            &unpromised(&meeting),
        )
        .is(
            &["unsupported"],
            "declares no `host-passes-to: longest`",
            &meeting.unsaid("host-passes-to"),
        )
        .ask();
}

#[test]
fn when_the_host_is_back_all_hear_of_the_same_one() {
    let meeting = example("meeting");
    let passes = |told: &str| {
        meeting.does(
            "tell(me.room, { away: me.name })",
            &format!(
                "const next = inside(me.room)[1]\n    if (me === hostOf(me.room) && next) {told}\n    tell(me.room, {{ away: me.name }})"
            ),
        )
    };
    asking(&["3.66"])
        .holds(&meeting)
        // Who is away is host of nobody, and again when he is back.
        .holds(&meeting.does(
            "const tell = (room, message, but) =>",
            "const tell = (room, message, but) => {\n  const there = inside(room).find(place => place.line)\n  told(room, message, but)\n  if (there && (message.away || message.here)) told(room, { host: there.name })\n}\nconst told = (room, message, but) =>",
        ))
        .breaks(&["3.66"], &passes("tell(me.room, { host: next.name })"))
        // One of the two hears of it.
        .breaks(&["3.66"], &passes("say({ host: next.name }, next.line)"))
        .ask();
}

/// A server that says what is garbage passes on no state that is none.
#[test]
fn a_state_that_is_none_is_told_to_nobody() {
    let meeting = example("meeting").promises("garbage: { wrong-type: word }\n");
    let sets = "me.muted = muted === true";
    let refuses = format!("if (typeof muted !== 'boolean') return 'type'\n      {sets}");
    asking(&["7.125"])
        .holds(&meeting.does(sets, &refuses))
        .breaks(&["7.125"], &meeting.does(sets, "me.muted = muted"))
        .ask();
}
