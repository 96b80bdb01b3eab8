//! The stage with TLS: the same scenario, the same log.

use std::path::Path;
use std::sync::Arc;

use glare::names::Stack;
use glare::record::Inconclusive;
use glare::record::Verdict;
use glare::scenario::Scenario;
use glare::server::{CommandSpec, Ready, ServerSpec};
use glare::stage::{Case, Outcome, Setting, play};
use glare::suite::Snapshot;
use glare::tls::{Authority, Security, Trust};
use glare_signaling_server::Faults;

fn native() -> (Case, Snapshot) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/rooms/happy-path.yaml");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let scenario = Arc::new(Scenario::read(&path, &text).expect("no mistakes"));
    let cast = scenario
        .casts()
        .into_iter()
        .find(|cast| cast.stacks().values().all(|stack| *stack == Stack::Native))
        .expect("an all-native cast");
    let snapshot = Snapshot::of(&scenario, &cast).expect("readable");
    (Case { scenario, cast }, snapshot)
}

async fn played(security: Security, server: Option<ServerSpec>) -> (Outcome, Snapshot) {
    let mut setting = Setting::reference(Faults::none()).expect("a run and a pool");
    setting.security = Some(security);
    if let Some(server) = server {
        setting.server = server;
    }
    let (case, snapshot) = native();
    (play(&case, Arc::new(setting)).await, snapshot)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_happy_path_has_the_same_log_with_tls() {
    let security = Security::new(None, None).expect("an authority");
    let (outcome, snapshot) = played(security, None).await;
    assert!(
        matches!(outcome.verdict, Verdict::Pass),
        "{:?}",
        outcome.verdict
    );
    assert!(
        snapshot.matches(&outcome.log.to_string()),
        "{}",
        outcome.log
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_nobody_trusts_lets_nobody_in() {
    let other = Authority::new().expect("an authority");
    let trust = Trust::from_pem(other.pem()).expect("PEM");
    let security = Security::new(Some(trust), None).expect("an authority");
    let (outcome, _) = played(security, None).await;
    assert!(
        !matches!(outcome.verdict, Verdict::Pass),
        "{:?}",
        outcome.verdict
    );
    let told: Vec<String> = outcome
        .events
        .iter()
        .map(|event| format!("{event:?}"))
        .collect();
    let why = "no TLS with it: invalid peer certificate: UnknownIssuer";
    let refused = |event: &String| event.contains("LinkRefused") && event.contains(why);
    assert!(told.iter().any(refused), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_gets_files_and_variables_of_its_certificate() {
    let security = Security::new(None, None).expect("an authority");
    let mut spec = CommandSpec::new(
        "test {cert} = $GLARE_CERT && test {key} = $GLARE_KEY && test {ca} = $GLARE_CA && \
         grep -q 'BEGIN CERTIFICATE' {cert} && grep -q 'BEGIN PRIVATE KEY' {key} && \
         grep -q 'BEGIN CERTIFICATE' {ca} && echo all there && exit 3",
    );
    spec.ready = Ready::Line("never".into());
    let (outcome, _) = played(security, Some(ServerSpec::Command(spec))).await;
    let Verdict::Inconclusive(Inconclusive { why, .. }) = &outcome.verdict else {
        panic!("{:?}", outcome.verdict);
    };
    assert!(
        why.contains("all there") && why.contains("exit status: 3"),
        "{why}"
    );
    let run = glare::run::Run::global().expect("a run");
    let left = std::fs::read_dir(run.folder()).expect("its folder");
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("certificate-")),
        "{left:?}"
    );
}
