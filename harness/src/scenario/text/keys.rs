//! A step as its verb and keys, as files write them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::words::{corruption_text, cut_text, direction_text, kill_text};
use crate::names::PeerName;
use crate::scenario::build::made_up;
use crate::scenario::model::{
    Action, Answer, Condition, Cut, DEFAULT_CHANNEL, Pattern, Pretence, Raw,
};
use crate::scenario::page::{Clicking, Filling, PageDeed, ROLE_KEYS, Sight, Tab, Target};
use crate::scenario::sought::{Sought, Wanted};
use crate::scenario::table::{TOGETHER, WAIT};
use crate::terms::{Corruption, Data};
use crate::yaml::{scalar, write_duration};

/// From this length on, made-up bytes are written as `size:`.
const SIZE_FROM: usize = 1;

pub(super) type Entries = Vec<(&'static str, String)>;

/// Somebody, and somebody else if one is named.
fn both(
    one: (&'static str, &PeerName),
    (key, other): (&'static str, &Option<PeerName>),
) -> Entries {
    let mut entries = vec![who(one.0, one.1)];
    entries.extend(other.as_ref().map(|other| who(key, other)));
    entries
}

fn who(key: &'static str, peer: &PeerName) -> (&'static str, String) {
    (key, scalar(peer.as_str()))
}

fn with_answer(mut entries: Entries, answer: &Answer) -> Entries {
    match answer {
        Answer::Granted => {}
        Answer::Refused => entries.push(("refused", "true".into())),
        Answer::Any => entries.push(("answer", "any".into())),
        Answer::RefusedWith(text) => entries.push(("refused", scalar(text))),
    }
    entries
}

fn with_fails(mut entries: Entries, fails: Option<&String>) -> Entries {
    match fails.map(String::as_str) {
        None => {}
        Some("") => entries.push(("fails", "true".into())),
        Some(text) => entries.push(("fails", scalar(text))),
    }
    entries
}

fn pattern(key: &'static str, pattern: &Pattern) -> Entries {
    let mut entries = vec![(key, pattern.message.to_string())];
    entries.extend(pattern.from.as_ref().map(|from| who("from", from)));
    entries.extend(pattern.to.as_ref().map(|to| who("to", to)));
    entries.extend(pattern.nth.map(|nth| ("nth", nth.to_string())));
    entries
}

/// The verb and its keys, as files write them.
pub(super) fn entries(action: &Action) -> (&'static str, Entries) {
    match action {
        Action::Together(_) => (TOGETHER, Vec::new()),
        Action::Connect { peer, answer } => {
            ("connect", with_answer(vec![who("peer", peer)], answer))
        }
        Action::Second { peer, how } => (
            "connect",
            vec![who("peer", peer), ("second", how.as_str().to_owned())],
        ),
        Action::Pretend { peer, how } => {
            let how = match how {
                Pretence::WrongLogin => ("login", "wrong".to_owned()),
                Pretence::OwnLogin => ("login", "own".to_owned()),
                Pretence::LoginOf(of) => who("login-of", of),
                Pretence::GivenTo(to) => who("given-to", to),
            };
            ("pretend", vec![who("peer", peer), how])
        }
        Action::Retire { peer } => (
            "disconnect",
            vec![who("peer", peer), ("older", "true".to_owned())],
        ),
        Action::Create { peer, room, answer } => (
            "create",
            with_answer(
                vec![who("peer", peer), ("room", scalar(room.as_str()))],
                answer,
            ),
        ),
        Action::Join {
            peer,
            room,
            offer,
            answer,
        } => {
            let mut entries = vec![who("peer", peer), ("room", scalar(room.as_str()))];
            if let Some(offer) = offer {
                entries.push(("offer", offer.to_string()));
            }
            ("join", with_answer(entries, answer))
        }
        Action::Leave { peer, answer } => ("leave", with_answer(vec![who("peer", peer)], answer)),
        Action::Destroy { peer, room, answer } => (
            "destroy",
            with_answer(
                vec![who("peer", peer), ("room", scalar(room.as_str()))],
                answer,
            ),
        ),
        Action::Kick { peer, whom, answer } => (
            "kick",
            with_answer(vec![who("peer", peer), who("whom", whom)], answer),
        ),
        Action::SetState {
            peer,
            state,
            answer,
        } => (
            "set-state",
            with_answer(vec![who("peer", peer), ("state", scalar(state))], answer),
        ),
        Action::Disconnect { peer } => ("disconnect", vec![who("peer", peer)]),
        Action::Negotiate { from, to } => ("negotiate", both(("from", from), ("to", to))),
        Action::CreateOffer { peer, to } => ("create-offer", both(("peer", peer), ("to", to))),
        Action::CreateAnswer { peer, to } => ("create-answer", both(("peer", peer), ("to", to))),
        Action::SetLocal {
            peer,
            to,
            kind,
            fails,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("kind", kind.as_str().into()));
            ("set-local", with_fails(entries, fails.as_ref()))
        }
        Action::SetRemote {
            peer,
            to,
            kind,
            fails,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("kind", kind.as_str().into()));
            ("set-remote", with_fails(entries, fails.as_ref()))
        }
        Action::AddCandidate { peer, to, fails } => (
            "add-candidate",
            with_fails(both(("peer", peer), ("to", to)), fails.as_ref()),
        ),
        Action::Send {
            from,
            to,
            message,
            gathered,
            size,
        } => {
            let mut keys = both(("from", from), ("to", to));
            keys.push(("message", message.to_string()));
            if *gathered {
                keys.push(("gathered", "true".to_owned()));
            }
            keys.extend(size.map(|size| ("size", size.to_string())));
            ("send", keys)
        }
        Action::RestartIce { peer, to } => ("restart-ice", both(("peer", peer), ("to", to))),
        Action::OpenChannel {
            peer,
            to,
            label,
            options,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("label", scalar(label)));
            if !options.ordered {
                entries.push(("ordered", "false".into()));
            }
            entries.extend(
                options
                    .max_retransmits
                    .map(|count| ("max-retransmits", count.to_string())),
            );
            entries.extend(options.negotiated.map(|id| ("negotiated", id.to_string())));
            ("open-channel", entries)
        }
        Action::Say {
            from,
            to,
            channel,
            data,
            heard,
        } => {
            let mut entries = both(("from", from), ("to", to));
            if channel != DEFAULT_CHANNEL {
                entries.push(("channel", scalar(channel)));
            }
            entries.push(match data {
                Data::Text(text) => ("text", scalar(text)),
                Data::Bytes(bytes) => match STANDARD.decode(bytes) {
                    Ok(raw) if raw.len() >= SIZE_FROM && raw == made_up(raw.len()) => {
                        ("size", raw.len().to_string())
                    }
                    _ => ("bytes", scalar(bytes)),
                },
            });
            if !heard {
                entries.push(("heard", "false".into()));
            }
            ("say", entries)
        }
        Action::CloseChannel { peer, to, channel } => {
            let mut entries = both(("peer", peer), ("to", to));
            if channel != DEFAULT_CHANNEL {
                entries.push(("channel", scalar(channel)));
            }
            ("close-channel", entries)
        }
        Action::Close { peer, to } => ("close", both(("peer", peer), ("to", to))),
        Action::Kill { peer, how } => (
            "kill",
            vec![who("peer", peer), ("how", kill_text(*how).into())],
        ),
        Action::Hold(held) => ("hold", pattern("message", held)),
        Action::Release(held) => ("release", pattern("message", held)),
        Action::Drop(dropped) => ("drop", pattern("message", dropped)),
        Action::Delay {
            pattern: delayed,
            by,
        } => {
            let mut entries = pattern("message", delayed);
            entries.push(("by", write_duration(*by)));
            ("delay", entries)
        }
        Action::Duplicate(doubled) => ("duplicate", pattern("message", doubled)),
        Action::Reorder {
            pattern: moved,
            behind,
        } => {
            let mut entries = pattern("message", moved);
            entries.extend(behind.map(|behind| ("behind", behind.to_string())));
            ("reorder", entries)
        }
        Action::Corrupt {
            pattern: changed,
            how,
        } => {
            let mut entries = pattern("message", changed);
            if *how != Corruption::default() {
                entries.push(("as", corruption_text(*how).into()));
            }
            ("corrupt", entries)
        }
        Action::Cut { peer, how } => {
            let mut entries = vec![who("peer", peer), ("how", cut_text(*how).into())];
            if let Cut::Silence(silence) = how
                && silence.up != silence.down
            {
                entries.push(("direction", direction_text(*silence).into()));
            }
            ("cut", entries)
        }
        Action::Stall { peer } => ("stall", vec![who("peer", peer)]),
        Action::Strain { how, times } => (
            "strain",
            vec![("by", how.as_str().into()), ("times", times.to_string())],
        ),
        Action::Mend { peer } => ("mend", vec![who("peer", peer)]),
        Action::Wait(_) => (WAIT, Vec::new()),
        Action::Never(sought) => ("never", sought_entries(sought)),
        Action::Pause { node } => ("pause", on(node)),
        Action::Resume { node } => ("resume", on(node)),
        Action::KillServer { node, asked } => {
            let mut entries = on(node);
            if *asked {
                entries.push(("asked", "true".into()));
            }
            ("kill-server", entries)
        }
        Action::Restart { node } => ("restart", on(node)),
        Action::SendRaw {
            peer,
            raw:
                Raw::Garbage {
                    kind,
                    of,
                    field,
                    to,
                    answered,
                },
        } => {
            let mut entries = vec![who("peer", peer), ("kind", kind.as_str().into())];
            entries.extend(of.map(|of| ("of", of.as_str().into())));
            entries.extend(field.map(|field| ("field", field.as_str().into())));
            entries.extend(to.as_ref().map(|to| who("to", to)));
            if !answered {
                entries.push(("answered", "false".into()));
            }
            ("garbage", entries)
        }
        Action::SendRaw {
            peer,
            raw: Raw::Forged { kind, to, claimed },
        } => {
            let message = ("message", kind.as_str().into());
            let entries = vec![
                who("from", peer),
                who("to", to),
                message,
                who("as", claimed),
            ];
            ("forge", entries)
        }
        Action::SendRaw { peer, raw } => {
            let mut entries = vec![who("peer", peer)];
            match raw {
                Raw::Text(text) => entries.push(("text", scalar(text))),
                Raw::Frame(frame) => entries.push(("frame", frame.as_str().into())),
                Raw::Garbage { .. } | Raw::Forged { .. } => {}
                Raw::Upgrade {
                    path,
                    status,
                    answered,
                } => {
                    entries.push(("path", scalar(path)));
                    entries.extend(status.map(|status| ("status", status.to_string())));
                    entries.extend((!answered).then(|| ("answered", "false".into())));
                }
            }
            ("send-raw", entries)
        }
        Action::Http {
            peer,
            method,
            path,
            body,
            status,
            answered,
        } => {
            let mut entries = vec![
                who("peer", peer),
                ("method", method.clone()),
                ("path", scalar(path)),
            ];
            entries.extend(body.as_ref().map(|body| ("body", scalar(body))));
            entries.extend(status.map(|status| ("status", status.to_string())));
            entries.extend((!answered).then(|| ("answered", "false".into())));
            ("http", entries)
        }
        Action::Page { peer, deed } => page(peer, deed),
        Action::Await(condition) => ("await", condition_entries(condition)),
    }
}

