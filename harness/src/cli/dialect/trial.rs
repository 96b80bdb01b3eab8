//! `glare dialect try`: two native peers on a server, each message beside what was understood of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::playing::playing;
use crate::cli::server_flags::ServerFlags;
use crate::cli::{Exit, complain, say, show_doubts, show_mistakes};
use crate::mistake::{quoted, shown};
use crate::record::{Failure, Story, Verdict, What};
use crate::report::{self, Look, tame};
use crate::scenario::Place;
use crate::signaling::{Dialect, Kind};
use crate::stage::{Outcome, Setting};
use crate::suite::trial::{self, Scene, Shows, Stands};

/// Let two native peers meet on your server
#[derive(clap::Args)]
pub(super) struct Try {
    /// The dialect
    file: PathBuf,
    /// How wide to print; the terminal's width unless said
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
    /// Show every scene, those too that only look what could be promised
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    server: ServerFlags,
}

/// Where nobody says how wide it may be.
const WIDTH: usize = 100;

impl Try {
    pub(super) fn execute(self) -> Exit {
        let terminal = std::io::stdout().is_terminal();
        let width = self.width.unwrap_or_else(|| match terminal {
            true => columns().unwrap_or(80),
            false => WIDTH,
        });
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let look = Look {
            width,
            colour: terminal && !plain,
        };
        let mut project = match self.server.with_dialect(self.file).resolve() {
            Ok(project) => project,
            Err(exit) => return exit,
        };
        show_doubts(&project.dialect);
        let declared = project.dialect.clone();
        project.dialect = Arc::new(declared.for_trial());
        let all = self.all;
        playing(
            vec![project],
            async |settings: Vec<Arc<Setting>>| match settings.into_iter().next() {
                Some(setting) => perform(setting, &declared, look, all).await,
                None => Exit::Nothing,
            },
        )
    }
}

async fn perform(setting: Arc<Setting>, dialect: &Dialect, look: Look, all: bool) -> Exit {
    let path = shown(&dialect.source().path.display().to_string());
    let name = setting.server.name();
    say(look.bold(&tame(&format!("{path} with {name}"))));
    let mistaken = |mistakes| {
        show_mistakes(&[mistakes]);
        Exit::Inconclusive
    };
    let meeting = match trial::meeting(dialect) {
        Ok(meeting) => meeting,
        Err(mistakes) => return mistaken(mistakes),
    };
    let Some((outcome, story)) = act(&meeting, &setting).await else {
        complain("nothing could be played");
        return Exit::Inconclusive;
    };
    say(report::passed(&story, &meeting.headings, 0, look).trim_end());
    if let Some(why) = stopped(&story, look) {
        say(look.red("\nIt stops here."));
        say(why.trim_end());
        next(&story, &path, look);
        return match outcome.verdict {
            Verdict::Fail(_) => Exit::Fail,
            _ => Exit::Inconclusive,
        };
    }
    let others = match trial::others(dialect, tells_who_comes(&story)) {
        Ok(others) => others,
        Err(mistakes) => return mistaken(mistakes),
    };
    let mut played = trial::act_all(&others, &setting).await;
    let mut stories: BTreeMap<Shows, Story> = BTreeMap::new();
    for scene in &others {
        let story = played.get(&scene.shows).and_then(story_of);
        if let Some(story) = story {
            let of_interest = scene.is_shown() || all;
            if of_interest && !matches!(story.verdict, Verdict::Unsupported(_)) {
                let late = played.get(&scene.shows).and_then(told_late);
                parting(
                    scene,
                    &story,
                    late.filter(|_| scene.shows == Shows::Dropping),
                    look,
                );
            }
            stories.insert(scene.shows, story);
        }
    }
    let unseen = unseen(&others, &stories);
    stories.insert(Shows::Meeting, story);
    played.insert(Shows::Meeting, outcome);
    match &unseen {
        None => say(look.green("\nThey met, signalled, talked and parted.")),
        Some(why) => {
            say(look.green("\nThey met, signalled and talked."));
            let why = format!(
                "How they part was not seen: {}",
                tame(why).replace('\n', " ")
            );
            for line in look.wrapped(&why, 0) {
                say(look.yellow(&line));
            }
        }
    }
    let unread = unread(&stories);
    if unread > 0 {
        say(look.yellow(&format!(
            "{unread} message{} not understood, see above.",
            if unread == 1 { " was" } else { "s were" }
        )));
    }
    words(dialect, &stories, look);
    broken(&stories[&Shows::Meeting], look);
    promises(dialect, &played, look);
    match unseen {
        None => Exit::Pass,
        Some(_) => Exit::Inconclusive,
    }
}

