//! `with:` — one file, several scenarios. A set of parameters is put into the tree before the model is made of it, so whatever is wrong
//! stands where it is written, once for all variants or with the names of those that it is wrong in.

use std::collections::{BTreeMap, BTreeSet};

use crate::mistake::{Mistake, Mistakes, quoted};
use crate::scenario::table::{MAX_VALUE, MAX_VARIANTS};
use crate::source::Span;
use crate::yaml::{Key, Node, Scalar, Value};

use super::placeholders::{Values, is_parameter, placeholders};

/// The key of a set that names its variant.
const NAME: &str = "name";

/// Keys of the file whose values may hold `${…}`.
const EXPANDED: &[&str] = &["about", "peers", "catches", "breaks", "steps", "expect"];

/// The parameters of one variant.
pub(crate) struct Set {
    /// The variant's name: letters, digits, spaces, `.`, `_`, `-`.
    pub name: String,
    /// Its values.
    pub values: Values,
}

impl Set {
    /// The file's tree with this set's values in place of the placeholders; every node keeps its span.
    pub(super) fn expand(&self, root: &Node) -> Node {
        let mut root = root.clone();
        if let Value::Map(entries) = &mut root.value {
            for (_, node) in entries
                .iter_mut()
                .filter(|(key, _)| EXPANDED.contains(&key.text.as_str()))
            {
                self.values.put_into(node);
            }
        }
        root
    }
}

/// The sets of `with:`, with all that is wrong with them and with the places that use them.
pub(super) fn sets(node: &Node, root: &Node, text: &str, mistakes: &mut Mistakes) -> Vec<Set> {
    let shape = "a list of parameter sets: `[{ name: offer, message: offer }]`";
    let items = node.list(shape, mistakes).unwrap_or_default();
    if items.is_empty() && matches!(node.value, Value::List(_)) {
        node.wrong("at least one set", mistakes);
    }
    if let Some(first) = items.get(MAX_VARIANTS) {
        mistakes
            .add(&first.span, format!("{} parameter sets", items.len()))
            .expect(format!("at most {MAX_VARIANTS}"));
    }
    let mut sets: Vec<Set> = Vec::new();
    let mut given: BTreeMap<String, Span> = BTreeMap::new();
    for item in items.iter().take(MAX_VARIANTS) {
        let Some(set) = set(item, &mut given, mistakes) else {
            continue;
        };
        let slug = slug(&set.name);
        if let Some(other) = sets.iter().find(|other| self::slug(&other.name) == slug) {
            mistakes
                .add(
                    &item.span,
                    format!(
                        "{} and {} have the same file name",
                        quoted(&set.name),
                        quoted(&other.name)
                    ),
                )
                .expect("each set needs a name of its own")
                .advise(format!("both snapshots would be `[{slug}]`"));
        }
        sets.push(set);
    }
    for (set, item) in sets.iter().zip(items).filter(|_| sets.len() == items.len()) {
        for name in given
            .keys()
            .filter(|name| !set.values.contains_key(name.as_str()))
        {
            mistakes
                .add(
                    &item.span,
                    format!("{} does not give `{name}`", quoted(&set.name)),
                )
                .expect("every set gives every parameter");
        }
    }
    uses(&given, root, text, mistakes);
    sets
}

fn set(item: &Node, given: &mut BTreeMap<String, Span>, mistakes: &mut Mistakes) -> Option<Set> {
    let entries = item.map("a set: `{ name: offer, message: offer }`", mistakes)?;
    let mut values = Values::default();
    let mut name = None;
    for (key, node) in entries {
        if !is_parameter(&key.text) {
            mistakes
                .add(
                    &key.span,
                    format!("{} cannot be the name of a parameter", quoted(&key.text)),
                )
                .expect("a small letter, then up to 31 of: A-Z a-z 0-9 _ -");
            continue;
        }
        if key.text == NAME {
            let text = node.text("a name, as text", mistakes)?;
            if !is_variant(text) {
                mistakes
                    .add(
                        &node.span,
                        format!("{} cannot be the name of a variant", quoted(text)),
                    )
                    .expect("1 to 40 of: A-Z a-z 0-9 _ - . and single spaces between");
                return None;
            }
            name = Some(text.to_owned());
        } else {
            given
                .entry(key.text.clone())
                .or_insert_with(|| key.span.clone());
        }
        match node.scalar().filter(|scalar| !scalar.is_null()) {
            Some(scalar) if scalar.text.len() <= MAX_VALUE => {
                values.insert(key.text.clone(), scalar.clone());
            }
            Some(scalar) => {
                mistakes
                    .add(
                        &node.span,
                        format!("this value has {} bytes", scalar.text.len()),
                    )
                    .expect(format!("at most {MAX_VALUE}"));
            }
            None => node.wrong("a word, a number or a flag", mistakes),
        }
    }
    if name.is_none() {
        mistakes
            .add(&item.span, "this set has no name")
            .expect("expected `name:`, by which its variant is shown and selected");
    }
    name.map(|name| Set { name, values })
}

