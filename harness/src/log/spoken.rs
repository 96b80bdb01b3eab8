//! What is only known by inference: words across a channel.

use std::collections::{HashMap, HashSet};

use crate::facts::pairs::Pairs;
use crate::names::PeerName;
use crate::record::{Event, What};
use crate::terms::Payload;

/// Something said that nobody has heard yet, by event index.
type Waiting<'a> = (usize, &'a PeerName, u32);

/// For each word heard through a channel the one that was said, by event index: through the same pair, where it is known.
pub(super) fn heard(
    events: &[Event],
    pairs: &Pairs,
    pages: &HashSet<&PeerName>,
) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    let mut said: HashMap<(&str, &Payload), Vec<Waiting<'_>>> = HashMap::new();
    for (i, event) in events.iter().enumerate() {
        match &event.what {
            // When a page's word is told is a race with its hearing.
            What::Said { peer, .. } if pages.contains(peer) => {}
            What::Said {
                peer,
                conn,
                label,
                payload,
            } => (said.entry((label, payload)).or_default()).push((i, peer, *conn)),
            What::Heard {
                peer,
                conn,
                label,
                payload,
            } => {
                let Some(waiting) = said.get_mut(&(label.as_str(), payload)) else {
                    continue;
                };
                let other = pairs.partner(peer, *conn);
                let through =
                    |(_, speaker, via): &Waiting<'_>| pairs.is_pair((speaker, *via), (peer, *conn));
                let at = (waiting.iter().position(through))
                    .or_else(|| {
                        waiting.iter().position(|(_, speaker, via)| {
                            let to = pairs.partner(speaker, *via);
                            Some(*speaker) == other && to.is_none_or(|to| to == peer)
                        })
                    })
                    .or_else(|| {
                        let unknown =
                            |(_, speaker, _): &Waiting<'_>| other.is_none() && *speaker != peer;
                        waiting.iter().position(unknown)
                    });
                out[i] = at.map(|at| waiting.remove(at).0);
            }
            _ => {}
        }
    }
    out
}
