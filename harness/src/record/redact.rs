//! Secrets: taken out once, where an event is recorded, so that no reporter can forget it.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use serde_json::Value as Json;

use super::{Verdict, What};
use crate::signaling::{Notice, Word};
use crate::terms::{Ending, Payload, ServerLife};

/// What stands where a secret was.
const GONE: &str = "<redacted>";

/// Names whose values are secret, as part of a longer name too (`access_token`, `X-Api-Key`).
const SECRET: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "secret",
    "credential",
    "authorization",
    "cookie",
    "apikey",
    "sessionid",
];

/// At least as long as each of these names.
const LONGEST: usize = 16;

/// Takes the secrets out of all the foreign text of an event: what looks like one, and these.
pub(super) fn redact_event(what: &mut What, secrets: &[String]) {
    let strike = |text: &mut String| strike(text, secrets);
    let clean = |text: &mut String| {
        strike(text);
        if let Some(redacted) = redacted(text) {
            *text = redacted;
        }
    };
    match what {
        What::Message { text, word, .. } => {
            clean(text);
            if !secrets.is_empty()
                && let Some(told) = word
            {
                *word = struck(told, secrets);
            }
            if let Some(Word::Notice {
                notice: Notice::Refused { reason, .. } | Notice::Error { reason },
            }) = word
            {
                clean(reason);
            }
        }
        What::Console { text, .. }
        | What::Note { text, .. }
        | What::Aside { text, .. }
        | What::LinkAsked { text, .. }
        | What::LinkRefused { text, .. } => {
            clean(text);
        }
        What::Violation { detail, .. } => clean(detail),
        What::PeerError { message, .. } => clean(message),
        What::LinkClosed { reason, .. }
        | What::LinkDown {
            ending: Ending::Close { reason, .. },
            ..
        } => clean(reason),
        // What only looks like a secret is the scenario's own, and waited for.
        What::Said { payload, .. } | What::Heard { payload, .. } => {
            let (Payload::Text(text) | Payload::Bytes(text)) = payload;
            strike(text);
        }
        What::Server { life } => match life {
            ServerLife::Line { text } => clean(text),
            ServerLife::Exited { status } => clean(status),
            ServerLife::Ready
            | ServerLife::Alive
            | ServerLife::Killed
            | ServerLife::Paused
            | ServerLife::Resumed => {}
        },
        What::Run { server, .. } => clean(server),
        // The user's own, as the file that it stands in: what only looks like a secret is none.
        What::Step { text, log, .. } => {
            strike(text);
            log.iter_mut().for_each(strike);
        }
        // Places are told in bytes of it, and it is the user's own: what a secret covers stays as long as it was.
        What::Source { text, .. } => {
            for secret in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), &"*".repeat(secret.len()));
                }
            }
        }
        What::Case(facts) => facts.options.iter_mut().for_each(clean),
        What::Law(found) => {
            for broken in &mut found.breaches {
                clean(&mut broken.message);
            }
        }
        What::Verdict { verdict, .. } => match &mut **verdict {
            Verdict::Fail(failure) => {
                clean(&mut failure.message);
                failure.states.iter_mut().for_each(clean);
                failure.diff.iter_mut().for_each(clean);
                for broken in &mut failure.breaches {
                    clean(&mut broken.message);
                }
            }
            Verdict::Unsupported(unsupported) => clean(&mut unsupported.why),
            Verdict::Inconclusive(inconclusive) => clean(&mut inconclusive.why),
            Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {}
        },
        _ => {}
    }
}

fn strike(text: &mut String, secrets: &[String]) {
    for secret in secrets {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), GONE);
        }
    }
}

/// The word with none of these in what its server or peer chose. `None`: it cannot be told without.
fn struck(word: &Word, secrets: &[String]) -> Option<Word> {
    /// What names a word rather than being said in it; `request` is that where it is a text.
    const NAMES: [&str; 5] = ["word", "signal", "ask", "notice", "request"];

    fn walk(value: &mut Json, secrets: &[String]) {
        match value {
            Json::String(text) => strike(text, secrets),
            Json::Array(all) => all.iter_mut().for_each(|one| walk(one, secrets)),
            Json::Object(map) => {
                for (name, value) in map {
                    if !(value.is_string() && NAMES.contains(&name.as_str())) {
                        walk(value, secrets);
                    }
                }
            }
            _ => {}
        }
    }

    let mut value = serde_json::to_value(word).ok()?;
    walk(&mut value, secrets);
    serde_json::from_value(value).ok()
}

