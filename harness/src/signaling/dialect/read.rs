//! From a file to a dialect, with all mistakes at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::promises;
use super::properties::{ABSENT_PEER, AbsentPeer, Properties, SAME_ID, SameId};
use super::read_template::Templates;
use super::template::{self, Hole, Piece};
use super::words::{self, Heard};
use super::{Body, ConnectTemplate, Dialect, Framing, Hearing, Route, Saying, StatusRange};
use crate::mistake::{Mistakes, quoted};
use crate::names::is_name;
use crate::signaling::Kind;
use crate::source::{Source, Span};
use crate::yaml::{self, Key, Node, Scalar, Value};

const KEYS: &[&str] = &[
    "version",
    "dialect",
    "about",
    "wire",
    "framing",
    "connect",
    "announces-leaving-within",
    "announces-joining-within",
    "notices-silence-within",
    "coalesces",
    "news-before-relays",
    "news-once",
    "same-id",
    "answers-within",
    "room-size",
    "frees-empty-rooms",
    "refusals",
    "garbage",
    "rewrites",
    "echoes",
    "repeats",
    "unordered",
    "broadcasts",
    "absent-peer",
    "say",
    "hear",
];
/// More than this in one room is a mistake of the file.
const MAX_ROOM: usize = 1_000_000;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Dialect {
    /// Reads a dialect.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn read(path: &Path, text: &str) -> Result<Dialect, Mistakes> {
        let source = Source {
            path: path.to_owned(),
            text: Arc::from(text),
        };
        let mut mistakes = Mistakes::new(source);
        let dialect = yaml::parse(text, &mut mistakes).and_then(|root| {
            Reader {
                mistakes: &mut mistakes,
            }
            .file(&root)
        });
        mistakes.or_else(dialect)
    }

    /// Reads a dialect from a file.
    ///
    /// # Errors
    /// All mistakes of the file; also one if it cannot be read.
    pub fn load(path: &Path) -> Result<Dialect, Mistakes> {
        Dialect::read(path, &yaml::read_text(path)?)
    }
}

struct Reader<'m> {
    mistakes: &'m mut Mistakes,
}

