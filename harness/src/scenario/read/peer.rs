//! What a file says of a peer.

use std::time::Duration;

use crate::mistake::{Mistakes, quoted};
use crate::scenario::model::{EarlyCandidates, Offers, OnBye, PeerSpec, Reconnects};
use crate::scenario::table::{PEER_KEYS, PeerShape, RECONNECTS};
use crate::yaml::{Node, duration, word};

/// What a key says.
enum Said {
    Word(&'static str),
    Flag(bool),
    Duration(Duration),
    Reconnects(Reconnects),
}

/// What a file says of a peer. What is wrong with it is noted, and left as if it were not said.
pub(super) fn peer(node: &Node, mistakes: &mut Mistakes) -> PeerSpec {
    let mut spec = PeerSpec::default();
    let shape = "a mapping: `{}`, `{ stack: chromium }`";
    for (key, said) in said(node, (shape, "a peer"), PEER_KEYS, mistakes) {
        match (key, said) {
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
                spec.offers = match word {
                    "insider" => Offers::Insider,
                    "both" => Offers::Both,
                    "nobody" => Offers::Nobody,
                    _ => Offers::Joiner,
                }
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
            _ => {}
        }
    }
    spec
}

/// The keys of a mapping that mean something, each with what it says.
fn said(
    node: &Node,
    (shape, whose): (&str, &str),
    keys: &'static [(&'static str, PeerShape, &'static str)],
    mistakes: &mut Mistakes,
) -> Vec<(&'static str, Said)> {
    let mut found = Vec::new();
    for (key, node) in node.map(shape, mistakes).unwrap_or_default() {
        let Some((name, shape, _)) = keys.iter().find(|(name, ..)| *name == key.text) else {
            let names = || keys.iter().map(|(name, ..)| *name);
            let list: Vec<&str> = names().collect();
            mistakes
                .add(
                    &key.span,
                    format!("{whose} has no key {}", quoted(&key.text)),
                )
                .expect(format!("its keys: {}", list.join(", ")))
                .suggest(&key.text, names());
            continue;
        };
        let said = match shape {
            PeerShape::Word(words) => word(node, words, mistakes).map(Said::Word),
            PeerShape::Flag => node.flag(mistakes).map(Said::Flag),
            PeerShape::Duration => duration(node, mistakes).map(Said::Duration),
            PeerShape::Reconnects => Some(Said::Reconnects(reconnects(node, mistakes))),
        };
        found.extend(said.map(|said| (*name, said)));
    }
    found
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