/// The text without the values of `token`, `password`, `secret`, `credential` and the like in JSON (quoted once more or not),
/// query strings and `name: value` lines; without cookies, authorization headers, bearer tokens and the user part of URLs.
pub fn redact(text: &str) -> String {
    redacted(text).unwrap_or_else(|| text.to_owned())
}

fn redacted(text: &str) -> Option<String> {
    is_suspect(text).then(|| Scan { text, at: 0 }.run())
}

/// Whether the text may hold a secret: a quick look at most texts, which have none.
fn is_suspect(text: &str) -> bool {
    static SIGNS: LazyLock<Option<Searcher>> =
        LazyLock::new(|| Searcher::new(SECRET.iter().chain(&["://", "bearer ", "basic "])));
    // Without vector instructions there is no such search: every text is then looked at closely.
    let Some(signs) = SIGNS.as_ref() else {
        return true;
    };
    // Piece by piece, without `-` and `_`; a sign may lie across the border of two.
    let mut piece = [0; 2048];
    let mut length = 0;
    let mut look = |part: &[u8], last: bool| {
        let mut part = part;
        loop {
            let taken = part.len().min(piece.len() - length);
            piece[length..length + taken].copy_from_slice(&part[..taken]);
            piece[length..length + taken].make_ascii_lowercase();
            length += taken;
            part = &part[taken..];
            if length < piece.len() && !last {
                return false;
            }
            if signs.find(&piece[..length]).is_some() {
                return true;
            }
            if part.is_empty() && last {
                return false;
            }
            piece.copy_within(length - LONGEST..length, 0);
            length = LONGEST;
        }
    };
    let mut from = 0;
    for at in memchr::memchr2_iter(b'-', b'_', text.as_bytes()) {
        if look(&text.as_bytes()[from..at], false) {
            return true;
        }
        from = at + 1;
    }
    look(&text.as_bytes()[from..], true)
}

/// Without the signs that names are spelled with or without (`api-key`, `session_id`).
fn squeezed(name: &str) -> String {
    name.replace(['-', '_'], "")
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']')
}

