//! Pages that do what no page should: bounded and named.

use super::{casts, played};
use crate::site_support::Site;
use crate::stage_support::{fails, passes};
use glare::record::{Event, FailureKind, Verdict, What};
use glare::scenario::Place;
use glare::stage::Outcome;
use std::sync::Arc;
use std::time::{Duration, Instant};

casts! {
    a_page_that_never_loads_fails_in_its_time_in_chromium: "alice=chromium", never_loads;
    a_page_that_never_loads_fails_in_its_time_in_firefox: "alice=firefox", never_loads;
    a_page_whose_scripts_never_rest_fails_in_its_time_in_chromium: "alice=chromium", loops;
    a_page_whose_scripts_never_rest_fails_in_its_time_in_firefox: "alice=firefox", loops;
    a_page_whose_scripts_never_rest_while_it_loads_is_told_after_the_steps_own_time_in_chromium: "alice=chromium", loops_while_it_loads;
    a_page_whose_scripts_never_rest_while_it_loads_is_told_after_the_steps_own_time_in_firefox: "alice=firefox", loops_while_it_loads;
    that_a_page_was_answered_with_an_error_is_told_first_in_chromium: "alice=chromium", answered_with_an_error;
    that_a_page_was_answered_with_an_error_is_told_first_in_firefox: "alice=firefox", answered_with_an_error;
    what_a_page_asks_of_a_foreign_host_is_refused_and_told_in_chromium: "alice=chromium", foreign;
    what_a_page_asks_of_a_foreign_host_is_refused_and_told_in_firefox: "alice=firefox", foreign;
    dialogs_windows_and_errors_are_told_in_chromium: "alice=chromium", noisy;
    dialogs_windows_and_errors_are_told_in_firefox: "alice=firefox", noisy;
    a_flood_on_the_console_is_cut_in_chromium: "alice=chromium", floods;
    a_flood_on_the_console_is_cut_in_firefox: "alice=firefox", floods;
    a_page_that_closes_itself_fails_the_step_in_firefox: "alice=firefox", closes_itself;
    an_error_on_the_console_is_a_line_for_never_in_chromium: "alice=chromium", errs;
    an_error_on_the_console_is_a_line_for_never_in_firefox: "alice=firefox", errs;
}

async fn alice_does(cast: &str, site: &Site, steps: &str) -> Outcome {
    let text = format!("scenario: a page\npeers: {{ alice: {{ app: / }} }}\nsteps:\n{steps}");
    played(&text, cast, site).await
}

fn notes(outcome: &Outcome) -> Vec<String> {
    let note = |event: &Arc<Event>| match &event.what {
        What::Note { text, .. } => Some(text.clone()),
        _ => None,
    };
    outcome.events.iter().filter_map(note).collect()
}

async fn never_loads(cast: &str) {
    let began = Instant::now();
    let site = Site::page("<p>here").await;
    let steps = "  - see: { peer: alice, text: here }\n  - navigate: { peer: alice, path: /held, within: 1s }\n";
    let outcome = alice_does(cast, &site, steps).await;
    fails(&outcome, Place::Step(2), "/held could not be loaded");
    assert!(began.elapsed() < Duration::from_secs(60));
}

async fn loops(cast: &str) {
    let site = Site::page("<button onclick='for (;;) ;'>Go</button>").await;
    let steps = "  - click: { peer: alice, button: Go, within: 3s }\n  - see: { peer: alice, text: never, within: 1s }\n";
    let outcome = alice_does(cast, &site, steps).await;
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{:#?}", outcome.verdict);
    };
    assert!(failure.message.contains("did not answer"), "{failure:#?}");
    // The same browser goes on with the next case, and is not kept busy by this one.
    for _ in 0..2 {
        let site = Site::page("<p>here").await;
        let steps = "  - see: { peer: alice, text: here, within: 20s }\n";
        passes(&alice_does(cast, &site, steps).await);
    }
}

