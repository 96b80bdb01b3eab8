//! `glare validate`: what a server can be trusted with.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::server_flags::ServerFlags;
use super::{Exit, complain, say, show_mistakes};
use crate::peer::browser::Pool;
use crate::report::{shell_word, tame};
use crate::signaling::Dialect;
use crate::stage::Setting;
use crate::validate::{self, Answer, Case, Column, Deviations, Number, Says, Section};

/// What can your signaling server be trusted with?
#[derive(clap::Args)]
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
    /// Cases that your server is known to break: a YAML file of numbers and reasons, `"7.1": "why, and a link"`
    #[arg(long, value_name = "FILE")]
    deviations: Option<PathBuf>,
    /// How long to wait for what a half-open line shows, which may be nothing; these waits run beside the rest
    #[arg(long, value_name = "SECONDS", default_value_t = validate::PATIENCE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=300))]
    patience: u64,
    /// Print what was found as JSON, to standard output
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

/// What is to be told where.
struct Sinks {
    deviations: Deviations,
    json: bool,
    junit: Option<PathBuf>,
    html: Option<PathBuf>,
    again: String,
}

impl Validate {
    pub(super) fn execute(self) -> Exit {
        let patience = Duration::from_secs(self.patience);
        let mut sections = validate::sections();
        for case in sections.iter_mut().flat_map(|section| &mut section.cases) {
            case.patience = patience;
        }
        let sections = match chosen(sections, &self.section, &self.case) {
            Ok(sections) => sections,
            Err(why) => {
                complain(why);
                return Exit::Usage;
            }
        };
        if self.list {
            match self.long {
                true => say(validate::page(&sections).trim_end()),
                false => list(&sections),
            }
            return Exit::Pass;
        }
        let deviations = match &self.deviations {
            None => Deviations::default(),
            Some(path) => match read_deviations(path) {
                Ok(deviations) => deviations,
                Err(exit) => return exit,
            },
        };
        let arguments = self.server.arguments();
        let again = again(&arguments);
        let project = match self.server.resolve() {
            Ok(project) => project,
            Err(exit) => return exit,
        };
        if let Some(number) = self.export {
            return export(number, &project.dialect, &arguments);
        }
        let sinks = Sinks {
            deviations,
            json: self.json,
            junit: self.junit,
            html: self.html,
            again,
        };
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(format!("no runtime: {error}"));
                return Exit::Environment;
            }
        };
        let reached = runtime.block_on(project.server.reach(project.security.as_ref()));
        if let Err(error) = reached {
            complain(error);
            return Exit::Environment;
        }
        let (run, pool) = match (crate::run::Run::global(), Pool::global()) {
            (Ok(run), Ok(pool)) => (run.clone(), pool.clone()),
            (Err(error), _) => {
                complain(error);
                return Exit::Environment;
            }
            (_, Err(error)) => {
                complain(error);
                return Exit::Environment;
            }
        };
        let setting = Arc::new(Setting {
            headers: project.headers.into(),
            security: project.security,
            logins: project.logins.into(),
            secrets: project.secrets.into(),
            filled: project.filled.into(),
            translator: project.translator,
            ..Setting::new(project.server, project.dialect, pool, run.clone())
        });
        let interrupt = setting.interrupt.clone();
        let exit = runtime.block_on(async {
            let mut playing = std::pin::pin!(perform(&sections, setting, &sinks));
            tokio::select! {
                exit = &mut playing => exit,
                _ = tokio::signal::ctrl_c() => {
                    interrupt.cancel();
                    tokio::select! {
                        exit = playing => exit,
                        _ = tokio::signal::ctrl_c() => Exit::Inconclusive,
                    }
                }
            }
        });
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        match run.end() {
            Ok(()) => exit,
            Err(error) => {
                complain(error);
                Exit::Fail
            }
        }
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

