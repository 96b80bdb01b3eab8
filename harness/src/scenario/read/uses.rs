//! `use:` — the steps of a sequence in the place of one step. They are put in one after the other, each with its place in the sequences
//! file, so whatever is wrong stands where it is written, and tells which `use` led there.

use std::sync::Arc;

use super::placeholders::Values;
use super::sequences::{FILE_NAME, Sequence, Sequences};
use super::{Placed, Reader};
use crate::mistake::{nearest, quoted};
use crate::scenario::model::{Action, Use, Via};
use crate::scenario::table::{MAX_NESTED, MAX_STEPS, MAX_VALUE, SEQUENCE, USE};
use crate::scenario::value::no_peer;
use crate::source::Span;
use crate::yaml::{Key, Node, Value};

/// The steps of a scenario, as far as they are read.
#[derive(Default)]
pub(super) struct Steps {
    pub placed: Vec<Placed>,
    number: usize,
    /// A `use` led nowhere, so nobody knows how many there are.
    is_open: bool,
    /// There are too many, and that is said.
    is_full: bool,
    /// Names that outcomes have bound so far.
    bound: Vec<String>,
}

impl Steps {
    /// How many there are, the unreadable ones included; the largest number if that cannot be said.
    pub(super) fn count(&self) -> usize {
        if self.is_open {
            usize::MAX
        } else {
            self.number
        }
    }
}

/// One `use`, as it is written.
struct Call<'n> {
    name: &'n str,
    span: &'n Span,
    arguments: Vec<&'n (Key, Node)>,
}

impl<'m> Reader<'m> {
    pub(super) fn steps(&mut self, node: &Node, peers: Option<&[String]>) -> Steps {
        let items = node
            .list(
                "a list of steps: `- create: { peer: alice, room: lobby }`",
                self.mistakes,
            )
            .unwrap_or_default();
        if items.is_empty() && matches!(node.value, Value::List(_)) {
            node.wrong("at least one step", self.mistakes);
        }
        let mut steps = Steps::default();
        for item in items {
            self.item(item, peers, &mut steps, None);
        }
        steps
    }

    /// A step, or the steps of a sequence in its place.
    pub(super) fn item(
        &mut self,
        node: &Node,
        peers: Option<&[String]>,
        steps: &mut Steps,
        via: Option<&Arc<Via>>,
    ) {
        if steps.is_full {
            return;
        }
        match used(node) {
            Some((place, body)) => {
                if self.unfold(place, body, peers, steps, via).is_none() {
                    // It counts as a step, so that no file can have endlessly many.
                    steps.is_open = true;
                    self.count(steps, place, via);
                }
            }
            None => {
                if self.count(steps, &node.span, via) {
                    let names = peers.map(|peers| [peers, &steps.bound].concat());
                    let placed = self.step(steps.number, node, names.as_deref(), via);
                    if let Some(Action::Together(together)) =
                        placed.as_ref().map(|placed| &placed.step.action)
                    {
                        let names = together.names().map(|name| name.as_str().to_owned());
                        let bound = steps.bound.len();
                        steps.bound.extend(names);
                        for name in &steps.bound[bound..] {
                            let help = format!(
                                "step {} binds that name: it can be used after it",
                                steps.number
                            );
                            self.mistakes.advise_on(&no_peer(name), &help);
                        }
                        if bound < steps.bound.len() {
                            let asked = together.open().filter_map(|(_, action)| action.actor());
                            self.renamed
                                .extend(asked.map(|peer| peer.as_str().to_owned()));
                        }
                    }
                    steps.placed.extend(placed);
                }
            }
        }
    }

    /// One more step; `false` if it is one too many, which is noted in the scenario's own file.
    fn count(&mut self, steps: &mut Steps, place: &Span, via: Option<&Arc<Via>>) -> bool {
        steps.number += 1;
        steps.is_full = steps.number > MAX_STEPS;
        if steps.is_full {
            self.mistakes.leave();
            let span = via.and_then(|via| via.uses.first());
            self.mistakes
                .add(
                    span.map_or(place, |first| &first.span),
                    format!("more than {MAX_STEPS} steps"),
                )
                .expect(format!(
                    "at most {MAX_STEPS}, with those that sequences put in"
                ));
        }
        !steps.is_full
    }

    /// Puts the steps of a sequence in. `None` if that cannot be done; the mistake is noted.
    fn unfold(
        &mut self,
        place: &Span,
        body: Option<&Node>,
        peers: Option<&[String]>,
        steps: &mut Steps,
        via: Option<&Arc<Via>>,
    ) -> Option<()> {
        let call = self.call(place, body)?;
        let (sequences, sequence) = self.sequence(&call, via)?;
        let arguments = self.arguments(&call, sequence)?;
        let mut uses = via.map(|via| via.uses.clone()).unwrap_or_default();
        if let Some(at) = uses.iter().position(|one| one.sequence == call.name) {
            let circle = uses[at..].iter().map(|one| one.sequence.as_str());
            let circle: Vec<&str> = circle.chain([call.name]).collect();
            self.mistakes
                .add(call.span, format!("{} uses itself", quoted(call.name)))
                .expect(circle.join(" → "));
            return None;
        }
        if uses.len() >= MAX_NESTED {
            self.mistakes
                .add(call.span, format!("more than {MAX_NESTED} sequences deep"))
                .expect("sequences may not use each other deeper");
            return None;
        }
        uses.push(Use {
            sequence: call.name.to_owned(),
            span: place.clone(),
        });
        let inner = Arc::new(Via {
            source: sequences.source().clone(),
            uses,
        });
        for node in &sequence.steps {
            if steps.is_full {
                break;
            }
            let mut node = node.clone();
            arguments.put_into(&mut node);
            self.enter(Some(&inner));
            self.item(&node, peers, steps, Some(&inner));
        }
        self.enter(via);
        Some(())
    }

