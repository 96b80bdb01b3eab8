//! A program that reads and writes for a dialect (`framing: program`): the wire goes through it, and whatever it does wrongly is named.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glare::record::{InconclusiveKind, Verdict};
use glare::server::TranslatorSpec;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
use serde_json::{Value as Json, json};

use crate::stage_support::{case, passes, scenario, setting};

fn read(change: impl FnOnce(String) -> String) -> Arc<Dialect> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference/dialect.yaml");
    let text = change(std::fs::read_to_string(&path).expect("the dialect"));
    match Dialect::read(&path, &text) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// The reference dialect, where a program puts each message into an envelope: `{ in: … }`.
fn enveloped() -> Arc<Dialect> {
    read(|text| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("message: {") {
            let (before, message) = rest.split_at(at + "message: ".len());
            let mut depth = 0;
            let end = message.find(|c| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                depth == 0
            });
            let (message, after) = message.split_at(end.expect("a whole message") + 1);
            out.push_str(&format!("{before}{{ in: {message} }}"));
            rest = after;
        }
        out.push_str(rest);
        out.replace("framing: json", "framing: program")
    })
}

/// A command line for the program below, doing this.
fn program(does: &str) -> TranslatorSpec {
    let exe = std::env::current_exe().expect("this program");
    TranslatorSpec {
        // What the test runner itself prints is no answer.
        command: format!(
            "DOES='{does}' exec '{}' --ignored --exact translator::translates --nocapture 3>&1 >/dev/null",
            exe.display()
        ),
        folder: None,
    }
}

/// Not a test: the program. On the wire its messages are what they are to the dialect, so that the reference server understands them.
#[test]
#[ignore = "started by the other tests"]
fn translates() {
    let Ok(does) = std::env::var("DOES") else {
        return;
    };
    let mut out = std::fs::File::options()
        .write(true)
        .open("/dev/fd/3")
        .expect("where answers go");
    let mut say = |line: &str| writeln!(out, "{line}").expect("somebody listens");
    let mut asked = 0;
    for line in std::io::stdin().lock().lines() {
        let ask: Json = serde_json::from_str(&line.expect("a line")).expect("JSON");
        asked += 1;
        // Wrong from the first message on, and not before.
        if asked > 1 && does != "translate" {
            eprintln!("about to do it: {does}");
            match does.as_str() {
                "end" => std::process::exit(3),
                "hang" => std::thread::sleep(Duration::from_secs(60)),
                "garbage" => say("Traceback (most recent call last):"),
                "list" => say("[1, 2]"),
                "base64" => say(r#"{"bytes": "!!"}"#),
                "twice" => say("{}\n{}"),
                "long" => say(&"x".repeat(9 * 1024 * 1024)),
                other => panic!("{other}?"),
            }
            continue;
        }
        let answer = match (ask.get("read"), ask.get("write")) {
            (Some(Json::String(text)), None) => match serde_json::from_str::<Json>(text) {
                Ok(message) => json!({ "message": { "in": message } }),
                Err(_) => json!({}),
            },
            (None, Some(message)) => match message.get("in") {
                Some(message) => json!({ "text": message.to_string() }),
                None => json!({}),
            },
            (None, None) if asked == 1 => json!({ "name": ask["dialect"] }),
            _ => panic!("{ask}?"),
        };
        say(&answer.to_string());
    }
}

const MEET: &str = "
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - kill: { peer: bob, how: socket }
  - await: { peer: alice, hears: peer-left }
";

async fn played(dialect: Arc<Dialect>, translator: Option<TranslatorSpec>) -> Outcome {
    let setting = Setting {
        dialect,
        translator,
        ..setting()
    };
    play(&case(&scenario(MEET)), Arc::new(setting)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_meet_through_a_program_and_the_log_is_that_of_the_plain_dialect() {
    let plain = passes(&played(read(|text| text), None).await);
    let program = program("translate");
    let translated = passes(&played(enveloped(), Some(program)).await);
    assert_eq!(translated, plain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_program_does_wrongly_is_named_and_accuses_nobody() {
    for (does, word) in [
        ("end", "ended (exit status: 3) before it answered"),
        ("hang", "gave no answer within 5 s to"),
        (
            "garbage",
            "with Traceback (most recent call last):; expected: a JSON object",
        ),
        ("list", "with [1, 2]; expected: a JSON object on one line"),
        ("base64", "expected: `bytes` in base64"),
        ("twice", "wrote what nobody had asked for: {}"),
        (
            "long",
            "with a line that does not end; expected: a line of at most 8 MiB",
        ),
    ] {
        let began = Instant::now();
        let outcome = played(enveloped(), Some(program(does))).await;
        let Verdict::Inconclusive(found) = &outcome.verdict else {
            panic!("{does}: {:?}", outcome.verdict);
        };
        assert_eq!(found.kind, InconclusiveKind::Environment, "{does}");
        assert!(found.why.contains(word), "{does}: {}", found.why);
        let last = format!("its last lines:\n  about to do it: {does}");
        assert!(found.why.contains(&last), "{does}: {}", found.why);
        // Nobody waits for what can no longer come.
        assert!(began.elapsed() < Duration::from_secs(40), "{does}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_be_started_or_is_not_named_is_told() {
    let missing = TranslatorSpec {
        command: "exec /nowhere/wire".into(),
        folder: None,
    };
    for (translator, word) in [
        (Some(missing), "ended (exit status: 127) before it answered"),
        (
            None,
            "no program is named: `translator` in the project file",
        ),
    ] {
        let outcome = played(enveloped(), translator).await;
        let Verdict::Inconclusive(found) = &outcome.verdict else {
            panic!("{:?}", outcome.verdict);
        };
        assert!(found.why.contains(word), "{}", found.why);
    }
}
