//! One page for a person: servers × cases, each cell opens what shows it. No script, nothing from elsewhere.

use std::fmt::Write as _;

use super::case::Section;
use super::play::Answer;
use super::told::escaped;
use super::verdict::Says;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;text-align:left;vertical-align:top}\
td.n{white-space:nowrap;font-variant-numeric:tabular-nums}details>summary{cursor:pointer}pre{overflow:auto;font-size:12px;background:#8881;padding:.5rem;max-height:24rem}\
.holds{color:#18794e}.broken{color:#cd2b31;font-weight:600}.fact{color:#0b68cb}.unsupported{color:#888}.inconclusive{color:#ad5700}\
h2{margin-top:2rem}.sum{font-variant-numeric:tabular-nums}";

/// What one server was asked, with its name.
pub struct Column<'a> {
    /// The server.
    pub server: String,
    /// What it was found to be.
    pub answers: &'a [Answer],
}

/// The page. Cells are in the order of the sections; servers side by side.
pub fn matrix(sections: &[Section], columns: &[Column<'_>]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
<title>glare validate</title><style>{STYLE}</style></head><body>\n<h1>What it can be trusted with</h1>\n<table><thead><tr><th>server</th>"
    );
    for word in Says::WORDS {
        let _ = write!(page, "<th>{word}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for column in columns {
        let _ = write!(page, "<tr><th>{}</th>", escaped(&column.server));
        for word in Says::WORDS {
            let of_it = column
                .answers
                .iter()
                .filter(|answer| answer.says.word() == word);
            let _ = write!(page, "<td class=\"sum {word}\">{}</td>", of_it.count());
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
    for section in sections {
        let _ = write!(
            page,
            "<h2>{}. {}</h2>\n<p>Asked is {}.</p>\n<table><thead><tr><th></th><th></th>",
            section.number,
            escaped(section.name),
            escaped(section.asks)
        );
        for column in columns {
            let _ = write!(page, "<th>{}</th>", escaped(&column.server));
        }
        page.push_str("</tr></thead><tbody>\n");
        for case in &section.cases {
            let _ = write!(
                page,
                "<tr id=\"c{0}\"><td class=\"n\">{0}</td><td title=\"{2} ({3})\">{1}</td>",
                case.number,
                escaped(&case.title),
                escaped(&case.why),
                escaped(&case.source.to_string()),
            );
            for column in columns {
                page.push_str("<td>");
                match column
                    .answers
                    .iter()
                    .find(|answer| answer.number == case.number)
                {
                    Some(answer) => cell(&mut page, answer),
                    None => page.push_str("not played"),
                }
                page.push_str("</td>");
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody></table>\n");
    }
    page.push_str("</body></html>\n");
    page
}

fn cell(page: &mut String, answer: &Answer) {
    let word = answer.says.word();
    let deviates = match &answer.deviation {
        Some(reason) => format!(" (deviation: {})", escaped(reason)),
        None => String::new(),
    };
    if answer.says == Says::Holds {
        let _ = write!(page, "<span class=\"{word}\">{word}</span>{deviates}");
        return;
    }
    let _ = write!(
        page,
        "<details><summary class=\"{word}\">{word}{deviates}</summary><p>{}</p>",
        escaped(answer.says.why())
    );
    if !answer.evidence.is_empty() {
        let _ = write!(
            page,
            "<pre>{}</pre><p>As a scenario:</p><pre>{}</pre>",
            escaped(&answer.evidence.join("\n")),
            escaped(&answer.scenario)
        );
    }
    page.push_str("</details>");
}
