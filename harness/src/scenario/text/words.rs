//! How single things are called, in files and in the log.

use crate::names::PeerName;
use crate::scenario::model::{Cut, Pattern, Pretence};
use crate::scenario::page::{Clicking, Filling, PageDeed, Sight, Tab, Target};
use crate::terms::{Corruption, Kill, Silence};
use crate::yaml::scalar;

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

/// What a peer shows from there on.
pub(super) fn pretence_text(how: &Pretence) -> String {
    match how {
        Pretence::WrongLogin => "logs in wrongly from here on".to_owned(),
        Pretence::LoginOf(peer) => format!("logs in as {peer} does from here on"),
        Pretence::OwnLogin => "logs in as itself again".to_owned(),
        Pretence::GivenTo(peer) => format!("comes back next by what {peer} was given"),
    }
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

/// What a user does, for the log; a picture changes nothing.
pub(super) fn page_text(deed: &PageDeed) -> Option<String> {
    // Hidden characters show; no text can pass for another line.
    let quoted = |text: &str| format!("{text:?}");
    let at = |path: &Option<String>| path.as_deref().map(|path| format!(" {}", scalar(path)));
    Some(match deed {
        PageDeed::Open { path } => format!("opens{}", at(path).unwrap_or_default()),
        PageDeed::Navigate { path: None } => "leaves its page".to_owned(),
        PageDeed::Navigate { path } => format!("goes to{}", at(path).unwrap_or_default()),
        PageDeed::NewTab { path } => format!("opens a tab{}", at(path).unwrap_or_default()),
        PageDeed::Fill { target, with } => {
            let with = match with {
                Filling::Text(text) => quoted(text),
                Filling::Secret(name) => format!("the secret {}", scalar(name)),
            };
            format!("fills {} with {with}", target_text(target))
        }
        PageDeed::CloseTab => "closes its tab".to_owned(),
        PageDeed::SwitchTab { to } => format!("goes to {}", tab_text(to)),
        PageDeed::Click { target, how } => {
            let how = match how {
                Clicking::Once => "clicks",
                Clicking::Twice => "double-clicks",
                Clicking::Outside => "clicks outside of",
            };
            format!("{how} {}", target_text(target))
        }
        PageDeed::Press { key, target } => {
            let target = target
                .as_ref()
                .map(|target| format!(" in {}", target_text(target)));
            format!("presses {}{}", scalar(key), target.unwrap_or_default())
        }
        PageDeed::See { target, sight } => match sight {
            Sight::Present => format!("sees {}", target_text(target)),
            Sight::Gone => format!("sees no {}", target_text(target)),
            Sight::Value(value) => format!("sees {} with {}", target_text(target), quoted(value)),
            other => format!(
                "sees {} {}",
                target_text(target),
                other.word().unwrap_or_default()
            ),
        },
        PageDeed::Reload => "reloads".to_owned(),
        PageDeed::Back => "goes back".to_owned(),
        PageDeed::Forward => "goes forward".to_owned(),
        PageDeed::Offline => "goes offline".to_owned(),
        PageDeed::Online => "comes online".to_owned(),
        PageDeed::Screenshot { .. } => return None,
    })
}

/// One of a page's tabs, for a person.
fn tab_text(tab: &Tab) -> String {
    match tab {
        Tab::Number(number) => format!("tab {number}"),
        Tab::At(path) => format!("the tab at {}", scalar(path)),
    }
}

/// Something in a page, for a person: `button "Create"`.
pub(in crate::scenario) fn target_text(target: &Target) -> String {
    // Hidden characters show; no text can pass for another line.
    let quoted = |text: &str| format!("{text:?}");
    match target {
        Target::Role { role, name } => format!("{role} {}", quoted(name)),
        Target::Label(name) => format!("control labelled {}", quoted(name)),
        Target::Text(text) => format!("text {}", quoted(text)),
        Target::Selector(selector) => format!("selector {}", quoted(selector)),
    }
}
