//! The terminal: a line a case, and for a failure all that a stranger needs.

use std::fmt::Write as _;
use std::time::Duration;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::text::tame;
use super::{Told, again};
use crate::mistake::Mistakes;
use crate::record::{Failure, Inconclusive, Unsupported, Verdict};
use crate::scenario::Place;
use crate::source::Span;

/// `pass  rooms/happy-path  alice=native,bob=native  12 ms`
pub fn case_line(told: &Told) -> String {
    let word = match told.story.verdict {
        Verdict::Pass => "pass",
        Verdict::New { .. } => "new",
        Verdict::Flaky { .. } => "flaky",
        Verdict::Fail(_) => "FAIL",
        Verdict::Unsupported(_) => "unsupported",
        Verdict::Inconclusive(_) => "INCONCLUSIVE",
    };
    let mut line = format!(
        "{word:<4}  {}  {}  {}",
        tame(&told.story.file()),
        tame(&told.story.cast.to_string()),
        duration(told.took / told.runs.max(1))
    );
    if told.runs > 1 {
        let logs = told.logs.len();
        let outcomes = told.outcomes();
        let _ = write!(
            line,
            "  {} runs, {logs} log{}",
            told.runs,
            match (outcomes.len() > 1, told.differing().is_empty()) {
                (true, true) => "s, one for each outcome",
                _ if logs == 1 => "",
                _ => "s",
            }
        );
        for (outcome, runs) in outcomes {
            let _ = write!(line, "\n      {}: {}", times(runs), tame(outcome));
        }
        for (name, peers) in told.bound() {
            let peers = peers
                .into_iter()
                .map(|(peer, runs)| format!("{peer} {}", times(runs)));
            let peers = peers.collect::<Vec<_>>().join(", ");
            let _ = write!(line, "\n      {}: {}", tame(name.as_str()), tame(&peers));
        }
    }
    match &told.story.verdict {
        Verdict::Unsupported(Unsupported { why, .. })
        | Verdict::Inconclusive(Inconclusive { why, .. }) => {
            let _ = write!(line, "\n      {}", tame(why).replace('\n', "\n      "));
        }
        Verdict::New { snapshot } => {
            let _ = write!(
                line,
                "\n      there is no snapshot {} yet; `--accept` writes it",
                tame(snapshot).replace('\n', " ")
            );
        }
        Verdict::Flaky { failed } => {
            let _ = write!(line, "\n      it failed {failed} times before");
        }
        Verdict::Pass | Verdict::Fail(_) => {}
    }
    for found in &told.story.laws {
        if let Some(why) = found.excused.as_ref().filter(|_| found.breaches.is_empty()) {
            let _ = write!(
                line,
                "\n      law {} is excused ({}) and was not broken",
                found.law,
                tame(why)
            );
        }
    }
    line
}

fn times(runs: u32) -> String {
    match runs {
        1 => "once".to_owned(),
        runs => format!("{runs} times"),
    }
}

