//! One case to hand on: its scenario, the dialect, and a few lines that say how to see it with one command.

use std::io;
use std::path::{Path, PathBuf};

use super::case::Case;
use super::script::Script;
use crate::signaling::{Dialect, Need};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The folder.
    pub folder: PathBuf,
    /// What plays it, from the folder that holds that one.
    pub command: String,
}

/// Writes a case into a new folder below this one: `case-7.12/`. `server`: what stands behind `--server` or in its place, as a shell takes it.
///
/// # Errors
/// The folder is there already, or cannot be written.
pub fn export(case: &Case, dialect: &Dialect, server: &str, below: &Path) -> io::Result<Export> {
    let folder = below.join(format!("case-{}", case.number));
    std::fs::create_dir(&folder)?;
    let script = Script::of(case, dialect);
    let name = folder.display();
    let command = format!("glare run {name}/scenario.yaml --dialect {name}/dialect.yaml{server}");
    let readme = format!(
        "# {} {}\n\n{}\n\nPromised by: {}. With glare installed, from the folder that holds this one:\n\n    {command}\n\nIt starts the server anew, plays `scenario.yaml`, and shows what passed and what did not hold.\n",
        case.number, case.title, case.why, case.source
    );
    std::fs::write(folder.join("scenario.yaml"), &script.text)?;
    std::fs::write(folder.join("dialect.yaml"), asked_of(&script, dialect))?;
    std::fs::write(folder.join("README.md"), readme)?;
    Ok(Export { folder, command })
}

/// The dialect's text, so that a run plays what was asked: names that it does not promise to take, too.
fn asked_of(script: &Script, dialect: &Dialect) -> String {
    let text = dialect.source().text.to_string();
    let scenario = script.scenario("scenario.yaml");
    let needs = scenario
        .map(|scenario| scenario.needs())
        .unwrap_or_default();
    if dialect.properties().takes_any_name || !needs.iter().any(|it| it.need == Need::AnyName) {
        return text;
    }
    let own = |line: &&str| !line.starts_with("takes-any-name:");
    let mut lines: Vec<&str> = text.lines().filter(own).collect();
    lines.extend([
        "# Not promised; the case asks for it all the same.",
        "takes-any-name: true",
        "",
    ]);
    let asked = lines.join("\n");
    match Dialect::read(&dialect.source().path, &asked) {
        Ok(_) => asked,
        // One mapping in braces, say.
        Err(_) => text,
    }
}
