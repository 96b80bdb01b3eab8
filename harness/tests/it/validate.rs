//! `glare validate`: the reference server holds what it is asked, and whoever cannot be asked is not accused. That each case can fail is shown by
//! `tests/validate.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::Setting;
use glare::validate::{Answer, Case, Says, Script, Source, ask_all, every_case, page, sections};
use glare_signaling_server::{Fault, Policy, RoomSize};

use crate::cli_support::{GLARE, Stand};
use crate::stage_support::configurations::configurations;
use crate::stage_support::setting;

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

fn cases() -> Vec<Case> {
    every_case().collect()
}

/// All dialects that are shipped.
fn dialects() -> Vec<Arc<Dialect>> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers")];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true if path.ends_with("node_modules") => {}
                true => folders.push(path),
                false if path.to_string_lossy().ends_with("dialect.yaml") => found.push(path),
                false => {}
            }
        }
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("text");
        Arc::new(Dialect::read(path, &text).expect("a dialect"))
    };
    found.iter().map(read).collect()
}

async fn asked(cases: &[Case], setting: Setting) -> Vec<Answer> {
    ask_all(cases, &Arc::new(setting), &|_| ()).await
}

#[test]
fn each_case_is_a_scenario_whatever_is_spoken() {
    let dialects = dialects();
    assert!(dialects.len() > 20, "{}", dialects.len());
    for case in cases() {
        for dialect in &dialects {
            let script = Script::of(&case, dialect);
            let control = script.control();
            for one in std::iter::once(&script).chain(&control) {
                let name = format!("{} in {}", case.number, dialect.name());
                if let Err(mistakes) = one.scenario("case.yaml") {
                    panic!("{name}\n{}\n{}", one.text, mistakes.render(false));
                }
            }
        }
    }
}

#[test]
fn numbers_are_given_once_and_each_case_says_what_can_break_it() {
    let mut seen = BTreeSet::new();
    for section in sections() {
        let mut last = 0;
        for case in &section.cases {
            assert!(seen.insert(case.number), "{} is given twice", case.number);
            assert_eq!(case.number.section, section.number);
            assert!(case.number.case > last, "{} is out of order", case.number);
            last = case.number.case;
            assert!(!case.title.is_empty() && !case.why.is_empty());
            let asks_of_all = case.source != Source::Nobody;
            assert!(
                case.broken_by.parse::<Fault>().is_ok()
                    || !asks_of_all
                    || UNPLANTED.contains(&&*case.number.to_string()),
                "{}: there is no fault `{}`",
                case.number,
                case.broken_by
            );
        }
    }
}

/// No fault can be planted: they are of Socket.IO alone, which no policy of the reference server speaks; or of a state that is none, which it could not hold
/// (the example `meeting` is broken so), or of when it was told last; or of numbers, which it has none of (the example `numbered` is broken so); or of logins, and of tickets that are somebody else's (the example `accounts`).
const UNPLANTED: &[&str] = &[
    "1.23", "1.24", "1.25", "1.26", "3.67", "3.69", "3.32", "6.17", "6.18", "6.19", "7.121",
    "7.122", "7.125",
];

