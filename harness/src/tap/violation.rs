//! What a server writes wrongly on a WebSocket, by name. Pure: bytes in, faults out; the bytes go on as they are.
//!
//! The splitter finds what frames show by themselves (see [`Malformed`]); here is what takes a whole message, a close frame or the
//! handshake to see, and what is told only once.

use httparse::{Header, Status};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::MESSAGE_CAP;
use super::frame::Malformed;
use super::head::{MOST_HEADERS, has_token, values};
use crate::terms::Rule;

/// So much of a foreign text is shown (characters).
const SHOWN: usize = 100;

/// A rule that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What was found: `a server's frame with a mask`.
    pub detail: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { rule, detail }
    }
}

impl From<Malformed> for Violation {
    fn from(malformed: Malformed) -> Self {
        Self::new(malformed.rule(), malformed.to_string())
    }
}

/// What was told of one direction already: each rule once, or a flood of faults would be one of events.
#[derive(Debug, Default)]
pub(super) struct Told(u32);

impl Told {
    /// Whether this is the first of its kind.
    pub(super) fn is_news(&mut self, rule: Rule) -> bool {
        let bit = 1 << rule as u32;
        let before = self.0;
        self.0 |= bit;
        before & bit == 0
    }
}

/// A text message's payload that is not UTF-8. Of one that is cut short (`truncated`) the last character may be, too.
pub(super) fn text(payload: &[u8], truncated: bool) -> Option<Violation> {
    let error = std::str::from_utf8(payload).err()?;
    let at = error.valid_up_to();
    let wrong = match error.error_len() {
        Some(length) => &payload[at..at + length],
        None if truncated => return None,
        None => &payload[at..],
    };
    let detail = format!(
        "a text message that is not UTF-8: {} at byte {at} of {}",
        hex(wrong),
        payload.len()
    );
    Some(Violation::new(Rule::Utf8, detail))
}

/// A close frame's payload (section 5.5.1) with a code that nobody may send (section 7.4), or a reason that is no text.
pub(super) fn close(payload: &[u8]) -> Option<Violation> {
    let (code, reason) = match payload {
        [] => return None,
        [_] => {
            let detail = "a close frame of one byte, which is no code";
            return Some(Violation::new(Rule::ClosePayload, detail));
        }
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let why = match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => None,
        1004 | 1016..=2999 => Some("is reserved"),
        1005 | 1006 | 1015 => Some("is never sent: it stands for what was not"),
        _ => Some("is outside of all ranges"),
    };
    if let Some(why) = why {
        let detail = format!("a close frame with code {code}, which {why}");
        return Some(Violation::new(Rule::CloseCode, detail));
    }
    let error = std::str::from_utf8(reason).err()?;
    let detail = format!(
        "a close frame whose reason is not UTF-8 at byte {}",
        error.valid_up_to()
    );
    Some(Violation::new(Rule::Utf8, detail))
}

/// A message that is not decoded any more.
#[cold]
pub(super) fn overlong() -> Violation {
    let detail = format!("a message longer than {MESSAGE_CAP} bytes, which not every peer takes");
    Violation::new(Rule::Endless, detail)
}

/// A message after the close frame.
pub(super) fn after_close() -> Violation {
    Violation::new(Rule::AfterClose, "a message after its close frame")
}

/// What is wrong with the answer 101 to a request for a WebSocket, both as they went over the wire (section 4.1, the client's requirements
/// 2 to 6).
pub(super) fn handshake(request: &[u8], response: &[u8]) -> Vec<Violation> {
    let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut asked = httparse::Request::new(&mut space);
    let mut room = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answered = httparse::Response::new(&mut room);
    let (Ok(Status::Complete(_)), Ok(Status::Complete(_))) =
        (asked.parse(request), answered.parse(response))
    else {
        return Vec::new();
    };
    let (asked, answered) = (&*asked.headers, &*answered.headers);
    let mut found = Vec::new();
    for (name, token) in [("upgrade", "websocket"), ("connection", "upgrade")] {
        if !has_token(answered, name, token) {
            let detail = format!("an answer 101 without `{name}: {token}`");
            found.push(Violation::new(Rule::Upgrade, detail));
            break;
        }
    }
    found.extend(accept(asked, answered));
    found.extend(extension(asked, answered));
    found.extend(subprotocol(asked, answered));
    found
}

