//! Nothing is left behind, however a run ends. The victims are processes of this same test binary.
#![cfg(target_os = "linux")]

#[path = "support/browser.rs"]
mod browser_support;

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use browser_support::{Tap, processes};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::run::Run;
use rstest::rstest;

const VARIABLE: &str = "GLARE_TEST_VICTIM";
/// What is promised is 1 s; a busy machine gets more.
const GONE_DEADLINE: Duration = Duration::from_secs(5);

/// Not a test: what the others start and end. Does nothing when it is not asked to.
#[test]
#[ignore = "started by the other tests"]
fn victim() {
    let Ok(how) = std::env::var(VARIABLE) else {
        return;
    };
    let run = Run::global().unwrap();
    let tell = |word: &str| {
        use std::io::Write;
        let line = format!(
            "\nvictim {word} {} {}\n",
            run.mark(),
            run.folder().display()
        );
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    };
    if how == "hang while starting" {
        tell("ready");
    }
    if !browsers() {
        let mut families: Vec<Family> = (0..4).map(|_| Family::start(run)).collect();
        tell("ready");
        match how.as_str() {
            "hang" | "hang while starting" => loop {
                std::thread::park();
            },
            "panic" => panic!("as it was told"),
            "end" => {
                families.iter_mut().for_each(Family::end);
                run.end().unwrap();
            }
            _ => {}
        }
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = Pool::global().unwrap();
        let (a, b) = (Tap::start().await, Tap::start().await);
        let peers = tokio::join!(
            pool.peer(Stack::Chromium, &a.origin),
            pool.peer(Stack::Firefox, &b.origin)
        );
        let peers = (peers.0.unwrap(), peers.1.unwrap());
        tell("ready");
        match how.as_str() {
            "hang" | "hang while starting" => std::future::pending().await,
            "panic" => panic!("as it was told"),
            "end" => {
                drop(peers);
                pool.shutdown().await;
                run.end().unwrap();
            }
            _ => {}
        }
    });
}

/// Whether victims may start browsers: with `GLARE_STACKS=native` they start [families](Family) of other programs.
fn browsers() -> bool {
    let stacks = glare::suite::stacks().expect("GLARE_STACKS names stacks");
    [Stack::Chromium, Stack::Firefox]
        .iter()
        .all(|stack| stacks.contains(stack))
}

/// What a browser is to a watchdog: a leader, a child that has left its group and session, and one in the group that hides its environment.
struct Family {
    leader: Child,
    group: glare::run::Group,
    /// The one that no mark tells.
    hidden: u32,
}

