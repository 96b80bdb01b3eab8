//! Servers as a test changes them, and how each is spoken with.

use std::fmt::Write as _;
use std::path::PathBuf;

use glare::server::{CommandSpec, ServerSpec};
use glare::signaling::Dialect;

use crate::cli_support::{Ran, Stand};
use crate::folder;

const COMMAND: &str = "exec node server.js {port}";

/// What starts the server that [`Changed::stand`] has written, for `glare` that runs there.
pub fn command() -> String {
    format!("NODE_PATH='{}' {COMMAND}", modules().display())
}

/// What a trial says before somebody comes back.
pub const COMES_BACK: &str = "7. Bob's line is lost, and he comes back by what he was given";

fn modules() -> PathBuf {
    folder().join("examples/node_modules")
}

/// The server of an example and how it is spoken with, and what has been changed of that.
#[derive(Clone)]
pub struct Changed {
    server: String,
    dialect: String,
    /// What stands in the place of what, for whoever reads of a failure.
    pub changes: String,
}

/// An example as it stands there.
pub fn example(name: &str) -> Changed {
    let folder = folder().join("examples").join(name);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a text");
    Changed::of(&read("server.js"), &read("dialect.yaml"))
}

impl Changed {
    pub fn of(server: &str, dialect: &str) -> Self {
        Self {
            server: server.to_owned(),
            dialect: dialect.to_owned(),
            changes: String::new(),
        }
    }

    /// Its server has this in the place of that, wherever that stands.
    #[track_caller]
    pub fn does(&self, right: &str, instead: &str) -> Self {
        let mut changed = self.noting(right, instead);
        changed.server = swapped(&self.server, right, instead);
        changed
    }

    /// Its dialect has.
    #[track_caller]
    pub fn says(&self, spoken: &str, instead: &str) -> Self {
        let mut changed = self.noting(spoken, instead);
        changed.dialect = swapped(&self.dialect, spoken, instead);
        changed
    }

    /// Each of these stands in the place of the other, in its server where that is there, else in its dialect.
    #[track_caller]
    pub fn with(&self, changes: &[(&str, &str)]) -> Self {
        changes.iter().fold(self.clone(), |changed, (was, is)| {
            match changed.server.contains(was) {
                true => changed.does(was, is),
                false => changed.says(was, is),
            }
        })
    }

    /// Its server begins with this.
    pub fn begins(&self, with: &str) -> Self {
        let mut changed = self.noting("", with);
        changed.server.insert_str(0, with);
        changed
    }

    /// Its dialect promises this as well.
    pub fn promises(&self, more: &str) -> Self {
        let mut changed = self.noting("", more);
        changed.dialect.push_str(more);
        changed
    }

    /// Its dialect has no line that begins so.
    #[track_caller]
    pub fn unsaid(&self, begins: &str) -> Self {
        let mut changed = self.noting(begins, "");
        let lines = self.dialect.split_inclusive('\n');
        changed.dialect = lines.filter(|line| !line.starts_with(begins)).collect();
        assert_ne!(changed.dialect, self.dialect, "no line begins {begins:?}");
        changed
    }

    fn noting(&self, right: &str, instead: &str) -> Self {
        let mut changed = self.clone();
        let _ = writeln!(changed.changes, "    {right:?} -> {instead:?}");
        changed
    }

    /// A folder with `server.js` and `d.yaml`.
    pub fn stand(&self) -> Stand {
        let stand = Stand::new();
        stand.write("server.js", &self.server);
        stand.write("d.yaml", &self.dialect);
        stand
    }

    /// A trial of it. What that says is in one line.
    pub fn tried(&self) -> Ran {
        let flags = ["dialect", "try", "d.yaml", "--server", &command()];
        let ran = self.stand().glare(&flags);
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        Ran {
            out: words.join(" "),
            ..ran
        }
    }

    /// The server that stands in a folder of [`Changed::stand`].
    pub fn spec(stand: &Stand) -> ServerSpec {
        let path = modules().to_str().expect("a plain path").to_owned();
        ServerSpec::Command(CommandSpec {
            env: vec![("NODE_PATH".to_owned(), path)],
            folder: Some(stand.folder.path().to_owned()),
            ..CommandSpec::new(COMMAND)
        })
    }

    /// Its dialect, as it stands there.
    pub fn dialect(stand: &Stand) -> Dialect {
        match Dialect::load(&stand.path("d.yaml")) {
            Ok(dialect) => dialect,
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        }
    }
}

#[track_caller]
fn swapped(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in\n{text}");
    text.replace(from, to)
}
