//! What was found, on the terminal: section by section what does not hold, each with what plays it again, and the counts.

use std::collections::BTreeMap;

use crate::cli::say;
use crate::report::tame;
use crate::validate::{Answer, Says, Section, Unjudged, beyond_all};

/// How what is known to be otherwise is counted.
const DEVIATES: &str = "deviates";

/// How often each word was said.
pub(super) struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    /// What is known to deviate is counted as that.
    pub(super) fn of(answers: &[Answer]) -> Self {
        let mut counts = BTreeMap::new();
        for answer in answers {
            let word = match answer.deviation {
                Some(_) => DEVIATES,
                None => answer.says.word(),
            };
            *counts.entry(word).or_default() += 1;
        }
        Self(counts)
    }

    /// Whether anything is this.
    pub(super) fn any(&self, word: &str) -> bool {
        self.0.contains_key(word)
    }

    /// `3 holds, 1 broken`
    pub(super) fn shown(&self) -> String {
        let words = Says::WORDS.iter().chain(&[DEVIATES]);
        let counts = words.filter_map(|word| Some(format!("{} {word}", self.0.get(word)?)));
        counts.collect::<Vec<String>>().join(", ")
    }
}

/// Shows what does not hold, section by section. `again`: what plays a case again, without its number.
pub(super) fn told(sections: &[Section], answers: &[Answer], again: &str) {
    for section in sections {
        let here: Vec<&Answer> = answers
            .iter()
            .filter(|answer| answer.number.section == section.number)
            .collect();
        let holds = here
            .iter()
            .filter(|answer| answer.says == Says::Holds)
            .count();
        say(format!(
            "{} {}: {holds} of {} hold",
            section.number,
            section.name,
            here.len()
        ));
        let mut unsupported: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for answer in here {
            if let Some(reason) = &answer.deviation {
                say(format!(
                    "  {DEVIATES:<12} {:<6} {}\n  {:<12} {}",
                    answer.number,
                    tame(&answer.title),
                    "",
                    tame(reason)
                ));
                continue;
            }
            match &answer.says {
                Says::Holds => {}
                Says::Unsupported(why) => {
                    // Which step of the case needs it says nothing here.
                    let needed = why.starts_with("line ");
                    let reason = why.split_once(": ").filter(|_| needed);
                    let why = reason.map_or(&**why, |(_, why)| why);
                    let numbers = unsupported.entry(why).or_default();
                    numbers.push(answer.number.to_string());
                }
                says => {
                    say(format!(
                        "  {:<12} {:<6} {}",
                        says.word(),
                        answer.number,
                        tame(&answer.title)
                    ));
                    say(format!(
                        "  {:<12} {}",
                        "",
                        tame(says.why()).replace('\n', "\n               ")
                    ));
                    if matches!(says, Says::Broken(_) | Says::Inconclusive(_)) {
                        say(format!("  {:<12} {again} --case {}", "", answer.number));
                    }
                }
            }
        }
        for (why, numbers) in unsupported {
            say(format!(
                "  {:<12} {} {}",
                "unsupported",
                ranges(&numbers),
                tame(why)
            ));
        }
    }
}

/// So many kinds of message are named.
const KINDS: usize = 6;

/// Says what came and was judged by nothing, so that nobody takes silence about it for praise.
pub(super) fn told_beyond(answers: &[Answer]) {
    let all = beyond_all(answers.iter().map(|answer| &answer.beyond));
    for (why, _, what) in Unjudged::WORDS {
        let Some(kinds) = all.get(&why) else {
            continue;
        };
        let number: usize = kinds.values().sum();
        let mut kinds: Vec<_> = kinds.iter().collect();
        kinds.sort_by_key(|(looks, number)| (std::cmp::Reverse(*number), *looks));
        let shown = kinds.iter().take(KINDS).map(|(looks, _)| tame(looks));
        let shown: Vec<String> = shown.collect();
        let more = match kinds.len().saturating_sub(KINDS) {
            0 => String::new(),
            more => format!(" and {more} other kinds"),
        };
        let messages = if number == 1 { "message" } else { "messages" };
        say(format!(
            "judged by nothing: {number} {messages} {what}: {}{more}",
            shown.join(", ")
        ));
    }
}

/// `7.1, 7.2 and 5 more`
fn ranges(numbers: &[String]) -> String {
    const MOST: usize = 4;
    match numbers.len() {
        0..=MOST => format!("{}:", numbers.join(", ")),
        more => format!("{} and {} more:", numbers[..MOST].join(", "), more - MOST),
    }
}
