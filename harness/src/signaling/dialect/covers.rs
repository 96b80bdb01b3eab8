//! Whether one pattern takes every message that another one takes: then the other, if it stands behind, is never heard.
//!
//! In doubt the answer is no.

use serde_json::{Value as Json, json};

use super::differ::wrong_type;
use super::patterns::Pattern;
use super::template::{Entry, Hole, Piece, Template, matches_text};
use super::{Body, Route, StatusRange, Variables};

impl Pattern<'_> {
    /// Whether this one takes all that `other` takes.
    pub(super) fn covers(&self, other: &Pattern<'_>) -> bool {
        let same_way = match (self.http, other.http) {
            (None, None) => true,
            (Some(one), Some(other)) => covers_route(one, other),
            _ => false,
        };
        same_way
            && self.ack == other.ack
            && self.of == other.of
            && covers_status(self.status, other.status)
            && match (self.body, other.body) {
                (Body::None, _) => true,
                (Body::Template(one), Body::Template(other)) => covers(one, other, &mut Vec::new()),
                (Body::Template(one), Body::None) => is_anything(one),
            }
    }

    /// Whether any message at all would do, on its way: every message of a WebSocket, or every body of a request.
    pub(super) fn takes_everything(&self) -> bool {
        self.http.is_none()
            && !self.ack
            && match self.body {
                Body::None => true,
                Body::Template(template) => {
                    is_anything(template) || is_any_text(template) || is_any_object(template)
                }
            }
    }
}

fn covers_route(one: &Route, other: &Route) -> bool {
    one.method == other.method && covers_text(&one.path, &other.path)
}

fn covers_status(one: Option<StatusRange>, other: Option<StatusRange>) -> bool {
    match (one, other) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => one.first <= other.first && other.last <= one.last,
    }
}

/// Names whose value is known before: they take one value only.
const KNOWN: [&str; 2] = ["me", "self"];

fn covers<'t>(one: &'t Template, other: &Template, seen: &mut Vec<&'t str>) -> bool {
    match (one, other) {
        (one, Template::All(all)) if !matches!(one, Template::All(_)) => {
            let before = seen.clone();
            all.iter().any(|other| {
                seen.clone_from(&before);
                covers(one, other, seen)
            })
        }
        (Template::All(all), other) => all.iter().all(|one| covers(one, other, seen)),
        (Template::Hole(one), other) => covers_hole(one, other, seen),
        (Template::Value(one), Template::Value(other)) => one == other,
        (Template::Text(pieces), Template::Value(Json::String(text))) => {
            let holes = pieces.iter().filter_map(hole_of);
            let free = holes.clone().all(|hole| !KNOWN.contains(&&*hole.name));
            free && matches_text(pieces, text, &mut Variables::default())
        }
        (Template::Text(one), Template::Text(other)) => covers_text(one, other),
        (Template::List(one), Template::List(other)) => {
            one.len() <= other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| covers(one, other, seen))
        }
        (Template::Map(one), Template::Map(other)) => one.iter().all(|entry| {
            let there = other.iter().find(|there| there.key == entry.key);
            covers_entry(entry, there, seen)
        }),
        (Template::Json(one), Template::Json(other)) => covers(one, other, seen),
        (Template::Each(one), Template::Each(other)) => covers(one, other, seen),
        (Template::Keys(one), Template::Keys(other)) => one == other,
        _ => false,
    }
}

fn covers_entry<'t>(one: &'t Entry, other: Option<&Entry>, seen: &mut Vec<&'t str>) -> bool {
    match other {
        // What may be missing in the other must not be needed here.
        Some(other) if other.optional && !one.optional => false,
        Some(other) => covers(&one.value, &other.value, seen),
        // The other may have anything there.
        None => one.optional && is_anything(&one.value),
    }
}

fn covers_hole<'t>(one: &'t Hole, other: &Template, seen: &mut Vec<&'t str>) -> bool {
    if one.name == "_" && one.filter.is_none() {
        return true;
    }
    let same = matches!(other, Template::Hole(other) if other == one);
    if KNOWN.contains(&&*one.name) || seen.contains(&&*one.name) || one.filter.is_some() {
        return same;
    }
    seen.push(&one.name);
    same || types(other).is_some_and(|types| {
        let list = types.contains(&json!([]));
        !list
            && types
                .iter()
                .all(|value| wrong_type(&one.name, value).is_none())
    })
}

/// One value of each type that a template takes. `None`: any.
fn types(template: &Template) -> Option<Vec<Json>> {
    let all = || {
        vec![
            json!(""),
            json!(1),
            json!(1.5),
            json!(true),
            json!(null),
            json!([]),
            json!({}),
        ]
    };
    Some(match template {
        Template::Value(value) => vec![value.clone()],
        Template::Text(_) | Template::Json(_) => vec![json!("")],
        Template::List(_) | Template::Each(_) => vec![json!([])],
        Template::Map(_) | Template::Keys(_) => vec![json!({})],
        Template::Hole(hole) if hole.filter.is_some() => vec![json!("")],
        Template::Hole(hole) => {
            let fits = |value: &Json| wrong_type(&hole.name, value).is_none();
            all().into_iter().filter(fits).collect()
        }
        Template::All(all) => return all.first().and_then(types),
    })
}

fn covers_text(one: &[Piece], other: &[Piece]) -> bool {
    let alike = |(one, other): (&Piece, &Piece)| match (one, other) {
        (Piece::Literal(one), Piece::Literal(other)) => one == other,
        (Piece::Hole(one), Piece::Hole(other)) => {
            one == other
                || one.filter == other.filter && !KNOWN.contains(&&*one.name)
                || one.name == "_" && one.filter.is_none()
        }
        _ => false,
    };
    one.len() == other.len() && one.iter().zip(other).all(alike)
}

fn hole_of(piece: &Piece) -> Option<&Hole> {
    match piece {
        Piece::Hole(hole) => Some(hole),
        Piece::Literal(_) => None,
    }
}

fn is_anything(template: &Template) -> bool {
    matches!(template, Template::Hole(hole) if hole.name == "_" && hole.filter.is_none())
}

/// Any text, or, in plain text, any message.
fn is_any_text(template: &Template) -> bool {
    let free = |hole: &Hole| hole.filter.is_none() && !KNOWN.contains(&&*hole.name);
    match template {
        Template::Hole(hole) => free(hole),
        Template::Text(pieces) => pieces.iter().all(|piece| hole_of(piece).is_some_and(free)),
        _ => false,
    }
}

fn is_any_object(template: &Template) -> bool {
    matches!(template, Template::Map(entries) if entries.iter().all(|entry| entry.optional))
}
