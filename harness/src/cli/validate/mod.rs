//! `glare validate`: what a server can be trusted with.

mod asking;
mod told;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::playing::playing;
use super::server_flags::ServerFlags;
use super::{Exit, complain, say, show_doubts, show_mistakes};
use crate::project::Project;
use crate::report::shell_word;
use crate::server::ServerSpec;
use crate::signaling::Dialect;
use crate::stage::Setting;
use crate::validate::{self, Deviations, Number, Section};
use asking::{Asked, Sinks, perform};

/// What can your signaling server be trusted with?
#[derive(clap::Args)]
#[command(mut_arg("project", |project| project.help(SEVERAL)))]
pub(super) struct Validate {
    /// Only this section, by number; may be given more than once
    #[arg(long, value_name = "N")]
    section: Vec<u8>,
    /// Only this case, as 7.12; may be given more than once
    #[arg(long, value_name = "NUMBER")]
    case: Vec<Number>,
    /// List the cases, and play none
    #[arg(long)]
    list: bool,
    /// With --list: as a page (Markdown), with who promised each, and why it is asked
    #[arg(long, requires = "list")]
    long: bool,
    /// Cases that your server is known to break: a YAML file of numbers and reasons, `"7.1": "why, and a link"`. With several --project: one for each,
    /// in their order
    #[arg(long, value_name = "FILE")]
    deviations: Vec<PathBuf>,
    /// How long to wait for what a half-open line shows, which may be nothing; these waits run beside the rest
    #[arg(long, value_name = "SECONDS", default_value_t = validate::PATIENCE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=300))]
    patience: u64,
    /// Ask cases that do no harm first of one process of your server, which they share; one that does not hold there is asked alone, of a process of
    /// its own, as all are without this. For a server that is slow to start (`one-process` of the project file)
    #[arg(long)]
    one_process: bool,
    /// Print what was found as JSON, to standard output: an object, or of several servers a list of them
    #[arg(long)]
    json: bool,
    /// Write what was found as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write what was found as one page, in which each cell opens what shows it
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a case into a folder of its own, `case-NUMBER`: a scenario, the dialect, and how to see it with one command. Nothing is played
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["json", "junit", "html", "list"])]
    export: Option<Number>,
    #[command(flatten)]
    server: ServerFlags,
}

/// What `--project` says of itself here.
const SEVERAL: &str = "A project file: server, dialect, headers; `glare.toml` in this folder if there is one. May be given more than once: the servers are asked one after another, and stand side by side on the page";

impl Validate {
    pub(super) fn execute(self) -> Exit {
        match self.prepared() {
            Ok(Work::Done) => Exit::Pass,
            Ok(Work::Ask {
                sections,
                projects,
                asked,
                sinks,
            }) => playing(projects, async |settings: Vec<Arc<Setting>>| {
                perform(&sections, settings.into_iter().zip(asked).collect(), &sinks).await
            }),
            Err(exit) => exit,
        }
    }

    fn prepared(self) -> Result<Work, Exit> {
        let usage = |why: String| {
            complain(why);
            Exit::Usage
        };
        let patience = Duration::from_secs(self.patience);
        let mut sections = validate::sections();
        for case in sections.iter_mut().flat_map(|section| &mut section.cases) {
            case.patience = patience;
        }
        let sections = chosen(sections, &self.section, &self.case).map_err(usage)?;
        if self.list {
            match self.long {
                true => say(validate::page(&sections).trim_end()),
                false => list(&sections),
            }
            return Ok(Work::Done);
        }
        let names = self.server.names();
        let flags = self.server.one_each()?;
        let known = match self.deviations.len() {
            0 => vec![Deviations::default(); flags.len()],
            some if some == flags.len() => {
                let read = self.deviations.iter().map(|path| read_deviations(path));
                read.collect::<Result<_, Exit>>()?
            }
            some => {
                return Err(usage(format!(
                    "--deviations: {some} given, and {} to ask: expected one for each, in their order, or none",
                    servers(flags.len())
                )));
            }
        };
        if self.export.is_some() && flags.len() > 1 {
            return Err(usage(
                "--export writes what shows a case on one server: give one --project".to_owned(),
            ));
        }
        let (mut projects, mut asked) = (Vec::new(), Vec::new());
        for ((flags, deviations), name) in flags.into_iter().zip(known).zip(names) {
            let arguments = flags.arguments();
            let mut project = flags.resolve()?;
            if self.one_process {
                let ServerSpec::Command(spec) = &mut project.server else {
                    return Err(usage(
                        "--one-process is about a server that glare starts by a command: add --server, or take it out".to_owned(),
                    ));
                };
                spec.one_process = true;
            }
            if let Some(number) = self.export {
                return match export(number, &project.dialect, &arguments) {
                    Exit::Pass => Ok(Work::Done),
                    exit => Err(exit),
                };
            }
            show_doubts(&project.dialect);
            asked.push(Asked {
                name,
                deviations,
                again: again(&arguments),
            });
            projects.push(project);
        }
        Ok(Work::Ask {
            sections,
            projects,
            asked,
            sinks: Sinks {
                json: self.json,
                junit: self.junit,
                html: self.html,
            },
        })
    }
}

