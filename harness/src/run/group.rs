//! A process of the run with all its descendants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::watchdog::Watchdog;

/// How long the system may take to do away with killed processes.
const KILL_DEADLINE: Duration = Duration::from_secs(3);

/// A process that leads a group of its own, and everything that comes from it.
///
/// Descendants are found by the group, and by the mark in their environment where they left it. Dropping a group does not
/// kill it; the run's end does.
#[derive(Debug)]
pub struct Group {
    /// `GLARE_GROUP=…`, as it stands in the environment.
    mark: String,
    /// The leader's process id, which is the group's; 0 before the start and after the end.
    leader: AtomicU32,
    watchdog: Arc<Watchdog>,
}

impl Group {
    pub(super) fn new(mark: String, watchdog: Arc<Watchdog>) -> Self {
        Self {
            mark,
            leader: AtomicU32::new(0),
            watchdog,
        }
    }

    /// Tells the group who leads it, right after the start.
    pub fn started(&self, leader: u32) {
        self.leader.store(leader, Ordering::SeqCst);
        self.watchdog.tell("group", leader);
    }

    /// Kills all of it (SIGKILL) and waits until only zombies are left; those are for their parents to reap. Blocks, for
    /// 3 s at most; tells whether nothing is left. Call it before the leader is reaped: until then its number is its own.
    pub fn kill(&self) -> bool {
        let leader = self.leader.swap(0, Ordering::SeqCst);
        let deadline = Instant::now() + KILL_DEADLINE;
        let mut pause = Duration::from_millis(1);
        let clean = loop {
            let alive = imp::kill_once(leader, &self.mark);
            if alive == 0 || Instant::now() >= deadline {
                break alive == 0;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        if leader != 0 {
            self.watchdog.tell("gone", leader);
        }
        clean
    }

    /// Whether the leader has ended, be it reaped or not. Only its parent can tell.
    pub fn leader_has_ended(&self) -> bool {
        let leader = self.leader.load(Ordering::SeqCst);
        if leader == 0 {
            return true;
        }
        // SAFETY: all zeroes is a value of this plain structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: plain system call that writes into a structure of this frame, and reaps nobody.
        let asked = unsafe { libc::waitid(libc::P_PID, leader, &mut info, how) };
        // SAFETY: the field is there whenever the call has succeeded; it stays 0 while the leader runs.
        asked != 0 || unsafe { info.si_pid() } != 0
    }

    /// Whether the leader's first thread has ended: a program ends thread by thread, and its parent is told of the last (Linux, proc(5): `Z`).
    pub fn leader_is_ending(&self) -> bool {
        let leader = self.leader.load(Ordering::SeqCst);
        let stat = std::fs::read(format!("/proc/{leader}/stat")).unwrap_or_default();
        // The program's name stands in brackets, and may hold some.
        let name = stat.iter().rposition(|byte| *byte == b')');
        name.is_some_and(|at| stat.get(at + 2) == Some(&b'Z'))
    }

    /// Stops all of it (SIGSTOP) and waits until it stands still; tells whether it does. Blocks, for 3 s at most.
    pub fn pause(&self) -> bool {
        let leader = self.leader.load(Ordering::SeqCst);
        let deadline = Instant::now() + KILL_DEADLINE;
        loop {
            // Again and again, for what was started meanwhile.
            if leader == 0 || imp::signal_all(leader, &self.mark, libc::SIGSTOP) == 0 {
                return false;
            }
            if imp::stands_still(leader, &self.mark) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Asks all of it to end (SIGTERM).
    pub fn terminate(&self) {
        let leader = self.leader.load(Ordering::SeqCst);
        if leader != 0 {
            imp::signal_all(leader, &self.mark, libc::SIGTERM);
        }
    }

    /// Lets all of it go on (SIGCONT).
    pub fn resume(&self) {
        let leader = self.leader.load(Ordering::SeqCst);
        if leader != 0 {
            imp::signal_all(leader, &self.mark, libc::SIGCONT);
        }
    }

    /// The processes that are alive (zombies are not), by id.
    pub fn alive(&self) -> Vec<u32> {
        imp::members(self.leader.load(Ordering::SeqCst), &self.mark)
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::fs;

    /// Sends SIGKILL to every member; how many there were.
    pub(super) fn kill_once(leader: u32, mark: &str) -> usize {
        signal_all(leader, mark, libc::SIGKILL)
    }

    /// Sends a signal to every member; how many there were.
    pub(super) fn signal_all(leader: u32, mark: &str, signal: i32) -> usize {
        let members = members(leader, mark);
        for pid in &members {
            if let Ok(pid) = i32::try_from(*pid) {
                // SAFETY: plain system call.
                unsafe { libc::kill(pid, signal) };
            }
        }
        members.len()
    }

    /// Whether every thread of every member is stopped.
    pub(super) fn stands_still(leader: u32, mark: &str) -> bool {
        members(leader, mark).iter().all(|pid| {
            let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
                return true;
            };
            threads.flatten().all(|thread| {
                let Ok(stat) = fs::read(thread.path().join("stat")) else {
                    return true;
                };
                let end = stat.iter().rposition(|byte| *byte == b')');
                let state = end.and_then(|end| stat.get(end + 2));
                matches!(state, Some(b'T' | b't' | b'Z' | b'X'))
            })
        })
    }

    /// Reads `/proc` once.
    pub(super) fn members(leader: u32, mark: &str) -> Vec<u32> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != std::process::id() && belongs(*pid, leader, mark))
            .collect()
    }

    fn belongs(pid: u32, leader: u32, mark: &str) -> bool {
        let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else {
            return false;
        };
        // The command's name is in parentheses and may hold any byte: what follows the last one is regular.
        let Some(end) = stat.iter().rposition(|byte| *byte == b')') else {
            return false;
        };
        let rest = String::from_utf8_lossy(&stat[end + 1..]);
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next();
        let group = fields.nth(1).and_then(|text| text.parse::<u32>().ok());
        if matches!(state, Some("Z" | "X")) {
            return false;
        }
        if leader != 0 && group == Some(leader) {
            return true;
        }
        fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == mark.as_bytes())
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    /// Without `/proc` only the group is known. Zombies count until they are reaped.
    pub(super) fn kill_once(leader: u32, _mark: &str) -> usize {
        signal(leader, libc::SIGKILL)
    }

    pub(super) fn members(leader: u32, _mark: &str) -> Vec<u32> {
        match signal(leader, 0) {
            0 => Vec::new(),
            _ => vec![leader],
        }
    }

    pub(super) fn signal_all(leader: u32, _mark: &str, number: i32) -> usize {
        signal(leader, number)
    }

    /// It cannot be seen from here; the signal is on its way.
    pub(super) fn stands_still(_leader: u32, _mark: &str) -> bool {
        true
    }

    fn signal(leader: u32, signal: i32) -> usize {
        match i32::try_from(leader) {
            // SAFETY: plain system call.
            Ok(group) if group > 1 && unsafe { libc::kill(-group, signal) } == 0 => 1,
            _ => 0,
        }
    }
}
