//! What the stage makes of events, without a stage.

mod driver;
mod hope;
mod lawful;
mod rules;
mod together;
mod waits;

use serde_json::{Value as Json, json};

use super::waits::World;
use crate::names::PeerName;
use crate::record::{Event, Seq};
use crate::signaling::Terms;

/// Events as a trace has them, numbered from 1.
fn events(all: &[Json]) -> Vec<Event> {
    let event = |(before, event): (usize, &Json)| {
        let mut event = event.clone();
        event["seq"] = json!(before + 1);
        event["at"] = json!(1000 * (before + 1));
        serde_json::from_value(event).expect("an event")
    };
    all.iter().enumerate().map(event).collect()
}

/// A world that has taken these in.
fn world(all: &[Json]) -> World {
    let mut world = World::new(&Terms::default());
    events(all).iter().for_each(|event| world.feed(event));
    world
}

fn peer(name: &str) -> PeerName {
    PeerName::new(name)
}

fn link(instance: u32) -> Json {
    json!({ "peer": "alice", "instance": instance })
}

/// Something that happens to a line of Alice's.
fn line(event: &str, instance: u32) -> Json {
    let mut event = json!({ "event": event, "link": link(instance) });
    event["code"] = json!(1000);
    event["reason"] = json!("");
    event["by"] = json!("server");
    event["how"] = json!("eof");
    event
}

fn message(direction: &str, carrier: &str, word: Json) -> Json {
    json!({
        "event": "message", "link": link(1), "direction": direction, "carrier": carrier, "fate": "passed", "size": 1,
        "digest": "d", "text": "x", "word": word,
    })
}

/// Alice asks for something.
fn asks(request: &str) -> Json {
    let request = json!({ "ask": request, "room": "lobby" });
    message(
        "up",
        "text",
        json!({ "word": "request", "request": request }),
    )
}

/// The server answers her, and she hears it: two events, of which the first is to have this number.
fn answer(seq: Seq, kind: &str, notice: Json) -> [Json; 2] {
    [
        message(
            "down",
            "text",
            json!({ "word": "notice", "notice": notice }),
        ),
        json!({ "event": "hears", "peer": "alice", "link": link(1), "kind": kind, "cause": [seq] }),
    ]
}

fn refuses(seq: Seq, request: &str) -> [Json; 2] {
    let notice = json!({ "notice": "refused", "request": request, "reason": "no" });
    answer(seq, "refused", notice)
}
