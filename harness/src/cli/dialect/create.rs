//! `glare dialect new`: a file to begin with.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::cli::{Exit, complain, say};
use crate::mistake::{quoted, shown};
use crate::names::is_name;
use crate::signaling::{NewCarrier, skeleton};

impl ValueEnum for NewCarrier {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.about()))
    }
}

/// Write a file to begin with
#[derive(clap::Args)]
pub(super) struct New {
    /// What your server is called: 1 to 32 of A-Z a-z 0-9 _ -
    name: String,
    /// What carries its messages; asked for on a terminal, else `websocket`
    #[arg(long, value_name = "CARRIER")]
    carrier: Option<NewCarrier>,
    /// Where to write it; NAME.yaml in this folder unless said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl New {
    pub(super) fn execute(self) -> Exit {
        if !is_name(&self.name) {
            complain(format!(
                "{} cannot be the name of a dialect: 1 to 32 of A-Z a-z 0-9 _ -",
                quoted(&self.name)
            ));
            return Exit::Usage;
        }
        let out = self
            .out
            .unwrap_or_else(|| PathBuf::from(format!("{}.yaml", self.name)));
        let path = shown(&out.display().to_string());
        if out.exists() {
            complain(format!(
                "{path} is there already, and stays as it is: name another by --out"
            ));
            return Exit::Usage;
        }
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let carrier = match self.carrier {
            Some(carrier) => carrier,
            None if terminal => match ask() {
                Some(carrier) => carrier,
                None => return Exit::Usage,
            },
            None => NewCarrier::WebSocket,
        };
        let text = skeleton(&self.name, carrier);
        let written =
            std::fs::File::create_new(&out).and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            complain(format!("{path} cannot be written: {error}"));
            return Exit::Environment;
        }
        say(format!(
            "{path} written: {}. Change its messages to those of your server; after each change:\n  glare dialect check {path}\n  glare dialect try {path} --server 'YOUR SERVER {{port}}'",
            carrier.about()
        ));
        Exit::Pass
    }
}

/// Asks which carrier. `None`: there is nobody any more.
fn ask() -> Option<NewCarrier> {
    complain("What carries its messages?");
    for (index, carrier) in NewCarrier::ALL.iter().enumerate() {
        complain(format!(
            "  {}  {:<10} {}",
            index + 1,
            carrier.as_str(),
            carrier.about()
        ));
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        let mut to = std::io::stderr().lock();
        drop(write!(to, "1 to {} [1]: ", NewCarrier::ALL.len()).and_then(|()| to.flush()));
        drop(to);
        let line = lines.next()?.ok()?;
        let word = line.trim();
        let by_name = NewCarrier::ALL
            .into_iter()
            .find(|carrier| carrier.as_str() == word);
        let by_number = || {
            let number: usize = word.parse().ok()?;
            NewCarrier::ALL.get(number.checked_sub(1)?).copied()
        };
        match by_name.or_else(by_number) {
            Some(carrier) => return Some(carrier),
            None if word.is_empty() => return Some(NewCarrier::WebSocket),
            None => complain("a number or a name of these"),
        }
    }
}
