//! Promises that a dialect makes by a key of their own, and what `glare validate` asks of them: who has not promised is not accused.

use std::path::Path;
use std::sync::Arc;

use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Answer, Case, Says, ask_all, sections};
use glare_signaling_server::Fault;

use crate::stage_support::setting;

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

fn numbered(wanted: &[&str]) -> Vec<Case> {
    let cases = sections().into_iter().flat_map(|section| section.cases);
    let found: Vec<Case> = cases
        .filter(|case| wanted.contains(&&*case.number.to_string()))
        .collect();
    assert_eq!(found.len(), wanted.len());
    found
}

/// The reference server's dialect with something else in the place of a line.
fn saying(line: &str, other: &str) -> Arc<Dialect> {
    assert!(REFERENCE.contains(line), "{line}");
    let text = REFERENCE.replace(line, other);
    let read = Dialect::read(Path::new("d.yaml"), &text);
    Arc::new(read.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))))
}

fn mistakes(line: &str, other: &str) -> String {
    assert!(REFERENCE.contains(line), "{line}");
    let text = REFERENCE.replace(line, other);
    let read = Dialect::read(Path::new("d.yaml"), &text);
    read.expect_err(other).render(false)
}

async fn asked(wanted: &[&str], server: ServerSpec, dialect: Arc<Dialect>) -> Vec<Answer> {
    let setting = Setting {
        server,
        dialect,
        ..setting()
    };
    ask_all(&numbered(wanted), &Arc::new(setting), &|_| ()).await
}

const HOW: &str = "how: { left: left, lost: lost }\n";

#[test]
fn how_somebody_went_is_a_text_by_way_and_stands_in_the_news() {
    for (other, told) in [
        ("how: { gone: left }\n", "`how` has no key `gone`"),
        ("how: lost\n", "a mapping: `{ left: left, lost: lost }`"),
        ("how: { lost: [a, b] }\n", "the server's word for it"),
    ] {
        let found = mistakes(HOW, other);
        assert!(found.contains(told), "{found}");
    }
    let found = mistakes(", how?: \"{how}\"", "");
    assert!(found.contains("no `peer-left` captures `{how}`"), "{found}");
    let half = saying(HOW, "how: { left: null, lost: lost }\n");
    let how = &half.properties().how;
    assert_eq!(
        (how.left.as_deref(), how.lost.as_deref()),
        (None, Some("lost"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_somebody_went_is_asked_of_who_promises_it() {
    let cases = ["3.29", "3.30"];
    let wrong = || ServerSpec::faulty(Fault::MixesUpHow);
    for answer in asked(&cases, wrong(), saying(HOW, "")).await {
        let why = answer.says.why();
        assert_eq!(answer.says.word(), "unsupported", "{why}");
        assert!(why.contains("declares no `how: "), "{why}");
    }
    // What the server's words are, the dialect says.
    let swapped = saying(HOW, "how: { left: lost, lost: left }\n");
    for answer in asked(&cases, wrong(), swapped).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.log);
    }
    for answer in asked(&cases, wrong(), saying(HOW, HOW)).await {
        let Says::Broken(why) = &answer.says else {
            panic!("{answer:?}");
        };
        assert!(why.contains("peer-left bob ("), "{why}");
    }
}

const TAKES: &str = "takes-up-to: 262144               # 256 KiB\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_up_is_hardly_shorter_than_was_promised() {
    let small = saying(TAKES, "takes-up-to: 65536\n");
    for answer in asked(&["4.32", "4.33"], setting().server, small).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.log);
        let (_, size) = answer.scenario.split_once("size: ").expect("a size");
        let size = size.split(' ').next().and_then(|size| size.parse().ok());
        let size: usize = size.expect("a number");
        assert!((60_000..65_536).contains(&size), "{size}");
    }
    for (line, told) in [
        ("takes-up-to: 100\n", "none is as short"),
        ("", "declares no `takes-up-to`"),
    ] {
        let says = asked(&["4.33"], setting().server, saying(TAKES, line)).await;
        let why = says[0].says.why();
        assert_eq!(says[0].says.word(), "unsupported", "{why}");
        assert!(why.contains(told), "{why}");
    }
    let found = mistakes(TAKES, "takes-up-to: 64KB\n");
    assert!(found.contains("a number of bytes, from 1"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_promises_nothing_is_told_how_much_is_passed_on() {
    let limited = ServerSpec::faulty(Fault::EndsAtTheLong);
    for (server, told) in [
        (
            limited,
            "one of 8 KB is passed on, and one of 16 KB is not: ",
        ),
        (setting().server, "one of 64 KB is passed on"),
    ] {
        let says = asked(&["4.32"], server, saying(TAKES, "")).await;
        let Says::Fact(fact) = &says[0].says else {
            panic!("{says:?}");
        };
        assert!(fact.starts_with(told), "{fact}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_end_when_asked_is_accused_where_it_was_promised_alone() {
    let waits = || ServerSpec::faulty(Fault::WaitsForLinesToEnd);
    let hasty = || saying("ends-within: 3s\n", "ends-within: 100ms\n");
    let says = asked(&["5.12", "5.15"], waits(), hasty()).await;
    assert_eq!(says[0].says.word(), "fact", "{:?}", says[0].says);
    let Says::Broken(why) = &says[1].says else {
        panic!("{:?}", says[1]);
    };
    assert!(why.contains("did not happen (after 2.1 s)"), "{why}");
    let says = asked(&["5.15"], setting().server, hasty()).await;
    assert_eq!(says[0].says, Says::Holds, "{}", says[0].log);
    for (line, told) in [
        ("", "declares no `ends-within`"),
        ("ends-within: 5m\n", "(`--patience`)"),
    ] {
        let dialect = saying("ends-within: 3s\n", line);
        let says = asked(&["5.15"], waits(), dialect).await;
        assert_eq!(says[0].says.word(), "unsupported");
        assert!(says[0].says.why().contains(told), "{:?}", says[0].says);
    }
}

/// Who lists nobody and has no limit, who keeps places, and who promises no news shows nothing of who is lost on his way in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_lost_on_his_way_in_is_asked_for_where_it_shows() {
    let wrong = || ServerSpec::faulty(Fault::KeepsWhoIsLostAtOnce);
    for (line, other, told) in [
        (
            "announces-leaving-within: 1s\n",
            "",
            "declares no `announces-leaving-within`",
        ),
        (
            "announces-leaving-within: 1s\n",
            "announces-leaving-within: 1s\nkeeps-places: 5s\n",
            "the place of who is lost is kept",
        ),
    ] {
        let says = asked(&["3.31"], wrong(), saying(line, other)).await;
        let why = says[0].says.why();
        assert_eq!(says[0].says.word(), "unsupported", "{why}");
        assert!(why.contains(told), "{why}");
    }
}

/// What the others may make of garbage is none of the server's promises unless it says that it answers by a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_said_garbage_is_where_he_was_if_a_word_was_promised() {
    let wrong = || ServerSpec::faulty(Fault::MisreadPutsOut);
    let garbage = "garbage: { any: word, huge: close }\n";
    for other in ["", "garbage: { any: silence, huge: close }\n"] {
        for answer in asked(&["6.15", "6.16"], wrong(), saying(garbage, other)).await {
            assert_eq!(answer.says.word(), "unsupported", "{:?}", answer.says);
        }
    }
}
