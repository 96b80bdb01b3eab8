//! From a tree to a scenario, with all mistakes at once.

mod casts;
mod claims;
mod counts;
mod file;
mod named;
mod peer;
pub(crate) mod placeholders;
pub(super) mod sequences;
mod together;
mod unused;
mod uses;
pub(crate) mod variants;

use std::sync::Arc;

use super::build::Values;
use super::casting::wire_peers;
use super::model::{Action, DEFAULT_WITHIN, Expect, Line, PeerSpec, Scenario, Step, Via};
use super::placed::Placed;
use super::table::{
    self, AWAIT, CONDITIONS, ELSEWHERE, EXPECT_KEYS, FILE, GONE, MAX_LINE, MAX_LINES, MAX_PEERS,
    TOGETHER, USE, WAIT, verbs,
};
use super::value::{Shapes, peer_name};
use super::{check, deadlock, expected, ordered, spelling};
use crate::mistake::{Mistakes, quoted};
use crate::names::{PeerName, is_name};
use crate::source::{Source, Span};
use crate::yaml::{Key, Node, Value, duration};
use sequences::Sequences;
use variants::Set;

pub(crate) use named::peers_named;
pub(super) use peer::idle_key;

struct Reader<'m> {
    source: Source,
    mistakes: &'m mut Mistakes,
    /// The parameters of this variant.
    set: Option<&'m Set>,
    /// What stands beside the file.
    sequences: Option<&'m Sequences>,
    /// Peers that go by other names, by what the steps so far bind.
    renamed: Vec<String>,
}

