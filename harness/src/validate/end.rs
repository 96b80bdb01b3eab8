//! The server's own end in a run: how, its last lines, and what it came of.

use super::script::{Role, Script};
use crate::record::What;
use crate::stage::Outcome;
use crate::terms::ServerLife;

/// So many of its last lines are told.
const LINES: usize = 5;

/// So much of a line, characters.
const LONGEST: usize = 200;

/// That the server ended by itself.
pub(super) struct End {
    /// How.
    status: String,
    /// Its last lines, each on one of its own; empty if it wrote none.
    lines: String,
    /// What was done last before that; `None`: nothing yet, it was only just ready.
    role: Option<Role>,
}

impl End {
    /// In this run, if it did.
    pub(super) fn of(script: &Script, outcome: &Outcome) -> Option<Self> {
        let mut role = None;
        let (mut lines, mut status) = (Vec::new(), None);
        for event in &outcome.events {
            match &event.what {
                What::Step {
                    index, inner: None, ..
                } if status.is_none() => role = script.role(*index),
                What::Server {
                    life: ServerLife::Line { text },
                } => lines.push(text.as_str()),
                What::Server {
                    life: ServerLife::Exited { status: how },
                } if status.is_none() => status = Some(how.as_str()),
                _ => {}
            }
        }
        // Where an error is followed by the calls that led to it, it is what matters.
        lines.retain(|line| !line.trim().is_empty() && !line.trim_start().starts_with("at "));
        let last = &lines[lines.len().saturating_sub(LINES)..];
        let mut told = String::new();
        if !last.is_empty() {
            told.push_str("; its last lines:");
        }
        for line in last {
            told.push_str("\n    ");
            told.extend(line.chars().take(LONGEST));
        }
        let status = status?.to_owned();
        Some(Self {
            status,
            lines: told,
            role,
        })
    }

    /// What is said of a failure that it explains: it first, and then what was seen of it. What says so already keeps its words.
    pub(super) fn explains(&self, message: &str) -> String {
        const ENDED: &str = "the server ended by itself";
        let lines = &self.lines;
        if message.starts_with(ENDED) {
            return format!("{message}{lines}");
        }
        let ended = format!("{ENDED}: {}{lines}", self.status);
        match message.split("; the server ended by itself").next() {
            Some(seen) if !seen.is_empty() => format!("{ended}\n  seen by this: {seen}"),
            _ => ended,
        }
    }

    /// Whether nobody had asked or harmed it yet: it ends as well where a case does nothing.
    pub(super) fn is_before_the_deed(&self) -> bool {
        matches!(self.role, None | Some(Role::Given))
    }
}
