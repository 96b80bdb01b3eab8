//! Each case of `glare validate` can fail: it is broken by a server with the fault that it names.
//!
//! A binary of its own: most of what is seen here is that something does not come, which takes its time, and who plays beside it would have less.

#[path = "support/stage/mod.rs"]
#[expect(dead_code, reason = "a part of it is used")]
mod stage_support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use glare::server::{ServerSpec, ServerUnderTest, UrlSpec};
use glare::stage::Setting;
use glare::validate::{Case, Says, ask_all, every_case};
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
    let cases = every_case();
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

/// Asked at an address it says less, since its process is nobody's to end; what it says there is as true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_case_holds_at_an_address_where_its_fault_is() {
    let configurations = configurations();
    let configurations = &configurations;
    let base = setting();
    let base = &base;
    let cases = every_case();
    // Of garbage, a tenth: what it does is said alike.
    let some = cases.filter(|case| case.number.section != 7 || case.number.case % 10 == 5);
    let all = some.filter_map(|case| Some((case.broken_by.parse::<Fault>().ok()?, case)));
    let all = all.map(|(fault, case)| async move {
        let number = case.number.to_string();
        let mut of_it = configurations.iter();
        let of_it = of_it.position(|one| one.cases.contains(&number.as_str()));
        let configuration = &configurations[of_it.unwrap_or_default()];
        let spec = ServerSpec::Embedded {
            faults: fault.into(),
            policy: configuration.policy.clone(),
        };
        let server = ServerUnderTest::start(spec, base.run.clone(), Arc::new(|_| ()))
            .await
            .expect("it starts");
        let url = format!("http://{}", server.address());
        let url = UrlSpec {
            owned: true,
            // Some of these faults end it: it is there at once, or no more.
            within: Duration::from_secs(1),
            ..UrlSpec::new(url.parse().expect("a URL"))
        };
        let there = Setting {
            server: ServerSpec::Url(url),
            dialect: configuration.dialect.clone(),
            ..base.clone()
        };
        let answers = ask_all(&[case], &Arc::new(there), &|_| ()).await;
        server.stop().await;
        let answers = answers.into_iter();
        answers
            .map(|answer| (format!("{} with {fault:?}", answer.number), answer.says))
            .collect::<Vec<(String, Says)>>()
    });
    let said: Vec<Vec<(String, Says)>> =
        stream::iter(all).buffer_unordered(AT_ONCE).collect().await;
    let said = said.concat();
    let hold = said.iter().filter(|(_, says)| *says == Says::Holds);
    assert_eq!(
        hold.map(|(case, _)| case.as_str()).collect::<Vec<&str>>(),
        Vec::<&str>::new()
    );
    // What is seen of one that has ended, and nobody knows by whom, is no way of its own.
    let ended = said
        .iter()
        .filter(|(case, says)| case.contains("DiesOf") && matches!(says, Says::Fact(_)));
    assert_eq!(ended.collect::<Vec<_>>(), Vec::<&(String, Says)>::new());
    let broken = said
        .iter()
        .filter(|(_, says)| matches!(says, Says::Broken(_)));
    assert!(broken.count() > 100, "{said:#?}");
}
