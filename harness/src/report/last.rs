//! The last of what happened, as a small sequence.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::text::{in_a_row, tame};
use crate::log::Watch;
use crate::names::Link;
use crate::record::{Event, Seq, What};
use crate::signaling::Terms;
use crate::terms::{Direction, Machine, ServerLife};

/// So many lines are shown at most, headings of steps not counted.
const SHOWN: usize = 12;

/// So much of one line.
const WIDTH: usize = 160;

/// One line, and how often in a row.
struct Told {
    step: Option<String>,
    line: String,
    times: usize,
}

/// What went over the wires, what the peers heard from each other and what befell the server, until this event, under the steps that were
/// under way:
///
/// ```text
/// The last that happened:
///   step 4, join bob lobby
///     bob -> server: join lobby
///     server -> bob: joined lobby with alice
///     bob -> server: offer for alice (held)
/// ```
pub(super) fn last(events: &[Arc<Event>], before: Seq) -> String {
    let mut told = told(events, before);
    // What came before the step that failed may be long; what came in it is what is looked for.
    let mut left_out = 0;
    let mut lines = 0;
    let mut from = told.len();
    for (index, one) in told.iter().enumerate().rev() {
        lines += usize::from(one.step.is_none());
        if lines > SHOWN {
            left_out = told[..=index]
                .iter()
                .filter(|one| one.step.is_none())
                .map(|one| one.times)
                .sum();
            break;
        }
        from = index;
    }
    let heading = told[..from].iter().rev().find(|one| one.step.is_some());
    let heading = heading.and_then(|one| one.step.clone());
    let told = told.split_off(from);
    let mut text = match left_out {
        0 => "\nThe last that happened:\n".to_owned(),
        1 => "\nThe last that happened, after one line more:\n".to_owned(),
        more => format!("\nThe last that happened, after {more} lines more:\n"),
    };
    if let Some(step) = heading.filter(|_| told.first().is_some_and(|one| one.step.is_none())) {
        let _ = writeln!(text, "  {}", short(&step));
    }
    for one in &told {
        match (&one.step, one.times) {
            (Some(step), _) => drop(writeln!(text, "  {}", short(step))),
            (None, 1) => drop(writeln!(text, "    {}", short(&one.line))),
            (None, times) => drop(writeln!(text, "    {}  ({times} times)", short(&one.line))),
        }
    }
    if told.last().is_some_and(|one| one.step.is_some()) {
        text.push_str("    (nothing since)\n");
    }
    text
}

fn told(events: &[Arc<Event>], before: Seq) -> Vec<Told> {
    // Names are learnt from what came before.
    let mut watch = Watch::new::<&str>(&[], &Terms::default());
    let mut told: Vec<Told> = Vec::new();
    let stand: HashSet<&Link> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::LinkUp { link } => Some(link),
            _ => None,
        })
        .collect();
    for event in events.iter().take_while(|event| event.seq <= before) {
        let forms = watch.lines(event);
        if let What::Step { inner: Some(_), .. } = &event.what {
            continue;
        }
        if let What::Step { index, text, .. } = &event.what {
            told.push(Told {
                step: Some(format!("step {index}, {text}")),
                line: String::new(),
                times: 1,
            });
            continue;
        }
        let line = match &event.what {
            What::Message { .. }
            | What::Released { .. }
            | What::LinkDown { .. }
            | What::Said { .. }
            | What::Heard { .. }
            | What::PeerError { .. }
            | What::State {
                machine: Machine::Connection,
                ..
            } => forms.into_iter().next(),
            What::Console { level, .. } if level == "error" => forms.into_iter().next(),
            What::Server { life } => match life {
                ServerLife::Ready | ServerLife::Alive => None,
                ServerLife::Line { text } => Some(format!("server's output: {text}")),
                ServerLife::Exited { status } => {
                    Some(format!("server: ended by itself ({status})"))
                }
                ServerLife::Killed => Some("server: killed".into()),
                ServerLife::Paused => Some("server: paused".into()),
                ServerLife::Resumed => Some("server: resumed".into()),
            },
            What::Node { node, life } => match life {
                ServerLife::Killed => Some(format!("server: node {node} killed")),
                ServerLife::Ready => Some(format!("server: node {node} ready again")),
                ServerLife::Paused => Some(format!("server: node {node} paused")),
                ServerLife::Resumed => Some(format!("server: node {node} resumed")),
                ServerLife::Alive | ServerLife::Exited { .. } | ServerLife::Line { .. } => None,
            },
            // Of a line that stands, the messages tell enough.
            What::LinkAsked { link, text } if !stand.contains(link) => {
                Some(format!("{} -> server: {}", link.peer, in_a_row(text)))
            }
            What::LinkRefused { link, text, .. } => Some(format!("{}: {text}", link.peer)),
            What::Violation {
                link,
                direction,
                section,
                detail,
                ..
            } => {
                let way = match direction {
                    Direction::Up => format!("{} -> server", link.peer),
                    Direction::Down => format!("server -> {}", link.peer),
                };
                Some(match section {
                    Some(section) => format!("{way}: against {section}: {detail}"),
                    None => format!("{way}: {detail}"),
                })
            }
            _ => None,
        };
        let Some(line) = line else { continue };
        match told.last_mut() {
            Some(last) if last.step.is_none() && last.line == line => last.times += 1,
            _ => told.push(Told {
                step: None,
                line,
                times: 1,
            }),
        }
    }
    told
}

/// On one line, harmless, and not longer than a screen bears.
fn short(line: &str) -> String {
    let line = tame(line).replace('\n', "\\n");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
