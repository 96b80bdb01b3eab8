//! One run of the harness: its folder, its mark, and the watchdog that leaves nothing behind.
//!
//! Every process that a run starts belongs to a recorded [`Group`] and carries the run's mark in its environment. The
//! watchdog is a small shell in a group of its own that reads a pipe which only the harness holds. However the harness
//! ends, the pipe ends with it, and the watchdog kills the groups and the marked, and removes the folder.

mod delay;
mod group;
mod leftovers;
mod listening;
mod port;
#[cfg(target_os = "linux")]
mod sockets;
mod watchdog;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use delay::Delays;
pub use group::Group;
pub use leftovers::{Leftover, leftovers};
pub use listening::{Holder, Listening, Stranger};
pub use port::Port;
use watchdog::Watchdog;

/// Carries the run's mark in the environment of every child.
pub const RUN_VARIABLE: &str = "GLARE_RUN";
/// Carries the mark of one [`Group`].
const GROUP_VARIABLE: &str = "GLARE_GROUP";

/// Why a run could not begin or end.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// The run's temporary folder could not be made.
    #[error("cannot make a temporary folder in {parent}: {source}", parent = parent.display())]
    Folder {
        /// Where it was to be.
        parent: PathBuf,
        /// The system's own words.
        source: Arc<std::io::Error>,
    },
    /// `/bin/sh` could not be started.
    #[error("cannot start the watchdog with /bin/sh: {0}")]
    Watchdog(Arc<std::io::Error>),
    /// Something of the run is still there.
    #[error("the run could not clear everything away; its folder was {}", .0.display())]
    LeftBehind(PathBuf),
}

/// A run. Clones are handles to the same run; the last one to go ends it.
#[derive(Clone, Debug)]
pub struct Run(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    mark: String,
    groups: AtomicU32,
    watchdog: Arc<Watchdog>,
}

impl Run {
    /// Begins a run: makes its folder (mode 0700, in `TMPDIR`) and starts its watchdog.
    pub fn start() -> Result<Self, RunError> {
        let parent = std::env::temp_dir();
        let parent = parent.canonicalize().unwrap_or(parent);
        let mut builder = tempfile::Builder::new();
        builder.prefix("glare-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let folder = builder
            .tempdir_in(&parent)
            .map_err(|source| RunError::Folder {
                parent,
                source: Arc::new(source),
            })?;
        let mark = format!("{:032x}", rand::random::<u128>());
        let watchdog = Watchdog::start(&mark, folder.path())
            .map_err(|error| RunError::Watchdog(Arc::new(error)))?;
        Ok(Self(Arc::new(Inner {
            folder: folder.keep(),
            mark,
            groups: AtomicU32::new(1),
            watchdog: Arc::new(watchdog),
        })))
    }

    /// The run of this process, begun at the first call. Statics are never dropped: it is ended by [`Run::end`], or by the
    /// watchdog when the process is over.
    pub fn global() -> Result<&'static Run, RunError> {
        static RUN: OnceLock<Run> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        match RUN.get() {
            Some(run) => Ok(run),
            None => {
                let run = Run::start()?;
                Ok(RUN.get_or_init(|| run))
            }
        }
    }

    /// The run's private folder. Goes away with the run.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// What every process of this run carries in its environment, under [`RUN_VARIABLE`].
    pub fn mark(&self) -> &str {
        &self.0.mark
    }

    /// Prepares a command to become a process of this run: marked, in a group of its own, with the run's
    /// folder as its temporary one. Tell the group the process id right after the start.
    pub fn group(&self, command: &mut Command) -> Group {
        let number = self.0.groups.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}.{number}", self.0.mark);
        command
            .env(RUN_VARIABLE, &self.0.mark)
            .env(GROUP_VARIABLE, &mark)
            .env("TMPDIR", &self.0.folder);
        watchdog::in_own_group(command);
        Group::new(
            format!("{GROUP_VARIABLE}={mark}"),
            Arc::clone(&self.0.watchdog),
        )
    }

    /// Ends the run: kills what is left of it, removes its folder, and waits until that is so (a few seconds at most).
    /// Blocks. What was started by the caller must be reaped by the caller.
    pub fn end(&self) -> Result<(), RunError> {
        if self.0.watchdog.finish() && !self.0.folder.exists() {
            Ok(())
        } else {
            Err(RunError::LeftBehind(self.0.folder.clone()))
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.watchdog.finish() {
            tracing::warn!(folder = %self.folder.display(), "the run could not clear everything away");
        }
    }
}
