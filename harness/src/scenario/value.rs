//! From a node to a value of a certain shape, or a mistake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::build::{Parsed, Values};
use super::model::Answer;
use super::sought::Wanted;
use super::spelling;
use super::table::{KeySpec, RESERVED, STATES, Shape, Verb, WITHIN};
use crate::mistake::{Mistakes, nearest, quoted};
use crate::names::{PeerName, RoomName};
use crate::source::Span;
use crate::terms::Machine;
use crate::yaml::{Key, Node, Value, duration, word};

/// Reads values, knowing the scenario's peers. Without peers (their section is broken) every name is let through.
pub(crate) struct Shapes<'a> {
    pub peers: Option<&'a [String]>,
    /// Those of them who go by other names by now: they are known, and nobody is told to name them.
    pub renamed: &'a [String],
    pub mistakes: &'a mut Mistakes,
}

impl Shapes<'_> {
    /// The values of a verb's mapping. `None` if a mistake makes them incomplete.
    pub(crate) fn values(
        &mut self,
        verb: &Verb,
        name: &Span,
        entries: &[(Key, Node)],
    ) -> Option<Values> {
        let before = self.mistakes.len();
        let mut meant = Vec::new();
        let mut values = Values::default();
        for (key, node) in entries {
            let known = verb.keys.iter().chain([&WITHIN]);
            match known.clone().find(|spec| spec.name == key.text) {
                Some(spec) => {
                    if let Some(value) = self.value(spec, node, entries) {
                        values.0.push((spec.name, value, node.span.clone()));
                    }
                }
                None => {
                    let names: Vec<&str> = known.map(|spec| spec.name).collect();
                    let there = |name: &str| entries.iter().any(|(key, _)| key.text == name);
                    meant.extend(nearest(&key.text, names.iter().copied()));
                    self.mistakes
                        .add(
                            &key.span,
                            format!("`{}` has no key {}", verb.name, quoted(&key.text)),
                        )
                        .expect(format!("its keys: {}", names.join(", ")))
                        .suggest_key(&key.text, names.iter().copied(), there);
                }
            }
        }
        let there = |wanted: &str| entries.iter().any(|(key, _)| key.text == wanted);
        // A key that is only misspelt is not missing as well.
        let missing =
            |spec: &&KeySpec| spec.needed && !there(spec.name) && !meant.contains(&spec.name);
        for spec in verb.keys.iter().filter(missing) {
            self.mistakes
                .add(
                    name,
                    format!("`{}` needs the key `{}`", verb.name, spec.name),
                )
                .expect("incomplete")
                .advise(format!("`{}`: {}", spec.name, first_lower(spec.about)));
        }
        if !verb.one_of.is_empty() {
            let given: Vec<&str> = verb
                .one_of
                .iter()
                .copied()
                .filter(|one| there(one))
                .collect();
            if given.len() != 1 {
                let names: Vec<String> = verb.one_of.iter().map(|one| format!("`{one}`")).collect();
                self.mistakes
                    .add(
                        name,
                        match given.len() {
                            0 => format!("`{}` needs one of {}", verb.name, names.join(", ")),
                            _ => format!("`{}` has `{}` at once", verb.name, given.join("` and `")),
                        },
                    )
                    .expect(format!("expected exactly one of {}", names.join(", ")));
            }
        }
        (self.mistakes.len() == before).then_some(values)
    }

    fn value(&mut self, spec: &KeySpec, node: &Node, entries: &[(Key, Node)]) -> Option<Parsed> {
        match spec.shape {
            Shape::Peer => {
                // Nobody is both ends of anything.
                let taken = |name: &str| {
                    let others = entries.iter().filter(|(key, _)| key.text != spec.name);
                    let mut words = others.filter_map(|(_, node)| node.scalar()?.text());
                    words.any(|word| word == name)
                };
                self.peer(node, &taken).map(Parsed::Peer)
            }
            Shape::Peers => self.some_peers(node).map(Parsed::Peers),
            Shape::Room => self.room(node).map(Parsed::Room),
            Shape::Text(most) => self.text(node, most).map(Parsed::Text),
            Shape::Base64(most) => self.bytes(node, most).map(Parsed::Text),
            Shape::Number(least, most) => self.number(node, least, most).map(Parsed::Number),
            Shape::Flag => node.flag(self.mistakes).map(Parsed::Flag),
            Shape::True => match node.scalar().and_then(|scalar| scalar.flag()) {
                Some(true) => Some(Parsed::Flag(true)),
                _ => {
                    node.wrong("`true`", self.mistakes);
                    None
                }
            },
            Shape::Reason => self.reason(node).map(Parsed::Reason),
            Shape::Duration => duration(node, self.mistakes).map(Parsed::Duration),
            Shape::Word(words) => word(node, words, self.mistakes).map(Parsed::Word),
            Shape::State => self.state(node),
            Shape::Path => self.path(node).map(Parsed::Text),
            Shape::Wanted(most) => self.wanted(node, most).map(Parsed::Wanted),
        }
    }

    /// The name of a peer; none that is `taken` may stand here, too.
    fn peer(&mut self, node: &Node, taken: &dyn Fn(&str) -> bool) -> Option<PeerName> {
        let name = node.text("the name of a peer, as text", self.mistakes)?;
        if let Some(peers) = self.peers
            && !peers.iter().any(|peer| peer == name)
        {
            let known = peers.iter().filter(|peer| !self.renamed.contains(peer));
            let known: Vec<&str> = known.map(String::as_str).collect();
            self.mistakes
                .add(&node.span, no_peer(name))
                .expect(format!("expected one of: {}", known.join(", ")))
                .suggest(name, known.into_iter().filter(|peer| !taken(peer)));
            return None;
        }
        Some(PeerName::new(name))
    }

    fn some_peers(&mut self, node: &Node) -> Option<Vec<(PeerName, Span)>> {
        let items = node.list("a list of peers: `[alice, bob]`", self.mistakes)?;
        if items.is_empty() {
            node.wrong("at least one peer", self.mistakes);
            return None;
        }
        let mut peers: Vec<(PeerName, Span)> = Vec::new();
        let mut whole = true;
        for item in items {
            let taken = |name: &str| {
                let mut words = items.iter().filter_map(|item| item.scalar()?.text());
                words.any(|word| word == name)
            };
            match self.peer(item, &taken) {
                Some(peer) if peers.iter().any(|(there, _)| *there == peer) => {
                    self.mistakes
                        .add(&item.span, format!("`{peer}` is in this list twice"))
                        .expect("a second time");
                    whole = false;
                }
                Some(peer) => peers.push((peer, item.span.clone())),
                None => whole = false,
            }
        }
        whole.then_some(peers)
    }

    fn room(&mut self, node: &Node) -> Option<RoomName> {
        let name = node.text("the name of a room, as text", self.mistakes)?;
        if !spelling::is_room(name) {
            self.mistakes
                .add(
                    &node.span,
                    format!("{} cannot be the name of a room", quoted(name)),
                )
                .expect(spelling::ROOM);
            return None;
        }
        Some(RoomName::new(name))
    }

    fn text(&mut self, node: &Node, most: usize) -> Option<String> {
        let text = node.text("text", self.mistakes)?;
        if text.len() > most {
            self.mistakes
                .add(&node.span, format!("this text has {} bytes", text.len()))
                .expect(format!("at most {most}"));
            return None;
        }
        Some(text.to_owned())
    }

    fn bytes(&mut self, node: &Node, most: usize) -> Option<String> {
        let text = node.text("bytes in base64, as text", self.mistakes)?;
        match STANDARD.decode(text) {
            Ok(bytes) if bytes.len() > most => {
                self.mistakes
                    .add(&node.span, format!("these are {} bytes", bytes.len()))
                    .expect(format!("at most {most}"))
                    .advise("`size:` makes up longer ones");
                None
            }
            Ok(_) => Some(text.to_owned()),
            Err(error) => {
                self.mistakes
                    .add(
                        &node.span,
                        format!(
                            "this is not base64: {}",
                            error.to_string().to_lowercase().trim_end_matches('.')
                        ),
                    )
                    .expect("expected base64 with padding (RFC 4648, section 4)");
                None
            }
        }
    }

    fn number(&mut self, node: &Node, least: u64, most: u64) -> Option<u64> {
        let expected = format!("a whole number from {least} to {most}");
        let number = node.scalar().and_then(|scalar| scalar.number());
        match number.and_then(|number| number.as_u64()) {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                node.wrong(&expected, self.mistakes);
                None
            }
        }
    }

    fn reason(&mut self, node: &Node) -> Option<Answer> {
        match node.scalar().map(|scalar| (scalar.flag(), scalar.text())) {
            Some((Some(true), _)) => Some(Answer::Refused),
            Some((None, Some(text))) if !text.is_empty() => Some(Answer::RefusedWith(
                self.text(node, super::table::MAX_TEXT)
                    .filter(|_| !text.is_empty())?,
            )),
            Some((Some(false), _)) => {
                self.mistakes
                    .add(&node.span, "`false` says nothing here")
                    .expect("expected `true`, or text that the reason contains")
                    .advise("leave the key out: then it must succeed");
                None
            }
            _ => {
                node.wrong("`true`, or text that the reason contains", self.mistakes);
                None
            }
        }
    }

    fn state(&mut self, node: &Node) -> Option<Parsed> {
        let shape = "one machine and its state: `{ connection: failed }`";
        let entries = node.map(shape, self.mistakes)?;
        let [(key, value)] = entries else {
            node.wrong(shape, self.mistakes);
            return None;
        };
        let machines = [
            Machine::Signaling,
            Machine::IceGathering,
            Machine::Ice,
            Machine::Connection,
        ];
        let Some(machine) = machines
            .into_iter()
            .find(|machine| machine.as_str() == key.text)
        else {
            let names: Vec<&str> = machines.iter().map(|machine| machine.as_str()).collect();
            self.mistakes
                .add(
                    &key.span,
                    format!("there is no state machine {}", quoted(&key.text)),
                )
                .expect(format!("expected one of: {}", names.join(", ")))
                .suggest(&key.text, names);
            return None;
        };
        let (_, states) = STATES.iter().find(|(name, _)| *name == key.text)?;
        word(value, states, self.mistakes).map(|state| Parsed::State(machine, state))
    }

    fn wanted(&mut self, node: &Node, most: usize) -> Option<Wanted> {
        if node.scalar().is_some() {
            let text = self.text(node, most)?;
            if text.is_empty() {
                node.wrong(
                    "text that is not empty, or members of a message: `{ type: card }`",
                    self.mistakes,
                );
                return None;
            }
            return Some(Wanted::Text(text));
        }
        let json = self.json(node)?;
        match &json {
            Json::Object(members) if members.is_empty() => {
                node.wrong("at least one member: `{ type: card }`", self.mistakes);
                None
            }
            _ => Some(Wanted::Json(json)),
        }
    }

    fn json(&mut self, node: &Node) -> Option<Json> {
        match &node.value {
            Value::Refused => None,
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(item)).collect();
                items
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                    .map(Json::Array)
            }
            Value::Map(entries) => {
                let member = |(key, node): &(Key, Node)| Some((key.text.clone(), self.json(node)?));
                let members: Vec<_> = entries.iter().map(member).collect();
                members.into_iter().collect::<Option<_>>().map(Json::Object)
            }
            Value::Scalar(scalar) if scalar.is_null() => Some(Json::Null),
            Value::Scalar(scalar) => match (scalar.flag(), scalar.number(), scalar.text()) {
                (Some(flag), ..) => Some(Json::Bool(flag)),
                (_, Some(number), _) => Some(Json::Number(number)),
                (_, _, Some(text)) => Some(Json::from(text)),
                _ => {
                    node.wrong("text, a number, `true`, `false` or `null`", self.mistakes);
                    None
                }
            },
        }
    }

    fn path(&mut self, node: &Node) -> Option<String> {
        let path = self.text(node, 2000)?;
        if !is_path(&path) {
            self.mistakes
                .add(&node.span, format!("{} is not a path on the server", quoted(&path)))
                .expect("expected a path that begins with one `/`")
                .advise("scheme and host are the server under test; other characters are percent-encoded");
            return None;
        }
        Some(path)
    }
}

