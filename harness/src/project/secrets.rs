//! `[secrets]`: what steps put into fields of pages, and nobody is to read.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Project;
use super::file::{Reader, SHORTEST_SECRET};
use crate::mistake::{nearest, quoted};
use crate::scenario::{Action, Filling, PageDeed, Scenario, Step};

impl Reader {
    /// The values by name. Each is struck out wherever something is recorded, in the forms that it has in requests too.
    pub(super) fn secrets(
        &mut self,
        given: BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> BTreeMap<String, String> {
        let mut secrets = BTreeMap::new();
        for (name, value) in given {
            let Some(text) = self.filled(&value) else {
                continue;
            };
            if text.chars().count() < SHORTEST_SECRET {
                self.mistake(value.span(), "a secret that is too short to be struck out")
                    .expect(format!("at least {SHORTEST_SECRET} characters"))
                    .advise("what everybody may read is `text:` in the scenario");
                continue;
            }
            self.secrets.extend(forms(&text));
            secrets.insert(name.into_inner(), text);
        }
        secrets
    }
}

/// As it is; as JSON writes it; as a query (RFC 3986) and a form write it.
fn forms(text: &str) -> Vec<String> {
    let json = serde_json::Value::from(text).to_string();
    let query: String = (text.bytes())
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let form = query
        .replace("%20", "+")
        .replace('~', "%7E")
        .replace("%2A", "*");
    let mut forms = vec![
        text.to_owned(),
        json[1..json.len() - 1].to_owned(),
        query,
        form,
    ];
    forms.sort();
    forms.dedup();
    forms
}

impl Project {
    /// Whether the project file has each secret that these scenarios fill in.
    ///
    /// # Errors
    /// In words.
    pub fn has_secrets_of<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Result<(), String> {
        for scenario in scenarios {
            for (_, name) in filled_in(scenario) {
                let Some((found, advice)) = self.without_secret(name) else {
                    continue;
                };
                return Err(format!(
                    "{}: {found}; {advice}",
                    scenario.source.path.display()
                ));
            }
        }
        Ok(())
    }

    /// What is wrong with a step that fills in the secret of this name, if there is none, and what to do.
    pub(super) fn without_secret(&self, name: &str) -> Option<(String, String)> {
        if self.filled.contains_key(name) {
            return None;
        }
        let near = nearest(name, self.filled.keys().map(String::as_str));
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add it to [secrets] in glare.toml".to_owned(),
        };
        let found = format!("the project file has no secret {}", quoted(name));
        Some((found, advice))
    }
}

/// The secrets that a scenario's steps fill in, each with its step.
pub(super) fn filled_in(scenario: &Scenario) -> impl Iterator<Item = (&Step, &str)> {
    let steps = scenario.each_step().map(|(_, step)| step);
    steps.filter_map(|step| match &step.action {
        Action::Page {
            deed:
                PageDeed::Fill {
                    with: Filling::Secret(name),
                    ..
                },
            ..
        } => Some((step, name.as_str())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn a_secret_has_the_forms_that_it_has_on_the_wire() {
        assert_eq!(
            forms("a \"b~*ü"),
            [
                "a \"b~*ü",
                "a \\\"b~*ü",
                "a%20%22b~%2A%C3%BC",
                "a+%22b%7E*%C3%BC",
            ]
        );
        assert_eq!(forms("plain"), ["plain"]);
    }
}
