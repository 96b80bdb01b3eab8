//! What a server says and no case looks at is told at the end, so that silence about it is not taken for praise.

use serde_json::Value;

use crate::cli_support::Stand;

/// The reference dialect, of which a line is another.
fn asked(from: &str, to: &str) -> Stand {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/servers/reference/dialect.yaml"
    );
    let text = std::fs::read_to_string(path).expect("the dialect");
    assert!(text.contains(from));
    let stand = Stand::new();
    stand.write("dialect.yaml", &text.replace(from, to));
    stand
}

const ERROR: &str = "  error:       { message: { type: error, reason: \"{reason}\" } }\n";

#[test]
fn what_is_ignored_or_unknown_is_told_to_be_judged_by_nothing() {
    let arguments = ["validate", "--dialect", "dialect.yaml", "--case", "7.21"];
    let ignoring = "ignore:\n  - { message: { type: error, reason: \"{_}\" } }\n";
    let text = "judged by nothing: 1 message that `ignore` passes over: {\"type\":\"error\"}";
    let stand = asked(ERROR, ignoring);
    stand.glare(&arguments).says(text);
    let unknown = asked(ERROR, "");
    (unknown.glare(&arguments)).says("that no word of the dialect matches: {\"type\":\"error\"}");
    let plain = asked(ERROR, ERROR);
    let ran = plain.glare(&arguments).ends(0);
    assert!(!ran.out.contains("judged by nothing"));

    let arguments = [arguments.as_slice(), &["--json"]].concat();
    let json: Value = serde_json::from_str(&stand.glare(&arguments).out).expect("JSON");
    assert_eq!(json["unjudged"]["ignored"]["{\"type\":\"error\"}"], 1);
    assert_eq!(json["unjudged"]["unknown"], Value::Null);
}

#[test]
fn what_is_ignored_is_told_by_what_its_pattern_says_of_it() {
    let arguments = ["validate", "--dialect", "dialect.yaml", "--case", "7.21"];
    let mut told = Vec::new();
    for pattern in [
        "{ reason: not JSON }",
        "{ reason: \"not {_}\", type: \"{_}\" }",
        // What the dialect knows its words by says it where a pattern does not.
        "{ reason: \"{_}\" }",
    ] {
        let ignoring = format!("ignore:\n  - {{ message: {pattern} }}\n");
        let ran = asked(ERROR, &ignoring).glare(&arguments);
        let line = ran.out.lines().find_map(|line| line.split_once("over: "));
        told.push(line.expect("a line of it").1.to_owned());
    }
    let wanted = [
        "{\"reason\":\"not JSON\"}",
        "{\"reason\":\"not …\"}",
        "{\"type\":\"error\"}",
    ];
    assert_eq!(told, wanted);
}
