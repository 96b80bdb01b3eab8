//! Messages of SIP over WebSocket (RFC 7118), one a message, as JSON and back.
//!
//! `{"request":"MESSAGE","uri":"sip:bob@host","headers":{"to":["<sip:bob@host>"],…},"body":"…"}` and `{"status":200,"reason":"OK","headers":…}`. A
//! header's name is in small letters and never the short form; its value is the list of all lines of that name, as they came. The body's length
//! in bytes is written by itself, and what lies of it is not read.

use serde_json::{Map, Value as Json, json};

/// A message has no more headers.
const HEADERS: usize = 200;
const VERSION: &str = "SIP/2.0";
const LENGTH: &str = "content-length";
/// By which a branch says that it is one of today (RFC 3261, section 8.1.1.7).
const COOKIE: &str = "z9hG4bK";

/// Short forms (RFC 3261, section 7.3.3, and the registry).
const SHORT: [(&str, &str); 12] = [
    ("a", "accept-contact"),
    ("c", "content-type"),
    ("e", "content-encoding"),
    ("f", "from"),
    ("i", "call-id"),
    ("k", "supported"),
    ("l", LENGTH),
    ("m", "contact"),
    ("o", "event"),
    ("s", "subject"),
    ("t", "to"),
    ("v", "via"),
];

/// The one message that this text is.
pub(crate) fn read(text: &str) -> Option<Vec<(&'static str, Json)>> {
    // To show that a line lives (RFC 5626, section 3.5.1).
    match text {
        "\r\n\r\n" => return Some(vec![("keep-alive", "ping".into())]),
        "\r\n" => return Some(vec![("keep-alive", "pong".into())]),
        _ => {}
    }
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut fields = first_line_read(lines.next()?)?;
    let headers = headers_read(lines)?;
    if let Some(lengths) = headers.get(LENGTH) {
        let [Json::String(length)] = lengths.as_array()?.as_slice() else {
            return None;
        };
        (number(length)? == body.len()).then_some(())?;
    }
    fields.push(("headers", headers.into()));
    if !body.is_empty() {
        fields.push(("body", body.into()));
    }
    Some(fields)
}

fn first_line_read(line: &str) -> Option<Vec<(&'static str, Json)>> {
    if let Some(status) = line.strip_prefix(VERSION) {
        let (code, reason) = status.strip_prefix(' ')?.split_once(' ')?;
        let code = number(code).filter(|code| (100..700).contains(code))?;
        return Some(vec![("status", code.into()), ("reason", reason.into())]);
    }
    let mut parts = line.split(' ');
    let (method, uri, version) = (parts.next()?, parts.next()?, parts.next()?);
    let sound = is_token(method) && is_plain(uri) && version == VERSION && parts.next().is_none();
    sound.then(|| vec![("request", method.into()), ("uri", uri.into())])
}

/// The headers by name, each a list.
fn headers_read<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Map<String, Json>> {
    let mut headers: Vec<(String, Vec<String>)> = Vec::new();
    for (at, line) in lines.enumerate() {
        (at < HEADERS).then_some(())?;
        if line.starts_with([' ', '\t']) {
            // A value goes on on the next line.
            let (_, values) = headers.last_mut()?;
            let value = values.last_mut()?;
            *value = format!("{value} {}", line.trim_matches([' ', '\t']));
            continue;
        }
        let (name, value) = line.split_once(':')?;
        let name = name.trim_end_matches([' ', '\t']).to_ascii_lowercase();
        is_token(&name).then_some(())?;
        let short = SHORT.iter().find(|(short, _)| *short == name);
        let name = short.map_or(name, |(_, long)| (*long).to_owned());
        let value = value.trim_matches([' ', '\t']).to_owned();
        match headers.iter().position(|(there, _)| *there == name) {
            // Where the last one goes on is where it stands last.
            Some(at) => {
                let (name, mut values) = headers.remove(at);
                values.push(value);
                headers.push((name, values));
            }
            None => headers.push((name, vec![value])),
        }
    }
    let lists = headers
        .into_iter()
        .map(|(name, values)| (name, values.into()));
    Some(lists.collect())
}

