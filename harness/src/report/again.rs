//! The line that plays a case again.

use crate::mistake::is_hidden;
use crate::stage::Case;
use crate::suite::Played;

/// What `glare run` was told besides scenarios and casts, as arguments of the line that plays a case again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    arguments: Vec<String>,
    shake: Option<u64>,
}

impl Again {
    /// These arguments, unquoted, and the seed of the first run's delays.
    pub fn new(arguments: Vec<String>, shake: Option<u64>) -> Self {
        Self { arguments, shake }
    }

    /// `glare run scenarios/x.yaml --cast alice=native,bob=wire --server 'node server.js'`, quoted for a POSIX shell. More than one log
    /// takes more than one run to see.
    pub(super) fn line(&self, played: &Played) -> String {
        let Case { scenario, cast } = &played.case;
        let mut words = vec!["glare".into(), "run".into()];
        words.push(scenario.source.path.display().to_string());
        words.extend(["--cast".into(), cast.to_string()]);
        if let Some(variant) = &scenario.variant {
            words.extend(["--filter".into(), format!("[{variant}]")]);
        }
        words.extend(self.arguments.iter().cloned());
        if let Some(seed) = self.shake {
            // A repeat shakes by a seed of its own, counted from the first.
            let first = if played.logs.len() > 1 {
                0
            } else {
                played.take - 1
            };
            let seed = seed.wrapping_add(u64::from(first));
            words.extend(["--shake".into(), seed.to_string()]);
        }
        if played.logs.len() > 1 {
            words.extend(["--repeat".into(), (played.runs * 4).max(20).to_string()]);
            words.push("--until-failure".into());
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

/// One word for a shell. What would steer the terminal is written as bash, zsh and ksh read it: `$'\x1b'`.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_hidden) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
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
