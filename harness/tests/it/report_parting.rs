//! Where two logs of one case part, in words.

use glare::log::{Line, Log};
use glare::report::parting;

fn log(lines: &[&str]) -> Log {
    let line = |(index, text): (usize, &&str)| Line {
        text: (*text).to_owned(),
        forms: Vec::new(),
        events: vec![index as u64 * 10],
    };
    Log {
        outcome: None,
        lines: lines.iter().enumerate().map(line).collect(),
    }
}

const OPEN: &str = "alice: channel chat open";
const CONNECTED: &str = "bob: connection connected";

#[test]
fn the_same_log_parts_nowhere() {
    assert_eq!(
        parting(&log(&[OPEN, CONNECTED]), &log(&[OPEN, CONNECTED])),
        None
    );
}

#[test]
fn two_lines_that_swapped_have_no_order_between_them() {
    let told = parting(
        &log(&["a", OPEN, CONNECTED, "b"]),
        &log(&["a", CONNECTED, OPEN, "b"]),
    );
    assert_eq!(
        told.as_deref(),
        Some(
            "They part at line 2: `alice: channel chat open` and `bob: connection connected` have no order between them.\n  \
             The first log's trace has event 10 before event 20, the second's event 10 before event 20: no cause leads from one to the other."
        )
    );
}

#[test]
fn a_line_that_moved_far_is_named_with_the_one_it_passed() {
    let told =
        parting(&log(&["x", "1", "2", "3"]), &log(&["1", "2", "3", "x"])).expect("they part");
    assert!(
        told.contains("`x` and `1` have no order between them"),
        "{told}"
    );
}

#[test]
fn a_line_that_came_once_more_was_not_folded() {
    let told = parting(&log(&["a", "c", "b"]), &log(&["a", "c", "c", "b"])).expect("they part");
    assert!(
        told.contains("`c` is in the second more often")
            || told.contains("`c` is in the second alone"),
        "{told}"
    );
    assert!(told.contains("line 3"), "{told}");
}

#[test]
fn a_line_of_one_log_alone_is_named_wherever_it_stands() {
    for (first, second, line) in [
        (
            &["a", "z", "b"][..],
            &["a", "b"][..],
            "`z` is in the first alone",
        ),
        (&["a", "b"], &["a", "z", "b"], "`z` is in the second alone"),
        (&["a"], &["a", "z"], "`z` is in the second alone"),
        (&["a", "z"], &["a"], "`z` is in the first alone"),
        (&[], &["z"], "`z` is in the second alone"),
    ] {
        let told = parting(&log(first), &log(second)).expect("they part");
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn a_line_that_says_something_else_is_in_one_alone() {
    let told = parting(&log(&["a", "x 1"]), &log(&["a", "x 2"])).expect("they part");
    assert!(told.contains("`x 1` is in the first alone"), "{told}");
}
