//! What was asked, as other programs read it: JSON and JUnit.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::beyond::{Unjudged, beyond_all};
use super::column::Column;
use super::verdict::Says;
use crate::report::Html;

/// The format's version.
const VERSION: u32 = 1;

/// Of one server an object: `{"version", "server", "counts", "cases": [{"number", "title", "verdict", "why", "evidence"}]}`, and with `"unjudged"` where
/// messages came that the dialect ignores, or does not know: how many of each kind. Evidence is there for what does
/// not hold: the scenario, its log, and what passed on the wires. Of several a list of such objects, in the order in which they were asked, each with its `"name"`.
pub fn as_json(columns: &[Column]) -> Json {
    match columns {
        [only] => object(only),
        several => several.iter().map(object).collect(),
    }
}

fn object(column: &Column) -> Json {
    let answers = &column.answers;
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
    let mut object =
        json!({ "version": VERSION, "server": column.server, "counts": counts, "cases": cases });
    let all = beyond_all(answers.iter().map(|answer| &answer.beyond));
    for (why, word, _) in Unjudged::WORDS {
        if let Some(kinds) = all.get(&why) {
            object["unjudged"][word] = json!(kinds);
        }
    }
    if let Some(name) = &column.name {
        object["name"] = name.as_str().into();
    }
    object
}

/// A test suite of JUnit's for each server: what is broken has failed, what is inconclusive is an error, what is unsupported or deviates was skipped.
pub fn as_junit(columns: &[Column]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let several = columns.len() > 1;
    xml.push_str(if several { "<testsuites>\n" } else { "" });
    for column in columns {
        suite(&mut xml, column);
    }
    xml.push_str(if several { "</testsuites>\n" } else { "" });
    xml
}

fn suite(xml: &mut String, column: &Column) {
    let answers = &column.answers;
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
    let _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\">",
        escaped(column.name.as_ref().unwrap_or(&column.server)),
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
