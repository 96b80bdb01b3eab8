//! The line that plays a case again.

use super::Told;
use crate::mistake::is_hidden;

/// `glare run scenarios/x.yaml --cast alice=native,bob=wire --server 'node server.js'`, quoted for a POSIX shell. More than one log
/// takes more than one run to see.
pub(super) fn line(told: &Told) -> String {
    let story = &told.story;
    let mut words = vec!["glare".into(), "run".into()];
    words.push(story.facts.path.clone());
    words.extend(["--cast".into(), story.cast.to_string()]);
    if let Some(variant) = &story.facts.variant {
        words.extend(["--filter".into(), format!("[{variant}]")]);
    }
    words.extend(story.facts.options.iter().cloned());
    let several = !told.differing().is_empty();
    if let Some(seed) = story.shake {
        // A repeat shakes by a seed of its own, counted from the first.
        let back = if several {
            story.facts.take.saturating_sub(1)
        } else {
            0
        };
        let seed = seed.wrapping_sub(u64::from(back));
        words.extend(["--shake".into(), seed.to_string()]);
    }
    if several {
        let runs = told.runs.saturating_mul(4).max(20);
        words.extend(["--repeat".into(), runs.to_string()]);
        words.push("--until-failure".into());
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// One word for a shell. What would steer the terminal is written as bash, zsh and ksh read it: `$'\x1b'`.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    // A runner takes `##[` for a command wherever it stands.
    let speaks = word.contains("##[");
    if !speaks && !word.chars().any(is_hidden) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for (at, c) in word.char_indices() {
        match c {
            '#' if word[at..].starts_with("##[") => out.push_str("\\x23"),
            '\'' | '\\' => out.extend(['\\', c]),
            c if is_hidden(c) => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
