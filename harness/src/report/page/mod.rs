//! One HTML page of a case: the sequence of messages by lane, what the tap did, states, the failing step and the law's events marked.
//!
//! It needs nothing else, loads nothing, and runs no script; a policy in its head says so to the browser. All text of others goes through
//! [`Html`](html::Html), which has no other way in.

mod html;
mod lanes;
mod sequence;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::{Told, again, log};
use crate::record::{Failure, Inconclusive, LawFound, Role, Spot, Story, Unsupported, Verdict};
use crate::scenario::Place;
pub(crate) use html::Html;
use lanes::Lanes;

const STYLE: &str = include_str!("style.css");

/// The page of a case.
pub fn page(story: &Story) -> String {
    let lanes = Lanes::of(story);
    let style = format!("{STYLE}{}", lanes.style());
    let mut html = Html::default();
    html.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-")
        .text(&base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes())))
        .raw("'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
        .text(&story.name)
        .raw(": ")
        .text(story.verdict.word())
        .raw("</title>\n<style>")
        .raw(STYLE);
    lanes.write_style(&mut html);
    html.raw("</style></head>\n<body>\n");
    head(&mut html, story);
    verdict(&mut html, story);
    laws(&mut html, &story.laws);
    html.raw("<h2>What happened</h2>\n");
    sequence::write(&mut html, story, &lanes);
    html.raw("<h2>The log</h2>\n<details><summary>the causal order, without times</summary><pre>")
        .text(log(story).to_string().trim_end())
        .raw("</pre></details>\n");
    sources(&mut html, story);
    html.raw("<footer>Written by glare ")
        .text(env!("CARGO_PKG_VERSION"))
        .raw(" from the record of the run.</footer>\n</body></html>\n");
    html.finish()
}

fn head(html: &mut Html, story: &Story) {
    html.raw("<h1>")
        .text(&story.name)
        .raw(" <span class=\"badge ")
        .raw(story.verdict.word())
        .raw("\">")
        .raw(story.verdict.word())
        .raw("</span></h1>\n<dl class=\"facts\">");
    let mut fact = |name: &'static str, text: &str| {
        html.element("<dt>", name, "</dt>")
            .element("<dd>", text, "</dd>");
    };
    fact("scenario", &story.file());
    fact("cast", &story.cast.to_string());
    fact("server", &story.server);
    fact("dialect", &story.facts.dialect);
    fact("took", &format!("{} ms", story.took.as_millis()));
    if let Some(seed) = story.shake {
        fact("seed", &seed.to_string());
    }
    if let Some(path) = &story.facts.record {
        fact("record", path);
    }
    fact("again", &again::line(&Told::from(story.clone())));
    html.raw("</dl>\n");
}

fn verdict(html: &mut Html, story: &Story) {
    match &story.verdict {
        Verdict::Fail(failure) => failed(html, story, failure),
        Verdict::Unsupported(Unsupported { why, .. }) => {
            html.raw("<div class=\"card unsupported\"><p><strong>Not played</strong></p><p>")
                .text(why)
                .raw("</p></div>\n");
        }
        Verdict::Inconclusive(Inconclusive { why, .. }) => {
            html.raw("<div class=\"card inconclusive\"><p><strong>It says nothing</strong></p><p>")
                .text(why)
                .raw("</p></div>\n");
        }
        Verdict::New { snapshot } => {
            html.raw("<div class=\"card new\"><p><strong>New</strong></p><p>There is no snapshot ")
                .text(snapshot)
                .raw(" yet.</p></div>\n");
        }
        Verdict::Pass | Verdict::Flaky { .. } => {}
    }
}

