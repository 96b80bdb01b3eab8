//! The record of a run: whole or said not to be, never overwritten, and told again as it was told live.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli_support::{Ran, Stand, run};
use glare::record::{FailureKind, InconclusiveKind, Role, Story, UnsupportedKind, Verdict, What};

const HEAD: &str =
    "scenario: told\npeers:\n  alice: { stack: wire }\n  bob: { stack: wire }\nsteps:\n";
const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";
const LOG: &str = "alice -> server: create lobby\nserver -> alice: created lobby\n";

/// A dialect of a server without `destroy`.
fn poor() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference/dialect.yaml");
    let text = std::fs::read_to_string(path).expect("a dialect");
    let has = [
        "  destroy:\n    http: POST /destroy\n    body: { userId: \"{me}\", room: \"{room}\" }\n",
        "destroy-by: anybody\n",
    ];
    has.into_iter().fold(text, |text, line| {
        assert!(text.contains(line), "{line}");
        text.replace(line, "")
    })
}

/// The newest run's only record.
fn story(stand: &Stand) -> Story {
    let cases = glare::record::runs::RunFolder::cases(&stand.path(".glare/runs/latest"));
    assert_eq!(cases.len(), 1, "{cases:?}");
    Story::open(&cases[0]).expect("a record")
}

/// What `glare run` says of the case, without its sums.
fn of_the_case(ran: &Ran) -> (String, String) {
    let case: Vec<&str> = (ran.out.lines())
        .take_while(|line| !line.contains(" passed, "))
        .collect();
    let sum = "nothing was played: all that was selected is unsupported\n";
    (case.join("\n") + "\n", ran.err.replace(sum, ""))
}

#[test]
fn a_record_is_told_as_it_was_live_letter_for_letter() {
    let stand = Stand::new();
    stand.write("poor.yaml", &poor());
    let late = "  - await: { peer: alice, hears: peer-joined, within: 2s }\n";
    let law = "  - connect: { peer: bob }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n";
    let never = "expect:\n  never: |\n    server -> alice: created\n";
    let seen = "expect:\n  seen: |\n    server -> alice: created hall\n";
    let with = |steps: &str| format!("{HEAD}{CREATE}{steps}");
    let cases: &[(&str, String, &[&str], i32, &str)] = &[
        ("green", with(""), &[], 0, "pass"),
        (
            "hostile",
            with("").replace("told", "\"\\e[31m##[x] \\u202e\""),
            &[],
            0,
            "pass",
        ),
        ("step", with(late), &[], 1, "fail"),
        (
            "law",
            with(law),
            &["--fault", "duplicates-offers"],
            1,
            "fail",
        ),
        ("never", with(never), &[], 1, "fail"),
        ("seen", with(seen), &["--shake", "7"], 1, "fail"),
        (
            "snapshot",
            with("  - connect: { peer: bob }\n  - join: { peer: bob, room: lobby }\n"),
            &[],
            1,
            "fail",
        ),
        (
            "unsupported",
            with("  - destroy: { peer: alice, room: lobby }\n"),
            &["--dialect", "poor.yaml"],
            6,
            "unsupported",
        ),
        (
            "inconclusive",
            with(""),
            &["--server", "echo no; exit 3"],
            5,
            "inconclusive",
        ),
    ];
    for (name, text, flags, status, word) in cases {
        stand.write("x.yaml", text);
        stand.write("x.snap", LOG);
        let ran = stand
            .glare(&[&["run", "x.yaml"], *flags].concat())
            .ends(*status);
        let live = of_the_case(&ran);
        let shown = stand.glare(&["show"]).ends(0);
        assert_eq!((&ran.out, &ran.err), (&shown.out, &shown.err), "{name}");
        assert_eq!(story(&stand).verdict.word(), *word, "{name}");
        // By any of its names, and when all else is gone.
        let moved = stand.path("elsewhere.jsonl");
        let trace = stand.path(".glare/runs/latest");
        let trace = glare::record::runs::RunFolder::cases(&trace).remove(0);
        std::fs::copy(&trace, &moved).expect("copied");
        for file in ["x.yaml", "x.snap"] {
            std::fs::remove_file(stand.path(file)).expect("removed");
        }
        let folder = trace.parent().expect("a folder").display().to_string();
        for name in ["latest", ".glare/runs/latest"] {
            let shown = stand.glare(&["show", name]).ends(0);
            assert_eq!((&ran.out, &ran.err), (&shown.out, &shown.err), "{name}");
        }
        // One case alone, without the sums of its run.
        for name in ["elsewhere.jsonl", &folder] {
            let shown = stand.glare(&["show", name]).ends(0);
            assert_eq!((&live.0, &live.1), (&shown.out, &shown.err), "{name}");
        }
    }
}

