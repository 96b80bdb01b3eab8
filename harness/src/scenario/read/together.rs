//! `together:` — a step that holds steps which begin together.

use std::sync::Arc;

use super::{Placed, Reader, with_dash};
use crate::mistake::quoted;
use crate::names::PeerName;
use crate::scenario::build::{Parsed, Values};
use crate::scenario::model::{Action, Cut, DEFAULT_WITHIN, Raw, Step, Via};
use crate::scenario::model::{Share, Together};
use crate::scenario::table::{
    AT_ONCE, AWAIT, LET_IN, MAX_AT_ONCE, TOGETHER, TOGETHER_KEYS, TURNED_AWAY, USE, WITHIN,
};
use crate::scenario::value::peer_name;
use crate::source::Span;
use crate::yaml::{Key, Node, Value, duration};

/// Whether a step is one of these.
pub(super) fn holds_steps(node: &Node) -> Option<&[(Key, Node)]> {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .any(|(key, _)| key.text == TOGETHER)
            .then_some(entries.as_slice()),
        _ => None,
    }
}

impl Reader<'_> {
    /// The step and those within.
    pub(super) fn together(
        &mut self,
        number: usize,
        node: &Node,
        entries: &[(Key, Node)],
        peers: Option<&[String]>,
        via: Option<&Arc<Via>>,
    ) -> Option<Placed> {
        let before = self.mistakes.len();
        let mut together = Together::default();
        let mut values = Values::default();
        let mut verb = None;
        let mut within = DEFAULT_WITHIN;
        let mut inner = Vec::new();
        for (key, node) in entries {
            match key.text.as_str() {
                TOGETHER => {
                    verb = Some(key.span.clone());
                    inner = self.at_once(number, key, node, peers, via);
                }
                LET_IN => together.let_in = self.share(LET_IN, node, peers, &mut values),
                TURNED_AWAY => {
                    together.turned_away = self.share(TURNED_AWAY, node, peers, &mut values);
                }
                name if name == WITHIN.name => {
                    within = duration(node, self.mistakes).unwrap_or(within);
                }
                other => {
                    let names = || {
                        let keys = TOGETHER_KEYS.iter().map(|(name, _)| *name);
                        [TOGETHER].into_iter().chain(keys).chain([WITHIN.name])
                    };
                    self.mistakes
                        .add(
                            &key.span,
                            format!("`{TOGETHER}` has no key {}", quoted(other)),
                        )
                        .expect(format!(
                            "its keys: {}",
                            names().collect::<Vec<_>>().join(", ")
                        ))
                        .suggest_key(other, names(), |name| {
                            entries.iter().any(|(key, _)| key.text == name)
                        });
                }
            }
        }
        together.steps = inner.iter().map(|placed| placed.step.clone()).collect();
        let source = via.map_or(&self.source, |via| &via.source);
        let span = with_dash(source, &node.span);
        (self.mistakes.len() == before).then_some(())?;
        Some(Placed {
            step: Step {
                span,
                via: via.cloned(),
                action: Action::Together(together),
                within,
            },
            verb: verb?,
            values,
            number,
            inner,
        })
    }

    fn at_once(
        &mut self,
        number: usize,
        key: &Key,
        node: &Node,
        peers: Option<&[String]>,
        via: Option<&Arc<Via>>,
    ) -> Vec<Placed> {
        let shape = "a list of steps: `[ join: { … }, join: { … } ]`";
        let items = node.list(shape, self.mistakes).unwrap_or_default();
        if !matches!(node.value, Value::List(_)) {
            return Vec::new();
        }
        if items.len() < 2 || items.len() > MAX_AT_ONCE {
            self.mistakes
                .add(&key.span, format!("{} steps together", items.len()))
                .expect(format!("expected 2 to {MAX_AT_ONCE}"));
        }
        items
            .iter()
            .filter_map(|item| self.one_of_them(number, item, peers, via))
            .collect()
    }

    fn one_of_them(
        &mut self,
        number: usize,
        node: &Node,
        peers: Option<&[String]>,
        via: Option<&Arc<Via>>,
    ) -> Option<Placed> {
        let (name, span) = match &node.value {
            Value::Map(entries) => match entries.iter().find(|(key, _)| key.text == TOGETHER) {
                Some((key, _)) => (key.text.as_str(), &key.span),
                None => match entries.first() {
                    Some((key, _)) => (key.text.as_str(), &key.span),
                    None => ("", &node.span),
                },
            },
            Value::Scalar(scalar) => (scalar.text.as_str(), &node.span),
            Value::List(_) | Value::Refused => ("", &node.span),
        };
        let why = match name {
            TOGETHER => Some("all within one `together` begin together already"),
            AWAIT => Some("what a step waits for is no beginning: `await` it after this step"),
            USE => Some("steps of a sequence come one after the other"),
            "hold" | "release" | "drop" | "delay" | "duplicate" | "reorder" | "corrupt"
            | "stall" | "mend" | "pause" | "resume" | "restart" | "kill-server" => Some(
                "what the tap or the server does is a step of its own, before or after this one",
            ),
            _ => None,
        };
        if let Some(why) = why {
            self.not_at_once(span, format!("`{name}`"), why);
            return None;
        }
        let placed = self.step(number, node, peers, via)?;
        let verb = placed.step.action.verb();
        match &placed.step.action {
            Action::Cut {
                how: Cut::Silence(_),
                ..
            } => {
                let why = "a silence is a step of its own, before or after this one";
                self.not_at_once(&placed.verb, "`cut` by silence".into(), why);
                return None;
            }
            Action::SendRaw {
                raw: Raw::Frame(_) | Raw::Upgrade { .. },
                ..
            } => {
                let why = "only a `text` can be gathered with the others";
                self.not_at_once(&placed.verb, "this `send-raw`".into(), why);
                return None;
            }
            Action::Second { .. } => {
                let why = "a second line is a step of its own, before or after this one";
                self.not_at_once(&placed.verb, "`second`".into(), why);
                return None;
            }
            Action::Retire { .. } => {
                let why = "older lines are closed by a step of its own, before or after this one";
                self.not_at_once(&placed.verb, "`older`".into(), why);
                return None;
            }
            _ if !AT_ONCE.iter().any(|row| row.name == verb) => {
                let names: Vec<&str> = AT_ONCE.iter().map(|row| row.name).collect();
                let why = format!("what can begin together: {}", names.join(", "));
                self.not_at_once(&placed.verb, format!("`{verb}`"), &why);
                return None;
            }
            _ => {}
        }
        if let Some(span) = placed.values.span(WITHIN.name) {
            self.mistakes
                .add(span, "a time of its own for one of the steps")
                .expect("all have the time of the step that holds them")
                .advise(format!("`{}:` stands beside `{TOGETHER}:`", WITHIN.name));
            return None;
        }
        Some(placed)
    }

    fn not_at_once(&mut self, span: &Span, what: String, why: &str) {
        self.mistakes
            .add(span, format!("{what} within `{TOGETHER}`"))
            .expect("it cannot begin together with others")
            .advise(why);
    }

    /// A number, a name, or names.
    fn share(
        &mut self,
        key: &'static str,
        node: &Node,
        peers: Option<&[String]>,
        values: &mut Values,
    ) -> Share {
        let shape = "a name, a list of names, or how many they are";
        if let Value::Scalar(scalar) = &node.value
            && let Some(number) = scalar.number()
        {
            let number = number
                .as_u64()
                .filter(|number| *number <= MAX_AT_ONCE as u64);
            let Some(number) = number else {
                node.wrong(&format!("a number up to {MAX_AT_ONCE}"), self.mistakes);
                return Share::Any;
            };
            values
                .0
                .push((key, Parsed::Number(number), node.span.clone()));
            return Share::Number(number as usize);
        }
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => one,
        };
        if items.is_empty() {
            node.wrong(shape, self.mistakes);
        }
        let mut names: Vec<(PeerName, Span)> = Vec::new();
        for item in items {
            let Some(text) = item.text(shape, self.mistakes) else {
                continue;
            };
            let as_key = Key {
                text: text.to_owned(),
                span: item.span.clone(),
            };
            let Some(name) = peer_name(&as_key, self.mistakes) else {
                continue;
            };
            let mut bound = values.0.iter().filter_map(|(_, value, _)| match value {
                Parsed::Peers(names) => Some(names),
                _ => None,
            });
            let here = names.iter().any(|(there, _)| *there == name)
                || bound.any(|names| names.iter().any(|(there, _)| *there == name));
            let known = peers.is_some_and(|peers| peers.iter().any(|peer| *peer == *text));
            if here || known {
                self.mistakes
                    .add(&item.span, format!("{} is somebody already", quoted(text)))
                    .expect("a new name")
                    .advise("who is let in and who is turned away is told by the run: each gets a name that nobody has");
                continue;
            }
            names.push((name, item.span.clone()));
        }
        let share = Share::Names(names.iter().map(|(name, _)| name.clone()).collect());
        values
            .0
            .push((key, Parsed::Peers(names), node.span.clone()));
        share
    }
}
