//! The patterns of a dialect by their names in the file: `hear.joined`, `hear.refused[2]`, `connect.then[1].hear`.

use super::{Body, Dialect, Hearing, Route, Saying, StatusRange, Then};
use crate::signaling::Kind;
use crate::source::Span;
use crate::terms::Direction;
use crate::yaml::{Node, Value};

/// One pattern that a message may be.
pub(super) struct Pattern<'d> {
    /// Where it stands: keys with dots between them, and in brackets which of several it is, from 1.
    pub name: String,
    pub http: Option<&'d Route>,
    pub status: Option<StatusRange>,
    pub body: &'d Body,
    /// socket.io: it is the answer to a request.
    pub ack: bool,
    /// The request that it answers, where it says so.
    pub of: Option<Kind>,
}

impl<'d> Pattern<'d> {
    fn said(name: String, saying: &'d Saying) -> Self {
        Self {
            name,
            http: saying.http.as_ref(),
            status: None,
            body: &saying.body,
            ack: false,
            of: None,
        }
    }

    fn heard(name: String, hearing: &'d Hearing) -> Self {
        Self {
            name,
            http: hearing.http.as_ref(),
            status: hearing.status,
            body: &hearing.body,
            ack: hearing.ack,
            of: hearing.of,
        }
    }

    /// The message alone, whatever it answers.
    pub(super) fn answering_any(hearing: &'d Hearing) -> Self {
        Self {
            of: None,
            ..Self::heard(String::new(), hearing)
        }
    }

    /// Its word, `hear.refused` of `hear.refused[2]`.
    pub(super) fn word(&self) -> &str {
        self.name.split('[').next().unwrap_or_default()
    }
}

impl Dialect {
    /// All patterns of one direction: those of words first.
    pub(super) fn patterns(&self, direction: Direction) -> Vec<Pattern<'_>> {
        let mut all = match direction {
            Direction::Up => self.said_words(),
            Direction::Down => self.heard_words(),
        };
        all.extend(match direction {
            Direction::Up => self.said_aside(),
            Direction::Down => self.heard_aside(),
        });
        all
    }

    /// The messages that say a word, and those that prepare one.
    pub(super) fn said_words(&self) -> Vec<Pattern<'_>> {
        let mut all = Vec::new();
        for (kind, way) in self.say.iter().filter(|(_, way)| way.like.is_none()) {
            let several = way.steps.len() > 1;
            for (at, step) in way.steps.iter().enumerate() {
                if step.hear.is_none() {
                    all.push(Pattern::said(
                        numbered("say", kind.as_str(), at, several),
                        step,
                    ));
                }
            }
        }
        all
    }

    /// The messages that say a word to a peer, in the order in which they are tried.
    pub(super) fn heard_words(&self) -> Vec<Pattern<'_>> {
        let mut all: Vec<Pattern<'_>> = Vec::new();
        for (hears, hearing) in &self.hear {
            if hearing.close.is_some() {
                continue;
            }
            let forms = self.hear.iter().filter(|(other, _)| other == hears).count();
            let before = self
                .hear
                .iter()
                .take_while(|(_, other)| !std::ptr::eq(other, hearing))
                .filter(|(other, _)| other == hears)
                .count();
            let name = numbered("hear", hears.name(), before, forms > 1);
            all.push(Pattern::heard(name, hearing));
        }
        all
    }

    /// What is said besides.
    fn said_aside(&self) -> Vec<Pattern<'_>> {
        let mut all = Vec::new();
        for (at, then) in self.connect.then.iter().enumerate() {
            if let Then::Say(saying) = then {
                all.push(Pattern::said(numbered("connect", "then", at, true), saying));
            }
        }
        if let Some(last) = &self.connect.last {
            all.push(Pattern::said("connect.last".into(), last));
        }
        for (at, before) in self.connect.before.iter().enumerate() {
            let name = numbered("connect", "before", at, true);
            all.push(Pattern::said(name, &before.ask));
        }
        if let Some((again, _)) = &self.rejoin {
            all.push(Pattern::said("rejoin".into(), again));
        }
        for (at, reflex) in self.reply.iter().enumerate() {
            all.push(Pattern::said(format!("reply[{}]", at + 1), &reflex.say));
        }
        for (at, beat) in self.every.iter().enumerate() {
            all.push(Pattern::said(format!("every[{}]", at + 1), &beat.say));
        }
        all
    }

    /// What is heard besides.
    fn heard_aside(&self) -> Vec<Pattern<'_>> {
        let mut all = Vec::new();
        for (at, hearing) in self.members.iter().enumerate() {
            let name = numbered("hear", "members", at, self.members.len() > 1);
            all.push(Pattern::heard(name, hearing));
        }
        for (at, then) in self.connect.then.iter().enumerate() {
            if let Then::Hear { hear, refused } = then {
                let name = numbered("connect", "then", at, true);
                all.push(Pattern::heard(format!("{name}.hear"), hear));
                for (form, hearing) in refused.iter().enumerate() {
                    let several = refused.len() > 1;
                    let place = numbered(&name, "refused", form, several);
                    all.push(Pattern::heard(place, hearing));
                }
            }
        }
        for (kind, way) in self.say.iter().filter(|(_, way)| way.like.is_none()) {
            for (at, step) in way.steps.iter().enumerate() {
                if let Some(hearing) = &step.hear {
                    let name = numbered("say", kind.as_str(), at, true);
                    all.push(Pattern::heard(format!("{name}.hear"), hearing));
                    for (form, hearing) in step.refused.iter().enumerate() {
                        let several = step.refused.len() > 1;
                        let place = numbered(&name, "refused", form, several);
                        all.push(Pattern::heard(place, hearing));
                    }
                }
            }
        }
        for (at, reflex) in self.reply.iter().enumerate() {
            all.push(Pattern::heard(
                format!("reply[{}].hear", at + 1),
                &reflex.hear,
            ));
        }
        for (section, hearings) in [("learn", &self.learn), ("ignore", &self.ignore)] {
            for (at, hearing) in hearings.iter().enumerate() {
                all.push(Pattern::heard(format!("{section}[{}]", at + 1), hearing));
            }
        }
        all
    }
}

fn numbered(section: &str, key: &str, at: usize, several: bool) -> String {
    match several {
        true => format!("{section}.{key}[{}]", at + 1),
        false => format!("{section}.{key}"),
    }
}

/// Where a pattern of this name stands.
pub(super) fn place(root: &Node, name: &str) -> Option<Span> {
    node_of(root, name).map(|node| node.span.clone())
}

/// The pattern of this name, as it is written.
pub(super) fn node_of<'n>(root: &'n Node, name: &str) -> Option<&'n Node> {
    let mut node = root;
    for part in name.split('.') {
        let (key, number) = match part.split_once('[') {
            Some((key, number)) => (key, number.trim_end_matches(']').parse().ok()?),
            None => (part, 1_usize),
        };
        node = find(node, key)?;
        if let Value::List(items) = &node.value {
            node = items.get(number.checked_sub(1)?)?;
        }
    }
    Some(node)
}

/// The value of this key.
pub(super) fn find<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let found = entries.iter().find(|(there, _)| there.text == key);
    found.map(|(_, node)| node)
}
