//! Whether a dialect means what it says has one answer, whoever is asked.

use crate::cli_support::{GLARE, Stand};

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

/// A project whose dialect promises news that it has no word for.
fn project() -> Stand {
    let stand = Stand::new();
    let lines = REFERENCE.lines();
    let unheard = ["  peer-left:", "how:"];
    let kept = lines.filter(|line| !unheard.iter().any(|word| line.starts_with(word)));
    let dialect: String = kept.map(|line| format!("{line}\n")).collect();
    assert_ne!(dialect, REFERENCE);
    stand.write("own.yaml", &dialect);
    stand.write(
        "glare.toml",
        &format!(
            "[server]\ncommand = \"exec '{GLARE}' serve --port {{port}}\"\ndialect = \"own.yaml\"\n"
        ),
    );
    stand.write(
        "x.yaml",
        "scenario: x\npeers: { alice: { stack: wire } }\nsteps:\n  - create: { peer: alice, room: lobby }\n",
    );
    stand
}

const DOUBT: &str = "`announces-leaving-within` promises news that never comes";

#[test]
fn what_the_dialect_can_never_see_is_a_warning_once_and_strict_minds_it() {
    let stand = project();
    stand
        .glare(&["dialect", "check", "own.yaml"])
        .ends(3)
        .complains(DOUBT);
    let once = |arguments: &[&str], status: i32| {
        let ran = stand.glare(arguments).ends(status);
        let ran = ran.complains(&format!("warning: {DOUBT}"));
        assert_eq!(ran.err.matches(DOUBT).count(), 1, "{}", ran.err);
        ran
    };
    once(&["check", "x.yaml"], 0).says("1 good, 1 warning");
    once(&["check", "--strict", "x.yaml"], 3);
    // Of two scenarios it is told once, too.
    let more = std::fs::read_to_string(stand.path("x.yaml")).expect("a file");
    stand.write("y.yaml", &more.replace("scenario: x", "scenario: y"));
    once(&["run", "x.yaml", "y.yaml"], 0);
    once(&["validate", "--case", "2.1"], 0);
    // A flag names another dialect: what the project's is does not matter then.
    let ran = stand.glare(&["run", "x.yaml", "--fault", "leaks-rooms"]);
    assert!(!ran.err.contains(DOUBT), "{}", ran.err);
}

/// It can be played as it is, and so no status is changed by it.
#[test]
fn an_id_that_never_changes_is_a_warning_of_check_alone() {
    let stand = project();
    let numbered = include_str!("../../../fixtures/servers/examples/numbered/dialect.yaml");
    stand.write("numbered.yaml", numbered);
    let ran = stand.glare(&["dialect", "check", "numbered.yaml"]).ends(0);
    assert_eq!(ran.err, "");
    let fixed = numbered.replace("\"{number}\"", "1");
    stand.write("fixed.yaml", &fixed);
    let hint = "warning: `id` is 1 in each request, and `hear.joined` repeats it";
    let ran = stand.glare(&["dialect", "check", "fixed.yaml"]).ends(0);
    let ran = ran.says("fixed.yaml: good").complains(hint);
    let ran = ran.complains("1 warning in fixed.yaml");
    ran.complains("write `id: \"{number}\"` in both");
}
