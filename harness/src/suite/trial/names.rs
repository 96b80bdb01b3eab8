//! What a server makes of names: whether each is taken, told from all others, and comes back as it was said.

use std::collections::{BTreeMap, BTreeSet};

use super::scenes::{CAPITAL_ROOM, NAMED, ODD_ROOM, Shows};
use super::seen::{Proposal, Seen, Stands, failure, step_of, went_well};
use crate::mistake::quoted;
use crate::record::{Failure, What};
use crate::report::ROOM;
use crate::signaling::{Notice, Properties, Request, Word};
use crate::stage::Outcome;
use crate::terms::{Direction, Side};

/// Whether names are taken as they are, and told apart.
pub(super) fn names(now: &Properties, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Names) else {
        return;
    };
    let [zoe, fox, dana, erin, small] = NAMED;
    let wrong = match failure(outcome) {
        None if !went_well(outcome) => return,
        None => other_name(outcome),
        Some(failure @ Failure { message, .. }) => {
            // Who asks for what: each does it once.
            let step = step_of(outcome, failure).unwrap_or_default();
            let whose = if step.contains(dana) {
                format!("rooms called like `{ODD_ROOM}`")
            } else if step.contains(erin) {
                format!("rooms called like `{CAPITAL_ROOM}`, beside `{ROOM}`,")
            } else if step.contains(small) {
                format!("peers called like `{small}`, beside `{zoe}`,")
            } else {
                format!("peers called like `{zoe}`, `{fox}` and `{dana}`")
            };
            Some(format!("{whose} are not taken ({message})"))
        }
    };
    match wrong {
        None => seen.proposals.push(Proposal {
            line: "takes-any-name: true".into(),
            seen: "names with letters of other scripts, and in capitals, were taken, and came back"
                .into(),
            stands: match now.takes_any_name {
                true => Stands::Said,
                false => Stands::Missing,
            },
        }),
        Some(wrong) if now.takes_any_name => seen.unkept.push(format!("takes-any-name: {wrong}")),
        Some(wrong) => seen.remarks.push(format!(
            "{wrong}: no `takes-any-name`, or say them by `|digest`"
        )),
    }
}

/// What shows that the server made another name of one, or one of two, where everybody was let in.
fn other_name(outcome: &Outcome) -> Option<String> {
    let [zoe, fox, dana, erin, small] = NAMED;
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    let mut inside: BTreeSet<&str> = BTreeSet::from([zoe, fox]);
    let mut in_one_room = true;
    for event in &outcome.events {
        let (peer, direction, word) = match &event.what {
            What::Step { text, .. } => {
                in_one_room &= !text.contains(dana);
                continue;
            }
            // What follows is asked for the laws.
            What::End => break,
            What::LinkDown {
                link,
                by: Side::Server,
                ..
            } if link.peer.as_str() == zoe => {
                return Some(format!(
                    "peers called like `{small}`, beside `{zoe}`, are not told apart (that one's line ended)"
                ));
            }
            What::Message {
                link,
                direction,
                word: Some(word),
                ..
            } => (link.peer.as_str(), *direction, word),
            _ => continue,
        };
        if let (Direction::Up, Word::Request { request }) = (direction, word) {
            if let Request::Create { room } | Request::Join { room } = request {
                asked.insert(peer, room.as_str());
            }
            continue;
        }
        let Word::Notice { notice } = word else {
            continue;
        };
        let apart =
            || format!("rooms called like `{CAPITAL_ROOM}`, beside `{ROOM}`, are not told apart");
        match notice {
            Notice::Created { room } | Notice::Joined { room, .. }
                if asked.get(peer).is_some_and(|own| *own != room.as_str()) =>
            {
                let own = asked[peer];
                return Some(format!(
                    "rooms come back as other names (of {} the server says {})",
                    quoted(own),
                    quoted(room.as_str())
                ));
            }
            Notice::Joined { with, .. } => {
                if let Some(other) = with.iter().find_map(|id| spelled_otherwise(id)) {
                    return Some(other);
                }
                if peer == fox {
                    inside.extend(with.iter().map(String::as_str));
                }
                if peer == erin && with.iter().any(|id| inside.contains(id.as_str())) {
                    return Some(apart());
                }
            }
            Notice::PeerJoined { peer: id } => {
                if let Some(other) = spelled_otherwise(id) {
                    return Some(other);
                }
                if peer == zoe && in_one_room {
                    inside.insert(id);
                }
                // Where to create and to join are one word, it is told so who was inside.
                if peer == erin && inside.contains(id.as_str()) {
                    return Some(apart());
                }
                let stranger = |name: &str| matches!(&event.what, What::Message { about: Some(about), .. } if about.as_str() == name);
                if peer == zoe && (stranger(erin) || stranger(small)) {
                    return Some(apart());
                }
            }
            _ => {}
        }
    }
    None
}

/// An id that is the name of one of them but for its capitals.
fn spelled_otherwise(id: &str) -> Option<String> {
    if NAMED.contains(&id) {
        return None;
    }
    let same = |name: &&&str| name.to_lowercase() == id.to_lowercase();
    let name = NAMED.iter().find(same)?;
    Some(format!(
        "peers come back as other names (of `{name}` the server says {})",
        quoted(id)
    ))
}
