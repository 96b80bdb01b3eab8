//! What the cases of `glare validate` must say of servers: a table, of which all rows are asked side by side.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::future::join_all;
use glare::server::{EVERYBODY, Login, Logins};
use glare::stage::{Setting, Turns};
use glare::validate::{Answer, Case, PATIENCE, Says, ask_all, sections};
use glare_signaling_server::Faults;

use crate::changed::{Changed, example};
use crate::{alone, beside_others, wanted};

/// So many cases are busy at once, whichever test asks them; those that wait let others begin.
static TURNS: LazyLock<Turns> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Turns::new(cores)
});

/// What must be said of a case.
#[derive(Clone)]
struct Wanted {
    /// One of these words; any but `broken` where there is none.
    words: Vec<&'static str>,
    /// And this.
    told: &'static str,
    /// But not this.
    untold: Option<&'static str>,
}

impl Wanted {
    fn of(words: &[&'static str]) -> Self {
        Self {
            words: words.to_vec(),
            told: "",
            untold: None,
        }
    }

    fn is_met(&self, answer: &Answer) -> bool {
        let word = answer.says.word();
        let fits = match &self.words[..] {
            [] => word != "broken",
            words => words.contains(&word),
        };
        let tells = |what: &str| {
            let evidence = answer.evidence.iter().map(String::as_str);
            (evidence.chain([answer.says.why()])).any(|line| line.contains(what))
        };
        fits && tells(self.told) && !self.untold.is_some_and(tells)
    }
}

/// Servers, each with the cases that it is asked and what must be said of them.
#[must_use = "nothing is asked before `ask`"]
pub struct Table {
    /// What the servers that follow are asked.
    cases: Vec<Case>,
    patience: Duration,
    password: Option<Login>,
    rows: Vec<Row>,
}

/// What a server is asked, each case with what must be said of it.
struct Row {
    server: Changed,
    cases: Vec<(Case, Wanted)>,
    /// What each peer is given to log in with, if its dialect has that.
    password: Option<Login>,
    /// One of them holds at least: where none is asked, nothing is broken.
    one_holds: bool,
}

/// The servers that follow are asked these cases.
#[track_caller]
pub fn asking(cases: &[&str]) -> Table {
    asking_sections(&[]).asking(cases)
}

/// The servers that follow are asked all cases of these sections.
pub fn asking_sections(numbers: &[u8]) -> Table {
    let all = sections().into_iter();
    let wanted = all.filter(|section| numbers.contains(&section.number));
    Table {
        cases: wanted.flat_map(|section| section.cases).collect(),
        patience: PATIENCE,
        password: None,
        rows: Vec::new(),
    }
}

/// The numbers of these cases of a section.
pub fn numbers(section: u8, cases: RangeInclusive<u16>) -> Vec<String> {
    cases.map(|case| format!("{section}.{case}")).collect()
}

impl Table {
    /// From here on these cases are asked.
    #[track_caller]
    pub fn asking(mut self, cases: &[&str]) -> Self {
        let all: Vec<Case> = (sections().into_iter())
            .flat_map(|section| section.cases)
            .collect();
        let of = |number: &&str| match all.iter().find(|case| is(case, number)) {
            Some(case) => case.clone(),
            None => panic!("there is no case {number}"),
        };
        self.cases = cases.iter().map(of).collect();
        self
    }

    /// For how long the servers that follow are waited for, where what comes may never come.
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// What the servers that follow are shown as `{password}`.
    pub fn with_password(self, password: Login) -> Self {
        Self {
            password: Some(password),
            ..self
        }
    }

    /// All hold on this server.
    pub fn holds(self, server: &Changed) -> Self {
        self.breaks(&[], server)
    }

    /// This server breaks these, and holds all others.
    #[track_caller]
    pub fn breaks(self, broken: &[&str], server: &Changed) -> Self {
        let unasked = |number: &&&str| self.cases.iter().all(|case| !is(case, number));
        let unasked: Vec<&&str> = broken.iter().filter(unasked).collect();
        assert!(unasked.is_empty(), "{unasked:?} are not asked");
        self.row(server, |case| {
            let is_broken = broken.iter().any(|number| is(case, number));
            Wanted::of(&[if is_broken { "broken" } else { "holds" }])
        })
    }

    /// This server breaks nothing, and holds something, whatever else is said of it.
    pub fn breaks_nothing(self, server: &Changed) -> Self {
        let mut table = self.row(server, |_| Wanted::of(&[]));
        table.last_row().one_holds = true;
        table
    }

