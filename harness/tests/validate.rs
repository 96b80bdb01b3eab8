//! Each case of `glare validate` can fail: it is broken by a server with the fault that it names.
//!
//! A binary of its own: most of what is seen here is that something does not come, which takes its time, and who plays beside it would have less.

#[path = "support/stage/mod.rs"]
#[expect(dead_code, reason = "a part of it is used")]
mod stage_support;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use glare::server::ServerSpec;
use glare::stage::Setting;
use glare::validate::{Case, Says, ask_all, sections};
use glare_signaling_server::Fault;

use stage_support::configurations::configurations;
use stage_support::{program, setting};

/// The reference server as a program, with a fault.
fn program_with(fault: Fault) -> ServerSpec {
    match program() {
        ServerSpec::Command(mut spec) => {
            spec.command.push_str(&format!(" --fault {fault}"));
            ServerSpec::Command(spec)
        }
        other => other,
    }
}

/// So many servers with a fault are asked at once.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_case_is_broken_by_its_fault() {
    let configurations = configurations();
    let configurations = &configurations;
    // By fault, and by where it is shown.
    let mut by_fault: BTreeMap<(Fault, usize), Vec<Case>> = BTreeMap::new();
    let cases = sections().into_iter().flat_map(|section| section.cases);
    for case in cases {
        if let Ok(fault) = case.broken_by.parse() {
            let number = case.number.to_string();
            let mut of_it = configurations.iter();
            let of_it = of_it.position(|one| one.cases.contains(&number.as_str()));
            by_fault
                .entry((fault, of_it.unwrap_or_default()))
                .or_default()
                .push(case);
        }
    }
    // As many are busy at once as of one server: they share what lets them be so.
    let base = setting();
    let base = &base;
    let all = by_fault.iter().map(|((fault, of_it), cases)| async move {
        let configuration = &configurations[*of_it];
        let asked = |server: ServerSpec, cases: Vec<Case>| async move {
            let faulty = Setting {
                server,
                dialect: configuration.dialect.clone(),
                ..base.clone()
            };
            ask_all(&cases, &Arc::new(faulty), &|_| ()).await
        };
        // What looks at the server's processes needs some that are not this one's.
        let of_its_own = |case: &Case| case.steps.contains("turnover");
        let (own, embedded): (Vec<Case>, Vec<Case>) = cases.iter().cloned().partition(of_its_own);
        let server = ServerSpec::Embedded {
            faults: (*fault).into(),
            policy: configuration.policy.clone(),
        };
        let mut answers = asked(server, embedded).await;
        answers.extend(asked(program_with(*fault), own).await);
        let answers = answers.into_iter();
        let unseen = answers.filter(|answer| !matches!(answer.says, Says::Broken(_)));
        let unseen = unseen.map(|answer| {
            let (number, title, says) = (answer.number, answer.title, answer.says);
            format!(
                "{number} {title}, with {fault:?}: {says:?}\n{}\n{}",
                answer.scenario, answer.log
            )
        });
        unseen.collect::<Vec<String>>()
    });
    let unseen: Vec<Vec<String>> = stream::iter(all).buffer_unordered(AT_ONCE).collect().await;
    let unseen = unseen.concat();
    assert!(
        unseen.is_empty(),
        "{} are not broken\n{}",
        unseen.len(),
        unseen.join("\n")
    );
}
