//! What a program wrote.

use std::collections::VecDeque;

/// How many last lines of each of its two streams are kept for errors: a flood on one must not wash away the reason on the other.
const KEPT_LINES: usize = 12;

/// What it wrote, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// The last lines of each stream, with their place among all lines.
    last: [VecDeque<(u64, String)>; 2],
    lines: u64,
    /// The line that it was waited for has come.
    pub(super) ready: bool,
}

impl Output {
    pub(super) fn keep(&mut self, stream: usize, line: String) {
        let last = &mut self.last[stream];
        if last.len() == KEPT_LINES {
            last.pop_front();
        }
        last.push_back((self.lines, line));
        self.lines += 1;
    }

    /// The last lines of both streams, in the order in which they came.
    pub(super) fn last(&self) -> Vec<String> {
        let mut all: Vec<_> = self.last.iter().flatten().collect();
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, line)| line.clone()).collect()
    }
}
