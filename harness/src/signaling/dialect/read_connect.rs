//! From a file to how one opens a line, and what is said and heard beside the words.

use std::time::Duration;

use super::number::NUMBER;
use super::read::{Fields, Reader};
use super::read_template::Templates;
use super::socketio::Version;
use super::template::{self, Hole, Piece};
use super::{
    Beat, Before, Body, ConnectTemplate, Framing, Hearing, Reflex, Route, Saying, StatusRange, Then,
};
use crate::mistake::quoted;
use crate::terms::{Engine, Start, Via};
use crate::yaml::{self, Key, Node, Value};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What can carry a line, as files write it.
const CARRIERS: &[&str] = &["websocket", "events", "long-poll", "socket.io", "polling"];

/// The shortest time between two beats: no server is flooded by a slip of the pen.
const SHORTEST_BEAT: Duration = Duration::from_millis(100);

/// The names of variables that mean something to every dialect.
const COMMON: &[&str] = &[
    "me", "self", "peer", "room", "room-id", "with", "members", "reason", NUMBER,
];

/// The names of what words carry.
const OF_WORDS: &[&str] = &[
    "sdp",
    "candidate",
    "candidate-line",
    "sdp-mid",
    "sdp-mline-index",
    "ufrag",
    "request",
    "how",
    "state",
    "host",
    "messages",
];