/// Whether a step opens it, or it opens by itself at the peer's first step.
async fn loops_while_it_loads(cast: &str) {
    for steps in [
        "  - see: { peer: alice, text: here, within: 2s }\n",
        "  - open: { peer: alice, path: /, within: 2s }\n",
    ] {
        let site = Site::page("<p>here<script>for (;;) ;</script>").await;
        let outcome = alice_does(cast, &site, steps).await;
        let told = "did not answer in 2 s (whether it is loaded): its scripts run without a pause";
        let failure = fails(&outcome, Place::Step(1), told);
        assert_eq!(failure.kind, FailureKind::TimedOut);
        assert!(outcome.took < Duration::from_secs(25), "{:?}", outcome.took);
    }
}

async fn answered_with_an_error(cast: &str) {
    let at =
        |path: &str, step: &str| format!("  - open: {{ peer: alice, path: {path} }}\n  - {step}\n");
    let site = Site::page("<p>missing<button>Go</button>").await;
    for (path, step, status) in [
        (
            "/none",
            "click: { peer: alice, button: Go, within: 1s }",
            404,
        ),
        (
            "/none?at=1",
            "see: { peer: alice, text: missing, within: 1s }",
            404,
        ),
        (
            "/none",
            "see: { peer: alice, text: nothing here, gone: true, within: 1s }",
            404,
        ),
    ] {
        let outcome = alice_does(cast, &site, &at(path, step)).await;
        let told = format!("{path} was answered with {status}: ");
        fails(&outcome, Place::Step(2), &told);
    }
    // A page of the server's own for it is one as any other.
    let seen = at("/none", "see: { peer: alice, text: nothing here }");
    passes(&alice_does(cast, &site, &seen).await);
    let other = at("/", "click: { peer: alice, button: Stop, within: 1s }");
    let outcome = alice_does(cast, &site, &other).await;
    let failure = fails(&outcome, Place::Step(2), "no button");
    assert!(!failure.message.contains("answered with"), "{failure:#?}");
    // Without a page of the server's own, the browser has nothing to show.
    let outcome = alice_does(
        cast,
        &site,
        &at("/broken", "see: { peer: alice, text: missing, within: 1s }"),
    )
    .await;
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{:#?}", outcome.verdict);
    };
    assert!(
        failure.message.contains("/broken was answered with 500"),
        "{failure:#?}"
    );
}

async fn foreign(cast: &str) {
    let site = Site::page(
        "<button onclick='fetch(\"http://foreign.test/x\").catch(() => { at.textContent = \"refused\" })'>Ask</button>\
         <button onclick='new WebSocket(\"ws://other.test:81/\").onclose = ({ code }) => { at.textContent = `closed ${code}` }'>Dial</button>\
         <p id=at>Nothing</p><a href='http://foreign.test/away'>Leave</a>",
    )
    .await;
    let steps = r#"  - click: { peer: alice, button: Ask }
  - see: { peer: alice, text: "refused" }
  - click: { peer: alice, button: Dial }
  - see: { peer: alice, text: "closed 1006" }
  - click: { peer: alice, link: Leave }
  - see: { peer: alice, text: "nobody has named the host" }
  - back: { peer: alice }
  - see: { peer: alice, text: "Nothing" }
"#;
    let outcome = alice_does(cast, &site, steps).await;
    passes(&outcome);
    let foreign: Vec<String> = (notes(&outcome).into_iter())
        .filter(|note| note.contains("nobody named"))
        .collect();
    assert_eq!(
        foreign,
        [
            "asked for \"foreign.test:80\", a host that nobody named, and was refused",
            "asked for \"other.test:81\", a host that nobody named, and was refused"
        ]
    );
}