#[test]
fn a_run_of_several_cases_and_repeats_is_told_as_it_was_live() {
    let stand = Stand::new();
    for name in ["c", "a", "b"] {
        let never = match name {
            "a" => "expect:\n  never: |\n    server -> alice: created\n",
            _ => "",
        };
        stand.write(&format!("{name}.yaml"), &format!("{HEAD}{CREATE}{never}"));
    }
    stand.write("c.snap", LOG);
    let server = format!(
        "if [ -e twice ]; then more='--fault duplicates-offers'; fi; : > twice; exec {} serve --port {{port}} $more",
        crate::cli_support::GLARE
    );
    let offer = "  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n";
    let breaks = HEAD.replace("steps:", "breaks: { 3: it is planted }\nsteps:");
    stand.write("d.yaml", &format!("{breaks}{CREATE}{offer}"));
    for arguments in [
        &["run", "a.yaml", "b.yaml", "c.yaml", "--logs"][..],
        &[
            "run", "d.yaml", "--repeat", "4", "--server", &server, "--logs",
        ],
    ] {
        let ran = stand.glare(arguments).ends(1);
        let shown = stand.glare(&["show", "--logs"]).ends(0);
        assert_eq!((&ran.out, &ran.err), (&shown.out, &shown.err));
    }
}

#[test]
fn pictures_beside_the_records_are_named_at_the_end() {
    let stand = Stand::new();
    stand.write(
        "a.yaml",
        "scenario: a\npeers: { bob: {} }\nsteps:\n  - create: { peer: bob, room: lobby }\n",
    );
    let ran = stand.glare(&["run", "a.yaml"]).ends(0);
    assert!(!ran.out.contains("picture"), "{}", ran.out);
    let folder = stand.record("a@bob-native");
    std::fs::write(folder.with_file_name("chat-bob.png"), "a picture").expect("a file");
    let told = stand.glare(&["show", "latest"]).ends(0).out;
    let line = (told.lines()).find_map(|line| line.strip_prefix("picture: "));
    let path = stand.path(line.expect("a picture"));
    assert_eq!(
        std::fs::read_to_string(path).expect("it is there"),
        "a picture"
    );
}

#[test]
fn the_verdict_is_typed_with_its_place_in_the_file() {
    let stand = Stand::new();
    let text =
        format!("{HEAD}{CREATE}  - await: {{ peer: alice, hears: peer-joined, within: 2s }}\n");
    stand.write("x.yaml", &text);
    stand.glare(&["run", "x.yaml"]).ends(1);
    let told = story(&stand);
    let Verdict::Fail(failure) = &told.verdict else {
        panic!("{:?}", told.verdict);
    };
    assert_eq!(failure.kind, FailureKind::TimedOut);
    let spot = failure.span.as_ref().expect("a place");
    assert_eq!((spot.file.as_str(), spot.line), ("x.yaml", 7));
    let source = told.source(&spot.file).expect("the scenario's text");
    assert_eq!(&*source.text, text);
    assert!(source.text[spot.start..spot.end].starts_with("- await:"));
    assert!(told.source_of(Role::Dialect).is_some());
    for law in glare::laws::Law::OBSERVED {
        let asked = |found: &glare::record::LawFound| found.law == law.number();
        assert!(told.laws.iter().any(asked), "{law}: {:?}", told.laws);
    }
    assert!(matches!(
        told.events.last().map(|event| &event.what),
        Some(What::Verdict { .. })
    ));

    stand.write(
        "x.yaml",
        &format!("{HEAD}{CREATE}  - create: {{ peer: bob, room: lobby }}\n"),
    );
    stand.glare(&["run", "x.yaml"]).ends(1);
    let kind = |stand: &Stand| match story(stand).verdict {
        Verdict::Fail(failure) => failure.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(&stand), FailureKind::Refused);

    stand.write("poor.yaml", &poor());
    stand.write(
        "x.yaml",
        &format!("{HEAD}{CREATE}  - destroy: {{ peer: alice, room: lobby }}\n"),
    );
    stand
        .glare(&["run", "x.yaml", "--dialect", "poor.yaml"])
        .ends(6);
    let Verdict::Unsupported(unsupported) = story(&stand).verdict else {
        panic!("it has no destroy");
    };
    assert_eq!(unsupported.kind, UnsupportedKind::Server);
}