fn accept(asked: &[Header<'_>], answered: &[Header<'_>]) -> Option<Violation> {
    let keys = values(asked, "sec-websocket-key");
    // Without one key there is nothing that it could be made of.
    let [key] = keys.as_slice() else { return None };
    let accepts = values(answered, "sec-websocket-accept");
    let detail = match accepts.as_slice() {
        [] => "an answer 101 without `Sec-WebSocket-Accept`".to_owned(),
        [accept] if *accept == derive_accept_key(key).as_bytes() => return None,
        [accept] => format!(
            "`Sec-WebSocket-Accept: {}`, which is not made of the key that was sent",
            shown(accept)
        ),
        _ => "more than one `Sec-WebSocket-Accept`".to_owned(),
    };
    Some(Violation::new(Rule::Accept, detail))
}

fn extension(asked: &[Header<'_>], answered: &[Header<'_>]) -> Option<Violation> {
    let name = "sec-websocket-extensions";
    // The tap leaves out what peers ask for; a project's own header may ask all the same.
    let chosen = values(answered, name).join(&b", "[..]);
    if chosen.is_empty() || !values(asked, name).is_empty() {
        return None;
    }
    let detail = format!(
        "it chose the extension {:?}, which nobody asked for",
        shown(&chosen)
    );
    Some(Violation::new(Rule::Extension, detail))
}

