//! Packets of MQTT 3.1.1 as JSON and back, and where one ends and the next begins: the frames of a WebSocket say nothing of that (section 6).
//!
//! `{"packet":"publish","topic":"rooms/lobby","payload":"…","qos":0,"retain":false,"dup":false}`. All that a packet says is in what is read; what
//! is written may leave out what has a usual value.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mqtt_proto::v3::{
    Connack, Connect, ConnectReturnCode, Header, LastWill, Packet, Publish, Suback, Subscribe,
    SubscribeReturnCode, Unsubscribe,
};
use mqtt_proto::{Pid, Protocol, QoS, QosPid, TopicFilter, TopicName};
use serde_json::{Map, Value as Json, json};

/// A length has no more bytes (section 2.2.3).
const LENGTH_BYTES: usize = 4;

/// The code of a `suback` that refuses (section 3.9.3).
const REFUSED: u8 = 0x80;

/// The packets that are whole in these bytes, in order. What is left behind the last is the beginning of another.
///
/// # Errors
/// No packet begins here: nothing behind it can be found any more. `longest`: what is longer is none, in bytes.
pub(crate) fn split(bytes: &[u8], longest: usize) -> Result<Vec<Range<usize>>, String> {
    let (mut packets, mut at) = (Vec::new(), 0);
    while let Some(first) = bytes.get(at) {
        Header::new_with(*first, 0, 0)
            .map_err(|_| format!("no packet of MQTT begins with the byte {first:#04x}"))?;
        let Some((length, digits)) = length(&bytes[at + 1..])? else {
            break;
        };
        let whole = 1 + digits + length;
        if whole > longest {
            return Err(format!(
                "a packet of MQTT of {whole} bytes; {longest} are the most"
            ));
        }
        if bytes.len() - at < whole {
            break;
        }
        packets.push(at..at + whole);
        at += whole;
    }
    Ok(packets)
}

/// A length, and how many bytes it has; `None` if they are not all here.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0;
    for (at, byte) in bytes.iter().take(LENGTH_BYTES).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((length, at + 1)));
        }
    }
    match bytes.len() < LENGTH_BYTES {
        true => Ok(None),
        false => Err("a length of a packet of MQTT that does not end after four bytes".into()),
    }
}

/// The one packet that these bytes are, in the order in which one reads it.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<(&'static str, Json)>> {
    let whole = split(bytes, usize::MAX).ok()?;
    if whole.as_slice() != std::slice::from_ref(&(0..bytes.len())) {
        return None;
    }
    let packet = Packet::decode(bytes).ok()??;
    // What is left over within it is no part of what it says.
    if packet.encode_len().ok()? != bytes.len() {
        return None;
    }
    Some(match packet {
        Packet::Connect(connect) => connect_read(&connect),
        Packet::Connack(connack) => vec![
            of("connack"),
            ("session", connack.session_present.into()),
            ("code", (connack.code as u8).into()),
        ],
        Packet::Publish(publish) => publish_read(&publish),
        Packet::Puback(id) => numbered("puback", id),
        Packet::Pubrec(id) => numbered("pubrec", id),
        Packet::Pubrel(id) => numbered("pubrel", id),
        Packet::Pubcomp(id) => numbered("pubcomp", id),
        Packet::Unsuback(id) => numbered("unsuback", id),
        Packet::Subscribe(subscribe) => {
            let topics: Vec<&str> = subscribe.topics.iter().map(|(topic, _)| &**topic).collect();
            let mut qos = subscribe.topics.iter().map(|(_, qos)| *qos as u8);
            let first = qos.next().unwrap_or_default();
            let same = qos.clone().all(|qos| qos == first);
            let qos = match same {
                true => Json::from(first),
                false => std::iter::once(first).chain(qos).collect(),
            };
            vec![
                of("subscribe"),
                ("id", subscribe.pid.value().into()),
                ("topics", topics.into()),
                ("qos", qos),
            ]
        }
        Packet::Suback(suback) => {
            let codes = suback.topics.iter().map(|code| match code {
                SubscribeReturnCode::MaxLevel0 => 0,
                SubscribeReturnCode::MaxLevel1 => 1,
                SubscribeReturnCode::MaxLevel2 => 2,
                SubscribeReturnCode::Failure => REFUSED,
            });
            let codes: Vec<u8> = codes.collect();
            vec![
                of("suback"),
                ("id", suback.pid.value().into()),
                ("codes", codes.into()),
            ]
        }
        Packet::Unsubscribe(unsubscribe) => {
            let topics: Vec<&str> = unsubscribe.topics.iter().map(|topic| &**topic).collect();
            vec![
                of("unsubscribe"),
                ("id", unsubscribe.pid.value().into()),
                ("topics", topics.into()),
            ]
        }
        Packet::Pingreq => vec![of("pingreq")],
        Packet::Pingresp => vec![of("pingresp")],
        Packet::Disconnect => vec![of("disconnect")],
    })
}

