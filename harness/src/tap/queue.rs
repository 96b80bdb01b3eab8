//! Messages that wait for an answer to carry them, in order: one that waits for a time or for somebody keeps back those behind it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Delivery;
use super::policy::HoldId;

/// Answers a held HTTP message: go on and tell how it went. Dropped, the message is dropped.
pub(super) type Go = oneshot::Sender<oneshot::Sender<Delivery>>;

#[derive(Debug)]
enum Due {
    At(Instant),
    Opened(HoldId),
}

/// A message, and who waits to know that it went.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    pub(super) what: T,
    due: Due,
    reply: Option<oneshot::Sender<Delivery>>,
}

impl<T> Waiting<T> {
    /// Whether its loss is told as such: nobody waits to know.
    pub(super) fn counts(&self) -> bool {
        self.reply.is_none()
    }

    /// Tells who waits, if somebody does.
    pub(super) fn tell(self, delivered: bool) {
        if let Some(reply) = self.reply {
            let _ = reply.send(match delivered {
                true => Delivery::Delivered,
                false => Delivery::Undeliverable,
            });
        }
    }
}

#[derive(Debug)]
pub(super) struct Queue<T>(VecDeque<Waiting<T>>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Queue<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, what: T, delay: Option<Duration>) {
        let due = Due::At(Instant::now() + delay.unwrap_or_default());
        self.0.push_back(Waiting {
            what,
            due,
            reply: None,
        });
    }

    pub(super) fn push_closed(&mut self, what: T, hold: HoldId) {
        self.0.push_back(Waiting {
            what,
            due: Due::Opened(hold),
            reply: None,
        });
    }

    /// Puts in what was held, ahead of what waits.
    pub(super) fn release(&mut self, what: T, reply: oneshot::Sender<Delivery>) {
        self.0.push_front(Waiting {
            what,
            due: Due::At(Instant::now()),
            reply: Some(reply),
        });
    }

    /// Lets go what waits under this number; the reply is given back if nothing does.
    pub(super) fn open(
        &mut self,
        hold: HoldId,
        reply: oneshot::Sender<Delivery>,
    ) -> Result<(), oneshot::Sender<Delivery>> {
        let closed = |one: &&mut Waiting<T>| matches!(one.due, Due::Opened(of) if of == hold);
        match self.0.iter_mut().find(closed) {
            Some(one) => {
                one.due = Due::At(Instant::now());
                one.reply = Some(reply);
                Ok(())
            }
            None => Err(reply),
        }
    }

    /// All that may go now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Waiting<T>> {
        let mut all = Vec::new();
        while let Some(one) = self
            .0
            .pop_front_if(|one| matches!(one.due, Due::At(due) if due <= now))
        {
            all.push(one);
        }
        all
    }

    /// What could not be carried goes first the next time.
    pub(super) fn put_back(&mut self, all: Vec<Waiting<T>>) {
        for one in all.into_iter().rev() {
            self.0.push_front(one);
        }
    }

    /// When the first may go, if that is known.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.0.front()?.due {
            Due::At(due) => Some(due),
            Due::Opened(_) => None,
        }
    }

    pub(super) fn forget(&mut self) -> VecDeque<Waiting<T>> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(queue: &mut Queue<u8>, after: u64) -> Vec<u8> {
        let now = Instant::now() + Duration::from_secs(after);
        queue.take(now).into_iter().map(|one| one.what).collect()
    }

    #[tokio::test]
    async fn what_waits_keeps_back_what_is_behind_it() {
        let mut queue = Queue::default();
        queue.push(1, None);
        queue.push(2, Some(Duration::from_secs(50)));
        queue.push(3, None);
        assert_eq!(taken(&mut queue, 0), [1]);
        assert!(taken(&mut queue, 0).is_empty() && !queue.is_empty());
        // What is released goes ahead.
        let (reply, mut delivery) = oneshot::channel();
        queue.release(4, reply);
        let mut all = queue.take(Instant::now());
        assert!(!all[0].counts());
        all.remove(0).tell(true);
        assert_eq!(delivery.try_recv(), Ok(Delivery::Delivered));
        assert_eq!(taken(&mut queue, 60), [2, 3]);
    }

    #[tokio::test]
    async fn what_is_closed_goes_when_it_is_opened() {
        let mut queue = Queue::default();
        queue.push_closed(1, 7);
        queue.push(2, None);
        assert!(taken(&mut queue, 60).is_empty() && queue.due().is_none());
        let (reply, _delivery) = oneshot::channel();
        let reply = queue.open(8, reply).unwrap_err();
        assert!(queue.open(7, reply).is_ok());
        let mut all = queue.take(Instant::now());
        let second = all.split_off(1);
        queue.put_back(second);
        assert_eq!(all[0].what, 1);
        assert_eq!(taken(&mut queue, 0), [2]);
        assert_eq!(queue.forget().len(), 0);
    }
}