#[test]
fn nothing_is_overwritten_and_old_runs_go() {
    let stand = Stand::new();
    for folder in ["one", "two"] {
        stand.write(&format!("{folder}/x.yaml"), &format!("{HEAD}{CREATE}"));
    }
    let runs = || -> Vec<String> {
        let entries = std::fs::read_dir(stand.path(".glare/runs")).expect("runs");
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = (entries.flatten().map(name))
            .filter(|name| name != "latest")
            .collect();
        names.sort();
        names
    };
    stand.write(".glare/runs/mine/kept", "not a run");
    for number in 1..4 {
        stand
            .glare(&["run", "one", "two", "--keep-runs", "2"])
            .ends(0);
        assert_eq!(runs().len(), 1 + number.min(2), "{:?}", runs());
        // Two files of one name have a record each.
        let cases = glare::record::runs::RunFolder::cases(&stand.path(".glare/runs/latest"));
        let files: Vec<String> = (cases.iter())
            .map(|case| Story::open(case).expect("a record").file())
            .collect();
        assert_eq!(files.len(), 2, "{files:?}");
        assert!(files.contains(&"one/x.yaml".into()) && files.contains(&"two/x.yaml".into()));
    }
    let latest = std::fs::read_link(stand.path(".glare/runs/latest")).expect("a link");
    assert_eq!(
        runs().iter().rfind(|name| *name != "mine"),
        Some(&latest.display().to_string())
    );
    assert!(stand.path(".glare/runs/mine/kept").exists());
}

/// `glare` in which no file gets longer than this, as on a disk that is full then.
fn with_room(stand: &Stand, bytes: u64, arguments: &[&str]) -> Ran {
    let glare = stand.command(arguments);
    // By other programs, since a copy of this process would hold all sockets of the other tests open until it runs.
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"";
    command.args(["-c", script, &bytes.to_string()]);
    command.arg(glare.get_program()).args(glare.get_args());
    command.current_dir(glare.get_current_dir().expect("a folder"));
    for (name, value) in glare.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(&mut command)
}

#[test]
fn a_disk_that_gets_full_is_said_and_passes_nothing() {
    let stand = Stand::new();
    let steps = "  - connect: { peer: bob }\n".to_owned()
        + &"  - http: { peer: bob, method: GET, path: /health }\n".repeat(150);
    stand.write("x.yaml", &format!("{HEAD}{CREATE}{steps}"));
    let whole = stand.glare(&["run", "x.yaml"]).ends(0);
    let size = stand.records().len() as u64;
    drop(whole);
    for bytes in [10, 2_000, size / 2, size / 10 * 9] {
        let ran = with_room(&stand, bytes, &["run", "x.yaml", "--accept"])
            .ends(5)
            .says("INCONCLUSIVE")
            .says("the record cannot be written: File too large");
        assert!(
            !stand.path("x.snap").exists(),
            "{bytes}: accepted\n{}",
            ran.out
        );
        // What is there is whole lines.
        let text = stand.records();
        assert!(text.is_empty() || text.ends_with('\n'), "{bytes}: {text}");
        if !text.is_empty() {
            let Verdict::Inconclusive(inconclusive) = story(&stand).verdict else {
                panic!("{bytes}");
            };
            assert_eq!(inconclusive.kind, InconclusiveKind::CutOff);
            stand
                .glare(&["show"])
                .ends(0)
                .says("the record is cut off after event");
        }
    }
}