fn subprotocol(asked: &[Header<'_>], answered: &[Header<'_>]) -> Option<Violation> {
    let name = "sec-websocket-protocol";
    let asked = values(asked, name).join(&b","[..]);
    let asked: Vec<&[u8]> = asked
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .collect();
    let wanted = asked.join(&b", "[..]);
    let (rule, detail) = match values(answered, name).as_slice() {
        [] if asked.is_empty() => return None,
        [chosen] if asked.contains(&chosen.as_slice()) => return None,
        [] => (
            Rule::NoSubprotocol,
            format!(
                "no `Sec-WebSocket-Protocol`, though {} was asked for: browsers give such a connection up",
                shown(&wanted)
            ),
        ),
        [chosen] => {
            let of = match asked.is_empty() {
                true => "none was asked for".to_owned(),
                false => format!("asked for: {}", shown(&wanted)),
            };
            let detail = format!("it chose the subprotocol {:?} ({of})", shown(chosen));
            (Rule::ForeignSubprotocol, detail)
        }
        _ => (
            Rule::ForeignSubprotocol,
            "it chose more than one subprotocol".to_owned(),
        ),
    };
    Some(Violation::new(rule, detail))
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_message_is_utf8_to_its_end() {
        let euro = "€".as_bytes();
        for (payload, truncated, detail) in [
            (&b"hello"[..], false, None),
            (b"", false, None),
            (euro, false, None),
            (b"{\xff\xfe}", false, Some("ff at byte 1 of 4")),
            (&euro[..2], false, Some("e2 82 at byte 0 of 2")),
            // An overlong slash, and half a surrogate pair (RFC 3629, section 3).
            (b"\xc0\xaf", false, Some("c0 at byte 0 of 2")),
            (b"\xed\xa0\x80", false, Some("ed at byte 0 of 3")),
            (&euro[..2], true, None),
            (b"\xff\xe2\x82", true, Some("ff at byte 0 of 3")),
        ] {
            let found = text(payload, truncated);
            match (&found, detail) {
                (None, None) => {}
                (Some(found), Some(detail)) => {
                    assert_eq!(found.rule, Rule::Utf8);
                    assert!(found.detail.ends_with(detail), "{found:?}");
                }
                _ => panic!("{payload:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_close_frame_has_a_code_that_may_be_sent_and_a_reason_that_is_text() {
        let said = |code: u16, reason: &[u8]| [&code.to_be_bytes()[..], reason].concat();
        assert_eq!(close(b""), None);
        let rule = |payload: &[u8]| close(payload).map(|found| found.rule);
        assert_eq!(rule(b"\x03"), Some(Rule::ClosePayload));
        for code in [
            1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
        ] {
            assert_eq!(rule(&said(code, "tschüss".as_bytes())), None, "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert_eq!(rule(&said(code, b"")), Some(Rule::CloseCode), "{code}");
        }
        assert_eq!(rule(&said(1000, b"a\xff")), Some(Rule::Utf8));
    }

    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    const SWITCH: &str = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade";

    fn shaken(asked: &str, answered: &str) -> Vec<(Rule, String)> {
        let request = format!("GET /ws HTTP/1.1\r\nHost: x\r\n{asked}\r\n\r\n");
        let response = format!("HTTP/1.1 101 X\r\n{answered}\r\n\r\n");
        let found = handshake(request.as_bytes(), response.as_bytes());
        found
            .into_iter()
            .map(|found| (found.rule, found.detail))
            .collect()
    }

    #[test]
    fn a_right_handshake_is_not_found_fault_with() {
        for (asked, answered) in [
            ("", ""),
            ("Sec-WebSocket-Protocol: a, b", "sec-websocket-protocol: b"),
            (
                "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b",
                "Sec-WebSocket-Protocol: b ",
            ),
            ("X: y", "Sec-WebSocket-Version: 13"),
            (
                "Sec-WebSocket-Extensions: x",
                "Sec-WebSocket-Extensions: x; y=1",
            ),
        ] {
            let lines = |first: &str, more: &str| match more {
                "" => first.to_owned(),
                more => format!("{first}\r\n{more}"),
            };
            let asked = lines(KEY, asked);
            let answered = lines(&format!("{SWITCH}\r\n{ACCEPT}"), answered);
            assert_eq!(shaken(&asked, &answered), [], "{asked} {answered}");
        }
        // Whoever sends no key, or two, is owed no answer to it.
        assert_eq!(shaken("X: y", SWITCH), []);
    }

    #[test]
    fn a_wrong_handshake_is_named() {
        let right = format!("{SWITCH}\r\n{ACCEPT}");
        let asks = format!("{KEY}\r\nSec-WebSocket-Protocol: signal-v1");
        let foreign = ACCEPT.replace("xOo=", "xOO=");
        for (asked, answered, rule, detail) in [
            (
                KEY,
                ACCEPT.to_owned(),
                Rule::Upgrade,
                "without `upgrade: websocket`",
            ),
            (
                KEY,
                format!("Upgrade: websocket\r\nConnection: close\r\n{ACCEPT}"),
                Rule::Upgrade,
                "without `connection: upgrade`",
            ),
            (
                KEY,
                SWITCH.to_owned(),
                Rule::Accept,
                "without `Sec-WebSocket-Accept`",
            ),
            (
                KEY,
                format!("{SWITCH}\r\n{foreign}"),
                Rule::Accept,
                "not made of the key",
            ),
            (
                KEY,
                format!("{right}\r\n{ACCEPT}"),
                Rule::Accept,
                "more than one",
            ),
            (
                KEY,
                format!("{right}\r\nSec-WebSocket-Extensions: permessage-deflate"),
                Rule::Extension,
                "\"permessage-deflate\", which nobody asked for",
            ),
            (
                KEY,
                format!("{right}\r\nSec-WebSocket-Protocol: bogus"),
                Rule::ForeignSubprotocol,
                "\"bogus\" (none was asked for)",
            ),
            (
                &asks,
                format!("{right}\r\nSec-WebSocket-Protocol: SIGNAL-V1"),
                Rule::ForeignSubprotocol,
                "\"SIGNAL-V1\" (asked for: signal-v1)",
            ),
            (
                &asks,
                format!(
                    "{right}\r\nSec-WebSocket-Protocol: signal-v1\r\nSec-WebSocket-Protocol: x"
                ),
                Rule::ForeignSubprotocol,
                "more than one",
            ),
            (
                &asks,
                right.clone(),
                Rule::NoSubprotocol,
                "signal-v1 was asked for",
            ),
        ] {
            let found = shaken(asked, &answered);
            assert_eq!(found.len(), 1, "{asked} {answered} {found:?}");
            assert_eq!(found[0].0, rule);
            assert!(found[0].1.contains(detail), "{found:?}");
        }
    }

    #[test]
    fn each_rule_is_told_once() {
        let mut told = Told::default();
        assert!(told.is_news(Rule::Utf8) && told.is_news(Rule::Coding));
        assert!(!told.is_news(Rule::Utf8) && !told.is_news(Rule::Coding));
        assert!(told.is_news(Rule::Upgrade));
    }
}
