//! What waits to be written into one socket: a batch that goes now, and a queue behind a delay.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWrite;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Delivery;
use super::policy::HoldId;
use crate::tls::Stream;

/// More than this unwritten (bytes), and nothing more is read for this socket: back-pressure, as without a tap.
const READY_LIMIT: usize = 256 * 1024;
/// As much may wait behind a delay (bytes): two messages of the greatest length that the tap decodes.
const WAITING_LIMIT: usize = 32 * 1024 * 1024;

/// What some bytes are, for what must be known once they are written or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole data message.
    Message,
    /// The beginning of a message that is too long; nothing may come between it and its end.
    Beginning,
    /// Control frames, and the middle of a long message.
    Other,
    /// The end of a message that is too long.
    End,
    /// Bytes that are no frames: from here on nothing can be put between.
    Raw,
}

#[derive(Debug)]
enum Mark {
    Message,
    Released(oneshot::Sender<Delivery>),
}

#[derive(Debug)]
struct Waiting {
    due: Due,
    bytes: BytesMut,
    kind: Kind,
    /// Who has let it go and waits to know.
    reply: Option<oneshot::Sender<Delivery>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    At(Instant),
    /// When somebody opens this.
    Opened(HoldId),
}

impl Due {
    fn at(self) -> Option<Instant> {
        match self {
            Due::At(at) => Some(at),
            Due::Opened(_) => None,
        }
    }
}

/// The writing side of one socket of a link.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: BytesMut,
    /// Bytes written since the beginning.
    written: u64,
    /// Ends of messages in `ready`, as positions in the whole stream.
    marks: VecDeque<(u64, Mark)>,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// The end of `ready` is inside a message that is too long, or opaque.
    midway: bool,
    /// Released messages that wait for the end of a long one.
    parked: Vec<(BytesMut, oneshot::Sender<Delivery>)>,
    finish: bool,
    finished: bool,
    /// Writing failed: everything is lost from here on.
    dead: bool,
    /// Messages lost since `take_lost`.
    lost: usize,
}

impl Outbox {
    /// Appends bytes to the stream, after this much time if there is a delay. What follows a delay waits behind it.
    pub(super) fn push(&mut self, bytes: BytesMut, kind: Kind, delay: Option<Duration>) {
        if self.dead {
            self.lost += usize::from(matches!(kind, Kind::Message | Kind::Beginning));
            return;
        }
        let last = self.waiting.back();
        let behind = last.map(|last| last.due.at().unwrap_or_else(Instant::now));
        let due = delay.map(|delay| Instant::now() + delay).max(behind);
        match due {
            Some(due) => self.wait(Due::At(due), bytes, kind),
            None => self.append(bytes, kind),
        }
    }

    /// Appends a message that waits until it is opened, and what follows behind it.
    pub(super) fn push_closed(&mut self, bytes: BytesMut, hold: HoldId) {
        match self.dead {
            true => self.lost += 1,
            false => self.wait(Due::Opened(hold), bytes, Kind::Message),
        }
    }

    fn wait(&mut self, due: Due, bytes: BytesMut, kind: Kind) {
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(Waiting {
            due,
            bytes,
            kind,
            reply: None,
        });
    }

    /// Lets go what waits under this number, once what is before it has gone; the reply is given back if nothing does.
    pub(super) fn open(
        &mut self,
        hold: HoldId,
        reply: oneshot::Sender<Delivery>,
    ) -> Result<(), oneshot::Sender<Delivery>> {
        let closed = Due::Opened(hold);
        let Some(waiting) = self.waiting.iter_mut().find(|one| one.due == closed) else {
            return Err(reply);
        };
        let now = Instant::now();
        waiting.due = Due::At(now);
        waiting.reply = Some(reply);
        self.ripen(now);
        Ok(())
    }

    /// Puts a held message into the stream now, whole, ahead of what a delay keeps back. Nobody asks for it once the link is down, as it is
    /// when this side finishes.
    pub(super) fn release(&mut self, bytes: BytesMut, reply: oneshot::Sender<Delivery>) {
        if self.dead {
            let _ = reply.send(Delivery::Undeliverable);
        } else if self.midway {
            self.parked.push((bytes, reply));
        } else {
            self.ready.unsplit(bytes);
            let end = self.written + self.ready.len() as u64;
            self.marks.push_back((end, Mark::Released(reply)));
        }
    }