fn duration(took: Duration) -> String {
    if took < Duration::from_secs(10) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

/// How a failure, or more than one log, came about, and how to see it again. `None` where there is nothing to explain.
pub fn failure(told: &Told, colour: bool) -> Option<String> {
    let mut text = String::new();
    let story = &told.story;
    if let Verdict::Fail(failure) = &told.story.verdict {
        let _ = writeln!(
            text,
            "── {} with {}",
            tame(&story.name),
            tame(&story.cast.to_string())
        );
        text.push_str(&place(told, failure, colour));
        text.push_str(&super::laws::broken(story, &failure.breaches));
        if let Some(diff) = &failure.diff {
            let _ = writeln!(text, "\n{}", tame(diff.trim_end()));
        } else if matches!(failure.place, Some(Place::Seen(_))) {
            text.push_str("\nThe log:\n");
            for line in tame(&super::log(story).to_string()).lines() {
                let _ = writeln!(text, "  {line}");
            }
        } else if let Some(heading) = instead(failure) {
            let _ = writeln!(text, "\n{heading}:");
            for line in &failure.instead {
                let _ = writeln!(text, "  {}", tame(line).replace('\n', "\\n"));
            }
        } else {
            text.push_str(&super::last::last(&story.events, failure.at));
        }
        text.push_str(&super::unread::unread(story, failure.at));
        if !failure.counts.is_empty() {
            let _ = writeln!(text, "\n{COUNTED}:");
            for line in &failure.counts {
                let _ = writeln!(text, "  {}", tame(line).replace('\n', "\\n"));
            }
        }
        if !failure.states.is_empty() {
            text.push_str("\nEach peer at that moment:\n");
            for state in &failure.states {
                let _ = writeln!(text, "  {}", tame(state).replace('\n', "\\n"));
            }
        }
        text.push('\n');
    }
    text.push_str(&super::repeats::differ(told));
    if text.is_empty() {
        return None;
    }
    let shown = |trace: &String| {
        let is = |path: &std::path::PathBuf| path.display().to_string() == *trace;
        let differing = told.differing();
        differing.len() > 1
            && differing[..2]
                .iter()
                .any(|take| take.trace.as_ref().is_some_and(is))
    };
    if let Some(trace) = story.facts.record.as_ref().filter(|trace| !shown(trace)) {
        let _ = writeln!(text, "Trace: {}", tame(trace));
    }
    let _ = writeln!(text, "Again: {}", again::line(told));
    Some(text)
}

/// What the lines are that say how often was there what a scenario counts.
pub(super) const COUNTED: &str = "What `expect: count` counts, by that moment";

/// What the lines are that were there in the place of those that a scenario expects, if there are any.
pub(super) fn instead(failure: &Failure) -> Option<&'static str> {
    match failure.place {
        _ if failure.instead.is_empty() => None,
        Some(Place::Order(_)) => Some("What passed on this line, as the tap saw it"),
        _ => Some("What was there, by the trace"),
    }
}

/// The scenario's line, underlined, with what was expected there.
fn place(told: &Told, failure: &Failure, colour: bool) -> String {
    let message = tame(&failure.message);
    let title = match &failure.place {
        Some(Place::Step(step)) => format!("step {step} failed"),
        Some(Place::Never(line)) => format!("`expect: never`, line {line}"),
        Some(Place::Seen(line)) => format!("`expect: seen`, line {line}"),
        Some(Place::Order(line)) => format!("`expect: order`, line {line}"),
        Some(Place::Count(line)) => format!("`expect: count`, line {line}"),
        Some(Place::Law(law)) => format!("law {law} is broken"),
        None => return format!("{message}\n"),
    };
    let Some(span) = &failure.span else {
        return format!("{title}: {message}\n");
    };
    // A failure is shown as a mistake in the file is, and its source as harmlessly.
    let Some(source) = told.story.source(&span.file) else {
        return format!("{title}, line {}: {message}\n", span.line);
    };
    let mut mistakes = Mistakes::new(source.clone());
    mistakes.enter(source, span.used.clone());
    let place = Span {
        bytes: span.start..span.end,
        line: span.line,
    };
    let shown = mistakes.add(&place, title.clone()).expect(message.clone());
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(110)
        .with_context_lines(1)
        .without_syntax_highlighting();
    if handler.render_report(&mut text, shown).is_err() {
        return format!("{title}, line {}: {message}\n", span.line);
    }
    text
}

/// Whether nothing was played, since the server has not what any of it needs.
pub fn is_all_unsupported(told: &[Told]) -> bool {
    let played = |told: &Told| !matches!(told.story.verdict, Verdict::Unsupported(_));
    !told.is_empty() && !told.iter().any(played)
}

/// `18 passed, 1 failed, 2 new, 1 unsupported`
pub fn summary(all: &[Told]) -> String {
    let count = |word| {
        let is = |told: &&Told| told.story.verdict.word() == word;
        all.iter().filter(is).count()
    };
    let mut line = format!("{} passed, {} failed", count("pass"), count("fail"));
    for word in ["new", "flaky", "unsupported", "inconclusive"] {
        let number = count(word);
        if number > 0 {
            let _ = write!(line, ", {number} {word}");
        }
    }
    line
}
