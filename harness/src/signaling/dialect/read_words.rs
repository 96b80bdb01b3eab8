//! From a file to how words are said and heard.

use super::read::{Fields, Reader};
use super::read_connect::{one_or_more, refs};
use super::template::{self, Hole};
use super::words::{self, Hears};
use super::{Body, Ends, Framing, Hearing, Route, Saying, Way};
use crate::mistake::quoted;
use crate::signaling::Kind;
use crate::yaml::{self, Key, Node};

/// When a word is done, as files write it.
const DONE: &[&str] = &["answered", "sent", "connected", "closed"];

/// Whether it is a request that may change in which room who asks is.
fn moves(kind: Kind) -> bool {
    kind.is_request() && !matches!(kind, Kind::Kick | Kind::SetState | Kind::Fence)
}

impl Reader<'_> {
    pub(super) fn say(&mut self, node: &Node) -> Vec<(Kind, Way)> {
        let speakable = |kind: &&Kind| kind.is_request() || kind.is_signal();
        let names: Vec<&str> = Kind::ALL
            .iter()
            .filter(speakable)
            .map(|kind| kind.as_str())
            .collect();
        let mut say = Vec::new();
        let mut alike = Vec::new();
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
            match node.scalar() {
                Some(_) => alike.extend(self.alike(kind, node).map(|like| (kind, like, node))),
                None => say.push((kind, self.way(kind, node))),
            }
        }
        for (kind, like, node) in alike {
            let way = say.iter().find(|(there, _)| *there == like);
            let Some((_, way)) = way else {
                self.mistakes
                    .add(&node.span, format!("there is no `say: {like}` to be like"))
                    .expect("expected a word that is said in a way of its own");
                continue;
            };
            let way: Way = Way {
                like: Some(like),
                ..way.clone()
            };
            say.push((kind, way));
        }
        say
    }

    /// `create: join`: the same word as another.
    fn alike(&mut self, kind: Kind, node: &Node) -> Option<Kind> {
        let requests: Vec<&'static str> = Kind::ALL
            .iter()
            .filter(|other| moves(**other) && **other != kind)
            .map(|kind| kind.as_str())
            .collect();
        if !moves(kind) {
            node.wrong("`message: …`, or `http: POST /path`", self.mistakes);
            return None;
        }
        yaml::word(node, &requests, self.mistakes)?.parse().ok()
    }

    fn way(&mut self, kind: Kind, node: &Node) -> Way {
        let mut way = Way::default();
        let items = one_or_more(node);
        for (at, item) in items.iter().enumerate() {
            let shape = "`message: …`, or `http: POST /path`";
            let Some(entries) = item.map(shape, self.mistakes) else {
                continue;
            };
            let fields = Fields(entries);
            if let Some(node) = fields.find("done") {
                let last = at + 1 == items.len();
                if !kind.is_request() || !last {
                    self.mistakes
                        .add(&node.span, "`done` does not fit here")
                        .expect("expected in the last step of a request");
                }
                way.done = match yaml::word(node, DONE, self.mistakes) {
                    Some("sent") => Ends::Sent,
                    Some("connected") => Ends::Connected,
                    Some("closed") => Ends::Closed,
                    _ => Ends::Answered,
                };
                if !moves(kind) && matches!(way.done, Ends::Connected | Ends::Closed) {
                    self.mistakes
                        .add(&node.span, "`done` does not fit here")
                        .expect("expected `sent`: who asks for this stays where he is");
                }
                if way.done == Ends::Connected && (entries.len() > 1 || items.len() > 1) {
                    self.mistakes
                        .add(&node.span, "what is done by being connected is not said")
                        .expect("expected `{ done: connected }` alone");
                }
                if entries.len() == 1 {
                    continue;
                }
            }
            let steps = match fields.find("hear") {
                Some(heard) => self.heard_between(entries, heard),
                None => {
                    // What was captured between the steps is known from there on.
                    let known = self.with_own(&words::said_variables(kind));
                    self.saying(item, entries, &refs(&known))
                }
            };
            way.steps.extend(steps);
        }
        let must = match kind {
            Kind::Kick => Some(("peer", "nothing here says who is put out")),
            Kind::SetState => Some(("state", "nothing here says what is set")),
            _ => None,
        };
        let mut holes = way.steps.iter().flat_map(Saying::holes);
        if let Some((name, found)) = must.filter(|(name, _)| !holes.any(|hole| hole.name == *name))
        {
            self.mistakes
                .add(&node.span, found)
                .expect(format!("expected `{{{name}}}` in it"));
        }
        if way.steps.last().is_some_and(|step| step.hear.is_some()) {
            node.wrong(
                "a word that is said after what must be heard",
                self.mistakes,
            );
        }
        way
    }

    /// `hear:` between the steps of a word.
    fn heard_between(&mut self, entries: &[(Key, Node)], heard: &Node) -> Option<Saying> {
        self.known("a step that waits", entries, &["hear", "refused"]);
        let body = self.capturing(heard)?;
        Some(Saying {
            hear: Some(Hearing {
                body: Body::Template(body),
                ..Hearing::default()
            }),
            refused: self.in_its_place(entries),
            ..Saying::default()
        })
    }

    fn saying(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        variables: &[&str],
    ) -> Option<Saying> {
        self.known(
            "a step of saying",
            entries,
            &["message", "http", "headers", "body", "ack", "done"],
        );
        let mut saying = self.one_saying(node, entries, variables)?;
        if let Some(node) = Fields(entries).find("ack") {
            self.socket_io(node, "ack");
            saying.ack = node.flag(self.mistakes).unwrap_or(false);
        }
        Some(saying)
    }

    fn socket_io(&mut self, node: &Node, key: &str) {
        if !matches!(self.framing, Framing::SocketIo(_)) {
            self.mistakes
                .add(&node.span, format!("`{key}` belongs to socket.io"))
                .expect("expected with `framing: socket.io-4` or `socket.io-2` alone");
        }
    }

    pub(super) fn hear(&mut self, node: &Node) -> (Vec<(Hears, Hearing)>, Vec<Hearing>) {
        let hearable = |kind: &&Kind| !kind.is_request();
        let names: Vec<&str> = Kind::ALL
            .iter()
            .filter(hearable)
            .map(|kind| kind.as_str())
            .chain(["fenced", "members"])
            .collect();
        let mut hear = Vec::new();
        let mut members = Vec::new();
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
                Some(kind) => Hears::Kind(kind),
                None if key.text == "fenced" => Hears::Fenced,
                None if key.text == "members" => {
                    members.extend(self.members(node));
                    continue;
                }
                None => {
                    self.no_word(key, "a peer never hears", &names);
                    continue;
                }
            };
            if node.is_null() {
                continue;
            }
            for item in one_or_more(node) {
                let hearing = self.hearing(item, heard);
                hear.extend(hearing.map(|hearing| (heard, hearing)));
            }
        }
        (hear, members)
    }

    fn hearing(&mut self, node: &Node, heard: Hears) -> Option<Hearing> {
        let entries = node.map("`message: …`, or `http: POST /path`", self.mistakes)?;
        self.known(
            "a form of hearing",
            entries,
            &[
                "message", "http", "status", "body", "ack", "of", "close", "reason",
            ],
        );
        let (needed, variables) = words::heard_variables(heard);
        let variables = self.with_own(&variables);
        let before = self.mistakes.len();
        let fields = Fields(entries);
        let of = fields.find("of").and_then(|node| self.of(node, heard));
        if heard == Hears::Kind(Kind::Granted) && fields.find("of").is_none() {
            self.mistakes
                .add(&node.span, "nothing here says what is granted")
                .expect("expected `of: kick`, `of: set-state`, or what is relayed: `of: offer`");
        }
        let ack = fields.find("ack");
        if let Some(code) = fields.find("close") {
            return self.close(code, entries, heard, of);
        }
        let (http, body) = match ack {
            Some(ack) => {
                self.socket_io(ack, "ack");
                let template = self.templates(&refs(&variables), true).template(ack)?;
                (None, Body::Template(template))
            }
            None => self.carrier(node, entries, &refs(&variables), true)?,
        };
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
        let ack = ack.is_some();
        Some(Hearing {
            http,
            status,
            body,
            of,
            ack,
            close: None,
        })
    }

    /// `close: 4003`: what the end of the line says.
    fn close(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        heard: Hears,
        of: Option<Kind>,
    ) -> Option<Hearing> {
        self.known("the end of a line", entries, &["close", "reason", "of"]);
        let code = node.scalar().and_then(|scalar| scalar.text.parse().ok());
        let code = code.filter(|code: &u16| (1000..5000).contains(code));
        if code.is_none() {
            node.wrong("a close code: `4003`", self.mistakes);
        }
        if !matches!(heard, Hears::Kind(Kind::Refused | Kind::Error)) {
            self.mistakes
                .add(&node.span, "`close` does not fit here")
                .expect("expected in `refused` or `error`: the end of a line says nothing else");
        }
        let body = match Fields(entries).find("reason") {
            Some(reason) => Body::Template(self.templates(&["reason"], true).template(reason)?),
            None => Body::None,
        };
        Some(Hearing {
            of,
            body,
            close: Some(code?),
            ..Hearing::default()
        })
    }

    /// `of: join`: what is answered, a request or, with a plain yes or no, what is relayed.
    fn of(&mut self, node: &Node, heard: Hears) -> Option<Kind> {
        let answers = match heard {
            Hears::Kind(kind) => matches!(
                kind,
                Kind::Created
                    | Kind::Joined
                    | Kind::Left
                    | Kind::Destroyed
                    | Kind::Granted
                    | Kind::Refused
            ),
            Hears::Fenced => false,
        };
        if !answers {
            self.mistakes
                .add(&node.span, "`of` does not fit here")
                .expect("expected in what answers a request");
            return None;
        }
        let plain = matches!(heard, Hears::Kind(Kind::Granted | Kind::Refused));
        let asked: Vec<&'static str> = Kind::ALL
            .iter()
            .filter(|kind| kind.is_request() && **kind != Kind::Fence || plain && kind.is_signal())
            .map(|kind| kind.as_str())
            .collect();
        yaml::word(node, &asked, self.mistakes)?.parse().ok()
    }

    /// `members:` the full list of who is inside.
    fn members(&mut self, node: &Node) -> Vec<Hearing> {
        let mut all = Vec::new();
        for item in one_or_more(node) {
            let Some(entries) = item.map("`message: …`", self.mistakes) else {
                continue;
            };
            self.known("a list of who is inside", entries, &["message"]);
            let known = self.with_own(&["me", "self", "room", "room-id", "members"]);
            let read = self.carrier(item, entries, &refs(&known), true);
            let Some((_, body)) = read else { continue };
            let captures = match &body {
                Body::Template(template) => {
                    (template.holes().iter()).any(|hole| hole.name == "members")
                }
                Body::None => false,
            };
            if !captures {
                self.mistakes
                    .add(&item.span, "nothing here captures `{members}`")
                    .expect("the word needs it");
            }
            all.push(Hearing {
                body,
                ..Hearing::default()
            });
        }
        all
    }

    /// `message:`, or `http:` with `body:`.
    pub(super) fn carrier(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        variables: &[&str],
        pattern: bool,
    ) -> Option<(Option<Route>, Body)> {
        let find = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(_, node)| node)
        };
        let framing = self.framing;
        let mut holder = self.templates(variables, pattern);
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
}