fn of(packet: &str) -> (&'static str, Json) {
    ("packet", packet.into())
}

fn numbered(packet: &str, id: Pid) -> Vec<(&'static str, Json)> {
    vec![of(packet), ("id", id.value().into())]
}

fn connect_read(connect: &Connect) -> Vec<(&'static str, Json)> {
    let mut packet = vec![
        of("connect"),
        ("client", (*connect.client_id).into()),
        ("clean", connect.clean_session.into()),
        ("keep-alive", connect.keep_alive.into()),
    ];
    packet.extend(connect.last_will.as_ref().map(|will| {
        let will = json!({
            "topic": &*will.topic_name,
            "payload": payload_read(&will.message),
            "qos": will.qos as u8,
            "retain": will.retain,
        });
        ("will", will)
    }));
    packet.extend((connect.username.as_ref()).map(|user| ("user", (**user).into())));
    packet.extend((connect.password.as_ref()).map(|word| ("password", payload_read(word))));
    packet
}

fn publish_read(publish: &Publish) -> Vec<(&'static str, Json)> {
    let mut packet = vec![
        of("publish"),
        ("topic", (*publish.topic_name).into()),
        ("payload", payload_read(&publish.payload)),
        ("qos", (publish.qos_pid.qos() as u8).into()),
        ("retain", publish.retain.into()),
        ("dup", publish.dup.into()),
    ];
    packet.extend((publish.qos_pid.pid()).map(|id| ("id", id.value().into())));
    packet
}

/// A payload is a text; one that is none is `{"base64": …}`.
fn payload_read(payload: &[u8]) -> Json {
    match std::str::from_utf8(payload) {
        Ok(text) => Json::from(text),
        Err(_) => json!({ "base64": STANDARD.encode(payload) }),
    }
}

/// The bytes of the packet that this says; `None`: there is no such packet.
pub(crate) fn write(message: &Json) -> Option<Vec<u8>> {
    let fields = Fields(message.as_object()?);
    let packet = match fields.text("packet")? {
        "connect" => Packet::Connect(connect_written(fields)?),
        "connack" => Packet::Connack(Connack {
            session_present: fields.flag("session", false)?,
            code: ConnectReturnCode::from_u8(fields.number("code", Some(0))?).ok()?,
        }),
        "publish" => Packet::Publish(publish_written(fields)?),
        "puback" => Packet::Puback(fields.id()?),
        "pubrec" => Packet::Pubrec(fields.id()?),
        "pubrel" => Packet::Pubrel(fields.id()?),
        "pubcomp" => Packet::Pubcomp(fields.id()?),
        "unsuback" => Packet::Unsuback(fields.id()?),
        "subscribe" => Packet::Subscribe(Subscribe {
            pid: fields.id()?,
            topics: fields.subscriptions()?,
        }),
        "suback" => {
            let codes = fields.0.get("codes")?.as_array()?.iter().map(|code| {
                let code = u8::try_from(code.as_u64()?).ok()?;
                SubscribeReturnCode::from_u8(code).ok()
            });
            let topics = codes.collect::<Option<Vec<_>>>()?;
            let refused: Vec<bool> = (topics.iter())
                .map(|code| *code == SubscribeReturnCode::Failure)
                .collect();
            let packet = Packet::Suback(Suback {
                pid: fields.id()?,
                topics,
            });
            let mut bytes = packet.encode().ok()?.as_ref().to_vec();
            // The crate writes this code as 3, which it does not read.
            let codes = bytes.iter_mut().rev().zip(refused.iter().rev());
            codes
                .filter(|(_, refused)| **refused)
                .for_each(|(code, _)| *code = REFUSED);
            return Some(bytes);
        }
        "unsubscribe" => Packet::Unsubscribe(Unsubscribe {
            pid: fields.id()?,
            topics: fields.topics()?,
        }),
        "pingreq" => Packet::Pingreq,
        "pingresp" => Packet::Pingresp,
        "disconnect" => Packet::Disconnect,
        _ => return None,
    };
    Some(packet.encode().ok()?.as_ref().to_vec())
}