/// The text of the message that this says; `None`: there is none.
///
/// Of a request, `via`, `call-id`, `cseq` and `max-forwards` are made where they are not there: what identifies a transaction is new each time.
pub(crate) fn write(message: &Json) -> Option<String> {
    let fields = message.as_object()?;
    let text = |key: &str| fields.get(key).and_then(Json::as_str);
    match (fields.get("keep-alive"), text("keep-alive")) {
        (_, Some("ping")) => return Some("\r\n\r\n".into()),
        (_, Some("pong")) => return Some("\r\n".into()),
        (Some(_), _) => return None,
        (None, _) => {}
    }
    let mut headers = match fields.get("headers") {
        Some(headers) => headers.as_object()?.clone(),
        None => Map::new(),
    };
    headers.remove(LENGTH);
    let body = match fields.get("body") {
        Some(body) => body.as_str()?,
        None => "",
    };
    let mut written = match (fields.get("request"), fields.get("status")) {
        (Some(method), None) => {
            let (method, uri) = (method.as_str()?, text("uri")?);
            (is_token(method) && is_plain(uri)).then_some(())?;
            let fresh = || format!("{:016x}", rand::random::<u64>());
            let via = || format!("{VERSION}/WS glare.invalid;branch={COOKIE}{}", fresh());
            let mut made = |name: &str, value: String| {
                headers.entry(name).or_insert_with(|| json!([value]));
            };
            made("via", via());
            made("call-id", fresh());
            made("cseq", format!("1 {method}"));
            made("max-forwards", "70".into());
            format!("{method} {uri} {VERSION}\r\n")
        }
        (None, Some(status)) => {
            let status = status.as_u64().filter(|code| (100..700).contains(code))?;
            let reason = text("reason").filter(|reason| is_line(reason))?;
            format!("{VERSION} {status} {reason}\r\n")
        }
        _ => return None,
    };
    for (name, values) in &headers {
        is_token(name).then_some(())?;
        for value in values.as_array()? {
            let value = value.as_str().filter(|value| is_line(value))?;
            written.push_str(&format!("{}: {value}\r\n", capital(name)));
        }
    }
    written.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    Some(written)
}

/// A name as one writes it.
fn capital(name: &str) -> String {
    match name {
        "cseq" => return "CSeq".into(),
        "call-id" => return "Call-ID".into(),
        _ => {}
    }
    let mut begins = true;
    let letters = name.chars().map(|letter| {
        let first = std::mem::replace(&mut begins, letter == '-');
        match first {
            true => letter.to_ascii_uppercase(),
            false => letter,
        }
    });
    letters.collect()
}

fn number(digits: &str) -> Option<usize> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

fn is_token(text: &str) -> bool {
    let mark = |byte: u8| b"-.!%*_+`'~".contains(&byte);
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

/// Without a space or a line's end.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_ascii_whitespace() || c.is_control())
}

