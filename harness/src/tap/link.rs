//! One line at the tap that has both its sockets to itself, a WebSocket or an event stream: both its directions, in one task.

mod leg;
mod packets;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

use super::outbox::Kind;
use super::policy::{HoldId, Policy};
use super::splitter::Splitter;
use super::stream::Stream as Events;
use super::wire::Wire;
use super::{Cut, Delivery, MESSAGE_CAP, frame};
use crate::terms::Silence;
use crate::terms::{Direction, Ending, Side};
use crate::tls::Stream;
use leg::{Common, Cutter, Leg};
use packets::Borders;

/// Read at once at most (bytes).
const READ: usize = 64 * 1024;
/// After a cut by close frame both ends have this long to close.
const CLOSING: Duration = Duration::from_secs(5);

/// What the tap's owner asks of a link.
#[derive(Debug)]
pub(super) enum Command {
    Release(HoldId, oneshot::Sender<Delivery>),
    Discard(HoldId),
    /// A line that is changing to a WebSocket may take until then, to be cut as what it has become.
    Cut(Cut, Instant, oneshot::Sender<()>),
    Silence(Silence, oneshot::Sender<()>),
    Stall(oneshot::Sender<()>),
    Mend(oneshot::Sender<()>),
    /// Bytes up to the server, between two frames of the peer's.
    Inject(BytesMut, oneshot::Sender<Delivery>),
    /// A whole frame, between two others.
    Put(Direction, BytesMut, oneshot::Sender<Delivery>),
}

/// What became of one look at one leg.
enum Step {
    /// Something was read; look again.
    Again,
    /// Nothing to do until a waker calls.
    Wait,
    /// The link ends by a reset.
    Reset,
}

/// How a link comes to be over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides have ended.
    Closed,
    Reset,
    /// Its event stream has ended, and the connections have not.
    Left,
}

/// A WebSocket after its upgrade, or an answer that is an event stream.
pub(super) struct Link {
    peer: Stream,
    server: Stream,
    up: Leg,
    down: Leg,
    common: Common,
    timer: Option<Pin<Box<Sleep>>>,
    /// Answered when both sockets are closed.
    cutters: Vec<oneshot::Sender<()>>,
}

impl Link {
    /// Takes over both sockets, and what was read from them beyond the upgrade. The answer to the upgrade is the first thing that
    /// goes down.
    pub(super) fn new(
        number: u32,
        policy: Arc<dyn Policy>,
        peer: Wire,
        server: Wire,
        answer: BytesMut,
    ) -> Self {
        let frames = |masked| Cutter::Frames(Splitter::new(masked, MESSAGE_CAP));
        let (up, down) = (frames(true), frames(false));
        Self::over(number, policy, peer, server, (up, down), answer)
    }

    /// Held messages are numbered from here.
    pub(super) fn holding_from(mut self, first: u32) -> Self {
        self.common.next_hold = first;
        self
    }

    /// The same for an answer that is an event stream, of which `answer` is the head.
    pub(super) fn of_events(
        number: u32,
        policy: Arc<dyn Policy>,
        peer: Wire,
        server: Wire,
        stream: Events,
        answer: BytesMut,
    ) -> Self {
        let cutters = (Cutter::Nothing, Cutter::Events(stream));
        Self::over(number, policy, peer, server, cutters, answer)
    }

    fn over(
        number: u32,
        policy: Arc<dyn Policy>,
        peer: Wire,
        server: Wire,
        (up, down): (Cutter, Cutter),
        answer: BytesMut,
    ) -> Self {
        let borders = || policy.packets().map(Borders::new);
        let mut down = Leg::new(Direction::Down, Side::Server, server.inbox, down, borders());
        down.outbox.push(answer, Kind::Other, None);
        Self {
            peer: peer.stream,
            server: server.stream,
            up: Leg::new(Direction::Up, Side::Peer, peer.inbox, up, borders()),
            down,
            common: Common {
                number,
                policy,
                holds: HashMap::new(),
                next_hold: 0,
                down: false,
                closing: None,
                again: None,
            },
            timer: None,
            cutters: Vec::new(),
        }
    }

