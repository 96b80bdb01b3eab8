//! What a dialect could say of its server and does not: it means what it says without that, too.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::number::NUMBER;
use super::patterns::{Pattern, find, node_of};
use super::template::Template;
use super::{Body, Dialect};
use crate::mistake::Mistakes;
use crate::signaling::Kind;
use crate::terms::Direction;
use crate::yaml::{self, Node, Value};

/// Names of ids that requests have, without capitals and signs. One alone that is repeated may be anything else by any other name.
const NAMES: [&str; 14] = [
    "id",
    "tx",
    "tid",
    "txid",
    "transaction",
    "transactionid",
    "reqid",
    "requestid",
    "msgid",
    "messageid",
    "correlationid",
    "nonce",
    "ref",
    "seq",
];

impl Dialect {
    /// What it could say, as warnings, each at its place.
    pub fn hints(&self) -> Mistakes {
        let mut hints = Mistakes::new(self.source.clone());
        if let Some(root) = yaml::parse(&self.source.text, &mut Mistakes::new(self.source.clone()))
        {
            self.fixed_ids(&root, &mut hints);
            self.owed_at_no_time(&root, &mut hints);
        }
        hints.sort();
        hints
    }

    /// Answers to what is relayed that are declared, and not how soon: then none is ever missed.
    fn owed_at_no_time(&self, root: &Node, hints: &mut Mistakes) {
        let patterns = self.patterns(Direction::Down);
        let is_owed = |heard: &&Pattern<'_>| {
            heard.word() == "hear.granted" && heard.of.is_some_and(Kind::is_signal)
        };
        let Some(owed) = patterns.iter().find(is_owed) else {
            return;
        };
        if self.properties.answers_within.is_some() {
            return;
        }
        if let Some(node) = node_of(root, &owed.name) {
            let of = owed.of.map_or("", Kind::as_str);
            hints
                .warn(
                    &node.span,
                    format!("that each {of} is answered is declared, and not how soon"),
                )
                .expect(
                    "an answer that never comes is held against nobody: it may still be on its way",
                )
                .advise("if the server promises it, write `answers-within: 1s`");
        }
    }

    /// Ids that are the same in each request, and that answers repeat: `{number}` would tell the answers apart.
    ///
    /// Such an id stands in requests and in what answers them, at the same key and with the same value, and nowhere else; and something beside it says
    /// what is asked. Where several requests have it they differ in it, or it is called as ids are: what is alike in all may be a version.
    fn fixed_ids(&self, root: &Node, hints: &mut Mistakes) {
        let said = self.patterns(Direction::Up);
        let heard = self.patterns(Direction::Down);
        let requests: Vec<Request<'_>> = said
            .iter()
            .filter(|said| is_numbered_in_vain(said))
            .map(|said| Request {
                answers: heard.iter().filter(|heard| answers(said, heard)).collect(),
                said,
            })
            .collect();
        let in_news: BTreeSet<&str> = (heard.iter().filter(|heard| is_news(heard.word())))
            .flat_map(|heard| fixed(heard.body))
            .filter_map(|fixed| fixed.key())
            .collect();
        let mut told = BTreeSet::new();
        for request in &requests {
            for id in fixed(request.said.body) {
                let Some(key) = id.key().filter(|key| !in_news.contains(key)) else {
                    continue;
                };
                let Some(answer) = request.repeats(&id, &said) else {
                    continue;
                };
                let alike = requests.iter().flat_map(|other| {
                    let ids = fixed(other.said.body).into_iter();
                    ids.filter(|id| id.key() == Some(key) && other.repeats(id, &said).is_some())
                });
                let differ = alike.map(|id| id.value).any(|value| value != id.value);
                let is_word = id.value.is_string() && request.has_beside(&id);
                // While a line is opened one waits for each answer in turn: one id alone is mixed up with nothing.
                let alone = opens(&request.said.name) && !differ;
                let is_id = differ && !is_word || is_name(key) && !alone;
                if is_id && told.insert(key.to_owned()) {
                    tell(root, request.said, &id, &answer.name, hints);
                }
            }
        }
    }
}