/// Where the room ends within the last lines, the verdict's own among them: what is accepted has a whole record.
#[test]
fn no_snapshot_comes_from_a_record_that_is_not_whole() {
    let stand = Stand::new();
    stand.write("x.yaml", &format!("{HEAD}{CREATE}"));
    stand.glare(&["run", "x.yaml"]).ends(0);
    let size = stand.records().len() as u64;
    let mut statuses = Vec::new();
    for bytes in (size - 900..size + 400).step_by(100) {
        let ran = with_room(&stand, bytes, &["run", "x.yaml", "--accept"]);
        let accepted = std::fs::remove_file(stand.path("x.snap")).is_ok();
        assert_eq!(
            ran.status,
            if accepted { 0 } else { 5 },
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(story(&stand).verdict == Verdict::Pass, accepted, "{bytes}");
        statuses.push(ran.status);
    }
    assert!(
        statuses.contains(&0) && statuses.contains(&5),
        "{statuses:?}"
    );
}

#[test]
fn a_snapshot_that_cannot_be_written_is_as_it_was() {
    let stand = Stand::new();
    let steps = "  - send-raw: { peer: alice, text: 'X' }\n".replace('X', &"x".repeat(60));
    stand.write("x.yaml", &format!("{HEAD}{CREATE}{steps}"));
    stand.write("x.snap", LOG);
    // Nobody may make a file there.
    let folder = stand.path("");
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&folder, mode).expect("a mode");
    };
    std::fs::create_dir_all(stand.path("records")).expect("a folder");
    if is_root() {
        // Modes do not hold for root: the folder cannot be written where a file stands in its place.
        stand.write("y/x.yaml", &format!("{HEAD}{CREATE}"));
        std::fs::create_dir(stand.path("y/x.snap")).expect("a folder in its place");
        stand
            .glare(&["run", "y/x.yaml", "--accept"])
            .ends(5)
            .says("its snapshot cannot be written, and is as it was");
        let left: Vec<PathBuf> = (std::fs::read_dir(stand.path("y"))
            .expect("a folder")
            .flatten())
        .map(|entry| entry.path())
        .collect();
        assert_eq!(left.len(), 2, "nothing half written: {left:?}");
        return;
    }
    mode(0o555);
    let ran = stand.glare(&["run", "x.yaml", "--accept", "--records", "records"]);
    mode(0o755);
    let ran = ran.ends(5);
    assert!(
        ran.out
            .contains("its snapshot cannot be written, and is as it was"),
        "{}",
        ran.out
    );
    let kept = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    assert_eq!(kept, LOG);
}

fn is_root() -> bool {
    // SAFETY: it only answers.
    unsafe { libc::geteuid() == 0 }
}

