//! Plays the web platform's own tests bare, with glare's observer in the page, and behind a tap too, and says where they differ.
//!
//! `ci/wpt` prepares all that this needs. A page whose modes differ is played again, up to `--rounds` times: it differs if a test in it never had in one
//! mode a status that it had bare, and is else called unsteady. What differs and may is in `known.tsv`, with the reason.

mod found;
mod play;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Parser;
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::run::Run;
use glare::tls::{Authority, Trust};
use serde_json::json;
use tokio::task::JoinSet;

use found::{Mode, Rounds, differing, names};
use play::{Setting, Test, Windows};

const KNOWN: &str = include_str!("../known.tsv");

#[derive(Parser)]
struct Arguments {
    /// The folder that the server of the tests has written into.
    #[arg(long)]
    work: PathBuf,
    #[arg(long, value_delimiter = ',', default_value = "chromium,firefox")]
    stacks: Vec<Stack>,
    /// The first one is what the others are compared with.
    #[arg(long, value_delimiter = ',', default_value = "bare,watched,tapped")]
    modes: Vec<Mode>,
    /// Only pages with this in their URL.
    #[arg(long, default_value = "")]
    filter: String,
    /// So often is a page played at most.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// So many pages of each browser are under way at once.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// A file for all that was found: a line of JSON for each page.
    #[arg(long)]
    out: Option<PathBuf>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match play(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(4)
        }
    }
}

/// What is found of one page.
struct Page {
    stack: Stack,
    url: String,
    rounds: Rounds,
}

fn play(arguments: Arguments) -> Result<bool, Failure> {
    let work = |name: &str| std::fs::read_to_string(arguments.work.join(name));
    let mut tests: Vec<Test> = (work("list.tsv")?.lines())
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, url)| url.contains(&arguments.filter))
        .filter_map(|(within, url)| {
            Some(Test {
                url: url.to_owned(),
                within: Duration::from_secs(within.parse().ok()?),
            })
        })
        .collect();
    // Those whose window is the same follow one another.
    tests.sort_by_key(|test| (test.url.starts_with("https:"), test.url.contains("?wss")));
    let run = Run::global()?.clone();
    let pool = Pool::start(run.clone())?;
    let setting = Arc::new(Setting {
        pool: pool.clone(),
        reports: arguments.work.join("reports"),
        ports: serde_json::from_str(&work("ports.json")?)?,
        authority: Authority::new()?,
        trust: Trust::from_pem(&work("certs/cacert.pem")?)?.named("localhost")?,
    });
    let runtime = tokio::runtime::Runtime::new()?;
    let pages = runtime.block_on(play_all(&arguments, &setting, Arc::new(tests)));
    runtime.block_on(pool.shutdown());
    drop(setting);
    run.end()?;
    if let Some(out) = &arguments.out {
        let lines = pages.iter().map(|page| {
            let Page { stack, url, rounds } = page;
            format!(
                "{}\n",
                json!({ "stack": stack.to_string(), "url": url, "rounds": rounds })
            )
        });
        std::fs::write(out, lines.collect::<String>())?;
    }
    Ok(tell(&arguments, &pages))
}

async fn play_all(
    arguments: &Arguments,
    setting: &Arc<Setting>,
    tests: Arc<Vec<Test>>,
) -> Vec<Page> {
    let mut workers = JoinSet::new();
    for stack in &arguments.stacks {
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..arguments.workers.max(1) {
            let (setting, tests, next) = (setting.clone(), tests.clone(), next.clone());
            let (stack, modes) = (*stack, arguments.modes.clone());
            let rounds = arguments.rounds.max(1);
            workers.spawn(async move {
                let mut pages = Vec::new();
                let mut windows = Windows::new();
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rounds = page(&setting, stack, test, (&modes, rounds), &mut windows).await;
                    pages.push(Page {
                        stack,
                        url: test.url.clone(),
                        rounds,
                    });
                }
                for (_, window) in windows {
                    window.close().await;
                }
                pages
            });
        }
    }
    let mut pages: Vec<Page> = workers.join_all().await.into_iter().flatten().collect();
    pages.sort_by(|a, b| (a.stack.to_string(), &a.url).cmp(&(b.stack.to_string(), &b.url)));
    pages
}

/// One page in all modes, and again while they differ.
async fn page(
    setting: &Setting,
    stack: Stack,
    test: &Test,
    (modes, most): (&[Mode], usize),
    windows: &mut Windows,
) -> Rounds {
    let mut rounds = Rounds::new();
    for _ in 0..most {
        for mode in modes {
            let outcome = setting.play(stack, test, *mode, windows).await;
            rounds.entry(*mode).or_default().push(outcome);
        }
        if differing(&rounds).is_empty() {
            break;
        }
    }
    rounds
}

/// Why this page may differ in this browser, if that is known.
fn known(stack: Stack, url: &str) -> Option<&'static str> {
    let mut lines = KNOWN.lines().filter_map(|line| {
        let (of, rest) = line.split_once('\t')?;
        let (part, why) = rest.split_once('\t')?;
        Some((of, part, why))
    });
    let stack = stack.to_string();
    lines
        .find(|(of, part, _)| *of == stack && url.contains(part))
        .map(|(_, _, why)| why)
}

/// Whether nothing differs but what is known.
fn tell(arguments: &Arguments, pages: &[Page]) -> bool {
    let mut good = true;
    for stack in &arguments.stacks {
        let its = || pages.iter().filter(|page| page.stack == *stack);
        let (mut unsteady, mut explained, mut tests, mut broken) = (0, 0, 0, 0);
        for Page { url, rounds, .. } in its() {
            tests += names(rounds).len();
            let ended =
                |outcomes: &Vec<found::Outcome>| outcomes.iter().any(|one| one.status == "OK");
            broken += usize::from(!rounds.values().any(ended));
            let apart = differing(rounds);
            let more = rounds.values().any(|outcomes| outcomes.len() > 1);
            unsteady += usize::from(more && apart.is_empty());
            if apart.is_empty() {
                continue;
            }
            // What is known is the tap's.
            let mut untapped = rounds.clone();
            untapped.remove(&Mode::Tapped);
            if let Some(why) = known(*stack, url)
                && differing(&untapped).is_empty()
            {
                explained += 1;
                println!("{stack}: known: {url}: {why}");
                continue;
            }
            good = false;
            println!("{stack}: differs: {url}");
            for test in &apart {
                println!("    {}", test.as_deref().unwrap_or("(the page)"));
                for (mode, outcomes) in rounds {
                    let seen: Vec<String> = (outcomes.iter())
                        .map(|one| match test {
                            None => one.status.clone(),
                            Some(name) => (one.tests.get(name))
                                .map_or("absent".to_owned(), |(status, why)| {
                                    format!("{status} {why}")
                                }),
                        })
                        .collect();
                    println!("        {mode:?}: {seen:?}");
                }
            }
        }
        println!(
            "{stack}: {} pages with {tests} tests; {explained} differ as known, {unsteady} unsteady, {broken} that no mode has played to the end",
            its().count()
        );
        // Nothing differs where nothing was asked.
        good &= tests > 0;
    }
    good
}
