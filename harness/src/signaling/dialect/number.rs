//! The number of a request, which its answer repeats: as it stands in a message.

use serde_json::Value as Json;

use super::template::{Template, Variables};
use super::{Body, Framing};

/// The variable that is another one in each request, and that its answer repeats.
pub(super) const NUMBER: &str = "number";

/// A longer one ties nothing to anything.
const LONGEST: usize = 64;

/// A number as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its letters.
    pub text: String,
    /// What it stands there as, where that is all that stands there: within a text anything is text.
    pub form: Option<Form>,
}

/// What a number stands in JSON as. Who looks up `"7"` finds nothing that he has put under 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Number,
    Text,
}

impl Number {
    /// Whether a message that has it repeats what was said in that form.
    pub fn repeats(&self, said: Option<Form>) -> bool {
        self.form.zip(said).is_none_or(|(own, said)| own == said)
    }

    /// As a record has it: a text that could as well be a number stands in quotation marks.
    pub fn recorded(&self, form: Option<Form>) -> String {
        let is_number = || serde_json::from_str::<serde_json::Number>(&self.text).is_ok();
        match form {
            Some(Form::Text) if is_number() => Json::from(self.text.as_str()).to_string(),
            _ => self.text.clone(),
        }
    }
}

/// The number that a message of this form has, by which an answer is known; one that is longer than any is none.
pub(super) fn number_in(captured: &Variables<'_>, body: &Body, framing: Framing) -> Option<Number> {
    let text = captured.id(NUMBER)?;
    // What is JSON only here says nothing of the wire.
    let is_json = matches!(framing, Framing::Json | Framing::SocketIo(_));
    let alone = match body {
        Body::Template(template) => stands_alone(template),
        Body::None => false,
    };
    let form = (is_json && alone).then(|| match captured.get(NUMBER) {
        Some(Json::Number(_)) => Form::Number,
        _ => Form::Text,
    });
    (text.len() <= LONGEST).then_some(Number { text, form })
}

/// Whether it has the number for a value by itself.
fn stands_alone(template: &Template) -> bool {
    match template {
        Template::Hole(hole) => hole.name == NUMBER && hole.filter.is_none(),
        Template::List(items) | Template::All(items) => items.iter().any(stands_alone),
        Template::Map(entries) => entries.iter().any(|entry| stands_alone(&entry.value)),
        Template::Json(inner) | Template::Each(inner) => stands_alone(inner),
        Template::Value(_) | Template::Text(_) | Template::Keys(_) => false,
    }
}
