//! `glare list`: what there is to play.

use super::paths::Paths;
use super::{Exit, say, show_mistakes};
use crate::suite;

pub(super) fn execute(paths: &Paths) -> Exit {
    let files = match paths.files() {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let (scenarios, mistakes) = suite::read(&files);
    let scenarios = match paths.narrow.apply(scenarios) {
        Ok(scenarios) => scenarios,
        Err(exit) if mistakes.is_empty() => return exit,
        Err(_) => Vec::new(),
    };
    for scenario in &scenarios {
        let casts = scenario.casts().len();
        say(format!(
            "{}  {}  ({casts} cast{})",
            scenario.source.path.display(),
            scenario.name,
            if casts == 1 { "" } else { "s" }
        ));
        if !scenario.tags.is_empty() {
            say(format!("    tags {}", scenario.tags.join(", ")));
        }
        for (fault, place) in &scenario.catches {
            say(format!("    catches {fault} at {place}"));
        }
        for (law, reason) in &scenario.breaks {
            let reason = crate::mistake::shown(reason);
            say(format!("    breaks law {law}: {reason}"));
        }
    }
    show_mistakes(&mistakes);
    match (scenarios.is_empty(), mistakes.is_empty()) {
        (_, false) => Exit::Invalid,
        (true, true) => Exit::Nothing,
        (false, true) => Exit::Pass,
    }
}