async fn noisy(cast: &str) {
    let site = Site::page(
        "<button onclick='alert(\"hello\"); at.textContent = \"alerted\"'>Alert</button>\
         <button onclick='for (let i = 0; i < 12; i++) window.open(\"/more\"); at.textContent = \"opened\"'>Open</button>\
         <button onclick='Promise.reject(new Error(\"unhandled\")); at.textContent = \"rejected\"'>Reject</button><p id=at>Nothing</p>",
    )
    .await;
    let steps = r#"  - click: { peer: alice, button: Alert }
  - see: { peer: alice, text: "alerted" }
  - click: { peer: alice, button: Reject }
  - see: { peer: alice, text: "rejected" }
  - click: { peer: alice, button: Open }
  - see: { peer: alice, text: "opened" }
expect:
  count:
    'alice: note "dialog alert \"hello\", accepted"': 0..1
"#;
    let outcome = alice_does(cast, &site, steps).await;
    passes(&outcome);
    let notes = notes(&outcome);
    assert!(
        notes.contains(&"dialog alert \"hello\", accepted".to_owned()),
        "{notes:?}"
    );
    let errors = |event: &&Arc<Event>| matches!(&event.what, What::Console { level, text, .. } if level == "error" && text.contains("unhandled"));
    assert_eq!(outcome.events.iter().filter(errors).count(), 1, "{notes:?}");
}

async fn floods(cast: &str) {
    let page = |lines| {
        format!(
            "<button onclick='for (let i = 0; i < {lines}; i++) console.log(i); at.textContent = \"said\"'>Say</button><p id=at>Nothing</p>"
        )
    };
    let steps = "  - click: { peer: alice, button: Say, within: 60s }\n  - see: { peer: alice, text: said, within: 60s }\n";
    let outcome = alice_does(cast, &Site::page(&page(5000)).await, steps).await;
    passes(&outcome);
    let lines = |event: &&Arc<Event>| matches!(event.what, What::Console { .. });
    let lines = outcome.events.iter().filter(lines).count();
    assert!((1..5000).contains(&lines), "{lines}");
    let notes = notes(&outcome);
    let flood = |note: &String| note.starts_with("flood: ");
    assert!(notes.iter().any(flood), "{notes:?}");
}

/// Chromium does not let it.
async fn closes_itself(cast: &str) {
    let site =
        Site::page("<button onclick='open(\"\", \"_self\"); window.close()'>Close</button>").await;
    let steps = "  - click: { peer: alice, button: Close }\n  - wait: 30s\n";
    let outcome = alice_does(cast, &site, steps).await;
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{:#?}", outcome.verdict);
    };
    assert!(
        failure
            .message
            .starts_with("alice's page is gone: it was closed"),
        "{failure:#?}"
    );
}

async fn errs(cast: &str) {
    let site = Site::page("<button onclick='console.error(\"oh\", 5)'>Err</button>").await;
    let steps = "  - click: { peer: alice, button: Err }\n  - wait: 5s\nexpect:\n  never: |\n    bob: error\n    alice: console error\n";
    let steps = steps.replace("    bob: error\n", "");
    let outcome = alice_does(cast, &site, &steps).await;
    let failure = fails(&outcome, Place::Never(1), "this must never happen");
    assert!(failure.kind == glare::record::FailureKind::Never);
    // What it said is what a person looks for.
    let story = glare::record::Story::of(outcome.record.clone()).expect("a record");
    let told = glare::report::failure(&story.into(), false).expect("a failure");
    assert!(told.contains("alice: console error \"oh 5\""), "{told}");
    let text = "scenario: a page\npeers: { alice: { app: / } }\nsteps:\n  - click: { peer: alice, button: Throw }\n  - wait: 5s\nexpect:\n  never: |\n    alice: console error \"uncaught\n";
    let site = Site::page("<button onclick='throw new Error(\"oh\")'>Throw</button>").await;
    let outcome = played(&text.replace(" \"uncaught", ""), cast, &site).await;
    fails(&outcome, Place::Never(1), "this must never happen");
}
