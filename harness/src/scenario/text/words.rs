//! How single things are called, in files and in the log.

use crate::names::PeerName;
use crate::scenario::model::{Cut, Pattern};
use crate::terms::{Corruption, Kill, Silence};

/// `answer from alice to bob, 2nd`: a pattern as the log writes it.
pub(crate) fn pattern_text(pattern: &Pattern) -> String {
    let mut out = pattern.message.to_string();
    if let Some(from) = &pattern.from {
        out.push_str(&format!(" from {from}"));
    }
    if let Some(to) = &pattern.to {
        out.push_str(&format!(" to {to}"));
    }
    if let Some(nth) = pattern.nth {
        out.push_str(&format!(" #{nth}"));
    }
    out
}

pub(super) fn kill_text(how: Kill) -> &'static str {
    match how {
        Kill::Socket => "socket",
        Kill::Tab => "tab",
        Kill::Browser => "browser",
    }
}

pub(super) fn cut_text(how: Cut) -> &'static str {
    match how {
        Cut::Close => "close",
        Cut::Reset => "reset",
        Cut::Silence(_) => "silence",
    }
}

pub(super) fn direction_text(silence: Silence) -> &'static str {
    match (silence.up, silence.down) {
        (true, false) => "up",
        (false, true) => "down",
        _ => "both",
    }
}

pub(super) fn corruption_text(how: Corruption) -> &'static str {
    match how {
        Corruption::Letter => "letter",
        Corruption::NotJson => "not-json",
        Corruption::NotUtf8 => "not-utf8",
    }
}

/// The other end of a connection, as the log has it.
pub(super) fn with(to: &Option<PeerName>) -> String {
    let with = to.as_ref().map(|to| format!(" (with {to})"));
    with.unwrap_or_default()
}
