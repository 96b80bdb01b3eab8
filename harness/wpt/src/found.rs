//! What pages report, and where that differs from mode to mode.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How a page is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As the browser has it.
    Bare,
    /// With the observer.
    Watched,
    /// With the observer, behind a tap.
    Tapped,
}

/// What a page reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Of the page: `OK`, `ERROR: …`, `TIMEOUT`, or why there is no report.
    pub status: String,
    /// By the name of each test: its status and message.
    pub tests: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct Report {
    status: String,
    tests: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    name: String,
    status: String,
    message: String,
}

impl Outcome {
    /// Nothing was reported.
    pub fn none(why: &str) -> Self {
        Self {
            status: format!("not played: {why}"),
            tests: BTreeMap::new(),
        }
    }

    /// Reads a report, if it is whole.
    pub fn read(text: &str) -> Option<Self> {
        let report: Report = serde_json::from_str(text).ok()?;
        let mut tests = BTreeMap::new();
        for mut one in report.tests {
            while tests.contains_key(&one.name) {
                one.name.push('\'');
            }
            tests.insert(one.name, (one.status, one.message));
        }
        Some(Self {
            status: report.status,
            tests,
        })
    }

    fn status_of(&self, name: &str) -> Option<&str> {
        self.tests.get(name).map(|(status, _)| status.as_str())
    }
}

/// All rounds of each mode.
pub type Rounds = BTreeMap<Mode, Vec<Outcome>>;

/// The tests (`None`: the page itself) of which a mode never had a status that the first mode had.
pub fn differing(rounds: &Rounds) -> BTreeSet<Option<String>> {
    let Some((_, first)) = rounds.first_key_value() else {
        return BTreeSet::new();
    };
    let mut differing = BTreeSet::new();
    for outcomes in rounds.values() {
        if apart(first, outcomes, |one| Some(&one.status)) {
            differing.insert(None);
        }
        for name in names(rounds) {
            if apart(first, outcomes, |one| one.status_of(name)) {
                differing.insert(Some(name.to_owned()));
            }
        }
    }
    differing
}

/// The names of all tests that any round reported.
pub fn names(rounds: &Rounds) -> BTreeSet<&str> {
    let tests = rounds.values().flatten().flat_map(|one| one.tests.keys());
    tests.map(String::as_str).collect()
}

fn apart<'a>(
    one: &'a [Outcome],
    other: &'a [Outcome],
    status: impl Fn(&'a Outcome) -> Option<&'a str>,
) -> bool {
    let seen: BTreeSet<_> = one.iter().map(&status).collect();
    !other.iter().any(|outcome| seen.contains(&status(outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: &str) -> Outcome {
        let report = format!(
            r#"{{"url":"","status":"OK","tests":[{{"name":"a","status":"{status}","message":""}}]}}"#
        );
        Outcome::read(&report).unwrap()
    }

    fn rounds(bare: &[&str], watched: &[&str]) -> Rounds {
        let all = |statuses: &[&str]| statuses.iter().map(|one| outcome(one)).collect();
        Rounds::from([(Mode::Bare, all(bare)), (Mode::Watched, all(watched))])
    }

    #[test]
    fn what_both_have_had_is_no_difference_and_what_one_never_had_is() {
        assert!(differing(&rounds(&["PASS"], &["PASS"])).is_empty());
        assert!(differing(&rounds(&["PASS", "FAIL"], &["FAIL", "FAIL"])).is_empty());
        let a = BTreeSet::from([Some("a".to_owned())]);
        assert_eq!(
            differing(&rounds(&["PASS", "PASS"], &["FAIL", "TIMEOUT"])),
            a
        );
        let mut gone = rounds(&["PASS"], &[]);
        gone.insert(Mode::Watched, vec![Outcome::none("it is gone")]);
        assert_eq!(differing(&gone).len(), 2, "the page and its test");
    }
}
