//! Templates: one form that both writes a message and recognises it.
//!
//! A text that is one lone `{x}` stands for the value itself, whatever its type. Within longer text a value stands as text.
//! `{x|url}` is percent-encoded, `{x|json}` is JSON inside a text, `{x|base64}` is base64, `{x|digest}` is twenty characters that are the same for the same
//! value. `{_}` matches anything. `{{` and `}}` are braces. In
//! objects, `key?` may be missing, and `$json: …` is JSON inside a text. Patterns alone have `$all: […]`, which must match every one, `$each: …`,
//! which every item of a list matches, and `$keys: "{x}"`, the keys of an object. Patterns ask for a subset of an object's keys and for the
//! beginning of a list.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

pub(crate) use super::filter::{Filter, plain};

/// Values by name. What a template captures stays where it is: most templates do not fit, and a description is long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables<'a>(Vec<(Cow<'a, str>, Cow<'a, Json>)>);

impl<'a> Variables<'a> {
    /// The value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0
            .iter()
            .find(|(there, _)| there == name)
            .map(|(_, value)| &**value)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first so many.
    pub(crate) fn forget(&mut self, kept: usize) {
        self.0.truncate(kept);
    }

    /// The value of this name, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The value of this name as an id: text, or a number as text.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        id_text(self.get(name)?)
    }

    /// What was captured beyond the first so many, by name.
    pub(crate) fn captured(&self, known: usize) -> impl Iterator<Item = (&str, &Json)> {
        let captured = self.0.get(known..).unwrap_or_default();
        captured.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds a value.
    pub(crate) fn set(&mut self, name: &'a str, value: impl Into<Json>) {
        self.0.push((Cow::Borrowed(name), Cow::Owned(value.into())));
    }

    /// Adds a value under a name of its own.
    pub(crate) fn put(&mut self, name: &str, value: Json) {
        self.0
            .push((Cow::Owned(name.to_owned()), Cow::Owned(value)));
    }

    /// Puts a value in the place of the one of this name; `None` takes it away.
    pub(crate) fn replace(&mut self, name: &'a str, value: Option<Json>) {
        self.0.retain(|(there, _)| there != name);
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Puts a value in the place of the one of this name, under a name of its own.
    pub(crate) fn know(&mut self, name: &str, value: Json) {
        self.0.retain(|(there, _)| there != name);
        self.put(name, value);
    }

    /// Adds this to the end of a value that is text.
    pub(crate) fn extend(&mut self, name: &str, ending: &str) {
        let value = self.0.iter_mut().find(|(there, _)| there == name);
        if let Some((_, value)) = value
            && let Some(text) = value.as_str()
        {
            *value = Cow::Owned(Json::String(format!("{text}{ending}")));
        }
    }

    /// Binds a value: a name that is bound already must have the same one.
    fn bind(&mut self, name: &'a str, value: Cow<'a, Json>) -> bool {
        if name == "_" {
            return true;
        }
        match self.get(name) {
            Some(there) => *there == *value,
            None => {
                self.0.push((Cow::Borrowed(name), value));
                true
            }
        }
    }

    /// Matches every item, each by itself; what they capture becomes a list.
    fn collect(&mut self, template: &'a Template, items: &[Json]) -> bool {
        let known = self.count();
        let holes = template.holes();
        let names: Vec<&'a str> = (holes.iter())
            .map(|hole| hole.name.as_str())
            .filter(|name| *name != "_" && self.get(name).is_none())
            .collect();
        let mut lists: Vec<Vec<Json>> = vec![Vec::new(); names.len()];
        for item in items {
            let matched = self.matches_within(template, item);
            if matched {
                for (name, list) in names.iter().zip(&mut lists) {
                    list.extend(self.get(name).cloned());
                }
            }
            self.forget(known);
            if !matched {
                return false;
            }
        }
        for (name, list) in names.into_iter().zip(lists) {
            self.set(name, Json::Array(list));
        }
        true
    }

    /// Matches a value that does not live as long as these do: what is captured of it is copied.
    fn matches_within(&mut self, template: &'a Template, value: &Json) -> bool {
        let mut inner: Variables<'_> = self.clone();
        let matched = template.matches(value, &mut inner);
        let found: Vec<_> = inner
            .0
            .drain(self.count()..)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        for (name, value) in found {
            self.0.push((Cow::Owned(name), Cow::Owned(value)));
        }
        matched
    }
}

/// `{name|filter}`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hole {
    pub name: String,
    pub filter: Option<Filter>,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Literal(String),
    Hole(Hole),
}