/// Whether it is a path, with its query, on a server: no address can hide in it.
pub(super) fn is_path(path: &str) -> bool {
    let plain = |byte: u8| (0x21..0x7f).contains(&byte) && byte != b'\\' && byte != b'#';
    path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain)
}

/// What is found where somebody is named whom nobody knows.
pub(super) fn no_peer(name: &str) -> String {
    format!("there is no peer {}", quoted(name))
}

/// The name of a peer: one word, that means nothing else in the log.
pub(crate) fn peer_name(key: &Key, mistakes: &mut Mistakes) -> Option<PeerName> {
    let name = &key.text;
    if RESERVED.contains(&spelling::key(name).as_str()) {
        mistakes
            .add(
                &key.span,
                format!("{} cannot be the name of a peer", quoted(name)),
            )
            .expect("it means something else in the log");
        return None;
    }
    if !spelling::is_peer(name) {
        mistakes
            .add(
                &key.span,
                format!("{} cannot be the name of a peer", quoted(name)),
            )
            .expect(spelling::PEER);
        return None;
    }
    Some(PeerName::new(name))
}

fn first_lower(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first)
            if text
                .chars()
                .nth(1)
                .is_some_and(|second| !second.is_uppercase()) =>
        {
            first.to_lowercase().collect::<String>() + chars.as_str().trim_end_matches('.')
        }
        _ => text.trim_end_matches('.').to_owned(),
    }
}
