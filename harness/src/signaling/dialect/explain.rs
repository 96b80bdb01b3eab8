//! Why a message is none of the dialect's words: the nearest pattern, and the place where it differs.
//!
//! Pure: of the dialect and the message alone. What a conversation has learnt before is known only as far as the caller says it.

use std::fmt;

use serde_json::Value as Json;

use super::differ::{Compared, quote};
use super::template::{Piece, matches_text};
use super::{Body, Dialect, Framing, Route, StatusRange, Variables};
use crate::mistake::nearest;
use crate::terms::{Carrier, Direction};

pub use super::differ::Difference;

/// So many places are told of one pattern.
const PLACES: usize = 3;
/// So many words are named.
const WORDS: usize = 8;

/// A message that no word of the dialect matches.
#[derive(Clone, Copy, Debug)]
pub enum Unread<'a> {
    /// A message of a WebSocket.
    Message(&'a str),
    /// A request, `POST /create`, or a response, `POST /create 404`, with its body.
    Http {
        /// The first line.
        head: &'a str,
        /// The body.
        body: &'a str,
    },
}

impl<'a> Unread<'a> {
    /// As a record keeps it: for HTTP the head stands before the body.
    pub fn recorded(carrier: Carrier, text: &'a str) -> Self {
        match carrier {
            Carrier::Http => {
                let (head, body) = text.split_once('\n').unwrap_or((text, ""));
                Unread::Http { head, body }
            }
            Carrier::Text | Carrier::Binary => Unread::Message(text),
        }
    }
}

/// Why a message is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// It is not what the dialect's `framing` says.
    Framing {
        /// What is wrong with it.
        found: String,
        /// What may be meant.
        advice: Option<String>,
    },
    /// This pattern is the nearest.
    Nearest {
        /// `hear.joined`; `hear.refused[2]`, the second of several forms.
        pattern: String,
        /// Where they differ, the first ones. None: the pattern fits the message by itself, but not what was heard before it.
        differences: Vec<Difference>,
        /// Where the pattern has another word than the message: the words that stand there in all patterns, each once.
        words: Vec<String>,
    },
    /// No pattern has anything in common with it.
    Nothing {
        /// The patterns that were tried: `hear` or `say`.
        among: &'static str,
        /// How many they are.
        patterns: usize,
        /// The word that tells their messages apart, where this one has a word of its own: its place, the word, and those of the patterns.
        word: Option<(String, String, Vec<String>)>,
    },
}

impl fmt::Display for Explained {
    /// A line for each difference: `hear.joined: /data/room: expected text, found 17`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explained::Framing { found, advice } => {
                write!(f, "framing: {found}")?;
                match advice {
                    Some(advice) => write!(f, "\n{advice}"),
                    None => Ok(()),
                }
            }
            Explained::Nearest {
                pattern,
                differences,
                words,
            } => {
                if differences.is_empty() {
                    return write!(
                        f,
                        "{pattern}: fits by itself, but not what was said and heard before it"
                    );
                }
                for (index, difference) in differences.iter().enumerate() {
                    let line_end = if index == 0 { "" } else { "\n" };
                    write!(f, "{line_end}{pattern}: {difference}")?;
                }
                match words.as_slice() {
                    [] | [_] => Ok(()),
                    words => write!(f, "\nthe patterns know there: {}", words.join(", ")),
                }
            }
            Explained::Nothing {
                among,
                word: Some((place, found, words)),
                ..
            } => write!(
                f,
                "no pattern of `{among}` has {found} at {place}; they have {}",
                words.join(", ")
            ),
            Explained::Nothing {
                among, patterns, ..
            } => write!(
                f,
                "nothing in common with any of the {patterns} patterns of `{among}`"
            ),
        }
    }
}

/// One pattern that a message might have been.
pub(super) struct Candidate<'d> {
    /// As the file's reader knows it: `hear.joined`.
    pub name: String,
    pub http: Option<&'d Route>,
    pub status: Option<StatusRange>,
    pub body: &'d Body,
}