    /// Runs until both sockets are closed, or the event stream that it carries has come to its end: then the two connections are left, to the
    /// peer and to the server.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) -> Option<(Wire, Wire)> {
        self.common.read(&mut self.up);
        self.common.read(&mut self.down);
        let end = poll_fn(|cx| self.poll(cx, &mut commands)).await;
        if end == End::Reset {
            let _ = self.peer.set_zero_linger();
            let _ = self.server.set_zero_linger();
        }
        for leg in [&mut self.up, &mut self.down] {
            leg.outbox.die();
            self.common.tell_lost(leg);
        }
        if end == End::Left {
            let wire = |stream, inbox| Wire {
                stream,
                inbox,
                ended: false,
            };
            let (up, down) = (self.up.inbox, self.down.inbox);
            return Some((wire(self.peer, up), wire(self.server, down)));
        }
        drop((self.peer, self.server));
        for cutter in self.cutters {
            let _ = cutter.send(());
        }
        None
    }

    /// Ready when the link is over.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        commands: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Poll<End> {
        loop {
            while let Poll::Ready(Some(command)) = commands.poll_recv(cx) {
                if self.command(command) {
                    return Poll::Ready(End::Reset);
                }
            }
            let mut again = false;
            for direction in [Direction::Up, Direction::Down] {
                match self.step(cx, direction) {
                    Step::Again => again = true,
                    Step::Wait => {}
                    Step::Reset => return Poll::Ready(End::Reset),
                }
            }
            if self.down.is_done() && self.common.closing.is_none() {
                if self.up.ended {
                    return Poll::Ready(End::Closed);
                }
                if !self.down.silent && !self.up.silent {
                    return Poll::Ready(End::Left);
                }
            }
            if self.up.is_over() && self.down.is_over() {
                return Poll::Ready(End::Closed);
            }
            if self.up.ended && self.down.ended {
                // Nobody is left for whom a silence could be kept.
                for leg in [&mut self.up, &mut self.down] {
                    again |= leg.silent;
                    drop(leg.mend());
                }
            }
            if again {
                continue;
            }
            let due = [self.up.outbox.due(), self.down.outbox.due()];
            let others = [self.common.closing, self.common.again];
            let Some(next) = due.into_iter().chain(others).flatten().min() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            std::task::ready!(timer.as_mut().poll(cx));
            self.timer = None;
            if self.common.closing == Some(next) {
                return Poll::Ready(End::Closed);
            }
            self.up.outbox.ripen(next);
            self.down.outbox.ripen(next);
            if self.common.again == Some(next) {
                self.common.again = None;
                self.common.read(&mut self.down);
            }
        }
    }

    /// Reads once for one leg, and writes what it has.
    fn step(&mut self, cx: &mut Context<'_>, direction: Direction) -> Step {
        let (leg, back, source, target) = match direction {
            Direction::Up => (
                &mut self.up,
                &mut self.down,
                &mut self.peer,
                &mut self.server,
            ),
            Direction::Down => (
                &mut self.down,
                &mut self.up,
                &mut self.server,
                &mut self.peer,
            ),
        };
        let common = &mut self.common;
        let mut step = Step::Wait;
        let had_room = leg.outbox.has_room();
        if !leg.ended && had_room && !leg.stalled && !leg.is_full() {
            make_room(&mut leg.inbox);
            match pin!(source.read_buf(&mut leg.inbox)).poll(cx) {
                Poll::Ready(Ok(0)) => {
                    leg.ended = true;
                    // What has waited waits no longer.
                    common.read(leg);
                    let rest = leg.rest();
                    if !rest.is_empty() && common.closing.is_none() && !leg.silent {
                        leg.outbox.push(rest, Kind::Raw, None);
                    }
                    let ending = match leg.writing_failed {
                        Some(io::ErrorKind::ConnectionReset) => Ending::Reset,
                        _ => Ending::Eof,
                    };
                    common.ended(leg, ending);
                    if leg.writing_failed.is_some() && !leg.silent {
                        let _ = leg.outbox.poll_flush(cx, target);
                        return Step::Reset;
                    }
                    if !leg.silent {
                        leg.outbox.finish();
                    }
                }
                Poll::Ready(Ok(_)) => {
                    common.read(leg);
                    step = Step::Again;
                }
                Poll::Ready(Err(_)) => {
                    common.ended(leg, Ending::Reset);
                    if leg.silent {
                        leg.ended = true;
                        drop(leg.rest());
                        return Step::Again;
                    }
                    // What came before the reset goes before the reset.
                    let _ = leg.outbox.poll_flush(cx, target);
                    return Step::Reset;
                }
                Poll::Pending => {}
            }
        }
        if common.closing.is_some() && (leg.closed || leg.ended) {
            back.outbox.finish();
        }
        if let Err(error) = leg.outbox.poll_flush(cx, target)
            && !leg.outbox.is_dead()
        {
            leg.outbox.die();
            // The target may have said something before it went: that is read first, then its end.
            back.writing_failed = Some(error.kind());
            if back.ended && !back.silent {
                step = Step::Reset;
            }
        }
        common.tell_lost(leg);
        if !had_room && leg.outbox.has_room() && matches!(step, Step::Wait) {
            // Nothing was read, so nothing would wake this task.
            step = Step::Again;
        }
        step
    }

    /// Does what is asked; `true` if the link ends by a reset.
    fn command(&mut self, command: Command) -> bool {
        match command {
            Command::Discard(hold) => {
                self.common.holds.remove(&hold);
            }
            Command::Silence(Silence { up, down }, reply) => {
                self.up.silent |= up && !self.up.ended;
                self.down.silent |= down && !self.down.ended;
                let _ = reply.send(());
            }
            Command::Stall(reply) => {
                self.down.stalled = true;
                let _ = reply.send(());
            }
            Command::Mend(reply) => {
                let unheard = self.up.mend();
                self.down.mend();
                if let Some(ending) = unheard {
                    self.common.down(Side::Peer, ending);
                }
                let _ = reply.send(());
            }
            Command::Inject(bytes, reply)
                if !self.common.down && matches!(self.up.cutter, Cutter::Frames(_)) =>
            {
                self.up.outbox.release(bytes, reply);
            }
            Command::Put(direction, bytes, reply) if !self.common.down => {
                let leg = match direction {
                    Direction::Up => &mut self.up,
                    Direction::Down => &mut self.down,
                };
                leg.outbox.release(bytes, reply);
            }
            Command::Inject(_, reply) | Command::Put(_, _, reply) => {
                let _ = reply.send(Delivery::Undeliverable);
            }
            Command::Release(hold, reply) => match self.common.holds.remove(&hold) {
                Some((Direction::Up, bytes)) if !self.common.down => {
                    self.up.outbox.release(bytes, reply);
                }
                Some((Direction::Down, bytes)) if !self.common.down => {
                    self.down.outbox.release(bytes, reply);
                }
                Some(_) => {
                    let _ = reply.send(Delivery::Undeliverable);
                }
                // Gathered: whoever has sent it may have gone, as anybody may behind what he sends.
                None => {
                    let reply = self.up.outbox.open(hold, reply);
                    if let Err(reply) = reply.or_else(|reply| self.down.outbox.open(hold, reply)) {
                        let _ = reply.send(Delivery::Undeliverable);
                    }
                }
            },
            Command::Cut(Cut::Close { .. }, _, reply) if self.common.down => {
                let _ = reply.send(());
            }
            Command::Cut(Cut::Close { code, reason }, _, reply)
                if self.up.outbox.at_border() && self.down.outbox.at_border() =>
            {
                for leg in [&mut self.up, &mut self.down] {
                    leg.outbox.forget_waiting();
                    let key = (leg.direction == Direction::Up).then(rand::random);
                    match &leg.cutter {
                        Cutter::Frames(_) => {
                            let close = frame::close(code, &reason, key);
                            let close = BytesMut::from(&close[..]);
                            leg.outbox.push(close, Kind::Other, None);
                        }
                        cutter => {
                            if let Cutter::Events(stream) = cutter {
                                leg.outbox.push(stream.end(), Kind::Other, None);
                            }
                            leg.outbox.finish();
                        }
                    }
                }
                self.common.closing = Some(Instant::now() + CLOSING);
                let ending = match &self.down.cutter {
                    Cutter::Frames(_) => Ending::Close {
                        code: Some(code),
                        reason,
                    },
                    _ => Ending::Eof,
                };
                self.common.down(Side::Tap, ending);
                let _ = reply.send(());
            }
            Command::Cut(how, _, reply) => {
                if matches!(how, Cut::Close { .. }) {
                    tracing::warn!(
                        link = self.common.number,
                        "no place for a close frame in the middle of a message; reset instead"
                    );
                }
                self.common.down(Side::Tap, Ending::Reset);
                self.cutters.push(reply);
                return true;
            }
        }
        false
    }
}

/// Makes room to read, and gives back what one long message had needed.
fn make_room(inbox: &mut BytesMut) {
    if inbox.is_empty() && inbox.capacity() > 16 * READ {
        *inbox = BytesMut::with_capacity(READ);
    } else if inbox.capacity() - inbox.len() < READ / 4 {
        // Doubled, so that a message of 10 MB is not copied for each 64 KiB of it.
        inbox.reserve(READ.max(inbox.len()));
    }
}
