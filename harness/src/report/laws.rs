//! What a run says of the laws.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::tame;
use super::{Asked, Told};
use crate::laws::Law;
use crate::log::Watch;
use crate::record::{Broken, Seq, Story, What};
use crate::terms::ServerLife;

/// So many breaches are shown; one cause often has many.
const SHOWN: usize = 5;

/// So many characters of what the server got last, and of each of its last lines.
const WIDTH: usize = 160;

/// `laws: 1 held 12 times, 3 broken 2 times in 40, 6 vacuous`; `None` where no case got so far that a law was asked.
pub fn laws(told: &[Told]) -> Option<String> {
    let mut sums: BTreeMap<u8, Asked> = BTreeMap::new();
    for (law, asked) in told.iter().flat_map(|told| &told.laws) {
        let sum = sums.entry(*law).or_default();
        sum.premises += asked.premises;
        sum.broken += asked.broken;
        sum.excused += asked.excused;
    }
    let one = |(law, asked): (&u8, &Asked)| {
        let premises = asked.premises;
        match (asked.broken, asked.excused) {
            (0, 0) if premises == 0 => format!("{law} vacuous"),
            (0, 0) => format!("{law} held {}", times(premises)),
            (0, excused) => {
                format!(
                    "{law} broken with an excuse {} in {premises}",
                    times(excused)
                )
            }
            (broken, _) => format!("{law} broken {} in {premises}", times(broken)),
        }
    };
    let parts: Vec<String> = sums.iter().map(one).collect();
    (!parts.is_empty()).then(|| format!("laws: {}", parts.join(", ")))
}

fn times(number: usize) -> String {
    match number {
        1 => "once".into(),
        number => format!("{number} times"),
    }
}

/// The broken laws of a run: each with its statement, how often it was put to the test, and the events concerned.
pub(super) fn broken(story: &Story, breaches: &[Broken]) -> String {
    let mut text = String::new();
    let mut last = None;
    for breach in breaches.iter().take(SHOWN) {
        if last != Some(breach.law) {
            let law = breach.law;
            let found = story.laws.iter().find(|found| found.law == law);
            let (statement, premises) =
                found.map_or(("", 0), |found| (found.statement.as_str(), found.premises));
            let _ = writeln!(
                text,
                "\nlaw {law} ({}) was put to the test {} and is broken:",
                tame(statement),
                times(premises)
            );
            last = Some(law);
        }
        let _ = writeln!(text, "  {}", tame(&breach.message));
        for (seq, line) in concerned(story, breach) {
            let mark = if seq == breach.event { ">" } else { " " };
            let _ = writeln!(
                text,
                "  {mark} {seq:>5}  {}",
                tame(&line).replace('\n', " ")
            );
        }
    }
    if let Some(more) = breaches.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "  … and {more} more");
    }
    text
}

/// So much of a text that it is known by.
fn short(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The events that a breach is made of, in their order, as the log writes them.
fn concerned(story: &Story, breach: &Broken) -> Vec<(Seq, String)> {
    let mut wanted = breach.because.clone();
    wanted.push(breach.event);
    wanted.sort_unstable();
    wanted.dedup();
    let Some(last) = wanted.last().copied() else {
        return Vec::new();
    };
    // Names are learnt from what came before.
    let mut watch = Watch::new::<&str>(&[], &crate::signaling::Terms::default());
    let mut lines = Vec::new();
    for event in story.events.iter().take_while(|event| event.seq <= last) {
        let forms = watch.lines(event);
        if !wanted.contains(&event.seq) {
            continue;
        }
        let line = match &event.what {
            What::Server {
                life: ServerLife::Line { text },
            } => Some(format!("server's output: {}", short(text))),
            What::Server {
                life: ServerLife::Exited { status },
            } => Some(format!("server: ended by itself ({status})")),
            _ => None,
        };
        let line = line.or(forms.into_iter().next());
        let line = line.or_else(|| match &event.what {
            What::Step { index, text, .. } => Some(format!("step {index}: {text}")),
            What::LinkUp { link } => Some(format!("{link}: signaling up")),
            What::Fenced { link } => Some(format!("{link}: all that was queued for it is here")),
            What::LinkEnded { link } => Some(format!("{link}: a step ends its signaling")),
            _ => None,
        });
        // What the dialect does not know is shown by its text already.
        let text = match &event.what {
            What::Message {
                word: Some(_),
                text,
                ..
            } if breach.law == Law::ServerLives.number() => format!("  {}", short(text)),
            _ => String::new(),
        };
        lines.extend(line.map(|line| (event.seq, line + &text)));
    }
    lines
}