    fn append(&mut self, bytes: BytesMut, kind: Kind) {
        // Costs no copy while the pieces come from one buffer, as they do unless a message was taken out.
        self.ready.unsplit(bytes);
        let end = self.written + self.ready.len() as u64;
        match kind {
            Kind::Message => self.marks.push_back((end, Mark::Message)),
            Kind::Beginning => {
                self.marks.push_back((end, Mark::Message));
                self.midway = true;
            }
            Kind::Other => {}
            Kind::Raw => self.midway = true,
            Kind::End => {
                self.midway = false;
                for (bytes, reply) in std::mem::take(&mut self.parked) {
                    self.release(bytes, reply);
                }
            }
        }
    }

    /// Whether a frame of the tap's own could be put at the end of what is ready. The same holds for it.
    pub(super) fn at_border(&self) -> bool {
        !self.midway && !self.dead
    }

    /// After this comes nothing more: the socket's writing side is to be shut down.
    pub(super) fn finish(&mut self) {
        self.finish = true;
    }

    /// All is written and the writing side is shut down, or the socket is gone.
    pub(super) fn is_over(&self) -> bool {
        self.finished || self.dead
    }

    /// All that was pushed is written.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty() && self.marks.is_empty() && !self.dead
    }

    /// Writing has failed.
    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.ready.len() < READY_LIMIT && self.waiting_bytes < WAITING_LIMIT
    }

    /// When the first delayed message is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.front()?.due.at()
    }

    /// Makes ready what is due.
    pub(super) fn ripen(&mut self, now: Instant) {
        let is_due = |waiting: &mut Waiting| waiting.due.at().is_some_and(|due| due <= now);
        while let Some(waiting) = self.waiting.pop_front_if(is_due) {
            self.waiting_bytes -= waiting.bytes.len();
            self.append(waiting.bytes, waiting.kind);
            if let Some(reply) = waiting.reply {
                let end = self.written + self.ready.len() as u64;
                self.marks.push_back((end, Mark::Released(reply)));
            }
        }
    }

    /// Throws away what a delay keeps back.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting_bytes = 0;
        for waiting in self.waiting.drain(..) {
            self.lost += usize::from(matches!(waiting.kind, Kind::Message | Kind::Beginning));
        }
    }

    /// How many messages were lost since the last call.
    pub(super) fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    /// The socket is gone: all that was not written is lost.
    pub(super) fn die(&mut self) {
        self.dead = true;
        self.ready = BytesMut::new();
        self.forget_waiting();
        for (_, mark) in self.marks.drain(..) {
            match mark {
                Mark::Message => self.lost += 1,
                Mark::Released(reply) => {
                    let _ = reply.send(Delivery::Undeliverable);
                }
            }
        }
        // Dropping the reply tells the same.
        self.parked.clear();
    }

    /// Answers who waits for what is written now.
    fn tell_written(&mut self) {
        while let Some((_, mark)) = self.marks.pop_front_if(|(end, _)| *end <= self.written) {
            if let Mark::Released(reply) = mark {
                let _ = reply.send(Delivery::Delivered);
            }
        }
    }

    /// Writes what is ready, as far as the socket takes it.
    pub(super) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Result<(), io::Error> {
        let mut failed = Ok(());
        while !self.ready.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, &self.ready) {
                Poll::Pending => break,
                Poll::Ready(Err(error)) => {
                    failed = Err(error);
                    break;
                }
                Poll::Ready(Ok(written)) => {
                    self.written += written as u64;
                    if written == self.ready.len() {
                        // Gives the buffer back, so that the reader can use it again.
                        self.ready = BytesMut::new();
                    } else {
                        self.ready.advance(written);
                    }
                }
            }
        }
        // Over TLS, only this gives the system what was written.
        match Pin::new(&mut *stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => self.tell_written(),
            Poll::Ready(error) => failed = failed.and(error),
            Poll::Pending => {}
        }
        failed?;
        let all = self.ready.is_empty() && self.waiting.is_empty();
        if self.finish && !self.finished && all {
            let shut = Pin::new(stream).poll_shutdown(cx);
            self.finished = shut.is_ready();
            if let Poll::Ready(Err(error)) = shut {
                return Err(error);
            }
        }
        Ok(())
    }
}
