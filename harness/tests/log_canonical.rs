//! The log of whole runs: what it says, and that races leave no trace in it.

mod log_support;

use glare::log::Log;

#[test]
fn a_happy_run_reads_as_a_story() {
    insta::assert_snapshot!(Log::of(&log_support::happy()));
}