/// Something that is said, and what may answer it.
struct Request<'d> {
    said: &'d Pattern<'d>,
    answers: Vec<&'d Pattern<'d>>,
}

impl<'d> Request<'d> {
    /// What repeats it, if it is no part of what is asked: without it the request differs from all others, too.
    fn repeats(&self, id: &Fixed<'_>, said: &[Pattern<'_>]) -> Option<&'d Pattern<'d>> {
        let is_repeated = |answer: &&&Pattern<'_>| {
            let there = fixed(answer.body);
            there
                .iter()
                .any(|there| there.key() == id.key() && there.value == id.value)
        };
        let answer = self.answers.iter().find(is_repeated)?;
        let own = fixed(self.said.body);
        let beside = || own.iter().filter(|own| own.path != id.path);
        let differs = |other: &Pattern<'_>| {
            let there = fixed(other.body);
            beside().any(|own| !there.contains(own))
        };
        let others = said.iter().filter(|other| other.word() != self.said.word());
        (beside().next().is_some() && { others }.all(differs)).then_some(*answer)
    }

    /// Whether this value stands elsewhere in it, too: then it is a word, and not an id.
    fn has_beside(&self, id: &Fixed<'_>) -> bool {
        let own = fixed(self.said.body);
        (own.iter()).any(|own| own.path != id.path && own.value == id.value)
    }
}

/// What is the same in all messages of a pattern.
#[derive(PartialEq)]
struct Fixed<'d> {
    /// The keys, and places in lists, that lead to it.
    path: Vec<Step<'d>>,
    value: &'d Json,
}

#[derive(Clone, PartialEq)]
enum Step<'d> {
    Key(&'d str),
    Place(usize),
}

impl<'d> Fixed<'d> {
    fn key(&self) -> Option<&'d str> {
        match self.path.last()? {
            Step::Key(key) => Some(key),
            Step::Place(_) => None,
        }
    }
}

