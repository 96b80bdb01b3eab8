//! `glare validate` with several project files: each server is asked in turn, and they stand side by side.

use std::time::Duration;

use glare::validate::{Answer, Column, Says, as_json, as_junit, matrix, sections};

use crate::cli_support::{GLARE, Stand};

/// Two project files in folders of their own: the reference server, and one with a fault.
fn two() -> Stand {
    let stand = Stand::new();
    for (folder, fault) in [("right", ""), ("wrong", " --fault accepts-third-peer")] {
        let command = format!("exec '{GLARE}' serve --port {{port}}{fault}");
        stand.write(
            &format!("{folder}/glare.toml"),
            &format!("[server]\ncommand = \"{command}\"\n"),
        );
    }
    stand
}

const BOTH: [&str; 4] = [
    "--project",
    "right/glare.toml",
    "--project",
    "wrong/glare.toml",
];

const CASES: [&str; 4] = ["--case", "2.1", "--case", "2.2"];

fn validate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["validate"], &BOTH[..], &CASES[..], more].concat()
}

#[test]
fn each_server_is_told_with_its_counts_and_the_worst_is_how_it_ends() {
    let ran = two().glare(&validate(&[])).ends(1);
    let ran = ran
        .says("right: 2 holds in ")
        .says("wrong: 1 holds, 1 broken in ")
        .says("glare validate --project wrong/glare.toml --case 2.2");
    let (right, wrong) = (ran.out.find("right: exec"), ran.out.find("wrong: exec"));
    assert!(right < wrong && right.is_some(), "{}", ran.out);
}

#[test]
fn programs_get_a_list_in_the_order_of_the_files() {
    let stand = two();
    let more = ["--json", "--junit", "found.xml", "--html", "found.html"];
    let ran = stand.glare(&validate(&more)).ends(1);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let found = found.as_array().expect("a list");
    let told: Vec<_> = found
        .iter()
        .map(|one| (&one["name"], &one["counts"]["broken"]))
        .collect();
    assert_eq!(
        told,
        [(&"right".into(), &0.into()), (&"wrong".into(), &1.into())]
    );
    let xml = std::fs::read_to_string(stand.path("found.xml")).expect("the file");
    assert!(xml.contains("<testsuites>\n<testsuite name=\"right\" tests=\"2\" failures=\"0\""));
    assert!(
        xml.contains("<testsuite name=\"wrong\" tests=\"2\" failures=\"1\""),
        "{xml}"
    );
    let html = std::fs::read_to_string(stand.path("found.html")).expect("the file");
    let row = html
        .lines()
        .find(|line| line.contains("id=\"c2.2\""))
        .expect("the row of the case");
    assert!(row.contains("<td class=\"holds\">holds</td>"), "{row}");
    assert!(row.contains("href=\"#e2.2-1\">broken</a>"), "{row}");
    let opened = html.split("id=\"e2.2-1\"").nth(1).expect("what it opens");
    let opened = opened.split("</tr>").next().expect("a row");
    for shown in ["wrong", "carol &lt; ", "join: { peer: carol, room: lobby"] {
        assert!(opened.contains(shown), "no {shown}: {opened}");
    }
}

#[test]
fn deviations_are_those_of_one_server_each() {
    let stand = two();
    stand.write("none.yaml", "{}\n");
    stand.write("known.yaml", "\"2.2\": three are meant to fit\n");
    let each = ["--deviations", "none.yaml", "--deviations", "known.yaml"];
    stand
        .glare(&validate(&each))
        .ends(0)
        .says("right: 2 holds in ")
        .says("wrong: 1 holds, 1 deviates in ");
    stand
        .glare(&validate(&["--deviations", "known.yaml"]))
        .ends(2)
        .complains("--deviations: 1 given, and 2 servers to ask");
}

#[test]
fn what_is_about_one_server_is_not_taken_for_several() {
    let stand = two();
    for (flag, value) in [
        ("--server", "x"),
        ("--server-url", "http://127.0.0.1:9"),
        ("--dialect", "d.yaml"),
        ("--translator", "x"),
        ("--fault", "accepts-third-peer"),
    ] {
        stand
            .glare(&validate(&[flag, value]))
            .ends(2)
            .complains(&format!(
                "{flag} is about one server, and 2 project files are given"
            ));
    }
    stand
        .glare(&validate(&["--export", "2.2"]))
        .ends(2)
        .complains("--export writes what shows a case on one server");
    let run = [&["run"], &BOTH[..]].concat();
    stand
        .glare(&run)
        .ends(2)
        .complains("--project is given 2 times: only `glare validate` asks several servers");
}

#[test]
fn a_server_that_cannot_be_had_is_no_reason_to_accuse_the_other() {
    let stand = two();
    stand.write("wrong/glare.toml", "[server]\ncommand = \"exit 3\"\n");
    stand
        .glare(&validate(&[]))
        .ends(5)
        .says("right: 2 holds in ")
        .says("wrong: 2 inconclusive in ");
}

#[test]
fn names_that_are_alike_are_told_apart_by_their_paths() {
    let stand = two();
    let text = std::fs::read_to_string(stand.path("wrong/glare.toml")).expect("the file");
    stand.write("old/right/glare.toml", &text);
    let project = ["--project", "old/right/glare.toml"];
    let arguments = [&["validate"], &BOTH[..2], &project, &CASES[..]].concat();
    stand
        .glare(&arguments)
        .ends(1)
        .says("right/glare.toml: 2 holds in ")
        .says("old/right/glare.toml: 1 holds, 1 broken in ");
}

/// What a server, its folder or its output is called is foreign text everywhere.
#[test]
fn nothing_that_is_foreign_gets_out_of_its_place() {
    let hostile = "</td></pre></testsuite>\"'><script>alert(1)</script>\u{1b}[2J\u{202e}";
    let number = "2.2".parse().expect("a number");
    let answer = Answer {
        beyond: glare::validate::Beyond::new(),
        number,
        title: hostile.into(),
        says: Says::Broken(hostile.into()),
        deviation: Some(hostile.into()),
        scenario: hostile.into(),
        log: hostile.into(),
        evidence: vec![hostile.into()],
        took: Duration::ZERO,
        shared: false,
    };
    let column = |name: Option<&str>| Column {
        name: name.map(str::to_owned),
        server: hostile.into(),
        answers: vec![answer.clone()],
    };
    for columns in [
        vec![column(None)],
        vec![column(Some(hostile)), column(Some("other"))],
    ] {
        for text in [matrix(&sections(), &columns), as_junit(&columns)] {
            assert!(text.contains("&lt;script&gt;"), "{text}");
            assert!(!text.contains("<script") && !text.contains(['\u{1b}', '\u{202e}']));
        }
        let read = serde_json::to_string(&as_json(&columns)).expect("JSON");
        assert!(serde_json::from_str::<serde_json::Value>(&read).is_ok());
    }
}
