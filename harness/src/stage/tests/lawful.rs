//! When laws are asked, and of what.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::super::lawful::{judged, lives_on};
use super::super::outcome::Judged;
use super::super::owed::may_matter;
use super::{answer, asks, events, line, message};
use crate::laws::{Breach, Finding, Law};
use crate::record::{Limit, Recorder};
use crate::scenario::Scenario;
use crate::signaling::Terms;

fn scenario() -> Scenario {
    let text = "scenario: x\npeers: { alice: {}, bob: {} }\nsteps:\n  - create: { peer: alice, room: lobby }\n";
    match Scenario::read(Path::new("x.yaml"), text) {
        Ok(scenario) => scenario,
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

fn recorded(all: &[Json], limit: Limit) -> Recorder {
    let recorder = Recorder::with_limit(None, limit, Arc::default());
    for event in events(all) {
        recorder.record(event.what, &event.cause);
    }
    recorder
}

fn server(life: &str) -> Json {
    json!({ "event": "server", "server": life, "status": "1" })
}

fn ran() -> [Json; 5] {
    let notice = json!({ "notice": "created", "room": "lobby" });
    let [yes, heard] = answer(3, "created", notice);
    [
        server("ready"),
        line("link-up", 1),
        asks("create"),
        yes,
        heard,
    ]
}

#[test]
fn of_a_record_that_is_full_no_law_is_asked() {
    let asked = |limit| {
        let recorder = recorded(&ran(), limit);
        judged(&recorder, &Terms::default(), &scenario()).len()
    };
    assert!(asked(Limit::default()) > 0);
    let limit = Limit {
        events: 4,
        ..Limit::default()
    };
    assert_eq!(asked(limit), 0);
}

#[test]
fn of_a_server_that_has_ended_those_who_asked_it_say_nothing() {
    let of = |law: Law| {
        let message = "was refused a connection".to_owned();
        Judged {
            finding: Finding {
                law,
                premises: 3,
                breaches: vec![Breach {
                    law,
                    event: 1,
                    because: Vec::new(),
                    message,
                }],
            },
            excused: None,
        }
    };
    for (end, ended) in [("exited", true), ("killed", false), ("alive", false)] {
        let recorder = recorded(&[&ran()[..], &[server(end)]].concat(), Limit::default());
        let asked = [
            Law::GarbageHarmsNobodyElse,
            Law::EmptyRoomsAreFree,
            Law::OnlyToTheRoom,
        ];
        let mut laws: Vec<Judged> = asked.map(of).into();
        lives_on(&recorder, &scenario(), &mut laws);
        let told: BTreeMap<u8, (usize, usize)> = laws
            .iter()
            .map(|judged| &judged.finding)
            .map(|found| (found.law.number(), (found.premises, found.breaches.len())))
            .collect();
        let others = if ended { (0, 0) } else { (3, 1) };
        let lives = if ended { (1, 1) } else { (1, 0) };
        let expected = [(2, (3, 1)), (5, others), (6, others), (11, lives)];
        assert_eq!(told, expected.into(), "{end}");
    }
}

#[test]
fn the_wait_for_news_looks_again_when_a_line_or_the_server_goes() {
    let news = json!({ "word": "notice", "notice": { "notice": "peer-left", "peer": "bob" } });
    let error = json!({ "word": "notice", "notice": { "notice": "error", "reason": "no" } });
    for (event, expected) in [
        (line("link-up", 1), true),
        (line("link-down", 1), true),
        (server("exited"), true),
        (asks("leave"), true),
        (message("down", "text", news), true),
        (message("up", "text", Json::Null), true),
        (message("down", "text", error), false),
        (line("link-closed", 1), false),
    ] {
        let told = events(&[event]).remove(0);
        assert_eq!(may_matter(&Arc::new(told)), expected);
    }
}