async fn perform(sections: &[Section], setting: Arc<Setting>, sinks: &Sinks) -> Exit {
    let began = Instant::now();
    let cases: Vec<Case> = sections
        .iter()
        .flat_map(|section| section.cases.iter().cloned())
        .collect();
    let section = AtomicU8::new(0);
    let tell = |answer: &Answer| {
        let mut out = std::io::stderr().lock();
        let now = answer.number.section;
        let before = section.swap(now, Ordering::Relaxed);
        if before != now {
            drop(write!(out, "{}{now} ", if before == 0 { "" } else { "\n" }));
        }
        drop(write!(out, "{}", answer.says.letter()).and_then(|()| out.flush()));
    };
    let mut answers = validate::ask_all(&cases, &setting, &tell).await;
    complain("");
    let in_vain = sinks.deviations.mark(&mut answers);
    for number in &in_vain {
        complain(format!(
            "deviations: {number} holds after all; take it out of the file"
        ));
    }
    let server = setting.server.name();
    if let Err(exit) = written(sinks, sections, &answers, &server) {
        return exit;
    }
    let counts = match sinks.json {
        true => {
            say(format!("{:#}", validate::as_json(&server, &answers)));
            counted(&answers)
        }
        false => told(sections, &answers, &sinks.again),
    };
    let took = began.elapsed().as_secs_f64();
    let sums: Vec<String> = Says::WORDS
        .iter()
        .chain(&[DEVIATES])
        .filter_map(|word| counts.get(word).map(|count| format!("{count} {word}")))
        .collect();
    let left = cases.len() - answers.len();
    let left = match left {
        0 => String::new(),
        _ => format!(", {left} not played"),
    };
    let last = format!("{}{left} in {took:.1} s", sums.join(", "));
    match sinks.json {
        true => complain(last),
        false => say(last),
    }
    match (counts.get("broken"), counts.get("inconclusive")) {
        (Some(_), _) => Exit::Fail,
        (None, Some(_)) => Exit::Inconclusive,
        _ if !left.is_empty() => Exit::Inconclusive,
        (None, None) => Exit::Pass,
    }
}

/// What is wanted as files.
fn written(
    sinks: &Sinks,
    sections: &[Section],
    answers: &[Answer],
    server: &str,
) -> Result<(), Exit> {
    let write = |path: &Option<PathBuf>, text: &dyn Fn() -> String| {
        let Some(path) = path else {
            return Ok(());
        };
        std::fs::write(path, text()).map_err(|error| {
            complain(format!("{} cannot be written: {error}", path.display()));
            Exit::Environment
        })
    };
    write(&sinks.junit, &|| validate::as_junit(server, answers))?;
    write(&sinks.html, &|| {
        let server = server.to_owned();
        validate::matrix(sections, &[Column { server, answers }])
    })
}

/// How often each word was said; what is known to deviate is counted as that.
fn counted(answers: &[Answer]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let word = match answer.deviation {
            Some(_) => DEVIATES,
            None => answer.says.word(),
        };
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// How what is known to be otherwise is counted.
const DEVIATES: &str = "deviates";

/// Shows what does not hold, section by section, and counts all.
fn told(sections: &[Section], answers: &[Answer], again: &str) -> BTreeMap<&'static str, usize> {
    let counts = counted(answers);
    for section in sections {
        let here: Vec<&Answer> = answers
            .iter()
            .filter(|answer| answer.number.section == section.number)
            .collect();
        let holds = here
            .iter()
            .filter(|answer| answer.says == Says::Holds)
            .count();
        say(format!(
            "{} {}: {holds} of {} hold",
            section.number,
            section.name,
            here.len()
        ));
        let mut unsupported: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for answer in here {
            if let Some(reason) = &answer.deviation {
                say(format!(
                    "  {DEVIATES:<12} {:<6} {}\n  {:<12} {}",
                    answer.number,
                    tame(&answer.title),
                    "",
                    tame(reason)
                ));
                continue;
            }
            match &answer.says {
                Says::Holds => {}
                Says::Unsupported(why) => {
                    let why = why.split_once(": ").map_or(&**why, |(_, why)| why);
                    let numbers = unsupported.entry(why).or_default();
                    numbers.push(answer.number.to_string());
                }
                says => {
                    say(format!(
                        "  {:<12} {:<6} {}",
                        says.word(),
                        answer.number,
                        tame(&answer.title)
                    ));
                    say(format!(
                        "  {:<12} {}",
                        "",
                        tame(says.why()).replace('\n', "\n               ")
                    ));
                    if matches!(says, Says::Broken(_) | Says::Inconclusive(_)) {
                        say(format!("  {:<12} {again} --case {}", "", answer.number));
                    }
                }
            }
        }
        for (why, numbers) in unsupported {
            say(format!(
                "  {:<12} {} {}",
                "unsupported",
                ranges(&numbers),
                tame(why)
            ));
        }
    }
    counts
}

/// `7.1, 7.2 and 5 more`
fn ranges(numbers: &[String]) -> String {
    const MOST: usize = 4;
    match numbers.len() {
        0..=MOST => format!("{}:", numbers.join(", ")),
        more => format!("{} and {} more:", numbers[..MOST].join(", "), more - MOST),
    }
}