/// `node: 2`, where one is named.
fn on(node: &Option<u32>) -> Entries {
    let node = node.map(|node| ("node", node.to_string()));
    node.into_iter().collect()
}

/// A step of a user's.
fn page(peer: &PeerName, deed: &PageDeed) -> (&'static str, Entries) {
    let mut entries = vec![who("peer", peer)];
    let mut at = |path: &Option<String>| {
        entries.extend(path.as_ref().map(|path| ("path", scalar(path))));
    };
    let verb = match deed {
        PageDeed::Open { path } => {
            at(path);
            "open"
        }
        PageDeed::Navigate { path } => {
            at(path);
            "navigate"
        }
        PageDeed::NewTab { path } => {
            at(path);
            "new-tab"
        }
        PageDeed::Fill { target, with } => {
            entries.extend(target_entries(target));
            entries.push(match with {
                Filling::Text(text) => ("text", scalar(text)),
                Filling::Secret(name) => ("secret", scalar(name)),
            });
            "fill"
        }
        PageDeed::CloseTab => "close-tab",
        PageDeed::SwitchTab { to } => {
            entries.push(match to {
                Tab::Number(number) => ("tab", number.to_string()),
                Tab::At(path) => ("path", scalar(path)),
            });
            "switch-tab"
        }
        PageDeed::Click { target, how } => {
            entries.extend(target_entries(target));
            match how {
                Clicking::Once => "click",
                Clicking::Twice => "double-click",
                Clicking::Outside => {
                    entries.push(("outside", "true".to_owned()));
                    "click"
                }
            }
        }
        PageDeed::Press { key, target } => {
            entries.push(("key", scalar(key)));
            entries.extend(target.iter().flat_map(target_entries));
            "press"
        }
        PageDeed::See { target, sight } => {
            entries.extend(target_entries(target));
            match sight {
                Sight::Present => {}
                Sight::Gone => entries.push(("gone", "true".to_owned())),
                Sight::Value(value) => entries.push(("value", scalar(value))),
                other => entries.extend(other.word().map(|word| ("is", word.to_owned()))),
            }
            "see"
        }
        PageDeed::Reload => "reload",
        PageDeed::Back => "back",
        PageDeed::Forward => "forward",
        PageDeed::Offline => "offline",
        PageDeed::Online => "online",
        PageDeed::Screenshot { name } => {
            entries.extend(name.as_ref().map(|name| ("file", scalar(name))));
            "screenshot"
        }
    };
    (verb, entries)
}

