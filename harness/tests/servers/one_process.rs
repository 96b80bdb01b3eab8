//! Servers that go otherwise where many are on one process of them than where few are: what is said of them is what is said without `one-process`.

use std::sync::Arc;

use futures_util::future::join_all;
use glare::server::{CommandSpec, ServerSpec};
use glare::stage::Setting;
use glare::validate::{Answer, Case, ask_all, sections};
use glare_signaling_server::Faults;

use crate::changed::{Changed, example};
use crate::cli_support::Stand;
use crate::wanted;

/// The process of a server writes its id down when it starts.
const COUNTED: &str = "require('fs').appendFileSync('starts', process.pid + '\\n')\n";

struct Found {
    answers: Vec<Answer>,
    starts: Vec<String>,
}

impl Found {
    fn said(&self) -> Vec<String> {
        let said = self.answers.iter();
        said.map(|answer| format!("{} {}", answer.number, answer.says.word()))
            .collect()
    }

    fn shared(&self) -> usize {
        self.answers.iter().filter(|answer| answer.shared).count()
    }
}

async fn found(server: &Changed, one_process: bool) -> Found {
    let stand = server.begins(COUNTED).stand();
    let ServerSpec::Command(spec) = Changed::spec(&stand) else {
        panic!("no command");
    };
    let setting = Arc::new(Setting {
        server: ServerSpec::Command(CommandSpec {
            one_process,
            ..spec
        }),
        dialect: Arc::new(Changed::dialect(&stand)),
        ..Setting::reference(Faults::none()).expect("a run")
    });
    let sections = sections().into_iter();
    let some = sections.filter(|section| [2, 4].contains(&section.number));
    let cases: Vec<Case> = some.flat_map(|section| section.cases).collect();
    let answers = ask_all(&cases, &setting, &|_| ()).await;
    Found {
        answers,
        starts: starts(&stand),
    }
}

fn starts(stand: &Stand) -> Vec<String> {
    let text = std::fs::read_to_string(stand.path("starts")).expect("it was started");
    text.lines().map(str::to_owned).collect()
}

fn runs(pid: &String) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie does not.
    (stat.rsplit_once(") ")).is_some_and(|(_, state)| !state.starts_with('Z'))
}

const COMES: &str = ".on('connection', (line, request) => {\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_many_are_too_much_for_is_asked_by_one_after_another() {
    if !wanted("examples") {
        return;
    }
    let right = example("batches");
    let with = |more: &str| {
        right
            .begins("let nth = 0\n")
            .does(COMES, &format!("{COMES}  {more}\n"))
    };
    // None of these shows where a process serves one case.
    let servers = [
        ("right", right.clone()),
        (
            "dies at its 16th line",
            with("if (++nth === 16) process.exit(1)"),
        ),
        (
            "makes one room of all after 30 lines",
            with("nth++").does(
                "rooms.set(line.room = thing.enter,",
                "if (nth > 30) thing.enter = 'all'\n        rooms.set(line.room = thing.enter,",
            ),
        ),
        (
            "answers later with each line",
            with(
                "const late = Math.max(0, ++nth - 12) * 1000; const emit = line.emit.bind(line); line.emit = (what, ...of) => what === 'message' ? setTimeout(emit, late, what, ...of) : emit(what, ...of)",
            ),
        ),
    ];
    let asked = servers.iter().map(|(what, server)| async move {
        let alone = found(server, false).await;
        let one = found(server, true).await;
        assert_eq!(one.said(), alone.said(), "{what}");
        let left: Vec<&String> = one.starts.iter().filter(|pid| runs(pid)).collect();
        assert_eq!(left, Vec::<&String>::new(), "{what}");
        (*what, one.shared(), one.starts.len(), alone.starts.len())
    });
    let asked = join_all(asked).await;
    for (what, shared, one, alone) in asked {
        match what {
            "right" => {
                assert!(shared > 9, "{shared} of {what}");
                assert!(
                    one + shared <= alone + 5,
                    "{one} for {alone}, {shared} shared"
                );
            }
            _ => assert_eq!(shared, 0, "{what}"),
        }
    }
}
