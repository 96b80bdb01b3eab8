//! Packets of engine.io in the bodies of its polling transport, in both of its protocols that are in use.
//!
//! Protocol 4 puts the character 0x1e between packets. Protocol 3 puts a length and a colon before each, in UTF-16 code units as JavaScript
//! counts; if one is binary, a byte for its kind, the length's digits as bytes, and 255.

use std::ops::Range;

use crate::terms::Engine;

/// Between two packets of protocol 4.
const BETWEEN: u8 = 0x1e;
/// A length has no more digits: a gigabyte.
const DIGITS: usize = 9;

/// A packet, as a place in its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: Range<usize>,
    /// Of protocol 3: its kind is a byte, not a digit.
    pub(crate) binary: bool,
}

/// The packets of a body, or what is wrong with it.
pub(crate) fn split(engine: Engine, body: &[u8]) -> Result<Vec<Place>, String> {
    let places = match (engine, body.first()) {
        (_, None) => return Err("a polling body without a packet".into()),
        (Engine::V4, _) => between(body),
        (Engine::V3, Some(0 | 1)) => counted_bytes(body)?,
        (Engine::V3, _) => counted(body)?,
    };
    for place in &places {
        let kind = body.get(place.at.clone()).and_then(<[u8]>::first);
        let is_kind = match kind {
            Some(b'b') => true,
            Some(kind) if place.binary => *kind <= 6,
            kind => kind.is_some_and(|kind| (b'0'..=b'6').contains(kind)),
        };
        if !is_kind {
            return Err(format!(
                "a packet of engine.io that begins with {}, which is no kind of packet",
                kind.map_or("nothing".into(), |kind| format!("the byte {kind:#04x}"))
            ));
        }
    }
    Ok(places)
}

fn between(body: &[u8]) -> Vec<Place> {
    let mut from = 0;
    body.split(|byte| *byte == BETWEEN)
        .map(|packet| {
            let at = from..from + packet.len();
            from = at.end + 1;
            Place { at, binary: false }
        })
        .collect()
}

fn counted(body: &[u8]) -> Result<Vec<Place>, String> {
    let text = std::str::from_utf8(body).map_err(|error| {
        format!(
            "a polling body that is not UTF-8 at byte {}",
            error.valid_up_to()
        )
    })?;
    let (mut places, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        let colon = rest.bytes().take(DIGITS + 1).position(|byte| byte == b':');
        let length = colon.and_then(|colon| rest[..colon].parse::<usize>().ok());
        let (Some(colon), Some(length)) = (colon, length) else {
            return Err(format!(
                "no length of a packet at byte {at} of a polling body"
            ));
        };
        let start = at + colon + 1;
        let (mut units, mut end) = (0, start);
        for char in text[start..].chars() {
            if units >= length {
                break;
            }
            units += char.len_utf16();
            end += char.len_utf8();
        }
        if units != length {
            return Err(format!(
                "a packet of {length} characters is promised at byte {at} of a polling body, and {units} come"
            ));
        }
        places.push(Place {
            at: start..end,
            binary: false,
        });
        at = end;
    }
    Ok(places)
}

fn counted_bytes(body: &[u8]) -> Result<Vec<Place>, String> {
    let (mut places, mut at) = (Vec::new(), 0);
    while at < body.len() {
        let binary = body[at] == 1;
        let digits: Vec<u8> = (body[at + 1..].iter().copied())
            .take(DIGITS + 1)
            .take_while(|byte| *byte != 255)
            .collect();
        let known = body[at] <= 1 && (1..=DIGITS).contains(&digits.len());
        if !known || digits.iter().any(|digit| *digit > 9) {
            return Err(format!(
                "no length of a packet at byte {at} of a polling body"
            ));
        }
        let length = digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + usize::from(*digit));
        let start = at + digits.len() + 2;
        let have = body.len().saturating_sub(start);
        if have < length {
            return Err(format!(
                "a packet of {length} bytes is promised at byte {at} of a polling body, and {have} come"
            ));
        }
        places.push(Place {
            at: start..start + length,
            binary,
        });
        at = start + length;
    }
    Ok(places)
}

/// A body of these packets; whether each is binary.
pub(crate) fn join<'a>(
    engine: Engine,
    packets: impl IntoIterator<Item = (&'a [u8], bool)> + Clone,
) -> Vec<u8> {
    let mut body = Vec::new();
    let octets = packets.clone().into_iter().any(|(_, binary)| binary);
    for (packet, binary) in packets {
        match engine {
            Engine::V4 => {
                if !body.is_empty() {
                    body.push(BETWEEN);
                }
            }
            Engine::V3 if octets => {
                body.push(u8::from(binary));
                body.extend(packet.len().to_string().bytes().map(|digit| digit - b'0'));
                body.push(255);
            }
            Engine::V3 => {
                let units = String::from_utf8_lossy(packet).encode_utf16().count();
                body.extend_from_slice(format!("{units}:").as_bytes());
            }
        }
        body.extend_from_slice(packet);
    }
    body
}

