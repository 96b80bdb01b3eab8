//! One page for a person: servers × cases, each cell opens what shows it. No script, nothing from elsewhere: a cell is a link to a row below its
//! own, which the page hides until it is asked for, so that it can be linked to from elsewhere as well.

use std::fmt::Write as _;

use super::case::{Case, Section};
use super::column::Column;
use super::play::Answer;
use super::told::escaped;
use super::verdict::Says;

const STYLE: &str = include_str!("matrix.css");

/// The page. Cells are in the order of the sections; servers side by side.
pub fn matrix(sections: &[Section], columns: &[Column]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
<title>{}: glare validate</title>\n<style>{STYLE}</style></head><body>\n<h1>What {} can be trusted with</h1>\n",
        escaped(&named(columns)),
        match columns {
            [_] => "this server",
            _ => "these servers",
        }
    );
    overview(&mut page, sections, columns);
    page.push_str(
        "<details class=\"words\"><summary>What the words mean</summary><p><b class=\"broken\">broken</b>: it was promised, by every server, by the dialect or by RFC 6455, and is not so; seen on two \
fresh processes. <b class=\"fact\">fact</b>: nobody promised it, so it accuses nobody: what was seen. <b class=\"unsupported\">unsupported</b>: the dialect does not have what the case needs. \
<b class=\"inconclusive\">inconclusive</b>: nothing is known. Each word that is a link opens what shows it.</p></details>\n<p><label><input type=\"checkbox\" id=\"only\"> Only what does not hold somewhere</label></p>\n",
    );
    for section in sections {
        part(&mut page, section, columns);
    }
    let _ = write!(
        page,
        "<footer>Made by glare validate {}.</footer>\n</body></html>\n",
        env!("CARGO_PKG_VERSION")
    );
    page
}

fn named(columns: &[Column]) -> String {
    columns.iter().map(head).collect::<Vec<&str>>().join(", ")
}

/// What stands over a column.
fn head(column: &Column) -> &str {
    column.name.as_deref().unwrap_or(&column.server)
}

/// A head for each server.
fn heads(page: &mut String, columns: &[Column]) {
    for column in columns {
        let _ = write!(
            page,
            "<th scope=\"col\" class=\"at\">{}</th>",
            escaped(head(column))
        );
    }
    page.push_str("</tr></thead><tbody>\n");
}

/// How many cases hold, by section and server, with how many are broken; and all counts of each server.
fn overview(page: &mut String, sections: &[Section], columns: &[Column]) {
    page.push_str("<div class=\"wide\"><table class=\"sums\"><thead><tr><td></td>");
    heads(page, columns);
    for section in sections {
        let _ = write!(
            page,
            "<tr><th scope=\"row\"><a href=\"#s{0}\">{0}. {1}</a></th>",
            section.number,
            escaped(section.name)
        );
        for column in columns {
            let here = || {
                let answers = column.answers.iter();
                answers.filter(|answer| answer.number.section == section.number)
            };
            let _ = write!(page, "<td>{}</td>", sums(here));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("<tr class=\"all\"><th scope=\"row\">all</th>");
    for column in columns {
        let _ = write!(page, "<td>{}", sums(|| column.answers.iter()));
        if column.name.is_some() {
            let _ = write!(page, "<code>{}</code>", escaped(&column.server));
        }
        page.push_str("</td>");
    }
    page.push_str("</tr></tbody></table></div>\n");
}

/// `12 hold, 1 broken`: what there is of each word.
fn sums<'a, I: Iterator<Item = &'a Answer>>(answers: impl Fn() -> I) -> String {
    let mut sums = Vec::new();
    for word in Says::WORDS {
        let of_it = answers().filter(|answer| answer.says.word() == word);
        let shown = match (word, of_it.count()) {
            (_, 0) => continue,
            ("holds", 1) => "1 holds".to_owned(),
            ("holds", number) => format!("{number} hold"),
            (_, number) => format!("{number} {word}"),
        };
        sums.push(format!("<span class=\"{word}\">{shown}</span>"));
    }
    match sums.is_empty() {
        true => "not played".to_owned(),
        false => sums.join("<i class=\"and\">, </i>"),
    }
}

/// A section: a row for each case, and hidden rows for what shows it.
fn part(page: &mut String, section: &Section, columns: &[Column]) {
    let _ = write!(
        page,
        "<h2 id=\"s{0}\">{0}. {1}</h2>\n<p>Asked is {2}.</p>\n<div class=\"wide\"><table><thead><tr><td></td>",
        section.number,
        escaped(section.name),
        escaped(section.asks)
    );
    heads(page, columns);
    for case in &section.cases {
        let answers: Vec<Option<&Answer>> =
            columns.iter().map(|column| answer(column, case)).collect();
        let holds = |answer: &Option<&Answer>| matches!(answer, Some(it) if it.says == Says::Holds);
        let class = match answers.iter().all(holds) {
            true => " class=\"good\"",
            false => "",
        };
        let _ = write!(
            page,
            "<tr id=\"c{0}\"{class}><td><div class=\"what\"><span class=\"n\">{0}</span><details><summary>{1}</summary><p>{2} Promised by: {3}.</p></details></div></td>",
            case.number,
            escaped(&case.title),
            escaped(&case.why),
            escaped(&case.source.to_string()),
        );
        for (at, answer) in answers.iter().enumerate() {
            match answer {
                Some(answer) => cell(page, answer, at),
                None => page.push_str("<td>not played</td>"),
            }
        }
        page.push_str("</tr>\n");
        for ((at, answer), column) in answers.iter().enumerate().zip(columns) {
            if let Some(answer) = answer.filter(|answer| opens(answer)) {
                shown(page, answer, at, column, columns.len());
            }
        }
    }
    page.push_str("</tbody></table></div>\n");
}

fn answer<'a>(column: &'a Column, case: &Case) -> Option<&'a Answer> {
    let mut answers = column.answers.iter();
    answers.find(|answer| answer.number == case.number)
}

/// Whether there is more to say than the word.
fn opens(answer: &Answer) -> bool {
    answer.says != Says::Holds
}

fn cell(page: &mut String, answer: &Answer, at: usize) {
    let word = answer.says.word();
    let deviates = match answer.deviation {
        Some(_) => " (known)",
        None => "",
    };
    let _ = match opens(answer) {
        true => write!(
            page,
            "<td><a class=\"{word}\" href=\"#e{}-{at}\">{word}{deviates}</a></td>",
            answer.number
        ),
        false => write!(page, "<td class=\"{word}\">{word}</td>"),
    };
}

/// The row that a cell opens.
fn shown(page: &mut String, answer: &Answer, at: usize, column: &Column, columns: usize) {
    let number = answer.number;
    let _ = write!(
        page,
        "<tr class=\"shown\" id=\"e{number}-{at}\"><td colspan=\"{}\"><p><b>{}</b>, {number}: <b class=\"{}\">{}</b>. <a href=\"#c{number}\">Close</a></p><p>{}</p>",
        columns + 1,
        escaped(head(column)),
        answer.says.word(),
        answer.says.word(),
        escaped(answer.says.why())
    );
    if let Some(reason) = &answer.deviation {
        let _ = write!(page, "<p>Known to deviate: {}</p>", escaped(reason));
    }
    if !answer.evidence.is_empty() {
        let _ = write!(
            page,
            "<p>What passed, and what the server did:</p><pre tabindex=\"0\">{}</pre><p>As a scenario:</p><pre tabindex=\"0\">{}</pre>",
            escaped(&answer.evidence.join("\n")),
            escaped(&answer.scenario)
        );
    }
    page.push_str("</td></tr>\n");
}
