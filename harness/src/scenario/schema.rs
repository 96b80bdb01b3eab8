//! The JSON schema of a scenario file, made from the reader's own table.

use serde_json::{Map, Value, json};

use super::table::{
    AT_ONCE, AWAIT, AWAIT_ABOUT, CONDITIONS, EXPECT_KEYS, FILE, KeySpec, MAX_AT_ONCE, MAX_MIXES,
    MAX_NODE, MAX_PARAMETERS, MAX_PEERS, MAX_SEQUENCES, MAX_STEPS, MAX_TAGS, MAX_VALUE,
    MAX_VARIANTS, PEER_KEYS, PeerShape, RECONNECTS, RESERVED, SEQUENCE, SEQUENCE_KEYS,
    SEQUENCES_FILE, STATES, Shape, TOGETHER, TOGETHER_ABOUT, TOGETHER_KEYS, USE, USE_ABOUT, Verb,
    WAIT, WAIT_ABOUT, WITHIN, verbs,
};

/// The schema (JSON Schema, draft 2020-12) that an editor completes and checks scenario files by, and the files of sequences beside them.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A glare scenario, or sequences of steps for the scenarios beside it",
        // What a file is meant to be shows in one key; so an editor tells what is wrong with that, and not with both.
        "if": { "type": "object", "required": ["sequences"] },
        "then": { "$ref": "#/$defs/sequences" },
        "else": { "$ref": "#/$defs/scenario" },
        "$defs": {
            "scenario": mapping_of(FILE, file_key),
            "sequences": mapping_of(SEQUENCES_FILE, sequences_key),
            "sequence": mapping_of(SEQUENCE_KEYS, sequence_key),
            "step": step(),
            "placeholder": placeholder(),
        },
    })
}

/// An object with the keys of a table.
fn mapping_of(table: &[(&str, bool, &str)], value: impl Fn(&str) -> Value) -> Value {
    let mut properties = Map::new();
    for (name, _, about) in table {
        properties.insert((*name).into(), described(value(name), about));
    }
    let needed: Vec<&str> = table
        .iter()
        .filter(|(_, needed, _)| *needed)
        .map(|(name, ..)| *name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    })
}

fn sequences_key(name: &str) -> Value {
    match name {
        "sequences" => json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": MAX_SEQUENCES,
            "propertyNames": { "pattern": PARAMETER },
            "additionalProperties": { "$ref": "#/$defs/sequence" },
        }),
        shared => file_key(shared),
    }
}

fn sequence_key(name: &str) -> Value {
    match name {
        "with" => json!({
            "type": "array",
            "items": { "type": "string", "pattern": PARAMETER, "not": { "const": SEQUENCE } },
            "maxItems": MAX_PARAMETERS,
            "uniqueItems": true,
        }),
        shared => file_key(shared),
    }
}

/// `use: name`, or `use: { sequence: name, … }`.
fn used() -> Value {
    let name = or_placeholder(json!({ "type": "string", "pattern": PARAMETER }));
    let long = json!({
        "type": "object",
        "required": [SEQUENCE],
        "properties": { SEQUENCE: name },
        "propertyNames": { "pattern": PARAMETER },
        "additionalProperties": { "type": ["string", "number", "boolean"], "maxLength": MAX_VALUE },
    });
    described(json!({ "anyOf": [name, long] }), USE_ABOUT)
}

/// The name of a peer, as far as a pattern can tell: the reader knows more of what is beyond ASCII.
const PEER: &str = r"^([a-z]|[^\x00-\x7f])([A-Za-z0-9_-]|[^\x00-\x7f]){0,47}$";

/// The name of a room, as far as a pattern can tell.
const ROOM: &str = r"^([A-Za-z0-9_-]|[^\x00-\x7f]){1,48}$";

/// The name of a parameter or a sequence.
const PARAMETER: &str = "^[a-z][A-Za-z0-9_-]{0,31}$";

