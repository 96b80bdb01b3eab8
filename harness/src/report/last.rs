//! The last of what happened, as a small sequence.

use std::collections::{HashMap, HashSet};
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

/// What an event is to a reader of the last that happened.
enum Reading {
    Line(String),
    /// Told by its number alone, and only where there is no line: there are many of its kind, or others show it.
    Counted(&'static str),
    /// The harness's own bookkeeping.
    Nothing,
}

/// What went over the wires, what the peers heard from each other, their connections and channels, and what befell the server, before this
/// event, under the steps that were under way:
///
/// ```text
/// The last that happened:
///   step 4, join bob lobby
///     bob -> server: join lobby
///     server -> bob: joined lobby with alice
///     bob -> server: offer for alice (held)
/// ```
pub(super) fn last(events: &[Arc<Event>], before: Seq) -> String {
    let (mut told, counted) = told(events, before);
    let starved = starved(events, before);
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
        let _ = writeln!(text, "    ({})", since(&counted));
    }
    text.push_str(&starved);
    text
}

/// How long the machine had no time, in one line, since that comes in many pieces; nothing where it always had some.
fn starved(events: &[Arc<Event>], before: Seq) -> String {
    let pieces = events.iter().take_while(|event| event.seq < before);
    let pieces = pieces.filter_map(|event| match event.what {
        What::Starved { millis } => Some(millis),
        _ => None,
    });
    let (times, millis) = pieces.fold((0_usize, 0), |(times, sum), millis| {
        (times + 1, sum + millis)
    });
    match times {
        0 => String::new(),
        1 => format!("  glare itself got no time for {millis} ms\n"),
        times => format!("  glare itself got no time for {millis} ms in all  ({times} times)\n"),
    }
}

