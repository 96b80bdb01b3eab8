//! The table of planted faults, for a person.

use std::fmt::Write as _;

use super::{Caught, Table};
use crate::report::tame;

/// A line a fault and scenario: where it was caught, and what laws were broken beside.
///
/// ```text
/// ghost-on-disconnect   law 1    scenarios/rooms/vanishes-unasked.yaml
/// ghost-on-disconnect   step 6   scenarios/rooms/mid-join-disconnect.yaml   (law 1)
/// ```
pub fn table(table: &Table) -> String {
    let mut text = String::new();
    let faults = table.rows.iter().map(|row| row.planted);
    let width = |name: &str| name.len();
    let widest = faults
        .chain(table.uncaught.iter().copied())
        .map(|planted| width(planted.as_str()))
        .max()
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "{:<widest$}  {:<8}  scenario  (laws that were broken besides)",
        "planted fault", "caught"
    );
    for row in &table.rows {
        let path = tame(&row.scenario.file());
        let (planted, place) = (row.planted, row.expected.to_string());
        let _ = write!(text, "{planted:<widest$}  {place:<8}  {path}");
        let beside: Vec<String> = row
            .broken
            .iter()
            .map(ToString::to_string)
            .filter(|law| *law != place)
            .collect();
        if !beside.is_empty() {
            let _ = write!(text, "  ({})", beside.join(", "));
        }
        match &row.caught {
            Caught::There => {}
            Caught::Elsewhere(found) => {
                let _ = write!(text, "\n    CAUGHT ELSEWHERE, at {}", tame(found));
            }
            Caught::LeftOut(stacks) => {
                let stacks: Vec<String> = stacks.iter().map(ToString::to_string).collect();
                let stacks = stacks.join(" and ");
                let _ = write!(
                    text,
                    "\n    NOT PLAYED: it takes {stacks}, to be done without"
                );
            }
            Caught::Not(why) => {
                let _ = write!(text, "\n    NOT CAUGHT: {}", tame(why));
            }
        }
        text.push('\n');
    }
    for planted in &table.uncaught {
        let _ = writeln!(text, "{planted:<widest$}  NO SCENARIO CATCHES IT");
    }
    for (scenario, name) in &table.unknown {
        let path = tame(&scenario.file());
        let _ = writeln!(text, "{}  NO SUCH FAULT, in {path}", tame(name));
    }
    text
}