impl Reader<'_> {
    fn file(mut self, root: &Node) -> Option<Scenario> {
        let entries = root.map("a mapping that begins with `scenario:`", self.mistakes)?;
        if let Some(span) = sequences_instead(entries) {
            self.mistakes
                .add(span, "this file holds sequences, no scenario")
                .expect("nothing to play")
                .advise("a scenario file in the same folder says `- use: name`; `glare check` takes both");
            return None;
        }
        self.keys("a scenario", entries, FILE);
        let find = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(key, node)| (key, node))
        };
        if let Some((_, node)) = find("version") {
            self.version(node);
        }
        for (name, _, about) in FILE
            .iter()
            .filter(|(name, needed, _)| *needed && find(name).is_none())
        {
            let start = Span {
                bytes: 0..0,
                line: 1,
            };
            self.mistakes
                .add(&start, format!("the key `{name}:` is missing"))
                .expect("expected in this file")
                .advise(format!(
                    "`{name}:` says: {}",
                    about.to_lowercase().trim_end_matches('.')
                ));
        }
        let name = find("scenario").and_then(|(_, node)| self.line_of_text(node, 100));
        let tags = find("tags")
            .map(|(_, node)| self.tags(node))
            .unwrap_or_default();
        let about = find("about")
            .and_then(|(_, node)| self.about(node))
            .unwrap_or_default();
        let issue = find("issue").and_then(|(_, node)| self.issue(node));
        let wire = find("wire").and_then(|(_, node)| self.wire(node));
        let peers = find("peers").and_then(|(_, node)| self.peers(node));
        let mixes = match (find("casts"), &peers) {
            (Some((_, node)), Some(peers)) => self.casts(node, peers),
            _ => Vec::new(),
        };
        let expect = find("expect")
            .map(|(_, node)| self.expect(node))
            .unwrap_or_default();
        let names: Option<Vec<String>> =
            find("peers")
                .filter(|_| peers.is_some())
                .map(|(_, node)| match &node.value {
                    Value::Map(entries) => {
                        entries.iter().map(|(key, _)| key.text.clone()).collect()
                    }
                    _ => Vec::new(),
                });
        let steps = find("steps")
            .map(|(_, node)| self.steps(node, names.as_deref()))
            .unwrap_or_default();
        let catches = find("catches")
            .map(|(_, node)| self.catches(node, steps.count(), &expect))
            .unwrap_or_default();
        let breaks = find("breaks")
            .map(|(_, node)| self.breaks(node))
            .unwrap_or_default();
        let peers = peers.unwrap_or_default();
        let placed = steps.placed;
        let by_wire = wire_peers(&peers, &mixes);
        check::steps(
            &self.source,
            &placed,
            (&peers, by_wire.clone()),
            self.mistakes,
        );
        deadlock::steps(&self.source, &placed, self.mistakes);
        if self.mistakes.is_empty() {
            // Steps that could not be read may write what is missed then.
            let written = expected::written(placed.iter().map(|placed| &placed.step));
            let cast = expected::Cast::of(&peers, &by_wire);
            let cast = cast.with_bound(placed.iter().map(|placed| &placed.step));
            expected::lines(expect.lines(), &cast, &written, self.mistakes);
            expected::of_logs(&expect, self.mistakes);
            ordered::lines(&expect.order, self.mistakes);
        }
        Some(Scenario {
            source: self.source,
            name: match self.set {
                Some(set) => format!("{} [{}]", name?, set.name),
                None => name?,
            },
            variant: self.set.map(|set| set.name.clone()),
            tags,
            about,
            issue,
            wire,
            peers,
            mixes,
            catches,
            breaks,
            steps: placed.into_iter().map(|placed| placed.step).collect(),
            expect,
        })
    }

    /// Notes keys that are not in this table.
    fn keys(&mut self, of: &str, entries: &[(Key, Node)], table: &[(&str, bool, &str)]) {
        let known = || table.iter().map(|(name, ..)| *name);
        let there = |name: &str| entries.iter().any(|(key, _)| key.text == name);
        for (key, _) in entries {
            if !known().any(|name| name == key.text) {
                let mistake = self
                    .mistakes
                    .add(&key.span, format!("{of} has no key {}", quoted(&key.text)));
                mistake
                    .expect(format!(
                        "its keys: {}",
                        known().collect::<Vec<_>>().join(", ")
                    ))
                    .suggest_key(&key.text, known(), there);
                if let Some((_, instead)) = GONE.iter().find(|(name, _)| *name == key.text) {
                    mistake.advise(*instead);
                }
            }
        }
    }

    fn version(&mut self, node: &Node) {
        match node
            .scalar()
            .and_then(|scalar| scalar.number())
            .and_then(|number| number.as_u64())
        {
            Some(1) => {}
            Some(newer) if newer > 1 => {
                self.mistakes
                    .add(
                        &node.span,
                        format!("version {newer} of the format is newer than this program"),
                    )
                    .expect("version 1 is read")
                    .advise("use a newer glare for this file");
            }
            _ => node.wrong("the version of the format, `1`", self.mistakes),
        }
    }

    /// Text on one line.
    fn line_of_text(&mut self, node: &Node, most: usize) -> Option<String> {
        let text = node.text("text on one line", self.mistakes)?.trim();
        if text.is_empty() || text.len() > most || text.contains(['\n', '\r']) {
            self.mistakes
                .add(&node.span, "this name does not do")
                .expect(format!("expected 1 to {most} bytes on one line"));
            return None;
        }
        Some(text.to_owned())
    }

    fn about(&mut self, node: &Node) -> Option<String> {
        let text = node.text("text", self.mistakes)?.trim();
        if text.len() > 4000 {
            self.mistakes
                .add(&node.span, format!("this text has {} bytes", text.len()))
                .expect("at most 4000");
            return None;
        }
        Some(text.to_owned())
    }

    fn issue(&mut self, node: &Node) -> Option<String> {
        let text = node.text("an https URL, as text", self.mistakes)?;
        let fine = url::Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https"
                && url.host_str().is_some_and(|host| !host.is_empty())
                && url.username().is_empty()
                && url.password().is_none()
        });
        if !fine
            || !text.starts_with("https://")
            || text.len() > 500
            || text.contains(crate::mistake::is_hidden)
        {
            self.mistakes
                .add(&node.span, format!("{} is not an https URL", quoted(text)))
                .expect("expected `https://…`, without user or password");
            return None;
        }
        Some(text.to_owned())
    }

    /// The name of a wire, as a dialect has one.
    fn wire(&mut self, node: &Node) -> Option<String> {
        let name = self.line_of_text(node, 32)?;
        if !is_name(&name) {
            self.mistakes
                .add(
                    &node.span,
                    format!("{} cannot be the name of a wire", quoted(&name)),
                )
                .expect("1 to 32 of: A-Z a-z 0-9 _ -, as a dialect's `wire:` or name");
            return None;
        }
        Some(name)
    }

    fn peers(&mut self, node: &Node) -> Option<Vec<(PeerName, PeerSpec)>> {
        let entries = node.map("a mapping: `alice: {}`", self.mistakes)?;
        if entries.is_empty() {
            node.wrong("at least one peer: `alice: {}`", self.mistakes);
            return None;
        }
        if entries.len() > MAX_PEERS {
            self.mistakes
                .add(
                    &entries[MAX_PEERS].0.span,
                    format!("{} peers", entries.len()),
                )
                .expect(format!("at most {MAX_PEERS}"));
        }
        let mut peers = Vec::new();
        for (key, node) in entries {
            let name = peer_name(key, self.mistakes);
            let spec = peer::peer(node, self.mistakes);
            let Some(name) = name else { continue };
            let spelt = spelling::key(name.as_str());
            let alike = |(there, _): &&(PeerName, PeerSpec)| spelling::key(there.as_str()) == spelt;
            if let Some((there, _)) = peers.iter().find(alike) {
                spelling::one(there.as_str(), name.as_str(), &key.span, self.mistakes);
            }
            peer::contradicts(&name, &spec, &peers, &node.span, self.mistakes);
            peers.push((name, spec));
        }
        Some(peers)
    }

    fn step(
        &mut self,
        number: usize,
        node: &Node,
        peers: Option<&[String]>,
        via: Option<&Arc<Via>>,
    ) -> Option<Placed> {
        if let Some(entries) = together::holds_steps(node) {
            return self.together(number, node, entries, peers, via);
        }
        let shape = "a step: `verb: { … }`";
        let nothing = Node {
            span: node.span.clone(),
            value: Value::Map(Vec::new()),
        };
        let (name, span, body) = match &node.value {
            Value::Scalar(scalar) => (scalar.text()?, &node.span, &nothing),
            Value::Map(entries) => match entries.as_slice() {
                [(key, body)] => (key.text.as_str(), &key.span, body),
                [_, (second, _), ..] => {
                    self.mistakes
                        .add(
                            &second.span,
                            format!("a second verb in one step: {}", quoted(&second.text)),
                        )
                        .expect("a step has one verb")
                        .advise("begin a new step with `- `, or put the keys between braces");
                    return None;
                }
                [] => {
                    node.wrong(shape, self.mistakes);
                    return None;
                }
            },
            _ => {
                node.wrong(shape, self.mistakes);
                return None;
            }
        };
        if name == WAIT {
            return self.wait(number, node, (span, body), via);
        }
        let verb = if name == AWAIT {
            self.condition(span, body)?
        } else if let Some(verb) = table::verb(name) {
            verb
        } else {
            let names = || {
                let verbs = verbs().map(|verb| verb.name);
                verbs.chain([WAIT, AWAIT, TOGETHER, USE])
            };
            let mistake = self
                .mistakes
                .add(span, format!("there is no verb {}", quoted(name)));
            mistake.expect("unknown verb").suggest(name, names());
            if let Some((_, instead)) = ELSEWHERE.iter().find(|(word, _)| *word == name) {
                mistake.advise(*instead);
            } else if mistake.advice().is_none() {
                mistake.advise(format!(
                    "the verbs: {}",
                    names().collect::<Vec<_>>().join(", ")
                ));
            }
            return None;
        };
        let entries = match &body.value {
            Value::Scalar(scalar) if scalar.is_null() && !verb.keys.is_empty() => &[][..],
            _ => body.map("the verb's keys: `{ key: value, … }`", self.mistakes)?,
        };
        let values = Shapes {
            peers,
            renamed: &self.renamed,
            mistakes: self.mistakes,
        }
        .values(verb, span, entries)?;
        let action: Action = (verb.build)(&values)?;
        Some(self.placed((number, node), (span, action), values, via))
    }

    /// `wait: 500ms`
    fn wait(
        &mut self,
        number: usize,
        node: &Node,
        (span, body): (&Span, &Node),
        via: Option<&Arc<Via>>,
    ) -> Option<Placed> {
        let time = duration(body, self.mistakes)?;
        let action = Action::Wait(time);
        Some(self.placed((number, node), (span, action), Values::default(), via))
    }

    fn placed(
        &self,
        (number, node): (usize, &Node),
        (verb, action): (&Span, Action),
        values: Values,
        via: Option<&Arc<Via>>,
    ) -> Placed {
        Placed {
            step: Step {
                span: with_dash(via.map_or(&self.source, |via| &via.source), &node.span),
                via: via.cloned(),
                action,
                within: values.within().unwrap_or(DEFAULT_WITHIN),
            },
            verb: verb.clone(),
            values,
            number,
            inner: Vec::new(),
        }
    }

    /// Which condition an `await` means: the one whose own key is there.
    fn condition(&mut self, span: &Span, body: &Node) -> Option<&'static table::Verb> {
        let entries = body.map(
            "what to wait for: `{ peer: bob, hears: answer }`",
            self.mistakes,
        )?;
        let given: Vec<&(Key, Node)> = entries
            .iter()
            .filter(|(key, _)| table::condition(&key.text).is_some())
            .collect();
        match given.as_slice() {
            [(key, _)] => table::condition(&key.text),
            [] => {
                let names = || CONDITIONS.iter().map(|form| form.name);
                let stranger = entries.iter().find(|(key, _)| {
                    !matches!(
                        key.text.as_str(),
                        "peer" | "from" | "to" | "nth" | "within" | "is"
                    )
                });
                match stranger {
                    Some((key, _)) => self
                        .mistakes
                        .add(
                            &key.span,
                            format!("nothing can be awaited by {}", quoted(&key.text)),
                        )
                        .suggest(&key.text, names()),
                    None => self
                        .mistakes
                        .add(span, "this `await` does not say what it waits for"),
                }
                .expect(format!(
                    "expected one of: {}",
                    names().collect::<Vec<_>>().join(", ")
                ));
                None
            }
            [first, second, ..] => {
                self.mistakes
                    .add(
                        &second.0.span,
                        format!(
                            "this `await` waits for `{}` and for `{}`",
                            first.0.text, second.0.text
                        ),
                    )
                    .expect("one step waits for one thing")
                    .advise("make two steps of it");
                None
            }
        }
    }

    fn expect(&mut self, node: &Node) -> Expect {
        let mut expect = Expect::default();
        for (key, node) in node
            .map("a mapping: `never: |`", self.mistakes)
            .unwrap_or_default()
        {
            match key.text.as_str() {
                "seen" => expect.seen = self.lines(key, node),
                "never" => expect.never = self.lines(key, node),
                "order" => expect.order = self.lines(key, node),
                "count" => expect.count = self.counts(node),
                other => {
                    let names = || EXPECT_KEYS.iter().map(|(name, _)| *name);
                    self.mistakes
                        .add(&key.span, format!("`expect` has no key {}", quoted(other)))
                        .expect(format!(
                            "its keys: {}",
                            names().collect::<Vec<_>>().join(", ")
                        ))
                        .suggest(other, names());
                }
            }
        }
        expect
    }

    /// The lines of a block literal, each with its own place.
    fn lines(&mut self, key: &Key, node: &Node) -> Vec<Line> {
        if node.is_refused() {
            return Vec::new();
        }
        if !node.scalar().is_some_and(|scalar| scalar.literal) {
            self.mistakes
                .add(&node.span, format!("`{}` is not a block", key.text))
                .expect("expected `|`, and the lines below it")
                .advise(format!(
                    "write it as: `{}: |`, each line indented below",
                    key.text
                ));
            return Vec::new();
        }
        let text = &self.source.text;
        let mut lines = Vec::new();
        let mut at = node.span.bytes.start;
        let pieces = text[node.span.bytes.clone()].split_inclusive('\n');
        for (line, piece) in (node.span.line..).zip(pieces) {
            let trimmed = piece.trim();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                let start = at + (piece.len() - piece.trim_start().len());
                lines.push(Line {
                    span: Span {
                        bytes: start..start + trimmed.len(),
                        line,
                    },
                    text: match self.set {
                        Some(set) => set.values.text(trimmed),
                        None => trimmed.to_owned(),
                    },
                });
            }
            at += piece.len();
        }
        if lines.len() > MAX_LINES {
            self.mistakes
                .add(&lines[MAX_LINES].span, format!("{} lines", lines.len()))
                .expect(format!("at most {MAX_LINES}"));
        }
        for line in lines.iter().filter(|line| line.text.len() > MAX_LINE) {
            self.mistakes
                .add(&line.span, "this line is too long")
                .expect(format!("at most {MAX_LINE} bytes"));
        }
        lines
    }
}

/// The key that says that a file holds sequences and no scenario.
fn sequences_instead(entries: &[(Key, Node)]) -> Option<&Span> {
    let find = |wanted| entries.iter().find(|(key, _)| key.text == wanted);
    match (find("sequences"), find("scenario"), find("steps")) {
        (Some((key, _)), None, None) => Some(&key.span),
        _ => None,
    }
}

/// The span of a list's item, with its dash.
fn with_dash(source: &Source, span: &Span) -> Span {
    let before = source.text[..span.bytes.start].trim_end();
    if !before.ends_with('-') {
        return span.clone();
    }
    let start = before.len() - 1;
    let lines = source.text[start..span.bytes.start].matches('\n').count();
    Span {
        bytes: start..span.bytes.end,
        line: span.line.saturating_sub(u32::try_from(lines).unwrap_or(0)),
    }
}
