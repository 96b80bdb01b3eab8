//! Whether what a step waits for can still come.
//!
//! Steps are played one after the other: while one waits, no other brings a peer back, opens a line or makes an offer. What may come by
//! itself is what is on its way: in the server, in a tap that delays, in a stack. So a wait is given up only on what ends all of these: the
//! peer has seen its line end, which comes behind all that came through the line; or it was killed.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::answers;
use crate::names::PeerName;
use crate::record::{Event, Seq, What};
use crate::scenario::Pattern;
use crate::signaling::{Kind, Notice, Word};
use crate::terms::{Carrier, Direction};

/// So much of each (characters).
const WIDTH: usize = 160;

/// What the events tell of lines and requests.
#[derive(Default)]
pub(super) struct Hope {
    lines: BTreeMap<PeerName, Line>,
    /// Pages of the user's, which dial when they like.
    pages: BTreeSet<PeerName>,
    /// HTTP requests that nothing has answered yet.
    open: BTreeMap<PeerName, usize>,
    /// How many requests of a kind were sent, and how many answers came.
    asked: BTreeMap<(PeerName, Kind), (usize, usize)>,
    /// The last message of a peer that no word matches: it may be a request all the same.
    pub(super) unread: BTreeMap<PeerName, Seq>,
    /// Nothing that a peer has sent was still on its way to its tap, before the last events were taken in.
    pub quiet: bool,
}

/// A peer's signaling connection.
#[derive(Default)]
struct Line {
    /// The newest that the server let in.
    up: u32,
    /// The newest of which the tap has seen the end.
    down: u32,
    /// The newest whose end is a step's doing.
    by_step: u32,
    /// The newest whose end the peer itself has seen.
    closed: Option<Closed>,
}

struct Closed {
    link: u32,
    at: u64,
    code: u16,
    reason: String,
}

/// Who waits, and since when.
pub(super) struct Waiting {
    /// Peers that were killed; a step brings them back.
    pub dead: BTreeSet<PeerName>,
    /// When the step began, in the clock of the events.
    pub since: u64,
}

impl Hope {
    /// Takes one event in.
    pub fn feed(&mut self, event: &Event) {
        match &event.what {
            What::App { peer, .. } => {
                self.pages.insert(peer.clone());
            }
            What::LinkUp { link } => {
                let line = self.lines.entry(link.peer.clone()).or_default();
                line.up = line.up.max(link.instance);
            }
            What::LinkDown { link, .. } => {
                let line = self.lines.entry(link.peer.clone()).or_default();
                line.down = line.down.max(link.instance);
            }
            What::LinkEnded { link } => {
                let line = self.lines.entry(link.peer.clone()).or_default();
                line.by_step = line.by_step.max(link.instance);
            }
            What::LinkClosed { link, code, reason } => {
                let line = self.lines.entry(link.peer.clone()).or_default();
                if (line.closed.as_ref()).is_none_or(|closed| closed.link <= link.instance) {
                    line.closed = Some(Closed {
                        link: link.instance,
                        at: event.at,
                        code: *code,
                        reason: reason.clone(),
                    });
                }
            }
            What::Message {
                link,
                direction,
                carrier,
                word,
                ..
            } => {
                let peer = &link.peer;
                if *carrier == Carrier::Http {
                    let open = self.open.entry(peer.clone()).or_default();
                    *open = match direction {
                        Direction::Up => *open + 1,
                        Direction::Down => open.saturating_sub(1),
                    };
                }
                match (word, direction) {
                    (Some(Word::Request { request }), Direction::Up) => {
                        self.asked(peer, request.kind()).0 += 1;
                    }
                    (None, Direction::Up) => {
                        self.unread.insert(peer.clone(), event.seq);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// An answer that the peer has heard.
    pub fn answered(&mut self, peer: &PeerName, notice: &Notice) {
        if let Some(Some(kind)) = answers(notice) {
            self.asked(peer, kind).1 += 1;
        }
    }

    fn asked(&mut self, peer: &PeerName, kind: Kind) -> &mut (usize, usize) {
        self.asked.entry((peer.clone(), kind)).or_default()
    }

    /// Whether a request of this kind may still be answered.
    pub fn is_open(&self, peer: &PeerName, kind: Kind) -> bool {
        (self.asked.get(&(peer.clone(), kind))).is_some_and(|(asked, answered)| asked > answered)
    }

    /// Why this peer hears nothing more, if so.
    pub fn deaf(&self, peer: &PeerName, waiting: &Waiting) -> Option<String> {
        if waiting.dead.contains(peer) {
            return Some(format!("{peer} was killed"));
        }
        if self.open.get(peer).is_some_and(|open| *open > 0) || self.pages.contains(peer) {
            return None;
        }
        let Some(line) = self.lines.get(peer) else {
            return Some("it has no signaling connection".into());
        };
        let closed = (line.closed.as_ref()).filter(|closed| closed.link >= line.up)?;
        let reason = match closed.reason.as_str() {
            "" => String::new(),
            reason => format!(", {:?}", cut(reason)),
        };
        let how = format!("(close code {}{reason})", closed.code);
        // 1006: no close frame came.
        let what = if closed.link > line.up {
            format!("its signaling connection was not opened {how}")
        } else if closed.code == 1006 {
            format!("its signaling connection was lost {how}")
        } else if closed.link > line.by_step {
            format!("the server closed its signaling connection {how}")
        } else {
            format!("its signaling connection was closed {how}")
        };
        Some(match closed.at.checked_sub(waiting.since) {
            Some(after) => format!("{what} after {} ms", after / 1000),
            None => format!("{what} before this step"),
        })
    }

    /// Whether a peer's line was lost, which no step has done.
    pub fn lost_a_line(&self) -> bool {
        self.lines.values().any(|line| {
            (line.closed.as_ref()).is_some_and(|closed| {
                closed.code == 1006 && closed.link >= line.up && closed.link > line.by_step
            })
        })
    }

    /// Why nothing more passes the tap on this leg, if so.
    pub fn idle(&self, pattern: &Pattern, waiting: &Waiting) -> Option<String> {
        let peer = pattern.to.as_ref().or(pattern.from.as_ref())?;
        let why = self.deaf(peer, waiting)?;
        // What a peer sent last may come to its tap after it has seen the end.
        let ended = (self.lines.get(peer)).is_none_or(|line| line.down >= line.up);
        ended.then(|| why.replace("its signaling", &format!("{peer}'s signaling")))
    }
}

/// The beginning of a foreign text.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
