//! Which scenario files are meant: those that are named, those of the project file, or `scenarios`.

use std::path::{Path, PathBuf};

use super::narrow::Narrow;
use super::{Exit, complain, show_mistakes};
use crate::mistake::Mistakes;
use crate::project::{PROJECT_FILE, Project};
use crate::suite;

/// Where scenarios are if nobody says.
const SCENARIOS: &str = "scenarios";

/// Scenario files and folders.
#[derive(clap::Args)]
pub(super) struct Paths {
    /// Scenario files, or folders with them; without any, those of the project file, or `scenarios`
    paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) narrow: Narrow,
    /// The project file that names scenarios; `glare.toml` in this folder if there is one
    #[arg(long, value_name = "FILE")]
    project: Option<PathBuf>,
}

impl Paths {
    /// The scenario files that are meant; says what is wrong if that cannot be told.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, Exit> {
        let paths = match self.paths.is_empty() {
            true => named(look(self.project.as_deref()).as_ref())?,
            false => self.paths.clone(),
        };
        suite::files(&paths).map_err(|error| {
            complain(error);
            Exit::Usage
        })
    }
}

/// A project file that was read, and the environment variables that it lacks here.
pub(super) type Looked = Result<(Project, Mistakes), Mistakes>;

/// The project file that is named, or the one in this folder.
pub(super) fn look(named: Option<&Path>) -> Option<Looked> {
    let here = Path::new(PROJECT_FILE);
    named
        .or_else(|| here.is_file().then_some(here))
        .map(Project::look)
}

/// The scenario files and folders that are meant if nobody says. Of a project file with mistakes there is no telling what it would have named:
/// they are shown.
pub(super) fn named(project: Option<&Looked>) -> Result<Vec<PathBuf>, Exit> {
    match project {
        Some(Err(wrong)) => {
            show_mistakes(std::slice::from_ref(wrong));
            Err(Exit::Invalid)
        }
        Some(Ok((project, _))) => Ok(project.scenarios.clone()),
        None => Ok(vec![PathBuf::from(SCENARIOS)]),
    }
}
