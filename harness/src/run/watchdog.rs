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
        in_own_group(&mut command);
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

/// Makes the command's process the leader of a group of its own: no Ctrl-C of the terminal reaches it.
///
/// By what a process can be started with, not by code between fork and exec: a copy of this process would keep all its sockets open, those that
/// are closed meanwhile too, until its turn comes to become the command. With both cores busy that was seen to take 7 s.
pub(super) fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A process that waits for a word, alone in a group, and shows nothing of where it comes from.
    struct Waiting(Child);

    impl Waiting {
        fn start(argument: &str) -> Self {
            let mut command = Command::new("/bin/sh");
            command
                .args(["-c", "read -r word", argument])
                .env_clear()
                .stdin(Stdio::piped());
            in_own_group(&mut command);
            Self(command.spawn().expect("a process"))
        }

        fn has_ended(&mut self) -> bool {
            self.0.try_wait().expect("its parent").is_some()
        }
    }

    impl Drop for Waiting {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    fn ends(waiting: &mut Waiting) {
        let since = Instant::now();
        while !waiting.has_ended() {
            assert!(since.elapsed() < Duration::from_secs(10), "it lives on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn start(folder: &Path) -> Watchdog {
        let mark = format!("{:032x}", rand::random::<u128>());
        Watchdog::start(&mark, folder).expect("a watchdog")
    }

    #[test]
    fn a_group_that_is_gone_is_another_ones_from_then_on() {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let watchdog = start(&folder);
        let [mut one, mut other, mut third] = ["one", "other", "third"].map(Waiting::start);
        for waiting in [&one, &other, &third] {
            watchdog.tell("group", waiting.0.id());
        }
        watchdog.tell("gone", other.0.id());
        assert!(watchdog.finish() && watchdog.finish());
        ends(&mut one);
        ends(&mut third);
        assert!(!other.has_ended(), "its number may be somebody else's now");
        assert!(!folder.exists());
    }

    #[test]
    fn who_has_left_everything_is_known_by_the_profile_that_it_uses() {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let elsewhere = tempfile::tempdir().expect("a folder");
        let watchdog = start(&folder);
        let profile = |folder: &Path| format!("--user-data-dir={}/profile", folder.display());
        let mut mine = Waiting::start(&profile(&folder));
        let mut others = Waiting::start(&profile(elsewhere.path()));
        assert!(watchdog.finish());
        ends(&mut mine);
        assert!(!others.has_ended(), "it is of another run");
    }

    #[test]
    fn a_watchdog_shows_no_mark_so_that_no_other_one_ends_it() {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let watchdog = start(&folder);
        let id = match &*watchdog.0.lock().expect("no panic") {
            State::Watching(child, _) => child.id(),
            State::Over(_) => panic!("it watches"),
        };
        // A program that is just being started shows nothing yet.
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let shown = loop {
            let shown = std::fs::read(format!("/proc/{id}/environ")).expect("it runs");
            if !shown.is_empty() || std::time::Instant::now() > until {
                break shown;
            }
            std::thread::yield_now();
        };
        let names = shown
            .split(|byte| *byte == 0)
            .filter(|pair| !pair.is_empty());
        let names: Vec<String> = names
            .filter_map(|pair| {
                String::from_utf8_lossy(pair)
                    .split_once('=')
                    .map(|(name, _)| name.to_owned())
            })
            .collect();
        assert_eq!(names, ["PATH"]);
        watchdog.finish();
    }
}
