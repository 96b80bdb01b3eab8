//! The process that outlives the harness, and the pipe to it.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

const SCRIPT: &str = include_str!("watchdog.sh");

/// The watchdog's process. Its standard input is the pipe; the standard library opens pipes close-on-exec, so that no
/// child of the harness holds it open.
#[derive(Debug)]
pub(super) struct Watchdog(Mutex<State>);

#[derive(Debug)]
enum State {
    Watching(Child, ChildStdin),
    /// Over; whether it could clear everything away.
    Over(bool),
}

impl Watchdog {
    pub(super) fn start(mark: &str, folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "glare-watchdog", mark])
            .arg(folder)
            // A harness that is itself a marked child must not have its watchdog killed with it.
            .env_clear()
            .env(
                "PATH",
                std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
            )
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        in_own_session(&mut command);
        let mut child = command.spawn()?;
        let pipe = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("the watchdog has no pipe"))?;
        Ok(Self(Mutex::new(State::Watching(child, pipe))))
    }

    /// Writes one line. A watchdog that is gone is noticed at the end.
    pub(super) fn tell(&self, word: &str, number: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Watching(_, pipe) = &mut *state
            && let Err(error) = pipe.write_all(format!("{word} {number}\n").as_bytes())
        {
            tracing::warn!(%error, "the watchdog is gone");
        }
    }

    /// Closes the pipe and waits until the watchdog has done its work. Whether nothing was left.
    pub(super) fn finish(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Over(false)) {
            State::Watching(mut child, pipe) => {
                drop(pipe);
                let clean = child.wait().is_ok_and(|status| status.success());
                *state = State::Over(clean);
                clean
            }
            State::Over(clean) => {
                *state = State::Over(clean);
                clean
            }
        }
    }
}

/// Makes the command's process the leader of a session and a group of its own: no Ctrl-C of the terminal reaches it.
pub(super) fn in_own_session(command: &mut Command) {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // SAFETY: setsid is async-signal-safe, and nothing else is done between fork and exec.
        unsafe {
            command.pre_exec(|| match libc::setsid() {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            });
        }
    }
}
