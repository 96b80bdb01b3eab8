//! How a program ended, for those who can no longer speak to it: whether it was the driver or the browser behind it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::lock::lock;

/// How long after its connection the end of a process may be noticed.
const NOTICED_WITHIN: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What becomes of a program that was started here.
#[derive(Clone, Debug)]
pub(super) struct Fate(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    program: String,
    /// Its process, as long as nobody has reaped it.
    id: Option<u32>,
    ended: Option<ExitStatus>,
}

impl Fate {
    pub(super) fn of(program: &str, id: Option<u32>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            program: program.to_owned(),
            id,
            ended: None,
        })))
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        let mut inner = lock(&self.0);
        if inner.ended.is_none() {
            inner.ended = inner.id.and_then(status);
        }
        inner.ended.is_some()
    }

    /// From here on its end is the harness's doing, and its number may become another's.
    pub(super) fn is_sealed(&self) {
        self.has_ended();
        lock(&self.0).id = None;
    }

    /// Why nobody can speak any more to a browser that was started so.
    pub(super) async fn told(&self) -> String {
        let latest = Instant::now() + NOTICED_WITHIN;
        let is_open = || lock(&self.0).id.is_some();
        while !self.has_ended() && is_open() && Instant::now() < latest {
            sleep(LOOK).await;
        }
        let inner = lock(&self.0);
        let Inner { program, id, ended } = &*inner;
        let is_driver = program.ends_with("driver");
        match (ended, id) {
            (Some(status), _) if is_driver => {
                format!("{program} has ended by itself ({status}), and with it the browser")
            }
            (Some(status), _) => format!("{program} has ended by itself ({status})"),
            (None, Some(_)) if is_driver => {
                format!("the browser is dead; its driver {program} goes on")
            }
            (None, _) => DEAD.to_owned(),
        }
    }
}

/// What is said of a browser whose process nobody here has.
pub(super) const DEAD: &str = "the browser is dead";

/// How it ended, if it has; it is left unreaped, so that its number stays its own.
fn status(id: u32) -> Option<ExitStatus> {
    // SAFETY: plain system call; all of `siginfo_t` may be zero, and it is only written to.
    let (code, status) = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_PID, id, &mut info, how) != 0 || info.si_pid() == 0 {
            return None;
        }
        (info.si_code, info.si_status())
    };
    // As `wait` would have it: the exit status is its second byte, a signal its first one.
    Some(ExitStatus::from_raw(match code {
        libc::CLD_EXITED => (status & 0xff) << 8,
        _ => status,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// A shell that does this.
    fn shell(script: &str) -> (std::process::Child, Fate) {
        let child = Command::new("sh").args(["-c", script]).spawn();
        let child = child.expect("a shell");
        let fate = Fate::of("/usr/bin/a-driver", Some(child.id()));
        (child, fate)
    }

    #[tokio::test]
    async fn how_a_program_ended_is_told_and_it_is_left_to_be_reaped() {
        for (script, told) in [
            ("kill -9 $$", "(signal: 9 (SIGKILL))"),
            ("exit 3", "(exit status: 3)"),
        ] {
            let (mut child, fate) = shell(script);
            let found = fate.told().await;
            assert_eq!(
                found,
                format!("/usr/bin/a-driver has ended by itself {told}, and with it the browser")
            );
            assert!(child.wait().is_ok(), "it is there to be reaped");
        }
    }

    #[tokio::test]
    async fn one_that_goes_on_has_not_ended_and_one_that_is_ended_is_not_told_to_have_done_so_by_itself()
     {
        let (mut child, fate) = shell("sleep 60");
        assert_eq!(
            fate.told().await,
            "the browser is dead; its driver /usr/bin/a-driver goes on"
        );
        fate.is_sealed();
        child.kill().expect("to kill");
        child.wait().expect("to reap");
        assert_eq!(fate.told().await, DEAD);
    }
}
