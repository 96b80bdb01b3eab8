//! Some scenarios of many: by words of their name or path, and by tag.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::mistake::{nearest, quoted};
use crate::scenario::Scenario;

/// What must hold of a scenario so that it is taken. An empty filter takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Its name or its path contains one of these; without any, that does not matter.
    pub texts: Vec<String>,
    /// It has one of these tags; without any, that does not matter.
    pub tags: Vec<String>,
}

impl Filter {
    /// Whether this scenario is taken.
    pub fn takes(&self, scenario: &Scenario) -> bool {
        let path = scenario.file();
        let any = |text: &String| scenario.name.contains(text) || path.contains(text.as_str());
        (self.texts.is_empty() || self.texts.iter().any(any))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| scenario.tags.contains(tag)))
    }

    /// The scenarios that are taken.
    ///
    /// # Errors
    /// None of them, though there were some: says why, and which tags there are.
    pub fn narrow(&self, scenarios: Vec<Arc<Scenario>>) -> Result<Vec<Arc<Scenario>>, String> {
        let (taken, left): (Vec<_>, Vec<_>) =
            (scenarios.into_iter()).partition(|scenario: &Arc<Scenario>| self.takes(scenario));
        if taken.is_empty() && !left.is_empty() {
            return Err(self.nothing(&left));
        }
        Ok(taken)
    }

    /// Why none of these is taken.
    fn nothing(&self, left: &[Arc<Scenario>]) -> String {
        let mut told = format!("nothing selected: of {} scenarios none has ", left.len());
        let among = |words: &[String]| {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            words.join(" or ")
        };
        let mut wanted = Vec::new();
        if !self.texts.is_empty() {
            wanted.push(format!("{} in its name or path", among(&self.texts)));
        }
        if !self.tags.is_empty() {
            wanted.push(format!("the tag {}", among(&self.tags)));
        }
        told.push_str(&wanted.join(", and "));
        let tags: BTreeSet<&str> = left
            .iter()
            .flat_map(|scenario| scenario.tags.iter().map(String::as_str))
            .collect();
        let near = |tag: &String| nearest(tag, tags.iter().copied());
        if let Some(near) = self.tags.iter().find_map(near) {
            told.push_str(&format!("; did you mean `{near}`?"));
        } else if !self.tags.is_empty() && !tags.is_empty() {
            let tags: Vec<&str> = tags.into_iter().collect();
            told.push_str(&format!("; tags: {}", tags.join(", ")));
        }
        told.push_str("; `glare list` shows names and tags");
        told
    }
}
