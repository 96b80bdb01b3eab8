//! A dialect's `connect: headers`: sent by peers that can, and what cannot is not played, and says why.

use std::path::Path;
use std::sync::Arc;

use glare::names::Stack;
use glare::record::{UnsupportedKind, Verdict};
use glare::signaling::Dialect;
use glare::stage::{Case, Setting, play};

use crate::stage_support::{case, passes, scenario, setting};

fn with_headers() -> Arc<Dialect> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference/dialect.yaml");
    let text = std::fs::read_to_string(&path).expect("the dialect");
    let text = text.replace("connect:\n", "connect:\n  headers: { x-user: \"{me}\" }\n");
    match Dialect::read(&path, &text) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_cannot_send_them_and_others_do() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n";
    let setting = Arc::new(Setting {
        dialect: with_headers(),
        ..setting()
    });
    let native = case(&scenario(steps));
    passes(&play(&native, Arc::clone(&setting)).await);
    let scenario = Arc::clone(&native.scenario);
    let page = |cast: &glare::scenario::Cast| {
        cast.stacks()
            .values()
            .any(|stack| *stack == Stack::Chromium)
    };
    let cast = scenario.casts().into_iter().find(page).expect("a cast");
    let outcome = play(&Case { scenario, cast }, setting).await;
    let Verdict::Unsupported(why) = &outcome.verdict else {
        panic!("{:?}", outcome.verdict);
    };
    assert_eq!(why.kind, UnsupportedKind::Stack);
    assert_eq!(
        why.why,
        "the dialect `reference` sends headers of its own with a line (`connect: headers`), which a page in chromium cannot"
    );
}
