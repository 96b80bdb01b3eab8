//! What a person reads of each kind of mistake. Read a changed snapshot as a stranger would before accepting it.

use std::path::Path;

use glare::scenario::Scenario;
use glare::signaling::Dialect;

/// Six lines, so that the first step is line 7.
const HEAD: &str = "scenario: x\npeers:\n  alice: {}\n  bob: {}\nsteps:\n";

/// Three with connections, and one without.
const MESH: &str = "scenario: x\npeers: { alice: {}, bob: {}, carol: {}, dora: { stack: wire } }\ncasts: { native: {} }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - join: { peer: carol, room: lobby }\n";

fn file(text: &str) -> String {
    match Scenario::read(Path::new("scenarios/x.yaml"), text) {
        Ok(_) => "no mistake".into(),
        Err(mistakes) => mistakes.render(false),
    }
}

fn steps(text: &str) -> String {
    file(&format!("{HEAD}{text}"))
}

fn dialect(text: &str) -> String {
    match Dialect::read(Path::new("dialect.yaml"), text) {
        Ok(_) => "no mistake".into(),
        Err(mistakes) => mistakes.render(false),
    }
}

macro_rules! mistakes {
    ($($name:ident: $text:expr;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!($text);
            }
        )*
    };
}

mistakes! {
    connecting_who_is_connected: steps("  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - connect: { peer: bob }\n");
    a_room_with_a_space_that_does_not_break: steps("  - create: { peer: alice, room: \"lobby\u{a0}\" }\n");
    a_peer_by_hand_with_a_policy: file("scenario: x\npeers:\n  alice: { negotiation: manual, offers: insider }\n  bob: {}\nsteps:\n  - create: { peer: alice, room: lobby }\n");
    two_who_are_both_polite: file("scenario: x\npeers:\n  alice: { polite: true }\n  bob: { polite: true }\nsteps:\n  - create: { peer: alice, room: lobby }\n");
    what_reconnects_does_not_know: file("scenario: x\npeers:\n  alice: { reconnects: { witin: 3s, rejoins: maybe }, cleans-up-in: 5 }\nsteps:\n  - create: { peer: alice, room: lobby }\n");
    all_mistakes_of_a_file_are_shown_at_once: file("scenario: x\npeer: {}\npeers:\n  alice: { stak: native }\nsteps:\n  - craete: { peer: alice, room: lobby }\n  - say: { from: bob, text: hi }\nexpect: { nevr: 1 }\n");
    an_empty_file: file("");
    a_file_of_comments: file("# nothing\n");
    yaml_that_is_broken: file("scenario: x\npeers: { alice: {}\nsteps:\n  - restart\n");
    a_tab_for_indentation: file("scenario: x\npeers:\n\talice: {}\n");
    an_anchor_and_an_alias: file("scenario: x\npeers:\n  alice: &a {}\n  bob: *a\nsteps: [restart]\n");
    a_tag: file("scenario: !!str x\npeers: { alice: {} }\nsteps: [restart]\n");
    a_key_twice: steps("  - create: { peer: alice, room: lobby, peer: bob }\n");
    a_second_document: file("scenario: x\n---\nscenario: y\n");
    a_newer_version: file("version: 2\nscenario: x\npeers: { alice: {} }\nsteps: [restart]\n");
    a_file_that_is_too_long: file(&"#".repeat(300 * 1024));
    who_comes_in_by_what_is_anothers: steps("  - create: { peer: alice, room: lobby }\n  - pretend: { peer: bob, given-to: alice }\n  - join: { peer: bob, room: lobby }\n");
    who_pretends_to_be_itself: steps("  - pretend: { peer: bob, login-of: bob }\n");
    who_pretends_two_things_at_once: steps("  - pretend: { peer: bob, login: wrong, login-of: alice }\n");
    an_unknown_verb: steps("  - jion: { peer: bob, room: lobby }\n");
    a_verb_of_another_tool: steps("  - sleep: 5\n  - rollback: { peer: bob }\n");
    an_unknown_key: steps("  - create: { peer: alice, rom: lobby }\n");
    a_key_that_is_missing: steps("  - create: { peer: alice }\n");
    two_verbs_in_one_step: steps("  - create: { peer: alice, room: lobby }\n    join: { peer: bob, room: lobby }\n");
    an_unknown_peer: steps("  - create: { peer: alcie, room: lobby }\n");
    a_number_for_text: steps("  - create: { peer: alice, room: 5 }\n");
    a_name_that_does_not_do: file("scenario: x\npeers: { Alice: {}, server: {}, \"a b\": {} }\nsteps: [restart]\n");
    a_step_to_oneself_or_to_nobody: steps("  - join: { peer: bob, room: lobby, refused: true }\n  - open-channel: { peer: bob, to: bob, label: x }\n  - close: { peer: bob, to: alcie }\n  - await: { peer: bob, state: { ice: new }, with: bob }\n");
    a_choice_that_a_step_leaves_open: file(&format!("{MESH}  - negotiate: {{ from: alice }}\n  - say: {{ from: alice, text: all }}\n  - close: {{ peer: carol }}\n  - await: {{ connected: [bob] }}\n  - await: {{ peer: bob, channel: chat, is: open }}\n"));
    what_names_the_other_end_or_was_awaited: file(&format!("{MESH}  - negotiate: {{ from: alice, to: bob }}\n  - await: {{ connected: [alice, bob, carol] }}\n  - say: {{ from: alice, text: all }}\n  - close: {{ peer: carol, to: bob }}\n  - send: {{ from: dora, message: bye }}\n  - await: {{ peer: bob, channel: chat, is: open, with: alice }}\n"));
    an_end_after_which_nobody_is_meant: file(&format!("{MESH}  - await: {{ connected: [alice, bob] }}\n  - close: {{ peer: bob, to: alice }}\n  - say: {{ from: alice, text: all }}\n"));
    mixes_of_stacks_that_cannot_be: file("scenario: x\npeers: { alice: { stack: wire }, bob: {} }\ncasts:\n  a b: {}\n  one: { alice: native }\n  two: { bobb: native }\n  three: { bob: chrome }\n  four: {}\nsteps: [restart]\n");
    no_mixes_of_stacks: file("scenario: x\npeers: { alice: {} }\ncasts: {}\nsteps: [restart]\n");
    more_peers_than_a_scenario_may_have: file(&format!("scenario: x\npeers: {{ {} }}\nsteps: [restart]\n", (1..=9).map(|n| format!("p{n}: {{}}")).collect::<Vec<_>>().join(", ")));
    a_stack_that_does_not_exist: file("scenario: x\npeers: { alice: { stack: chrome } }\nsteps: [restart]\n");
    a_duration_without_a_unit: steps("  - connect: { peer: alice, within: 10 }\n  - connect: { peer: bob, within: 1h }\n  - connect: { peer: bob, within: 6m }\n");
    an_url_that_is_no_https: file("scenario: x\nissue: javascript:alert(1)\npeers: { alice: {} }\nsteps: [restart]\n");
    a_need_that_is_written_by_hand: file("scenario: x\nneeds: [rooms]\npeers: { alice: {} }\nsteps: [restart]\n");
    a_room_that_was_never_created: steps("  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: loby }\n");
    a_room_that_is_gone: steps("  - create: { peer: alice, room: lobby }\n  - destroy: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n");
    leaving_no_room: steps("  - leave: { peer: bob }\n");
    a_release_without_a_hold: steps("  - hold: { message: answer, to: bob }\n  - release: { message: answer, from: alice }\n");
    a_hold_on_no_side: steps("  - hold: { message: answer }\n");
    a_hold_that_nothing_can_match: steps("  - hold: { message: create, to: bob }\n  - drop: { message: joined, from: bob }\n");
    an_await_of_what_nothing_holds: steps("  - await: { held: answer, to: bob }\n");
    an_await_that_says_nothing: steps("  - await: { peer: bob }\n  - await: { peer: bob, heard: answer }\n  - await: { peer: bob, hears: answer, applied: answer }\n");
    an_await_of_a_request: steps("  - await: { peer: bob, hears: join }\n");
    an_await_of_a_notice_from_a_peer: steps("  - await: { peer: bob, hears: joined, from: alice }\n");
    an_await_of_an_unknown_state: steps("  - await: { peer: bob, state: { connection: conected } }\n  - await: { peer: bob, state: { conection: connected } }\n");
    saying_before_anybody_connects: steps("  - create: { peer: alice, room: lobby }\n  - say: { from: alice, text: hi }\n");
    saying_nothing_or_two_things: steps("  - join: { peer: bob, room: lobby, refused: true }\n  - negotiate: { from: bob }\n  - say: { from: alice }\n  - say: { from: alice, text: hi, size: 5 }\n  - say: { from: alice, size: 2000000 }\n  - say: { from: alice, bytes: \"!\" }\n");
    a_delay_without_a_time: steps("  - delay: { message: offer, to: bob }\n  - delay: { message: offer, to: bob, by: 200 }\n");
    a_reorder_behind_what_never_passes_there: steps("  - reorder: { message: offer, to: bob, behind: join }\n  - reorder: { message: offer, from: bob, behind: peer-left }\n  - reorder: { message: offer, behind: answer }\n");
    a_corruption_of_no_known_kind: steps("  - corrupt: { message: offer, to: bob, as: noise }\n  - duplicate: { message: join, to: bob }\n");
    a_direction_of_what_ends_both: steps("  - cut: { peer: bob, how: reset, direction: up }\n");
    a_silence_within_a_silence: steps("  - cut: { peer: bob, how: silence }\n  - cut: { peer: bob, how: silence, direction: up }\n  - stall: { peer: bob }\n  - stall: { peer: bob }\n");
    a_mend_of_what_is_whole: steps("  - mend: { peer: alice }\n  - cut: { peer: bob, how: silence }\n  - cut: { peer: bob, how: reset }\n  - mend: { peer: bob }\n  - stall: { peer: bob }\n  - mend: { peer: bob }\n  - mend: { peer: bob }\n  - mend: { peer: carol }\n");
    a_resume_without_a_pause: steps("  - resume\n  - pause\n  - pause\n  - resume\n  - resume\n  - pause\n  - restart\n  - resume\n");
    asking_a_paused_server: steps("  - pause\n  - connect: { peer: alice }\n  - create: { peer: alice, room: lobby }\n  - http: { peer: bob, method: GET, path: / }\n  - send-raw: { peer: bob, path: / }\n  - resume\n  - connect: { peer: bob }\n");
    raw_bytes_of_no_known_kind: steps("  - send-raw: { peer: bob, frame: masked }\n  - send-raw: { peer: bob }\n  - send-raw: { peer: bob, frame: unmasked, text: x }\n  - send-raw: { peer: bob, text: x, status: 400 }\n  - send-raw: { peer: bob, path: nowhere }\n");
    forging_ones_own_name: steps("  - forge: { from: bob, to: alice, message: offer, as: bob }\n  - forge: { from: bob, to: bob, message: answer, as: alice }\n  - forge: { from: bob, to: alice, message: join, as: carol }\n");
    candidates_within_a_candidate: steps("  - send: { from: bob, message: candidate, gathered: true }\n  - send: { from: bob, message: bye, gathered: yes }\n");
    a_candidate_of_some_size: steps("  - send: { from: bob, message: end-of-candidates, size: 6000 }\n  - send: { from: bob, message: offer, size: 1000001 }\n");
    a_connection_of_a_wire_peer: file("scenario: x\npeers: { alice: {}, bob: {}, carol: {}, dave: { stack: wire } }\nsteps:\n  - create: { peer: alice, room: a }\n  - join: { peer: bob, room: a }\n  - await: { connected: [alice, carol] }\n  - await: { peer: dave, applied: offer }\n");
    a_foreign_address: steps("  - send-raw: { peer: alice, text: '{\"candidate\":\"candidate:1 1 udp 1 8.8.8.8 53 typ host\"}' }\n");
    a_path_that_leaves_the_server: steps("  - http: { peer: alice, method: GET, path: \"http://example.org/\" }\n  - http: { peer: alice, method: get, path: //example.org }\n");
    a_place_that_does_not_exist: file("scenario: x\npeers: { alice: {} }\ncatches:\n  a: step 2\n  b: law 13\n  c: never 1\n  d: stpe 1\n  E: law 1\nsteps: [restart]\n");
    a_law_that_does_not_exist: file("scenario: x\npeers: { alice: {} }\nbreaks:\n  13: why\n  law 1: why\n  4:\n  5: \"\"\nsteps: [restart]\n");
    expected_lines_that_are_no_block: file("scenario: x\npeers: { alice: {} }\nsteps: [restart]\nexpect:\n  never: \"alice: error\"\n");
    too_many_peers_and_steps: file(&format!("scenario: x\npeers: {{ {} }}\nsteps:\n{}", (1..=9).map(|n| format!("p{n}: {{}}")).collect::<Vec<_>>().join(", "), "  - restart\n".repeat(201)));
    hostile_text_is_shown_and_not_sent: steps("  - \"\\e[31mred\\u202e\": { peer: alice } # \u{202e}txt.exe\n");
    a_long_line_is_cut: steps(&format!("  - send-raw: {{ peer: alice, text: \"{}\", zzz: 1, more: \"{}\" }}\n", "x".repeat(3000), "y".repeat(3000)));
    a_dialect_of_nothing: dialect("about: nothing\n");
    a_dialect_with_unknown_words: dialect("dialect: d\nconnect: { path: /, protocol: x }\nframing: xml\nsay:\n  ofer: { message: x }\n  joined: { message: x }\n  offer: { message: { sdp: \"{spd}\" } }\n  answer: { message: { sdp: \"{sdp\" } }\nhear:\n  join: { message: x }\n  offer: { message: { sdp: \"{sdp}\" } }\n  answer: { message: { type: answer } }\n");
    a_dialect_that_says_what_it_has: dialect("dialect: d\nconnect: { path: \"/{me}\" }\nhas: [bye, rooms]\nsay:\n  offer: { message: \"{sdp}\" }\n  answer: { http: FETCH /x }\n  fence: { message: \"{_}\", body: x }\nhear:\n  offer: { message: \"{sdp}\" }\n  error: { http: POST /x, status: 99 }\n  bye: { message: { $jsn: {} } }\n");
}