/// Whether somebody was told of another's coming.
fn tells_who_comes(story: &Story) -> bool {
    story.events.iter().any(|event| match &event.what {
        What::Message {
            word: Some(word), ..
        } => word.kind() == Kind::PeerJoined,
        _ => false,
    })
}

/// Why how they part was not seen whole, if it was not.
fn unseen(scenes: &[Scene], stories: &BTreeMap<Shows, Story>) -> Option<String> {
    let mut shown = scenes.iter().filter(|scene| scene.is_shown());
    shown.find_map(
        |scene| match stories.get(&scene.shows).map(|story| &story.verdict) {
            None => Some("there is no record of it".to_owned()),
            Some(Verdict::Inconclusive(inconclusive)) => Some(inconclusive.why.clone()),
            Some(_) => None,
        },
    )
}

async fn act(scene: &Scene, setting: &Arc<Setting>) -> Option<(Outcome, Story)> {
    let outcome = trial::act(scene, setting.clone()).await?;
    let story = story_of(&outcome)?;
    Some((outcome, story))
}

fn story_of(outcome: &Outcome) -> Option<Story> {
    Story::of(outcome.record.clone()).ok()
}

/// Why the meeting did not go well. That a law is broken says nothing against a dialect that has promised nothing yet.
fn stopped(story: &Story, look: Look) -> Option<String> {
    match &story.verdict {
        Verdict::Fail(failure) if is_law(failure) => None,
        _ => report::stopped(story, look),
    }
}

fn is_law(failure: &Failure) -> bool {
    matches!(failure.place, Some(Place::Law(_)))
}

/// How long after the loss the other was told, though that was waited for no longer.
fn told_late(outcome: &Outcome) -> Option<String> {
    let took = trial::told_after(outcome, Shows::Dropping)?;
    Some(format!(
        "Alice was told, {} ms after the line had ended: later than the {} for which this waits. If the server keeps a place for so long, that is `keeps-places`.",
        took.as_millis(),
        trial::WAITS
    ))
}

/// One goes: what passed, and whether the other was told. `late`: she was, when it was waited for no more.
fn parting(scene: &Scene, story: &Story, late: Option<String>, look: Look) {
    say(report::passed(story, &scene.headings, scene.from, look).trim_end());
    if let Verdict::Fail(failure) = &story.verdict
        && !is_law(failure)
    {
        let told = late.unwrap_or_else(|| failure.message.clone());
        for line in look.wrapped(&tame(&told).replace('\n', " "), 3) {
            say(look.yellow(&line));
        }
    }
}

/// What to do about a meeting that stopped.
fn next(story: &Story, path: &str, look: Look) {
    let refused = story
        .events
        .iter()
        .any(|event| matches!(event.what, What::LinkRefused { .. }));
    let stranger = report::stranger(story).map(|id| quoted(&tame(id)));
    let advice = match (&story.verdict, stranger) {
        (Verdict::Fail(_), Some(id)) => format!(
            "The server speaks of {id}, and nobody here is known by that. Does it give each line an id? Then have it captured where it is told, `connect: {{ then: [{{ hear: … \"{{self}}\" … }}] }}`; or if it is made of a peer's name, say how, `connect: {{ self: \"{{me|…}}\" }}`, in {path}."
        ),
        (Verdict::Fail(_), None) if report::not_understood(story, 0) > 0 => format!(
            "Change the pattern that is nearest, or add one for what was not understood, in {path}, and try again."
        ),
        (Verdict::Fail(_), None) if refused => {
            format!("Is `connect:` of {path} what the server expects? See its `path:`.")
        }
        (Verdict::Fail(_), None) => format!(
            "All that the server said was understood. Look above at what was sent (->): is it what the server expects? Its words stand in `say:` of {path}."
        ),
        _ => return,
    };
    say("");
    for line in look.wrapped(&advice, 0) {
        say(line);
    }
}

