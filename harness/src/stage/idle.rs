//! Whether a server ends the lines of those who say nothing for long: that is no harm, and needs no word in a dialect, since it can be seen
//! with a stranger who has nothing to do with what was sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::probe::{Probe, Stuck};
use crate::names::PeerName;
use crate::record::{Event, What};
use crate::signaling::Kind;
use crate::terms::{Direction, Side};

/// No server takes one for idle sooner.
const FROM: Duration = Duration::from_millis(200);

/// So long a silence is looked into; of a longer one nothing is said.
const LOOKED_INTO: Duration = Duration::from_secs(20);

/// How much later than on another line the end may come, beside half of the time.
const LATER: Duration = Duration::from_secs(1);

/// How long a stranger may take to be let in.
const CONNECTS_WITHIN: Duration = Duration::from_secs(20);

/// For how long a peer at most had said nothing, or heard nothing, on a line that the server ended. What crosses the end on its way changes
/// little of it: it comes when the silence is nearly over.
pub(super) fn longest(events: &[Arc<Event>], peer: &PeerName) -> Duration {
    let (mut spoke, mut heard) = (None, None);
    let (mut on_this, mut longest) = (0, 0);
    for event in events {
        let since = |last: Option<u64>| last.map_or(0, |last| event.at.saturating_sub(last));
        match &event.what {
            What::LinkUp { link } if link.peer == *peer => {
                (spoke, heard, on_this) = (Some(event.at), Some(event.at), 0);
            }
            What::Message {
                link,
                direction,
                word,
                ..
            } if link.peer == *peer => {
                // A fence is the harness's own, and may have been written to a line that the server had ended.
                if word.as_ref().is_some_and(|word| word.kind() == Kind::Fence) {
                    continue;
                }
                let last = match direction {
                    Direction::Up => &mut spoke,
                    Direction::Down => &mut heard,
                };
                on_this = on_this.max(since(last.replace(event.at)));
            }
            What::LinkDown {
                link,
                by: Side::Server,
                ..
            } if link.peer == *peer => {
                longest = longest.max(on_this).max(since(spoke)).max(since(heard));
            }
            _ => {}
        }
    }
    Duration::from_micros(longest)
}

/// Whether the server may have ended a line because it was silent for so long: it does so to a stranger too, not at once, and not much later.
pub(super) async fn is_why<F: Future<Output = Result<Probe, Stuck>>>(
    probe: impl Fn(String) -> F,
    id: String,
    silent: Duration,
) -> bool {
    if silent < FROM {
        return false;
    }
    if silent > LOOKED_INTO {
        return true;
    }
    let Ok(mut stranger) = probe(id).await else {
        return false;
    };
    let until = Instant::now() + CONNECTS_WITHIN;
    let stood = match stranger.connect(until, None).await {
        Ok(()) => {
            let within = silent + silent / 2 + LATER;
            stranger.ended_for_silence(within).await
        }
        Err(_) => None,
    };
    stranger.leave().await;
    stood.is_some_and(|stood| stood >= FROM)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn line(event: &str, peer: &str) -> Json {
        let link = json!({ "peer": peer, "instance": 1 });
        json!({ "event": event, "link": link, "by": "server", "how": "eof" })
    }

    fn said(peer: &str, direction: &str, word: Json) -> Json {
        let mut said = line("message", peer);
        for (key, value) in [
            ("direction", json!(direction)),
            ("carrier", json!("text")),
            ("fate", json!("passed")),
            ("size", json!(1)),
            ("digest", json!("d")),
            ("text", json!("x")),
            ("word", word),
        ] {
            said[key] = value;
        }
        said
    }

    /// Of events at these times (ms), how long Alice was silent at most on a line that the server ended.
    fn silent(all: &[(u64, Json)]) -> u64 {
        let event = |(seq, (at, event)): (usize, &(u64, Json))| {
            let mut event = event.clone();
            event["seq"] = json!(seq);
            event["at"] = json!(at * 1000);
            Arc::new(serde_json::from_value(event).expect("an event"))
        };
        let all: Vec<Arc<Event>> = all.iter().enumerate().map(event).collect();
        u64::try_from(longest(&all, &PeerName::new("alice")).as_millis()).expect("short")
    }

    #[test]
    fn the_longest_silence_is_that_of_a_line_which_the_server_ended() {
        let [up, down] = ["link-up", "link-down"].map(|event| line(event, "alice"));
        let says = said("alice", "up", Json::Null);
        let hears = said("alice", "down", Json::Null);
        let fence = said(
            "alice",
            "up",
            json!({ "word": "request", "request": { "ask": "fence" } }),
        );
        let at = |time: u64, event: &Json| (time, event.clone());
        for (events, expected) in [
            (vec![at(0, &up), at(700, &down)], 700),
            (
                vec![at(0, &up), at(100, &says), at(100, &hears), at(800, &down)],
                700,
            ),
            // On its way when the line ended.
            (
                vec![at(0, &up), at(690, &says), at(690, &hears), at(700, &down)],
                690,
            ),
            // Of those that speak, one may be ended for hearing nothing, and the other way round.
            (vec![at(0, &up), at(400, &says), at(700, &down)], 700),
            (vec![at(0, &up), at(400, &hears), at(700, &down)], 700),
            (vec![at(0, &up), at(690, &fence), at(700, &down)], 700),
            // An earlier line was longer silent, and nobody ended it.
            (vec![at(0, &up), at(5000, &up), at(5300, &down)], 300),
            (vec![at(0, &up), at(700, &says)], 0),
            (vec![at(0, &up), (700, line("link-down", "bob"))], 0),
        ] {
            assert_eq!(silent(&events), expected, "{events:?}");
        }
    }
}
