//! What passed in the run that shows something, and what the server wrote, a line each.

use std::sync::Arc;

use crate::record::{Event, What};
use crate::terms::{Direction, ServerLife};

/// Most lines of evidence of a case.
const MOST_LINES: usize = 200;
/// Longest line of it, characters.
const LONGEST: usize = 400;

fn told_of(life: &ServerLife) -> String {
    match life {
        ServerLife::Line { text } => format!("server writes: {text}"),
        ServerLife::Exited { status } => format!("server ends by itself: {status}"),
        ServerLife::Ready => "server is ready".to_owned(),
        ServerLife::Alive => "server goes on".to_owned(),
        ServerLife::Killed => "server is killed".to_owned(),
        ServerLife::Paused => "server is stopped where it stands".to_owned(),
        ServerLife::Resumed => "server is let go on".to_owned(),
    }
}

/// What passed on the wires and what the server wrote, in the order of the record.
pub(super) fn evidence(events: &[Arc<Event>]) -> Vec<String> {
    let lines = events.iter().filter_map(|event| {
        let line = match &event.what {
            What::Message {
                link,
                direction,
                text,
                size,
                ..
            } => {
                let arrow = match direction {
                    Direction::Up => ">",
                    Direction::Down => "<",
                };
                format!("{link} {arrow} {text} ({size} bytes)")
            }
            What::LinkDown { link, by, ending } => format!("{link}: {by:?} ended it: {ending:?}"),
            What::LinkRefused { link, text, .. } => format!("{link}: refused: {text}"),
            What::Violation { link, detail, .. } => format!("{link}: {detail}"),
            What::Server { life } => told_of(life),
            What::Step { text, .. } => format!("# {text}"),
            What::Note { peer: None, text } => format!("({text})"),
            _ => return None,
        };
        let line: String = line.chars().take(LONGEST).collect();
        Some(format!("{:>7.1} ms  {line}", event.at as f64 / 1000.0))
    });
    lines.take(MOST_LINES).collect()
}
