//! Who is named in steps, before anybody has said who the peers are.

use std::path::PathBuf;

use super::Reader;
use crate::mistake::Mistakes;
use crate::names::PeerName;
use crate::scenario::build::Parsed;
use crate::scenario::placed::Placed;
use crate::source::Source;
use crate::yaml;

/// The peers whom steps name, each once, in the order in which they stand there. `steps`: the list, as a file has it behind `steps:`. What cannot be
/// read names nobody.
pub(crate) fn peers_named(steps: &str) -> Vec<PeerName> {
    let source = Source {
        path: PathBuf::new(),
        text: steps.into(),
    };
    let mut mistakes = Mistakes::new(source.clone());
    let Some(list) = yaml::parse(steps, &mut mistakes) else {
        return Vec::new();
    };
    let mut reader = Reader {
        source,
        mistakes: &mut mistakes,
        set: None,
        sequences: None,
        renamed: Vec::new(),
    };
    let steps = reader.steps(&list, None);
    let mut named = Vec::new();
    for placed in &steps.placed {
        gather(placed, &mut named);
    }
    named.sort_by_key(|(at, _)| *at);
    let mut peers = Vec::new();
    for (_, peer) in named {
        if !peers.contains(&peer) {
            peers.push(peer);
        }
    }
    peers
}

/// What steps bind by their outcome (`let-in: [first]`) is no peer.
fn gather(placed: &Placed, named: &mut Vec<(usize, PeerName)>) {
    for inner in &placed.inner {
        gather(inner, named);
    }
    if !placed.inner.is_empty() {
        return;
    }
    for (_, value, span) in &placed.values.0 {
        match value {
            Parsed::Peer(peer) => named.push((span.bytes.start, peer.clone())),
            Parsed::Peers(peers) => {
                let peers = peers.iter();
                named.extend(peers.map(|(peer, span)| (span.bytes.start, peer.clone())));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(steps: &str) -> Vec<String> {
        let peers = peers_named(steps);
        peers.iter().map(|peer| peer.as_str().to_owned()).collect()
    }

    #[test]
    fn whoever_does_or_hears_something_is_named_wherever_it_stands() {
        let steps = "\
- create: { room: lobby, peer: alice }
- send: { from: bob, to: \"carol\", message: offer }
- await: { connected: [dave, erin] }
- together: [ { join: { peer: frank, room: hall, answer: any } }, { leave: { peer: alice } } ]
- send-raw: { peer: alice, text: 'from: trudy, peer: trudy' }
";
        let all = ["alice", "bob", "carol", "dave", "erin", "frank"];
        assert_eq!(named(steps), all);
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        for steps in [
            "",
            "- ]",
            "- sing: { peer: alice }",
            "steps: { peer: alice }",
        ] {
            assert_eq!(named(steps), [""; 0], "{steps}");
        }
    }
}
