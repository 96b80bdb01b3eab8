//! What the processes of a server hold, as the system tells it.

use std::fs;

/// What processes hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many processes there are.
    pub processes: usize,
    /// Their open descriptors.
    pub descriptors: usize,
    /// Their resident memory, kB.
    pub resident: u64,
}

impl Usage {
    /// That of these processes; `None` where the system does not tell it of any.
    pub(super) fn of(processes: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut all = Self::default();
        for id in processes {
            // One that ends meanwhile holds nothing.
            let Ok(descriptors) = fs::read_dir(format!("/proc/{id}/fd")) else {
                continue;
            };
            all.processes += 1;
            all.descriptors += descriptors.count();
            all.resident += resident(id).unwrap_or_default();
        }
        (all.processes > 0).then_some(all)
    }
}

/// The resident memory of a process, kB (proc(5), `VmRSS`).
fn resident(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_holds_something_and_one_that_does_not_is_not_told_of() {
        let own = Usage::of([std::process::id()]).expect("this process");
        assert_eq!(own.processes, 1);
        assert!(own.descriptors > 2 && own.resident > 100, "{own:?}");
        assert_eq!(Usage::of([]), None);
        // Of the process 0 nothing is told to anybody (proc(5)).
        assert_eq!(Usage::of([0]), None);
    }
}