#[test]
fn what_is_no_record_is_refused_in_words() {
    let stand = Stand::new();
    stand.write("x.yaml", &format!("{HEAD}{CREATE}"));
    stand.glare(&["run", "x.yaml"]).ends(0);
    let text = stand.records();
    let lines: Vec<&str> = text.lines().collect();
    for (name, bytes, status, word) in [
        (
            "newer",
            text.replacen("\"version\":3", "\"version\":9", 1),
            3,
            "written by a newer glare",
        ),
        ("empty", String::new(), 3, "the trace is empty"),
        (
            "no-record",
            "scenario: x\n".into(),
            3,
            "line 1: not a trace",
        ),
        (
            "hostile",
            "\u{1b}]0;x\u{7}\u{202e}##[x]".into(),
            3,
            "line 1: not a trace",
        ),
        ("gap", text.replacen(lines[3], "", 1), 3, "line 4"),
        (
            "deep",
            format!("{}\n{}\n", lines[0], "[".repeat(100_000)),
            3,
            "line 2",
        ),
    ] {
        stand.write(name, &bytes);
        let ran = stand.glare(&["show", name]).ends(status);
        assert!(
            ran.err.contains(name) && ran.err.contains(word),
            "{}",
            ran.err
        );
        assert!(
            !ran.err.contains(['\u{1b}', '\u{202e}', '\u{7}']),
            "{:?}",
            ran.err
        );
    }
    stand
        .glare(&["show", "nothing"])
        .ends(2)
        .complains("there is no such record");
    std::fs::create_dir(stand.path("folder")).expect("a folder");
    stand
        .glare(&["show", "folder"])
        .ends(2)
        .complains("there is no trace.jsonl in this folder");
    // Cut off anywhere it is still told.
    for end in (lines[0].len()..text.len() - 1).step_by(97) {
        stand.write("cut", &text[..end]);
        let ran = stand.glare(&["show", "cut"]);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran.says("INCONCLUSIVE").says("cut off after event");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_is_recorded_is_inconclusive_and_never_accepted() {
    use glare::stage::Setting;
    use glare::suite::{self, Plan};

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.yaml");
    let text = format!("{HEAD}{CREATE}  - join: {{ peer: bob, room: lobby }}\n");
    std::fs::write(&path, text).expect("a file");
    let scenario = std::sync::Arc::new(glare::scenario::Scenario::load(&path).expect("a scenario"));
    let cast = scenario.casts().remove(0);
    let mut verdicts = Vec::new();
    for events in [10, 14, 18, 1000] {
        let mut setting: Setting = crate::stage_support::setting();
        setting.limit.events = events;
        let plan = Plan {
            repeat: 1,
            until_failure: false,
            accept: true,
            records: None,
            home: ".".into(),
        };
        let case = glare::stage::Case {
            scenario: scenario.clone(),
            cast: cast.clone(),
        };
        let played = suite::run(vec![case], std::sync::Arc::new(setting), plan, &|_| ()).await;
        let verdict = &played[0].outcome.verdict;
        let accepted = folder.path().join("x.snap").exists();
        assert_eq!(accepted, *verdict == Verdict::Pass, "{verdict:?}");
        if let Verdict::Inconclusive(inconclusive) = verdict {
            assert_eq!(inconclusive.kind, InconclusiveKind::TooMuch);
            assert!(inconclusive.why.contains("the laws cannot be asked"));
        }
        verdicts.push(verdict.word());
    }
    assert_eq!(
        verdicts,
        ["inconclusive", "inconclusive", "inconclusive", "pass"]
    );
}

#[test]
fn ctrl_c_keeps_what_was_done() {
    use std::process::Stdio;

    let stand = Stand::new();
    stand.write("quick.yaml", &format!("{HEAD}{CREATE}"));
    stand.write("quick.snap", LOG);
    let slow = "  - await: { peer: alice, disconnected: true, within: 60s }\n";
    stand.write("slow.yaml", &format!("{HEAD}{CREATE}{slow}"));
    let mut command = stand.command(&["run", "quick.yaml", "slow.yaml"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("started");
    let record = |case: &str| std::fs::read_to_string(stand.record(case)).unwrap_or_default();
    crate::cli_support::eventually("one is done, the other waits", || {
        record("quick@alice-wire+bob-wire").contains("\"verdict\":{\"is\":\"pass\"")
            && record("slow@alice-wire+bob-wire").contains("\"index\":2")
    });
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: plain system call, to a child that is not reaped yet.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    let output = child.wait_with_output().expect("an end");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(5), "{out}");
    assert!(
        out.contains("1 passed, 0 failed, 1 inconclusive in "),
        "{out}"
    );
    assert!(out.contains("interrupted before its end"), "{out}");
    let slow = Story::open(&stand.record("slow@alice-wire+bob-wire")).expect("a record");
    let Verdict::Inconclusive(inconclusive) = slow.verdict else {
        panic!("{:?}", slow.verdict);
    };
    assert_eq!(inconclusive.kind, InconclusiveKind::Interrupted);
    let shown = stand.glare(&["show"]).ends(0);
    assert!(
        shown.out.contains("pass  quick.yaml") && shown.out.contains("INCONCLUSIVE  slow.yaml")
    );
}

#[test]
fn the_page_shows_every_message_and_no_text_is_markup() {
    let stand = Stand::new();
    let evil = "</script><img src=x onerror=alert(1)>\\e[2J\\u202e";
    let text = HEAD.replace("told", &format!("\"{evil}\""))
        + CREATE
        + "  - hold: { message: joined, to: bob }\n"
        + &format!("  - send-raw: {{ peer: alice, text: \"{evil}\" }}\n")
        + "  - join: { peer: bob, room: lobby, within: 3s }\n";
    stand.write("x.yaml", &text);
    let says = "printf '<b onclick=x>\\033[2J</b>\\n'; exec ".to_owned()
        + crate::cli_support::GLARE
        + " serve --port {port}";
    stand.glare(&["run", "x.yaml", "--server", &says]).ends(1);
    stand.glare(&["show", "latest", "--html", "x.html"]).ends(0);
    let page = std::fs::read_to_string(stand.path("x.html")).expect("a page");
    let told = story(&stand);

    // Tags that the page itself writes, and no other.
    let names = page.match_indices('<').map(|(at, _)| {
        let rest = page[at + 1..].trim_start_matches('/');
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '!')
            .next()
            .unwrap_or_default()
    });
    const KNOWN: [&str; 34] = [
        "!doctype", "html", "head", "meta", "title", "style", "body", "h1", "h2", "span", "dl",
        "dt", "dd", "div", "p", "strong", "a", "code", "pre", "ul", "li", "details", "summary",
        "table", "tr", "td", "input", "label", "small", "footer", "b", "i", "em", "hr",
    ];
    for name in names {
        assert!(KNOWN.contains(&name), "<{name}> is on the page");
    }
    assert!(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\u{1b}[2J\\u{202e}"));
    assert!(
        page.contains("&lt;b onclick=x&gt;\\u{1b}[2J&lt;/b&gt;"),
        "the server's output"
    );
    assert!(!page.contains(['\u{1b}', '\u{202e}']));

    // Nothing is loaded, and the one style is the one that the policy names.
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-";
    assert!(
        page.find(policy)
            .is_some_and(|at| at < page.find("<style>").expect("a style"))
    );
    for loads in [
        " src=\"",
        "url(",
        "@import",
        "href=\"h",
        " style=\"",
        "<script",
    ] {
        assert!(!page.contains(loads), "{loads}");
    }

    let leads = |link: &str| link.starts_with('#');
    assert!(page.split(" href=\"").skip(1).all(leads));

    // Every message is there, with its text; the tap's deeds and the failing step are marked.
    for event in &told.events {
        if let What::Message { .. } = &event.what {
            let id = format!("id=\"e{}\"", event.seq);
            assert_eq!(page.matches(&id).count(), 1, "{event:?}");
        }
    }
    assert!(page.contains("<b class=\"tap\">held</b>"));
    assert!(page.contains("class=\"row step failed\"") && page.contains("id=\"failed\""));

    let shown = stand.glare(&["show", "--html", "nowhere/x.html"]);
    shown.ends(4).complains("nowhere/x.html cannot be written");
}

#[test]
fn the_page_marks_the_events_of_a_broken_law() {
    let stand = Stand::new();
    let steps = "  - connect: { peer: bob }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n";
    stand.write("x.yaml", &format!("{HEAD}{CREATE}{steps}"));
    stand
        .glare(&["run", "x.yaml", "--fault", "duplicates-offers"])
        .ends(1);
    stand.glare(&["show", "--html", "x.html"]).ends(0);
    let page = std::fs::read_to_string(stand.path("x.html")).expect("a page");
    let told = story(&stand);
    let broken = told
        .laws
        .iter()
        .flat_map(|found| &found.breaches)
        .next()
        .expect("a breach");
    assert!(page.contains(&format!("lawful\" id=\"e{}\"", broken.event)));
    for because in &broken.because {
        assert!(page.contains(&format!("because\" id=\"e{because}\"")));
    }
}

/// Whatever a record says, in whichever field: it is a stranger's file.
#[test]
fn a_hostile_record_is_told_tamely() {
    let stand = Stand::new();
    let steps = "  - connect: { peer: bob }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n";
    stand.write("x.yaml", &format!("{HEAD}{CREATE}{steps}"));
    stand
        .glare(&["run", "x.yaml", "--fault", "duplicates-offers"])
        .ends(1);
    let text = stand.records();
    // Every text of it, one after the other.
    let values: Vec<serde_json::Value> = (text.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut texts = std::collections::BTreeSet::new();
    values.iter().for_each(|value| collect(value, &mut texts));
    assert!(texts.len() > 40, "{texts:?}");
    let hostile = "\u{1b}]0;x\u{7}\n::error::x\u{202e}##[x]</script><img>";
    let mut shown = 0;
    for wanted in &texts {
        let mut values = values.clone();
        values
            .iter_mut()
            .for_each(|value| put(value, wanted, hostile));
        let lines: Vec<String> = values.iter().map(ToString::to_string).collect();
        stand.write("hostile.jsonl", &(lines.join("\n") + "\n"));
        let ran = stand.glare(&["show", "hostile.jsonl"]);
        assert!(
            [0, 3].contains(&ran.status) && !ran.err.contains("panicked"),
            "{}",
            ran.err
        );
        for told in [&ran.out, &ran.err] {
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!told.contains(steers), "{wanted}: {told:?}");
            let speaks = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
            assert!(!told.lines().any(speaks), "{wanted}: {told}");
        }
        if ran.status == 0 {
            shown += 1;
            stand
                .glare(&["show", "hostile.jsonl", "--html", "x.html"])
                .ends(0);
            let page = std::fs::read_to_string(stand.path("x.html")).expect("a page");
            assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{wanted}");
            assert!(
                !page.contains("<img") && !page.contains("</script"),
                "{wanted}"
            );
        }
    }
    assert!(shown > 20, "{shown} of {}", texts.len());
}

/// All texts in a value.
fn collect(value: &serde_json::Value, texts: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => drop(texts.insert(text.clone())),
        serde_json::Value::Array(all) => all.iter().for_each(|one| collect(one, texts)),
        serde_json::Value::Object(map) => map.values().for_each(|one| collect(one, texts)),
        _ => {}
    }
}

/// Puts a text in the place of another, as a name of a peer too.
fn put(value: &mut serde_json::Value, wanted: &str, hostile: &str) {
    match value {
        serde_json::Value::String(text) if text == wanted => hostile.clone_into(text),
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| put(one, wanted, hostile)),
        serde_json::Value::Object(map) => {
            map.values_mut().for_each(|one| put(one, wanted, hostile));
            if let Some(stack) = map.remove(wanted) {
                map.insert(hostile.to_owned(), stack);
            }
        }
        _ => {}
    }
}

/// Log and laws are made of a record alone: the dialect's terms are in it.
#[test]
fn a_record_holds_all_that_log_and_laws_are_made_of() {
    use glare::laws::judge;
    use glare::signaling::Dialect;
    use glare::signaling::Terms;

    let stand = Stand::new();
    let steps = "  - connect: { peer: bob }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer }\n  - disconnect: { peer: bob }\n  - await: { peer: alice, hears: peer-left }\n";
    stand.write("x.yaml", &format!("{HEAD}{CREATE}{steps}"));
    stand.glare(&["run", "x.yaml", "--accept"]).ends(0);
    let snapshot = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    for (fault, broken) in [(None, false), (Some("duplicates-offers"), true)] {
        let fault = fault.map(|fault| ["--fault", fault]);
        let arguments: Vec<&str> = ["run", "x.yaml"]
            .into_iter()
            .chain(fault.into_iter().flatten())
            .collect();
        stand.glare(&arguments).ends(i32::from(broken));
        std::fs::rename(stand.path("x.yaml"), stand.path("y.yaml")).expect("renamed");
        let told = story(&stand);
        std::fs::rename(stand.path("y.yaml"), stand.path("x.yaml")).expect("renamed");
        let source = told.source_of(Role::Dialect).expect("the dialect's text");
        let dialect = Dialect::read(&source.path, &source.text).expect("a dialect");
        let mut any = false;
        for finding in judge(told.stage(), &Terms::of(&dialect)) {
            let law = finding.law.number();
            let live = told.laws.iter().find(|found| found.law == law);
            let live = live.unwrap_or_else(|| panic!("law {law} was not asked"));
            let events = |all: &[glare::record::Broken]| -> Vec<u64> {
                all.iter().map(|broken| broken.event).collect()
            };
            let again: Vec<u64> = finding.breaches.iter().map(|one| one.event).collect();
            assert_eq!(events(&live.breaches), again, "law {law}");
            any |= !again.is_empty();
        }
        assert_eq!(any, broken);
        let log = glare::report::log(&told).to_string();
        assert_eq!(snapshot.ends_with(&format!("---\n{log}")), !broken, "{log}");
    }
}