fn connect_written(fields: Fields<'_>) -> Option<Connect> {
    let last_will = match fields.0.get("will") {
        None => None,
        Some(will) => {
            let will = Fields(will.as_object()?);
            Some(LastWill {
                qos: QoS::from_u8(will.number("qos", Some(0))?).ok()?,
                retain: will.flag("retain", false)?,
                topic_name: TopicName::try_from(will.text("topic")?).ok()?,
                message: will.payload("payload")?.into(),
            })
        }
    };
    let username = match fields.0.get("user") {
        None => None,
        Some(user) => Some(user.as_str()?.into()),
    };
    let password = match fields.0.get("password") {
        None => None,
        Some(_) => Some(fields.payload("password")?.into()),
    };
    Some(Connect {
        protocol: Protocol::V311,
        clean_session: fields.flag("clean", true)?,
        keep_alive: fields.number("keep-alive", Some(0))?,
        client_id: fields.text("client")?.into(),
        last_will,
        username,
        password,
    })
}

fn publish_written(fields: Fields<'_>) -> Option<Publish> {
    let qos_pid = match fields.number("qos", Some(0_u8))? {
        0 => QosPid::Level0,
        1 => QosPid::Level1(fields.id()?),
        2 => QosPid::Level2(fields.id()?),
        _ => return None,
    };
    Some(Publish {
        dup: fields.flag("dup", false)?,
        retain: fields.flag("retain", false)?,
        qos_pid,
        topic_name: TopicName::try_from(fields.text("topic")?).ok()?,
        payload: fields.payload("payload")?.into(),
    })
}

#[derive(Clone, Copy)]
struct Fields<'a>(&'a Map<String, Json>);