impl Reader<'_> {
    pub(super) fn connect(&mut self, node: &Node) -> ConnectTemplate {
        let mut connect = ConnectTemplate::default();
        let entries = node
            .map("a mapping with `path:`", self.mistakes)
            .unwrap_or_default();
        let keys = [
            "path",
            "via",
            "events",
            "protocols",
            "headers",
            "auth",
            "login",
            "before",
            "then",
            "last",
            "self",
            "room-id",
        ];
        self.known("`connect`", entries, &keys);
        let fields = Fields(entries);
        let Some(path) = fields.find("path") else {
            if !node.is_refused() {
                self.mistakes
                    .add(&node.span, "`connect` needs the key `path`")
                    .expect("incomplete");
            }
            return connect;
        };
        self.via = self.carried(fields);
        if let Some(node) = fields.find("login") {
            connect.login = self.own_names(node);
        }
        if let Some(node) = fields.find("self") {
            connect.own = self.templates(&["me"], false).template(node);
        }
        if let Some(node) = fields.find("room-id") {
            connect.room_id = self.templates(&["me", "room"], false).template(node);
        }
        // What is captured before the line may stand in how it is dialled.
        if let Some(node) = fields.find("before") {
            let items = one_or_more(node);
            connect.before = items.iter().filter_map(|item| self.before(item)).collect();
        }
        let known = self.with_own(&["me", "self", "room"]);
        connect.path = self.path(path, &refs(&known)).unwrap_or_default();
        if let Some(node) = fields.find("headers") {
            connect.headers = self.headers(node, &refs(&known));
        }
        if let Some(node) = fields.find("auth") {
            if !matches!(self.framing, Framing::SocketIo(_)) {
                self.mistakes
                    .add(&node.span, "`auth` belongs to socket.io")
                    .expect("expected with `framing: socket.io-4` alone");
            }
            connect.auth = self.templates(&refs(&known), false).template(node);
        }
        if let Some(node) = fields.find("protocols") {
            connect.protocols = self.protocols(node);
        }
        if let Some(node) = fields.find("then") {
            let items = one_or_more(node);
            connect.then = items.iter().filter_map(|item| self.then(item)).collect();
        }
        if let Some(node) = fields.find("last") {
            connect.last = self.last(node);
        }
        connect
    }

    /// `last:` a message; or a request, which is what has `http:`.
    fn last(&mut self, node: &Node) -> Option<Saying> {
        let known = self.with_own(&["me", "self"]);
        if let Value::Map(entries) = &node.value
            && Fields(entries).find("http").is_some()
        {
            let keys = ["http", "headers", "body"];
            self.known("a request that is said last", entries, &keys);
            return self.one_saying(node, entries, &refs(&known));
        }
        if matches!(self.via, Via::Events { .. } | Via::LongPoll) {
            let shape = "a request, `{ http: POST /path }`: no message goes up on such a line";
            node.wrong(shape, self.mistakes);
            return None;
        }
        let last = self.templates(&refs(&known), false).template(node);
        last.map(|body| Saying {
            body: Body::Template(body),
            ..Saying::default()
        })
    }

    /// `via:`, and the names of events that are heard besides those without one.
    fn carried(&mut self, fields: Fields<'_>) -> Via {
        let word = fields.find("via").and_then(|node| {
            let word = yaml::word(node, CARRIERS, self.mistakes);
            let engine = matches!(word, Some("socket.io" | "polling"));
            if engine && !matches!(self.framing, Framing::SocketIo(_)) {
                node.wrong(
                    "it with `framing: socket.io-4` or `socket.io-2`",
                    self.mistakes,
                );
            }
            word
        });
        let engine = match self.framing {
            Framing::SocketIo(Version::Two) => Engine::V3,
            _ => Engine::V4,
        };
        let mut names = Vec::new();
        if let Some(node) = fields.find("events") {
            if word != Some("events") {
                node.wrong("no names of events without `via: events`", self.mistakes);
            }
            let items = one_or_more(node).iter();
            let texts = items.filter_map(|item| item.text("an event's name", self.mistakes));
            names.extend(texts.map(str::to_owned));
        }
        match word {
            Some("events") => Via::Events { names },
            Some("long-poll") => Via::LongPoll,
            Some("socket.io") => Via::SocketIo {
                engine,
                start: Start::Upgrade,
            },
            Some("polling") => Via::SocketIo {
                engine,
                start: Start::Polling,
            },
            _ => Via::WebSocket,
        }
    }

    fn protocols(&mut self, node: &Node) -> Vec<String> {
        let mut protocols = Vec::new();
        for item in node
            .list("a list of subprotocols", self.mistakes)
            .unwrap_or_default()
        {
            let Some(name) = item.text("a subprotocol's name, as text", self.mistakes) else {
                continue;
            };
            match is_token(name) {
                true => protocols.push(name.to_owned()),
                false => {
                    item.wrong("a token (RFC 9110, section 5.6.2), as text", self.mistakes);
                }
            }
        }
        protocols
    }

    /// `login: [token]`, `pair: [session]`: names of values that stand in messages, and mean nothing else.
    pub(super) fn own_names(&mut self, node: &Node) -> Vec<String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let mut names = Vec::new();
        for item in one_or_more(node) {
            let Some(name) = item.text("a name, as text: `token`", self.mistakes) else {
                continue;
            };
            let taken = COMMON.contains(&name)
                || OF_WORDS.contains(&name)
                || self.captured.iter().any(|own| own == name);
            if taken || !(1..=32).contains(&name.len()) || !name.chars().all(plain) {
                item.wrong(
                    "a name of 1 to 32 of `a-z 0-9 -` that means nothing else: `token`",
                    self.mistakes,
                );
                continue;
            }
            self.captured.push(name.to_owned());
            names.push(name.to_owned());
        }
        names
    }

    fn before(&mut self, node: &Node) -> Option<Before> {
        let entries = node.map("`http: POST /session`, and `hear:`", self.mistakes)?;
        self.known(
            "a request before the connection",
            entries,
            &["http", "headers", "body", "hear"],
        );
        let known = self.with_own(&["me", "self"]);
        let ask = self.one_saying(node, entries, &refs(&known))?;
        if ask.http.is_none() {
            node.wrong("`http: POST /session`: no line stands yet", self.mistakes);
            return None;
        }
        let mut hear = Hearing::default();
        if let Some(node) = Fields(entries).find("hear") {
            let entries = node.map("`{ status: 200, body: … }`", self.mistakes)?;
            self.known("an answer", entries, &["status", "body"]);
            let fields = Fields(entries);
            hear.status = fields.find("status").and_then(|node| self.status(node));
            if let Some(body) = fields.find("body") {
                hear.body = Body::Template(self.capturing(body)?);
            }
        }
        Some(Before { ask, hear })
    }

    fn then(&mut self, node: &Node) -> Option<Then> {
        let shape = "`message: …` to say something, or `hear: …` to wait for it";
        let entries = node.map(shape, self.mistakes)?;
        let fields = Fields(entries);
        let Some(heard) = fields.find("hear") else {
            self.known("a step of opening", entries, &["message"]);
            let known = self.with_own(&["me", "self", "room", NUMBER]);
            let saying = self.one_saying(node, entries, &refs(&known))?;
            return Some(Then::Say(saying));
        };
        self.known("a step of opening", entries, &["hear", "refused"]);
        let hear = Hearing {
            body: Body::Template(self.capturing(heard)?),
            ..Hearing::default()
        };
        let refused = self.in_its_place(entries);
        Some(Then::Hear { hear, refused })
    }

    /// `refused:` beside a `hear:` that is waited for.
    pub(super) fn in_its_place(&mut self, entries: &[(Key, Node)]) -> Vec<Hearing> {
        let Some(node) = Fields(entries).find("refused") else {
            return Vec::new();
        };
        let forms = one_or_more(node).iter().filter_map(|item| {
            let known = ["me", "reason", NUMBER];
            let body = self.templates(&known, true).template(item)?;
            Some(Hearing {
                body: Body::Template(body),
                ..Hearing::default()
            })
        });
        forms.collect()
    }

    /// A pattern whose captures are kept, whatever they are called.
    pub(super) fn capturing(&mut self, node: &Node) -> Option<template::Template> {
        let pattern = Templates {
            mistakes: self.mistakes,
            variables: &[],
            pattern: true,
            any: true,
        }
        .template(node)?;
        for hole in pattern.holes() {
            self.own(hole);
        }
        Some(pattern)
    }

    fn own(&mut self, hole: &Hole) {
        let name = hole.name.as_str();
        if name != "_" && !COMMON.contains(&name) && !self.captured.iter().any(|own| own == name) {
            self.captured.push(name.to_owned());
        }
    }

    /// `bundle: { things: "{messages}" }`
    pub(super) fn bundle(&mut self, node: &Node) -> Option<template::Template> {
        let pattern = self.templates(&["messages"], true).template(node)?;
        if !pattern.holes().iter().any(|hole| hole.name == "messages") {
            self.mistakes
                .add(&node.span, "nothing here captures `{messages}`")
                .expect("expected the list of messages: `{ things: \"{messages}\" }`");
            return None;
        }
        Some(pattern)
    }

    /// `ignore:` and `learn:`.
    pub(super) fn hearings(&mut self, node: &Node) -> Vec<Hearing> {
        let mut all = Vec::new();
        for item in one_or_more(node) {
            let Some(entries) = item.map("`message: …`", self.mistakes) else {
                continue;
            };
            self.known("a message", entries, &["message"]);
            let Some(message) = Fields(entries).find("message") else {
                item.wrong("`message: …`", self.mistakes);
                continue;
            };
            all.extend(self.capturing(message).map(|body| Hearing {
                body: Body::Template(body),
                ..Hearing::default()
            }));
        }
        all
    }

    /// `reply:`
    pub(super) fn replies(&mut self, node: &Node) -> Vec<Reflex> {
        let mut all = Vec::new();
        for item in one_or_more(node) {
            let shape = "`{ hear: …, message: … }`";
            let Some(entries) = item.map(shape, self.mistakes) else {
                continue;
            };
            self.known("an answer by itself", entries, &["hear", "message"]);
            let Some(heard) = Fields(entries).find("hear") else {
                item.wrong(shape, self.mistakes);
                continue;
            };
            let body = Templates {
                mistakes: self.mistakes,
                variables: &[],
                pattern: true,
                any: true,
            }
            .template(heard);
            let Some(body) = body else { continue };
            // What is captured here is for the answer alone.
            let holes: Vec<String> = body.holes().iter().map(|hole| hole.name.clone()).collect();
            let mut known = self.with_own(&["me", "self"]);
            known.extend(holes);
            let say = self.one_saying(item, entries, &refs(&known));
            let hear = Hearing {
                body: Body::Template(body),
                ..Hearing::default()
            };
            all.extend(say.map(|say| Reflex { hear, say }));
        }
        all
    }

    /// `every:`
    pub(super) fn beats(&mut self, node: &Node) -> Vec<Beat> {
        let mut all = Vec::new();
        for item in one_or_more(node) {
            let shape = "`{ after: 5s, message: … }`";
            let Some(entries) = item.map(shape, self.mistakes) else {
                continue;
            };
            self.known(
                "what is said every so often",
                entries,
                &["after", "message"],
            );
            let Some(after) = Fields(entries).find("after") else {
                item.wrong(shape, self.mistakes);
                continue;
            };
            let Some(every) = yaml::duration(after, self.mistakes) else {
                continue;
            };
            if every < SHORTEST_BEAT {
                after.wrong("at least `100ms`", self.mistakes);
                continue;
            }
            let known = self.with_own(&["me", "self", "room", NUMBER]);
            let say = self.one_saying(item, entries, &refs(&known));
            all.extend(say.map(|say| Beat { every, say }));
        }
        all
    }

    /// A message or a request.
    pub(super) fn one_saying(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        variables: &[&str],
    ) -> Option<Saying> {
        let (http, body) = self.carrier(node, entries, variables, false)?;
        let headers = match Fields(entries).find("headers") {
            Some(node) => self.headers(node, variables),
            None => Vec::new(),
        };
        Some(Saying {
            http,
            headers,
            body,
            ..Saying::default()
        })
    }

    /// These names and those that the dialect captures.
    pub(super) fn with_own(&self, names: &[&str]) -> Vec<String> {
        let common = names.iter().map(|name| (*name).to_owned());
        common.chain(self.captured.iter().cloned()).collect()
    }

    pub(super) fn templates<'t>(
        &'t mut self,
        variables: &'t [&'t str],
        pattern: bool,
    ) -> Templates<'t> {
        Templates {
            mistakes: self.mistakes,
            variables,
            pattern,
            any: false,
        }
    }

    pub(super) fn headers(&mut self, node: &Node, variables: &[&str]) -> Vec<(String, Vec<Piece>)> {
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

    pub(super) fn route(
        &mut self,
        node: &Node,
        variables: &[&str],
        pattern: bool,
    ) -> Option<Route> {
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

    pub(super) fn path(&mut self, node: &Node, variables: &[&str]) -> Option<Vec<Piece>> {
        let text = node.text("a path, as text: `/?userId={me|url}`", self.mistakes)?;
        self.path_text(node, text, variables)
    }

    pub(super) fn path_text(
        &mut self,
        node: &Node,
        path: &str,
        variables: &[&str],
    ) -> Option<Vec<Piece>> {
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

    pub(super) fn pieces(
        &mut self,
        node: &Node,
        text: &str,
        variables: &[&str],
    ) -> Option<Vec<Piece>> {
        let pattern = variables.contains(&"_");
        self.templates(variables, pattern).pieces(node, text)
    }

    pub(super) fn status(&mut self, node: &Node) -> Option<StatusRange> {
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
}

/// Names as they are asked for.
pub(super) fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// A list's items, or the one thing that is no list.
pub(super) fn one_or_more(node: &Node) -> &[Node] {
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
