//! Why a message is none of the dialect's words: the nearest pattern, and the place where it differs.
//!
//! Pure: of the dialect and the message alone. What a conversation has learnt before is known only as far as the caller says it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::differ::{Compared, is, quote, told};
use super::patterns::Pattern;
use super::socketio::{self, Packet};
use super::template::{Piece, matches_text};
use super::{Body, Dialect, Framing, Route, Variables};
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
            _ => Unread::Message(text),
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
        /// What had another value on this line before, and both of them.
        otherwise: Vec<String>,
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
    /// A line for each difference: `hear.joined: /data/room: expected text or a number, a room, found true`.
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
                otherwise,
            } => {
                if differences.is_empty() {
                    let before = if otherwise.is_empty() { "" } else { ": " };
                    return write!(
                        f,
                        "{pattern}: fits by itself, but not what was said and heard before it{before}{}",
                        otherwise.join("; ")
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
        let mut all = match self.compared(direction, message, known) {
            Ok(all) => all,
            Err(explained) => return explained,
        };
        let best = (0..all.len())
            .filter(|index| all[*index].1.alike || all[*index].1.score > 0)
            // The first of those that are equally near.
            .min_by_key(|index| std::cmp::Reverse(all[*index].1.score));
        let Some(best) = best else {
            let other = all.iter().find_map(|(_, compared)| {
                let is_word =
                    |place: &String| compared.words.iter().any(|(there, _)| there == place);
                let mut differences = compared.differences.iter();
                differences.find(|one| is_word(&one.place) && one.found.starts_with('"'))
            });
            let word = other.map(|other| {
                let words = words_at(&all, &other.place);
                (other.place.clone(), other.found.clone(), words)
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
            otherwise: Vec::new(),
        }
    }

    /// The same, where these messages were understood before it on its line: what it gives another value is named.
    pub fn explain_after<'m>(
        &self,
        direction: Direction,
        message: Unread<'_>,
        known: &[(&str, &str)],
        before: impl IntoIterator<Item = Unread<'m>>,
    ) -> Explained {
        let mut explained = self.explain(direction, message, known);
        if let Explained::Nearest {
            pattern,
            differences,
            otherwise,
            ..
        } = &mut explained
            && differences.is_empty()
        {
            let all = self.compared(direction, message, known).unwrap_or_default();
            let found = all.into_iter().find(|(one, _)| one.name == *pattern);
            let here = found.map_or_else(Vec::new, |(_, compared)| self.of_a_line(&compared));
            let mut learnt = BTreeMap::new();
            for earlier in before {
                let all = self.compared(direction, earlier, known).unwrap_or_default();
                let fits = all.iter().filter(|(_, one)| one.differences.is_empty());
                if let Some((_, fits)) = fits.max_by_key(|(_, compared)| compared.score) {
                    learnt.extend(self.of_a_line(fits));
                }
            }
            for (name, value) in here {
                if let Some(was) = learnt.get(&name).filter(|was| !is(was, &value)) {
                    let (was, here) = (told(was), told(&value));
                    otherwise.push(format!("`{{{name}}}` was {was}, here {here}"));
                }
            }
        }
        explained
    }

    /// What was captured and is the same in all messages of a line, as far as that can be told: what is said of somebody else may be of two.
    fn of_a_line(&self, compared: &Compared) -> Vec<(String, Json)> {
        let of_two = compared.captured().any(|(name, _)| name == "peer");
        let captured = compared.captured();
        let captured =
            captured.filter(|(name, _)| *name == "self" || (!of_two && self.is_own(name)));
        captured
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

impl Dialect {
    /// What a message is that says no word: the pattern that it fits, and what it captures. `None`: none of them, or a packet of its carrier.
    pub fn recognise(&self, direction: Direction, message: Unread<'_>) -> Option<String> {
        let all = self.compared(direction, message, &[]).ok()?;
        let fits = all
            .into_iter()
            .filter(|(_, compared)| compared.differences.is_empty());
        let (pattern, compared) = fits.max_by_key(|(_, compared)| compared.score)?;
        // Short: it stands beside the message.
        let name = pattern.name.trim_end_matches(".hear");
        let name = name.trim_start_matches("connect.");
        let mut text = name.to_owned();
        if direction == Direction::Down {
            for (at, (name, value)) in compared.captured().enumerate() {
                let between = if at == 0 { ":" } else { "," };
                text.push_str(&format!("{between} {{{name}}} = {}", told(value)));
            }
        }
        Some(text)
    }

    /// Each pattern with what it has in common with a message. An error: the message is not what the dialect's `framing` says.
    fn compared(
        &self,
        direction: Direction,
        message: Unread<'_>,
        known: &[(&str, &str)],
    ) -> Result<Vec<(Pattern<'_>, Compared)>, Explained> {
        let (head, text) = match message {
            Unread::Message(text) => (None, text),
            Unread::Http { head, body } => (Some(head), body),
        };
        let read = match (self.framing, head) {
            (Framing::SocketIo(_), None) => unwrapped(text),
            (Framing::Text, _) => Ok((Json::from(text), false)),
            (Framing::Json | Framing::Program | Framing::Packets(_) | Framing::SocketIo(_), _) => {
                json(text).map(|value| (value, false))
            }
        };
        let (value, ack) = match read {
            Ok(read) => read,
            Err(_) if head.is_some() => (Json::Null, false),
            Err(found) => return Err(not_framed(text, found)),
        };
        let patterns = self.patterns(direction).into_iter();
        let compared = patterns.map(|pattern| {
            let mut compared = Compared::new(known);
            pattern.compare(head, &value, ack, &mut compared);
            (pattern, compared)
        });
        Ok(compared.collect())
    }
}

impl Pattern<'_> {
    fn compare(&self, head: Option<&str>, value: &Json, ack: bool, compared: &mut Compared) {
        if self.ack != ack && head.is_none() {
            let told = |ack| match ack {
                true => "an answer to a request",
                false => "an event",
            };
            compared.differs(6, "", told(self.ack).into(), told(ack).into());
        }
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
fn words_at(all: &[(Pattern<'_>, Compared)], place: &str) -> Vec<String> {
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

/// The JSON in a text, or what is wrong with it.
fn json(text: &str) -> Result<Json, String> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        // A long message is recorded without its end.
        Err(error) if error.is_eof() && text.len() > CUT => Ok(mended(text)),
        Err(_) if text.is_empty() => Err("expected JSON, found an empty message".into()),
        Err(error) => Err(format!("expected JSON, found {}: {error}", quote(text))),
    }
}

/// What socket.io carries, and whether it is an answer.
fn unwrapped(text: &str) -> Result<(Json, bool), String> {
    let begins = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match socketio::read(text) {
        Some(Packet::Event(value, _)) => Ok((value, false)),
        Some(Packet::Ack(value, _)) => Ok((value, true)),
        None if text.starts_with('4') && text.len() > CUT && begins.starts_with('[') => {
            Ok((mended(begins), text.starts_with("43")))
        }
        Some(_) => Err(format!(
            "{} is a packet of socket.io, and not expected here",
            quote(text)
        )),
        None => Err(format!(
            "expected a packet of socket.io, found {}",
            quote(text)
        )),
    }
}

const SOCKET_IO: &str =
    "a number before the JSON: is this socket.io? Then `framing: socket.io-4` (or `socket.io-2`)";

fn not_framed(text: &str, found: String) -> Explained {
    let begins = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = begins.len() < text.len();
    let socket_io = numbered && (begins.is_empty() || begins.starts_with(['[', '{', '-', '/']));
    let json = found.contains("expected JSON");
    Explained::Framing {
        found,
        advice: (socket_io && json).then(|| SOCKET_IO.to_owned()),
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
                r#"{"event":"joined","data":{"room":true,"members":[]}}"#,
                "hear.joined: /data/room: expected text or a number, a room, found true",
            ),
            (
                r#"{"event":"joined","data":{"rooms":"lobby","members":[]}}"#,
                "hear.joined: /data/room: expected `{room}`, found no such key; there is `rooms`",
            ),
            (
                r#"{"event":"joined","data":["lobby"]}"#,
                "hear.joined: /data: expected an object with `room`, `members`, found a list of 1: \"lobby\"",
            ),
            (
                r#"{"event":"joined","data":{"room":"lobby","members":[{"id":"x"}]}}"#,
                "hear.joined: /data/members: expected a list of ids, found a list of 1: an object with `id`",
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
                "framing: expected JSON, found \"0{\\\"sid\\\":\\\"x\\\"}\": trailing characters at line 1 column 2\na number before the JSON: is this socket.io? Then `framing: socket.io-4` (or `socket.io-2`)",
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
        let text = format!(r#"{{"event":"signal","data":{{"from":true,"sdp":"{long}"}}}}"#);
        told(
            Direction::Down,
            Unread::Message(&text[..4096]),
            "hear.offer: /data/from: expected text or a number, a peer's id, found true",
        );
    }

    #[test]
    fn what_was_otherwise_before_is_named() {
        let dialect = dialect(&format!(
            "{HEAD}{SAY}rejoin: {{ message: {{ event: back, seat: \"{{seat}}\" }} }}\nhear:\n  joined: {{ message: {{ event: joined, room: \"{{room}}\", you: \"{{self}}\", seat: {{ no: \"{{seat}}\" }} }} }}\n  offer: {{ message: {{ event: signal, of: \"{{self}}\", from: \"{{peer}}\", sdp: \"{{sdp}}\" }} }}\n  answer: {{ message: {{ event: answer, from: \"{{peer}}\", sdp: \"{{sdp}}\" }} }}\n"
        ));
        let joined = |room: &str, you: &str, seat: u8| {
            format!(r#"{{"event":"joined","room":"{room}","you":"{you}","seat":{{"no":{seat}}}}}"#)
        };
        let told = |text: &str, before: &[String]| {
            let before = before.iter().map(|text| Unread::Message(text));
            let message = Unread::Message(text);
            let explained = dialect.explain_after(Direction::Down, message, &[], before);
            explained.to_string()
        };
        let alone = "hear.joined: fits by itself, but not what was said and heard before it";
        let first = joined("lobby", "m_1", 4);
        assert_eq!(told(&first, &[]), alone);
        // A room is what was asked for.
        assert_eq!(
            told(&joined("hall", "m_1", 4), std::slice::from_ref(&first)),
            alone
        );
        assert_eq!(
            told(&joined("lobby", "m_2", 5), &[first.clone(), "{}".into()]),
            format!("{alone}: `{{self}}` was \"m_1\", here \"m_2\"; `{{seat}}` was 4, here 5")
        );
        // The newest counts.
        let news = r#"{"event":"signal","of":"m_2","from":"bob","sdp":"v=0"}"#;
        assert_eq!(
            told(news, &[joined("lobby", "m_2", 4), first]),
            "hear.offer: fits by itself, but not what was said and heard before it: `{self}` was \"m_1\", here \"m_2\""
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
