//! A dialect's `connect: headers`: sent by peers that can, and what cannot is not played, and says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glare::names::Stack;
use glare::record::{UnsupportedKind, Verdict};
use glare::signaling::Dialect;
use glare::stage::{Case, Setting, play};

use crate::cli_support::Stand;
use crate::stage_support::{case, passes, scenario, setting};

fn with_headers() -> Arc<Dialect> {
    let (path, text) = asking("/?userId={me|url}");
    match Dialect::read(&path, &text) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// The reference dialect, whose lines are asked for at this path, with a header.
fn asking(at: &str) -> (PathBuf, String) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference/dialect.yaml");
    let text = std::fs::read_to_string(&path).expect("the dialect");
    let text = text.replace("connect:\n", "connect:\n  headers: { x-user: \"{me}\" }\n");
    let text = text.replace("  path: /?userId={me|url}\n", &format!("  path: {at}\n"));
    (path, text)
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

#[test]
fn what_a_line_was_asked_for_with_is_in_the_record_and_no_log() {
    let steps = "  - create: { peer: alice, room: lobby }\n";
    for (path, is) in [("/", true), ("/nowhere", false)] {
        let stand = Stand::new();
        let at = format!("{path}?userId={{me|url}}&token=hunter2");
        stand.write("mine.yaml", &asking(&at).1);
        stand.write("glare.toml", "[headers]\nx-of-the-project = \"one\"\n");
        stand.write("case.yaml", &scenario(steps));
        let ran = stand.glare(&["run", "case.yaml", "--dialect", "mine.yaml"]);
        ran.ends(if is { 0 } else { 1 });
        let asked = format!("GET {path}?userId=alice&token=<redacted>");
        let records = stand.records();
        let event = records.lines().find(|line| line.contains("link-asked"));
        let event = event.expect("an event");
        for part in [
            asked.as_str(),
            r"\nx-user: alice",
            r"\nx-of-the-project: one",
            r"\nhost: 127.",
        ] {
            assert!(event.contains(part), "no {part:?} in {event}");
        }
        assert!(!event.contains("sec-websocket-key"), "{event}");
        assert!(!records.contains("hunter2&") && !event.contains("hunter2"));
        // Where it was refused, it is told with the refusal.
        let told = stand.glare(&["show"]);
        let line = format!("alice -> server: {asked} (");
        assert_eq!(told.err.contains(&line), !is, "{}", told.err);
        assert!(is || told.err.contains("404 Not Found"), "{}", told.err);
        let log = stand.glare(&["show", "--logs"]);
        assert!(!log.out.contains("token="), "{}", log.out);
        stand.glare(&["show", "--html", "case.html"]);
        let page = std::fs::read_to_string(stand.path("case.html")).expect("a page");
        assert!(
            page.contains("userId=alice&amp;token=&lt;redacted&gt;"),
            "{page}"
        );
    }
}
