//! The house has floors: a folder of the library knows only the folders below it, and no two files of one folder know each other in a circle.
//!
//! Read from the source alone: `use` trees, `crate::…`, `super::…` and paths that begin with a name that stands in the module. A name that a
//! `mod.rs` hands on counts as the file that it comes from, so that a circle cannot hide behind the folder's own list of names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Lowest first. Each knows only those that stand before it.
#[rustfmt::skip]
const FLOORS: [&str; 29] = [
    // The ground: what all share.
    "names", "source", "terms", "coding", "carrier", "input", "lock", "mistake", "yaml",
    // What can be said, what should happen, and what is told of it.
    "signaling", "hand", "scenario", "record",
    // What follows from a record: facts, and on them the log and the laws.
    "facts", "log", "laws",
    // What a person is shown, of the record alone: nothing that plays is known here.
    "report",
    // What a peer that the harness drives decides.
    "mind",
    // Processes, sockets and clocks.
    "run", "tls", "tap", "peer", "server",
    // What joins them.
    "stage", "suite", "validate", "project", "cli", "main",
];

#[test]
fn an_import_goes_down_and_never_round() {
    let house = House::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path());
    assert!(
        house.edges.len() > 300,
        "only {} imports were found",
        house.edges.len()
    );
    let mut wrong = house.strangers();
    wrong.extend(house.climbs());
    wrong.extend(house.circles());
    assert!(
        wrong.is_empty(),
        "{} to mend\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_climb_is_found_in_every_way_to_write_it() {
    for written in [
        "use crate::log::Log;",
        "use crate::{log::{self, Log}, names};",
        "pub(crate) use super::log::Log as Text;",
        "fn f() -> crate::log::Log { todo!() }",
        "mod inner { fn f() { super::super::log::read(); } }",
        "use crate::log as text; fn f() { text::read() }",
    ] {
        let house = House::of(&[
            ("lib.rs", "pub mod log; pub mod names;"),
            (
                "log/mod.rs",
                "mod canonical; pub use canonical::Log; pub fn read() {}",
            ),
            ("log/canonical.rs", "pub struct Log;"),
            ("names.rs", written),
        ]);
        let climbs = house.climbs();
        assert!(!climbs.is_empty(), "not seen: {written}");
        assert!(climbs[0].starts_with("names.rs:1 -> log/"), "{climbs:?}");
    }
}

#[test]
fn what_is_only_written_about_is_no_import() {
    let house = House::of(&[
        ("lib.rs", "pub mod log; pub mod names;"),
        ("log/mod.rs", "pub struct Log; use crate::names::Name;"),
        (
            "names.rs",
            "/// [`crate::log::Log`] /* */\n/* use crate::log::Log; /* nested */ */ const A: &str = \"use crate::log::Log;\"; \
             const B: &str = r#\"crate::log::\"Log\"#; const C: char = '\"'; fn f<'a>(x: &'a str) {} pub struct Name;",
        ),
    ]);
    assert_eq!(house.climbs(), Vec::<String>::new());
    assert_eq!(house.edges.len(), 1, "{:?}", house.edges);
}

#[test]
fn a_circle_is_found_behind_the_names_that_a_folder_hands_on() {
    let house = House::of(&[
        ("lib.rs", "pub mod log;"),
        (
            "log/mod.rs",
            "mod graph; mod lines; pub use graph::Graph; pub use lines::Line;",
        ),
        ("log/graph.rs", "use super::Line; pub struct Graph;"),
        ("log/lines.rs", "use crate::log::Graph; pub struct Line;"),
    ]);
    let circles = house.circles();
    assert_eq!(circles.len(), 1, "{circles:?}");
    assert!(
        circles[0].contains("log/graph.rs:1 -> log/lines.rs"),
        "{circles:?}"
    );
    assert!(
        circles[0].contains("log/lines.rs:1 -> log/graph.rs"),
        "{circles:?}"
    );
}