/// What is left to do once the flags are understood.
enum Work {
    Done,
    Ask {
        sections: Vec<Section>,
        projects: Vec<Project>,
        asked: Vec<Asked>,
        sinks: Sinks,
    },
}

fn servers(number: usize) -> String {
    match number {
        1 => "1 server".to_owned(),
        number => format!("{number} servers"),
    }
}

/// The deviations of a file, or the exit status after a word about what is wrong.
fn read_deviations(path: &Path) -> Result<Deviations, Exit> {
    let text = crate::input::read_to_string(path).map_err(|error| {
        complain(format!("{}: {error}", path.display()));
        Exit::Usage
    })?;
    Deviations::read(path, &text, &validate::sections()).map_err(|mistakes| {
        show_mistakes(&[mistakes]);
        Exit::Invalid
    })
}

fn export(number: Number, dialect: &Dialect, arguments: &[String]) -> Exit {
    let sections = validate::sections();
    let mut cases = sections.iter().flat_map(|section| &section.cases);
    let Some(case) = cases.find(|case| case.number == number) else {
        complain(format!("there is no case {number}: see --list"));
        return Exit::Usage;
    };
    let mut server = String::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        // The folder has a copy of its own.
        if argument == "--dialect" {
            arguments.next();
            continue;
        }
        server.push(' ');
        server.push_str(&shell_word(argument));
    }
    match validate::export(case, dialect, &server, Path::new("")) {
        Ok(written) => {
            say(format!(
                "{} written. Play it here:\n  {}",
                written.folder.display(),
                written.command
            ));
            Exit::Pass
        }
        Err(error) => {
            complain(format!("case-{number} cannot be written: {error}"));
            Exit::Environment
        }
    }
}

/// The cases that are to be played, or why there are none.
fn chosen(
    sections: Vec<Section>,
    wanted: &[u8],
    numbers: &[Number],
) -> Result<Vec<Section>, String> {
    if let Some(number) = wanted
        .iter()
        .find(|number| !sections.iter().any(|section| section.number == **number))
    {
        let all: Vec<String> = sections
            .iter()
            .map(|section| format!("{} {}", section.number, section.name))
            .collect();
        return Err(format!(
            "there is no section {number}: expected one of {}",
            all.join(", ")
        ));
    }
    let all = || sections.iter().flat_map(|section| &section.cases);
    if let Some(number) = numbers
        .iter()
        .find(|number| !all().any(|case| case.number == **number))
    {
        return Err(format!("there is no case {number}: see --list"));
    }
    let mut chosen = sections;
    if wanted.is_empty() && numbers.is_empty() {
        return Ok(chosen);
    }
    for section in &mut chosen {
        let whole = wanted.contains(&section.number);
        section
            .cases
            .retain(|case| whole || numbers.contains(&case.number));
    }
    chosen.retain(|section| !section.cases.is_empty());
    Ok(chosen)
}

fn list(sections: &[Section]) {
    for section in sections {
        say(format!(
            "{} {}: {}",
            section.number, section.name, section.asks
        ));
        for case in &section.cases {
            say(format!("  {:<6} {}", case.number, case.title));
        }
    }
}

/// What plays a case again, without its number.
fn again(server: &[String]) -> String {
    let quoted = server.iter().map(|argument| shell_word(argument));
    let arguments: Vec<String> = quoted.collect();
    match arguments.is_empty() {
        true => "glare validate".to_owned(),
        false => format!("glare validate {}", arguments.join(" ")),
    }
}