fn target_entries(target: &Target) -> Entries {
    match target {
        Target::Role { role, name } => match ROLE_KEYS.contains(role) {
            true => vec![(role, scalar(name))],
            false => vec![("role", (*role).to_owned()), ("name", scalar(name))],
        },
        Target::Label(name) => vec![("label", scalar(name))],
        Target::Text(text) => vec![("text", scalar(text))],
        Target::Selector(selector) => vec![("selector", scalar(selector))],
    }
}

fn condition_entries(condition: &Condition) -> Entries {
    match condition {
        Condition::Hears { peer, kind, from } => {
            let mut entries = vec![who("peer", peer), ("hears", kind.to_string())];
            entries.extend(from.as_ref().map(|from| who("from", from)));
            entries
        }
        Condition::Held(held) => pattern("held", held),
        Condition::Connected { peers } => {
            let names: Vec<String> = peers.iter().map(|peer| scalar(peer.as_str())).collect();
            vec![("connected", format!("[{}]", names.join(", ")))]
        }
        Condition::State {
            peer,
            with,
            machine,
            state,
        } => {
            let mut entries = both(("peer", peer), ("with", with));
            let state = format!("{{ {}: {} }}", machine.as_str(), scalar(state));
            entries.push(("state", state));
            entries
        }
        Condition::Channel {
            peer,
            with,
            label,
            state,
        } => {
            let mut entries = both(("peer", peer), ("with", with));
            entries.extend([("channel", scalar(label)), ("is", scalar(state))]);
            entries
        }
        Condition::Said { peer, from, text } => {
            let mut entries = both(("peer", peer), ("from", from));
            entries.push(("said", scalar(text)));
            entries
        }
        Condition::Applied { peer, what } => vec![who("peer", peer), ("applied", what.to_string())],
        Condition::Error { peer, during } => vec![who("peer", peer), ("error", scalar(during))],
        Condition::RoomEnded { peer } => vec![who("peer", peer), ("room-ended", "true".into())],
        Condition::Disconnected { peer } => {
            vec![who("peer", peer), ("disconnected", "true".into())]
        }
        Condition::Passes(sought) => sought_entries(sought),
    }
}

fn sought_entries(sought: &Sought) -> Entries {
    let what = match &sought.what {
        Wanted::Text(text) => scalar(text),
        Wanted::Json(json) => json.to_string(),
    };
    vec![who("peer", &sought.peer), (sought.key(), what)]
}
