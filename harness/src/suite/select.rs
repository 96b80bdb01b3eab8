//! Which cases to run: scenario files under the given paths, times the casts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::mistake::Mistakes;
use crate::names::{PeerName, Stack};
use crate::scenario::{Cast, Scenario, variant_slug};
use crate::stage::Case;

/// Why nothing could be selected.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A path cannot be read.
    #[error("{}: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Scenario files under these paths, sorted, each once. A file is taken whatever its name is; in folders only `*.yaml` counts.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SelectError> {
    let mut found = Vec::new();
    for path in paths {
        let unreadable = |error| SelectError::Unreadable {
            path: path.clone(),
            error,
        };
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            walk(path, 0, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    // `x.yaml` and `./x.yaml` are one file.
    let mut known = BTreeSet::new();
    found.retain(|path| known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    Ok(found)
}

/// Folders deeper than this are not looked into: a link that leads back must not be followed for ever.
const DEPTH: usize = 16;

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), SelectError> {
    let unreadable = |error| SelectError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            if depth < DEPTH {
                walk(&path, depth + 1, found)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads all these files; the good ones, with all their variants, and, for the others, all their mistakes.
pub fn read(files: &[PathBuf]) -> (Vec<Arc<Scenario>>, Vec<Mistakes>) {
    let mut scenarios = Vec::new();
    let mut mistakes = Vec::new();
    for file in files {
        match Scenario::load_all(file) {
            Ok(variants) => scenarios.extend(variants.into_iter().map(Arc::new)),
            Err(more) => mistakes.push(more),
        }
    }
    (scenarios, mistakes)
}

/// The cases of these scenarios: all casts, or those that `choices` allow; of these only what `stacks` can play. The number of
/// cases left out for want of a stack comes with them.
pub fn cases(
    scenarios: &[Arc<Scenario>],
    choices: &[Cast],
    stacks: &[Stack],
) -> (Vec<Case>, usize) {
    let mut left_out = 0;
    let mut cases = Vec::new();
    for scenario in scenarios {
        for cast in scenario.casts() {
            if !choices.is_empty() && !choices.iter().any(|choice| cast.includes(choice)) {
                continue;
            }
            if cast
                .stacks()
                .values()
                .all(|stack| *stack == Stack::Wire || stacks.contains(stack))
            {
                cases.push(Case {
                    scenario: scenario.clone(),
                    cast,
                });
            } else {
                left_out += 1;
            }
        }
    }
    (cases, left_out)
}

impl Case {
    /// Who plays this peer; what the cast leaves open only signals.
    pub fn stack(&self, peer: &PeerName) -> Stack {
        self.cast.get(peer).unwrap_or(Stack::Wire)
    }

    /// The scenario's file without folder and ending.
    pub fn stem(&self) -> String {
        let path = &self.scenario.source.path;
        path.file_stem().map_or_else(
            || "scenario".into(),
            |stem| stem.to_string_lossy().into_owned(),
        )
    }

    /// A name for files: letters, digits, `-`, `_`, `+`, `@` only. The scenario's name, its variant and its cast.
    pub fn slug(&self) -> String {
        let name: String = self
            .stem()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .take(80)
            .collect();
        let variant = match &self.scenario.variant {
            Some(variant) => format!("+{}", variant_slug(variant)),
            None => String::new(),
        };
        format!("{name}{variant}@{}", cast_slug(&self.cast))
    }
}

/// `alice-chromium+bob-native`
pub(super) fn cast_slug(cast: &Cast) -> String {
    let parts: Vec<String> = cast
        .stacks()
        .iter()
        .map(|(peer, stack)| format!("{peer}-{stack}"))
        .collect();
    parts.join("+")
}
