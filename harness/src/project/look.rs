//! What scenarios need of their project file, looked at without playing them.

use std::path::Path;

use super::Project;
use super::file::Reader;
use super::secrets::filled_in;
use crate::mistake::{Mistakes, quoted};
use crate::scenario::Scenario;
use crate::server::EVERYBODY;
use crate::yaml::read_text;

impl Project {
    /// Reads a project file to be looked at: environment variables that are not set may be where it is played, so they are warnings.
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn look(path: &Path) -> Result<(Self, Mistakes), Mistakes> {
        let text = read_text(path)?;
        let mut reader = Reader::new(path, &text, |name| std::env::var(name).ok());
        let none = Mistakes::new(reader.source.clone());
        reader.unset = Some(none.clone());
        let project = reader.read()?;
        Ok((project, reader.unset.take().unwrap_or(none)))
    }

    /// What a scenario needs and the project file does not give: secrets that its steps fill in, and what its peers have to say to be let in.
    pub fn lacks(&self, scenario: &Scenario) -> Mistakes {
        let mut mistakes = Mistakes::new(scenario.source.clone());
        for (step, name) in filled_in(scenario) {
            if let Some((found, advice)) = self.without_secret(name) {
                step.enter(scenario, &mut mistakes);
                mistakes.add(&step.span, found).advise(advice);
            }
        }
        mistakes.leave();
        let names = self.dialect.logins();
        // A page says what its user has it say.
        for (peer, _) in scenario.peers.iter().filter(|(_, spec)| !spec.is_app()) {
            if let Some(login) = self.logins.lacking(peer.as_str(), names) {
                let dialect = quoted(self.dialect.name());
                let found = format!(
                    "the dialect {dialect} lets nobody in without `{login}`, and the project file gives {peer} none"
                );
                let advice =
                    format!("add `{login} = \"…\"` to [logins.{peer}], or to [logins.{EVERYBODY}]");
                let span = scenario.span_of_peer(peer);
                mistakes.add(&span, found).advise(advice);
            }
        }
        mistakes
    }
}

/// Warns of the secrets that a scenario's steps fill in, where there is no project file to give them.
pub fn unfilled(scenario: &Scenario) -> Mistakes {
    let mut warnings = Mistakes::new(scenario.source.clone());
    for (step, name) in filled_in(scenario) {
        step.enter(scenario, &mut warnings);
        let found = format!("the secret {} is a project file's", quoted(name));
        warnings
            .warn(&step.span, found)
            .expect("a `glare.toml` here, or --project FILE, with it in [secrets]");
    }
    warnings
}