/// One key of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub optional: bool,
    pub value: Template,
}

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    /// A number, a flag, null, or text without holes.
    Value(Json),
    /// A lone `{x}`.
    Hole(Hole),
    /// Text with holes.
    Text(Vec<Piece>),
    List(Vec<Template>),
    Map(Vec<Entry>),
    /// `$json`
    Json(Box<Template>),
    /// `$all`
    All(Vec<Template>),
    /// `$each`: what each item captures becomes a list.
    Each(Box<Template>),
    /// `$keys`: the keys of an object, as a list.
    Keys(Hole),
}

/// The name of a variable that has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub String);

impl Template {
    /// The value, all holes filled.
    ///
    /// # Errors
    /// The first variable without a value.
    pub(crate) fn fill(&self, variables: &Variables<'_>) -> Result<Json, Missing> {
        Ok(match self {
            Template::Value(value) => value.clone(),
            Template::Hole(hole) => hole.fill(variables)?,
            Template::Text(pieces) => Json::String(fill_text(pieces, variables)?),
            Template::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| item.fill(variables))
                    .collect::<Result<_, _>>()?,
            ),
            Template::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    match entry.value.fill(variables) {
                        Ok(value) => {
                            map.insert(entry.key.clone(), value);
                        }
                        Err(_) if entry.optional => {}
                        Err(missing) => return Err(missing),
                    }
                }
                Json::Object(map)
            }
            Template::Json(inner) => Json::String(inner.write(variables)?),
            Template::All(all) => match all.first() {
                Some(first) => first.fill(variables)?,
                None => Json::Null,
            },
            // Patterns alone; the reader lets them in nowhere else.
            Template::Each(_) | Template::Keys(_) => Json::Null,
        })
    }

    /// The value as JSON text, keys in the order of the template.
    ///
    /// # Errors
    /// The first variable without a value.
    pub(crate) fn write(&self, variables: &Variables<'_>) -> Result<String, Missing> {
        Ok(match self {
            Template::Map(entries) => {
                let mut out = Vec::new();
                for entry in entries {
                    match entry.value.write(variables) {
                        Ok(value) => {
                            out.push(format!("{}:{value}", Json::from(entry.key.as_str())))
                        }
                        Err(_) if entry.optional => {}
                        Err(missing) => return Err(missing),
                    }
                }
                format!("{{{}}}", out.join(","))
            }
            Template::List(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| item.write(variables)).collect();
                format!("[{}]", items?.join(","))
            }
            other => other.fill(variables)?.to_string(),
        })
    }

    /// Whether a value has this form; captures go into `variables`, which may hold half of them after a mismatch.
    pub(crate) fn matches<'a>(&'a self, value: &'a Json, variables: &mut Variables<'a>) -> bool {
        match self {
            Template::Value(literal) => same(literal, value),
            Template::Hole(hole) => hole.matches(value, variables),
            Template::Text(pieces) => value
                .as_str()
                .is_some_and(|text| matches_text(pieces, text, variables)),
            Template::List(items) => value.as_array().is_some_and(|values| {
                values.len() >= items.len()
                    && items
                        .iter()
                        .zip(values)
                        .all(|(item, value)| item.matches(value, variables))
            }),
            Template::Map(entries) => value.as_object().is_some_and(|map| {
                entries.iter().all(|entry| match map.get(&entry.key) {
                    Some(value) => entry.value.matches(value, variables),
                    None => entry.optional,
                })
            }),
            Template::Json(inner) => value
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
                .is_some_and(|value: Json| variables.matches_within(inner, &value)),
            Template::All(all) => all.iter().all(|one| one.matches(value, variables)),
            Template::Each(inner) => value
                .as_array()
                .is_some_and(|items| variables.collect(inner, items)),
            Template::Keys(hole) => value.as_object().is_some_and(|map| {
                let keys: Vec<Json> = map.keys().map(|key| Json::from(key.as_str())).collect();
                variables.bind(&hole.name, Cow::Owned(Json::Array(keys)))
            }),
        }
    }

    /// Whether something below all of it holds holes: a list, or an object.
    pub(crate) fn holds_holes(&self) -> bool {
        let holds = |inner: &Template| {
            matches!(inner, Template::List(_) | Template::Map(_)) && !inner.holes().is_empty()
        };
        match self {
            Template::List(items) => items.iter().any(holds),
            Template::Map(entries) => entries.iter().any(|entry| holds(&entry.value)),
            _ => false,
        }
    }

    /// Every hole in it.
    pub(crate) fn holes(&self) -> Vec<&Hole> {
        match self {
            Template::Value(_) => Vec::new(),
            Template::Hole(hole) => vec![hole],
            Template::Text(pieces) => text_holes(pieces),
            Template::List(items) | Template::All(items) => {
                items.iter().flat_map(Template::holes).collect()
            }
            Template::Map(entries) => entries
                .iter()
                .flat_map(|entry| entry.value.holes())
                .collect(),
            Template::Json(inner) | Template::Each(inner) => inner.holes(),
            Template::Keys(hole) => vec![hole],
        }
    }
}

