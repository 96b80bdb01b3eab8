//! What passed between peers and server, each message beside what was understood of it: what `glare dialect try` shows.
//!
//! ```text
//! 2. bob joins it
//!    bob   -> join lobby                 {"type":"join","room":"lobby"}
//!    bob   <- joined lobby with alice    {"type":"joined","room":"lobby","peers":["alice"]}
//!    alice <- not understood
//!             {"type":"welcome","room":17}
//!             hear.joined: /room: expected text, found 17
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::text::tame;
use super::unread::{Message, dialect, in_full};
use crate::names::{Link, PeerName};
use crate::record::{Event, Failure, Seq, Story, Verdict, What};
use crate::signaling::{Dialect, Kind, Names, Notice, Request, Signal, Unread, Word, sketch};
use crate::terms::{Carrier, Direction, Ending, Machine, Payload, ServerLife, Side};

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// For a terminal that wants colours.
    pub colour: bool,
}

/// What the room of a trial is called, and its peers.
pub const ROOM: &str = "lobby";
/// See [`ROOM`].
pub const PEERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Of what a server says before anything was said to it.
const BY_ITSELF: &str =
    "it comes by itself: `connect: { then: [{ hear: … }] }` waits for it, `ignore:` passes over it";

/// So narrow a screen is taken for this wide.
const NARROWEST: usize = 60;
/// What is understood takes so many columns at most, where the message stands beside it.
const WIDEST_MEANING: usize = 31;
/// And so many at least, so that messages of several parts stand in one column.
const LEAST_MEANING: usize = 28;
/// So many of the server's last lines are shown with a failure.
const LAST_LINES: usize = 8;

impl Look {
    /// Bold.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// For what is beside the point.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// For what went well.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For what needs a look.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// For what is wrong.
    pub fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.colour && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// Cut so that it fits behind so many columns.
    pub fn fitted(self, text: &str, behind: usize) -> String {
        fitted(text, self.columns().saturating_sub(behind))
    }

    /// So many columns, at least as many as can be used.
    fn columns(self) -> usize {
        self.width.max(NARROWEST)
    }

    /// Text on lines that fit, behind so many spaces.
    pub fn wrapped(self, text: &str, indent: usize) -> Vec<String> {
        let room = self.columns() - indent;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let fits = line.chars().count() + 1 + word.chars().count() <= room;
            if !line.is_empty() && !fits {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            while line.chars().count() > room {
                let at = line
                    .char_indices()
                    .nth(room)
                    .map_or(line.len(), |(at, _)| at);
                let rest = line.split_off(at);
                lines.push(std::mem::replace(&mut line, rest));
            }
        }
        lines.push(line);
        let spaces = " ".repeat(indent);
        lines.iter().map(|line| format!("{spaces}{line}")).collect()
    }
}

/// What the messages of a story were, under the headings of its steps (the number of the step that a heading is before, from 1). What came
/// before step `from` is not shown.
pub fn passed(story: &Story, headings: &[(usize, String)], from: usize, look: Look) -> String {
    let mut rows = Vec::new();
    let mut on = from == 0;
    let dialect = dialect(story);
    let mut spoken: BTreeSet<&Link> = BTreeSet::new();
    for event in &story.events[..story.played.min(story.events.len())] {
        let (link, direction) = match &event.what {
            What::Message {
                link, direction, ..
            }
            | What::Aside {
                link, direction, ..
            } => (Some(link), Some(*direction)),
            _ => (None, None),
        };
        if direction == Some(Direction::Up) {
            spoken.extend(link);
        }
        if let What::Step {
            index, inner: None, ..
        } = &event.what
        {
            on |= *index >= from;
            let heading = headings.iter().find(|(step, _)| step == index);
            if let (true, Some((_, heading))) = (on, heading) {
                rows.push(Row::Heading(heading.clone()));
            }
        } else if event.what == What::End {
            // What follows is asked for the laws.
            break;
        } else if on {
            let mut row = row(event, dialect.as_ref(), &story.events);
            if let Some(Row::Unread { up: false, why, .. }) = &mut row
                && link.is_some_and(|link| !spoken.contains(link))
            {
                why.push(BY_ITSELF.into());
            }
            rows.extend(row);
        }
    }
    shown(&rows, look)
}