/// What is asked of it in no configuration: three are of Socket.IO alone, it ends no line with a close frame for what is no message, its requests have no
/// numbers, and nobody logs in.
const UNASKED: &[&str] = &[
    "1.23", "1.24", "1.25", "1.26", "3.32", "6.17", "6.18", "6.19", "7.121", "7.122", "8.14",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_server_holds_all_that_it_supports() {
    let cases = cases();
    let mut unsupported: BTreeSet<String> =
        cases.iter().map(|case| case.number.to_string()).collect();
    for configuration in configurations() {
        let set = Setting {
            server: ServerSpec::variant(configuration.policy.clone()),
            dialect: configuration.dialect.clone(),
            ..setting()
        };
        let answers = asked(&cases, set).await;
        assert_eq!(answers.len(), cases.len());
        let is = |word| {
            answers
                .iter()
                .filter(move |answer| answer.says.word() == word)
        };
        let wrong: Vec<String> = is("broken")
            .chain(is("inconclusive"))
            .map(|answer| {
                format!(
                    "{} {} {:?}\n{}",
                    answer.number, answer.title, answer.says, answer.log
                )
            })
            .collect();
        let name = configuration.dialect.name();
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        // What it is asked for the sake of is a promise there.
        let held: BTreeSet<String> = is("holds")
            .map(|answer| answer.number.to_string())
            .collect();
        for number in configuration.cases {
            assert!(held.contains(*number), "{name} {number}");
        }
        // Within this process there is none to look at; another test asks the same of a server that is one.
        let (in_process, here): (Vec<_>, Vec<_>) =
            is("unsupported").partition(|answer| answer.says.why().contains("within glare's own"));
        assert_eq!(in_process.len(), 3);
        let here: BTreeSet<String> = here
            .iter()
            .map(|answer| answer.number.to_string())
            .collect();
        unsupported.retain(|number| here.contains(number));
    }
    assert_eq!(Vec::from_iter(&unsupported), UNASKED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rewrites_is_not_accused_of_it_and_who_promises_nothing_not_of_that() {
    let text = include_str!("../../../fixtures/servers/reference/dialect.yaml");
    let text = text.replace("rewrites: false", "rewrites: true");
    let text = text.replace("announces-leaving-within: 1s\n", "");
    let dialect = Dialect::read(Path::new("d.yaml"), &text).expect("a dialect");
    let altering = Setting {
        server: ServerSpec::faulty(Fault::AltersSdp),
        dialect: Arc::new(dialect),
        ..setting()
    };
    let wanted = ["4.1", "3.3"].map(|number| number.parse().expect("a number"));
    let two: Vec<Case> = cases()
        .into_iter()
        .filter(|case| wanted.contains(&case.number))
        .collect();
    let answers = asked(&two, altering).await;
    let broken: Vec<&Answer> = answers
        .iter()
        .filter(|answer| matches!(answer.says, Says::Broken(_)))
        .collect();
    assert_eq!(answers.len(), 2);
    assert!(broken.is_empty(), "{broken:#?}");
}

fn numbered(wanted: &[&str]) -> Vec<Case> {
    let found: Vec<Case> = cases()
        .into_iter()
        .filter(|case| wanted.contains(&&*case.number.to_string()))
        .collect();
    assert_eq!(found.len(), wanted.len());
    found
}

/// The reference server's dialect without a line.
fn without(line: &str) -> Arc<Dialect> {
    let text = include_str!("../../../fixtures/servers/reference/dialect.yaml");
    assert!(text.contains(line), "{line}");
    let text = text.replace(line, "");
    Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("a dialect"))
}

/// A case of one's own.
fn case(steps: &'static str) -> Case {
    let like = numbered(&["7.13"]).remove(0);
    Case {
        steps: steps.into(),
        ..like
    }
}

async fn dying(of: Fault, case: Case) -> Says {
    let dying = Setting {
        server: ServerSpec::faulty(of),
        ..setting()
    };
    asked(&[case], dying).await.remove(0).says
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_accused_of_its_end_only_where_the_case_brings_it_about() {
    let harmed =
        "given meet\nharm send-raw: { peer: bob, text: \"no JSON\" }\nthen tell bob alice offer";
    let Says::Broken(why) = dying(Fault::CrashesOnBadJson, case(harmed)).await else {
        panic!("it is not accused");
    };
    assert!(why.starts_with("the server ended by itself: "), "{why}");

    let before = "given open alice __proto__\nharm send-raw: { peer: alice, text: \"no JSON\" }";
    let Says::Inconclusive(why) = dying(Fault::DiesOfOddTexts, case(before)).await else {
        panic!("it is accused of an end that no harm brought about");
    };
    assert!(why.starts_with("before anything was asked of it"), "{why}");
    assert!(why.contains("the server ended by itself"), "{why}");

    let anyhow =
        "given meet\nharm send-raw: { peer: bob, text: \"no JSON\" }\nthen open erin __proto__";
    let Says::Inconclusive(why) = dying(Fault::DiesOfOddTexts, case(anyhow)).await else {
        panic!("it is accused of an end that comes without the harm as well");
    };
    assert!(why.starts_with("without the harm it goes wrong"), "{why}");
}

/// The place of the first line is dealt with well, and its end then ends the second one's. Until then nothing shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_counts_the_end_of_a_replaced_line_as_a_loss_is_found_by_what_comes_after_it() {
    let counting = || Setting {
        server: ServerSpec::faulty(Fault::ReplacedLineCountsAsLoss),
        ..setting()
    };
    for answer in asked(&numbered(&["1.4", "1.5"]), counting()).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.log);
    }
    let after = numbered(&["1.15", "1.16", "1.17", "1.18"]);
    for answer in asked(&after, counting()).await {
        assert!(matches!(answer.says, Says::Broken(_)), "{answer:?}");
    }
    // That the second line is let in is asked elsewhere.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference");
    for name in ["takeover", "resuming", "dialect"] {
        let file =
            folder.join(format!("{name}.dialect.yaml").replace("dialect.dialect", "dialect"));
        let refusing = Setting {
            server: ServerSpec::variant(Policy::default()),
            dialect: Arc::new(Dialect::load(&file).expect("a dialect")),
            ..setting()
        };
        for Answer { number, says, .. } in asked(&after, refusing).await {
            let unasked = matches!(says, Says::Inconclusive(_) | Says::Unsupported(_));
            assert!(unasked, "{name} {number}: {says:?}");
        }
    }
}