/// One line.
fn is_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Option<Json> {
        let fields = read(text)?.into_iter();
        let fields = fields.map(|(key, value)| (key.to_owned(), value));
        Some(Json::Object(fields.collect()))
    }

    #[test]
    fn headers_are_lists_whatever_their_form_and_order() {
        let text = "MESSAGE sip:b@h;transport=ws SIP/2.0\r\nv: SIP/2.0/WS one;branch=z9hG4bK1\r\nTo : <sip:b@h>\r\nVIA:SIP/2.0/WS two,\r\n\t SIP/2.0/WS three\r\nf: \"A: b\" <sip:a@h>;tag=1\r\nl: 4\r\n\r\n\u{e9}\r\n";
        let expected = json!({
            "request": "MESSAGE",
            "uri": "sip:b@h;transport=ws",
            "headers": {
                "via": ["SIP/2.0/WS one;branch=z9hG4bK1", "SIP/2.0/WS two, SIP/2.0/WS three"],
                "to": ["<sip:b@h>"],
                "from": ["\"A: b\" <sip:a@h>;tag=1"],
                "content-length": ["4"],
            },
            "body": "\u{e9}\r\n",
        });
        assert_eq!(read_all(text), Some(expected));
        let text = "SIP/2.0 404 Not  Found\r\nCSeq: 1 MESSAGE\r\n\r\n";
        let expected =
            json!({ "status": 404, "reason": "Not  Found", "headers": { "cseq": ["1 MESSAGE"] } });
        assert_eq!(read_all(text), Some(expected));
        let expected = json!({ "status": 200, "reason": "", "headers": {} });
        assert_eq!(read_all("SIP/2.0 200 \r\n\r\n"), Some(expected));
    }

    #[test]
    fn what_is_written_has_its_length_in_bytes_and_is_read_again() {
        for message in [
            json!({ "status": 200, "reason": "OK", "headers": { "via": ["a", "b"], "cseq": ["1 MESSAGE"], "content-length": ["0"] } }),
            json!({ "request": "INFO", "uri": "sip:b@h", "headers": { "via": ["a"], "call-id": ["x"], "cseq": ["2 INFO"], "max-forwards": ["70"],
                "content-length": ["7"] }, "body": "\u{e9}\r\n\r\n\u{7f}" }),
            json!({ "keep-alive": "ping" }),
            json!({ "keep-alive": "pong" }),
        ] {
            let text = write(&message).expect("a message");
            assert_eq!(read_all(&text), Some(message), "{text}");
        }
        let message =
            json!({ "status": 180, "reason": "Ringing", "headers": { "www-authenticate": ["x"] } });
        let text = "SIP/2.0 180 Ringing\r\nWww-Authenticate: x\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(write(&message).as_deref(), Some(text));
    }

    #[test]
    fn what_identifies_a_request_is_made_and_new_each_time() {
        let message = json!({ "request": "MESSAGE", "uri": "sip:b@h" });
        let all =
            [(); 2].map(|()| read_all(&write(&message).expect("a request")).expect("the same"));
        for key in ["via", "call-id"] {
            let [one, other] =
                [0, 1].map(|at| all[at]["headers"][key][0].as_str().expect("one").to_owned());
            assert_ne!(one, other, "{key}");
        }
        assert_eq!(all[0]["headers"]["cseq"], json!(["1 MESSAGE"]));
        assert_eq!(all[0]["headers"]["max-forwards"], json!(["70"]));
        let via = all[0]["headers"]["via"][0].as_str().expect("one");
        assert!(
            via.starts_with("SIP/2.0/WS glare.invalid;branch=z9hG4bK"),
            "{via}"
        );
    }

    #[test]
    fn what_is_no_message_is_not_read() {
        let many = format!("SIP/2.0 200 OK\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        for text in [
            "",
            "\r\n\r\n\r\n",
            "MESSAGE sip:b@h SIP/2.0\r\n",
            "MESSAGE sip:b@h SIP/2.0\n\n",
            "MESSAGE sip:b@h SIP/3.0\r\n\r\n",
            "MESSAGE  sip:b@h SIP/2.0\r\n\r\n",
            "MESSAGE sip:b@h SIP/2.0 x\r\n\r\n",
            "M\u{e9} sip:b@h SIP/2.0\r\n\r\n",
            "SIP/2.0 200\r\n\r\n",
            "SIP/2.0 99 x\r\n\r\n",
            "SIP/2.0 700 x\r\n\r\n",
            "SIP/2.0 +20 x\r\n\r\n",
            "SIP/2.0 99999999999999999999 x\r\n\r\n",
            "SIP/2.0 200 OK\r\nno header\r\n\r\n",
            "SIP/2.0 200 OK\r\n: x\r\n\r\n",
            "SIP/2.0 200 OK\r\n goes on\r\n\r\n",
            // Lengths that lie: characters for bytes, more, less, two of them, none.
            "SIP/2.0 200 OK\r\nContent-Length: 1\r\n\r\n\u{e9}",
            "SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            "SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nabc",
            "SIP/2.0 200 OK\r\nl: 3\r\nContent-Length: 3\r\n\r\nabc",
            "SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n",
            "SIP/2.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "SIP/2.0 200 OK\r\nContent-Length:\r\n\r\n",
            &many,
        ] {
            assert_eq!(read(text), None, "{:?}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn what_is_no_message_is_not_written() {
        for message in [
            json!(null),
            json!({}),
            json!({ "keep-alive": "x" }),
            json!({ "keep-alive": 1 }),
            json!({ "request": "MESSAGE" }),
            json!({ "request": 5, "uri": "sip:b@h" }),
            json!({ "request": "A B", "uri": "sip:b@h" }),
            json!({ "request": "A", "uri": "sip:b@h SIP/2.0\r\nx: y" }),
            json!({ "request": "A", "uri": "sip:b@h", "status": 200, "reason": "" }),
            json!({ "status": 20, "reason": "" }),
            json!({ "status": "200", "reason": "" }),
            json!({ "status": 200, "reason": "x\r\ny: z" }),
            json!({ "status": 200, "reason": "", "headers": [] }),
            json!({ "status": 200, "reason": "", "headers": { "to": "x" } }),
            json!({ "status": 200, "reason": "", "headers": { "to": [5] } }),
            json!({ "status": 200, "reason": "", "headers": { "to": ["x\ny: z"] } }),
            json!({ "status": 200, "reason": "", "headers": { "t o": ["x"] } }),
            json!({ "status": 200, "reason": "", "body": {} }),
        ] {
            assert_eq!(write(&message), None, "{message}");
        }
    }
}
