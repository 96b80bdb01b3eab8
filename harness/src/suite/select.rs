//! Which cases to run: scenario files under the given paths, times the casts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::mistake::{Mistakes, nearest, quoted};
use crate::names::{PeerName, Stack};
use crate::scenario::{Cast, Scenario, Sequences, gather_variants, variant_slug};
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

/// Scenario files under these paths, sorted, each once. A file is taken whatever its name is; in folders only `*.yaml` counts, without
/// `sequences.yaml`.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SelectError> {
    below(paths, &|path| {
        path.extension().is_some_and(|ending| ending == "yaml") && !Sequences::is_name_of(path)
    })
}

/// Files of sequences under these paths, sorted, each once.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub fn sequence_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SelectError> {
    let mut found = below(paths, &Sequences::is_name_of)?;
    found.retain(|path| Sequences::is_name_of(path));
    Ok(found)
}

fn below(paths: &[PathBuf], wanted: &Wanted) -> Result<Vec<PathBuf>, SelectError> {
    let mut found = Vec::new();
    for path in paths {
        let unreadable = |error| SelectError::Unreadable {
            path: path.clone(),
            error,
        };
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            walk(path, 0, wanted, &mut found)?;
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

/// Which files of a folder are meant.
type Wanted<'a> = dyn Fn(&Path) -> bool + 'a;

/// Folders deeper than this are not looked into: a link that leads back must not be followed for ever.
const DEPTH: usize = 16;

fn walk(
    folder: &Path,
    depth: usize,
    wanted: &Wanted,
    found: &mut Vec<PathBuf>,
) -> Result<(), SelectError> {
    let unreadable = |error| SelectError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            if depth < DEPTH {
                walk(&path, depth + 1, wanted, found)?;
            }
        } else if wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads all these files; the good ones, with all their variants, and, for the others, all their mistakes. What is wrong in a file of
/// sequences is told once, with the places that use it, whichever scenarios do.
pub fn read(files: &[PathBuf]) -> (Vec<Arc<Scenario>>, Vec<Mistakes>) {
    let mut scenarios = Vec::new();
    let mut mistakes = Vec::new();
    for file in files {
        match Scenario::load_all(file) {
            Ok(variants) => scenarios.extend(variants.into_iter().map(Arc::new)),
            Err(more) => mistakes.push(more),
        }
    }
    let mut all = Vec::new();
    merge(&mut all, mistakes);
    (scenarios, all)
}

/// What is warned of in these scenarios, file by file; what is so in some variants of a file only says in which.
pub fn warnings(scenarios: &[Arc<Scenario>]) -> Vec<Mistakes> {
    let mut files: Vec<(&Path, Vec<(String, Mistakes)>)> = Vec::new();
    for scenario in scenarios {
        let path = scenario.source.path.as_path();
        let variant = scenario.variant.clone().unwrap_or_default();
        let found = (variant, scenario.warnings());
        match files.iter_mut().find(|(there, _)| *there == path) {
            Some((_, variants)) => variants.push(found),
            None => files.push((path, vec![found])),
        }
    }
    let mut all = Vec::new();
    for (_, variants) in files {
        let Some((_, first)) = variants.first() else {
            continue;
        };
        let mut of_file = Mistakes::new(first.source().clone());
        gather_variants(variants, &mut of_file);
        merge(&mut all, vec![of_file]);
    }
    all
}

/// Adds these lists to those that are there. What is wrong in another file than the one that was read goes to that file's list.
pub(crate) fn merge(all: &mut Vec<Mistakes>, lists: Vec<Mistakes>) {
    for mut list in lists {
        let mut moved = list.take_foreign();
        if all.iter().any(|of| of.is_same_file(&list)) {
            moved.extend(list.iter().cloned());
        } else if !list.is_empty() {
            all.push(list);
        }
        for mistake in moved {
            match all.iter_mut().find(|of| of.is_of(&mistake)) {
                Some(of) => of.keep(mistake),
                None => all.push(Mistakes::of(mistake)),
            }
        }
    }
    all.iter_mut().for_each(Mistakes::sort);
}

/// The sequences that no scenario of their folder uses, of those files that have no mistakes.
pub fn unused<'a>(
    sequences: &'a [Sequences],
    scenarios: &[Arc<Scenario>],
) -> Vec<(&'a Sequences, &'a str)> {
    let mut unused = Vec::new();
    for file in sequences {
        let path = &file.source().path;
        let beside = scenarios
            .iter()
            .filter(|scenario| Sequences::beside(&scenario.source.path) == *path);
        let used: BTreeSet<&str> = beside.flat_map(|scenario| scenario.sequences()).collect();
        unused.extend(
            file.names()
                .filter(|name| !used.contains(name))
                .map(|name| (file, name)),
        );
    }
    unused
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

/// Whether every peer of these choices is one of some scenario.
///
/// # Errors
/// Which is not, and what may be meant.
pub fn known_peers(choices: &[Cast], scenarios: &[Arc<Scenario>]) -> Result<(), String> {
    let names: BTreeSet<&str> = (scenarios.iter())
        .flat_map(|scenario| scenario.peers.iter().map(|(name, _)| name.as_str()))
        .collect();
    let all = choices.iter().flat_map(Cast::iter);
    let mut strangers = all.filter(|(peer, _)| !names.contains(peer.as_str()));
    let Some((peer, _)) = strangers.next().filter(|_| !scenarios.is_empty()) else {
        return Ok(());
    };
    const SHOWN: usize = 12;
    let mut known: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    if names.len() > SHOWN {
        known.push("…");
    }
    let near = nearest(peer.as_str(), names.iter().copied());
    let near = near.map(|near| format!("; did you mean `{near}`?"));
    let of = match scenarios {
        [_] => "the scenario has no peer",
        _ => "no scenario that is selected has a peer",
    };
    Err(format!(
        "{of} {}: {}{}",
        quoted(peer.as_str()),
        known.join(", "),
        near.unwrap_or_default()
    ))
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

    /// A name for files: letters, digits, `-`, `_`, `+`, `@`, `%` only. The scenario's name, its variant and its cast.
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

/// So long may the part of a file's name be that tells a cast (bytes): a file's name has 255 at most, on most systems.
const LONGEST_CAST: usize = 128;

/// `alice-chromium+bob-native`, in ASCII alone: `zo%C3%AB-native`. One that is too long ends with a digest of all of it, so each cast has its own.
pub(super) fn cast_slug(cast: &Cast) -> String {
    let parts: Vec<String> = cast
        .stacks()
        .iter()
        .map(|(peer, stack)| format!("{}-{stack}", ascii(peer.as_str())))
        .collect();
    let whole = parts.join("+");
    if whole.len() <= LONGEST_CAST {
        return whole;
    }
    let digest = Sha256::digest(whole.as_bytes());
    let digest: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // It is ASCII, so it can be cut anywhere.
    format!("{}+{digest}", &whole[..LONGEST_CAST - 1 - digest.len()])
}

/// Percent-encoded where it is not ASCII, whose part of names has no `%`.
fn ascii(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            byte if byte.is_ascii() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
