//! Where a peer's happenings go, until it is told to be silent.

use std::sync::Mutex;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::hand::{Happening, Happenings};
use crate::lock::lock;

/// The sending end of a peer's [`Happenings`].
#[derive(Debug)]
pub(crate) struct Teller(Mutex<Option<UnboundedSender<Happening>>>);

impl Teller {
    /// A teller and what it tells to.
    pub(crate) fn new() -> (Self, Happenings) {
        let (sender, happenings) = unbounded_channel();
        (Self(Mutex::new(Some(sender))), happenings)
    }

    /// Tells, if it still may and somebody still listens.
    pub(crate) fn tell(&self, happening: Happening) {
        if let Some(sender) = lock(&self.0).as_ref() {
            // A listener that is gone does not want to know.
            let _ = sender.send(happening);
        }
    }

    /// From now on nothing is told, and the listener sees the end once it has read what was told before.
    pub(crate) fn hush(&self) {
        lock(&self.0).take();
    }
}