impl Reader<'_> {
    fn file(mut self, root: &Node) -> Option<Dialect> {
        let entries = root.map("a mapping that begins with `dialect:`", self.mistakes)?;
        self.known("a dialect", entries, KEYS);
        let find = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(_, node)| node)
        };
        for needed in ["dialect", "connect", "say", "hear"] {
            if find(needed).is_none() {
                self.mistakes
                    .add(
                        &Span {
                            bytes: 0..0,
                            line: 1,
                        },
                        format!("the key `{needed}:` is missing"),
                    )
                    .expect("expected in this file");
            }
        }
        if let Some(node) = find("version")
            && node
                .scalar()
                .and_then(Scalar::number)
                .and_then(|number| number.as_u64())
                != Some(1)
        {
            self.mistakes
                .add(&node.span, "this version of the format is not known")
                .expect("version 1 is read")
                .advise("a newer version needs a newer glare");
        }
        let name = find("dialect").and_then(|node| self.name(node));
        let wire = find("wire").and_then(|node| self.name(node));
        let framing = match find("framing")
            .and_then(|node| yaml::word(node, &["json", "text"], self.mistakes))
        {
            Some("text") => Framing::Text,
            _ => Framing::Json,
        };
        let connect = find("connect")
            .map(|node| self.connect(node))
            .unwrap_or_default();
        let properties = self.properties(&find);
        let say = find("say")
            .map(|node| self.say(node, framing))
            .unwrap_or_default();
        let hear = find("hear")
            .map(|node| self.hear(node, framing))
            .unwrap_or_default();
        if let (Some(_), Some(_)) = (find("say"), find("hear")) {
            self.complete(entries, &say, &hear);
        }
        let source = self.mistakes.source().clone();
        Some(Dialect {
            source,
            wire: wire.or_else(|| name.clone()).unwrap_or_default(),
            name: name?,
            framing,
            connect,
            properties,
            say,
            hear,
        })
    }

    fn known(&mut self, what: &str, entries: &[(Key, Node)], keys: &[&str]) {
        for (key, _) in entries
            .iter()
            .filter(|(key, _)| !keys.contains(&key.text.as_str()))
        {
            let mistake = self.mistakes.add(
                &key.span,
                format!("{what} has no key {}", quoted(&key.text)),
            );
            mistake
                .expect(format!("its keys: {}", keys.join(", ")))
                .suggest(&key.text, keys.iter().copied());
            if key.text == "has" {
                mistake.advise(
                    "leave it out: what a server has is what `say`, `hear` and its promises tell",
                );
            }
        }
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = node.text("the dialect's name, as text", self.mistakes)?;
        if !is_name(name) {
            self.mistakes
                .add(
                    &node.span,
                    format!("{} cannot be the name of a dialect", quoted(name)),
                )
                .expect("1 to 32 of: A-Z a-z 0-9 _ -");
            return None;
        }
        Some(name.to_owned())
    }

    fn connect(&mut self, node: &Node) -> ConnectTemplate {
        let mut connect = ConnectTemplate::default();
        let entries = node
            .map("a mapping with `path:`", self.mistakes)
            .unwrap_or_default();
        self.known("`connect`", entries, &["path", "protocols", "headers"]);
        if !entries.iter().any(|(key, _)| key.text == "path") && !node.is_refused() {
            self.mistakes
                .add(&node.span, "`connect` needs the key `path`")
                .expect("incomplete");
        }
        for (key, node) in entries {
            match key.text.as_str() {
                "path" => connect.path = self.path(node, &["me"]).unwrap_or_default(),
                "protocols" => {
                    for item in node
                        .list("a list of subprotocols", self.mistakes)
                        .unwrap_or_default()
                    {
                        if let Some(name) =
                            item.text("a subprotocol's name, as text", self.mistakes)
                        {
                            if is_token(name) {
                                connect.protocols.push(name.to_owned());
                            } else {
                                item.wrong(
                                    "a token (RFC 9110, section 5.6.2), as text",
                                    self.mistakes,
                                );
                            }
                        }
                    }
                }
                "headers" => connect.headers = self.headers(node, &["me"]),
                _ => {}
            }
        }
        connect
    }

    fn headers(&mut self, node: &Node, variables: &[&str]) -> Vec<(String, Vec<Piece>)> {
        let mut headers = Vec::new();
        for (key, node) in node
            .map("a mapping of headers", self.mistakes)
            .unwrap_or_default()
        {
            if !is_token(&key.text) {
                self.mistakes
                    .add(
                        &key.span,
                        format!("{} cannot be the name of a header", quoted(&key.text)),
                    )
                    .expect("expected a token (RFC 9110, section 5.6.2)");
                continue;
            }
            let Some(text) = node.text("the header's value, as text", self.mistakes) else {
                continue;
            };
            if text.contains(|c: char| c.is_control()) {
                node.wrong("text on one line", self.mistakes);
                continue;
            }
            let pieces = self.pieces(node, text, variables);
            headers.extend(pieces.map(|pieces| (key.text.to_ascii_lowercase(), pieces)));
        }
        headers
    }

    fn properties<'n>(&mut self, find: &impl Fn(&str) -> Option<&'n Node>) -> Properties {
        let mut properties = Properties::default();
        let times: [(&str, &mut Option<Duration>); 4] = [
            (
                "notices-silence-within",
                &mut properties.notices_silence_within,
            ),
            (
                "announces-leaving-within",
                &mut properties.announces_leaving_within,
            ),
            (
                "announces-joining-within",
                &mut properties.announces_joining_within,
            ),
            ("answers-within", &mut properties.answers_within),
        ];
        for (key, time) in times {
            if let Some(node) = find(key).filter(|node| !node.is_null()) {
                *time = yaml::duration(node, self.mistakes);
            }
        }
        let flags: [(&str, &mut bool); 7] = [
            ("coalesces", &mut properties.coalesces),
            ("news-before-relays", &mut properties.news_before_relays),
            ("news-once", &mut properties.news_once),
            ("rewrites", &mut properties.rewrites),
            ("frees-empty-rooms", &mut properties.frees_empty_rooms),
            ("repeats", &mut properties.repeats),
            ("unordered", &mut properties.unordered),
        ];
        for (key, flag) in flags {
            *flag = find(key)
                .and_then(|node| node.flag(self.mistakes))
                .unwrap_or(false);
        }
        for (key, promise) in [
            ("echoes", &mut properties.echoes),
            ("broadcasts", &mut properties.broadcasts),
        ] {
            *promise = find(key)
                .filter(|node| !node.is_null())
                .and_then(|node| node.flag(self.mistakes));
        }
        if let Some(node) = find("garbage").filter(|node| !node.is_null()) {
            properties.garbage = promises::garbage(node, self.mistakes);
        }
        if let Some(node) = find("refusals").filter(|node| !node.is_null()) {
            properties.refusals = promises::refusals(node, self.mistakes);
        }
        if let Some(node) = find("room-size").filter(|node| !node.is_null()) {
            properties.room_size = self.room_size(node);
        }
        if let Some(word) =
            find("same-id").and_then(|node| yaml::word(node, SAME_ID, self.mistakes))
        {
            properties.same_id = Some(SameId::parse(word));
        }
        if let Some(word) =
            find("absent-peer").and_then(|node| yaml::word(node, ABSENT_PEER, self.mistakes))
        {
            properties.absent_peer = Some(AbsentPeer::parse(word));
        }
        properties
    }

    fn room_size(&mut self, node: &Node) -> Option<usize> {
        let expected = "a number of peers, from 1: `2`";
        let number = node.scalar().and_then(|scalar| scalar.text.parse().ok());
        let size = number.filter(|size: &usize| (1..=MAX_ROOM).contains(size));
        if size.is_none() {
            node.wrong(expected, self.mistakes);
        }
        size
    }

    fn say(&mut self, node: &Node, framing: Framing) -> Vec<(Kind, Vec<Saying>)> {
        let speakable = |kind: &&Kind| kind.is_request() || kind.is_signal();
        let names: Vec<&str> = Kind::ALL
            .iter()
            .filter(speakable)
            .map(|kind| kind.as_str())
            .collect();
        let mut say = Vec::new();
        for (key, node) in node
            .map("a mapping of words", self.mistakes)
            .unwrap_or_default()
        {
            let kind = Kind::ALL
                .iter()
                .copied()
                .filter(|kind| speakable(&kind))
                .find(|kind| kind.as_str() == key.text);
            let Some(kind) = kind else {
                self.no_word(key, "a peer never says", &names);
                continue;
            };
            // `null`: the server has no such word.
            if node.is_null() {
                continue;
            }
            let variables = words::said_variables(kind);
            let steps: Vec<Saying> = one_or_more(node)
                .iter()
                .filter_map(|item| self.saying(item, &variables, framing))
                .collect();
            say.push((kind, steps));
        }
        say
    }

    fn saying(&mut self, node: &Node, variables: &[&str], framing: Framing) -> Option<Saying> {
        let entries = node.map("`message: …`, or `http: POST /path`", self.mistakes)?;
        self.known(
            "a step of saying",
            entries,
            &["message", "http", "headers", "body"],
        );
        let (http, body) = self.carrier(node, entries, variables, framing, false)?;
        let headers = entries.iter().find(|(key, _)| key.text == "headers");
        Some(Saying {
            http,
            headers: headers
                .map(|(_, node)| self.headers(node, variables))
                .unwrap_or_default(),
            body,
        })
    }

    fn hear(&mut self, node: &Node, framing: Framing) -> Vec<(Heard, Hearing)> {
        let hearable = |kind: &&Kind| !kind.is_request();
        let names: Vec<&str> = Kind::ALL
            .iter()
            .filter(hearable)
            .map(|kind| kind.as_str())
            .chain(["fenced"])
            .collect();
        let mut hear = Vec::new();
        for (key, node) in node
            .map("a mapping of words", self.mistakes)
            .unwrap_or_default()
        {
            let kind = Kind::ALL
                .iter()
                .copied()
                .filter(|kind| hearable(&kind))
                .find(|kind| kind.as_str() == key.text);
            let heard = match kind {
                Some(kind) => Heard::Kind(kind),
                None if key.text == "fenced" => Heard::Fenced,
                None => {
                    self.no_word(key, "a peer never hears", &names);
                    continue;
                }
            };
            if node.is_null() {
                continue;
            }
            for item in one_or_more(node) {
                hear.extend(
                    self.hearing(item, heard, framing)
                        .map(|hearing| (heard, hearing)),
                );
            }
        }
        hear
    }

    fn hearing(&mut self, node: &Node, heard: Heard, framing: Framing) -> Option<Hearing> {
        let entries = node.map("`message: …`, or `http: POST /path`", self.mistakes)?;
        self.known(
            "a form of hearing",
            entries,
            &["message", "http", "status", "body"],
        );
        let (needed, variables) = words::heard_variables(heard);
        let before = self.mistakes.len();
        let (http, body) = self.carrier(node, entries, &variables, framing, true)?;
        let status = entries.iter().find(|(key, _)| key.text == "status");
        let status = status.and_then(|(_, node)| self.status(node));
        let mut captured: Vec<&Hole> = match &body {
            Body::Template(template) => template.holes(),
            Body::None => Vec::new(),
        };
        if let Some(route) = &http {
            captured.extend(template::text_holes(&route.path));
        }
        for group in needed {
            if self.mistakes.len() == before
                && !captured
                    .iter()
                    .any(|hole| group.contains(&hole.name.as_str()))
            {
                let names: Vec<String> = group.iter().map(|name| format!("{{{name}}}")).collect();
                self.mistakes
                    .add(
                        &node.span,
                        format!("nothing here captures `{}`", names.join("` or `")),
                    )
                    .expect("the word needs it");
            }
        }
        Some(Hearing { http, status, body })
    }

    /// `message:`, or `http:` with `body:`.
    fn carrier(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        variables: &[&str],
        framing: Framing,
        pattern: bool,
    ) -> Option<(Option<Route>, Body)> {
        let find = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(_, node)| node)
        };
        let mut holder = Templates {
            mistakes: self.mistakes,
            variables,
            pattern,
        };
        match (find("message"), find("http")) {
            (Some(message), None) => {
                for (key, _) in entries
                    .iter()
                    .filter(|(key, _)| matches!(key.text.as_str(), "body" | "headers" | "status"))
                {
                    holder
                        .mistakes
                        .add(
                            &key.span,
                            format!("`{}` belongs to `http`, not to `message`", key.text),
                        )
                        .expect("does not go together");
                }
                if framing == Framing::Text && message.scalar().is_none() {
                    message.wrong("text, since `framing: text`", holder.mistakes);
                    return None;
                }
                Some((None, Body::Template(holder.template(message)?)))
            }
            (None, Some(http)) => {
                let body = match find("body") {
                    Some(body) => Body::Template(holder.template(body)?),
                    None => Body::None,
                };
                Some((Some(self.route(http, variables, pattern)?), body))
            }
            _ => {
                node.wrong("either `message: …` or `http: POST /path`", self.mistakes);
                None
            }
        }
    }

    fn route(&mut self, node: &Node, variables: &[&str], pattern: bool) -> Option<Route> {
        let shape = "method and path, as text: `POST /create`";
        let text = node.text(shape, self.mistakes)?;
        let parts = text
            .split_once(' ')
            .filter(|(method, _)| METHODS.contains(method));
        let Some((method, path)) = parts else {
            node.wrong(shape, self.mistakes);
            return None;
        };
        let mut all = variables.to_vec();
        if pattern {
            all.push("_");
        }
        Some(Route {
            method: method.to_owned(),
            path: self.path_text(node, path, &all)?,
        })
    }

    fn path(&mut self, node: &Node, variables: &[&str]) -> Option<Vec<Piece>> {
        let text = node.text("a path, as text: `/?userId={me|url}`", self.mistakes)?;
        self.path_text(node, text, variables)
    }

    fn path_text(&mut self, node: &Node, path: &str, variables: &[&str]) -> Option<Vec<Piece>> {
        let plain = path
            .bytes()
            .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'#');
        if !path.starts_with('/') || path.starts_with("//") || !plain {
            self.mistakes
                .add(
                    &node.span,
                    format!("{} is not a path on the server", quoted(path)),
                )
                .expect("expected a path that begins with one `/`");
            return None;
        }
        let pieces = self.pieces(node, path, variables)?;
        for hole in template::text_holes(&pieces) {
            if hole.filter != Some(template::Filter::Url) && hole.name != "_" {
                self.mistakes
                    .add(
                        &node.span,
                        format!("`{{{}}}` in a path is not percent-encoded", hole.name),
                    )
                    .expect("any value could change the path")
                    .advise(format!("write `{{{}|url}}`", hole.name));
            }
        }
        Some(pieces)
    }

    fn pieces(&mut self, node: &Node, text: &str, variables: &[&str]) -> Option<Vec<Piece>> {
        let pattern = variables.contains(&"_");
        Templates {
            mistakes: self.mistakes,
            variables,
            pattern,
        }
        .pieces(node, text)
    }

    fn status(&mut self, node: &Node) -> Option<StatusRange> {
        let expected = "a status: `200`, or a class: `4xx`";
        let text = match node.scalar() {
            Some(scalar) => scalar.text.as_str(),
            None => {
                node.wrong(expected, self.mistakes);
                return None;
            }
        };
        let range = match text.strip_suffix("xx") {
            Some(class) => class
                .parse()
                .ok()
                .filter(|class| (1..=5_u16).contains(class))
                .map(|class| (class * 100, class * 100 + 99)),
            None => text
                .parse()
                .ok()
                .filter(|status| (100..=599_u16).contains(status))
                .map(|status| (status, status)),
        };
        if range.is_none() {
            node.wrong(expected, self.mistakes);
        }
        range.map(|(first, last)| StatusRange { first, last })
    }

    fn no_word(&mut self, key: &Key, never: &str, names: &[&str]) {
        let there = key.text.parse::<Kind>().is_ok();
        let found = match there {
            true => format!("{never} {}", quoted(&key.text)),
            false => format!("there is no word {}", quoted(&key.text)),
        };
        self.mistakes
            .add(&key.span, found)
            .expect(format!("expected one of: {}", names.join(", ")))
            .suggest(&key.text, names.iter().copied());
    }

    /// Whether what every dialect needs is there.
    fn complete(
        &mut self,
        entries: &[(Key, Node)],
        say: &[(Kind, Vec<Saying>)],
        hear: &[(Heard, Hearing)],
    ) {
        let said = |kind: Kind| say.iter().any(|(there, _)| *there == kind);
        let heard = |wanted: Heard| hear.iter().any(|(there, _)| *there == wanted);
        let key = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(key, _)| key.span.clone())
        };
        let (Some(say_at), Some(hear_at)) = (key("say"), key("hear")) else {
            return;
        };
        for kind in [Kind::Offer, Kind::Answer] {
            if !said(kind) {
                self.mistakes
                    .add(&say_at, format!("no way to say `{kind}`"))
                    .expect("every dialect needs it");
            }
            if !heard(Heard::Kind(kind)) {
                self.mistakes
                    .add(&hear_at, format!("no way to hear `{kind}`"))
                    .expect("every dialect needs it");
            }
        }
        if said(Kind::Fence) != heard(Heard::Fenced) {
            self.mistakes
                .add(&say_at, "`say: fence` and `hear: fenced` belong together")
                .expect("only one of them is here");
        }
    }
}

/// A list's items, or the one thing that is no list.
fn one_or_more(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// A token of HTTP (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
