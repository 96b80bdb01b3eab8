//! Links by the numbers that a person counts: those that the server has let in.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;

use super::{Event, What};
use crate::names::{Link, PeerName};

/// The links that were refused so far. How often somebody had to dial until he was let in is a race, so whatever is compared between runs counts
/// those that were let in.
#[derive(Debug, Default)]
pub struct LetIn {
    refused: BTreeMap<PeerName, Vec<u32>>,
}

impl LetIn {
    /// Learns from one event.
    pub fn learn(&mut self, event: &Event) {
        if let What::LinkRefused { link, .. } = &event.what {
            let refused = self.refused.entry(link.peer.clone()).or_default();
            if !refused.contains(&link.instance) {
                refused.push(link.instance);
            }
        }
    }

    /// The event with its link as it is counted.
    pub fn told<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        match event.what.link() {
            Some(link) if self.number(link) != link.instance => {
                let mut event = event.clone();
                if let Some(link) = event.what.link_mut() {
                    link.instance = self.number(link);
                }
                Cow::Owned(event)
            }
            _ => Cow::Borrowed(event),
        }
    }

    fn number(&self, link: &Link) -> u32 {
        let refused = self.refused.get(&link.peer).map(Vec::as_slice);
        let before = refused.unwrap_or_default().iter();
        let before = before.filter(|instance| **instance < link.instance).count();
        (link.instance).saturating_sub(u32::try_from(before).unwrap_or(u32::MAX))
    }
}

/// All events, their links as they are counted.
pub fn let_in<E: Borrow<Event>>(events: &[E]) -> Vec<Cow<'_, Event>> {
    let mut let_in = LetIn::default();
    (events.iter()).for_each(|event| let_in.learn(event.borrow()));
    events
        .iter()
        .map(|event| let_in.told(event.borrow()))
        .collect()
}