fn failed(html: &mut Html, story: &Story, failure: &Failure) {
    html.raw("<div class=\"card fail\"><p><strong>");
    match &failure.place {
        Some(Place::Step(step)) => {
            html.raw("<a href=\"#failed\">step ")
                .number(*step as u64)
                .raw(" failed</a>");
        }
        Some(Place::Never(line)) => {
            html.raw("<code>expect: never</code>, line ")
                .number(*line as u64);
        }
        Some(Place::Seen(line)) => {
            html.raw("<code>expect: seen</code>, line ")
                .number(*line as u64);
        }
        Some(Place::Order(line)) => {
            html.raw("<code>expect: order</code>, line ")
                .number(*line as u64);
        }
        Some(Place::Count(line)) => {
            html.raw("<code>expect: count</code>, line ")
                .number(*line as u64);
        }
        Some(Place::Law(law)) => {
            html.raw("<a href=\"#failed\">law ")
                .number(*law as u64)
                .raw(" is broken</a>");
        }
        None => {
            html.raw("it failed");
        }
    }
    html.raw("</strong></p><p>")
        .text(&failure.message)
        .raw("</p>\n");
    if let Some(spot) = &failure.span {
        excerpt(html, story, spot);
    }
    if !failure.breaches.is_empty() {
        html.raw("<ul>");
        for broken in &failure.breaches {
            html.raw("<li>law ")
                .number(broken.law.into())
                .raw(", <a href=\"#e")
                .number(broken.event)
                .raw("\">event ")
                .number(broken.event)
                .raw("</a>: ")
                .text(&broken.message)
                .raw("</li>");
        }
        html.raw("</ul>\n");
    }
    if let Some(heading) = crate::report::terminal::instead(failure) {
        html.raw("<p>").text(heading).raw(":</p>");
        html.element("<pre>", &failure.instead.join("\n"), "</pre>");
    }
    if !failure.counts.is_empty() {
        html.raw("<p>")
            .text(crate::report::terminal::COUNTED)
            .raw(":</p>");
        html.element("<pre>", &failure.counts.join("\n"), "</pre>");
    }
    if !failure.states.is_empty() {
        html.raw("<p>Each peer at that moment:</p><ul>");
        for state in &failure.states {
            html.element("<li>", state, "</li>");
        }
        html.raw("</ul>\n");
    }
    let unread = crate::report::unread::unread(story, failure.at);
    if let Some((heading, lines)) = unread.trim().split_once('\n') {
        html.raw("<p>").text(heading).raw("</p>");
        html.element("<pre>", lines, "</pre>");
    }
    if let Some(diff) = &failure.diff {
        html.element("<pre>", diff.trim_end(), "</pre>");
    }
    html.raw("</div>\n");
}

/// The place in its file, with two lines around it.
fn excerpt(html: &mut Html, story: &Story, spot: &Spot) {
    let Some(source) = story.source(&spot.file) else {
        return;
    };
    html.raw("<p><code>")
        .text(&spot.file)
        .raw(":")
        .number(spot.line.into())
        .raw("</code>");
    if let Some(used) = &spot.used {
        html.raw(", used at <code>").text(used).raw("</code>");
    }
    html.raw("</p>");
    let line = spot.line as usize;
    lines(
        html,
        &source.text,
        line.saturating_sub(2)..line + 3,
        Some(line),
    );
}

/// Some lines of a text with their numbers.
fn lines(html: &mut Html, text: &str, which: std::ops::Range<usize>, here: Option<usize>) {
    html.raw("<pre>");
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if !which.contains(&number) {
            continue;
        }
        let is_here = here == Some(number);
        if is_here {
            html.raw("<span class=\"here\">");
        }
        html.raw("<span class=\"no\">")
            .text(&format!("{number:>3}  "))
            .raw("</span>")
            .text(line);
        // The mark is a block of its own.
        html.raw(if is_here { "</span>" } else { "\n" });
    }
    html.raw("</pre>\n");
}

fn laws(html: &mut Html, laws: &[LawFound]) {
    if laws.is_empty() {
        html.raw("<p>No law was asked.</p>\n");
        return;
    }
    let mut laws: Vec<&LawFound> = laws.iter().collect();
    laws.sort_by_key(|found| found.law);
    html.raw("<details");
    if laws.iter().any(|found| !found.breaches.is_empty()) {
        html.raw(" open");
    }
    html.raw("><summary>Laws: ")
        .number(laws.len() as u64)
        .raw(" asked</summary><table>");
    for found in laws {
        html.raw("<tr><td>")
            .number(found.law.into())
            .raw("</td><td>")
            .text(&found.statement);
        if let Some(why) = &found.excused {
            html.raw(" (excused: ").text(why).raw(")");
        }
        let times = found.premises as u64;
        match (found.breaches.len(), found.premises) {
            (0, 0) => html.raw("</td><td class=\"vacuous\">vacuous"),
            (0, _) => html
                .raw("</td><td class=\"held\">held ")
                .number(times)
                .raw("×"),
            (broken, _) => (html.raw("</td><td class=\"broken\">broken "))
                .number(broken as u64)
                .raw("× in ")
                .number(times),
        };
        html.raw("</td></tr>");
    }
    html.raw("</table></details>\n");
}

fn sources(html: &mut Html, story: &Story) {
    let here = match &story.verdict {
        Verdict::Fail(failure) => failure.span.as_ref(),
        _ => None,
    };
    html.raw("<h2>The files</h2>\n");
    for (role, source) in &story.sources {
        let path = source.path.display().to_string();
        html.raw("<details><summary>");
        html.raw(match role {
            Role::Scenario => "scenario ",
            Role::Sequences => "sequences ",
            Role::Dialect => "dialect ",
        });
        html.text(&path).raw("</summary>");
        let line = here
            .filter(|spot| spot.file == path)
            .map(|spot| spot.line as usize);
        lines(html, &source.text, 1..usize::MAX, line);
        html.raw("</details>\n");
    }
}