/// Each text and number that stands in it as it is.
fn fixed(body: &Body) -> Vec<Fixed<'_>> {
    fn walk<'d>(template: &'d Template, path: &mut Vec<Step<'d>>, found: &mut Vec<Fixed<'d>>) {
        match template {
            Template::Value(value) if value.is_number() || value.is_string() => {
                let path = path.clone();
                found.push(Fixed { path, value });
            }
            Template::Map(entries) => {
                for entry in entries.iter().filter(|entry| !entry.optional) {
                    path.push(Step::Key(&entry.key));
                    walk(&entry.value, path, found);
                    path.pop();
                }
            }
            Template::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push(Step::Place(at));
                    walk(item, path, found);
                    path.pop();
                }
            }
            Template::Json(inner) => walk(inner, path, found),
            Template::All(all) => all.iter().for_each(|one| walk(one, path, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Body::Template(template) = body {
        walk(template, &mut Vec::new(), &mut found);
    }
    found
}

/// Whether a number could stand in it, and none does.
fn is_numbered_in_vain(said: &Pattern<'_>) -> bool {
    let section = said.name.split(['.', '[']).next().unwrap_or_default();
    let may = match section {
        "say" | "every" | "rejoin" => true,
        "connect" => said.word() == "connect.then",
        _ => false,
    };
    may && !said.body.holes().iter().any(|hole| hole.name == NUMBER)
}

/// The word of a pattern of this section.
fn kind(word: &str, section: &str) -> Option<Kind> {
    let name = word.strip_prefix(section)?;
    Kind::ALL.iter().copied().find(|kind| kind.as_str() == name)
}

/// Whether nothing is answered by it.
fn is_news(word: &str) -> bool {
    let answer = |kind: Kind| {
        matches!(
            kind,
            Kind::Created
                | Kind::Joined
                | Kind::Left
                | Kind::Destroyed
                | Kind::Granted
                | Kind::Refused
                | Kind::Error
        )
    };
    word == "hear.members" || kind(word, "hear.").is_some_and(|kind| !answer(kind))
}

/// Whether what is said may be answered by this.
fn answers(said: &Pattern<'_>, heard: &Pattern<'_>) -> bool {
    let word = heard.word();
    // A response says by itself what it answers.
    if heard.http.is_some() || heard.ack {
        return false;
    }
    let Some(asked) = kind(said.word(), "say.") else {
        let again = said.name == "rejoin" && matches!(word, "hear.joined" | "hear.refused");
        return again || opens(&said.name) && opens(&heard.name) || word == "ignore";
    };
    if heard.of.is_some_and(|of| of != asked) {
        return false;
    }
    let between = format!("say.{asked}");
    match kind(word, "hear.") {
        Some(Kind::Refused | Kind::Error) => true,
        Some(Kind::Created | Kind::Joined) => matches!(asked, Kind::Create | Kind::Join),
        Some(Kind::Left) => asked == Kind::Leave,
        Some(Kind::Destroyed) => asked == Kind::Destroy,
        Some(Kind::Granted) => {
            matches!(asked, Kind::Kick | Kind::SetState) || heard.of == Some(asked)
        }
        Some(_) => false,
        None => match word {
            "hear.fenced" => asked == Kind::Fence,
            "ignore" => true,
            _ => word == between,
        },
    }
}

/// Whether it is said, or heard, while a line is opened.
fn opens(name: &str) -> bool {
    name.starts_with("connect.then")
}

/// Whether ids are called so.
fn is_name(key: &str) -> bool {
    let letters = key.chars().filter(|letter| letter.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    NAMES.contains(&name.as_str())
}

fn tell(root: &Node, said: &Pattern<'_>, id: &Fixed<'_>, answer: &str, hints: &mut Mistakes) {
    let Some(pattern) = node_of(root, &said.name) else {
        return;
    };
    let span = &leaf(pattern, &id.path).unwrap_or(pattern).span;
    let key = id.key().unwrap_or_default();
    let number = match id.value {
        Json::String(text) => format!("{text}-{{number}}"),
        _ => "{number}".to_owned(),
    };
    hints
        .warn(
            span,
            format!(
                "`{key}` is {} in each request, and `{answer}` repeats it",
                id.value
            ),
        )
        .expect("an id that never changes does not say which of two requests is answered")
        .advise(format!(
            "if the server repeats whatever the client says there, write `{key}: \"{number}\"` in both, and so wherever this key stands: each request has a number of its own then, and that each is answered under it is asked, too"
        ));
}

/// Where this stands within a pattern as it is written.
fn leaf<'n>(pattern: &'n Node, path: &[Step<'_>]) -> Option<&'n Node> {
    let body = find(pattern, "message").or_else(|| find(pattern, "body"))?;
    path.iter()
        .try_fold(body, |node, step| match (step, &node.value) {
            (Step::Key(key), _) => find(node, key),
            (Step::Place(at), Value::List(items)) => items.get(*at),
            (Step::Place(_), _) => None,
        })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `SAY` and `HEAR` stand for what differs.
    const TEXT: &str = r#"dialect: x
connect: { path: /, then: [THEN] }
say:
  create: join
  offer: { message: { method: offer, to: "{peer}", sdp: "{sdp}" } }
  answer: { message: { method: answer, to: "{peer}", sdp: "{sdp}" } }
SAY
hear:
  peer-joined: { message: { method: came, peer: "{peer}" } }
  offer: { message: { method: offer, from: "{peer}", sdp: "{sdp}" } }
  answer: { message: { method: answer, from: "{peer}", sdp: "{sdp}" } }
HEAR
"#;

    #[test]
    fn that_something_is_answered_is_said_with_how_soon() {
        let granted = "granted: { message: { took: offer }, of: offer }";
        let told = hints("join: { message: { method: join } }", granted);
        assert_eq!(told.len(), 1, "{told:?}");
        let expected = "that each offer is answered is declared, and not how soon";
        assert!(told[0].ends_with(expected), "{told:?}");
        let soon = TEXT.replacen("say:", "answers-within: 1s\nsay:", 1);
        let soon = (soon.replace("THEN", ""))
            .replace("SAY", "  join: { message: { method: join } }")
            .replace("HEAR", &format!("  {granted}"));
        let dialect = Dialect::read(Path::new("x.yaml"), &soon);
        let dialect = dialect.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(dialect.hints().is_empty());
    }

    fn hints(say: &str, hear: &str) -> Vec<String> {
        hints_of("", say, hear)
    }

    fn hints_of(then: &str, say: &str, hear: &str) -> Vec<String> {
        let indented = |lines: &str| format!("  {}", lines.replace('\n', "\n  "));
        let text = TEXT.replace("THEN", then);
        let text = (text.replace("SAY", &indented(say))).replace("HEAR", &indented(hear));
        let read = Dialect::read(Path::new("x.yaml"), &text);
        let dialect = read.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let hints = dialect.hints();
        let told = |hint: &crate::mistake::Mistake| {
            let span = hint.span();
            let text = &text[span.bytes.clone()];
            format!("{}: {text}: {}", span.line, hint.found())
        };
        hints.iter().map(told).collect()
    }

    #[test]
    fn an_id_that_never_changes_and_is_repeated_is_told() {
        for (say, hear, expected) in [
            // JSON-RPC.
            (
                "join: { message: { jsonrpc: \"2.0\", id: 1, method: join, room: \"{room}\" } }\nleave: { message: { jsonrpc: \"2.0\", id: 2, method: leave } }",
                "joined: { message: { id: 1, result: \"{with}\" } }\nleft: { message: { id: 2, result: true } }",
                "7: 1: `id` is 1 in each request, and `hear.joined` repeats it",
            ),
            // One for all of them.
            (
                "join: { message: { id: 1, method: join, room: \"{room}\" } }\nleave: { message: { id: 1, method: leave } }",
                "joined: { message: { id: 1, result: \"{with}\" } }\nleft: { message: { id: 1, result: true } }",
                "7: 1: `id` is 1 in each request, and `hear.joined` repeats it",
            ),
            (
                "join: { message: { body: { transaction: enter, method: join }, room: \"{room}\" } }",
                "joined: { message: { transaction: enter, result: \"{with}\" } }",
                "7: enter: `transaction` is \"enter\" in each request, and `hear.joined` repeats it",
            ),
            // Whatever it is called.
            (
                "join: { message: { mark: j, method: join, room: \"{room}\" } }\nleave: { message: { mark: l, method: leave } }",
                "joined: { message: { mark: j, result: \"{with}\" } }\nrefused: { message: { mark: l, error: \"{reason}\" } }",
                "7: j: `mark` is \"j\" in each request, and `hear.joined` repeats it",
            ),
            (
                "join: { message: { method: join, room: \"{room}\" } }\nbye: { message: { reqId: 5, method: bye, to: \"{peer}\" } }",
                "joined: { message: { result: \"{with}\" } }\nbye: { message: { method: bye, from: \"{peer}\" } }\nerror: { message: { reqId: 5, error: \"{reason}\" } }",
                "8: 5: `reqId` is 5 in each request, and `hear.error` repeats it",
            ),
        ] {
            assert_eq!(hints(say, hear), [expected], "{say}");
        }
    }

    /// One waits for each answer in turn, but a server that takes one for the other's has several to choose from.
    #[test]
    fn of_what_opens_a_line_one_id_alone_is_not_told() {
        let say = "join: { message: { method: join, room: \"{room}\" } }";
        let hear = "joined: { message: { result: \"{with}\" } }";
        let one = "{ message: { janus: create, transaction: create } }, { hear: { janus: success, transaction: create, id: \"{_}\" } }";
        let two = "{ message: { janus: attach, transaction: attach } }, { hear: { janus: success, transaction: attach } }";
        assert_eq!(hints_of(one, say, hear), Vec::<String>::new());
        let expected = "2: create: `transaction` is \"create\" in each request, and `connect.then[2].hear` repeats it";
        let both = format!("{one}, {two}");
        assert_eq!(hints_of(&both, say, hear), [expected]);
    }

    #[test]
    fn what_is_repeated_and_no_id_is_not_told() {
        for (say, hear) in [
            // A word, by whatever name.
            (
                "join: { message: { type: join, room: \"{room}\" } }\nleave: { message: { type: leave } }",
                "joined: { message: { type: join, with: \"{with}\" } }\nleft: { message: { type: leave } }",
            ),
            (
                "join: { message: { id: join, room: \"{room}\" } }",
                "joined: { message: { id: join, with: \"{with}\" } }",
            ),
            // The same word twice.
            (
                "join: { message: { event: join, data: { kind: join, room: \"{room}\" } } }\nleave: { message: { event: leave, data: { kind: leave } } }",
                "joined: { message: { event: join, ok: true, with: \"{with}\" } }\nleft: { message: { event: leave, ok: true } }",
            ),
            // What news has, too.
            (
                "join: { message: { method: join, act: enter, room: \"{room}\" } }\nleave: { message: { method: leave, act: exit } }",
                "joined: { message: { method: join, in: \"{with}\" } }\nleft: { message: { method: leave, out: true } }",
            ),
            // The protocol, its version, a room, a plugin.
            (
                "join: { message: { jsonrpc: \"2.0\", version: 1, method: join, room: \"{room}\", roomId: 1234, plugin: janus.plugin.x } }\nleave: { message: { jsonrpc: \"2.0\", version: 1, method: leave, roomId: 1234, plugin: janus.plugin.x } }",
                "joined: { message: { jsonrpc: \"2.0\", version: 1, roomId: 1234, plugin: janus.plugin.x, result: \"{with}\" } }\nleft: { message: { jsonrpc: \"2.0\", version: 1, roomId: 1234, plugin: janus.plugin.x, result: true } }",
            ),
            // It is one already.
            (
                "join: { message: { id: \"{number}\", method: join, seq: 1, room: \"{room}\" } }",
                "joined: { message: { id: \"{number}\", seq: 1, result: \"{with}\" } }",
            ),
            // Nothing repeats it.
            (
                "join: { message: { id: 1, method: join, room: \"{room}\" } }\nleave: { message: { id: 2, method: leave } }",
                "joined: { message: { result: \"{with}\" } }\nleft: { message: { id: 3, result: true } }",
            ),
            // A response says by itself what it answers.
            (
                "join: { http: \"POST /join\", body: { id: 1, method: join, room: \"{room}\" } }",
                "joined: { http: \"POST /join\", body: { id: 1, result: \"{with}\" } }",
            ),
        ] {
            assert_eq!(hints(say, hear), Vec::<String>::new(), "{say}");
        }
    }

    /// Each dialect that ships says what it can of its server.
    #[test]
    fn the_dialects_of_the_fixtures_need_no_hint() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let (mut folders, mut read) = (vec![root], 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let entry = entry.expect("an entry");
                let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
                let name = entry.file_name();
                if kind.is_dir() && name != "node_modules" {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "yaml")
                    && let Ok(dialect) = Dialect::load(&path)
                {
                    read += 1;
                    let hints = dialect.hints();
                    assert!(hints.is_empty(), "{}\n{hints}", path.display());
                }
            }
        }
        assert!(read > 30, "{read}");
    }
}
