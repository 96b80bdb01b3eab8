//! The logs of a run, each once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Told;
use super::text::tame;
use crate::record::Verdict;

/// Every scenario's logs, each once with the casts that had it, in the order of the cases.
///
/// ```text
/// happy path: 9 casts, one log
///   alice -> server: create lobby
///   …
/// ```
pub fn logs(played: &[Told]) -> String {
    let mut scenarios: Vec<(&str, Vec<&Told>)> = Vec::new();
    for one in played {
        // What was not played to an end of its own has no log worth reading.
        if matches!(
            one.story.verdict,
            Verdict::Unsupported(_) | Verdict::Inconclusive(_)
        ) {
            continue;
        }
        let file = one.story.file();
        match scenarios.last_mut() {
            Some((_, casts)) if casts.last().is_some_and(|last| last.story.file() == file) => {
                casts.push(one)
            }
            _ => scenarios.push((&one.story.name, vec![one])),
        }
    }
    let mut text = String::new();
    for (name, casts) in scenarios {
        of_scenario(&mut text, name, &casts);
    }
    text
}

fn of_scenario(text: &mut String, name: &str, played: &[&Told]) {
    let mut order: Vec<String> = Vec::new();
    let mut had: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in played {
        for take in &one.logs {
            let log = take.log.to_string();
            if !had.contains_key(&log) {
                order.push(log.clone());
            }
            had.entry(log)
                .or_default()
                .push(tame(&one.story.cast.to_string()));
        }
    }
    let casts = if played.len() == 1 {
        "1 cast".into()
    } else {
        format!("{} casts", played.len())
    };
    let number = if order.len() == 1 {
        "one log".into()
    } else {
        format!("{} logs", order.len())
    };
    let _ = writeln!(text, "{}: {casts}, {number}", tame(name));
    for log in &order {
        if order.len() > 1 {
            let _ = writeln!(
                text,
                " with {}:",
                had.get(log)
                    .map(|casts| casts.join(" | "))
                    .unwrap_or_default()
            );
        }
        for line in tame(log.trim_end()).lines() {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
    }
}