impl<'a> Fields<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    fn flag(self, key: &str, usual: bool) -> Option<bool> {
        self.0.get(key).map_or(Some(usual), Json::as_bool)
    }

    fn number<N: TryFrom<u64>>(self, key: &str, usual: Option<N>) -> Option<N> {
        match self.0.get(key) {
            Some(number) => N::try_from(number.as_u64()?).ok(),
            None => usual,
        }
    }

    fn id(self) -> Option<Pid> {
        Pid::try_from(self.number::<u16>("id", None)?).ok()
    }

    fn payload(self, key: &str) -> Option<Vec<u8>> {
        match self.0.get(key)? {
            Json::String(text) => Some(text.as_bytes().to_vec()),
            Json::Object(bytes) if bytes.len() == 1 => {
                STANDARD.decode(bytes.get("base64")?.as_str()?).ok()
            }
            _ => None,
        }
    }

    fn topics(self) -> Option<Vec<TopicFilter>> {
        let topics = self.0.get("topics")?.as_array()?;
        // A request for nothing is none (section 3.8.3).
        let topics = (!topics.is_empty()).then_some(topics)?.iter();
        topics
            .map(|topic| TopicFilter::try_from(topic.as_str()?).ok())
            .collect()
    }

    fn subscriptions(self) -> Option<Vec<(TopicFilter, QoS)>> {
        let topics = self.topics()?;
        let level = |qos: &Json| QoS::from_u8(u8::try_from(qos.as_u64()?).ok()?).ok();
        let levels: Vec<QoS> = match self.0.get("qos") {
            None => vec![QoS::Level0; topics.len()],
            Some(Json::Array(each)) => each.iter().map(level).collect::<Option<_>>()?,
            Some(all) => vec![level(all)?; topics.len()],
        };
        (levels.len() == topics.len()).then(|| topics.into_iter().zip(levels).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 1024;

    fn read_all(bytes: &[u8]) -> Option<Json> {
        let fields = read(bytes)?.into_iter();
        let fields = fields.map(|(key, value)| (key.to_owned(), value));
        Some(Json::Object(fields.collect()))
    }

    fn publish(topic: &str, payload: &str) -> Vec<u8> {
        let packet = json!({ "packet": "publish", "topic": topic, "payload": payload });
        write(&packet).expect("a packet")
    }

    #[test]
    fn what_is_written_is_on_the_wire_as_the_standard_says_and_is_read_again() {
        for (message, bytes) in [
            (json!({ "packet": "pingreq" }), &b"\xc0\x00"[..]),
            (json!({ "packet": "pingresp" }), b"\xd0\x00"),
            (json!({ "packet": "disconnect" }), b"\xe0\x00"),
            (
                json!({ "packet": "connack", "session": false, "code": 5 }),
                b"\x20\x02\x00\x05",
            ),
            (
                json!({ "packet": "connect", "client": "al", "clean": true, "keep-alive": 30,
                    "will": { "topic": "r/a", "payload": "", "qos": 0, "retain": true } }),
                b"\x10\x15\x00\x04MQTT\x04\x26\x00\x1e\x00\x02al\x00\x03r/a\x00\x00",
            ),
            (
                json!({ "packet": "connect", "client": "al", "clean": false, "keep-alive": 0,
                    "user": "u", "password": "p" }),
                b"\x10\x14\x00\x04MQTT\x04\xc0\x00\x00\x00\x02al\x00\x01u\x00\x01p",
            ),
            (
                json!({ "packet": "publish", "topic": "r/\u{e9}", "payload": "{}", "qos": 0,
                    "retain": false, "dup": false }),
                b"\x30\x08\x00\x04r/\xc3\xa9{}",
            ),
            (
                json!({ "packet": "publish", "topic": "r", "payload": { "base64": "/wA=" },
                    "qos": 1, "id": 7, "retain": true, "dup": true }),
                b"\x3b\x07\x00\x01r\x00\x07\xff\x00",
            ),
            (
                json!({ "packet": "puback", "id": 258 }),
                b"\x40\x02\x01\x02",
            ),
            (json!({ "packet": "pubrec", "id": 1 }), b"\x50\x02\x00\x01"),
            (json!({ "packet": "pubrel", "id": 1 }), b"\x62\x02\x00\x01"),
            (json!({ "packet": "pubcomp", "id": 1 }), b"\x70\x02\x00\x01"),
            (
                json!({ "packet": "subscribe", "id": 1, "topics": ["a/+", "b"], "qos": 0 }),
                b"\x82\x0c\x00\x01\x00\x03a/+\x00\x00\x01b\x00",
            ),
            (
                json!({ "packet": "subscribe", "id": 1, "topics": ["a", "b"], "qos": [0, 1] }),
                b"\x82\x0a\x00\x01\x00\x01a\x00\x00\x01b\x01",
            ),
            (
                json!({ "packet": "suback", "id": 1, "codes": [0, 128] }),
                b"\x90\x04\x00\x01\x00\x80",
            ),
            (
                json!({ "packet": "unsubscribe", "id": 1, "topics": ["a"] }),
                b"\xa2\x05\x00\x01\x00\x01a",
            ),
            (
                json!({ "packet": "unsuback", "id": 1 }),
                b"\xb0\x02\x00\x01",
            ),
        ] {
            assert_eq!(write(&message).as_deref(), Some(bytes), "{message}");
            assert_eq!(read_all(bytes), Some(message));
        }
    }

    #[test]
    fn what_has_a_usual_value_need_not_be_written() {
        let plain = write(&json!({ "packet": "connect", "client": "a" })).expect("a packet");
        let read_again = read_all(&plain).expect("what was written");
        assert_eq!(read_again["clean"], true);
        assert_eq!(read_again["keep-alive"], 0);
        let subscribe = json!({ "packet": "subscribe", "id": 1, "topics": ["a"] });
        let read_again = read_all(&write(&subscribe).expect("a packet")).expect("the same");
        assert_eq!(read_again["qos"], 0);
    }

    #[test]
    fn what_is_no_packet_is_not_written() {
        for message in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "packet": "auth" }),
            json!({ "packet": 3 }),
            json!({ "packet": "publish", "topic": "a" }),
            json!({ "packet": "publish", "topic": 5, "payload": "" }),
            json!({ "packet": "publish", "topic": "a/#", "payload": "" }),
            json!({ "packet": "publish", "topic": "a", "payload": [] }),
            json!({ "packet": "publish", "topic": "a", "payload": { "base64": "?" } }),
            json!({ "packet": "publish", "topic": "a", "payload": "", "qos": 1 }),
            json!({ "packet": "publish", "topic": "a", "payload": "", "qos": 1, "id": 0 }),
            json!({ "packet": "publish", "topic": "a", "payload": "", "qos": 3, "id": 1 }),
            json!({ "packet": "publish", "topic": "a", "payload": "", "retain": 1 }),
            json!({ "packet": "publish", "topic": "x".repeat(65_536), "payload": "" }),
            json!({ "packet": "subscribe", "id": 1, "topics": [] }),
            json!({ "packet": "subscribe", "id": 1, "topics": ["a", "b"], "qos": [0] }),
            json!({ "packet": "subscribe", "id": 65_536, "topics": ["a"] }),
            json!({ "packet": "connect", "client": "a", "will": null }),
            json!({ "packet": "connack", "code": 9 }),
        ] {
            assert_eq!(write(&message), None, "{message}");
        }
    }

    #[test]
    fn packets_are_cut_where_they_end_however_they_came() {
        let packets = [
            publish("a", "1"),
            publish("b", &"x".repeat(200)),
            vec![0xc0, 0],
        ];
        let joined = packets.concat();
        let places = split(&joined, LONGEST).expect("three packets");
        let cut: Vec<_> = places.into_iter().map(|at| joined[at].to_vec()).collect();
        assert_eq!(cut, packets);
        // Cut short anywhere, those before are whole, and nothing is wrong.
        for end in 0..joined.len() {
            let whole = split(&joined[..end], LONGEST).expect("a beginning");
            let last = whole.last().map_or(0, |at| at.end);
            let expected = (0..=packets.len())
                .map(|count| packets[..count].concat().len())
                .filter(|length| *length <= end)
                .max();
            assert_eq!(Some(last), expected, "{end}");
            assert_eq!(read(&joined[..end]).is_some(), end == packets[0].len());
        }
    }

    #[test]
    fn what_lies_of_its_kind_or_length_is_named_and_never_waited_for() {
        for (bytes, why) in [
            (&b"\x00\x00"[..], "begins with the byte 0x00"),
            (b"{\"packet\"", "begins with the byte 0x7b"),
            (b"\xf0\x00", "begins with the byte 0xf0"),
            // A QoS of three.
            (b"\x36\x00", "begins with the byte 0x36"),
            (b"\xc0\x00\xc1\x00", "begins with the byte 0xc1"),
            (b"\x30\xff\xff\xff\xff", "does not end after four bytes"),
            (b"\x30\xff\xff\xff\xff\x01", "does not end after four bytes"),
            (b"\x30\xff\xff\xff\x7f", "of 268435460 bytes; 1024 are"),
            (b"\x30\x80\x80\x80\x7f", "of 266338309 bytes; 1024 are"),
        ] {
            let told = split(bytes, LONGEST).expect_err("no packet");
            assert!(told.contains(why), "{bytes:?}: {told}");
        }
    }

    #[test]
    fn a_packet_that_says_nothing_of_its_kind_is_not_read() {
        for bytes in [
            &b""[..],
            b"\xc0\x01x",
            b"\x40\x02\x00\x00",
            b"\x40\x01\x00",
            b"\x40\x03\x00\x01\x00",
            b"\x20\x02\x00\x09",
            b"\x20\x02\x02\x00",
            // A topic that is longer than its packet, one that is no UTF-8, one with a wildcard.
            b"\x30\x03\x00\x09a",
            b"\x30\x03\x00\x01\xff",
            b"\x30\x03\x00\x01#",
            b"\x82\x02\x00\x01",
            b"\x90\x03\x00\x01\x05",
            // MQTT 5.
            b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x1e\x00\x00\x02al",
            b"\x10\x0e\x00\x04HTTP\x04\x02\x00\x1e\x00\x02al",
            // Two in one.
            b"\xc0\x00\xc0\x00",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
