//! The tree.

use crate::mistake::{Mistakes, quoted};
use crate::source::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// From its first character to its last.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// A key with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key alone.
    pub span: Span,
    /// The key, unquoted.
    pub text: String,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One word, number or text.
    Scalar(Scalar),
    /// `- …` or `[…]`
    List(Vec<Node>),
    /// `key: …` or `{…}`; no key twice.
    Map(Vec<(Key, Node)>),
    /// Something refused; its mistake is already noted, so nobody complains again.
    Refused,
}

/// A scalar, after unquoting.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// Written without quotes, so that `5`, `true` and `null` mean more than text (YAML 1.2.2, section 10.3).
    pub plain: bool,
    /// Written as a block literal (`|`).
    pub literal: bool,
}

impl Scalar {
    /// Whether it is written as the null, or left out.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// `true` or `false`, and nothing else.
    pub fn flag(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" if self.plain => Some(true),
            "false" if self.plain => Some(false),
            _ => None,
        }
    }

    /// A number as JSON has it.
    pub fn number(&self) -> Option<serde_json::Number> {
        if !self.plain
            || !self
                .text
                .starts_with(|c: char| c.is_ascii_digit() || c == '-')
        {
            return None;
        }
        serde_json::from_str(&self.text).ok()
    }

    /// Text: quoted, literal, or plain and neither number, flag nor null.
    pub fn text(&self) -> Option<&str> {
        let other = self.plain
            && (self.is_null()
                || self.flag().is_some()
                || self.number().is_some()
                || matches!(self.text.as_str(), "True" | "TRUE" | "False" | "FALSE"));
        (!other).then_some(&self.text)
    }
}

impl Node {
    /// What it is, in words: `a list`, `the number 5`.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
            Value::Refused => "something refused".into(),
            Value::Scalar(scalar) if scalar.is_null() => "nothing".into(),
            Value::Scalar(scalar) if scalar.number().is_some() => {
                format!("the number {}", quoted(&scalar.text))
            }
            Value::Scalar(scalar) if scalar.text().is_none() => quoted(&scalar.text),
            Value::Scalar(scalar) => format!("the text {}", quoted(&scalar.text)),
        }
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether nothing is written here.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// Whether a mistake is already noted for it.
    pub fn is_refused(&self) -> bool {
        self.value == Value::Refused
    }

    /// Notes that something else was expected. Says nothing if a mistake is noted already.
    pub fn wrong(&self, expected: &str, mistakes: &mut Mistakes) {
        if self.is_refused() {
            return;
        }
        let mistake = mistakes.add(&self.span, format!("{} does not fit here", self.kind()));
        mistake.expect(format!("expected {expected}"));
        if let Value::Scalar(scalar) = &self.value
            && !scalar.is_null()
            && scalar.text().is_none()
            && expected.contains("text")
        {
            mistake.advise(format!(
                "put it in quotes: \"{}\"",
                crate::mistake::shown(&scalar.text)
            ));
        }
    }

    /// Text that is not empty; a mistake otherwise.
    pub fn text(&self, expected: &str, mistakes: &mut Mistakes) -> Option<&str> {
        match self.scalar().and_then(Scalar::text) {
            Some(text) => Some(text),
            None => {
                self.wrong(expected, mistakes);
                None
            }
        }
    }

    /// `true` or `false`; a mistake otherwise.
    pub fn flag(&self, mistakes: &mut Mistakes) -> Option<bool> {
        let flag = self.scalar().and_then(Scalar::flag);
        if flag.is_none() {
            self.wrong("`true` or `false`", mistakes);
        }
        flag
    }

    /// The entries of a mapping; nothing counts as an empty one. A mistake otherwise.
    pub fn map(&self, expected: &str, mistakes: &mut Mistakes) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Scalar(scalar) if scalar.is_null() => Some(&[]),
            _ => {
                self.wrong(expected, mistakes);
                None
            }
        }
    }

    /// The items of a list; a mistake otherwise.
    pub fn list(&self, expected: &str, mistakes: &mut Mistakes) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => {
                self.wrong(expected, mistakes);
                None
            }
        }
    }
}