impl Family {
    fn start(run: &Run) -> Self {
        let mut command = Command::new("/bin/sh");
        let script = "env -i sleep 1000 & echo $!; setsid sleep 1000 & exec sleep 1000";
        command.args(["-c", script]).stdout(Stdio::piped());
        let group = run.group(&mut command);
        let mut leader = command.spawn().unwrap();
        group.started(leader.id());
        let mut line = String::new();
        let mut output = BufReader::new(leader.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let hidden = line.trim().parse().unwrap();
        // Until it is another program it still has its parent's environment.
        let shown = |pid: u32| std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let deadline = Instant::now() + browser_support::DEADLINE;
        while !shown(hidden).is_empty() {
            assert!(Instant::now() < deadline, "it hides its environment");
            std::thread::sleep(Duration::from_millis(1));
        }
        Self {
            leader,
            group,
            hidden,
        }
    }

    fn end(&mut self) {
        assert!(self.group.kill());
        self.leader.wait().unwrap();
    }
}

/// Not a test: one [`Family`], whose hidden member is told.
#[test]
#[ignore = "started by another test"]
fn parent() {
    if std::env::var(VARIABLE).is_err() {
        return;
    }
    let family = Family::start(Run::global().unwrap());
    println!("\nhidden {}", family.hidden);
    loop {
        std::thread::park();
    }
}

#[test]
fn who_hides_its_environment_dies_with_its_group_when_the_harness_is_killed() {
    let mut harness = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &of_this_file("parent"),
            "--ignored",
            "--nocapture",
        ])
        .env(VARIABLE, "group")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(harness.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let hidden = lines.find_map(|line| line.strip_prefix("hidden ")?.parse().ok());
    let hidden: u32 = hidden.expect("the family is there");
    assert!(is_alive(hidden));
    processes::kill(harness.id(), libc::SIGKILL);
    harness.wait().unwrap();
    let ended = Instant::now();
    while is_alive(hidden) {
        assert!(ended.elapsed() < GONE_DEADLINE, "{hidden} is left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A zombie can be sent a signal for ever, and is no process that is left.
#[test]
fn a_run_ends_well_though_nobody_has_reaped_what_it_ended() {
    let run = Run::start().unwrap();
    let mut family = Family::start(&run);
    run.end().unwrap();
    assert!(!is_alive(family.hidden) && !is_alive(family.leader.id()));
    family.leader.wait().unwrap();
}

/// The name of a test here, as the test binary knows it.
fn of_this_file(test: &str) -> String {
    match module_path!().split_once("::") {
        Some((_, path)) => format!("{path}::{test}"),
        None => test.to_owned(),
    }
}

struct Victim {
    child: Child,
    mark: String,
    folder: String,
}

impl Drop for Victim {
    fn drop(&mut self) {
        // A test that failed leaves nothing either.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Victim {
    /// One after the other: each starts two browsers, and on one core a dozen of them take more than a minute.
    fn start(how: &str) -> Self {
        static STARTING: Mutex<()> = Mutex::new(());
        let _only = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        // What a shell starts in the background ignores interrupts, and so does all that it starts.
        let mut child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &of_this_file("victim"),
                "--ignored",
                "--nocapture",
            ])
            .env(VARIABLE, how)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .find_map(|line| {
                line.unwrap()
                    .strip_prefix("victim ready ")
                    .map(str::to_owned)
            })
            .expect("the victim starts its browsers");
        // The rest is read by nobody; the victim must not block or fail on it.
        std::thread::spawn(move || lines.for_each(drop));
        let (mark, folder) = ready.split_once(' ').unwrap();
        Self {
            child,
            mark: mark.into(),
            folder: folder.into(),
        }
    }

    fn alive(&self) -> HashSet<u32> {
        processes::of_run(&self.mark, &self.folder)
    }

    /// Waits for its end, then until nothing of it is left.
    fn leaves_nothing(mut self, how: &str, before: &HashSet<u32>) {
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                asked.elapsed() < browser_support::DEADLINE,
                "{how}: it goes on"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = Instant::now();
        let left_at_once = self.alive().len();
        loop {
            let alive = self.alive();
            let mut known = before.iter().filter(|pid| is_alive(**pid));
            if alive.is_empty() && known.next().is_none() && !Path::new(&self.folder).exists() {
                break;
            }
            assert!(
                ended.elapsed() < GONE_DEADLINE,
                "{how}: left {alive:?}, folder {}: {}",
                self.folder,
                Path::new(&self.folder).exists()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        eprintln!(
            "{how}: {} processes, {left_at_once} when the harness was gone, none {:?} later",
            before.len(),
            ended.elapsed()
        );
    }
}

fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit_once(')')
            .is_some_and(|(_, rest)| rest.starts_with(" Z"))
    })
}

#[rstest]
#[case::killed(libc::SIGKILL)]
#[case::interrupted(libc::SIGINT)]
#[case::terminated(libc::SIGTERM)]
fn a_run_ended_by_a_signal_leaves_nothing(#[case] signal: i32) {
    let victim = Victim::start("hang");
    let before = victim.alive();
    let least = if browsers() { 11 } else { 8 };
    assert!(
        before.len() >= least,
        "all that it starts is up: {before:?}"
    );
    assert!(Path::new(&victim.folder).is_dir());
    processes::kill(victim.child.id(), signal);
    victim.leaves_nothing(&format!("signal {signal}"), &before);
}

#[rstest]
#[case("return")]
#[case("panic")]
#[case("end")]
fn a_run_that_ends_by_itself_leaves_nothing(#[case] how: &str) {
    let victim = Victim::start(how);
    victim.leaves_nothing(how, &HashSet::new());
}

#[test]
fn a_run_killed_while_browsers_start_leaves_nothing() {
    for wanted in [1, 3, 8] {
        let victim = Victim::start("hang while starting");
        let deadline = Instant::now() + browser_support::DEADLINE;
        // The victim itself is none of them: it carries no mark.
        while victim.alive().len() < wanted {
            assert!(Instant::now() < deadline, "the browsers start");
            std::thread::sleep(Duration::from_millis(1));
        }
        let before = victim.alive();
        processes::kill(victim.child.id(), libc::SIGKILL);
        victim.leaves_nothing("killed while starting", &before);
    }
}

#[test]
fn another_run_is_left_alone() {
    let bystander = Victim::start("hang");
    let victim = Victim::start("hang");
    let before = bystander.alive();
    let doomed = victim.alive();
    processes::kill(victim.child.id(), libc::SIGKILL);
    victim.leaves_nothing("beside another run", &doomed);
    assert!(
        before.iter().all(|pid| is_alive(*pid)),
        "the other run lives"
    );
    assert!(Path::new(&bystander.folder).is_dir());
    processes::kill(bystander.child.id(), libc::SIGKILL);
    bystander.leaves_nothing("the other", &before);
}

#[test]
fn the_folder_is_private_and_the_mark_is_the_runs_own() {
    use std::os::unix::fs::PermissionsExt;
    let (one, other) = (Run::start().unwrap(), Run::start().unwrap());
    assert_ne!(one.mark(), other.mark());
    let mode = one.folder().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let folder = one.folder().to_owned();
    assert!(
        folder
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("glare-")
    );
    drop(one);
    assert!(!folder.exists() && other.folder().exists());
    other.end().unwrap();
    other.end().unwrap();
}

#[test]
fn what_a_child_writes_for_a_while_is_in_the_runs_folder() {
    let run = Run::start().unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo $TMPDIR"]).stdout(Stdio::piped());
    let group = run.group(&mut command);
    let child = command.spawn().unwrap();
    group.started(child.id());
    let said = child.wait_with_output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    assert_eq!(Path::new(said.trim_end()), run.folder());
    run.end().unwrap();
}

#[test]
fn what_leaves_its_group_is_found_by_its_mark() {
    let run = Run::start().unwrap();
    let mut command = Command::new("/bin/sh");
    command
        .args([
            "-c",
            "setsid sleep 1000 & setsid sleep 1000 & echo up; exec sleep 1000",
        ])
        .stdout(Stdio::piped());
    let group = run.group(&mut command);
    let mut child = command.spawn().unwrap();
    group.started(child.id());
    let deadline = Instant::now() + GONE_DEADLINE;
    let folder = run.folder().to_str().unwrap().to_owned();
    // All are there, and none is in the middle of an exec, where nobody can read its environment.
    while group.alive().len() < 3 || processes::of_run(run.mark(), &folder).len() != 3 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(group.kill());
    assert!(group.alive().is_empty());
    assert!(processes::of_run(run.mark(), &folder).is_empty());
    child.wait().unwrap();
    run.end().unwrap();
}
