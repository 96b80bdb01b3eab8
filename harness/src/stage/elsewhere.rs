//! What is not done to a server or a browser that somebody else has started.

use super::Case;
use crate::names::RoomName;
use crate::peer::browser::Pool;
use crate::record::{Recorder, What};
use crate::scenario::{Action, Demands, Raw};
use crate::server::UrlSpec;
use crate::signaling::Kind;
use crate::terms::{Direction, Kill};

/// So many characters of what a server got last are shown.
const TEXT: usize = 200;

/// Why this case is not played against that server: it wants the server's process, or what only its owner may allow.
pub(super) fn withheld(case: &Case, server: &UrlSpec) -> Option<String> {
    let demanding = |demands: Demands| {
        case.scenario.each_step().find_map(|(number, step)| {
            (step.action.demands() == demands)
                .then(|| format!("step {number} (`{}`)", step.action.verb()))
        })
    };
    let url = &server.url;
    if let Some(step) = demanding(Demands::Control) {
        return Some(format!(
            "{step} needs a server that glare has started; the one at {url} it neither ends nor pauses"
        ));
    }
    if is_aliased(case)
        && let Some((number, room)) = names_a_room(case)
    {
        return Some(format!(
            "step {number} (`send-raw`) writes the name of {room} itself, which has an ending of this case's own on the server at {url}"
        ));
    }
    if is_aliased(case)
        && let Some(name) = means_itself(case)
    {
        return Some(format!(
            "it asks for the name `{name}` itself, which has an ending of this case's own on the server at {url}"
        ));
    }
    let step = demanding(Demands::Consent).filter(|_| !server.owned)?;
    Some(format!(
        "{step} is nasty to the server: with --i-own-this-server it is played against {url} all the same"
    ))
}

/// Whether names have an ending of this case's own on a server that somebody else has started. Where a page takes part they have none: it calls rooms
/// and users as its own user does.
pub(super) fn is_aliased(case: &Case) -> bool {
    !case.scenario.peers.iter().any(|(_, spec)| spec.is_app())
}

/// Names that a server may take for something else, and does not with an ending: what every JavaScript object has, and what JSON and JavaScript call
/// nothing.
pub(super) const MEANT: [&str; 12] = [
    "__proto__",
    "prototype",
    "constructor",
    "toString",
    "toLocaleString",
    "valueOf",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "null",
    "undefined",
    "NaN",
];

/// A name of a peer or a room in this case of which its exact letters matter.
fn means_itself(case: &Case) -> Option<&str> {
    let peers = case.scenario.peers.iter();
    let steps = case.scenario.each_step();
    let rooms = steps.filter_map(|(_, step)| match &step.action {
        Action::Create { room, .. } | Action::Join { room, .. } => Some(room.as_str()),
        _ => None,
    });
    let mut names = peers.map(|(name, _)| name.as_str()).chain(rooms);
    names.find(|name| MEANT.contains(name))
}

/// The first step whose raw text names a room that other steps use.
fn names_a_room(case: &Case) -> Option<(usize, &RoomName)> {
    let steps = || case.scenario.each_step();
    let rooms: Vec<&RoomName> = steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Create { room, .. } | Action::Join { room, .. } => Some(room),
            _ => None,
        })
        .collect();
    steps().find_map(|(number, step)| {
        let Action::SendRaw {
            raw: Raw::Text(text),
            ..
        } = &step.action
        else {
            return None;
        };
        let named = rooms
            .iter()
            .find(|room| text.contains(&format!("\"{room}\"")));
        named.map(|room| (number, *room))
    })
}

/// What is said of a case after which a server elsewhere refuses connections: nobody knows who has ended it.
pub(super) fn refuses(recorder: &Recorder) -> String {
    let events = recorder.events_from(0);
    let last = events.iter().rev().find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Up,
            fate,
            word,
            text,
            ..
        } if fate.arrives() && word.as_ref().is_none_or(|word| word.kind() != Kind::Fence) => {
            let text: String = text.chars().take(TEXT).collect();
            Some(format!("; what it got last was {}'s {text:?}", link.peer))
        }
        _ => None,
    });
    format!(
        "the server refuses connections after the steps: it has ended, or somebody has ended it{}",
        last.unwrap_or_default()
    )
}

/// Why this case is not played with browsers elsewhere: to end a session is to ask the browser to go, which is not how a crash looks to others.
pub(super) fn unkillable(case: &Case, pool: &Pool) -> Option<String> {
    case.scenario.each_step().find_map(|(number, step)| {
        let Action::Kill {
            peer,
            how: Kill::Browser,
        } = &step.action
        else {
            return None;
        };
        let peers = case.scenario.may_be(peer).into_iter();
        let (stack, driver) = peers
            .map(|peer| case.stack(peer))
            .find_map(|stack| Some((stack, pool.remote(stack)?)))?;
        Some(format!(
            "step {number} kills a browser, and the {stack} at {driver} can only be asked to end"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::scenario::Scenario;

    /// Why it is not played, with Alice driven and as somebody's page.
    fn withheld_of(alice: &str, peers: &str, steps: &str) -> Option<String> {
        let text = format!("scenario: named\npeers:\n  alice: {alice}\n{peers}steps:\n{steps}");
        let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("it is sound");
        let case = Case {
            cast: scenario.casts().first().expect("it has one").clone(),
            scenario: Arc::new(scenario),
        };
        let url = "http://127.0.0.1:1".parse().expect("it is one");
        let server = UrlSpec {
            owned: true,
            ..UrlSpec::new(url)
        };
        withheld(&case, &server)
    }

    #[test]
    fn a_name_without_an_ending_is_what_it_is() {
        let peers = "  constructor: { stack: wire }\n";
        let steps = "  - create: { peer: constructor, room: lobby }\n";
        let why = withheld_of("{ stack: wire }", peers, steps).expect("it has an ending");
        assert!(why.contains("asks for the name `constructor`"), "{why}");
        assert_eq!(withheld_of("{ app: / }", peers, steps), None);
        let raw = "  - create: { peer: bob, room: lobby }\n  - send-raw: { peer: bob, text: '{ \"room\": \"lobby\" }' }\n";
        let why = withheld_of("{ stack: wire }", "  bob: { stack: wire }\n", raw);
        assert!(
            why.expect("so has this")
                .contains("writes the name of lobby")
        );
        assert_eq!(
            withheld_of("{ app: / }", "  bob: { stack: wire }\n", raw),
            None
        );
    }
}