fn file_key(name: &str) -> Value {
    match name {
        "version" => json!({ "const": 1 }),
        "scenario" => json!({ "type": "string", "minLength": 1, "maxLength": 100 }),
        "tags" => json!({
            "type": "array",
            "items": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" },
            "maxItems": MAX_TAGS,
            "uniqueItems": true,
        }),
        "about" => json!({ "type": "string", "maxLength": 4000 }),
        "issue" => json!({ "type": "string", "pattern": "^https://" }),
        "wire" => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" }),
        "with" => with(),
        "peers" => peers(),
        "casts" => json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": MAX_MIXES,
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,32}$" },
            "additionalProperties": {
                "type": ["object", "null"],
                "propertyNames": { "pattern": PARAMETER },
                "additionalProperties": or_placeholder(
                    json!({ "enum": ["native", "chromium", "firefox", "wire"] })
                ),
            },
        }),
        "catches" => json!({
            "type": ["object", "null"],
            "propertyNames": { "pattern": "^[a-z0-9-]{1,64}$" },
            "additionalProperties": or_placeholder(
                json!({ "type": "string", "pattern": "^(step|never|seen|order|count|law) +[1-9][0-9]*$" })
            ),
        }),
        "breaks" => json!({
            "type": ["object", "null"],
            "propertyNames": { "pattern": "^([1-9]|1[0-2])$" },
            "additionalProperties": { "type": "string", "minLength": 1, "maxLength": 200 },
        }),
        "steps" => {
            json!({ "type": "array", "items": { "$ref": "#/$defs/step" }, "minItems": 1, "maxItems": MAX_STEPS })
        }
        _ => {
            let mut properties = Map::new();
            for (key, about) in EXPECT_KEYS {
                let value = match *key {
                    "count" => counted(),
                    _ => json!({ "type": "string" }),
                };
                properties.insert((*key).into(), described(value, about));
            }
            json!({ "type": ["object", "null"], "properties": properties, "additionalProperties": false })
        }
    }
}

/// Lines, and how often each has to be there.
fn counted() -> Value {
    let times = r"^([0-9]+|[0-9]+ *\.\. *[0-9]+|at (least|most) +[0-9]+)$";
    let value = json!({ "anyOf": [
        { "type": "integer", "minimum": 0 },
        { "type": "string", "pattern": times },
    ] });
    json!({ "type": ["object", "null"], "additionalProperties": or_placeholder(value) })
}

/// Sets of parameters.
fn with() -> Value {
    let value = json!({ "type": ["string", "number", "boolean"], "maxLength": MAX_VALUE });
    json!({
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_VARIANTS,
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "pattern": "^[A-Za-z0-9_.-]+( [A-Za-z0-9_.-]+)*$", "maxLength": 40 },
            },
            "propertyNames": { "pattern": PARAMETER },
            "additionalProperties": value,
        },
    })
}

/// A value, or part of one, that a parameter set gives.
fn placeholder() -> Value {
    json!({ "type": "string", "pattern": PLACEHOLDER })
}

const PLACEHOLDER: &str = r"\$\{[a-z][A-Za-z0-9_-]{0,31}\}";

fn or_placeholder(value: Value) -> Value {
    json!({ "anyOf": [value, { "$ref": "#/$defs/placeholder" }] })
}

fn described(mut value: Value, about: &str) -> Value {
    value["description"] = json!(about);
    value
}

fn peer_value(shape: PeerShape) -> Value {
    match shape {
        PeerShape::Word(words) => or_placeholder(json!({ "enum": words })),
        PeerShape::Path => or_placeholder(json!({ "type": "string", "pattern": "^/($|[^/])" })),
        PeerShape::Viewport => or_placeholder(
            json!({ "type": "string", "pattern": "^[1-9][0-9]{2,3}x[1-9][0-9]{2,3}$" }),
        ),
        PeerShape::Flag => or_placeholder(json!({ "type": "boolean" })),
        PeerShape::Duration => {
            or_placeholder(json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m)$" }))
        }
        PeerShape::Node => {
            or_placeholder(json!({ "type": "integer", "minimum": 1, "maximum": MAX_NODE }))
        }
        PeerShape::Reconnects => {
            let mut properties = Map::new();
            for (key, shape, about) in RECONNECTS {
                properties.insert((*key).into(), described(peer_value(*shape), about));
            }
            json!({
                "type": ["object", "null"],
                "properties": properties,
                "additionalProperties": false,
            })
        }
    }
}

fn peers() -> Value {
    let mut properties = Map::new();
    for (key, shape, about) in PEER_KEYS {
        properties.insert((*key).into(), described(peer_value(*shape), about));
    }
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_PEERS,
        "propertyNames": { "pattern": PEER, "not": { "enum": RESERVED } },
        "additionalProperties": {
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        },
    })
}