/// Notes placeholders that no set gives, and parameters that nothing uses.
fn uses(given: &BTreeMap<String, Span>, root: &Node, text: &str, mistakes: &mut Mistakes) {
    let mut used: Vec<(String, Span)> = Vec::new();
    if let Value::Map(entries) = &root.value {
        for (_, node) in entries
            .iter()
            .filter(|(key, _)| EXPANDED.contains(&key.text.as_str()))
        {
            placeholders(node, text, &mut used);
        }
        for (key, _) in counted(entries) {
            let scalar = Scalar {
                text: key.text.clone(),
                plain: true,
                literal: false,
            };
            let node = Node {
                span: key.span.clone(),
                value: Value::Scalar(scalar),
            };
            placeholders(&node, text, &mut used);
        }
    }
    let names: BTreeSet<&str> = used.iter().map(|(name, _)| name.as_str()).collect();
    let known = || given.keys().map(String::as_str).chain([NAME]);
    for (name, span) in used
        .iter()
        .filter(|(name, _)| !known().any(|one| one == name))
    {
        mistakes
            .add(span, format!("no set of `with:` gives {}", quoted(name)))
            .expect(format!(
                "parameters: {}",
                known().collect::<Vec<_>>().join(", ")
            ))
            .suggest(name, known());
    }
    for (name, span) in given
        .iter()
        .filter(|(name, _)| !names.contains(name.as_str()))
    {
        mistakes
            .add(span, format!("nothing uses the parameter {}", quoted(name)))
            .expect(format!("expected `${{{name}}}` somewhere below"))
            .suggest(
                name,
                names
                    .iter()
                    .copied()
                    .filter(|one| !given.contains_key(*one)),
            );
    }
}

/// The entries of `count:` in `expect:`, the only keys that may hold placeholders.
fn counted(file: &[(Key, Node)]) -> &[(Key, Node)] {
    let within = |entries: &[(Key, Node)], wanted: &str| {
        entries.iter().position(|(key, _)| key.text == wanted)
    };
    let Some(Value::Map(expect)) = within(file, "expect").map(|at| &file[at].1.value) else {
        return &[];
    };
    match within(expect, "count").map(|at| &expect[at].1.value) {
        Some(Value::Map(counted)) => counted,
        _ => &[],
    }
}

fn is_variant(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.trim() == name
        && !name.contains("  ")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" ._-".contains(&byte))
}

/// A variant's name as a part of a file name: small letters, digits, `_`, `-`.
pub(crate) fn slug(variant: &str) -> String {
    variant
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || c == '_' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .collect()
}

/// The mistakes of all variants, each once; what is not wrong in all of them says where.
pub(crate) fn gather(variants: Vec<(String, Mistakes)>, mistakes: &mut Mistakes) {
    let all = variants.len();
    let mut found: Vec<(Mistake, Vec<String>)> = Vec::new();
    for (variant, more) in &variants {
        for mistake in more.iter() {
            // A placeholder that stands for nothing is told already; that it is no word either says nothing new.
            let (at, whole) = (|of: &Mistake| of.span().bytes.clone(), mistake.span());
            if mistakes
                .iter()
                .filter(|told| told.path() == mistake.path())
                .any(|told| whole.bytes.start <= at(told).start && at(told).end <= whole.bytes.end)
            {
                continue;
            }
            let same = |other: &Mistake| {
                other.path() == mistake.path()
                    && other.span() == mistake.span()
                    && other.found() == mistake.found()
            };
            match found.iter_mut().find(|(other, _)| same(other)) {
                Some((_, names)) => names.push(variant.clone()),
                None => found.push((mistake.clone(), vec![variant.clone()])),
            }
        }
    }
    for (mistake, names) in found {
        match names.as_slice() {
            names if names.len() == all => mistakes.keep(mistake),
            [one] => mistakes.keep(mistake.in_variant(&format!("[{one}]"))),
            [first, more @ ..] => {
                mistakes.keep(mistake.in_variant(&format!("[{first}] and {} more", more.len())))
            }
            [] => {}
        }
    }
}