/// Walks through a text name by name.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn run(mut self) -> String {
        let mut out = String::with_capacity(self.text.len());
        while let Some(c) = self.rest().chars().next() {
            if is_name(c) {
                let name: &str = self.take(is_name);
                out.push_str(name);
                self.after_name(name, &mut out);
            } else if let Some(rest) = self.rest().strip_prefix("://") {
                out.push_str("://");
                self.at += 3;
                let host = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\''))
                    .unwrap_or(rest.len());
                if let Some(user) = rest[..host].rfind('@') {
                    out.push_str(GONE);
                    self.at += user;
                }
            } else {
                out.push(c);
                self.at += c.len_utf8();
            }
        }
        out
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn after_name(&mut self, name: &str, out: &mut String) {
        let lower = squeezed(&name.to_ascii_lowercase());
        if matches!(lower.as_str(), "bearer" | "basic") && self.rest().starts_with(' ') {
            let length = self.rest()[1..]
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ','))
                .unwrap_or(self.rest().len() - 1);
            // `basic` is a word of English too; credentials are longer than most.
            if length >= 8 || lower == "bearer" {
                out.push(' ');
                out.push_str(GONE);
                self.at += 1 + length;
            }
            return;
        }
        if !SECRET.iter().any(|secret| lower.contains(secret)) {
            return;
        }
        let rest = self.rest();
        let skip = |from: usize, accept: fn(char) -> bool| {
            from + rest[from..]
                .find(|c| !accept(c))
                .unwrap_or(rest.len() - from)
        };
        // `"` or `\"` or `'` behind the name, then `:` or `=`.
        let quoted = skip(0, |c| matches!(c, '\\' | '"' | '\''));
        let sign = skip(quoted, |c| matches!(c, ' ' | '\t'));
        if !rest[sign..].starts_with([':', '=']) {
            return;
        }
        let value = skip(sign + 1, char::is_whitespace);
        let open = skip(value, |c| c == '\\');
        let length = match rest[open..].chars().next() {
            Some(quote @ ('"' | '\'')) => {
                out.push_str(&rest[..open + 1]);
                self.at += open + 1;
                closing(self.rest(), quote, open - value)
            }
            Some('{' | '[') | None => return,
            Some(_) => {
                let header =
                    quoted == 0 && (lower.contains("cookie") || lower.contains("authorization"));
                out.push_str(&rest[..value]);
                self.at += value;
                let end = |c: char| {
                    if header {
                        matches!(c, '\r' | '\n' | '"')
                    } else {
                        c.is_whitespace()
                            || matches!(
                                c,
                                '&' | ';' | ',' | '"' | '\'' | '}' | ']' | '\\' | '#' | '<'
                            )
                    }
                };
                self.rest().find(end).unwrap_or(self.rest().len())
            }
        };
        if length > 0 {
            out.push_str(GONE);
            self.at += length;
        }
    }

    fn take(&mut self, accept: fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

/// How long a quoted value is: up to its quote with as many backslashes as the opening one has, or to the end.
fn closing(text: &str, quote: char, slashes: usize) -> usize {
    let mut run = 0;
    for (at, c) in text.char_indices() {
        if c == '\\' {
            run += 1;
            continue;
        }
        if c == quote && run <= slashes {
            return at - run;
        }
        run = 0;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::Signal;

    #[test]
    fn a_projects_secret_is_struck_out_of_words_too() {
        let secrets = ["created".to_owned(), "s3cret".to_owned()];
        let notice = |room: &str| Word::Notice {
            notice: Notice::Created {
                room: crate::names::RoomName::new(room),
            },
        };
        assert_eq!(
            struck(&notice("my s3cret room"), &secrets),
            Some(notice("my <redacted> room"))
        );
        let signal = |sdp: &str, peer: &str| Word::Signal {
            peer: Some(peer.into()),
            signal: Signal::Offer { sdp: sdp.into() },
        };
        assert_eq!(
            struck(&signal("v=0\r\ns=s3cret", "bob-s3cret"), &secrets),
            Some(signal("v=0\r\ns=<redacted>", "bob-<redacted>"))
        );
    }

    #[test]
    fn a_projects_secret_is_struck_out_of_every_event_that_may_hold_it() {
        use crate::names::{Link, PeerName};
        use crate::terms::{Carrier, Direction, Fate, Side};

        let peer = || PeerName::new("alice");
        let link = || Link {
            peer: peer(),
            instance: 1,
        };
        let reason = || "no s3cret here".to_owned();
        let payload = Payload::Text(reason());
        let (conn, label) = (1, "chat".to_owned());
        let signal = Signal::Offer {
            sdp: "s=s3cret".into(),
        };
        for mut what in [
            What::Step {
                index: 1,
                inner: None,
                line: 1,
                text: "fill".to_owned(),
                log: Some(reason()),
            },
            What::LinkClosed {
                link: link(),
                code: 1000,
                reason: reason(),
            },
            What::LinkDown {
                link: link(),
                by: Side::Server,
                ending: Ending::Close {
                    code: None,
                    reason: reason(),
                },
            },
            What::Heard {
                peer: peer(),
                conn,
                label,
                payload,
            },
            What::Message {
                link: link(),
                direction: Direction::Up,
                carrier: Carrier::Text,
                word: Some(Word::Signal { peer: None, signal }),
                about: None,
                fate: Fate::Passed,
                size: 0,
                digest: "d".into(),
                text: reason(),
                of: None,
                number: None,
            },
        ] {
            redact_event(&mut what, &["s3cret".to_owned()]);
            let told = format!("{what:?}");
            assert!(told.contains(GONE) && !told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn a_projects_secret_in_a_file_leaves_every_place_where_it_was() {
        let text = "a: 1\ntoken: s3cret\nb: 2";
        let (role, path) = (crate::record::Role::Scenario, "x.yaml".to_owned());
        let mut what = What::Source {
            role,
            path,
            text: text.to_owned(),
        };
        redact_event(&mut what, &["s3cret".to_owned()]);
        let What::Source { text: struck, .. } = &what else {
            panic!("{what:?}");
        };
        assert_eq!(struck, "a: 1\ntoken: ******\nb: 2");
    }

    #[test]
    fn no_secret_is_left_in_what_others_have_said() {
        use serde_json::json;

        let said = "no token=hunter2 and no s3cret";
        let link = json!({ "peer": "alice", "instance": 1 });
        let broken = json!([{ "law": 1, "event": 1, "message": said }]);
        let verdict = |verdict: Json| json!({ "event": "verdict", "verdict": verdict, "took": 1 });
        for event in [
            json!({ "event": "run", "version": 2, "scenario": "x", "cast": {}, "server": said }),
            json!({ "event": "case", "path": "x.yaml", "dialect": "d", "take": 1, "max_time": 1, "options": ["--x", said] }),
            json!({ "event": "link-asked", "link": link, "text": said }),
            json!({ "event": "link-refused", "link": link, "text": said }),
            json!({ "event": "violation", "link": link, "direction": "down", "rule": "mask", "detail": said }),
            json!({ "event": "link-down", "link": link, "by": "server", "how": "close", "code": 1000, "reason": said }),
            json!({ "event": "link-closed", "link": link, "code": 1000, "reason": said }),
            json!({ "event": "message", "link": link, "direction": "down", "carrier": "text", "fate": "passed", "size": 1, "digest": "d", "text": said,
                "word": { "word": "notice", "notice": { "notice": "error", "reason": said } } }),
            json!({ "event": "peer-error", "peer": "alice", "conn": 1, "during": "d", "name": "n", "message": said }),
            json!({ "event": "console", "peer": "alice", "level": "log", "text": said }),
            json!({ "event": "note", "peer": null, "text": said }),
            json!({ "event": "server", "server": "line", "text": said }),
            json!({ "event": "server", "server": "exited", "status": said }),
            json!({ "event": "law", "law": 1, "statement": "s", "premises": 1, "breaches": broken }),
            verdict(
                json!({ "is": "fail", "kind": "law", "message": said, "at": 1, "states": [said], "breaches": broken, "diff": said }),
            ),
            verdict(json!({ "is": "unsupported", "kind": "server", "why": said })),
            verdict(json!({ "is": "inconclusive", "kind": "no-server", "why": said })),
        ] {
            let texts = event.to_string().matches("hunter2").count();
            let mut what: What = serde_json::from_value(event).expect("an event");
            redact_event(&mut what, &["s3cret".to_owned()]);
            let told = serde_json::to_string(&what).expect("memory");
            assert!(
                !told.contains("hunter2") && !told.contains("s3cret"),
                "{told}"
            );
            assert_eq!(
                told.matches("token=<redacted> and no <redacted>").count(),
                texts,
                "{told}"
            );
        }
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        assert!(SECRET.iter().all(|secret| secret.len() <= LONGEST));
        for before in (0..40).chain(2000..2060).chain(4050..4100) {
            for name in ["authori-zation", "AUTHORIZATION", "session_-id", "token"] {
                let text = format!(
                    "{}{name}: x-y_z",
                    "ü".repeat(before / 2) + &"-".repeat(before % 2)
                );
                assert!(is_suspect(&text), "{before} {name}");
                assert!(is_suspect(&(text + &"z".repeat(3000))), "{before} {name}");
            }
            assert!(!is_suspect(&"toke_".repeat(before)), "{before}");
        }
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, expected) in [
            (
                r#"{"token":"abc","room":"lobby"}"#,
                r#"{"token":"<redacted>","room":"lobby"}"#,
            ),
            (
                r#"{"access_token" : "a\"b", "n":1}"#,
                r#"{"access_token" : "<redacted>", "n":1}"#,
            ),
            (
                r#"{"urls":"turn:x","credential":"pw"}"#,
                r#"{"urls":"turn:x","credential":"<redacted>"}"#,
            ),
            (
                r#""{\"password\":\"x y\",\"a\":1}""#,
                r#""{\"password\":\"<redacted>\",\"a\":1}""#,
            ),
            (
                r#"{"secret":12345,"b":2}"#,
                r#"{"secret":<redacted>,"b":2}"#,
            ),
            (r#"{"token":"cut of"#, r#"{"token":"<redacted>"#),
            (
                "GET /ws?room=a&token=abc&x=1 HTTP/1.1",
                "GET /ws?room=a&token=<redacted>&x=1 HTTP/1.1",
            ),
            (
                "Cookie: a=b; c=d\r\nHost: x",
                "Cookie: <redacted>\r\nHost: x",
            ),
            (
                "authorization: Bearer abc.def\nX: y",
                "authorization: <redacted>\nX: y",
            ),
            ("sent Bearer abc.def now", "sent Bearer <redacted> now"),
            ("https://me:pw@host/path", "https://<redacted>@host/path"),
            (
                "https://me:p@w:1@host:2/a@b",
                "https://<redacted>@host:2/a@b",
            ),
            ("password: hunter2 ok", "password: <redacted> ok"),
            ("X-Api-Key: 77", "X-Api-Key: <redacted>"),
            ("a basic idea about tokens", "a basic idea about tokens"),
            ("nothing here", "nothing here"),
            ("grün token=ü&b", "grün token=<redacted>&b"),
        ] {
            assert_eq!(redact(text), expected, "for {text}");
        }
    }
}
