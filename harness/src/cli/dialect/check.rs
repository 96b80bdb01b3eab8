//! `glare dialect check`: all mistakes of dialects, what can never happen, and what could be said, too.

use std::path::PathBuf;

use crate::cli::{Exit, colour, complain, say};
use crate::mistake::shown;
use crate::signaling::{Dialect, Kind};

/// Show all mistakes of dialect files
#[derive(clap::Args)]
pub(super) struct Check {
    /// Dialect files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn execute(self) -> Exit {
        let mut exit = Exit::Pass;
        for file in &self.files {
            let text = match crate::input::read_to_string(file) {
                Ok(text) => text,
                Err(error) => {
                    complain(shown(&format!("{}: {error}", file.display())));
                    return Exit::Usage;
                }
            };
            let mistakes = match Dialect::read(file, &text) {
                Err(mistakes) => mistakes,
                // What can never happen is looked for only where the file means something.
                Ok(dialect) => {
                    let doubts = dialect.doubts();
                    if doubts.is_empty() {
                        say(good(&dialect));
                        let hints = dialect.hints();
                        if !hints.is_empty() {
                            complain(hints.render(colour()));
                        }
                    }
                    doubts
                }
            };
            if !mistakes.is_empty() {
                complain(mistakes.render(colour()));
                exit = Exit::Invalid;
            }
        }
        exit
    }
}

/// What a file says, in a few lines.
fn good(dialect: &Dialect) -> String {
    let names =
        |kinds: Vec<Kind>| -> Vec<&'static str> { kinds.into_iter().map(Kind::as_str).collect() };
    let fenced = dialect.hears_fenced().then_some("fenced");
    let heard: Vec<&str> = names(dialect.heard()).into_iter().chain(fenced).collect();
    let again = dialect.says_rejoin().then_some("rejoin");
    let said: Vec<&str> = names(dialect.said()).into_iter().chain(again).collect();
    let path = shown(&dialect.source().path.display().to_string());
    format!(
        "{path}: good\n  says   {}\n  hears  {}\nNext: glare dialect try {path} --server 'YOUR SERVER {{port}}'",
        said.join(", "),
        heard.join(", "),
    )
}
