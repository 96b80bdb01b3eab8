//! What is relayed may be answered, with yes or no: how a dialect says so, and which message an answer is to.

use std::path::Path;
use std::sync::Arc;

use glare::signaling::{Candidate, Conversation, Dialect, Kind, Notice, Signal, Terms, Word};

fn read(hear: &str) -> Result<Dialect, String> {
    let text = format!(
        r#"dialect: d
connect:
  path: /
say:
  join:  {{ message: {{ join: "{{room}}" }} }}
  offer:     {{ message: {{ to: "{{peer}}", offer: "{{sdp}}" }} }}
  answer:    {{ message: {{ to: "{{peer}}", answer: "{{sdp}}" }} }}
  candidate: {{ message: {{ to: "{{peer}}", candidate: "{{candidate}}" }} }}
hear:
  joined: {{ message: {{ with: "{{with}}" }} }}
{hear}
  offer:     {{ message: {{ from: "{{peer}}", offer: "{{sdp}}" }} }}
  answer:    {{ message: {{ from: "{{peer}}", answer: "{{sdp}}" }} }}
  candidate: {{ message: {{ from: "{{peer}}", candidate: "{{candidate}}" }} }}
"#
    );
    Dialect::read(Path::new("d.yaml"), &text).map_err(|mistakes| mistakes.render(false))
}

fn dialect(hear: &str) -> Arc<Dialect> {
    Arc::new(read(hear).unwrap_or_else(|why| panic!("{why}")))
}

const ALIKE: &str = r"
  granted:
    - { message: { taken: true }, of: offer }
    - { message: { taken: true }, of: candidate }
  refused:
    - { message: { taken: false }, of: offer }
    - { message: { taken: false }, of: candidate }";

const TOLD_APART: &str = r"
  granted:
    - { message: { taken: offer }, of: offer }
    - { message: { taken: candidate }, of: candidate }";

fn to_bob(signal: Signal) -> Word {
    Word::Signal {
        peer: Some("bob".into()),
        signal,
    }
}

fn says(line: &mut Conversation, kinds: &[Kind]) {
    for kind in kinds {
        let signal = match kind {
            Kind::Offer => Signal::Offer { sdp: "v=0".into() },
            Kind::Answer => Signal::Answer { sdp: "v=0".into() },
            _ => Signal::Candidate {
                candidate: Candidate::default(),
            },
        };
        line.say(&to_bob(signal)).expect("it can be said");
    }
}

/// What it hears: yes to a kind, or no.
fn hears(line: &mut Conversation, text: &str) -> Vec<(bool, Option<Kind>)> {
    let words = line.hear_text(text).words.into_iter();
    let answers = words.map(|word| match word {
        Word::Notice {
            notice: Notice::Granted { request },
        } => (true, Some(request)),
        Word::Notice {
            notice: Notice::Refused { request, .. },
        } => (false, request),
        other => panic!("{other:?}"),
    });
    answers.collect()
}

#[test]
fn answers_that_are_alike_are_to_what_was_said_first() {
    let (yes, no) = (r#"{"taken":true}"#, r#"{"taken":false}"#);
    let mut line = Conversation::new(dialect(ALIKE), "alice");
    // Nobody says that answers are answered.
    let said = [Kind::Candidate, Kind::Answer, Kind::Offer, Kind::Offer];
    says(&mut line, &said);
    assert_eq!(hears(&mut line, yes), [(true, Some(Kind::Candidate))]);
    assert_eq!(hears(&mut line, no), [(false, Some(Kind::Offer))]);
    says(&mut line, &[Kind::Candidate]);
    assert_eq!(hears(&mut line, yes), [(true, Some(Kind::Offer))]);
    assert_eq!(hears(&mut line, yes), [(true, Some(Kind::Candidate))]);
    // One too many is of the first that fits.
    assert_eq!(hears(&mut line, yes), [(true, Some(Kind::Offer))]);
}

#[test]
fn answers_that_say_their_kind_are_of_that() {
    let mut line = Conversation::new(dialect(TOLD_APART), "alice");
    says(&mut line, &[Kind::Offer, Kind::Candidate]);
    let candidate = r#"{"taken":"candidate"}"#;
    assert_eq!(hears(&mut line, candidate), [(true, Some(Kind::Candidate))]);
    let offer = r#"{"taken":"offer"}"#;
    assert_eq!(hears(&mut line, offer), [(true, Some(Kind::Offer))]);
}

#[test]
fn what_is_granted_is_owed_and_what_is_only_refused_is_not() {
    let both = [Kind::Offer, Kind::Candidate];
    let refused = "  refused: { message: { taken: false }, of: offer }";
    for (hear, owed, alike) in [
        (ALIKE, &both[..], &both[..]),
        (TOLD_APART, &both[..], &[][..]),
        (refused, &[][..], &[][..]),
    ] {
        let terms = Terms::of(&dialect(hear));
        assert!(terms.answers_relays.iter().eq(owed), "{hear}");
        assert!(terms.answers_relays_alike.iter().eq(alike), "{hear}");
    }
}

#[test]
fn only_a_plain_yes_or_no_is_to_what_is_relayed() {
    for (hear, told) in [
        (
            "  left: { message: { yes: true }, of: offer }",
            "`offer` is not known here",
        ),
        (
            "  granted: { message: { yes: true }, of: peer-joined }",
            "`peer-joined` is not known here",
        ),
        (
            "  granted: { message: { yes: true } }",
            "nothing here says what is granted",
        ),
    ] {
        let why = read(hear).expect_err("a mistake");
        assert!(why.contains(told), "{told} in {why}");
    }
}
