//! What `glare dialect try` makes of what it saw: what may be promised, and what it says where nothing may.

use crate::cli_support::{Ran, Stand};

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

/// A refusal over the WebSocket, as the reference dialect hears it.
const REFUSED: &str =
    "    - message: { type: refused, request: \"{request}\", reason: \"{reason}\" }\n";

/// The reference dialect with this in the place of that, without what it declares of refusals and rooms.
fn with(changes: &[(&str, &str)]) -> String {
    let (before, rest) = REFERENCE.split_once("refusals:").expect("the key");
    let (_, after) = rest.split_once("absent-peer:").expect("the next key");
    let mut text = format!("{before}absent-peer:{after}").replace("room-size: 2\n", "");
    for (old, new) in changes {
        assert!(text.contains(old), "no {old:?} in\n{text}");
        text = text.replace(old, new);
    }
    text
}

fn tried(dialect: &str, flags: &[&str]) -> Ran {
    let stand = Stand::new();
    stand.write("own.yaml", dialect);
    stand.glare(&[&["dialect", "try", "own.yaml"], flags].concat())
}

/// All of it on one line: it is wrapped for a screen.
fn words(ran: &Ran) -> String {
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What it proposes to be pasted, or found to be promised already.
fn proposed(ran: &Ran) -> String {
    let (_, rest) = (ran.out.split_once("to paste into the dialect")).expect("proposals");
    let (lines, _) = rest.split_once("Besides:").unwrap_or((rest, ""));
    lines.to_owned()
}

#[test]
fn a_refusal_without_a_reason_is_proposed_as_no_text_and_that_is_said() {
    let ran = tried(
        &with(&[(
            REFUSED,
            "    - message: { type: refused, request: \"{request}\", reason: \"{_}\" }\n",
        )]),
        &[],
    );
    let (lines, told) = (proposed(&ran), words(&ran));
    assert!(lines.contains("\nroom-size: 2 "), "{}", ran.out);
    assert!(!lines.contains("\"\""), "{}", ran.out);
    assert!(!lines.contains("refusals:"), "{}", ran.out);
    assert!(
        told.contains("no `refusals: { full: … }`: the word that refused has no `{reason}`"),
        "{}",
        ran.out
    );
    let ran = tried(&with(&[]), &[]);
    assert!(
        proposed(&ran).contains("\nrefusals: { full: "),
        "{}",
        ran.out
    );
}

#[test]
fn the_one_too_many_who_heard_an_error_is_told_of() {
    let error = "  error:       { message: { type: error, reason: \"{reason}\" } }\n";
    let both = "  error:\n    - { message: { type: error, reason: \"{reason}\" } }\n    - { message: { type: refused, request: \"{_}\", reason: \"{reason}\" } }\n";
    let ran = tried(&with(&[(REFUSED, ""), (error, both)]), &[]);
    let told = words(&ran);
    for part in [
        "the one who came third into the room was neither let in nor refused",
        "it heard error \"room lobby is full\": if that is the refusal, make it `refused`",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{}", ran.out);
    }
}

#[test]
fn a_server_that_takes_capitals_for_small_letters_is_told_of_and_promises_no_names() {
    let silent = with(&[("takes-any-name: true\n", "")]);
    let right = tried(&silent, &[]);
    assert!(
        proposed(&right).contains("\ntakes-any-name: true"),
        "{}",
        right.out
    );
    let ran = tried(&silent, &["--fault", "lowers-rooms"]);
    assert!(!ran.out.contains("takes-any-name: true"), "{}", ran.out);
    let told = words(&ran);
    assert!(
        told.contains("rooms called like `Lobby`, beside `lobby`"),
        "{}",
        ran.out
    );
    // Where it is promised it is not kept.
    let ran = tried(&with(&[]), &["--fault", "lowers-rooms"]);
    let (_, unkept) = ran.out.split_once("not seen so").expect("it is told");
    assert!(unkept.contains("takes-any-name"), "{}", ran.out);
}

#[test]
fn the_heading_says_who_offers() {
    for (who, heading) in [
        ("", "3. Bob joins it, and offers\n"),
        ("offers: insider\n", "3. Bob joins it, and Alice offers\n"),
    ] {
        let own = format!("news-once: true\n{who}");
        let ran = tried(&with(&[("news-once: true\n", &own)]), &[]);
        assert!(ran.out.contains(heading), "{who}: {}", ran.out);
    }
}
