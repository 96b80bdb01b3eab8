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
            Value::Map(entries) if self.lacks_values(node, entries) => None,
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

    /// Notes keys with neither value nor colon: to YAML `{room}` is a mapping with the key `room`, and no hole.
    fn lacks_values(&mut self, node: &Node, entries: &[(Key, Node)]) -> bool {
        let bare = |(key, value): &&(Key, Node)| {
            let text = &self.mistakes.source().text;
            value.is_null() && !text[key.span.bytes.end..].trim_start().starts_with(':')
        };
        let lacking: Vec<&Key> = entries.iter().filter(bare).map(|(key, _)| key).collect();
        for key in &lacking {
            let name = &key.text;
            match entries {
                [_] => self
                    .mistakes
                    .add(
                        &node.span,
                        format!("`{{{name}}}` without quotes is a mapping, and no hole"),
                    )
                    .expect("expected a value: in YAML `{` begins a mapping")
                    .advise(format!("put it in quotes: `\"{{{name}}}\"`")),
                _ => self
                    .mistakes
                    .add(&key.span, format!("the key {} has no value", quoted(name)))
                    .expect("expected a value")
                    .advise(format!(
                        "write `{name}: \"{{…}}\"`, or `{name}: null` where it is nothing"
                    )),
            };
        }
        !lacking.is_empty()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::signaling::Dialect;

    /// What is wrong with a dialect that says an offer so, a line each.
    fn mistakes(message: &str) -> Vec<String> {
        let text = format!(
            "dialect: x\nconnect: {{ path: / }}\nsay:\n  offer: {{ message: {message} }}\n  answer: {{ message: {{ answer: \"{{sdp}}\" }} }}\n\
             hear:\n  offer: {{ message: {{ offer: \"{{sdp}}\" }} }}\n  answer: {{ message: {{ answer: \"{{sdp}}\" }} }}\n"
        );
        match Dialect::read(Path::new("x.yaml"), &text) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(|mistake| mistake.line()).collect(),
        }
    }

    #[test]
    fn a_hole_without_quotes_is_told_to_want_them() {
        for message in [
            "[1, {sdp}]",
            "[1, { sdp }]",
            "{ offer: {sdp} }",
            "{ offer: [{sdp}] }",
            "{sdp}",
            "{ $json: {sdp} }",
        ] {
            let told = mistakes(message);
            assert_eq!(told.len(), 1, "{message}: {told:?}");
            assert!(
                told[0].contains("`{sdp}` without quotes is a mapping, and no hole"),
                "{told:?}"
            );
            assert!(
                told[0].contains("put it in quotes: `\"{sdp}\"`"),
                "{told:?}"
            );
        }
        let told = mistakes("{ offer: {sdp|json} }");
        assert!(
            told[0].contains("put it in quotes: `\"{sdp|json}\"`"),
            "{told:?}"
        );
        let told = mistakes("{ type: offer, sdp }");
        assert!(told[0].contains("the key `sdp` has no value"), "{told:?}");
    }

    #[test]
    fn nothing_may_be_written_as_a_value() {
        for message in [
            "{ offer: \"{sdp}\", to: null }",
            "{ offer: \"{sdp}\", to: ~ }",
            "{ offer: \"{sdp}\", to: }",
            "{ offer: \"{sdp}\", to : }",
            "{ offer: \"{sdp}\", \"to\": }",
            "{ offer: \"{sdp}\", of: {} }",
        ] {
            assert_eq!(mistakes(message), Vec::<String>::new(), "{message}");
        }
    }
}
