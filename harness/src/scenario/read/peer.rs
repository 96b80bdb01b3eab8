//! What a file says of a peer.

use std::time::Duration;

use crate::mistake::{Mistakes, quoted};
use crate::names::{PeerName, Stack, Viewport};
use crate::scenario::model::{EarlyCandidates, Offers, OnBye, PeerSpec, Reconnects};
use crate::scenario::table::{MAX_NODE, PEER_KEYS, PeerShape, RECONNECTS};
use crate::scenario::value::is_path;
use crate::source::Span;
use crate::yaml::{Node, duration, word};

/// What a key says.
enum Said {
    Word(&'static str),
    Flag(bool),
    Duration(Duration),
    Reconnects(Reconnects),
    Node(u32),
    Path(String),
    Viewport(Viewport),
}

/// What a file says of a peer. What is wrong with it is noted, and left as if it were not said.
pub(super) fn peer(node: &Node, mistakes: &mut Mistakes) -> PeerSpec {
    let mut spec = PeerSpec::default();
    let shape = "a mapping: `{}`, `{ stack: chromium }`";
    for (key, said) in said(node, (shape, "a peer"), PEER_KEYS, mistakes) {
        match (key, said) {
            ("app", Said::Path(path)) => spec.app = Some(path),
            ("viewport", Said::Viewport(viewport)) => spec.viewport = Some(viewport),
            ("stack", Said::Word(word)) => spec.stack = word.parse().ok(),
            ("early-candidates", Said::Word(word)) => {
                spec.early_candidates = match word {
                    "apply" => EarlyCandidates::Apply,
                    "drop" => EarlyCandidates::Drop,
                    _ => EarlyCandidates::Buffer,
                }
            }
            ("negotiation", Said::Word(word)) => spec.manual = word == "manual",
            ("offers", Said::Word(word)) => {
                spec.offers = Some(match word {
                    "insider" => Offers::Insider,
                    "both" => Offers::Both,
                    "nobody" => Offers::Nobody,
                    _ => Offers::Joiner,
                })
            }
            ("polite", Said::Flag(polite)) => spec.polite = Some(polite),
            ("on-bye", Said::Word(word)) => {
                spec.on_bye = match word {
                    "ignore" => OnBye::Ignore,
                    _ => OnBye::Close,
                }
            }
            ("cleans-up-in", Said::Duration(time)) => spec.cleans_up_in = Some(time),
            ("reconnects", Said::Reconnects(reconnects)) => spec.reconnects = Some(reconnects),
            ("fault", Said::Word(word)) => spec.fault = word.parse().ok(),
            ("node", Said::Node(node)) => spec.node = Some(node),
            _ => {}
        }
    }
    spec
}

/// What a peer's keys, or those of two peers, say against each other.
pub(super) fn contradicts(
    name: &PeerName,
    spec: &PeerSpec,
    others: &[(PeerName, PeerSpec)],
    span: &Span,
    mistakes: &mut Mistakes,
) {
    if spec.is_app() {
        if let Some(key) = said_of_a_mind(spec) {
            mistakes
                .add(span, format!("{name} is a page of yours, and has `{key}`"))
                .expect("a page does what it does by itself")
                .advise("leave it out: what the page does, its user's steps say");
        }
        if let Some(stack) = spec.stack.filter(|stack| !stack.is_browser()) {
            mistakes
                .add(span, format!("{name} is a page, and its stack is {stack}"))
                .expect("a browser plays a page: `stack: chromium` or `stack: firefox`");
        }
        return;
    }
    if spec.viewport.is_some() {
        mistakes
            .add(span, format!("{name} is no page, and has a `viewport`"))
            .expect("`viewport` goes with `app`: it is how large that page is shown")
            .advise("leave it out, or say with `app:` which page it is");
    }
    let by_itself = [
        ("offers", spec.offers() != Offers::default()),
        ("polite", spec.polite.is_some()),
        ("on-bye", spec.on_bye != OnBye::default()),
    ];
    if let Some((key, _)) = by_itself.iter().find(|(_, said)| spec.manual && *said) {
        mistakes
            .add(
                span,
                format!("{name} negotiates by hand, and has `{key}` as well"),
            )
            .expect("`negotiation: manual` turns off what that key is about")
            .advise("leave one of the two out");
    }
    if let Some(key) = idle_key(spec).filter(|_| spec.stack == Some(Stack::Wire)) {
        mistakes
            .add(span, format!("{name} only signals, and has `{key}`"))
            .expect("a wire peer has no connection, which this is about")
            .advise("leave it out, or give it a `stack:` that connects: native, chromium, firefox");
    }
    let same =
        |(_, other): &&(PeerName, PeerSpec)| spec.polite.is_some() && other.polite == spec.polite;
    if let Some((other, _)) = others.iter().find(same) {
        let (what, then) = match spec.polite {
            Some(true) => ("polite", "both take their offers back, and nobody's stands"),
            _ => ("impolite", "both ignore the other's, and nobody answers"),
        };
        mistakes
            .add(span, format!("{other} and {name} are both {what}"))
            .expect(format!("when their offers collide, {then}"))
            .advise("let one be polite; to play clients that get this wrong, say `fault: always-yields`");
    }
}

/// What a file says of a peer that is about what the harness would have it do: a page does as it likes.
fn said_of_a_mind(spec: &PeerSpec) -> Option<&'static str> {
    let more = [
        ("negotiation", spec.manual),
        ("offers", spec.offers.is_some()),
        ("reconnects", spec.reconnects.is_some()),
        ("fault", spec.fault.is_some()),
    ];
    let said = more.iter().find(|(_, said)| *said).map(|(key, _)| *key);
    said.or_else(|| idle_key(spec))
}

