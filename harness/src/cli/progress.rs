//! What a run shows while it goes on: a line per running case on a terminal, plain lines otherwise.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::say;
use crate::report;
use crate::stage::Case;
use crate::suite::Played;

pub(super) struct Progress {
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        Self {
            bars: terminal.then(|| Bars {
                all: MultiProgress::new(),
                running: Mutex::default(),
            }),
        }
    }

    pub(super) fn begins(&self, case: &Case) {
        let Some(bars) = &self.bars else { return };
        let bar = bars.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(format!("{}  {}", case.scenario.file(), case.cast));
        bar.enable_steady_tick(Duration::from_millis(100));
        bars.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key(case), bar);
    }

    pub(super) fn ends(&self, played: &Played) {
        let Ok(told) = played.told() else { return };
        let line = report::case_line(&told);
        let Some(bars) = &self.bars else {
            return say(line);
        };
        if let Some(bar) = bars
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key(&played.case))
        {
            bar.finish_and_clear();
        }
        drop(bars.all.println(line));
    }

    pub(super) fn finish(&self) {
        if let Some(bars) = &self.bars {
            drop(bars.all.clear());
        }
    }
}

fn key(case: &Case) -> String {
    format!("{} {}", case.scenario.file(), case.cast)
}
