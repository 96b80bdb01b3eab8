//! What the README shows is what is there.

use std::path::{Path, PathBuf};

use glare::suite::Snapshot;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_readme_shows_a_scenario_and_its_log_as_they_are() {
    let readme = std::fs::read_to_string(top().join("README.md")).expect("a README");
    let scenario = top().join("scenarios/rooms/mid-join-disconnect.yaml");
    let text = std::fs::read_to_string(&scenario).expect("the scenario");
    assert!(
        readme.contains(&text),
        "the README shows another version of {}",
        scenario.display()
    );
    let snapshot = Snapshot::read(scenario.with_extension("snap"))
        .expect("the snapshot")
        .log
        .expect("a log");
    assert!(
        readme.contains(snapshot.trim_end()),
        "the README shows another log than the snapshot"
    );
}

#[test]
fn the_readme_names_every_verb_of_a_scenario() {
    let readme = std::fs::read_to_string(top().join("README.md")).expect("a README");
    let schema = glare::scenario::schema();
    let steps = schema["$defs"]["step"]["oneOf"]
        .as_array()
        .expect("the kinds of steps");
    let verbs: Vec<&String> = steps
        .iter()
        .filter_map(|step| step["properties"].as_object())
        .flat_map(|verbs| verbs.keys())
        .collect();
    assert!(
        verbs.len() > 20,
        "the schema has its verbs elsewhere now: {verbs:?}"
    );
    for verb in verbs {
        assert!(
            readme.contains(&format!("`{verb}`")),
            "the README does not name the step `{verb}`"
        );
    }
}

#[test]
fn the_readme_names_all_that_can_be_awaited() {
    let readme = std::fs::read_to_string(top().join("README.md")).expect("a README");
    let row = readme.lines().find(|line| line.starts_with("| `await` |"));
    let row = row.expect("a row of `await`");
    let schema = glare::scenario::schema();
    let steps = schema["$defs"]["step"]["oneOf"].as_array();
    let mut steps = steps.expect("the kinds of steps").iter();
    let forms = steps.find_map(|step| step["properties"]["await"]["oneOf"].as_array());
    let forms = forms.expect("the forms of `await`");
    assert!(forms.len() > 5, "the schema has them elsewhere now");
    for form in forms {
        let keys = form["required"].as_array().expect("keys").iter();
        let key = keys
            .filter_map(|key| key.as_str())
            .find(|key| !matches!(*key, "peer" | "is"))
            .expect("what it waits for");
        let is_named = row.contains(&format!("{key}:"));
        assert!(
            is_named,
            "the README does not say what `await: {{ {key}: … }}` waits for"
        );
    }
}
