//! What no word of the dialect matches, in full, with the nearest pattern and the place where it differs.

use std::fmt::Write as _;
use std::sync::Arc;

use super::text::tame;
use crate::names::{Link, PeerName};
use crate::record::{Event, Role, Seq, Story, What};
use crate::signaling::{Dialect, Explained, Unread};
use crate::terms::{Carrier, Direction};

/// So many different messages are shown.
const SHOWN: usize = 6;

/// So much of each (characters).
const WIDTH: usize = 1000;

/// The dialect that a record was made with.
pub(super) fn dialect(story: &Story) -> Option<Dialect> {
    let source = story.source_of(Role::Dialect)?;
    Dialect::read(&source.path, &source.text).ok()
}

/// One message that nobody understood.
pub(super) struct Message<'e> {
    pub peer: &'e PeerName,
    link: &'e Link,
    seq: Seq,
    pub direction: Direction,
    pub carrier: Carrier,
    pub text: &'e str,
}

impl<'e> Message<'e> {
    /// The message of this event, if no word matches it.
    pub fn of(event: &'e Event) -> Option<Self> {
        match &event.what {
            What::Message {
                link,
                direction,
                carrier,
                word: None,
                text,
                ..
            } => Some(Self {
                peer: &link.peer,
                link,
                seq: event.seq,
                direction: *direction,
                carrier: *carrier,
                text,
            }),
            _ => None,
        }
    }

    /// Why not, by itself.
    fn explain_alone(&self, dialect: &Dialect) -> Explained {
        let message = Unread::recorded(self.carrier, self.text);
        dialect.explain(self.direction, message, &[("me", self.peer.as_str())])
    }

    /// Why not, after what was understood on its line before.
    pub fn explain(&self, dialect: &Dialect, events: &[Arc<Event>]) -> Explained {
        let message = Unread::recorded(self.carrier, self.text);
        let known = [("me", self.peer.as_str())];
        let before = events.iter().take_while(|event| event.seq < self.seq);
        let before = before.filter_map(|event| match &event.what {
            What::Message {
                link,
                direction,
                carrier,
                word: Some(_),
                text,
                ..
            }
            | What::Aside {
                link,
                direction,
                carrier,
                text,
                ..
            } if link == self.link && *direction == self.direction => {
                Some(Unread::recorded(*carrier, text))
            }
            _ => None,
        });
        dialect.explain_after(self.direction, message, &known, before)
    }

    fn way(&self) -> String {
        match self.direction {
            Direction::Up => format!("{} -> server", self.peer),
            Direction::Down => format!("server -> {}", self.peer),
        }
    }
}

/// What nobody had understood before this event: each kind of it once, the newest ones.
///
/// ```text
/// What no word of the dialect matches:
///   server -> bob: {"event":"joined","data":{"room":17}}
///     hear.joined: /data/room: expected text, found 17
/// ```
pub(super) fn unread(story: &Story, before: Seq) -> String {
    let Some(dialect) = dialect(story) else {
        return String::new();
    };
    let messages = story.events.iter().filter(|event| event.seq < before);
    let mut told: Vec<(String, Message, usize)> = Vec::new();
    let is_page = |peer: &PeerName| {
        let mut events = story.events.iter();
        events.any(|event| matches!(&event.what, What::App { peer: page, .. } if page == peer))
    };
    for message in messages.filter_map(|event: &Arc<Event>| Message::of(event)) {
        let explained = message.explain_alone(&dialect);
        // What a page loads is no message.
        let is_near = !matches!(explained, Explained::Nothing { .. });
        if message.carrier == Carrier::Http && !is_near && is_page(message.peer) {
            continue;
        }
        let why = format!("{}\n{explained}", message.way());
        let times = match told.iter().position(|(known, ..)| *known == why) {
            Some(at) => told.remove(at).2,
            None => 0,
        };
        told.push((why, message, times + 1));
    }
    if told.is_empty() {
        return String::new();
    }
    let mut text = "\nWhat no word of the dialect matches:\n".to_owned();
    if told.len() > SHOWN {
        let more = told.len() - SHOWN;
        let _ = writeln!(text, "  ({more} more before)");
        told.drain(..more);
    }
    for (_, message, times) in &told {
        let times = match times {
            1 => String::new(),
            times => format!("  (the last of {times} alike)"),
        };
        let (way, shown) = (message.way(), in_full(message.text));
        let _ = writeln!(text, "  {way}: {shown}{times}");
        // What was otherwise before may be so in each of those that are alike.
        let explained = message.explain(&dialect, &story.events).to_string();
        for line in explained.lines() {
            let _ = writeln!(text, "    {}", tame(line));
        }
    }
    text
}

/// On one line and harmless.
pub(super) fn in_full(text: &str) -> String {
    let line = tame(text).replace('\n', "\\n");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
