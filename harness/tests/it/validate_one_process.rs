//! `one-process`: cases that do no harm are asked first of one process of the server. What is said is what would be said without it.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use glare::server::{CommandSpec, ServerSpec};
use glare::stage::Setting;
use glare::validate::{Answer, Case, Number, Says, Script, ask_all, every_case};
use glare_signaling_server::Fault;

use crate::cli_support::{GLARE, Stand, eventually};
use crate::stage_support::{program, setting};

/// The reference server as a program that writes its process's id down when it starts.
fn counted(stand: &Stand, more: &str) -> CommandSpec {
    let ServerSpec::Command(spec) = program() else {
        panic!("no program");
    };
    let starts = stand.path("starts");
    CommandSpec {
        command: format!("echo $$ >> '{}'; {} {more}", starts.display(), spec.command),
        ..spec
    }
}

fn started(stand: &Stand) -> Vec<String> {
    let text = std::fs::read_to_string(stand.path("starts")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn runs(pid: &String) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie does not.
    (stat.rsplit_once(") ")).is_some_and(|(_, state)| !state.starts_with('Z'))
}

async fn asked(cases: &[Case], spec: CommandSpec, base: &Setting) -> Vec<Answer> {
    let setting = Setting {
        server: ServerSpec::Command(spec),
        ..base.clone()
    };
    ask_all(cases, &Arc::new(setting), &|_| ()).await
}

/// All cases but those that strain the server and those that wait for long: none of them is asked of a process that others are on.
fn brisk() -> Vec<Case> {
    let cases = every_case();
    let dialect = setting().dialect;
    let brisk = |case: &Case| {
        case.number.section != 9 && Script::of(case, &dialect).patience() <= Duration::from_secs(10)
    };
    cases.filter(brisk).collect()
}

fn said(answers: &[Answer]) -> Vec<String> {
    let said = answers.iter();
    said.map(|answer| format!("{} {}", answer.number, answer.says.word()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_verdict_is_the_same_on_one_process_and_on_as_many_as_there_are_cases() {
    let stands = [Stand::new(), Stand::new()];
    let cases = brisk();
    let alone = asked(&cases, counted(&stands[0], ""), &setting()).await;
    let spec = CommandSpec {
        one_process: true,
        ..counted(&stands[1], "")
    };
    let one = asked(&cases, spec, &setting()).await;
    assert_eq!(said(&one), said(&alone));
    assert!(alone.iter().all(|answer| !answer.shared));
    let shared: Vec<&Answer> = one.iter().filter(|answer| answer.shared).collect();
    assert!(shared.len() > 40, "{} shared", shared.len());
    assert!(shared.iter().all(|answer| answer.says == Says::Holds));
    // Each of those would have had a process of its own; a run that says nothing is played anew, here or there.
    let [without, with] = [started(&stands[0]), started(&stands[1])];
    let saved = without.len().saturating_sub(with.len());
    assert!(
        saved + 10 > shared.len(),
        "{} and {} processes for {} cases, {} shared",
        without.len(),
        with.len(),
        cases.len(),
        shared.len()
    );
    assert!(!with.iter().chain(&without).any(runs), "some are left");
}

/// So many servers with a fault are asked at once.
const AT_ONCE: usize = 40;

/// So many cases are on the process beside the one that the fault breaks.
const COMPANY: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_that_a_fault_breaks_is_broken_where_others_hold_on_one_process() {
    let cases = brisk();
    let stand = Stand::new();
    let one = |more: &str| CommandSpec {
        one_process: true,
        ..counted(&stand, more)
    };
    let base = setting();
    let right = asked(&cases, one(""), &base).await;
    let shared: BTreeSet<Number> = (right.iter().filter(|answer| answer.shared))
        .map(|answer| answer.number)
        .collect();
    let shares: Vec<&Case> = (cases.iter().filter(|case| shared.contains(&case.number))).collect();
    let faults: Vec<(usize, Fault)> = (shares.iter().enumerate())
        .filter_map(|(at, case)| Some((at, case.broken_by.parse().ok()?)))
        .step_by(2)
        .collect();
    assert!(faults.len() > 24, "{} faults", faults.len());
    // As many are busy at once as of one server; most of it is waiting for what does not come.
    let all = faults.into_iter().map(|(at, fault)| {
        let (one, shares, base) = (&one, &shares, &base);
        async move {
            let beside = shares.iter().cycle().skip(at).take(COMPANY);
            let asks: Vec<Case> = beside.map(|case| Case::clone(case)).collect();
            let spec = one(&format!("--fault {fault}"));
            let answers = asked(&asks, spec, base).await;
            let number = shares[at].number;
            let answer = answers.iter().find(|answer| answer.number == number);
            let says = &answer.expect("it was asked").says;
            let unseen = (!matches!(says, Says::Broken(_)))
                .then(|| format!("{number} with {fault}: {says:?}"));
            let shared = answers.iter().filter(|answer| answer.shared).count();
            (unseen, shared)
        }
    });
    let all = stream::iter(all).buffer_unordered(AT_ONCE);
    let (unseen, shared): (Vec<Option<String>>, Vec<usize>) = all.unzip().await;
    let unseen: Vec<String> = unseen.into_iter().flatten().collect();
    assert_eq!(unseen, Vec::<String>::new());
    assert!(shared.iter().sum::<usize>() > COMPANY, "{shared:?}");
}

fn numbered(numbers: &[&str]) -> Vec<String> {
    numbers
        .iter()
        .flat_map(|number| ["--case".to_owned(), (*number).to_owned()])
        .collect()
}

#[test]
fn how_many_hold_on_one_process_is_told_and_what_harms_or_is_broken_is_asked_alone() {
    let stand = Stand::new();
    let serve = counted(&stand, "").command;
    stand.write(
        "glare.toml",
        &format!("[server]\ncommand = {serve:?}\none-process = true\n"),
    );
    let cases = numbered(&["1.1", "2.7", "4.1", "7.1"]);
    let arguments: Vec<&str> = cases.iter().map(String::as_str).collect();
    let ran = stand.glare(&[&["validate"], &arguments[..]].concat());
    ran.ends(0)
        .says("4 holds in")
        .says("; 3 were seen to hold on one process");
    assert_eq!(started(&stand).len(), 2);
    assert!(!started(&stand).iter().any(runs));
    // A flag says the same of a command; of none it says nothing.
    let program = format!("exec {GLARE} serve --port {{port}}");
    Stand::new()
        .glare(&[
            "validate",
            "--case",
            "1.1",
            "--one-process",
            "--server",
            &program,
        ])
        .ends(0)
        .says("; 1 were seen to hold on one process");
    Stand::new()
        .glare(&["validate", "--case", "1.1", "--one-process"])
        .ends(2)
        .complains("--one-process is about a server that glare starts by a command");
}

#[test]
fn an_interrupt_ends_the_process_that_cases_share() {
    let stand = Stand::new();
    let serve = counted(&stand, "").command;
    // Silent lines are waited for, and so it is under way for long.
    let child = stand
        .command(&[
            "validate",
            "--section",
            "1",
            "--one-process",
            "--server",
            &serve,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    eventually("some processes", || started(&stand).len() > 3);
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: plain system call, to a child that is not reaped yet.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    let output = child.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{told}");
    eventually("the end of all", || !started(&stand).iter().any(runs));
}
