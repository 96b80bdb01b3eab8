//! Names of peers and rooms beyond ASCII: which there are, that two are two, and that they go over the wire as they are.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli_support::Stand;
use crate::stage_support::{case, passes, played};
use glare::log::matches;
use glare::record::What;
use glare::scenario::Scenario;

fn text(peers: &str, steps: &str) -> String {
    format!("scenario: x\npeers:\n{peers}steps:\n{steps}")
}

fn told(peers: &str, steps: &str) -> String {
    match Scenario::read(Path::new("x.yaml"), &text(peers, steps)) {
        Ok(_) => panic!("{peers}{steps} is taken"),
        Err(mistakes) => mistakes.render(false),
    }
}

#[test]
fn names_that_normalise_to_one_are_refused() {
    let create = "  - create: { peer: bob, room: lobby }\n";
    let peers = "  \"zo\\u00eb\": {}\n  \"zoe\\u0308\": {}\n  bob: {}\n";
    let said = told(peers, create);
    assert!(said.contains("are one name"), "{said}");
    assert!(
        said.contains("U+007A U+006F U+0065 U+0308, the one before U+007A U+006F U+00EB"),
        "{said}"
    );
    let rooms = format!(
        "{create}  - create: {{ peer: bob, room: \"caf\\u00e9\", refused: true }}\n  - create: {{ peer: bob, room: \"cafe\\u0301\", refused: true }}\n"
    );
    let said = told("  bob: {}\n", &rooms);
    assert!(
        said.contains("are one name") && said.contains("x.yaml:7"),
        "{said}"
    );
    // Wide letters are those of ASCII to whoever normalises.
    let wide = format!(
        "{create}  - create: {{ peer: bob, room: \"\\uff4c\\uff4f\\uff42\\uff42\\uff59\", refused: true }}\n"
    );
    assert!(told("  bob: {}\n", &wide).contains("are one name"));
    assert!(
        told("  \"\\uff53erver\": {}\n", "  - restart\n")
            .contains("means something else in the log")
    );
}

#[test]
fn what_turns_hides_or_forges_is_no_name_and_is_shown_harmlessly() {
    for name in [
        "a\\u202eb",
        "a\\u200bb",
        "a\\nb: error",
        "a\\u00a0b",
        "a\\uff1a",
        "\\u0301",
        "a b",
    ] {
        let said = told(&format!("  \"{name}\": {{}}\n"), "  - restart\n");
        assert!(said.contains("cannot be the name of a peer"), "{said}");
        let hostile =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!said.contains(hostile), "{said:?}");
        let step = format!("  - create: {{ peer: bob, room: \"{name}\" }}\n");
        let said = told("  bob: {}\n", &step);
        assert!(said.contains("cannot be the name of a room"), "{said}");
    }
    let long = "é".repeat(25);
    assert!(told(&format!("  \"{long}\": {{}}\n"), "  - restart\n").contains("48 bytes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_go_over_the_wire_byte_for_byte_and_come_back_so() {
    let (zoe, room) = ("zoe\u{308}", "cafe\u{301}-\u{5d7}-🎉");
    let peers = format!("  {zoe}: {{ stack: wire }}\n  bob: {{ stack: wire }}\n");
    let steps = format!(
        "  - create: {{ peer: {zoe}, room: {room} }}\n  - join: {{ peer: bob, room: {room} }}\n  - await: {{ peer: {zoe}, hears: peer-joined, from: bob }}\n  - kill: {{ peer: {zoe}, how: socket }}\n  - await: {{ peer: bob, hears: peer-left, from: {zoe} }}\n  - join: {{ peer: {zoe}, room: {room} }}\n  - await: {{ peer: bob, hears: peer-joined, from: {zoe} }}\n"
    );
    let outcome = played(&text(&peers, &steps)).await;
    let log = passes(&outcome);
    for line in [
        format!("{zoe} -> server: create \"{room}\""),
        format!("server -> bob: joined \"{room}\" with {zoe}"),
        format!("{zoe}#2 -> server: join \"{room}\""),
        format!("server -> bob: peer-joined {zoe}"),
    ] {
        assert!(log.lines().any(|one| one == line), "no {line} in\n{log}");
    }
    let texts: Vec<&str> = (outcome.events.iter())
        .filter_map(|event| match &event.what {
            What::Message { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    for written in [
        format!("\"userId\":\"{zoe}\""),
        format!("\"room\":\"{room}\""),
        format!("\"peer\":\"{zoe}\""),
    ] {
        assert!(
            texts.iter().any(|text| text.contains(&written)),
            "no {written} in {texts:#?}"
        );
    }
}

#[test]
fn a_name_of_any_script_without_a_number_means_each_of_its_links() {
    for name in ["zoe\u{308}", "דנה", "fox🦊"] {
        let second = format!("server -> {name}#2: joined lobby");
        assert!(matches(&format!("server -> {name}: joined"), &second));
        assert!(matches(&format!("server -> {name}#2: joined"), &second));
        assert!(!matches(&format!("server -> {name}#1: joined"), &second));
        // Part of a name is no name.
        let longer = format!("{name}\u{301}: error");
        assert!(!matches(name, &longer));
    }
}

#[test]
fn files_are_named_in_ascii_and_each_cast_has_its_own() {
    let mut slugs = BTreeSet::new();
    let long: Vec<String> = (0..6).map(|n| format!("{}{n}", "ü".repeat(23))).collect();
    for peers in [
        vec!["zo\u{eb}".to_owned()],
        vec!["zoe\u{308}".to_owned()],
        vec!["zo-c3-ab".to_owned()],
        vec!["🎉".to_owned()],
        long.clone(),
        long.into_iter().rev().skip(1).collect(),
    ] {
        let peers: String = peers
            .iter()
            .map(|name| format!("  {name}: {{ stack: wire }}\n"))
            .collect();
        let slug = case(&text(&peers, "  - restart\n")).slug();
        assert!(slug.is_ascii() && slug.len() <= 200, "{slug}");
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_+@%".contains(c);
        assert!(slug.chars().all(fits), "{slug}");
        assert!(slugs.insert(slug.clone()), "{slug} twice");
    }
    assert!(slugs.contains("x@zo%C3%AB-wire"), "{slugs:?}");
}

#[test]
fn a_cast_may_name_a_peer_of_any_script() {
    let stand = Stand::new();
    let steps = "  - create: { peer: דנה, room: חדר }\n";
    stand.write("x.yaml", &text("  דנה: {}\n", steps));
    stand
        .glare(&["run", "x.yaml", "--cast", "דנה=native", "--accept"])
        .ends(0);
    let snapshot = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    assert!(
        snapshot.contains("דנה -> server: create \"חדר\""),
        "{snapshot}"
    );
    // Nobody is called so.
    let ran = stand.glare(&["run", "x.yaml", "--cast", "דן=native"]);
    assert_ne!(ran.status, 0);
}