/// In many cases somebody goes on the way to what they ask. Who tells nobody of it has one fault, not a dozen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tells_nobody_of_a_loss_is_accused_of_that_alone() {
    let news = numbered(&["3.4", "3.5"]);
    let others = numbered(&[
        "1.7", "1.8", "2.14", "2.15", "3.13", "3.16", "5.1", "5.2", "5.8", "10.3",
    ]);
    let silent = || Setting {
        server: ServerSpec::faulty(Fault::GhostOnDisconnect),
        ..setting()
    };
    for answer in asked(&news, silent()).await {
        assert!(matches!(answer.says, Says::Broken(_)), "{answer:?}");
    }
    let answers = asked(&others, silent()).await;
    let accused = answers
        .iter()
        .filter(|answer| answer.says.word() == "broken");
    let accused: Vec<_> = accused
        .map(|answer| (answer.number, answer.says.why()))
        .collect();
    assert_eq!(accused, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_filled_before_it_is_full_whatever_it_holds() {
    let text = include_str!("../../../fixtures/servers/reference/rooms-of-three.dialect.yaml");
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), text).expect("a dialect"));
    let of_size = |size| Setting {
        server: ServerSpec::variant(Policy {
            room_size: RoomSize::new(size).expect("a size"),
            ..Policy::default()
        }),
        dialect: Arc::clone(&dialect),
        ..setting()
    };
    let cases = numbered(&["2.2", "2.3", "2.4", "2.13", "2.14", "3.12", "6.3"]);
    for answer in asked(&cases, of_size(3)).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.number);
    }
    // It lets in one more than it says.
    for answer in asked(&numbered(&["2.2", "6.3"]), of_size(4)).await {
        assert!(matches!(answer.says, Says::Broken(_)), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_too_large_to_be_filled_is_no_error() {
    let text = include_str!("../../../fixtures/servers/reference/rooms-of-three.dialect.yaml");
    let text = text.replace("room-size: 3", "room-size: 8");
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("a dialect"));
    let setting = Setting {
        server: ServerSpec::variant(Policy {
            room_size: RoomSize::new(8).expect("a size"),
            ..Policy::default()
        }),
        dialect,
        ..setting()
    };
    let cases = numbered(&["2.2", "2.3", "2.4", "6.3"]);
    for answer in asked(&cases, setting).await {
        let told = format!("{} {:?}", answer.number, answer.says);
        assert_eq!(answer.says.word(), "unsupported", "{told}");
        assert!(answer.says.why().ends_with("holds 8"), "{told}");
    }
}

/// A yes in words that the dialect does not have is no silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_answer_is_not_understood_is_not_accused_of_having_none() {
    let text = REFERENCE.replace("type: joined,", "type: let-in,");
    assert_ne!(text, REFERENCE);
    let read = Dialect::read(Path::new("own.yaml"), &text);
    let setting = Setting {
        dialect: Arc::new(read.expect("a dialect")),
        ..setting()
    };
    let answers = asked(&numbered(&["2.1", "4.14", "6.1", "6.10"]), setting).await;
    let mut told = 0;
    for Answer { number, says, .. } in &answers {
        assert!(!matches!(says, Says::Broken { .. }), "{number}: {says:?}");
        let unread = "bob was told what the dialect does not understand: {\"type\":\"joined\"";
        told += usize::from(matches!(says, Says::Inconclusive(why) if why.contains(unread)));
    }
    assert!(told > 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_take_a_name_breaks_nothing_by_that() {
    let of_every = |steps| Case {
        source: Source::Every("connect"),
        ..case(steps)
    };
    let refused = of_every("do open fox🦊 lobby\ndo enter bob lobby\ndo tell bob fox🦊 offer");
    let unpromised = || {
        let own = REFERENCE.replace("takes-any-name: true\n", "");
        let dialect = Dialect::read(Path::new("d.yaml"), &own).expect("a dialect");
        Setting {
            server: ServerSpec::faulty(Fault::WantsPlainIds),
            dialect: Arc::new(dialect),
            ..setting()
        }
    };
    let says = asked(std::slice::from_ref(&refused), unpromised()).await;
    assert!(matches!(says[0].says, Says::Fact(_)), "{:?}", says[0].says);
    // Unless it has promised to take any.
    let says = dying(Fault::WantsPlainIds, refused).await;
    assert!(matches!(says, Says::Broken(_)), "{says:?}");
    // What is taken of one is owed to the next.
    let later = of_every("do open alice lobby\ndo enter fox🦊 lobby");
    let says = asked(&[later], unpromised()).await;
    assert!(
        matches!(says[0].says, Says::Broken(_)),
        "{:?}",
        says[0].says
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_server_that_ended_it_is_told_how_and_what_it_wrote_last() {
    let ServerSpec::Command(mut spec) = crate::stage_support::program() else {
        panic!("no program");
    };
    spec.command.push_str(" --fault crashes-on-bad-json");
    let own = Setting {
        server: ServerSpec::Command(spec),
        ..setting()
    };
    let answers = asked(&numbered(&["7.1"]), own).await;
    let Says::Broken(why) = &answers[0].says else {
        panic!("{:?}", answers[0].says);
    };
    assert!(
        why.starts_with("the server ended by itself: exit status: "),
        "{why}"
    );
    assert!(why.contains("its last lines:\n    "), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_lines_end_is_a_fact_with_its_figure_and_waited_for_no_longer_than_wanted() {
    let own = Setting {
        server: crate::stage_support::program(),
        ..setting()
    };
    let answers = asked(&numbered(&["5.12"]), own).await;
    let Says::Fact(why) = &answers[0].says else {
        panic!("{:?}", answers[0].says);
    };
    assert!(why.contains("(close code 1001)"), "{why}");

    let ServerSpec::Command(mut spec) = crate::stage_support::program() else {
        panic!("no program");
    };
    // What is ignored stays so in what a shell starts (POSIX, 2.12).
    let served = spec.command.trim_start_matches("exec ").to_owned();
    spec.command = format!("trap '' TERM; {served} & sleep 60");
    // What is promised of it is asked by a case of its own.
    let deaf = Setting {
        server: ServerSpec::Command(spec),
        dialect: without("ends-within: 3s\n"),
        ..setting()
    };
    let answers = asked(&numbered(&["5.12"]), deaf).await;
    let Says::Fact(why) = &answers[0].says else {
        panic!("{:?}", answers[0].says);
    };
    assert!(why.contains("has not ended 5 s"), "{why}");

    let mut hasty = numbered(&["5.9", "5.10", "5.11"]);
    for case in &mut hasty {
        case.patience = Duration::from_secs(1);
    }
    // No dialect need promise that it is noticed.
    let unpromised = Setting {
        dialect: without("notices-silence-within: 15s\n"),
        ..setting()
    };
    for answer in asked(&hasty, unpromised).await {
        let Says::Fact(why) = &answer.says else {
            panic!("{} {:?}", answer.number, answer.says);
        };
        assert!(why.starts_with("not so: ") && why.contains("1 s"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_a_fact_unless_a_dialect_says_that_there_is_none_and_a_loss_is_none() {
    let limited = |fault| Setting {
        server: ServerSpec::faulty(fault),
        dialect: without("endures: true\n"),
        ..setting()
    };
    let answers = asked(&numbered(&["9.3"]), limited(Fault::CountsLinesForEver)).await;
    let Says::Fact(why) = &answers[0].says else {
        panic!("{:?}", answers[0].says);
    };
    assert!(why.contains("after 97 lines"), "{why}");
    let answers = asked(&numbered(&["9.8"]), limited(Fault::LosesEachThousandth)).await;
    let Says::Broken(why) = &answers[0].says else {
        panic!("{:?}", answers[0].says);
    };
    assert!(
        why.contains("number 996 came, and number 995 did not"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_lines_have_come_and_gone_the_reference_servers_process_holds_what_it_held() {
    let own = Setting {
        server: crate::stage_support::program(),
        ..setting()
    };
    let answers = asked(&numbered(&["9.12", "9.14", "9.17"]), own).await;
    assert_eq!(answers[0].says, Says::Holds, "{}", answers[0].log);
    let Says::Fact(figures) = &answers[1].says else {
        panic!("{:?}", answers[1].says);
    };
    // `…, memory 9.1 → 9.2 MB (+0.1)`
    let more = figures.split("MB (").nth(1).and_then(|rest| {
        let (more, _) = rest.split_once(')')?;
        more.parse::<f64>().ok()
    });
    let more = more.unwrap_or_else(|| panic!("{figures}"));
    assert!(more < 5.0, "{figures}");
    // It bounds what waits.
    let Says::Fact(held) = &answers[2].says else {
        panic!("{:?}", answers[2].says);
    };
    let more = held.split("processes hold ").nth(1);
    let more = more.and_then(|more| more.split_once(' ')?.0.parse::<f64>().ok());
    assert!(more.is_some_and(|more| more < 5.0), "{held}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_without_the_harm_as_well_accuses_nobody_of_the_harm() {
    let altering = Setting {
        server: ServerSpec::faulty(Fault::AltersSdp),
        ..setting()
    };
    let number = "7.1".parse().expect("a number");
    let mut one = cases();
    one.retain(|case| case.number == number);
    let answers = asked(&one, altering).await;
    let says = &answers.first().expect("an answer").says;
    assert!(
        matches!(says, Says::Inconclusive(why) if why.starts_with("without the harm it goes wrong as well: ")),
        "{says:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_interrupted_no_case_begins() {
    let interrupted = setting();
    interrupted.interrupt.cancel();
    let answers = asked(&cases(), interrupted).await;
    assert!(answers.is_empty(), "{}", answers.len());
}

#[test]
fn what_only_one_of_two_processes_does_is_unstable_and_no_accusation() {
    let stand = Stand::new();
    // Only the first process has the fault.
    let serve = format!("exec '{GLARE}' serve --port {{port}}");
    stand.write(
        "glare.toml",
        &format!(
            "[server]\ncommand = \"mkdir first && {serve} --fault accepts-third-peer; {serve}\"\n"
        ),
    );
    stand
        .glare(&["validate", "--case", "2.2"])
        .ends(5)
        .says("inconclusive 2.2")
        .says("unstable: once ")
        .says("on another process it held");
}

#[test]
fn the_shipped_page_is_the_one_that_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("VALIDATE.md");
    let there = std::fs::read_to_string(path).expect("the page");
    assert_eq!(
        there,
        page(&sections()),
        "write it anew: glare validate --list --long > harness/VALIDATE.md"
    );
}

#[test]
fn what_is_not_there_is_told_before_anything_is_booted() {
    let stand = Stand::new();
    stand
        .glare(&["validate", "--section", "77"])
        .ends(2)
        .complains("there is no section 77: expected one of 1 identity");
    stand
        .glare(&["validate", "--case", "7.9999"])
        .ends(2)
        .complains("there is no case 7.9999: see --list");
    stand
        .glare(&["validate", "--case", "seven"])
        .ends(2)
        .complains("expected one as 7.12");
    stand
        .glare(&["validate", "--list", "--section", "2"])
        .ends(0)
        .says("  2.2    no more come in than a room holds");
}

#[test]
fn one_case_is_played_alone_and_its_fault_is_told_with_what_plays_it_again() {
    let stand = Stand::new();
    stand
        .glare(&["validate", "--case", "2.2"])
        .ends(0)
        .says("2 rooms: 1 of 1 hold")
        .says("1 holds in ");
    stand
        .glare(&["validate", "--case", "2.2", "--fault", "accepts-third-peer"])
        .ends(1)
        .says("broken       2.2")
        .says("glare validate --fault accepts-third-peer --case 2.2");
}

#[test]
fn what_was_found_is_told_to_programs_and_as_a_page() {
    let stand = Stand::new();
    let ran = stand
        .glare(&[
            "validate",
            "--case",
            "2.2",
            "--case",
            "2.1",
            "--fault",
            "accepts-third-peer",
            "--json",
            "--junit",
            "found.xml",
            "--html",
            "found.html",
        ])
        .ends(1);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let cases = found["cases"].as_array().expect("a list");
    assert_eq!(found["server"], "reference with accepts-third-peer");
    assert_eq!(cases.len(), 2);
    assert_eq!(
        (&cases[0]["number"], &cases[0]["verdict"]),
        (&"2.1".into(), &"holds".into())
    );
    assert_eq!(
        (&cases[1]["number"], &cases[1]["verdict"]),
        (&"2.2".into(), &"broken".into())
    );
    let messages = cases[1]["evidence"]["messages"].to_string();
    assert!(
        messages.contains("carol < ") && messages.contains("joined"),
        "{messages}"
    );
    let xml = std::fs::read_to_string(stand.path("found.xml")).expect("the file");
    assert!(
        xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""),
        "{xml}"
    );
    let html = std::fs::read_to_string(stand.path("found.html")).expect("the file");
    assert!(
        html.contains("<a class=\"broken\" href=\"#e2.2-0\">broken</a>"),
        "{html}"
    );
    assert!(
        html.contains("default-src 'none'") && !html.contains("<script"),
        "{html}"
    );
}

#[test]
fn a_deviation_has_a_case_and_a_reason_and_is_told_when_it_holds_after_all() {
    let stand = Stand::new();
    let played = |file: &str| {
        let case = ["validate", "--case", "2.2", "--case", "2.1"];
        let fault = ["--fault", "accepts-third-peer", "--deviations", file];
        stand.glare(&[&case[..], &fault[..]].concat())
    };
    stand.write("bad.yaml", "\"2.2\": \"\"\n\"2.999\": why\n");
    played("bad.yaml")
        .ends(3)
        .complains("case 2.2 deviates without a reason")
        .complains("there is no case");
    stand.write(
        "good.yaml",
        "\"2.2\": three are meant to fit, https://example.test/1\n\"2.1\": old\n",
    );
    played("good.yaml")
        .ends(0)
        .complains("2.1 holds after all")
        .says("three are meant to fit")
        .says("1 holds, 1 deviates");
}

#[test]
fn an_exported_case_shows_by_itself_what_the_suite_has_found() {
    let stand = Stand::new();
    stand
        .glare(&["validate", "--export", "2.2", "--fault", "accepts-third-peer"])
        .ends(0)
        .says("case-2.2 written")
        .says("glare run case-2.2/scenario.yaml --dialect case-2.2/dialect.yaml --fault accepts-third-peer");
    let readme = std::fs::read_to_string(stand.path("case-2.2/README.md")).expect("the file");
    assert!(
        readme.contains("glare run case-2.2/scenario.yaml"),
        "{readme}"
    );
    let run = [
        "run",
        "case-2.2/scenario.yaml",
        "--dialect",
        "case-2.2/dialect.yaml",
    ];
    let faulty = [&run[..], &["--fault", "accepts-third-peer"]].concat();
    stand
        .glare(&faulty)
        .ends(1)
        .complains("which it had to refuse");
    stand.glare(&run).ends(0);
    stand
        .glare(&["validate", "--export", "2.2"])
        .ends(4)
        .complains("case-2.2 cannot be written");
    // What nobody promised is asked all the same, there too.
    let silent = REFERENCE.replace("takes-any-name: true\n", "");
    stand.write("own.yaml", &silent);
    stand
        .glare(&["validate", "--export", "1.14", "--dialect", "own.yaml"])
        .ends(0);
    let scenario = std::fs::read_to_string(stand.path("case-1.14/scenario.yaml")).expect("text");
    assert!(!scenario.is_ascii(), "{scenario}");
    let run = [
        "run",
        "case-1.14/scenario.yaml",
        "--dialect",
        "case-1.14/dialect.yaml",
    ];
    stand.glare(&run).ends(0).says("1 new");
}
