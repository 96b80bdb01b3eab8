//! How soon `glare validate` is done with the reference server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use glare::peer::browser::Pool;
use glare::run::Run;
use glare::server::{CommandSpec, ServerSpec};
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Case, Says, Script, ask_all, sections};
use glare_signaling_server::{Options, Server};

/// What this program is told to be the reference server, and nothing else.
pub const SERVE: &str = "serve-reference";

/// The reference server as a process of its own, until it is ended.
pub async fn serve(port: u16) {
    let listen = ([127, 0, 0, 1], port).into();
    let options = Options {
        listen,
        ..Options::default()
    };
    let server = Server::start(options).await.expect("a server");
    server.crashed().await;
}

/// The section that does the same over and over, which is no measure of a case.
const ENDURANCE: u8 = 9;

/// All cases; or those that only signal, and let no time pass by themselves.
pub fn cases(brisk: bool) -> Vec<Case> {
    let all = sections().into_iter().flat_map(|section| section.cases);
    let is_brisk = |case: &Case| {
        !case.native
            && case.number.section != ENDURANCE
            && Script::of(case, &Dialect::reference()).patience() == Duration::ZERO
    };
    all.filter(|case| !brisk || is_brisk(case)).collect()
}

/// How long all of them take, with as many busy at once as the command has.
pub async fn measure(cases: &[Case], server: ServerSpec, pool: &Pool, run: &Run) -> Duration {
    let setting = Setting::new(server, Dialect::reference(), pool.clone(), run.clone());
    let began = Instant::now();
    let answers = ask_all(cases, &Arc::new(setting), &|_| ()).await;
    let took = began.elapsed();
    for answer in &answers {
        let wrong = matches!(answer.says, Says::Broken(_) | Says::Inconclusive(_));
        assert!(
            !wrong,
            "{} {:?}\n{}",
            answer.number, answer.says, answer.log
        );
    }
    took
}

/// The same server, started anew for each case.
pub fn in_a_process() -> ServerSpec {
    let own = std::env::current_exe().expect("this program");
    let command = format!("exec '{}' {SERVE} {{port}}", own.display());
    ServerSpec::Command(CommandSpec::new(command))
}
