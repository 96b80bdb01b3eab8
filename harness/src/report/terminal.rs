//! The terminal: a line a case, and for a failure all that a stranger needs.

use std::fmt::Write as _;
use std::time::Duration;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::Again;
use crate::mistake::Mistakes;
use crate::scenario::Place;
use crate::stage::{Failure, Verdict};
use crate::suite::Played;

/// `pass  rooms/happy-path  alice=native,bob=native  12 ms`
pub fn case_line(played: &Played) -> String {
    let word = match played.outcome.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "FAIL",
        Verdict::Unsupported(_) => "unsupported",
        Verdict::Inconclusive(_) => "INCONCLUSIVE",
    };
    let mut line = format!(
        "{word:<4}  {}  {}  {}",
        tame(&played.case.scenario.file()),
        played.case.cast,
        duration(played.took / played.runs.max(1))
    );
    if played.runs > 1 {
        let logs = played.logs.len();
        let _ = write!(
            line,
            "  {} runs, {logs} log{}",
            played.runs,
            if logs == 1 { "" } else { "s" }
        );
    }
    match &played.outcome.verdict {
        Verdict::Unsupported(why) | Verdict::Inconclusive(why) => {
            let _ = write!(line, "\n      {}", tame(why).replace('\n', "\n      "));
        }
        Verdict::Pass | Verdict::Fail(_) => {}
    }
    for judged in &played.outcome.laws {
        if let Some(why) = judged
            .excused
            .as_ref()
            .filter(|_| judged.is_excused_in_vain())
        {
            let law = judged.finding.law;
            let _ = write!(
                line,
                "\n      {law} is excused ({}) and was not broken",
                tame(why)
            );
        }
    }
    line
}

fn duration(took: Duration) -> String {
    if took < Duration::from_secs(10) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

/// How a failure, or more than one log, came about, and how to see it again. `None` where there is nothing to explain.
pub fn failure(played: &Played, again: &Again, colour: bool) -> Option<String> {
    let mut text = String::new();
    let case = &played.case;
    if let Verdict::Fail(failure) = &played.outcome.verdict {
        let _ = writeln!(text, "── {} with {}", tame(&case.scenario.name), case.cast);
        text.push_str(&place(played, failure, colour));
        text.push_str(&super::laws::broken(&played.outcome, &failure.breaches));
        if let Some(diff) = &failure.diff {
            let _ = writeln!(text, "\n{}", tame(diff.trim_end()));
        } else if matches!(failure.place, Some(Place::Seen(_))) {
            text.push_str("\nThe log:\n");
            for line in tame(&played.outcome.log.to_string()).lines() {
                let _ = writeln!(text, "  {line}");
            }
        } else {
            text.push_str(&super::last::last(&played.outcome.events, failure.at));
        }
        if !failure.states.is_empty() {
            text.push_str("\nEach peer at that moment:\n");
            for state in &failure.states {
                let _ = writeln!(text, "  {}", tame(state).replace('\n', "\\n"));
            }
        }
        text.push('\n');
    }
    text.push_str(&super::repeats::differ(played));
    if text.is_empty() {
        return None;
    }
    let told = |trace| {
        played.logs.len() > 1
            && played.logs[..2]
                .iter()
                .any(|take| take.trace.as_ref() == Some(trace))
    };
    if let Some(trace) = played.outcome.trace.as_ref().filter(|trace| !told(*trace)) {
        let _ = writeln!(text, "Trace: {}", tame(&trace.display().to_string()));
    }
    let _ = writeln!(text, "Again: {}", again.line(played));
    Some(text)
}

/// The scenario's line, underlined, with what was expected there.
fn place(played: &Played, failure: &Failure, colour: bool) -> String {
    let message = tame(&failure.message);
    let title = match &failure.place {
        Some(Place::Step(step)) => format!("step {step} failed"),
        Some(Place::Never(line)) => format!("`expect: never`, line {line}"),
        Some(Place::Seen(line)) => format!("`expect: seen`, line {line}"),
        Some(Place::Law(law)) => format!("law {law} is broken"),
        None => return format!("{message}\n"),
    };
    let Some(span) = &failure.span else {
        return format!("{title}: {message}\n");
    };
    // A failure is shown as a mistake in the file is, and its source as harmlessly.
    let scenario = &played.case.scenario;
    let mut mistakes = Mistakes::new(scenario.source.clone());
    if let Some(via) = failure.place.as_ref().and_then(|place| scenario.via(place)) {
        mistakes.enter(&via.source, Some(via.used_in(&scenario.source)));
    }
    let shown = mistakes.add(span, title.clone()).expect(message.clone());
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

/// `18 passed, 1 failed, 0 unsupported, 0 inconclusive`
pub fn summary(played: &[Played]) -> String {
    let count = |word| {
        played
            .iter()
            .filter(|played| played.outcome.verdict.word() == word)
            .count()
    };
    let mut line = format!("{} passed, {} failed", count("pass"), count("fail"));
    for word in ["unsupported", "inconclusive"] {
        let number = count(word);
        if number > 0 {
            let _ = write!(line, ", {number} {word}");
        }
    }
    line
}

/// What a server or page said must not drive the terminal, nor a CI runner that reads along: control characters other than line ends are
/// shown, not sent, and no line begins with `::`, which is a command to GitHub's runner, however far it is indented.
pub(super) fn tame(text: &str) -> String {
    let tamed = text.split('\n').map(|line| {
        let shown = crate::mistake::shown(line);
        let indent = shown.len() - shown.trim_start().len();
        if shown[indent..].starts_with("::") {
            format!("{}\\u{{3a}}{}", &shown[..indent], &shown[indent + 1..])
        } else {
            shown
        }
    });
    tamed.collect::<Vec<_>>().join("\n")
}
