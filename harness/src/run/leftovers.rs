//! What runs that are over have left behind. There should be nothing; `glare doctor` looks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::RUN_VARIABLE;

/// Something of a run that has no watchdog any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// A process that carries a run's mark.
    Process {
        /// Its id.
        pid: u32,
        /// Its command line, shortened.
        command: String,
    },
    /// A run's temporary folder.
    Folder(PathBuf),
}

/// Looks through the processes and the folder for temporary files. A run that is still going on has a watchdog, whose
/// command line names the run's mark and folder: what it looks after is not left behind.
pub fn leftovers() -> Vec<Leftover> {
    let processes = processes();
    let watched: Vec<&str> = processes
        .iter()
        .filter(|process| process.mark.is_none())
        .map(|process| process.command.as_str())
        .collect();
    let is_watched = |name: &str| {
        watched
            .iter()
            .any(|command| command.split('\0').any(|argument| argument == name))
    };
    let mut found: Vec<Leftover> = processes
        .iter()
        .filter(|process| {
            process
                .mark
                .as_deref()
                .is_some_and(|mark| !is_watched(mark))
        })
        .map(|process| Leftover::Process {
            pid: process.pid,
            command: process
                .command
                .replace('\0', " ")
                .chars()
                .take(100)
                .collect(),
        })
        .collect();
    let folders: BTreeSet<PathBuf> = std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("glare-"))
        .map(|entry| entry.path())
        .collect();
    found.extend(
        folders
            .into_iter()
            .filter(|folder| is_run_folder(folder) && !is_watched(&folder.to_string_lossy()))
            .map(Leftover::Folder),
    );
    found
}

/// A run's folder is private (mode 0700) and named `glare-` and six characters, which other folders may not be.
fn is_run_folder(folder: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let random = folder
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_prefix("glare-"))
        .is_some_and(|rest| rest.len() == 6 && rest.chars().all(|c| c.is_ascii_alphanumeric()));
    random
        && std::fs::metadata(folder)
            .is_ok_and(|data| data.is_dir() && data.permissions().mode() & 0o777 == 0o700)
}

struct Process {
    pid: u32,
    mark: Option<String>,
    command: String,
}

fn processes() -> Vec<Process> {
    let prefix = format!("{RUN_VARIABLE}=");
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let environment = String::from_utf8_lossy(&environment);
            Some(Process {
                pid,
                mark: environment
                    .split('\0')
                    .find_map(|pair| pair.strip_prefix(&prefix))
                    .map(str::to_owned),
                command: String::from_utf8_lossy(&command).into_owned(),
            })
        })
        .collect()
}