/// A packet by which ends change or close the transport, and say nothing: noop, the probe and its answer, the upgrade, the close.
pub(crate) fn is_of_transport(packet: &[u8]) -> bool {
    matches!(packet, b"6" | b"2probe" | b"3probe" | b"5" | CLOSE)
}

/// The packet that ends a session.
pub(crate) const CLOSE: &[u8] = b"1";

/// The packet that says nothing.
pub(crate) const NOOP: &[u8] = b"6";

/// The session that a first packet opens: its id, and whether it offers a WebSocket.
pub(crate) fn opened(packet: &[u8]) -> Option<(String, bool)> {
    #[derive(serde::Deserialize)]
    struct Open {
        sid: String,
        #[serde(default)]
        upgrades: Vec<String>,
    }
    let open: Open = serde_json::from_slice(packet.strip_prefix(b"0")?).ok()?;
    let upgrades = open.upgrades.iter().any(|to| to == "websocket");
    Some((open.sid, upgrades))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(engine: Engine, body: &[u8]) -> Result<Vec<(Vec<u8>, bool)>, String> {
        let places = split(engine, body)?;
        Ok(places
            .into_iter()
            .map(|place| (body[place.at].to_vec(), place.binary))
            .collect())
    }

    #[test]
    fn bodies_are_cut_between_packets_and_joined_again() {
        for (engine, body, expected) in [
            (
                Engine::V4,
                &b"0{\"sid\":\"x\"}"[..],
                vec!["0{\"sid\":\"x\"}"],
            ),
            (
                Engine::V4,
                b"42[\"a\"]\x1e2\x1ebAAEC",
                vec!["42[\"a\"]", "2", "bAAEC"],
            ),
            (Engine::V3, b"2:40", vec!["40"]),
            (Engine::V3, b"7:42[\"a\"]1:6", vec!["42[\"a\"]", "6"]),
            // An e with an accent is one unit, a clef two.
            (
                Engine::V3,
                "5:4\u{e9}\u{1d11e}x1:2".as_bytes(),
                vec!["4\u{e9}\u{1d11e}x", "2"],
            ),
            (Engine::V3, b"6:b4AAEC1:6", vec!["b4AAEC", "6"]),
        ] {
            let packets = read(engine, body).unwrap();
            let texts: Vec<_> = packets.iter().map(|(packet, _)| packet.clone()).collect();
            assert_eq!(
                texts,
                expected
                    .iter()
                    .map(|text| text.as_bytes())
                    .collect::<Vec<_>>()
            );
            let again = packets
                .iter()
                .map(|(packet, binary)| (&packet[..], *binary));
            assert_eq!(join(engine, again), body);
        }
        let octets =
            b"\x00\x02\xff40\x01\x01\x02\xff\x04\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a";
        let packets = read(Engine::V3, octets).unwrap();
        assert_eq!(packets[0], (b"40".to_vec(), false));
        assert_eq!(
            packets[1],
            (vec![4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], true)
        );
        let again = packets
            .iter()
            .map(|(packet, binary)| (&packet[..], *binary));
        assert_eq!(join(Engine::V3, again), octets);
    }

    #[test]
    fn what_lies_of_its_length_or_kind_is_no_body() {
        for (engine, body) in [
            (Engine::V4, &b""[..]),
            (Engine::V4, b"<html>"),
            (Engine::V4, b"42[]\x1e"),
            (Engine::V4, b"\xff\xfe"),
            (Engine::V4, b"7"),
            (Engine::V3, b"40"),
            (Engine::V3, b"9:40"),
            (Engine::V3, b"1:40"),
            (Engine::V3, b":40"),
            (Engine::V3, b"-1:40"),
            (Engine::V3, b"0:"),
            (Engine::V3, b"99999999999999999999:4"),
            (Engine::V3, b"2:4\xff"),
            // Half a surrogate pair.
            (Engine::V3, "2:4\u{1d11e}".as_bytes()),
            (Engine::V3, b"\x00\x09\xff40"),
            (Engine::V3, b"\x00\xff"),
            (Engine::V3, b"\x00"),
            (Engine::V3, b"\x00\x02"),
            (Engine::V3, b"\x00\x0a\xff4"),
            (
                Engine::V3,
                b"\x01\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff",
            ),
            (Engine::V3, b"\x02\x01\xff4"),
        ] {
            assert!(read(engine, body).is_err(), "{engine:?} {body:?}");
        }
    }

    #[test]
    fn an_open_packet_names_its_session() {
        let open =
            br#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000}"#;
        assert_eq!(opened(open), Some(("lv_VI97HAXpY6yYWAAAC".into(), true)));
        assert_eq!(opened(br#"0{"sid":"x"}"#), Some(("x".into(), false)));
        for wrong in [
            &b"0"[..],
            b"40{\"sid\":\"x\"}",
            b"0{}",
            b"0{\"sid\":1}",
            b"",
        ] {
            assert_eq!(opened(wrong), None);
        }
    }
}