/// What a file says of a peer that is about a connection only: it does nothing for one who has none. That one offers to nobody, which may be said.
pub(in crate::scenario) fn idle_key(spec: &PeerSpec) -> Option<&'static str> {
    let fault = spec.fault.is_some_and(|fault| !fault.is_of_the_line());
    let keys = [
        (
            "offers",
            !matches!(spec.offers(), Offers::Joiner | Offers::Nobody),
        ),
        ("polite", spec.polite.is_some()),
        (
            "early-candidates",
            spec.early_candidates != EarlyCandidates::default(),
        ),
        ("on-bye", spec.on_bye != OnBye::default()),
        ("cleans-up-in", spec.cleans_up_in.is_some()),
        ("fault", fault),
    ];
    keys.iter().find(|(_, said)| *said).map(|(key, _)| *key)
}

/// The keys of a mapping that mean something, each with what it says.
fn said(
    node: &Node,
    (shape, whose): (&str, &str),
    keys: &'static [(&'static str, PeerShape, &'static str)],
    mistakes: &mut Mistakes,
) -> Vec<(&'static str, Said)> {
    let mut found = Vec::new();
    let entries = node.map(shape, mistakes).unwrap_or_default();
    let there = |name: &str| entries.iter().any(|(key, _)| key.text == name);
    for (key, node) in entries {
        let Some((name, shape, _)) = keys.iter().find(|(name, ..)| *name == key.text) else {
            let names = || keys.iter().map(|(name, ..)| *name);
            let list: Vec<&str> = names().collect();
            mistakes
                .add(
                    &key.span,
                    format!("{whose} has no key {}", quoted(&key.text)),
                )
                .expect(format!("its keys: {}", list.join(", ")))
                .suggest_key(&key.text, names(), there);
            continue;
        };
        let said = match shape {
            PeerShape::Word(words) => word(node, words, mistakes).map(Said::Word),
            PeerShape::Flag => node.flag(mistakes).map(Said::Flag),
            PeerShape::Duration => duration(node, mistakes).map(Said::Duration),
            PeerShape::Node => node_number(node, mistakes).map(Said::Node),
            PeerShape::Path => path(node, mistakes).map(Said::Path),
            PeerShape::Viewport => viewport(node, mistakes).map(Said::Viewport),
            PeerShape::Reconnects => Some(Said::Reconnects(reconnects(node, mistakes))),
        };
        found.extend(said.map(|said| (*name, said)));
    }
    found
}

fn node_number(node: &Node, mistakes: &mut Mistakes) -> Option<u32> {
    let number = node.scalar().and_then(|scalar| scalar.number());
    let number = number.and_then(|number| number.as_u64());
    let number = number.filter(|number| (1..=MAX_NODE).contains(number));
    if number.is_none() {
        node.wrong(
            &format!("the number of a node, from 1 to {MAX_NODE}"),
            mistakes,
        );
    }
    number.and_then(|number| u32::try_from(number).ok())
}

fn viewport(node: &Node, mistakes: &mut Mistakes) -> Option<Viewport> {
    let text = node.scalar().map(|scalar| scalar.text.as_str());
    let viewport = text.and_then(|text| text.parse().ok());
    if viewport.is_none() {
        let (least, most) = (Viewport::LEAST, Viewport::MOST);
        node.wrong(
            &format!("width and height in CSS pixels, `390x844`, each from {least} to {most}"),
            mistakes,
        );
    }
    viewport
}

/// Path and query of the peer's own page.
fn path(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let path = node.text("a path, `/`", mistakes)?;
    if !is_path(path) || path.len() > 2000 {
        mistakes
            .add(&node.span, format!("{} is not the path of a page", quoted(path)))
            .expect("expected a path that begins with one `/`")
            .advise("scheme and host are the server under test, or the project's `[app]`; other characters are percent-encoded");
        return None;
    }
    Some(path.to_owned())
}

fn reconnects(node: &Node, mistakes: &mut Mistakes) -> Reconnects {
    let mut reconnects = Reconnects::default();
    let shape = "a mapping: `{}`, `{ within: 3s, rejoins: true }`";
    for (key, said) in said(node, (shape, "`reconnects`"), RECONNECTS, mistakes) {
        match (key, said) {
            ("within", Said::Duration(within)) => reconnects.within = within,
            ("rejoins", Said::Flag(rejoins)) => reconnects.rejoins = rejoins,
            _ => {}
        }
    }
    reconnects
}
