//! One case to hand on: its scenario, the dialect, and a few lines that say how to see it with one command.

use std::io;
use std::path::{Path, PathBuf};

use super::case::Case;
use super::script::Script;
use crate::signaling::Dialect;

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
    std::fs::write(folder.join("scenario.yaml"), script.text)?;
    std::fs::write(folder.join("dialect.yaml"), &*dialect.source().text)?;
    std::fs::write(folder.join("README.md"), readme)?;
    Ok(Export { folder, command })
}
