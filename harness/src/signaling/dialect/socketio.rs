//! What socket.io puts around a message: engine.io's packet type, its own, and the number of an acknowledgement.
//!
//! Version 4 of socket.io speaks version 4 of engine.io: the server pings, and the client asks to be connected (`40`). Version 2 speaks version
//! 3: the client pings, and the server connects it unasked. (The protocols' own descriptions: "Engine.IO protocol", revisions 3 and 4, and
//! "Socket.IO protocol", revisions 4 and 5.)

use std::time::Duration;

use serde_json::Value as Json;

/// Of a client's pings, where the server does not say.
const PING: Duration = Duration::from_secs(25);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// socket.io 2, engine.io 3.
    Two,
    /// socket.io 3 and 4, engine.io 4.
    Four,
}

/// One packet, as far as it matters.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Packet {
    /// `0`: the line stands; what the server says of it.
    Open(Json),
    /// `40`: the client is connected, or asks for it.
    Connect(Json),
    /// `44`: it is not let in.
    Refused(Json),
    /// `41`, `1`: it is over.
    Over,
    /// `2`
    Ping,
    /// `3`
    Pong,
    /// `42`: name and arguments, and the number under which an answer is wanted.
    Event(Json, Option<u64>),
    /// `43`: the arguments of an answer.
    Ack(Json, u64),
    /// Part of the protocol, and nothing for us: `5`, `6`.
    Other,
}

/// Reads a packet. `None`: it is none.
pub(super) fn read(text: &str) -> Option<Packet> {
    let kind = *text.as_bytes().first()?;
    let rest = text.get(1..)?;
    Some(match kind {
        b'0' => Packet::Open(json(rest)?),
        b'1' => Packet::Over,
        b'2' => Packet::Ping,
        b'3' => Packet::Pong,
        b'4' => return message(rest),
        b'5' | b'6' => Packet::Other,
        _ => return None,
    })
}

fn message(text: &str) -> Option<Packet> {
    let kind = *text.as_bytes().first()?;
    let rest = text.get(1..)?;
    // A namespace of its own stands before a comma: it is left out of what is matched.
    let rest = match rest.strip_prefix('/') {
        Some(named) => named.split_once(',').map_or("", |(_, rest)| rest),
        None => rest,
    };
    Some(match kind {
        b'0' if rest.is_empty() => Packet::Connect(Json::Null),
        b'0' => Packet::Connect(json(rest)?),
        b'1' => Packet::Over,
        b'2' => {
            let (number, rest) = number(rest);
            Packet::Event(list(rest)?, number)
        }
        b'3' => {
            let (number, rest) = number(rest);
            Packet::Ack(list(rest)?, number?)
        }
        b'4' if rest.is_empty() => Packet::Refused(Json::Null),
        b'4' => Packet::Refused(json(rest)?),
        _ => return None,
    })
}

/// How often a client of version 2 pings, by what the server said in opening the line.
pub(super) fn ping_every(open: &Json) -> Duration {
    let told = open.get("pingInterval").and_then(Json::as_u64);
    // A server that says 0 must not be flooded.
    told.filter(|ms| *ms >= 100)
        .map_or(PING, Duration::from_millis)
}

/// What a refusal says: `{"message":"no id"}`, or a text.
pub(super) fn reason(refused: &Json) -> String {
    let text = refused.get("message").unwrap_or(refused);
    match text {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// An event, with the number under which an answer is wanted.
pub(super) fn event(list: &str, number: Option<u64>) -> String {
    match number {
        Some(number) => format!("42{number}{list}"),
        None => format!("42{list}"),
    }
}

fn json(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn list(text: &str) -> Option<Json> {
    json(text).filter(Json::is_array)
}

fn number(text: &str) -> (Option<u64>, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    (digits.parse().ok(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packets_are_read() {
        for (text, packet) in [
            ("0{\"sid\":\"a\"}", Packet::Open(json!({"sid": "a"}))),
            ("2", Packet::Ping),
            ("3", Packet::Pong),
            ("40", Packet::Connect(Json::Null)),
            ("40{\"sid\":\"b\"}", Packet::Connect(json!({"sid": "b"}))),
            (
                "40/chat,{\"sid\":\"b\"}",
                Packet::Connect(json!({"sid": "b"})),
            ),
            ("41", Packet::Over),
            (
                "42[\"join\",\"x\"]",
                Packet::Event(json!(["join", "x"]), None),
            ),
            ("4217[\"join\"]", Packet::Event(json!(["join"]), Some(17))),
            (
                "42/chat,3[\"join\"]",
                Packet::Event(json!(["join"]), Some(3)),
            ),
            ("430[true]", Packet::Ack(json!([true]), 0)),
            (
                "44{\"message\":\"no id\"}",
                Packet::Refused(json!({"message": "no id"})),
            ),
            ("6", Packet::Other),
        ] {
            assert_eq!(read(text), Some(packet), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_none() {
        for text in [
            "",
            "x",
            "4",
            "42",
            "42{}",
            "42[",
            "43[true]",
            "4",
            "0",
            "4ü",
            "ü",
            "42999999999999999999999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_server_cannot_make_a_client_ping_without_end() {
        assert_eq!(ping_every(&json!({"pingInterval": 0})), PING);
        assert_eq!(
            ping_every(&json!({"pingInterval": 5000})),
            Duration::from_secs(5)
        );
        assert_eq!(ping_every(&json!({})), PING);
    }
}
