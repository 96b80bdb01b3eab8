//! Promises that a dialect makes by a key of their own, and what `glare validate` asks of them: who has not promised is not accused.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Answer, Case, Says, ask_all, every_case};
use glare_signaling_server::Fault;

use crate::stage_support::setting;

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

fn numbered(wanted: &[&str]) -> Vec<Case> {
    let cases = every_case();
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

const NOTICES: &str = "notices-silence-within: 15s\n";

/// Asks with this much patience.
async fn patiently(wanted: &[&str], seconds: u64, fault: Fault, line: &str) -> Vec<Answer> {
    let setting = Setting {
        server: ServerSpec::faulty(fault),
        dialect: saying(NOTICES, line),
        ..setting()
    };
    let mut cases = numbered(wanted);
    for case in &mut cases {
        case.patience = Duration::from_secs(seconds);
    }
    ask_all(&cases, &Arc::new(setting), &|_| ()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_notices_silence_is_accused_by_each_case_that_waits_for_it_where_it_was_promised()
{
    let cases = ["1.9", "2.22", "3.8", "5.9", "5.10", "5.11"];
    let never = Fault::NeverTimesOutHalfOpen;
    for answer in patiently(&cases, 5, never, "notices-silence-within: 1s\n").await {
        let Says::Broken(why) = &answer.says else {
            panic!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        };
        assert!(why.contains("did not happen (after 4 s)"), "{why}");
    }
    for answer in patiently(&cases, 5, never, NOTICES).await {
        let why = answer.says.why();
        assert_eq!(answer.says.word(), "unsupported", "{} {why}", answer.number);
        assert!(
            why.contains("15s (`notices-silence-within`), and 5s"),
            "{why}"
        );
        assert!(why.contains("(`--patience`)"), "{why}");
    }
    // Who hears nothing says something all the same where his client does so by itself, and that arrives.
    let beats =
        "notices-silence-within: 1s\nevery: [{ after: 500ms, message: { type: glare-fence } }]\n";
    let says = patiently(&["5.10"], 2, never, beats).await;
    assert_eq!(says[0].says.word(), "fact", "{:?}", says[0].says);
}

const EVENTS: &str = include_str!("../../../fixtures/servers/signalhub/dialect.yaml");

/// What a client says goes beside such a line, and arrives whatever is cut of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_line_of_events_alone_nothing_is_missing_of_who_is_not_heard() {
    for promised in ["", "notices-silence-within: 1s\n"] {
        let text = EVENTS.replace("\nsay:\n", &format!("\n{promised}say:\n"));
        let read = Dialect::read(Path::new("d.yaml"), &text);
        let dialect = read.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
        let says = asked(&["5.9"], setting().server, Arc::new(dialect)).await;
        let why = says[0].says.why();
        assert_eq!(says[0].says.word(), "unsupported", "{promised:?} {why}");
        assert!(why.contains("`via: events`"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_puts_all_out_after_a_standstill_is_accused_where_it_promised_not_to() {
    let fault = Fault::TakesAStandstillForSilence;
    let cases = || numbered(&["5.16"]);
    let asked = |dialect| {
        let setting = Setting {
            server: ServerSpec::faulty(fault),
            dialect,
            ..setting()
        };
        async move { ask_all(&cases(), &Arc::new(setting), &|_| ()).await }
    };
    let bears = "bears-standstill: true\n";
    let (promised, unpromised) =
        tokio::join!(asked(saying(bears, bears)), asked(saying(bears, "")));
    assert_eq!(promised[0].says.word(), "broken", "{:?}", promised[0].says);
    let Says::Fact(why) = &unpromised[0].says else {
        panic!("{:?}", unpromised[0].says);
    };
    assert!(why.contains("is ended after "), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_comes_back_spoilt_is_accused_where_any_name_is_promised_alone() {
    let cases = ["1.19", "2.31"];
    let wrong = || ServerSpec::faulty(Fault::AnswersInLatin1);
    let takes = "takes-any-name: true\n";
    for answer in asked(&cases, wrong(), saying(takes, takes)).await {
        let Says::Broken(why) = &answer.says else {
            panic!("{} {:?}", answer.number, answer.says);
        };
        assert!(why.contains("`server -> bob: joined "), "{why}");
    }
    for answer in asked(&["2.31"], wrong(), saying(takes, "")).await {
        assert_eq!(answer.says.word(), "fact", "{:?}", answer.says);
    }
    // Who is told no name is told no wrong one.
    let untold = saying("joined, room: \"{room}\", peers", "joined, peers");
    for answer in asked(&["2.31"], wrong(), untold).await {
        assert_eq!(answer.says.word(), "unsupported", "{:?}", answer.says);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_of_the_servers_end_is_accused_where_it_was_promised_alone() {
    let code = "ends-with: 1001\n";
    let restarts = || saying(code, "ends-with: 1012\n");
    let says = asked(&["5.17"], setting().server, restarts()).await;
    let Says::Broken(why) = &says[0].says else {
        panic!("{:?}", says[0].says);
    };
    assert!(why.contains("alice: disconnected (1012)"), "{why}");
    let abrupt = ServerSpec::faulty(Fault::EndsAbruptly);
    let says = asked(&["5.17"], abrupt, saying(code, "")).await;
    let why = says[0].says.why();
    assert!(why.contains("declares no `ends-with`"), "{why}");
    for other in ["ends-with: 99\n", "ends-with: [1001]\n"] {
        let found = mistakes(code, other);
        assert!(found.contains("a close code: `1001`"), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ends_idle_lines_is_accused_where_it_promised_to_keep_them_alone() {
    let idle = "keeps-idle-lines-for: 6s\n";
    let cuts = || ServerSpec::faulty(Fault::CutsIdleLines);
    let says = asked(
        &["5.18"],
        cuts(),
        saying(idle, "keeps-idle-lines-for: 3s\n"),
    )
    .await;
    assert_eq!(says[0].says.word(), "broken", "{:?}", says[0].says);
    for (line, told) in [
        ("", "declares no `keeps-idle-lines-for`"),
        ("keeps-idle-lines-for: 5m\n", "(`--patience`)"),
    ] {
        let says = asked(&["5.18"], cuts(), saying(idle, line)).await;
        assert_eq!(says[0].says.word(), "unsupported", "{:?}", says[0].says);
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