#[test]
fn a_folder_that_only_hands_names_on_is_in_no_circle() {
    let house = House::of(&[
        ("lib.rs", "pub mod log;"),
        (
            "log/mod.rs",
            "mod graph; mod lines; pub use graph::Graph; pub use lines::Line; pub const MOST: u8 = 1;",
        ),
        ("log/graph.rs", "use super::{Line, MOST}; pub struct Graph;"),
        ("log/lines.rs", "pub struct Line;"),
    ]);
    assert_eq!(house.circles(), Vec::<String>::new());
}

type Module = Vec<String>;

#[derive(Default)]
struct Scope {
    file: String,
    children: BTreeSet<String>,
    names: BTreeMap<String, Vec<String>>,
}

/// A path as it is written, and where.
struct Spoken {
    module: Module,
    line: usize,
    path: Vec<String>,
    /// Handed on, and not otherwise used in its file.
    passed_on: bool,
}

#[derive(Default)]
struct House {
    scopes: BTreeMap<Module, Scope>,
    /// From a file to another, with the line that says so first.
    edges: BTreeMap<(String, String), usize>,
}

impl House {
    fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the source can be read") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let name = path
                        .strip_prefix(root)
                        .expect("inside")
                        .to_string_lossy()
                        .replace('\\', "/");
                    files.push((name, fs::read_to_string(&path).expect("text")));
                }
            }
        }
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        Self::of(&files)
    }

    fn of(files: &[(&str, &str)]) -> Self {
        let mut house = Self::default();
        let mut spoken = Vec::new();
        for (name, text) in files {
            house.walk(name, &tokens(text), &mut spoken);
        }
        for one in &spoken {
            let from = house.scopes[&one.module].file.clone();
            let Some(to) = house.resolve(&one.module, &one.path, 0) else {
                continue;
            };
            if to != from && !(one.passed_on && folder(&to) == folder(&from)) {
                let line = house.edges.entry((from, to)).or_insert(one.line);
                *line = one.line.min(*line);
            }
        }
        house
    }

    fn walk(&mut self, file: &str, tokens: &[Token], spoken: &mut Vec<Spoken>) {
        let mut module: Module = file
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        let own = module.clone();
        self.scopes.entry(module.clone()).or_default().file = file.to_owned();
        let begin = spoken.len();
        let mut handed = Vec::new();
        let mut inner = Vec::new();
        let mut depth = 0;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let word = |ahead: usize| {
                tokens
                    .get(at + ahead)
                    .map_or("", |token| token.text.as_str())
            };
            match token.text.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if inner.last() == Some(&depth) {
                        inner.pop();
                        module.pop();
                    }
                }
                "mod" if matches!(word(2), ";" | "{") => {
                    let name = word(1).to_owned();
                    self.scopes
                        .entry(module.clone())
                        .or_default()
                        .children
                        .insert(name.clone());
                    if word(2) == "{" {
                        inner.push(depth);
                        depth += 1;
                        module.push(name);
                        self.scopes.entry(module.clone()).or_default().file = file.to_owned();
                    }
                    at += 2;
                }
                "use" if word(1) != "<" => {
                    let public = at > 0 && matches!(tokens[at - 1].text.as_str(), "pub" | ")");
                    let mut paths = Vec::new();
                    at += 1;
                    tree(tokens, &mut at, &[], &mut paths);
                    for (path, name, line) in paths {
                        let scope = self.scopes.entry(module.clone()).or_default();
                        scope.names.insert(name.clone(), path.clone());
                        if public {
                            handed.push((spoken.len(), name));
                        }
                        spoken.push(Spoken {
                            module: module.clone(),
                            line,
                            path,
                            passed_on: false,
                        });
                    }
                }
                _ if token.is_word()
                    && word(1) == "::"
                    && (at == 0 || !matches!(tokens[at - 1].text.as_str(), "::" | "." | "'")) =>
                {
                    let mut path = vec![token.text.clone()];
                    while tokens.get(at + 1).is_some_and(|sign| sign.text == "::")
                        && let Some(part) = tokens.get(at + 2).filter(|part| part.is_word())
                    {
                        path.push(part.text.clone());
                        at += 2;
                    }
                    spoken.push(Spoken {
                        module: module.clone(),
                        line: token.line,
                        path,
                        passed_on: false,
                    });
                }
                _ => {}
            }
            at += 1;
        }
        for (index, name) in handed {
            let times = tokens.iter().filter(|token| token.text == name).count();
            let within = spoken[begin..]
                .iter()
                .filter(|one| one.path.contains(&name))
                .count();
            spoken[index].passed_on = times <= within.max(1) && spoken[index].module == own;
        }
    }

    /// The file that a path leads to; none for what is of another crate.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<String> {
        if depth > 16 {
            return None;
        }
        let mut module = from.clone();
        let mut rest = path;
        let first = rest.first()?.as_str();
        match first {
            "crate" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            name => {
                let scope = self.scopes.get(&module)?;
                let known = scope.children.contains(name)
                    || scope.names.get(name).is_some_and(|named| named != path);
                if !known {
                    return None;
                }
            }
        }
        while let Some(name) = rest.first() {
            let scope = self.scopes.get(&module)?;
            if scope.children.contains(name) {
                module.push(name.clone());
                rest = &rest[1..];
            } else if let Some(named) = scope.names.get(name) {
                let whole: Vec<String> = named.iter().chain(&rest[1..]).cloned().collect();
                return self.resolve(&module, &whole, depth + 1);
            } else {
                break;
            }
        }
        self.scopes.get(&module).map(|scope| scope.file.clone())
    }

    /// What stands on no floor, so that a new folder is given one.
    fn strangers(&self) -> Vec<String> {
        let folders: BTreeSet<&str> = self
            .scopes
            .values()
            .map(|scope| folder(&scope.file))
            .collect();
        let new = folders
            .iter()
            .filter(|name| **name != "lib" && floor(name).is_none());
        let gone = FLOORS.iter().filter(|name| !folders.contains(*name));
        new.map(|name| format!("`{name}` stands on no floor: give it a place in FLOORS"))
            .chain(gone.map(|name| {
                format!("`{name}` has a floor and is not there: take it out of FLOORS")
            }))
            .collect()
    }

    fn climbs(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((from, to), line) in &self.edges {
            let (lower, upper) = (folder(from), folder(to));
            if lower != upper && lower != "lib" && floor(lower) < floor(upper) {
                wrong.push(format!(
                    "{from}:{line} -> {to}: `{lower}` stands below `{upper}`"
                ));
            }
        }
        wrong
    }

    /// One way round for each circle of files of one folder. What a file takes from the module that it stands in is no way round: the two are
    /// one thing, as the files of a folder are to the rest of the house.
    fn circles(&self) -> Vec<String> {
        let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, to) in self.edges.keys() {
            if folder(from) == folder(to) && !stands_in(from, to) {
                next.entry(from).or_default().push(to);
            }
        }
        let mut seen = BTreeSet::new();
        let mut wrong = Vec::new();
        for start in next.keys() {
            let Some(round) = shortest_round(&next, start) else {
                continue;
            };
            let mut files = round.clone();
            files.sort_unstable();
            if !seen.insert(files) {
                continue;
            }
            let mut text = String::from("a circle:");
            for (at, from) in round.iter().enumerate() {
                let to = round[(at + 1) % round.len()];
                let line = self.edges[&((*from).to_owned(), to.to_owned())];
                let _ = write!(text, "\n    {from}:{line} -> {to}");
            }
            wrong.push(text);
        }
        wrong
    }
}

