//! What a scenario needs of a server is worked out from its steps, and a server that lacks it is told of with the line that needs it.

use std::path::{Path, PathBuf};

use glare::scenario::{Scenario, Second};
use glare::signaling::Dialect;
use glare::suite;

const HEAD: &str = "scenario: x\npeers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire } }\nsteps:\n";
const TWO: &str =
    "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n";

/// A server of which only that is declared that every dialect needs, and how to come in.
const BARE: &str = r#"
dialect: bare
connect: { path: "/{me|url}" }
say:
  create: { message: { op: enter, room: "{room}" } }
  join: { message: { op: enter, room: "{room}" } }
  offer: { message: { op: offer, to: "{peer}", sdp: "{sdp}" } }
  answer: { message: { op: answer, to: "{peer}", sdp: "{sdp}" } }
  candidate: { message: { op: ice, to: "{peer}", ice: "{candidate}" } }
hear:
  joined: { message: { op: inside, room: "{room}" } }
  refused: { message: { op: "no", why: "{reason}" } }
  offer: { message: { op: offer, from: "{peer}", sdp: "{sdp}" } }
  answer: { message: { op: answer, from: "{peer}", sdp: "{sdp}" } }
  candidate: { message: { op: ice, from: "{peer}", ice: "{candidate}" } }
"#;

fn dialect(text: &str) -> Dialect {
    Dialect::read(Path::new("d.yaml"), text).expect("a dialect")
}

/// Why these steps cannot be played where that is spoken. Peers whose connections they are about have some.
fn lacking(steps: &str, spoken: &str) -> Option<String> {
    let text = match steps.contains("connected:") {
        true => format!("{HEAD}{steps}").replace("{ stack: wire }", "{ stack: native }"),
        false => format!("{HEAD}{steps}"),
    };
    let scenario = Scenario::read(Path::new("x.yaml"), &text);
    let scenario = scenario.unwrap_or_else(|mistakes| panic!("{steps}\n{mistakes:?}"));
    scenario.lacking(&dialect(spoken))
}

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    suite::files(&[folder]).expect("scenario files")
}

/// What the reference server speaks is spoken by every shipped scenario.
#[test]
fn the_reference_server_has_all_that_any_shipped_scenario_needs() {
    let (scenarios, mistakes) = suite::read(&shipped());
    assert!(mistakes.is_empty());
    assert!(scenarios.len() > 60);
    for scenario in scenarios {
        let dialect = match scenario.second() {
            Some((_, Second::TakesOver)) => Dialect::reference_taking_over(),
            Some((_, Second::Resumes)) => Dialect::reference_resuming(),
            None => Dialect::reference_of(scenario.room_size()),
        };
        assert_eq!(scenario.lacking(&dialect), None, "{}", scenario.file());
    }
}

#[test]
fn two_who_meet_and_talk_need_nothing_but_a_way_to_signal() {
    let meet = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n";
    assert_eq!(lacking(meet, BARE), None);
}

/// Each need, with the line that has it and the reason why a bare server lacks it.
#[test]
fn a_step_that_uses_what_a_server_lacks_is_told_by_its_line() {
    let rows: &[(&str, &str, &str)] = &[
        (
            TWO,
            "  - leave: { peer: bob }\n",
            "line 6 leaves a room: the dialect `bare` has no way to say `leave`",
        ),
        (
            TWO,
            "  - join: { peer: carol, room: lobby, refused: full }\n",
            "line 6 expects a refusal \"full\" with 2 inside: the dialect `bare` declares no `room-size`",
        ),
        (
            TWO,
            "  - join: { peer: carol, room: lobby, refused: true }\n",
            "line 6 expects a refusal, which is \"full\": the dialect `bare` declares no `room-size`",
        ),
        (
            TWO,
            "  - create: { peer: carol, room: lobby, refused: exists }\n",
            "line 6 expects a refusal \"exists\": the dialect `bare` declares no `refusals: exists`",
        ),
        (
            TWO,
            "  - create: { peer: bob, room: attic, refused: true }\n",
            "line 6 is about a second room, `attic`: the dialect",
        ),
        (
            TWO,
            "  - connect: { peer: bob, refused: true }\n",
            "line 6 expects a second line with the same id to be refused: the dialect `bare` declares no `same-id: reject`",
        ),
        (
            TWO,
            "  - await: { peer: alice, hears: peer-joined }\n",
            "line 6 waits for `peer-joined`: the dialect `bare` has no way to hear `peer-joined`",
        ),
        (
            TWO,
            "  - send: { from: bob, message: bye }\n",
            "line 6 sends `bye`: the dialect `bare` has no way to say `bye`",
        ),
        (
            TWO,
            "  - send: { from: bob, message: end-of-candidates }\n",
            "line 6 sends `end-of-candidates`: the dialect",
        ),
        (
            TWO,
            "  - destroy: { peer: alice, room: lobby }\n",
            "line 6 removes a room: the dialect `bare` has no way to say `destroy`",
        ),
        (
            "  - hold: { message: peer-joined, to: alice }\n",
            TWO,
            "line 4 looks for `peer-joined`: the dialect `bare` has no way to hear `peer-joined`",
        ),
        (
            TWO,
            "expect:\n  seen: |\n    server -> alice: peer-joined bob\n",
            "line 8 expects \"server -> alice: peer-joined bob\": the dialect",
        ),
        (
            TWO,
            "expect:\n  seen: |\n    server -> bob: joined lobby with alice\n",
            "line 8 expects \"server -> bob: joined lobby with alice\": the dialect `bare` does not say who is inside",
        ),
    ];
    for (before, step, why) in rows {
        let steps = format!("{before}{step}");
        if step.contains("attic") {
            let roomless = BARE.replace(
                "  create: { message: { op: enter, room: \"{room}\" } }\n",
                "",
            );
            let roomless =
                roomless.replace("  join: { message: { op: enter, room: \"{room}\" } }\n", "");
            // Without a word for it, its first step says so.
            let found = lacking(&steps, &roomless).unwrap_or_default();
            assert!(found.starts_with("line 4 creates a room: "), "{found}");
            continue;
        }
        let found = lacking(&steps, BARE).unwrap_or_else(|| panic!("{steps} lacks nothing"));
        assert!(found.starts_with(why), "{found}\ninstead of\n{why}");
    }
}

