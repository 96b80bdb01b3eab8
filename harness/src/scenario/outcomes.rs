//! Lines that are expected though no step leads to them, whatever the server does.

use super::model::{Action, Answer, PeerSpec, Scenario};
use crate::names::PeerName;
use crate::signaling::Kind;
use crate::source::Span;

/// Lines that must be there and that no outcome of the steps has: where, and why.
pub(super) fn impossible(scenario: &Scenario) -> Vec<(Span, String)> {
    let expect = &scenario.expect;
    let counted = (expect.count.iter())
        .filter(|count| !count.times.has(0))
        .map(|count| &count.line);
    let wanted = expect.seen.iter().chain(&expect.order).chain(counted);
    wanted
        .filter_map(|line| Some((line.span.clone(), why(&line.text, scenario)?)))
        .collect()
}

fn why(line: &str, scenario: &Scenario) -> Option<String> {
    let (head, body) = line.split_once(": ")?;
    let (from, to) = head.split_once(" -> ")?;
    let word = body.split_whitespace().next()?;
    let kind: Kind = word.parse().ok()?;
    let (name, request, granted) = match (from, to) {
        (name, "server") if kind.is_request() => (name, kind, false),
        // It may be of one request or another.
        ("server", _) if kind == Kind::Granted => return None,
        ("server", name) => (name, asked_by(kind)?, true),
        _ => return None,
    };
    let name = name.split('#').next()?;
    let (peer, spec) = (scenario.peers.iter()).find(|(peer, _)| peer.as_str() == name)?;
    if acts_by_itself(spec) || says_anything(peer, scenario) {
        return None;
    }
    let asks = |action: &Action| asks(action, peer, request, granted);
    if scenario.steps.iter().any(|step| asks(&step.action)) {
        return None;
    }
    Some(match granted {
        false => format!("no step lets {peer} {request}"),
        true => format!("no step lets {peer} {request}, or the server has to refuse it"),
    })
}

/// The request that a notice grants.
fn asked_by(notice: Kind) -> Option<Kind> {
    Some(match notice {
        Kind::Created => Kind::Create,
        Kind::Joined => Kind::Join,
        Kind::Left => Kind::Leave,
        Kind::Destroyed => Kind::Destroy,
        _ => return None,
    })
}

fn asks(action: &Action, peer: &PeerName, request: Kind, granted: bool) -> bool {
    let (who, kind, answer) = match action {
        Action::Create { peer, answer, .. } => (peer, Kind::Create, answer),
        Action::Join { peer, answer, .. } => (peer, Kind::Join, answer),
        Action::Leave { peer, answer } => (peer, Kind::Leave, answer),
        Action::Destroy { peer, answer, .. } => (peer, Kind::Destroy, answer),
        Action::Kick { peer, answer, .. } => (peer, Kind::Kick, answer),
        Action::SetState { peer, answer, .. } => (peer, Kind::SetState, answer),
        _ => return false,
    };
    let refused = matches!(answer, Answer::Refused | Answer::RefusedWith(_));
    who == peer && kind == request && !(granted && refused)
}

fn acts_by_itself(spec: &PeerSpec) -> bool {
    spec.reconnects.is_some() || spec.fault.is_some() || spec.is_app()
}

fn says_anything(peer: &PeerName, scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| match &step.action {
        Action::SendRaw { peer: who, .. } | Action::Http { peer: who, .. } => who == peer,
        _ => false,
    })
}