fn shortest_round<'a>(
    next: &BTreeMap<&'a str, Vec<&'a str>>,
    start: &'a str,
) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for to in next.get(file).into_iter().flatten() {
            if *to == start {
                let mut round = vec![file];
                while round[round.len() - 1] != start {
                    round.push(before[round[round.len() - 1]]);
                }
                round.reverse();
                return Some(round);
            }
            if !before.contains_key(to) {
                before.insert(to, file);
                queue.push_back(to);
            }
        }
    }
    None
}

fn folder(file: &str) -> &str {
    file.split('/')
        .next()
        .unwrap_or(file)
        .trim_end_matches(".rs")
}

/// Whether `of` is the file of a module that `file` is somewhere inside.
fn stands_in(file: &str, of: &str) -> bool {
    let module = of.trim_end_matches(".rs").trim_end_matches("/mod");
    file.strip_prefix(module)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn floor(folder: &str) -> Option<usize> {
    FLOORS.iter().position(|name| *name == folder)
}

/// The paths of a `use` tree, each with the name that it is known by here.
fn tree(
    tokens: &[Token],
    at: &mut usize,
    before: &[String],
    paths: &mut Vec<(Vec<String>, String, usize)>,
) {
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(*at) {
        match token.text.as_str() {
            "::" => *at += 1,
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| token.text != "}") {
                    tree(tokens, at, &path, paths);
                    if tokens.get(*at).is_some_and(|token| token.text == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            "," | ";" | "}" => break,
            "as" => {
                let name = tokens[*at + 1].text.clone();
                paths.push((path, name, token.line));
                *at += 2;
                return;
            }
            "*" => {
                paths.push((path, "*".to_owned(), token.line));
                *at += 1;
                return;
            }
            "self" if !path.is_empty() => *at += 1,
            _ => {
                path.push(token.text.clone());
                *at += 1;
            }
        }
    }
    if let Some(name) = path.last().cloned() {
        let line = tokens[*at - 1].line;
        paths.push((path, name, line));
    }
}

struct Token {
    text: String,
    line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text
            .starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// Words and signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<Token> {
    let signs: Vec<char> = text.chars().collect();
    let sign = |at: usize| signs.get(at).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < signs.len() {
        let begin = at;
        match sign(at) {
            '/' if sign(at + 1) == '/' => {
                while at < signs.len() && sign(at) != '\n' {
                    at += 1;
                }
            }
            '/' if sign(at + 1) == '*' => {
                let mut open = 0;
                loop {
                    match (sign(at), sign(at + 1)) {
                        ('/', '*') => (open, at) = (open + 1, at + 2),
                        ('*', '/') => (open, at) = (open - 1, at + 2),
                        _ => at += 1,
                    }
                    if open == 0 || at >= signs.len() {
                        break;
                    }
                }
            }
            '"' => at = after_string(&signs, at),
            '\'' if sign(at + 1) == '\\' => {
                at += 3;
                while at < signs.len() && sign(at) != '\'' {
                    at += 1;
                }
                at += 1;
            }
            '\'' if sign(at + 2) == '\'' => at += 3,
            first if first.is_alphabetic() || first == '_' => {
                while sign(at).is_alphanumeric() || sign(at) == '_' {
                    at += 1;
                }
                let word: String = signs[begin..at].iter().collect();
                let mut hashes = 0;
                while sign(at + hashes) == '#' {
                    hashes += 1;
                }
                if word.ends_with('r') && word.len() <= 2 && sign(at + hashes) == '"' {
                    let end: String = std::iter::once('"')
                        .chain(std::iter::repeat_n('#', hashes))
                        .collect();
                    let rest: String = signs[at + hashes + 1..].iter().collect();
                    let long = rest.split(&end).next().unwrap_or_default().chars().count();
                    at += hashes + 1 + long + end.len();
                } else {
                    found.push(Token { text: word, line });
                }
            }
            ':' if sign(at + 1) == ':' => {
                found.push(Token {
                    text: "::".to_owned(),
                    line,
                });
                at += 2;
            }
            other => {
                if !other.is_whitespace() {
                    found.push(Token {
                        text: other.to_string(),
                        line,
                    });
                }
                at += 1;
            }
        }
        line += signs[begin..at.min(signs.len())]
            .iter()
            .filter(|sign| **sign == '\n')
            .count();
    }
    found
}

fn after_string(signs: &[char], mut at: usize) -> usize {
    at += 1;
    while at < signs.len() && signs[at] != '"' {
        at += if signs[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}