impl Hole {
    fn fill(&self, variables: &Variables<'_>) -> Result<Json, Missing> {
        let value = variables
            .get(&self.name)
            .ok_or_else(|| Missing(self.name.clone()))?;
        Ok(match self.filter {
            None => value.clone(),
            Some(filter) => Json::String(filter.apply(value)),
        })
    }

    fn matches<'a>(&'a self, value: &'a Json, variables: &mut Variables<'a>) -> bool {
        match self.filter {
            None => variables.bind(&self.name, Cow::Borrowed(value)),
            Some(_) => value
                .as_str()
                .is_some_and(|text| self.matches_text(text, variables)),
        }
    }

    fn matches_text<'a>(&'a self, text: &str, variables: &mut Variables<'a>) -> bool {
        if self.name == "_" && self.filter.is_none() {
            return true;
        }
        // A number that is known stands there as text.
        if let Some(known @ Json::Number(_)) = variables.get(&self.name) {
            return match self.filter {
                None => plain(known) == text,
                Some(filter) => filter.apply(known) == text,
            };
        }
        let value = match self.filter {
            None => Some(Json::from(text)),
            // Nothing leads back from it: it is that of what is known, or anything where nothing is.
            Some(Filter::Digest) => {
                let known = variables.get(&self.name);
                return known.is_none_or(|known| Filter::Digest.apply(known) == text);
            }
            Some(filter) => filter.undo(text),
        };
        value.is_some_and(|value| {
            let value = self.whole(value);
            variables.bind(&self.name, Cow::Owned(value))
        })
    }

    /// A candidate is an object, which within a text stands as JSON.
    fn whole(&self, value: Json) -> Json {
        let text = value.as_str().filter(|_| self.name == "candidate");
        let object: Option<Json> = text.and_then(|text| serde_json::from_str(text).ok());
        object.filter(Json::is_object).unwrap_or(value)
    }
}

/// Text, all holes filled.
///
/// # Errors
/// The first variable without a value.
pub(crate) fn fill_text(pieces: &[Piece], variables: &Variables<'_>) -> Result<String, Missing> {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Hole(hole) => out.push_str(&plain(&hole.fill(variables)?)),
        }
    }
    Ok(out)
}

/// Whether a text has this form. A hole takes as little as it can; the end is the end.
pub(crate) fn matches_text<'a>(
    pieces: &'a [Piece],
    text: &str,
    variables: &mut Variables<'a>,
) -> bool {
    let mut rest = text;
    let mut open: Option<&Hole> = None;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Hole(hole) => open = Some(hole),
            Piece::Literal(literal) => {
                let at = match open {
                    None if rest.starts_with(literal.as_str()) => Some(0),
                    None => None,
                    Some(_) if index + 1 == pieces.len() => rest
                        .ends_with(literal.as_str())
                        .then(|| rest.len() - literal.len()),
                    Some(_) => rest.find(literal.as_str()),
                };
                let Some(at) = at else { return false };
                if let Some(hole) = open.take()
                    && !hole.matches_text(&rest[..at], variables)
                {
                    return false;
                }
                rest = &rest[at + literal.len()..];
            }
        }
    }
    match open {
        Some(hole) => hole.matches_text(rest, variables),
        None => rest.is_empty(),
    }
}

/// Every hole in a text.
pub(crate) fn text_holes(pieces: &[Piece]) -> Vec<&Hole> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Literal(_) => None,
        })
        .collect()
}

/// Cuts a text at its holes.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn cut(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err("a `}` that closes nothing".into());
        }
        let Some(end) = rest.find('}') else {
            return Err("a `{` that is never closed".into());
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        } else if matches!(pieces.last(), Some(Piece::Hole(_))) {
            return Err("two holes side by side: nobody could tell where one ends".into());
        }
        pieces.push(Piece::Hole(hole(&rest[..end])?));
        rest = &rest[end + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn hole(text: &str) -> Result<Hole, String> {
    let (name, filter) = match text.split_once('|') {
        None => (text, None),
        Some((name, filter)) => (name, Some(Filter::named(filter)?)),
    };
    let fine = name == "_"
        || (name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    if !fine {
        return Err(format!(
            "{} cannot be the name of a variable",
            crate::mistake::quoted(name)
        ));
    }
    Ok(Hole {
        name: name.to_owned(),
        filter,
    })
}

/// An id as text: servers give text or numbers.
pub(crate) fn id_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(whole(number).unwrap_or_else(|| number.to_string())),
        _ => None,
    }
}

