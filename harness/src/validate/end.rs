//! The server's own end in a run: how, its last lines, and what it came of.

use std::sync::Arc;

use super::script::{Role, Script};
use crate::record::{Event, What};
use crate::terms::{ServerLife, Side};

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
    /// In the run with this record, if it did.
    ///
    /// A line may be seen to end a moment before the server itself, and the run with it: then the server's end is found only when the
    /// stage is cleared, and counts where it had ended a line before that.
    pub(super) fn of(script: &Script, record: &[Arc<Event>]) -> Option<Self> {
        let mut role = None;
        let (mut lines, mut status) = (Vec::new(), None);
        let (mut has_cut, mut clearing) = (false, false);
        for event in record {
            match &event.what {
                What::Clearing => clearing = true,
                What::LinkDown {
                    by: Side::Server, ..
                } => has_cut |= !clearing,
                What::Step {
                    index, inner: None, ..
                } if status.is_none() => role = script.role(*index),
                What::Server {
                    life: ServerLife::Line { text },
                } => lines.push(text.as_str()),
                What::Server {
                    life: ServerLife::Exited { status: how },
                } if status.is_none() && (has_cut || !clearing) => status = Some(how.as_str()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Link;
    use crate::signaling::Dialect;
    use crate::terms::Ending;
    use crate::validate::sections;

    #[test]
    fn an_end_that_is_seen_after_the_line_s_is_an_end() {
        let case = sections().remove(0).cases.remove(0);
        let script = Script::of(&case, &Dialect::reference());
        let cut = |by| What::LinkDown {
            link: Link {
                peer: "alice".into(),
                instance: 1,
            },
            by,
            ending: Ending::Reset,
        };
        let exit = || What::Server {
            life: ServerLife::Exited {
                status: "status 1".into(),
            },
        };
        let ended = |told: Vec<What>| {
            let event = |what| {
                Arc::new(Event {
                    seq: 0,
                    at: 0,
                    cause: Vec::new(),
                    what,
                })
            };
            let record: Vec<Arc<Event>> = told.into_iter().map(event).collect();
            End::of(&script, &record).map(|end| end.explains(""))
        };
        let told = Some("the server ended by itself: status 1".to_owned());
        assert_eq!(ended(vec![cut(Side::Server), What::Clearing, exit()]), told);
        assert_eq!(ended(vec![exit(), What::Clearing]), told);
        // It was the peer's end, or that of all lines when the stage was cleared, that it did not survive.
        assert_eq!(ended(vec![cut(Side::Peer), What::Clearing, exit()]), None);
        assert_eq!(ended(vec![What::Clearing, cut(Side::Server), exit()]), None);
        assert_eq!(ended(vec![cut(Side::Server), What::Clearing]), None);
    }
}
