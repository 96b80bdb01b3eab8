//! What is said every so often as long as a line stands, and when next.

use std::time::Duration;

use tokio::time::Instant;

use crate::signaling::{Conversation, Say};

/// The moment of the next of each, and how often it comes. Of a line that does not stand there are none.
#[derive(Default)]
pub(super) struct Beats(Vec<(Instant, Duration)>);

impl Beats {
    /// Those of a line that stands from now on.
    pub fn of(conversation: &Conversation) -> Self {
        let now = Instant::now();
        let beats = conversation.beats().into_iter();
        Self(beats.map(|every| (now + every, every)).collect())
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(next, _)| *next).min()
    }

    /// What is due now.
    pub fn due(&mut self, conversation: &mut Conversation) -> Vec<Say> {
        let now = Instant::now();
        let mut says = Vec::new();
        for (at, (next, every)) in self.0.iter_mut().enumerate() {
            if *next <= now {
                *next = now + *every;
                says.extend(conversation.beat(at));
            }
        }
        says
    }
}