    /// Mistakes from now on are in the file of this sequence, or in the scenario's.
    fn enter(&mut self, via: Option<&Arc<Via>>) {
        match via.filter(|via| !Arc::ptr_eq(&via.source.text, &self.source.text)) {
            Some(via) => self
                .mistakes
                .enter(&via.source, Some(via.used_in(&self.source))),
            None => self.mistakes.leave(),
        }
    }

    /// What a `use` says.
    fn call<'n>(&mut self, place: &'n Span, body: Option<&'n Node>) -> Option<Call<'n>> {
        let shape = "the name of a sequence, or `{ sequence: name, … }`";
        let Some(body) = body.filter(|body| !body.is_null()) else {
            self.mistakes
                .add(place, format!("`{USE}` does not say what"))
                .expect(format!("expected {shape}"));
            return None;
        };
        let Value::Map(entries) = &body.value else {
            return Some(Call {
                name: body.text(shape, self.mistakes)?,
                span: &body.span,
                arguments: Vec::new(),
            });
        };
        let Some((_, name)) = entries.iter().find(|(key, _)| key.text == SEQUENCE) else {
            self.mistakes
                .add(place, format!("`{USE}` needs the key `{SEQUENCE}`"))
                .expect("incomplete")
                .advise(format!("write it as: `{USE}: {{ {SEQUENCE}: name, … }}`"));
            return None;
        };
        let others = entries.iter().filter(|(key, _)| key.text != SEQUENCE);
        Some(Call {
            name: name.text(shape, self.mistakes)?,
            span: &name.span,
            arguments: others.collect(),
        })
    }

    /// The sequence that is meant, if it is there and can be read.
    fn sequence(
        &mut self,
        call: &Call<'_>,
        via: Option<&Arc<Via>>,
    ) -> Option<(&'m Sequences, &'m Sequence)> {
        let Some(sequences) = self.sequences else {
            self.mistakes
                .add(
                    call.span,
                    format!("there is no sequence {}", quoted(call.name)),
                )
                .expect(format!("no `{FILE_NAME}` stands beside this file"));
            return None;
        };
        let found = sequences.find(call.name);
        let wrong = match found {
            Some(sequence) if sequences.wrong().is_empty() => &sequence.wrong,
            _ => sequences.wrong(),
        };
        if !wrong.is_empty() {
            // On its own the file tells them itself.
            let at = match via {
                Some(via) => via.used_in(&self.source),
                None => format!("{}:{}", self.source.path.display(), call.span.line),
            };
            if !Arc::ptr_eq(&sequences.source().text, &self.source.text) {
                for mistake in wrong.iter() {
                    self.mistakes.keep(mistake.clone().used(&at));
                }
            }
            return None;
        }
        if found.is_none() {
            let names = || sequences.names();
            self.mistakes
                .add(
                    call.span,
                    format!("there is no sequence {}", quoted(call.name)),
                )
                .expect(format!(
                    "`{FILE_NAME}` has: {}",
                    names().collect::<Vec<_>>().join(", ")
                ))
                .suggest(call.name, names());
        }
        found.map(|sequence| (sequences, sequence))
    }

    /// The values that a `use` gives to the parameters of its sequence.
    fn arguments(&mut self, call: &Call<'_>, sequence: &Sequence) -> Option<Values> {
        let known = || sequence.parameters.iter().map(String::as_str);
        let mut values = Values::default();
        let mut meant = Vec::new();
        let before = self.mistakes.len();
        let given = |name: &str| call.arguments.iter().any(|(key, _)| key.text == name);
        for (key, node) in &call.arguments {
            if !known().any(|name| name == key.text) {
                meant.extend(nearest(&key.text, known()));
                let names = known().collect::<Vec<_>>().join(", ");
                let found = format!(
                    "{} has no parameter {}",
                    quoted(call.name),
                    quoted(&key.text)
                );
                self.mistakes
                    .add(&key.span, found)
                    .expect(match names.as_str() {
                        "" => "it has none".to_owned(),
                        names => format!("its parameters: {names}"),
                    })
                    .suggest_key(&key.text, known(), given);
                continue;
            }
            match node.scalar().filter(|scalar| !scalar.is_null()) {
                Some(scalar) if scalar.text.len() <= MAX_VALUE => {
                    values.insert(key.text.clone(), scalar.clone());
                }
                Some(scalar) => {
                    self.mistakes
                        .add(
                            &node.span,
                            format!("this value has {} bytes", scalar.text.len()),
                        )
                        .expect(format!("at most {MAX_VALUE}"));
                }
                None => node.wrong("a word, a number or a flag", self.mistakes),
            }
        }
        for name in known().filter(|name| !given(name) && !meant.contains(name)) {
            self.mistakes
                .add(
                    call.span,
                    format!("{} needs the parameter `{name}`", quoted(call.name)),
                )
                .expect("incomplete")
                .advise(format!(
                    "write it as: `{USE}: {{ {SEQUENCE}: {}, {name}: … }}`",
                    call.name
                ));
        }
        (self.mistakes.len() == before).then_some(values)
    }
}

/// Where a step says `use`, and what it says of it.
fn used(node: &Node) -> Option<(&Span, Option<&Node>)> {
    match &node.value {
        Value::Scalar(scalar) if scalar.text == USE => Some((&node.span, None)),
        Value::Map(entries) => match entries.as_slice() {
            [(key, body)] if key.text == USE => Some((&key.span, Some(body))),
            _ => None,
        },
        _ => None,
    }
}