/// How many messages nobody understood, of the scenes that are shown.
fn unread(stories: &BTreeMap<Shows, Story>) -> usize {
    let shown = stories.iter().filter(|(shows, _)| shows.is_shown());
    let shown = shown.map(|(_, story)| story);
    shown.map(|story| report::not_understood(story, 0)).sum()
}

/// The words of the dialect that were neither said nor heard.
fn words(dialect: &Dialect, stories: &BTreeMap<Shows, Story>, look: Look) {
    let mut met: BTreeSet<Kind> = BTreeSet::new();
    for event in stories.values().flat_map(|story| &story.events) {
        if let What::Message {
            word: Some(word), ..
        } = &event.what
        {
            met.insert(word.kind());
        }
    }
    let missing = |kinds: Vec<Kind>| -> Vec<&str> {
        let missing = kinds.iter().filter(|kind| !met.contains(kind));
        missing.map(|kind| kind.as_str()).collect()
    };
    let said = missing(dialect.said());
    let heard = missing(dialect.heard());
    for (what, words) in [("said", said), ("heard", heard)] {
        if !words.is_empty() {
            let line = format!("Never {what}, so not tried: {}", words.join(", "));
            for line in look.wrapped(&line, 0) {
                say(look.yellow(&line));
            }
        }
    }
}

/// What the meeting shows against what every server owes.
fn broken(story: &Story, look: Look) {
    let Verdict::Fail(failure) = &story.verdict else {
        return;
    };
    for broken in &failure.breaches {
        let line = format!("law {}: {}", broken.law, broken.message);
        for line in look.wrapped(&tame(&line).replace('\n', " "), 0) {
            say(look.red(&line));
        }
    }
}

fn promises(dialect: &Dialect, played: &BTreeMap<Shows, Outcome>, look: Look) {
    let seen = trial::seen(dialect, played);
    let widest = seen.proposals.iter().map(|one| one.line.len()).max();
    let widest = widest.unwrap_or(0);
    let print = |stands: &[Stands], heading: &str| {
        let lines: Vec<_> = seen
            .proposals
            .iter()
            .filter(|one| stands.contains(&one.stands))
            .collect();
        if lines.is_empty() {
            return;
        }
        say(format!("\n{}", look.bold(heading)));
        for one in lines {
            let line = format!("{:<widest$}", one.line);
            let seen = format!("# {}", tame(&one.seen).replace('\n', " "));
            let seen = look.dim(&look.fitted(&seen, widest + 2));
            say(format!("{line}  {seen}"));
        }
    };
    print(
        &[Stands::Missing, Stands::Otherwise],
        "What it may be held to, to paste into the dialect (promise what you mean, not what happened):",
    );
    print(&[Stands::Said], "Promised or assumed already, and seen so:");
    let otherwise: Vec<&str> = seen
        .proposals
        .iter()
        .filter(|one| one.stands == Stands::Otherwise)
        .map(|one| one.line.as_str())
        .collect();
    if !otherwise.is_empty() {
        let line = format!("The dialect says otherwise of: {}", otherwise.join("; "));
        say(look.yellow(&line));
    }
    if !seen.unkept.is_empty() {
        let heading = "Promised, and not seen so (mend the server, or the promise):";
        say(format!("\n{}", look.bold(heading)));
        for unkept in &seen.unkept {
            for line in look.wrapped(&tame(&format!("- {unkept}")).replace('\n', " "), 0) {
                say(look.red(&line));
            }
        }
    }
    if !seen.remarks.is_empty() {
        say(format!("\n{}", look.bold("Besides:")));
        for remark in &seen.remarks {
            for line in look.wrapped(&tame(&format!("- {remark}")).replace('\n', " "), 0) {
                say(line);
            }
        }
    }
}

/// The columns of the terminal.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|columns| columns.parse().ok());
    said.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}