/// So many of a story's messages nobody understood, from this event on.
pub fn not_understood(story: &Story, from: Seq) -> usize {
    let events = story.stage().iter().filter(|event| event.seq >= from);
    events.filter(|event| Message::of(event).is_some()).count()
}

/// An id by which the server speaks of somebody, and by which nobody is known here.
pub fn stranger(story: &Story) -> Option<&str> {
    let known = |id: &&str| PEERS.contains(id);
    story.stage().iter().find_map(|event| match &event.what {
        What::Message {
            direction: Direction::Down,
            word: Some(word),
            about: None,
            ..
        } => match word {
            Word::Signal { peer, .. } => peer.as_deref(),
            Word::Notice { notice } => match notice {
                Notice::Joined { with, .. } => {
                    with.iter().map(String::as_str).find(|id| !known(id))
                }
                _ => notice.about(),
            },
            Word::Request { .. } => None,
        },
        _ => None,
    })
}

/// Why a story stopped: what was waited for, and what was there instead. `None`: it did not.
pub fn stopped(story: &Story, look: Look) -> Option<String> {
    let failure = match &story.verdict {
        Verdict::Fail(failure) => failure,
        Verdict::Unsupported(unsupported) => return Some(said(&unsupported.why, look)),
        // What a server that did not start has said stands in it.
        Verdict::Inconclusive(inconclusive) => return Some(said(&inconclusive.why, look)),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => return None,
    };
    let mut text = said(&failure.message, look);
    text.push_str(&instead(story, failure, look));
    text.push_str(&output(story, failure.at, look));
    Some(text)
}

fn said(why: &str, look: Look) -> String {
    let mut text = String::new();
    for line in tame(why).lines().filter(|line| !line.trim().is_empty()) {
        let indent = 3 + line.len() - line.trim_start().len();
        for line in look.wrapped(line.trim_start(), indent.min(20)) {
            let _ = writeln!(text, "{}", look.red(&line));
        }
    }
    text
}

/// What came since the step began that failed.
fn instead(story: &Story, failure: &Failure, look: Look) -> String {
    let before = |event: &&Arc<Event>| event.seq < failure.at;
    let events: Vec<_> = story.events.iter().filter(before).collect();
    let begun = events
        .iter()
        .rposition(|event| matches!(event.what, What::Step { inner: None, .. }));
    let since = &events[begun.unwrap_or(0)..];
    let down = |event: &&&Arc<Event>| {
        matches!(
            &event.what,
            What::Message {
                direction: Direction::Down,
                ..
            } | What::Aside {
                direction: Direction::Down,
                ..
            }
        )
    };
    let came: Vec<_> = since.iter().filter(down).collect();
    let dialect = dialect(story);
    let mut text = waited_for(begun.map(|at| &**events[at]), dialect.as_ref(), look);
    let rows: Vec<Row> = came
        .iter()
        .filter_map(|event| row(event, dialect.as_ref(), &story.events))
        .collect();
    if rows.is_empty() {
        text.push_str("   The server said nothing since this step began.\n");
        return text;
    }
    text.push_str("   Instead it said:\n");
    for row in &rows {
        let line = match row {
            Row::Message { who, meaning, .. } => format!("to {who}: {meaning}"),
            Row::Unread { who, frame, .. } => format!("to {who}, not understood: {frame}"),
            _ => continue,
        };
        let _ = writeln!(text, "      {}", look.fitted(&line, 6));
    }
    text
}

