//! From a node to a template.

use serde_json::Value as Json;

use super::template::{self, Entry, Piece, Template};
use crate::mistake::{Mistakes, quoted};
use crate::yaml::{Key, Node, Scalar, Value};

/// Reads templates that may use certain variables.
pub(super) struct Templates<'a> {
    pub mistakes: &'a mut Mistakes,
    pub variables: &'a [&'a str],
    /// Whether it is only ever matched: then `{_}`, `$all`, `$each` and `$keys` are allowed.
    pub pattern: bool,
    /// Whether every name may be captured.
    pub any: bool,
}

impl Templates<'_> {
    pub(super) fn template(&mut self, node: &Node) -> Option<Template> {
        match &node.value {
            Value::Refused => None,
            Value::Scalar(scalar) => self.scalar(node, scalar),
            Value::List(items) => {
                let items: Vec<Option<Template>> =
                    items.iter().map(|item| self.template(item)).collect();
                items.into_iter().collect::<Option<_>>().map(Template::List)
            }
            Value::Map(entries) => match entries.as_slice() {
                [(key, inner)] if key.text == "$json" => self
                    .template(inner)
                    .map(|inner| Template::Json(Box::new(inner))),
                [(key, inner)] if key.text == "$all" => self.all(key, inner),
                [(key, inner)] if key.text == "$each" && self.hears(key) => {
                    let inner = self.template(inner)?;
                    Some(Template::Each(Box::new(inner)))
                }
                [(key, inner)] if key.text == "$keys" && self.hears(key) => self.keys(inner),
                [(key, _)] if matches!(key.text.as_str(), "$each" | "$keys") => None,
                _ => self.map(entries),
            },
        }
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar) -> Option<Template> {
        if let Some(text) = scalar.text() {
            return Some(match <[Piece; 1]>::try_from(self.pieces(node, text)?) {
                Ok([Piece::Hole(hole)]) => Template::Hole(hole),
                Ok([Piece::Literal(text)]) => Template::Value(Json::String(text)),
                Err(pieces) if pieces.is_empty() => Template::Value(Json::String(String::new())),
                Err(pieces) => Template::Text(pieces),
            });
        }
        let value = scalar
            .flag()
            .map(Json::Bool)
            .or_else(|| scalar.number().map(Json::Number))
            .or_else(|| scalar.is_null().then_some(Json::Null));
        if value.is_none() {
            node.wrong(
                "JSON: text, a number, `true`, `false` or `null`",
                self.mistakes,
            );
        }
        value.map(Template::Value)
    }

    fn map(&mut self, entries: &[(Key, Node)]) -> Option<Template> {
        let mut whole = true;
        let mut read = Vec::new();
        for (key, node) in entries {
            if key.text.starts_with('$') && !key.text.starts_with("$$") {
                let mistake = self.mistakes.add(
                    &key.span,
                    format!("{} does not fit here", quoted(&key.text)),
                );
                mistake.expect(
                    "expected an ordinary key, or `$json`, `$all`, `$each` or `$keys` alone",
                );
                mistake.suggest(&key.text, ["$json", "$all", "$each", "$keys"]);
                whole = false;
                continue;
            }
            let name = key.text.strip_prefix('$').unwrap_or(&key.text);
            let (name, optional) = match name.strip_suffix('?') {
                Some(name) => (name, true),
                None => (name, false),
            };
            match self.template(node) {
                Some(value) => read.push(Entry {
                    key: name.to_owned(),
                    optional,
                    value,
                }),
                None => whole = false,
            }
        }
        whole.then_some(Template::Map(read))
    }

    /// Whether this is a place for what is only ever heard.
    fn hears(&mut self, key: &Key) -> bool {
        if !self.pattern {
            self.mistakes
                .add(&key.span, format!("`{}` is for hearing", key.text))
                .expect("nothing says how many there would be");
        }
        self.pattern
    }

    fn keys(&mut self, node: &Node) -> Option<Template> {
        match self.template(node)? {
            Template::Hole(hole) if hole.filter.is_none() => Some(Template::Keys(hole)),
            _ => {
                node.wrong(
                    "one lone hole, for the list of keys: `\"{members}\"`",
                    self.mistakes,
                );
                None
            }
        }
    }

    fn all(&mut self, key: &Key, node: &Node) -> Option<Template> {
        if !self.pattern {
            self.mistakes
                .add(&key.span, "`$all` is for hearing")
                .expect("only one thing can be said");
            return None;
        }
        let items = node.list("a list of patterns", self.mistakes)?;
        let items: Vec<Option<Template>> = items.iter().map(|item| self.template(item)).collect();
        items.into_iter().collect::<Option<_>>().map(Template::All)
    }

    pub(super) fn pieces(&mut self, node: &Node, text: &str) -> Option<Vec<Piece>> {
        let pieces = match template::cut(text) {
            Ok(pieces) => pieces,
            Err(why) => {
                self.mistakes
                    .add(&node.span, why)
                    .expect("this text has holes")
                    .advise("`{x}` is a hole; for the braces themselves write `{{` and `}}`");
                return None;
            }
        };
        let mut fine = true;
        for hole in template::text_holes(&pieces) {
            let wild = hole.name == "_" && self.pattern;
            if wild || self.any || self.variables.contains(&hole.name.as_str()) {
                continue;
            }
            fine = false;
            if hole.name == "_" {
                self.mistakes
                    .add(&node.span, "`{_}` is for hearing")
                    .expect("nothing says what to put here");
                continue;
            }
            let names: Vec<String> = self
                .variables
                .iter()
                .map(|name| format!("{{{name}}}"))
                .collect();
            self.mistakes
                .add(&node.span, format!("`{{{}}}` is not known here", hole.name))
                .expect(format!("known: {}", names.join(", ")))
                .suggest(&hole.name, self.variables.iter().copied());
        }
        fine.then_some(pieces)
    }
}
