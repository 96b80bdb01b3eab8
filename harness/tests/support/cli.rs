//! Runs the real `glare` in a folder of its own.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The binary under test.
pub const GLARE: &str = env!("CARGO_BIN_EXE_glare");

/// The scenarios of the project.
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scenarios")
        .canonicalize()
        .expect("the scenarios")
}

/// An empty folder in which `glare` runs.
pub struct Stand {
    pub folder: tempfile::TempDir,
}

/// How it ended, and what it said.
pub struct Ran {
    /// As a shell would be told.
    pub command: String,
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &Command, output: Output) -> Self {
        Self {
            command: format!("{command:?}"),
            status: output.status.code().expect("glare ends by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Ended so, and never with a panic.
    #[track_caller]
    pub fn ends(self, status: i32) -> Self {
        let ended = self.status;
        assert!(ended == status, "status {ended}, not {status}, of {self}");
        assert!(!self.err.contains("panicked"), "a panic in {self}");
        self
    }

    /// Standard output has this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text),
            "no {text:?} on standard output of {self}"
        );
        self
    }

    /// Standard error has this.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(
            self.err.contains(text),
            "no {text:?} on standard error of {self}"
        );
        self
    }
}

/// All that is known of it, the short first: a record of many tests may be cut.
impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command, out, err, ..
        } = self;
        write!(
            f,
            "{command}\nstandard error:\n{err}\nstandard output:\n{out}"
        )
    }
}

impl Stand {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Copies one of the project's scenarios, with its shared snapshot and the sequences beside it, if it has some.
    pub fn copy(&self, scenario: &str) -> PathBuf {
        let sequences = scenarios().join(scenario).with_file_name("sequences.yaml");
        if let Ok(text) = std::fs::read_to_string(sequences) {
            self.write("sequences.yaml", &text);
        }
        for ending in ["yaml", "snap"] {
            let from = scenarios().join(scenario).with_extension(ending);
            let name = from
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if let Ok(text) = std::fs::read_to_string(&from) {
                self.write(&name, &text);
            }
        }
        self.path(
            Path::new(scenario)
                .file_name()
                .expect("a name")
                .to_str()
                .expect("a plain name"),
        )
    }

    /// The record of a case in the newest run.
    pub fn record(&self, case: &str) -> PathBuf {
        self.path(".glare/runs/latest")
            .join(case)
            .join("trace.jsonl")
    }

    /// The text of all records in the newest run.
    pub fn records(&self) -> String {
        let cases = glare::record::runs::RunFolder::cases(&self.path(".glare/runs/latest"));
        let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a record");
        cases.iter().map(text).collect()
    }

    /// The command, in this folder, with native peers only unless the test says otherwise.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(GLARE);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GLARE_STACKS", "native");
        for variable in ["CI", "NO_COLOR", "PORT", "CLICOLOR_FORCE", "FORCE_COLOR"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn glare(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("glare starts");
    Ran::of(command, output)
}

/// Processes (zombies left out) that carry this mark of a run in their environment.
pub fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("GLARE_RUN={mark}");
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|pair| pair == wanted.as_bytes())
        })
        .map(|entry| {
            std::fs::read_to_string(entry.path().join("cmdline"))
                .unwrap_or_default()
                .replace('\0', " ")
        })
        .filter(|command| !command.is_empty())
        .collect()
}

/// Polls until it holds; a test fails after 20 s.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come to be");
        std::thread::sleep(Duration::from_millis(5));
    }
}
