//! The pictures of pages that lie beside the records.

use std::path::{Path, PathBuf};

use super::Told;
use super::text::tame;

/// So many are named.
const SHOWN: usize = 20;

/// Where they are, a line each: `picture: .glare/runs/latest/two-meet@alice-chromium+bob-firefox/chat-alice.png`
pub fn pictures(told: &[Told]) -> Vec<String> {
    let folders = told.iter().filter_map(|told| {
        let record = told.story.facts.record.as_ref()?;
        Path::new(record).parent()
    });
    let all: Vec<PathBuf> = folders.flat_map(within).collect();
    let mut lines: Vec<String> = (all.iter().take(SHOWN))
        .map(|path| format!("picture: {}", tame(&path.display().to_string())))
        .collect();
    if all.len() > SHOWN {
        lines.push(format!("{} more pictures", all.len() - SHOWN));
    }
    lines
}

/// By name. A folder that is gone has none.
fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut pictures: Vec<PathBuf> = (entries.map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .collect();
    pictures.sort();
    pictures
}