/// A server may have rules for names.
#[test]
fn names_that_are_not_plain_need_a_promise() {
    let any = BARE.replace("connect:", "takes-any-name: true\nconnect:");
    for (plain, other, what) in [
        ("lobby", "café", "line 4 names a room `café`"),
        ("alice", "zoë", "line 2 names a peer `zoë`"),
        ("alice", "דנה", "line 2 names a peer `דנה`"),
        (
            "lobby",
            "a-room-that-goes-on-and-on-to-thirty-7",
            "line 4 names a room `a-room-that-goes-on-and-on-to-thirty-7`",
        ),
    ] {
        let text = format!("{HEAD}{TWO}").replace(plain, other);
        let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("a scenario");
        let why = format!("{what}: the dialect `bare` declares no `takes-any-name`");
        assert_eq!(scenario.lacking(&dialect(BARE)), Some(why));
        assert_eq!(scenario.lacking(&dialect(&any)), None);
    }
    let uuid = TWO.replace("lobby", "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    assert_eq!(lacking(&uuid, BARE), None);
}

/// A trial asks for everything, and forgets nothing that a server need not do.
#[test]
fn in_a_trial_a_server_is_what_it_is() {
    let gateway = BARE.replace(
        "dialect: bare",
        "dialect: gateway\nrelays-media: true\none-call: true\nunordered: true\nrepeats: true",
    );
    let without: String = gateway
        .lines()
        .filter(|line| !line.contains("candidate"))
        .map(|line| format!("{line}\n"))
        .collect();
    let tried = dialect(&without).for_trial();
    let steps = format!("{HEAD}{TWO}  - await: {{ connected: [alice, bob] }}\n");
    let steps = steps.replace("{ stack: wire }", "{ stack: native }");
    let scenario = Scenario::read(Path::new("x.yaml"), &steps).expect("a scenario");
    assert_eq!(scenario.lacking(&tried), None);
    let is = tried.properties();
    assert!(is.relays_media && is.one_call && is.rewrites && is.unordered && is.repeats);
}

#[test]
fn a_limit_is_needed_of_the_size_that_the_steps_fill() {
    let full = format!("{TWO}  - join: {{ peer: carol, room: lobby, refused: full }}\n");
    let of = |size: &str| BARE.replace("connect:", &format!("room-size: {size}\nconnect:"));
    assert_eq!(lacking(&full, &of("2")), None);
    assert_eq!(
        lacking(&full, &of("4")).as_deref(),
        Some("line 6 expects a refusal \"full\" with 2 inside: a room of `bare` holds 4")
    );
    let three = format!("{TWO}  - join: {{ peer: carol, room: lobby }}\n");
    assert_eq!(lacking(&three, &of("4")), None);
    assert_eq!(lacking(&three, BARE), None);
    assert_eq!(
        lacking(&three, &of("2")).as_deref(),
        Some("line 6 is the third in one room: a room of `bare` holds 2")
    );
}

/// Who goes by a word is told of by a word; who is lost, only by a server that promises to say so in time.
#[test]
fn news_of_the_lost_needs_a_promise_and_a_time() {
    let hears = BARE.replace(
        "  joined:",
        "  peer-left: { message: { op: gone, who: \"{peer}\" } }\n  joined:",
    );
    let hears = hears.replace(
        "  offer: { message: { op: offer, to:",
        "  leave: { message: { op: exit } }\n  offer: { message: { op: offer, to:",
    );
    let told = "  - await: { peer: alice, hears: peer-left, from: bob }\n";
    let left = format!("{TWO}  - leave: {{ peer: bob }}\n{told}");
    assert_eq!(lacking(&left, &hears), None);
    let lost = format!("{TWO}  - kill: {{ peer: bob, how: socket }}\n{told}");
    assert_eq!(
        lacking(&lost, &hears).as_deref(),
        Some(
            "line 7 waits for the news that bob, whose line has ended, is gone: the dialect `bare` declares no `announces-leaving-within`"
        )
    );
    let promising = |promise: &str| hears.replace("connect:", &format!("{promise}\nconnect:"));
    assert_eq!(
        lacking(&lost, &promising("announces-leaving-within: 2s")),
        None
    );
    assert_eq!(
        lacking(&lost, &promising("announces-leaving-within: 1m")).as_deref(),
        Some(
            "line 7 waits for the news that bob, whose line has ended, is gone: the dialect `bare` promises it within 60s, and the step waits for 10s"
        )
    );
    let silent = format!("{TWO}  - cut: {{ peer: bob, how: silence }}\n{told}");
    let found = lacking(&silent, &promising("announces-leaving-within: 2s"));
    assert!(found.is_some_and(|found| found.ends_with("declares no `notices-silence-within`")));
    assert_eq!(
        lacking(&silent, &promising("notices-silence-within: 5s")),
        None
    );
    // Nor does the server hear of the end of one whose line is silent.
    let killed = "  - kill: { peer: bob, how: tab }\n";
    let silent = format!("{TWO}  - cut: {{ peer: bob, how: silence }}\n{killed}{told}");
    let found = lacking(&silent, &promising("announces-leaving-within: 2s"));
    assert!(found.is_some_and(|found| found.ends_with("declares no `notices-silence-within`")));
}

#[test]
fn who_is_told_only_of_partners_needs_to_have_signaled_with_who_leaves() {
    let hears = BARE.replace(
        "  joined:",
        "  peer-left: { message: { op: gone, who: \"{peer}\" } }\n  joined:",
    );
    let hears = hears.replace(
        "  offer: { message: { op: offer, to:",
        "  leave: { message: { op: exit } }\n  offer: { message: { op: offer, to:",
    );
    let hears = hears.replace("connect:", "announces-leaving-within: 2s\nconnect:");
    let partly = hears.replace("connect:", "announces-leaving-to: signaled\nconnect:");
    let told = "  - await: { peer: alice, hears: peer-left, from: bob }\n";
    for (line, end) in [
        (7, "  - leave: { peer: bob }\n"),
        (7, "  - kill: { peer: bob, how: socket }\n"),
    ] {
        let steps = format!("{TWO}{end}{told}");
        assert_eq!(lacking(&steps, &hears), None);
        assert_eq!(
            lacking(&steps, &partly),
            Some(format!(
                "line {line} waits for the news that bob, with whom alice has not signaled, is gone: the dialect `bare` declares `announces-leaving-to: signaled`"
            ))
        );
        for signaled in [
            "  - send: { from: bob, message: offer }\n",
            "  - send: { from: alice, to: bob, message: offer }\n",
            "  - await: { connected: [alice, bob] }\n",
            "  - await: { peer: alice, hears: offer }\n",
            "  - hold: { message: answer, to: bob }\n  - await: { held: answer, to: bob }\n",
        ] {
            let steps = format!("{TWO}{signaled}{end}{told}");
            assert_eq!(lacking(&steps, &partly), None, "{signaled}");
        }
        // What bob signaled in a stay before is forgotten.
        let again = "  - join: { peer: bob, room: lobby }\n";
        let sent = "  - send: { from: bob, message: offer }\n";
        let steps = format!("{TWO}{sent}{end}{told}{again}{end}{told}");
        assert!(lacking(&steps, &partly).is_some_and(|why| why.starts_with("line 11 ")));
    }
}

#[test]
fn two_who_meet_need_candidates_unless_descriptions_carry_them() {
    let steps = format!("{TWO}  - await: {{ connected: [alice, bob] }}\n");
    let without: String = BARE
        .lines()
        .filter(|line| !line.contains("candidate"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        lacking(&steps, &without).as_deref(),
        Some("line 6 waits for a connection: the dialect `bare` has no way to say `candidate`")
    );
    let within = without.replace("connect:", "candidates: in-description\nconnect:");
    assert_eq!(lacking(&steps, &within), None);
    // A candidate by itself there is none.
    let late = format!("{TWO}  - delay: {{ message: candidate, to: bob, by: 1s }}\n");
    assert!(lacking(&late, &within).is_some());
    let both = BARE.replace("connect:", "candidates: in-description\nconnect:");
    let mistakes = Dialect::read(Path::new("d.yaml"), &both).expect_err("both ways");
    assert!(
        mistakes
            .to_string()
            .contains("`candidate` is in `say`, and would never be said"),
        "{mistakes}"
    );
}

#[test]
fn a_connection_among_three_needs_offers_that_say_whom_they_are_for() {
    let third = "  - join: { peer: carol, room: lobby }\n";
    let met = "  - await: { connected: [alice, bob] }\n";
    let blind = BARE.replace("op: offer, to: \"{peer}\"", "op: offer");
    assert_eq!(lacking(&format!("{TWO}{met}{third}"), &blind), None);
    let among_three = format!("{TWO}{third}{met}");
    assert_eq!(lacking(&among_three, BARE), None);
    assert_eq!(
        lacking(&among_three, &blind).as_deref(),
        Some(
            "line 7 waits for a connection with more than two in the room: the dialect `bare` cannot say whom `offer` is for"
        )
    );
    // The id of a session, or a path, may say it too.
    let session = blind.replace("op: offer,", "op: offer, session: \"{session}\",");
    let session = session.replace(
        "connect: { path: \"/{me|url}\" }",
        "connect: { path: \"/{me|url}\", then: [{ hear: { session: \"{session}\" } }] }",
    );
    assert_eq!(lacking(&among_three, &session), None);
    let posted = BARE.replace(
        "{ message: { op: offer, to: \"{peer}\", sdp: \"{sdp}\" } }",
        "{ http: \"POST /{peer|url}\", body: { sdp: \"{sdp}\" } }",
    );
    assert_eq!(lacking(&among_three, &posted), None);
}

/// A server that is one end of each connection, and has one call at a time.
#[test]
fn what_one_call_by_way_of_the_server_cannot_do_is_told_by_its_line() {
    let gateway = BARE.replace(
        "dialect: bare",
        "dialect: gateway\nrelays-media: true\none-call: true",
    );
    let gateway = gateway
        .replace("say:\n", "say:\n  leave: { message: { op: leave }, done: sent }\n  bye: { message: { op: bye } }\n")
        .replace("hear:\n", "hear:\n  bye: { message: { op: bye, from: \"{peer}\" } }\n");
    const AGAIN: &str = "has somebody offer who is in a call, or to who is: the dialect `gateway` has one call at a time, with one offer (`one-call`)";
    // It is told to be over before it is.
    const SOON: &str = "has somebody offer who was in a call, or to who was: the dialect `gateway` has one call at a time (`one-call`), and nothing tells when one that has ended is over for the server";
    const TWICE: &str = "has an offer answered twice: the dialect `gateway` has one answer to each offer (`one-call`)";
    const LOST: &str = "talks through a channel that has lost its server, or a line: with the dialect `gateway` connections go through the server (`relays-media`)";
    let met = "  - await: { connected: [alice, bob] }\n";
    let rows: &[(&str, Option<(u32, &str)>)] = &[
        ("  - say: { from: bob, to: alice, text: hi }\n", None),
        (
            "  - negotiate: { from: alice, to: bob }\n",
            Some((7, AGAIN)),
        ),
        (
            "  - open-channel: { peer: alice, to: bob, label: one }\n  - await: { peer: alice, with: bob, channel: one, is: open }\n  - await: { peer: bob, with: alice, channel: chat, is: open }\n",
            None,
        ),
        (
            "  - open-channel: { peer: alice, to: bob, label: one }\n  - await: { peer: bob, with: alice, channel: one, is: open }\n",
            Some((
                8,
                "waits for a channel `one` that bob has not made: with the dialect `gateway` channels end at the server (`relays-media`)",
            )),
        ),
        (
            "  - restart-ice: { peer: alice, to: bob }\n",
            Some((7, AGAIN)),
        ),
        ("  - join: { peer: carol, room: lobby }\n", Some((7, AGAIN))),
        // Who hears an offer twice answers it twice, anew.
        (
            "  - duplicate: { message: offer, to: alice }\n",
            Some((7, TWICE)),
        ),
        (
            "  - duplicate: { message: answer, from: alice }\n",
            Some((7, TWICE)),
        ),
        ("  - duplicate: { message: answer, to: bob }\n", None),
        (
            "  - duplicate: { message: offer, from: bob }\n",
            Some((7, AGAIN)),
        ),
        (
            "  - join: { peer: carol, room: lobby, offer: false }\n",
            None,
        ),
        (
            "  - send: { from: bob, to: alice, message: bye }\n  - negotiate: { from: bob, to: alice }\n  - say: { from: bob, to: alice, text: hi }\n",
            Some((8, SOON)),
        ),
        (
            "  - send: { from: bob, to: alice, message: bye }\n  - await: { peer: alice, hears: bye, from: bob }\n  - negotiate: { from: bob, to: alice }\n",
            Some((9, SOON)),
        ),
        (
            "  - leave: { peer: bob }\n  - join: { peer: bob, room: lobby }\n  - await: { connected: [alice, bob] }\n  - say: { from: bob, to: alice, text: hi }\n",
            Some((8, SOON)),
        ),
        (
            "  - leave: { peer: bob }\n  - join: { peer: carol, room: lobby }\n",
            Some((8, SOON)),
        ),
        (
            "  - leave: { peer: bob }\n  - join: { peer: bob, room: lobby, offer: false }\n",
            None,
        ),
        (
            "  - restart: {}\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n",
            None,
        ),
        (
            "  - kill: { peer: bob, how: socket }\n  - say: { from: bob, to: alice, text: hi }\n",
            Some((8, LOST)),
        ),
        (
            "  - kill-server: {}\n  - say: { from: bob, to: alice, text: hi }\n",
            Some((8, LOST)),
        ),
        (
            "  - pause: {}\n  - say: { from: bob, to: alice, text: hi }\n",
            Some((8, LOST)),
        ),
        (
            "  - pause: {}\n  - resume: {}\n  - say: { from: bob, to: alice, text: hi }\n",
            None,
        ),
    ];
    for (steps, why) in rows {
        let steps = format!("{TWO}{met}{steps}");
        let why = why.map(|(line, why)| format!("line {line} {why}"));
        assert_eq!(lacking(&steps, &gateway), why, "{steps}");
        // Where peers are connected with each other nothing of that is asked.
        let bare = lacking(&steps, BARE).unwrap_or_default();
        assert!(
            !bare.contains("one-call") && !bare.contains("relays-media"),
            "{bare}"
        );
    }
}

#[test]
fn who_is_in_no_room_can_send_garbage_only_where_a_line_needs_no_room() {
    let outside = format!(
        "{TWO}  - connect: {{ peer: carol }}\n  - garbage: {{ peer: carol, kind: cut-short }}\n"
    );
    let inside = format!("{TWO}  - garbage: {{ peer: bob, kind: cut-short }}\n");
    assert_eq!(lacking(&outside, BARE), None);
    let by_room = BARE.replace("path: \"/{me|url}\"", "path: \"/{room|url}?id={me|url}\"");
    let by_room = by_room.replace(
        "join: { message: { op: enter, room: \"{room}\" } }",
        "join: { done: connected }",
    );
    let by_room = by_room.replace(
        "create: { message: { op: enter, room: \"{room}\" } }",
        "create: join",
    );
    assert_eq!(
        lacking(&outside, &by_room).as_deref(),
        Some(
            "line 7 has carol send garbage from outside of any room: with the dialect `bare` who is in no room has no line"
        )
    );
    assert_eq!(lacking(&inside, &by_room), None);
    // Nor can it have a second line that is in no room yet.
    let second = format!("{TWO}  - connect: {{ peer: bob, second: takes-over }}\n");
    let takes_over = |dialect: &str| format!("same-id: takeover\n{dialect}");
    assert_eq!(lacking(&second, &takes_over(BARE)), None);
    let told = "line 6 has a second line of bob's in no room: with the dialect `bare` who is in no room has no line";
    assert_eq!(
        lacking(&second, &takes_over(&by_room)).as_deref(),
        Some(told)
    );
    // What is said first may name the room, too.
    let first = "path: \"/{me|url}\", then: [{ message: { hall: \"{room}\" } }]";
    let first = BARE.replace("path: \"/{me|url}\"", first);
    assert_eq!(lacking(&second, &takes_over(&first)).as_deref(), Some(told));
}

#[test]
fn who_waits_for_the_joiners_offer_needs_a_server_where_the_joiner_offers() {
    let insider = BARE.replace("connect:", "offers: insider\nconnect:");
    let insider = insider.replace(
        "  joined:",
        "  peer-joined: { message: { op: came, who: \"{peer}\" } }\n  joined:",
    );
    let heard = "  - await: { connected: [alice, bob] }\n  - await: { peer: alice, hears: offer, from: bob }\n";
    let steps = format!("{TWO}{heard}");
    assert_eq!(lacking(&steps, BARE), None);
    assert_eq!(
        lacking(&steps, &insider).as_deref(),
        Some(
            "line 7 takes it that who comes in offers, for its `offer`: with the dialect `bare` those inside offer"
        )
    );
    // That they connect is nothing that hangs on it, and a step or a peer may say who offers.
    let met = format!("{TWO}  - await: {{ connected: [alice, bob] }}\n");
    assert_eq!(lacking(&met, &insider), None);
    let said = TWO.replace(
        "{ peer: bob, room: lobby }",
        "{ peer: bob, room: lobby, offer: true }",
    );
    assert_eq!(lacking(&format!("{said}{heard}"), &insider), None);
}

#[test]
fn a_second_room_needs_a_way_to_say_which() {
    let paired = BARE.replace("{ op: enter, room: \"{room}\" }", "{ op: find }");
    let one = TWO.to_owned();
    assert_eq!(lacking(&one, &paired), None);
    let two = format!("{TWO}  - create: {{ peer: carol, room: attic }}\n");
    assert_eq!(lacking(&two, BARE), None);
    assert_eq!(
        lacking(&two, &paired).as_deref(),
        Some(
            "line 6 is about a second room, `attic`: with the dialect `bare` nobody can say which room"
        )
    );
}

#[test]
fn a_scenario_that_speaks_a_wire_of_its_own_is_played_on_that_wire_alone() {
    let text = format!("wire: reference\n{HEAD}{TWO}");
    let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("a scenario");
    assert_eq!(scenario.lacking(&Dialect::reference()), None);
    let late = include_str!("../../../fixtures/servers/reference/late.dialect.yaml");
    assert_eq!(scenario.lacking(&dialect(late)), None);
    assert_eq!(
        scenario.lacking(&dialect(BARE)).as_deref(),
        Some(
            "line 1 says that the scenario speaks the wire of `reference`: the dialect `bare` is of the wire `bare`"
        )
    );
}

/// One home for each idea: what the files said of it by hand before is told to be left out.
#[test]
fn a_need_or_a_dialects_having_written_by_hand_is_a_mistake_that_says_what_to_do() {
    let text = HEAD.replace("peers:", "needs: [rooms]\npeers:") + TWO;
    let mistakes = Scenario::read(Path::new("x.yaml"), &text).expect_err("a mistake");
    let help = mistakes
        .iter()
        .find_map(|mistake| mistake.advice().map(str::to_owned));
    assert_eq!(
        help.as_deref(),
        Some("leave it out: what a scenario needs is worked out from its steps")
    );
    let text = BARE.replace("connect:", "has: [rooms]\nconnect:");
    let mistakes = Dialect::read(Path::new("d.yaml"), &text).expect_err("a mistake");
    let help = mistakes
        .iter()
        .find_map(|mistake| mistake.advice().map(str::to_owned));
    assert!(help.is_some_and(|help| help.starts_with("leave it out")));
}

#[test]
fn what_only_a_websocket_has_is_asked_of_no_other_carrier() {
    let polling = BARE.replace(
        r#"path: "/{me|url}""#,
        r#"via: long-poll, path: "/{me|url}""#,
    );
    for (step, polls) in [
        (
            "frame: unmasked",
            "breaks a frame: the dialect `bare` has long polls, not WebSockets",
        ),
        (
            "path: /nowhere",
            "asks for a WebSocket: the dialect `bare` has long polls, not WebSockets",
        ),
        (
            "text: hello",
            "sends a text as it is: with the dialect `bare` peers send requests, and no messages",
        ),
    ] {
        let steps = format!("{TWO}  - send-raw: {{ peer: carol, {step} }}\n");
        assert_eq!(lacking(&steps, BARE), None, "{step}");
        let found = lacking(&steps, &polling);
        assert_eq!(found, Some(format!("line 6 {polls}")), "{step}");
    }
}

/// The server notices the end of a poll that stands, and of a WebSocket. In between there is neither.
#[test]
fn who_comes_back_at_once_after_a_loss_needs_a_line_whose_loss_is_noticed() {
    let socket = include_str!("../../../fixtures/servers/rtcmulticonnection-server/dialect.yaml");
    let polls = socket.replace(
        "  path: /socket.io/?EIO=4&transport=websocket&",
        "  via: socket.io\n  path: /socket.io/?",
    );
    assert_ne!(socket, polls);
    let back = "  - join: { peer: bob, room: lobby }\n";
    let heard = "  - await: { peer: alice, hears: peer-left, from: bob }\n";
    let signaled = "  - send: { from: bob, to: alice, message: offer }\n";
    let why = "has bob come back at once after a loss: with the dialect `rtcmulticonnection-server` lines begin by polling, and one that is lost while no poll of it stands is noticed by a time-out alone";
    for lost in [
        "kill: { peer: bob, how: socket }",
        "cut: { peer: bob, how: reset }",
    ] {
        let steps = format!("{TWO}{signaled}  - {lost}\n");
        assert_eq!(lacking(&format!("{steps}{back}"), socket), None, "{lost}");
        let found = lacking(&format!("{steps}{back}"), &polls).expect("it lacks that");
        assert!(found.ends_with(why), "{found}");
        // The news says that it was noticed; who stays away needs nothing of it.
        assert_eq!(lacking(&format!("{steps}{heard}{back}"), &polls), None);
        assert_eq!(lacking(&steps, &polls), None);
    }
    // That another has gone says nothing of him; a server that is started anew knows nobody's old line.
    let killed = format!("{TWO}{signaled}  - kill: {{ peer: bob, how: socket }}\n");
    let other = "  - await: { peer: alice, hears: peer-left, from: carol }\n";
    let found = lacking(&format!("{killed}{other}{back}"), &polls).expect("it lacks that");
    assert!(found.ends_with(why), "{found}");
    let anew = format!("{killed}  - restart: {{}}\n  - create: {{ peer: bob, room: lobby }}\n");
    assert_eq!(lacking(&anew, &polls), None);
    let closed = format!("{TWO}  - cut: {{ peer: bob, how: close }}\n{back}");
    assert_eq!(lacking(&closed, &polls), None);
}

/// Who is one of many, or in another room, is reached only where a message says whom it is for.
#[test]
fn what_is_sent_to_one_of_many_or_elsewhere_needs_a_wire_that_names_whom_it_is_for() {
    let nameless = BARE.replace("op: offer, to: \"{peer}\",", "op: offer,");
    let to_one = format!("{nameless}broadcasts: false\n");
    let send = "  - send: { from: bob, to: alice, message: offer }\n";
    let elsewhere = "  - create: { peer: carol, room: attic }\n  - send: { from: bob, to: carol, message: offer }\n";
    let third = "  - join: { peer: carol, room: lobby }\n";
    for (steps, needs) in [
        (format!("{TWO}{send}"), None),
        (
            format!("{TWO}{elsewhere}"),
            Some("line 7 sends `offer` to carol, who is in another room"),
        ),
        (format!("{TWO}{third}{send}"), None),
    ] {
        assert_eq!(lacking(&steps, BARE), None, "{steps}");
        let why = "the dialect `bare` cannot say whom `offer` is for";
        let expected = needs.map(|needs| format!("{needs}: {why}"));
        assert_eq!(lacking(&steps, &nameless), expected, "{steps}");
    }
    // What names nobody, and reaches one alone, reaches whom the server likes.
    let why = lacking(&format!("{TWO}{third}{send}"), &to_one);
    let expected = "line 7 sends `offer` to alice, who is one of many there: the dialect `bare` cannot say whom `offer` is for";
    assert_eq!(why.as_deref(), Some(expected));
}

/// `create: join`: what grants the one grants the other, as `try` shows it.
#[test]
fn where_one_word_makes_and_joins_a_room_joined_is_how_a_create_is_granted() {
    let awaits =
        "  - create: { peer: alice, room: lobby }\n  - await: { peer: alice, hears: created }\n";
    let apart = "the dialect `bare` has no way to hear `created`";
    let create = "  create: { message: { op: enter, room: \"{room}\" } }\n";
    assert!(lacking(awaits, BARE).is_some_and(|why| why.contains(apart)));
    let one = BARE.replace(create, "  create: join\n");
    assert_ne!(one, BARE);
    assert_eq!(lacking(awaits, &one), None);
    let late = "  - delay: { message: created, to: alice, by: 300ms }\n  - create: { peer: alice, room: lobby }\n";
    assert_eq!(lacking(late, &one), None);
}

/// Whether capitals make another name is the server's to say: XMPP's takes them for small letters (RFC 7622, section 3.3.1), and is right.
#[test]
fn two_names_that_differ_in_capitals_alone_need_a_server_that_tells_them_apart() {
    let rooms = |second: &str| {
        format!(
            "  - create: {{ peer: alice, room: Lobby }}\n  - create: {{ peer: bob, room: {second} }}\n"
        )
    };
    let promised = format!("takes-any-name: true\n{BARE}");
    let why = lacking(&rooms("lobby"), BARE).expect("it may be one room");
    assert!(
        why.contains(
            "names a room `lobby` beside `Lobby`: the dialect `bare` declares no `takes-any-name`"
        ),
        "{why}"
    );
    assert_eq!(lacking(&rooms("lobby"), &promised), None);
    for other in ["Lobby", "hall"] {
        assert_eq!(lacking(&rooms(other), BARE), None, "{other}");
    }
    let text = "scenario: x\npeers: { ann: { stack: wire }, aNN: { stack: wire } }\nsteps:\n  - connect: { peer: ann }\n";
    let scenario = Scenario::read(Path::new("x.yaml"), text).expect("a scenario");
    let why = scenario
        .lacking(&dialect(BARE))
        .expect("it may be one peer");
    assert!(why.contains("names a peer `aNN` beside `ann`"), "{why}");
    assert_eq!(scenario.lacking(&dialect(&promised)), None);
}

/// Whose line is lost may have his place still, where that is declared; and it counts in a room that is full.
#[test]
fn a_place_that_is_kept_may_fill_a_room() {
    let steps = "  - connect: { peer: alice }
  - connect: { peer: bob }
  - connect: { peer: carol }
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - kill: { peer: bob, how: socket }
  - join: { peer: carol, room: lobby, refused: full }
";
    let keeps = "keeps-places: 5s\n";
    for (size, promises, lacks) in [(2, keeps, false), (2, "", true), (3, keeps, true)] {
        let spoken = format!("{BARE}{promises}room-size: {size}\nrefusals: {{ full: full }}\n");
        let why = lacking(steps, &spoken);
        assert_eq!(why.is_some(), lacks, "{size} {promises:?}: {why:?}");
    }
}

/// With a room that is removed the places in it are gone: it can be made anew.
#[test]
fn no_place_is_kept_in_a_room_that_is_removed() {
    let steps = |destroy| {
        format!(
            "  - connect: {{ peer: alice }}
  - connect: {{ peer: bob }}
  - connect: {{ peer: carol }}
  - create: {{ peer: alice, room: lobby }}
  - join: {{ peer: bob, room: lobby }}
  - kill: {{ peer: bob, how: socket }}
{destroy}  - create: {{ peer: carol, room: lobby }}
"
        )
    };
    let named = "  create: { message: { op: enter, room: \"{room}\" } }\n";
    let own = "  create: { message: { op: open, room: \"{room}\" } }\n  destroy: { message: { op: end } }\n";
    let refusals = "refusals: { occupied: occupied, exists: exists }";
    let spoken = format!("{}keeps-places: 5s\n{refusals}\n", BARE.replace(named, own));
    let kept = "makes a room while the place of bob, who was lost, may be kept";
    let refused = "  - destroy: { peer: alice, room: lobby, refused: occupied }\n";
    for stands in ["", refused] {
        let why = lacking(&steps(stands), &spoken).expect("a reason");
        assert!(why.contains(kept), "{why}");
    }
    let removed = "  - destroy: { peer: alice, room: lobby }\n";
    let why = lacking(&steps(removed), &spoken);
    assert_eq!(why, None);
}

#[test]
fn the_wish_for_an_acknowledgement_can_be_missing_alone() {
    let garbage = |kind| {
        let step = "  - garbage: { peer: alice, kind: KIND, of: join, field: ack }\n";
        lacking(&format!("{TWO}{}", step.replace("KIND", kind)), BARE).expect("a reason")
    };
    let null = garbage("\"null\"");
    assert!(
        null.contains("can be missing (`field-missing`) alone"),
        "{null}"
    );
    let missing = garbage("field-missing");
    assert!(missing.contains("asks for an acknowledgement"), "{missing}");
}

/// By which word one is told of the end of his room is the dialect's matter; that its answer goes by HTTP tells nobody else.
#[test]
fn who_waits_for_the_end_of_a_room_needs_a_word_for_it_that_may_come_to_him() {
    let steps = format!(
        "{TWO}  - destroy: {{ peer: alice, room: lobby }}\n  - await: {{ peer: bob, room-ended: true }}\n"
    );
    let spoken = |hear: &str| {
        let say = "say:\n  destroy: { http: POST /destroy }\n";
        format!("{}{hear}", BARE.replace("say:\n", say))
    };
    let by_http = "  destroyed: { http: POST /destroy, status: 200 }\n";
    let lacks = lacking(&steps, &spoken(by_http)).expect("a need");
    assert!(
        lacks.contains("nobody hears that somebody else has removed his room"),
        "{lacks}"
    );
    for told in [
        "  destroyed: { message: { op: gone } }\n".to_owned(),
        format!("{by_http}  kicked: {{ message: {{ op: out }} }}\n"),
        "  destroyed: [{ http: POST /destroy, status: 200 }, { message: { op: gone } }]\n".into(),
    ] {
        assert_eq!(lacking(&steps, &spoken(&told)), None, "{told}");
    }
}