/// What came where no line did.
fn since(counted: &[(&'static str, usize)]) -> String {
    if counted.is_empty() {
        return "nothing since".into();
    }
    let kinds = counted
        .iter()
        .map(|(kind, times)| format!("{times} × {kind}"));
    let kinds: Vec<String> = kinds.collect();
    format!("in the trace alone since: {}", kinds.join(", "))
}

/// All lines, and what there was since the last of the steps that has none.
fn told(events: &[Arc<Event>], before: Seq) -> (Vec<Told>, Vec<(&'static str, usize)>) {
    // Names are learnt from what came before.
    let mut watch = Watch::new::<&str>(&[], &Terms::default());
    let mut told: Vec<Told> = Vec::new();
    let mut counted: Vec<(&'static str, usize)> = Vec::new();
    // Of each message, for when it is let go.
    let mut messages: HashMap<Seq, String> = HashMap::new();
    let stand: HashSet<&Link> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::LinkUp { link } => Some(link),
            _ => None,
        })
        .collect();
    for event in events.iter().take_while(|event| event.seq < before) {
        let form = watch.lines(event).into_iter().next();
        if let What::Step {
            index,
            inner: None,
            text,
            ..
        } = &event.what
        {
            counted.clear();
            told.push(Told {
                step: Some(format!("step {index}, {text}")),
                line: String::new(),
                times: 1,
            });
            continue;
        }
        if let (What::Message { .. }, Some(form)) = (&event.what, &form) {
            messages.insert(event.seq, form.clone());
        }
        match reading(event, form, &messages, &stand) {
            Reading::Nothing => {}
            Reading::Counted(kind) => match counted.iter_mut().find(|one| one.0 == kind) {
                Some((_, times)) => *times += 1,
                None => counted.push((kind, 1)),
            },
            Reading::Line(line) => match told.last_mut() {
                Some(last) if last.step.is_none() && last.line == line => last.times += 1,
                _ => told.push(Told {
                    step: None,
                    line,
                    times: 1,
                }),
            },
        }
    }
    (told, counted)
}

/// Each kind of event is named here, so that none is left out by accident. `form`: as the log writes it.
fn reading(
    event: &Event,
    form: Option<String>,
    messages: &HashMap<Seq, String>,
    stand: &HashSet<&Link>,
) -> Reading {
    let line = |kind| form.map_or(Reading::Counted(kind), Reading::Line);
    let said = |text: String| Reading::Line(text);
    match &event.what {
        What::Message { .. } => line("message"),
        What::Released { message, delivered } => {
            let held = messages.get(message).map_or("a message", String::as_str);
            let held = held.strip_suffix(" (held)").unwrap_or(held);
            let held = held.strip_suffix(" (delayed)").unwrap_or(held);
            said(match delivered {
                true => format!("{held} (released)"),
                false => format!("{held} (undeliverable)"),
            })
        }
        What::LinkDown { .. } => line("end of a line"),
        What::Said { .. } | What::Heard { .. } => line("text of a channel"),
        What::PeerError { .. } => line("error of a stack"),
        What::Note { .. } => line("note"),
        What::State {
            machine: Machine::Connection,
            ..
        } => line("state of a connection"),
        What::Channel { state, .. } if state != "connecting" => line("state of a channel"),
        What::Console { level, .. } if level == "error" => line("line on a console"),
        What::Server { life } => match life {
            ServerLife::Alive => Reading::Nothing,
            ServerLife::Ready => Reading::Counted("server that is ready"),
            ServerLife::Line { text } => said(format!("server's output: {text}")),
            ServerLife::Exited { status } => said(format!("server: ended by itself ({status})")),
            ServerLife::Killed => said("server: killed".into()),
            ServerLife::Paused => said("server: paused".into()),
            ServerLife::Resumed => said("server: resumed".into()),
        },
        What::Node { node, life } => match life {
            ServerLife::Killed => said(format!("server: node {node} killed")),
            ServerLife::Ready => said(format!("server: node {node} ready again")),
            ServerLife::Paused => said(format!("server: node {node} paused")),
            ServerLife::Resumed => said(format!("server: node {node} resumed")),
            ServerLife::Alive | ServerLife::Exited { .. } | ServerLife::Line { .. } => {
                Reading::Nothing
            }
        },
        // Of a line that stands, the messages tell enough.
        What::LinkAsked { link, .. } if stand.contains(link) => Reading::Counted("line asked for"),
        What::LinkAsked { link, text } => {
            said(format!("{} -> server: {}", link.peer, in_a_row(text)))
        }
        What::LinkRefused { link, text, .. } => said(format!("{}: {text}", link.peer)),
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
            said(match section {
                Some(section) => format!("{way}: against {section}: {detail}"),
                None => format!("{way}: {detail}"),
            })
        }
        What::Aside { .. } => Reading::Counted("heartbeat or the like"),
        What::LinkUp { .. } => Reading::Counted("line that opened"),
        What::LinkClosed { .. } => Reading::Counted("line that a peer saw end"),
        What::Hears { .. } => Reading::Counted("message that a peer took in"),
        What::ConnectionMade { .. } => Reading::Counted("connection made"),
        What::Certificate { .. } => Reading::Counted("certificate in a description"),
        What::Gathered { .. } => Reading::Counted("candidate gathered"),
        What::Applied { .. } => Reading::Counted("description or candidate applied"),
        What::State { .. } => Reading::Counted("state of signaling or ICE"),
        What::Channel { .. } => Reading::Counted("channel that is connecting"),
        What::Console { .. } => Reading::Counted("line on a console"),
        What::Step { .. }
        | What::Run { .. }
        | What::Case(_)
        | What::Source { .. }
        | What::App { .. }
        | What::Outcome { .. }
        | What::LinkEnded { .. }
        | What::Stalled { .. }
        | What::Fenced { .. }
        | What::Passes { .. }
        | What::End
        | What::Clearing
        // Its sum stands below.
        | What::Starved { .. }
        | What::Law(_)
        | What::Verdict { .. } => Reading::Nothing,
    }
}

/// On one line, harmless, and not longer than a screen bears.
fn short(line: &str) -> String {
    let line = tame(line).replace('\n', "\\n");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::PeerName;
    use crate::record::{Applied, TraceBuilder};
    use crate::terms::{Carrier, Fate};

    /// What stands under the last step, where this came since.
    fn under(came: impl FnOnce(&mut TraceBuilder)) -> String {
        let mut trace = TraceBuilder::new(&["alice", "bob"]);
        trace.step(
            "await: { peer: alice, state: { connection: closed } }",
            None,
        );
        came(&mut trace);
        let events: Vec<Arc<Event>> = trace.end(&[]).into_iter().map(Arc::new).collect();
        let end = events.iter().position(|event| event.what == What::End);
        let text = last(&events, end.expect("it ends") as Seq);
        let (_, under) = text.split_once("closed } }\n").expect("the step");
        under.to_owned()
    }

    fn channel(state: &str) -> What {
        What::Channel {
            peer: PeerName::new("alice"),
            conn: 1,
            label: "chat".into(),
            state: state.into(),
        }
    }

    #[test]
    fn a_channel_that_closes_is_shown() {
        let text = under(|trace| {
            trace.add(channel("closing"), &[]);
            trace.add(channel("closed"), &[]);
        });
        let lines = "    alice: channel chat closing\n    alice: channel chat closed\n";
        assert_eq!(text, lines);
    }

    #[test]
    fn where_nothing_came_that_is_said() {
        assert_eq!(under(|_| ()), "    (nothing since)\n");
    }

    /// Whatever came that has no line is counted by its kind.
    #[test]
    fn what_has_no_line_is_counted() {
        let text = under(|trace| {
            for _ in 0..2 {
                trace.add(
                    What::Aside {
                        link: Link::new("alice", 1),
                        direction: Direction::Down,
                        carrier: Carrier::Text,
                        fate: Fate::Passed,
                        size: 4,
                        text: "tick".into(),
                    },
                    &[],
                );
            }
            let applied = What::Applied {
                peer: PeerName::new("alice"),
                conn: 1,
                applied: Applied::Candidate,
            };
            trace.add(applied, &[]);
        });
        let counted = "2 × heartbeat or the like, 1 × description or candidate applied";
        assert_eq!(text, format!("    (in the trace alone since: {counted})\n"));
    }

    /// On a busy machine there is one after another, which says no more than their sum.
    #[test]
    fn that_the_machine_had_no_time_is_told_once_with_the_sum() {
        let text = under(|trace| {
            for millis in [300, 250] {
                trace.add(What::Starved { millis }, &[]);
                trace.add(channel("closing"), &[]);
            }
            trace.add(What::Starved { millis: 1200 }, &[]);
        });
        let lines = "    alice: channel chat closing  (2 times)\n  glare itself got no time for 1750 ms in all  (3 times)\n";
        assert_eq!(text, lines);
    }

    #[test]
    fn a_message_that_is_let_go_is_shown() {
        let text = under(|trace| {
            trace.add(
                What::Released {
                    message: 0,
                    delivered: true,
                },
                &[],
            );
        });
        assert_eq!(text, "    a message (released)\n");
    }
}
