//! What is only known by inference: words across a channel.

use std::collections::HashMap;

use crate::names::PeerName;
use crate::record::{Event, What};
use crate::terms::Payload;

/// For each word heard through a channel the one that was said, by event index; `partner` tells who is at the other end.
pub(super) fn heard(
    events: &[Event],
    partner: &HashMap<(PeerName, u32), PeerName>,
) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    let mut said: HashMap<(&str, &Payload), Vec<(usize, &PeerName)>> = HashMap::new();
    for (i, event) in events.iter().enumerate() {
        match &event.what {
            What::Said {
                peer,
                label,
                payload,
                ..
            } => said.entry((label, payload)).or_default().push((i, peer)),
            What::Heard {
                peer,
                conn,
                label,
                payload,
            } => {
                let Some(waiting) = said.get_mut(&(label.as_str(), payload)) else {
                    continue;
                };
                let other = partner.get(&(peer.clone(), *conn));
                let at = waiting
                    .iter()
                    .position(|(_, speaker)| Some(*speaker) == other)
                    .or_else(|| {
                        waiting
                            .iter()
                            .position(|(_, speaker)| other.is_none() && *speaker != peer)
                    });
                out[i] = at.map(|at| waiting.remove(at).0);
            }
            _ => {}
        }
    }
    out
}