/// A step: an object with one verb; a verb without needed keys may stand alone; or the `use` of a sequence.
fn step() -> Value {
    let mut properties = Map::new();
    for verb in verbs() {
        let mut body = mapping(verb);
        if alone(verb) {
            body["type"] = json!(["object", "null"]);
        }
        properties.insert(verb.name.into(), body);
    }
    let conditions: Vec<Value> = CONDITIONS.iter().map(mapping).collect();
    properties.insert(
        AWAIT.into(),
        json!({ "description": AWAIT_ABOUT, "oneOf": conditions }),
    );
    let bare: Vec<&str> = verbs()
        .filter(|verb| alone(verb))
        .map(|verb| verb.name)
        .collect();
    json!({
        "oneOf": [
            {
                "type": "object",
                "properties": properties,
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            },
            { "enum": bare },
            together(),
            {
                "type": "object",
                "properties": { USE: used() },
                "required": [USE],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": { WAIT: waited() },
                "required": [WAIT],
                "additionalProperties": false,
            },
        ]
    })
}

/// Steps that begin together, and who gets which name by their outcome.
fn together() -> Value {
    let verbs = AT_ONCE.iter();
    // As they are for steps of their own.
    let same = |name: &str| json!({ "$ref": format!("#/$defs/step/oneOf/0/properties/{name}") });
    let properties: Map<String, Value> = verbs
        .map(|verb| (verb.name.to_owned(), same(verb.name)))
        .collect();
    let inner = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    });
    let name = or_placeholder(
        json!({ "type": "string", "pattern": PARAMETER, "not": { "enum": RESERVED } }),
    );
    let share = json!({
        "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": MAX_AT_ONCE },
            name,
            { "type": "array", "items": name, "minItems": 1, "uniqueItems": true },
        ]
    });
    let mut properties = Map::new();
    let list = json!({ "type": "array", "items": inner, "minItems": 2, "maxItems": MAX_AT_ONCE });
    properties.insert(TOGETHER.into(), described(list, TOGETHER_ABOUT));
    for (key, about) in TOGETHER_KEYS {
        properties.insert((*key).into(), described(share.clone(), about));
    }
    properties.insert(WITHIN.name.into(), key_value(&WITHIN));
    json!({
        "type": "object",
        "properties": properties,
        "required": [TOGETHER],
        "additionalProperties": false,
    })
}

/// `wait: 500ms`
fn waited() -> Value {
    described(or_placeholder(time()), WAIT_ABOUT)
}

fn time() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m)$" })
}

fn alone(verb: &Verb) -> bool {
    verb.one_of.is_empty() && verb.keys.iter().all(|key| !key.needed)
}

fn mapping(verb: &Verb) -> Value {
    let mut properties = Map::new();
    for key in verb.keys.iter().chain([&WITHIN]) {
        properties.insert(key.name.into(), key_value(key));
    }
    let needed: Vec<&str> = verb
        .keys
        .iter()
        .filter(|key| key.needed)
        .map(|key| key.name)
        .collect();
    let mut value = json!({
        "type": "object",
        "description": verb.about,
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    });
    if !verb.one_of.is_empty() {
        let one: Vec<Value> = verb
            .one_of
            .iter()
            .map(|key| json!({ "required": [key] }))
            .collect();
        value["oneOf"] = Value::Array(one);
    }
    value
}

fn key_value(key: &KeySpec) -> Value {
    let value = match key.shape {
        Shape::Peer => json!({ "type": "string", "pattern": PEER }),
        Shape::Peers => json!({
            "type": "array",
            "items": or_placeholder(json!({ "type": "string", "pattern": PEER })),
            "minItems": 1,
            "uniqueItems": true,
        }),
        Shape::Room => json!({ "type": "string", "pattern": ROOM }),
        Shape::Text(most) => json!({ "type": "string", "maxLength": most }),
        Shape::Base64(most) => json!({ "type": "string", "maxLength": most.div_ceil(3) * 4 }),
        Shape::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::True => json!({ "const": true }),
        Shape::Reason => {
            json!({ "anyOf": [{ "const": true }, { "type": "string", "minLength": 1 }] })
        }
        Shape::Duration => time(),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::State => {
            let mut machines = Map::new();
            for (machine, states) in STATES {
                machines.insert((*machine).into(), or_placeholder(json!({ "enum": states })));
            }
            json!({
                "type": "object",
                "properties": machines,
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            })
        }
        Shape::Path => json!({ "type": "string", "pattern": "^/($|[^/])" }),
        Shape::Wanted(most) => json!({ "anyOf": [
            { "type": "string", "minLength": 1, "maxLength": most },
            { "type": "object", "minProperties": 1 },
            { "type": "array" },
        ] }),
    };
    // Any text may hold a placeholder; where a list or mapping stands, its values may.
    let value = match key.shape {
        Shape::Text(_)
        | Shape::Base64(_)
        | Shape::Reason
        | Shape::Peers
        | Shape::State
        | Shape::Wanted(_) => value,
        _ => or_placeholder(value),
    };
    described(value, key.about)
}