impl Dialect {
    /// Why this message, which nobody understood, is none of the words: of a peer's (up) or the server's (down). `known` are values that are
    /// the same in all messages of this line, such as `me`.
    pub fn explain(
        &self,
        direction: Direction,
        message: Unread<'_>,
        known: &[(&str, &str)],
    ) -> Explained {
        let among = match direction {
            Direction::Up => "say",
            Direction::Down => "hear",
        };
        let candidates = self.candidates(direction);
        let (head, text) = match message {
            Unread::Message(text) => (None, text),
            Unread::Http { head, body } => (Some(head), body),
        };
        let value = match self.framing {
            Framing::Text => Json::from(text),
            Framing::Json => match serde_json::from_str(text) {
                Ok(value) => value,
                // A long message is recorded without its end.
                Err(error) if error.is_eof() && text.len() > CUT => mended(text),
                Err(_) if head.is_some() => Json::Null,
                Err(error) => return not_json(text, &error),
            },
        };
        let compared = candidates.iter().map(|candidate| {
            let mut compared = Compared::new(known);
            candidate.compare(head, &value, &mut compared);
            (candidate, compared)
        });
        let mut all: Vec<(&Candidate<'_>, Compared)> = compared.collect();
        let best = (0..all.len())
            .filter(|index| all[*index].1.alike || all[*index].1.score > 0)
            // The first of those that are equally near.
            .min_by_key(|index| std::cmp::Reverse(all[*index].1.score));
        let Some(best) = best else {
            let places = all.iter().flat_map(|(_, compared)| &compared.words);
            let word = places.into_iter().find_map(|(place, _)| {
                let found = value.pointer(place)?.as_str()?;
                Some((place.clone(), quote(found), words_at(&all, place)))
            });
            return Explained::Nothing {
                among,
                patterns: all.len(),
                word,
            };
        };
        let first = all[best].1.differences.first();
        let is_word = |place: &&String| {
            let words = &all[best].1.words;
            words.iter().any(|(there, _)| there == *place)
        };
        let place = first.map(|first| &first.place).filter(is_word);
        let words = place.map_or_else(Vec::new, |place| words_at(&all, place));
        let (candidate, mut compared) = all.swap_remove(best);
        compared.differences.truncate(PLACES);
        Explained::Nearest {
            pattern: candidate.name.clone(),
            differences: compared.differences,
            words,
        }
    }

    /// The patterns of one direction, in the order in which they are tried.
    pub(super) fn candidates(&self, direction: Direction) -> Vec<Candidate<'_>> {
        let mut candidates: Vec<Candidate<'_>> = match direction {
            Direction::Up => {
                let steps = self.say.iter().flat_map(|(kind, steps)| {
                    steps.iter().map(move |step| Candidate {
                        name: format!("say.{kind}"),
                        http: step.http.as_ref(),
                        status: None,
                        body: &step.body,
                    })
                });
                steps.collect()
            }
            Direction::Down => {
                let forms = self.hear.iter().map(|(heard, form)| Candidate {
                    name: format!("hear.{}", heard.name()),
                    http: form.http.as_ref(),
                    status: form.status,
                    body: &form.body,
                });
                forms.collect()
            }
        };
        let names: Vec<String> = candidates.iter().map(|one| one.name.clone()).collect();
        for (index, candidate) in candidates.iter_mut().enumerate() {
            let same = |upto: usize| {
                let before = names[..upto].iter();
                before.filter(|name| **name == names[index]).count()
            };
            if same(names.len()) > 1 {
                candidate.name = format!("{}[{}]", names[index], same(index) + 1);
            }
        }
        candidates
    }
}

impl Candidate<'_> {
    fn compare(&self, head: Option<&str>, value: &Json, compared: &mut Compared) {
        match (self.http, head) {
            (None, None) => {}
            (Some(route), Some(head)) => self.route(route, head, compared),
            (Some(_), None) => {
                let found = "a message of the WebSocket".into();
                compared.differs(8, "", "a request by HTTP".into(), found);
            }
            (None, Some(_)) => {
                let wanted = "a message of the WebSocket".into();
                compared.differs(8, "", wanted, "one by HTTP".into());
            }
        }
        match self.body {
            Body::None => {}
            Body::Template(template) => compared.value(template, value, "", 0),
        }
    }

    /// `POST /create`, `POST /create HTTP/1.1` or `POST /create 404`.
    fn route(&self, route: &Route, head: &str, compared: &mut Compared) {
        let mut fields = head.split(' ');
        let (method, path) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        if method != route.method {
            compared.differs(2, "method", route.method.clone(), quote(method));
        }
        if matches_text(&route.path, path, &mut Variables::default()) {
            compared.score += 6;
            compared.alike = true;
        } else {
            let wanted = written(&route.path);
            let near = nearest(path, [wanted.as_str()]).is_some();
            compared.alike |= near;
            compared.differs(
                if near { 1 } else { 6 },
                "path",
                quote(&wanted),
                quote(path),
            );
        }
        let status = fields.next_back().and_then(|status| status.parse().ok());
        if let (Some(range), Some(status)) = (self.status, status) {
            if range.contains(status) {
                compared.score += 3;
            } else {
                let wanted = match range.first == range.last {
                    true => range.first.to_string(),
                    false => format!("{}xx", range.first / 100),
                };
                compared.differs(3, "status", wanted, status.to_string());
            }
        }
    }
}