    /// Of each case one of these words is said, and this.
    pub fn is(self, words: &[&'static str], told: &'static str, server: &Changed) -> Self {
        for word in words {
            assert!(Says::WORDS.contains(word), "nothing is ever {word:?}");
        }
        self.row(server, |_| Wanted {
            told,
            ..Wanted::of(words)
        })
    }

    /// And of the last server this is not said.
    pub fn and_never(mut self, told: &'static str) -> Self {
        for (_, wanted) in &mut self.last_row().cases {
            wanted.untold = Some(told);
        }
        self
    }

    fn last_row(&mut self) -> &mut Row {
        self.rows.last_mut().expect("a server")
    }

    fn row(mut self, server: &Changed, wanted: impl Fn(&Case) -> Wanted) -> Self {
        let asked = self.cases.iter().map(|case| Case {
            patience: self.patience,
            ..case.clone()
        });
        self.rows.push(Row {
            server: server.clone(),
            cases: asked.map(|case| (case.clone(), wanted(&case))).collect(),
            password: self.password.clone(),
            one_holds: false,
        });
        self
    }

    /// Asks all of them, side by side; fails with all that is said otherwise.
    #[track_caller]
    pub fn ask(self) {
        let _beside_others = beside_others();
        self.asked();
    }

    /// The same, while nothing else plays.
    #[track_caller]
    pub fn ask_alone(self) {
        let _alone = alone();
        self.asked();
    }

    #[track_caller]
    fn asked(&self) {
        if !wanted("examples") {
            return;
        }
        let otherwise = self.otherwise();
        assert!(
            otherwise.is_empty(),
            "{} otherwise\n{}",
            otherwise.len(),
            otherwise.join("\n")
        );
    }

    /// What is said otherwise than it must be.
    fn otherwise(&self) -> Vec<String> {
        assert!(!self.rows.is_empty(), "no server is asked anything");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let each = self.rows.iter().map(Row::otherwise);
        runtime.block_on(join_all(each)).concat()
    }
}

#[test]
fn a_table_tells_what_is_said_otherwise() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    let right = example("meeting");
    let wrong = right.does("if (me !== hostOf(me.room)) return 'host'", "");
    let table = asking(&["3.43"])
        .holds(&right)
        .holds(&wrong)
        .breaks(&["3.43"], &right)
        .breaks(&["3.43"], &wrong)
        .is(&["broken"], "nothing that is ever said", &wrong)
        .is(&["broken"], "", &wrong)
        .and_never("granted")
        .breaks_nothing(&right)
        .breaks_nothing(&wrong)
        .asking(&["3.43", "4.1"])
        .breaks_nothing(&right)
        // It numbers nothing.
        .asking(&["6.17"])
        .breaks_nothing(&right);
    let told = table.otherwise();
    let found = told.iter().map(|told| {
        let line = |begins: &str| {
            let mut lines = told.lines().map(str::trim_start);
            lines.find(|line| line.starts_with(begins)).unwrap_or("")
        };
        let word = |line: &str| line.split_whitespace().nth(1).unwrap_or("").to_owned();
        (word(line("found")), word(line("expected")))
    });
    let found: Vec<(String, String)> = found.collect();
    let expected = [
        ("broken:", "holds"),
        ("holds:", "broken"),
        ("broken:", "broken"),
        ("broken:", "broken"),
        ("broken:", "anything"),
        ("broken", "one"),
        ("unsupported", "one"),
    ];
    let expected = expected.map(|(found, expected)| (found.to_owned(), expected.to_owned()));
    assert_eq!(found, expected, "{}", told.join("\n"));
}

impl Row {
    /// What is said otherwise than it must be.
    async fn otherwise(&self) -> Vec<String> {
        let stand = self.server.stand();
        let setting = Arc::new(Setting {
            server: Changed::spec(&stand),
            dialect: Arc::new(Changed::dialect(&stand)),
            logins: Arc::new(self.logins(stand.folder.path())),
            // All tests of this binary share what lets a case be busy.
            turns: TURNS.clone(),
            ..Setting::reference(Faults::none()).expect("a run")
        });
        let cases: Vec<Case> = self.cases.iter().map(|(case, _)| case.clone()).collect();
        let answers = ask_all(&cases, &setting, &|_| ()).await;
        let mut otherwise = Vec::new();
        for (case, wanted) in &self.cases {
            match answers.iter().find(|answer| answer.number == case.number) {
                Some(answer) if wanted.is_met(answer) => {}
                Some(answer) => otherwise.push(self.told(wanted, answer)),
                None => otherwise.push(format!("{}: no answer", case.number)),
            }
        }
        let holds = |answer: &Answer| matches!(answer.says, Says::Holds);
        if self.one_holds && !answers.iter().any(holds) {
            let words = answers.iter().map(|answer| answer.says.word());
            otherwise.push(format!(
                "of {} cases none holds\n  found: {}\n  expected: one that holds\n  with\n{}",
                answers.len(),
                words.collect::<Vec<_>>().join(", "),
                self.server.changes,
            ));
        }
        otherwise
    }

    fn logins(&self, folder: &Path) -> Logins {
        let password = self.password.iter();
        let of_each = password.map(|login| ("password".to_owned(), login.clone()));
        Logins {
            peers: [(EVERYBODY.to_owned(), of_each.collect())].into(),
            folder: folder.to_owned(),
        }
    }

    /// The least first.
    fn told(&self, wanted: &Wanted, answer: &Answer) -> String {
        let expected = match &wanted.words[..] {
            [] => "anything but broken".to_owned(),
            words => words.join(" or "),
        };
        let untold = wanted.untold.map(|untold| format!(", and not {untold:?}"));
        format!(
            "{} {}\n  found: {}: {}\n  expected: {expected} {:?}{}\n  with\n{}{}\n{}",
            answer.number,
            answer.title,
            answer.says,
            answer.says.why(),
            wanted.told,
            untold.unwrap_or_default(),
            self.server.changes,
            answer.log,
            answer.evidence.join("\n"),
        )
    }
}

fn is(case: &Case, number: &str) -> bool {
    case.number.to_string() == number
}