/// The pattern that a step waited for, as the dialect writes it.
fn waited_for(step: Option<&Event>, dialect: Option<&Dialect>, look: Look) -> String {
    let Some(What::Step { text: step, .. }) = step.map(|step| &step.what) else {
        return String::new();
    };
    let answer = match step.split(':').next().unwrap_or_default() {
        "create" if dialect.is_some_and(Dialect::creates_by_joining) => Kind::Joined,
        "create" => Kind::Created,
        "join" => Kind::Joined,
        _ => return String::new(),
    };
    let Some((line, pattern)) =
        dialect.and_then(|dialect| dialect.written(&format!("hear.{answer}")))
    else {
        return String::new();
    };
    let mut text = String::new();
    let waited = format!("It waited for `hear.{answer}` (line {line}): {pattern}");
    for line in look.wrapped(&tame(&waited), 3) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// What the server wrote last.
fn output(story: &Story, before: Seq, look: Look) -> String {
    let lines: Vec<&str> = story
        .events
        .iter()
        .filter(|event| event.seq < before)
        .filter_map(|event| match &event.what {
            What::Server {
                life: ServerLife::Line { text },
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = "   The last lines of the server's output:\n".to_owned();
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        for line in look.wrapped(&in_full(line), 6) {
            let _ = writeln!(text, "{}", look.dim(&line));
        }
    }
    text
}

/// One line of what is shown.
enum Row {
    Heading(String),
    /// Something that is no message: `alice: its line is open`.
    Remark {
        who: String,
        text: String,
        bad: bool,
    },
    Message {
        who: String,
        up: bool,
        meaning: String,
        frame: String,
    },
    Unread {
        who: String,
        up: bool,
        frame: String,
        why: Vec<String>,
    },
}

fn row(event: &Event, dialect: Option<&Dialect>, events: &[Arc<Event>]) -> Option<Row> {
    let remark = |who: &PeerName, text: String, bad| Row::Remark {
        who: who.to_string(),
        text,
        bad,
    };
    if let Some(message) = Message::of(event) {
        let mut why = String::new();
        if let Some(dialect) = dialect {
            why = message.explain(dialect, events).to_string();
        }
        // What peers of a scene are called.
        let me = message.peer.as_str();
        let peers: Vec<&str> = PEERS.into_iter().filter(|peer| *peer != me).collect();
        let names = Names {
            me,
            peers: &peers,
            room: ROOM,
        };
        if let Some(pattern) = sketch(message.text, names) {
            let _ = write!(why, "\nas a pattern: {pattern}");
        }
        return Some(Row::Unread {
            who: message.peer.to_string(),
            up: message.direction == Direction::Up,
            frame: in_full(&frame(message.carrier, message.direction, message.text)),
            why: why.lines().map(tame).collect(),
        });
    }
    Some(match &event.what {
        What::Message {
            link,
            direction,
            carrier,
            word: Some(word),
            about,
            text,
            of,
            ..
        } => {
            if is_fence(word) {
                return None;
            }
            // Where there are no rooms nobody comes into one: that is only how the harness counts who is there.
            let roomless = dialect.is_some_and(|dialect| !dialect.has_rooms());
            if roomless && of.is_some() && is_of_rooms(word) {
                return None;
            }
            Row::Message {
                who: link.peer.to_string(),
                up: *direction == Direction::Up,
                meaning: tame(&meaning(word, about.as_ref(), *direction)).replace('\n', " "),
                frame: match of {
                    None => in_full(&frame(*carrier, *direction, text)),
                    Some(_) => "(worked out)".into(),
                },
            }
        }
        What::Aside {
            link,
            direction,
            carrier,
            text,
            ..
        } => {
            let message = Unread::recorded(*carrier, text);
            let known = dialect.and_then(|dialect| dialect.recognise(*direction, message));
            let known = known.unwrap_or_else(|| "part of the protocol".into());
            Row::Message {
                who: link.peer.to_string(),
                up: *direction == Direction::Up,
                meaning: format!("({})", tame(&known).replace('\n', " ")),
                frame: in_full(&frame(*carrier, *direction, text)),
            }
        }
        What::LinkUp { link } => remark(&link.peer, "its line is open".into(), false),
        What::LinkRefused { link, text, .. } => remark(&link.peer, tame(text), true),
        What::LinkDown { link, by, ending } => {
            let how = match ending {
                Ending::Close { code, reason } => {
                    let code = code.map_or("no code".to_owned(), |code| code.to_string());
                    match reason.as_str() {
                        "" => format!(" ({code})"),
                        reason => format!(" ({code}, {reason:?})"),
                    }
                }
                Ending::Eof => " (without a close frame)".into(),
                Ending::Reset => " (reset)".into(),
            };
            let (who, bad) = match by {
                Side::Peer => ("by itself", false),
                Side::Server => ("by the server", true),
                Side::Tap => ("as the step wants", false),
            };
            remark(&link.peer, tame(&format!("its line ends, {who}{how}")), bad)
        }
        What::Violation {
            link,
            direction: Direction::Down,
            detail,
            section,
            ..
        } => {
            let section = section.as_deref().unwrap_or("what the dialect says");
            remark(
                &link.peer,
                tame(&format!("against {section}: {detail}")),
                true,
            )
        }
        What::State {
            peer,
            machine: Machine::Connection,
            state,
            ..
        } if matches!(state.as_str(), "connected" | "failed" | "closed") => {
            remark(peer, format!("WebRTC {state}"), state == "failed")
        }
        What::PeerError {
            peer,
            during,
            message,
            ..
        } => remark(peer, tame(&format!("refused {during}: {message}")), true),
        What::Said { peer, payload, .. } => remark(
            peer,
            tame(&format!("says {}", payload_text(payload))),
            false,
        ),
        What::Heard { peer, payload, .. } => remark(
            peer,
            tame(&format!("hears {}", payload_text(payload))),
            false,
        ),
        What::Server {
            life: ServerLife::Exited { status },
        } => Row::Remark {
            who: "server".into(),
            text: tame(&format!("ended by itself: {status}")),
            bad: true,
        },
        _ => return None,
    })
}

/// What the harness asks for itself.
fn is_of_rooms(word: &Word) -> bool {
    match word {
        Word::Request { .. } => true,
        Word::Notice { notice } => matches!(
            notice,
            Notice::Created { .. }
                | Notice::Joined { .. }
                | Notice::Left { .. }
                | Notice::Destroyed { .. }
        ),
        Word::Signal { .. } => false,
    }
}

fn is_fence(word: &Word) -> bool {
    matches!(
        word,
        Word::Request {
            request: Request::Fence
        } | Word::Notice {
            notice: Notice::Refused {
                request: Some(Kind::Fence),
                ..
            }
        }
    )
}

fn payload_text(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => format!("{text:?}"),
        Payload::Bytes(bytes) => format!("{} characters of base64", bytes.len()),
    }
}

/// The message as it went; of HTTP the first line before the body.
fn frame(carrier: Carrier, direction: Direction, text: &str) -> String {
    match carrier {
        Carrier::Text | Carrier::Event | Carrier::Poll | Carrier::Packet => text.to_owned(),
        Carrier::Binary => format!("(binary) {text}"),
        Carrier::Http => {
            let (head, body) = text.split_once('\n').unwrap_or((text, ""));
            // Whose answer it is stands in the line above.
            let head = match direction {
                Direction::Up => head,
                Direction::Down => head.rsplit(' ').next().unwrap_or(head),
            };
            format!("{head} {body}")
        }
    }
}

/// What a word says, in words of the log.
fn meaning(word: &Word, about: Option<&PeerName>, direction: Direction) -> String {
    let who = |id: &str| about.map_or_else(|| id.to_owned(), PeerName::to_string);
    match word {
        Word::Request { request } => match request {
            Request::Create { room }
            | Request::Join { room }
            | Request::Leave { room }
            | Request::Destroy { room } => format!("{} {room}", request.kind()),
            Request::SetState { state, .. } => format!("set-state {state}"),
            Request::Kick { room, peer } => format!("kick {} out of {room}", who(peer)),
            Request::Fence => "fence".into(),
        },
        Word::Signal { peer, signal } => {
            let kind = word.kind();
            let whom = match (about, peer) {
                (Some(about), _) => Some(about.to_string()),
                (None, peer) => peer.clone(),
            };
            let kind = match signal {
                Signal::Candidate { candidate } => format!("candidate {}", candidate.kind()),
                _ => kind.to_string(),
            };
            match (whom, direction) {
                (None, _) => kind,
                (Some(whom), Direction::Up) => format!("{kind} for {whom}"),
                (Some(whom), Direction::Down) => format!("{kind} from {whom}"),
            }
        }
        Word::Notice { notice } => match notice {
            Notice::Joined { room, with } if with.is_empty() => format!("joined {room}, alone"),
            Notice::Joined { room, with } => format!("joined {room} with {}", with.join(", ")),
            Notice::Created { room }
            | Notice::Left { room }
            | Notice::Destroyed { room }
            | Notice::Kicked { room } => {
                format!("{} {room}", notice_kind(word))
            }
            Notice::Granted { request } => format!("granted {request}"),
            Notice::Refused { request, reason } => match request {
                Some(request) => format!("{request} refused: {reason:?}"),
                None => format!("refused: {reason:?}"),
            },
            Notice::PeerJoined { peer } => format!("peer-joined {}", who(peer)),
            Notice::PeerAway { peer } => format!("peer-away {}", who(peer)),
            Notice::PeerBack { peer } => format!("peer-back {}", who(peer)),
            Notice::PeerState { peer, state } => format!("peer-state {} {state}", who(peer)),
            Notice::Host { peer } => format!("host {}", who(peer)),
            Notice::PeerLeft { peer, how: None } => format!("peer-left {}", who(peer)),
            Notice::PeerLeft {
                peer,
                how: Some(how),
            } => format!("peer-left {} ({how})", who(peer)),
            Notice::Error { reason } => format!("error {reason:?}"),
        },
    }
}

fn notice_kind(word: &Word) -> String {
    word.kind().to_string()
}

fn shown(rows: &[Row], look: Look) -> String {
    let names = rows.iter().map(|row| match row {
        Row::Heading(_) => 0,
        Row::Remark { who, .. } | Row::Message { who, .. } | Row::Unread { who, .. } => {
            who.chars().count()
        }
    });
    let names = names.max().unwrap_or(0).max(5);
    let meanings = rows.iter().map(|row| match row {
        Row::Message { meaning, .. } => meaning.chars().count().min(WIDEST_MEANING),
        _ => 0,
    });
    let meanings = meanings.max().unwrap_or(0).max(LEAST_MEANING);
    let mut text = String::new();
    for row in rows {
        match row {
            Row::Heading(heading) => {
                let _ = writeln!(text, "\n{}", look.bold(heading));
            }
            Row::Remark {
                who,
                text: what,
                bad,
            } => {
                let line = format!("   {who:<names$}  . {what}");
                let line = match bad {
                    true => look.red(&line),
                    false => look.dim(&line),
                };
                let _ = writeln!(text, "{line}");
            }
            Row::Message {
                who,
                up,
                meaning,
                frame,
            } => {
                let arrow = if *up { "->" } else { "<-" };
                let meaning = fitted(meaning, meanings);
                // Three before, an arrow with its spaces, two between.
                let room = look.columns().saturating_sub(3 + names + 4 + meanings + 2);
                let frame = fitted(frame, room);
                let _ = writeln!(
                    text,
                    "   {who:<names$} {arrow} {}  {}",
                    look.green(&format!("{meaning:<meanings$}")),
                    look.dim(&frame)
                );
            }
            Row::Unread {
                who,
                up,
                frame,
                why,
            } => {
                let arrow = if *up { "->" } else { "<-" };
                let what = look.red("not understood");
                let _ = writeln!(text, "   {who:<names$} {arrow} {what}");
                let indent = 3 + names + 4;
                for line in look.wrapped(frame, indent) {
                    let _ = writeln!(text, "{line}");
                }
                for line in why.iter().flat_map(|why| look.wrapped(why, indent)) {
                    let _ = writeln!(text, "{}", look.yellow(&line));
                }
            }
        }
    }
    text
}

/// Cut so that it fits.
fn fitted(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => {
            let kept: String = text.chars().take(width.saturating_sub(1)).collect();
            format!("{kept}…")
        }
        None => text.to_owned(),
    }
}