/// The words that patterns have at this place, each once.
fn words_at(all: &[(&Candidate<'_>, Compared)], place: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (there, word) in all.iter().flat_map(|(_, compared)| &compared.words) {
        let quoted = quote(word);
        if there == place && !words.contains(&quoted) {
            words.push(quoted);
        }
    }
    if words.len() > WORDS {
        words.truncate(WORDS);
        words.push("…".into());
    }
    words
}

fn written(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Hole(hole) => format!("{{{}}}", hole.name),
    };
    pieces.iter().map(piece).collect()
}

/// What is longer may be the beginning of a message only (bytes).
const CUT: usize = 4000;

const SOCKET_IO: &str = "a number before the JSON: is this socket.io or engine.io? Then `framing: socket.io-4`, or `framing: text`";

fn not_json(text: &str, error: &serde_json::Error) -> Explained {
    let begins = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = begins.len() < text.len();
    let socket_io = numbered && (begins.is_empty() || begins.starts_with(['[', '{', '-', '/']));
    let advice = socket_io.then_some(SOCKET_IO);
    let found = match text {
        "" => "expected JSON, found an empty message".to_owned(),
        text => format!("expected JSON, found {}: {error}", quote(text)),
    };
    Explained::Framing {
        found,
        advice: advice.map(str::to_owned),
    }
}

/// JSON of which the end is missing, as far as it goes.
fn mended(text: &str) -> Json {
    let mut open = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    // Where the text could end, and what would have to follow.
    let mut fine: Option<(usize, Vec<char>, &str)> = None;
    for (at, c) in text.char_indices() {
        match (quoted, c) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (true, '"') => quoted = false,
            (true, _) => {}
            (false, '"') => quoted = true,
            (false, '{') => open.push('}'),
            (false, '[') => open.push(']'),
            (false, '}' | ']') => drop(open.pop()),
            (false, ',') => fine = Some((at, open.clone(), "")),
            (false, _) => {}
        }
    }
    if quoted {
        // Within a text: it ends here, perhaps.
        let end = text.len() - usize::from(escaped);
        let end = text[..end]
            .rfind("\\u")
            .filter(|at| end - at < 6)
            .unwrap_or(end);
        let closed = close(&text[..end], &open, "…\"");
        if let Ok(value) = serde_json::from_str(&closed) {
            return value;
        }
    }
    fine.and_then(|(at, open, end)| serde_json::from_str(&close(&text[..at], &open, end)).ok())
        .unwrap_or(Json::Null)
}

