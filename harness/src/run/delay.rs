//! How long processes were ready to run while the machine ran others.

use std::collections::HashMap;
use std::time::Duration;

/// What was seen of some processes so far: for each, how long it has waited for a processor since it began, in ns.
#[derive(Debug, Default)]
pub struct Delays(Option<HashMap<u32, u64>>);

impl Delays {
    /// The longest that the first thread of one of these waited since the last look; nothing at the first look, and where the system does not
    /// tell (Linux does, in the second field of `/proc/PID/schedstat`).
    pub fn since_last(&mut self, processes: &[u32]) -> Duration {
        let now = processes
            .iter()
            .filter_map(|pid| Some((*pid, waited(*pid)?)));
        let now: HashMap<u32, u64> = now.collect();
        let longest = self.0.as_ref().map(|before| {
            // One that was not there before has begun since.
            let since = |(pid, waited): (&u32, &u64)| {
                waited.saturating_sub(before.get(pid).copied().unwrap_or(0))
            };
            now.iter().map(since).max().unwrap_or(0)
        });
        self.0 = Some(now);
        Duration::from_nanos(longest.unwrap_or(0))
    }
}

fn waited(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Child, Command};
    use std::time::Instant;

    use super::*;

    /// On the first processor that this process may use.
    fn spins() -> Child {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let first = allowed.and_then(|list| list.trim().split([',', '-']).next());
        let spin = "while :; do :; done";
        Command::new("taskset")
            .args(["-c", first.expect("a processor"), "sh", "-c", spin])
            .spawn()
            .expect("it starts")
    }

    #[test]
    fn those_that_share_a_processor_wait_for_each_other() {
        let mut all: Vec<Child> = (0..4).map(|_| spins()).collect();
        let ids: Vec<u32> = all.iter().map(Child::id).collect();
        let mut delays = Delays::default();
        assert_eq!(delays.since_last(&ids), Duration::ZERO, "the first look");
        let until = Instant::now() + Duration::from_secs(20);
        let mut waited = Duration::ZERO;
        while waited < Duration::from_millis(200) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
            waited += delays.since_last(&ids);
        }
        for child in &mut all {
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
        }
        assert!(waited >= Duration::from_millis(200), "{waited:?}");
        // They are gone.
        assert_eq!(delays.since_last(&ids), Duration::ZERO);
    }
}