/// Up to here a double holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number that is written as a double: `7.0`.
fn whole(number: &serde_json::Number) -> Option<String> {
    let value = number.as_f64().filter(|_| number.is_f64())?;
    (value.fract() == 0.0 && value.abs() < EXACT).then(|| (value as i64).to_string())
}

/// Numbers are compared by value, so that 1 and 1.0 are the same.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables<'a>(pairs: &[(&'a str, Json)]) -> Variables<'a> {
        let mut variables = Variables::default();
        for (name, value) in pairs {
            variables.set(name, value.clone());
        }
        variables
    }

    #[test]
    fn what_text_writes_it_also_recognises() {
        let pieces = cut("/rooms/{room|url}?as={me|url}&x={{1}}").unwrap();
        let given = variables(&[("room", json!("a b/ü&")), ("me", json!("alice"))]);
        let text = fill_text(&pieces, &given).unwrap();
        assert_eq!(text, "/rooms/a%20b%2F%C3%BC%26?as=alice&x={1}");
        let mut found = Variables::default();
        assert!(matches_text(&pieces, &text, &mut found));
        assert_eq!(found.text("room"), Some("a b/ü&"));
    }

    /// A server may write a whole number as a double, and then it is the same id. What only looks like one is not.
    #[test]
    fn an_id_is_the_same_however_its_number_is_written() {
        let id = |written: &str| id_text(&serde_json::from_str(written).expect("JSON"));
        for (written, expected) in [
            ("7", Some("7")),
            ("7.0", Some("7")),
            ("70e-1", Some("7")),
            ("-0.0", Some("0")),
            ("\"7\"", Some("7")),
            // Text is as it stands.
            ("\"7.0\"", Some("7.0")),
            ("\"07\"", Some("07")),
            ("\"\"", Some("")),
            ("\"tx-7\"", Some("tx-7")),
            (
                "\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"",
                Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
            ),
            ("7.5", Some("7.5")),
            // Behind this a double may stand for several.
            ("714148951559609.0", Some("714148951559609")),
            ("9007199254740992.0", Some("9007199254740992.0")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("1e300", Some("1e+300")),
            ("null", None),
            ("true", None),
            ("[7]", None),
            ("{\"id\":7}", None),
        ] {
            assert_eq!(id(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_bound_name_matches_only_its_value() {
        let pieces = cut("to {me}").unwrap();
        assert!(matches_text(
            &pieces,
            "to alice",
            &mut variables(&[("me", json!("alice"))])
        ));
        assert!(!matches_text(
            &pieces,
            "to bob",
            &mut variables(&[("me", json!("alice"))])
        ));
    }

    #[test]
    fn json_within_text_is_looked_into() {
        let template = Template::Map(vec![Entry {
            key: "data".into(),
            optional: false,
            value: Template::Json(Box::new(Template::Map(vec![Entry {
                key: "candidate".into(),
                optional: false,
                value: Template::Hole(Hole {
                    name: "line".into(),
                    filter: None,
                }),
            }]))),
        }]);
        let text = template
            .write(&variables(&[("line", json!("c:1"))]))
            .unwrap();
        assert_eq!(text, r#"{"data":"{\"candidate\":\"c:1\"}"}"#);
        let value = serde_json::from_str(&text).unwrap();
        let mut found = Variables::default();
        assert!(template.matches(&value, &mut found));
        assert_eq!(found.text("line"), Some("c:1"));
        let broken = json!({"data": "{"});
        assert!(!template.matches(&broken, &mut Variables::default()));
    }

    /// What looks like JSON within a text is an id, but where a candidate is wanted.
    #[test]
    fn within_a_text_only_a_candidate_is_made_whole() {
        let text = r#"tx-{"candidate":"c:1"}"#;
        for (name, expected) in [
            ("number", json!(r#"{"candidate":"c:1"}"#)),
            ("candidate", json!({"candidate": "c:1"})),
        ] {
            let pieces = cut(&format!("tx-{{{name}}}")).unwrap();
            let mut found = Variables::default();
            assert!(matches_text(&pieces, text, &mut found));
            assert_eq!(found.get(name), Some(&expected));
        }
        let pieces = cut("tx-{candidate}").unwrap();
        let mut found = Variables::default();
        assert!(matches_text(&pieces, "tx-7", &mut found));
        assert_eq!(found.get("candidate"), Some(&json!("7")));
    }

    #[test]
    fn broken_text_is_refused_in_words() {
        for text in ["{", "a}", "{a}{b}", "{A}", "{a|xml}", "{}"] {
            assert!(cut(text).is_err(), "{text}");
        }
    }
}