fn close(text: &str, open: &[char], end: &str) -> String {
    let closing: String = open.iter().rev().collect();
    format!("{text}{end}{closing}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEAD: &str = "dialect: own\nconnect: { path: / }\n";
    const SAY: &str = "say:\n  join: { message: { event: enter, data: { room: \"{room}\" } } }\n  offer: { message: { event: signal, data: { to: \"{peer}\", sdp: \"{sdp}\" } } }\n  answer: { message: { event: answer, sdp: \"{sdp}\" } }\n";
    const HEAR: &str = "hear:\n  joined: { message: { event: joined, data: { room: \"{room}\", members: \"{with}\", you?: \"{me}\" } } }\n  offer: { message: { event: signal, data: { from: \"{peer}\", sdp: \"{sdp}\" } } }\n  answer: { message: { event: answer, from: \"{peer}\", sdp: \"{sdp}\" } }\n  refused:\n    - { message: { event: denied, what: \"{request}\", why: \"{reason}\" } }\n    - { http: POST /enter, status: 4xx, body: { error: \"{reason}\" } }\n";

    fn dialect(text: &str) -> Dialect {
        Dialect::read(Path::new("own.yaml"), text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    fn own() -> Dialect {
        dialect(&format!("{HEAD}{SAY}{HEAR}"))
    }

    #[track_caller]
    fn told(direction: Direction, message: Unread<'_>, expected: &str) {
        let explained = own().explain(direction, message, &[("me", "alice")]);
        assert_eq!(explained.to_string(), expected);
    }

    #[test]
    fn the_place_is_told_where_the_nearest_pattern_differs() {
        for (text, expected) in [
            (
                r#"{"event":"joined","data":{"room":17,"members":[]}}"#,
                "hear.joined: /data/room: expected text, found 17",
            ),
            (
                r#"{"event":"joined","data":{"rooms":"lobby","members":[]}}"#,
                "hear.joined: /data/room: expected `{room}`, found no such key; there is `rooms`",
            ),
            (
                r#"{"event":"joined","data":["lobby"]}"#,
                "hear.joined: /data: expected an object with `room`, `members`, found a list of 1",
            ),
            (
                r#"{"event":"joined","data":{"room":"lobby","members":[{"id":"x"}]}}"#,
                "hear.joined: /data/members: expected a list of ids, as text, found a list of 1",
            ),
            (
                r#"{"event":"joined","data":{"room":"lobby","members":[],"you":"bob"}}"#,
                "hear.joined: /data/you: expected \"alice\", which is `{me}`, found \"bob\"",
            ),
            (
                r#"{"event":"signal","data":{"from":"u2"}}"#,
                "hear.offer: /data/sdp: expected `{sdp}`, found no such key",
            ),
            (
                r#"{"event":"members","data":{"room":"lobby","members":["u1"]}}"#,
                "hear.joined: /event: expected \"joined\", found \"members\"\nthe patterns know there: \"joined\", \"signal\", \"answer\", \"denied\"",
            ),
            (
                r#"{"event":"weather"}"#,
                "no pattern of `hear` has \"weather\" at /event; they have \"joined\", \"signal\", \"answer\", \"denied\"",
            ),
            (
                r#"{"op":"welcome"}"#,
                "nothing in common with any of the 5 patterns of `hear`",
            ),
            (
                "17",
                "nothing in common with any of the 5 patterns of `hear`",
            ),
            (
                "0{\"sid\":\"x\"}",
                "framing: expected JSON, found \"0{\\\"sid\\\":\\\"x\\\"}\": trailing characters at line 1 column 2\na number before the JSON: is this socket.io or engine.io? Then `framing: socket.io-4`, or `framing: text`",
            ),
            ("", "framing: expected JSON, found an empty message"),
        ] {
            told(Direction::Down, Unread::Message(text), expected);
        }
    }

    #[test]
    fn what_a_page_sends_is_compared_with_what_the_dialect_says() {
        told(
            Direction::Up,
            Unread::Message(r#"{"event":"enter","data":{"name":"lobby"}}"#),
            "say.join: /data/room: expected `{room}`, found no such key",
        );
    }

    #[test]
    fn a_response_is_compared_with_what_is_heard_by_http() {
        let of = |head, body| Unread::Http { head, body };
        told(
            Direction::Down,
            of("POST /enter 200", "{\"error\":\"full\"}"),
            "hear.refused[2]: status: expected 4xx, found 200",
        );
        told(
            Direction::Down,
            of("POST /entry 400", "{\"error\":\"full\"}"),
            "hear.refused[2]: path: expected \"/enter\", found \"/entry\"",
        );
        told(
            Direction::Down,
            of("POST /enter 400", "no"),
            "hear.refused[2]: expected an object with `error`, found null",
        );
    }

    #[test]
    fn text_is_compared_letter_by_letter() {
        let text = "framing: text\nconnect: { path: / }\nsay: { offer: { message: 'o{sdp}' }, answer: { message: 'a{sdp}' } }\nhear:\n  joined: { message: '42[\"joined\",\"{room}\",{with|json}]' }\n  offer: { message: 'offer {sdp}' }\n  answer: { message: 'answer {sdp}' }\n";
        let dialect = dialect(&format!("dialect: own\n{text}"));
        for (text, expected) in [
            (
                "42[\"join\",\"lobby\",[]]",
                "hear.joined: character 9: expected \"ed\\\",\\\"\", found \"\\\",\\\"lobby\\\",[]]\"",
            ),
            (
                "42[\"joined\",\"lobby\"]",
                "hear.joined: character 14: expected \"\\\",\" somewhere, found \"lobby\\\"]\"",
            ),
        ] {
            let explained = dialect.explain(Direction::Down, Unread::Message(text), &[]);
            assert_eq!(explained.to_string(), expected);
        }
    }

    #[test]
    fn a_message_of_which_the_end_is_not_recorded_is_explained_as_far_as_it_goes() {
        let long = "v".repeat(5000);
        let text = format!(r#"{{"event":"signal","data":{{"from":17,"sdp":"{long}"}}}}"#);
        told(
            Direction::Down,
            Unread::Message(&text[..4096]),
            "hear.offer: /data/from: expected text, a peer's id, found 17",
        );
    }

    #[test]
    fn nothing_that_is_sent_breaks_the_explanation() {
        let deep = "[".repeat(100_000);
        let odd = "\u{1b}[31m\u{202e}".repeat(3000);
        let cut = format!("{{\"event\":\"{}\\u12", "x".repeat(5000));
        for text in [&*deep, &*odd, &*cut, "\0", "{\"event\":{\"event\":{}}}"] {
            for direction in [Direction::Up, Direction::Down] {
                let told = own().explain(direction, Unread::Message(text), &[]);
                let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!told.to_string().contains(hostile), "{told}");
            }
        }
    }
}
