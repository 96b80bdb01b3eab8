//! What was asked, as other programs read it: JSON and JUnit.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::play::Answer;
use super::verdict::Says;
use crate::report::Html;

/// The format's version.
const VERSION: u32 = 1;

/// One object: `{"version", "server", "counts", "cases": [{"number", "title", "verdict", "why", "evidence"}]}`. Evidence is there for what does
/// not hold: the scenario, its log, and what passed on the wires.
pub fn as_json(server: &str, answers: &[Answer]) -> Json {
    let counts: serde_json::Map<String, Json> = Says::WORDS
        .into_iter()
        .map(|word| {
            let of_it = answers.iter().filter(|answer| answer.says.word() == word);
            (word.to_owned(), of_it.count().into())
        })
        .collect();
    let cases: Vec<Json> = answers
        .iter()
        .map(|answer| {
            let shown = !answer.evidence.is_empty();
            json!({
                "number": answer.number.to_string(),
                "title": answer.title,
                "verdict": answer.says.word(),
                "why": answer.says.why(),
                "deviation": answer.deviation,
                "evidence": shown.then(|| json!({
                    "scenario": answer.scenario,
                    "log": answer.log,
                    "messages": answer.evidence,
                })),
            })
        })
        .collect();
    json!({ "version": VERSION, "server": server, "counts": counts, "cases": cases })
}

/// One test suite of JUnit's: what is broken has failed, what is inconclusive is an error, what is unsupported or deviates was skipped.
pub fn as_junit(server: &str, answers: &[Answer]) -> String {
    let of = |word: &str| {
        answers
            .iter()
            .filter(|answer| answer.says.word() == word && answer.deviation.is_none())
            .count()
    };
    let skipped = answers
        .iter()
        .filter(|answer| matches!(answer.says, Says::Unsupported(_)) || answer.deviation.is_some())
        .count();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\">\n",
        escaped(server),
        answers.len(),
        of("broken"),
        of("inconclusive"),
    );
    for answer in answers {
        let _ = write!(
            xml,
            "  <testcase classname=\"section {}\" name=\"{} {}\" time=\"{:.3}\">",
            answer.number.section,
            answer.number,
            escaped(&answer.title),
            answer.took.as_secs_f64()
        );
        let why = escaped(answer.says.why());
        let _ = match (&answer.says, &answer.deviation) {
            (Says::Holds, _) => Ok(()),
            (_, Some(reason)) => {
                write!(xml, "<skipped message=\"deviation: {}\"/>", escaped(reason))
            }
            (Says::Broken(_), None) => {
                write!(
                    xml,
                    "<failure message=\"{why}\">{}</failure>",
                    escaped(&answer.log)
                )
            }
            (Says::Inconclusive(_), None) => write!(xml, "<error message=\"{why}\"/>"),
            (Says::Unsupported(_), None) => write!(xml, "<skipped message=\"{why}\"/>"),
            (Says::Fact(_), None) => write!(xml, "<system-out>fact: {why}</system-out>"),
        };
        xml.push_str("</testcase>\n");
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text as it stands in XML and HTML: the one way in which foreign text is written.
pub(super) fn escaped(text: &str) -> String {
    let mut html = Html::default();
    html.text(text);
    html.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_server_wrote_gets_out_of_its_place() {
        let hostile = "</failure>\"><script>alert(1)</script>&\u{0}\u{1b}[2J\u{202e}";
        let safe = escaped(hostile);
        assert!(
            !safe.contains(['<', '>', '"', '\u{0}', '\u{1b}', '\u{202e}']),
            "{safe}"
        );
        assert!(safe.contains("&lt;script&gt;"), "{safe}");
    }
}
