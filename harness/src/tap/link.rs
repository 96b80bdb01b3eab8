//! One WebSocket at the tap: both its sockets, both its directions, in one task.

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

use super::outbox::{Kind, Outbox};
use super::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use super::splitter::{Piece, Splitter};
use super::violation::{self, Told, Violation};
use super::wire::Wire;
use super::{Cut, Delivery, MESSAGE_CAP, frame};
use crate::terms::Silence;
use crate::terms::{Carrier, Direction, Ending, Side};
use crate::tls::Stream;

/// Read at once at most (bytes).
const READ: usize = 64 * 1024;
/// After a cut by close frame both ends have this long to close.
const CLOSING: Duration = Duration::from_secs(5);

/// What the tap's owner asks of a link.
#[derive(Debug)]
pub(super) enum Command {
    Release(HoldId, oneshot::Sender<Delivery>),
    Discard(HoldId),
    Cut(Cut, oneshot::Sender<()>),
    Silence(Silence, oneshot::Sender<()>),
    Stall(oneshot::Sender<()>),
    Mend(oneshot::Sender<()>),
    /// Bytes up to the server, between two frames of the peer's.
    Inject(BytesMut, oneshot::Sender<Delivery>),
}

/// One direction: from its source's bytes to its target's outbox.
struct Leg {
    direction: Direction,
    source: Side,
    inbox: BytesMut,
    splitter: Splitter,
    outbox: Outbox,
    /// The source has ended its stream.
    ended: bool,
    /// The rest of the long message in hand is thrown away.
    dropping: bool,
    /// The source has sent a close frame.
    closed: bool,
    /// Writing to the source has failed, so its end of stream is not a quiet one.
    writing_failed: Option<io::ErrorKind>,
    /// What comes is read and swallowed, its end too.
    silent: bool,
    /// How it ended, while it was silent.
    unheard: Option<Ending>,
    /// The source is not read from.
    stalled: bool,
    /// What the source was told of as wrong.
    told: Told,
}

impl Leg {
    fn new(direction: Direction, source: Side, inbox: BytesMut) -> Self {
        Self {
            direction,
            source,
            inbox,
            splitter: Splitter::new(direction == Direction::Up, MESSAGE_CAP),
            outbox: Outbox::default(),
            ended: false,
            dropping: false,
            closed: false,
            writing_failed: None,
            silent: false,
            unheard: None,
            stalled: false,
            told: Told::default(),
        }
    }

    fn is_over(&self) -> bool {
        self.ended && self.outbox.is_over()
    }

    /// Ends a silence and a stall. An end of stream that was swallowed is due now, and is answered.
    fn mend(&mut self) -> Option<Ending> {
        self.stalled = false;
        if std::mem::take(&mut self.silent) && self.ended {
            self.outbox.finish();
            return self.unheard.take();
        }
        // A close frame that was swallowed stays lost: the server still cannot know.
        None
    }
}

/// What both legs share.
struct Common {
    number: u32,
    policy: Arc<dyn Policy>,
    holds: HashMap<HoldId, (Direction, BytesMut)>,
    next_hold: u32,
    /// `Down` is told.
    down: bool,
    /// Cut by close frame: what comes now is read and thrown away until this moment.
    closing: Option<Instant>,
}

impl Common {
    /// This leg's source has ended the link.
    fn ended(&mut self, leg: &mut Leg, ending: Ending) {
        if !leg.silent || leg.direction == Direction::Down {
            self.down(leg.source, ending);
        } else if leg.unheard.is_none() && !self.down {
            leg.unheard = Some(ending.clone());
            (self.policy).link(self.number, LinkChange::Unheard { ending });
        }
    }

    fn down(&mut self, by: Side, ending: Ending) {
        if !std::mem::replace(&mut self.down, true) {
            (self.policy).link(self.number, LinkChange::Down { by, ending });
        }
    }

    /// Tells what is wrong, the first time. What the server writes is looked at closely; of the peer, only that it cannot be followed.
    fn blame(&self, direction: Direction, told: &mut Told, violation: &Violation) {
        if told.is_news(violation.rule) {
            (self.policy).violation(self.number, direction, violation);
        }
    }

    /// Judges all that is complete in the leg's inbox.
    fn read(&mut self, leg: &mut Leg) {
        let before = leg.splitter.violation();
        let by_server = leg.direction == Direction::Down;
        while let Some(piece) = leg.splitter.next(&mut leg.inbox) {
            if by_server && leg.closed && matches!(piece, Piece::Message { .. }) {
                self.blame(leg.direction, &mut leg.told, &violation::after_close());
            }
            match piece {
                Piece::Control { frame, close } => {
                    if let Some((code, reason)) = close {
                        // A server's control frame has a head of two bytes.
                        let payload = frame.get(2..).filter(|_| by_server);
                        if let Some(wrong) = payload.and_then(violation::close) {
                            self.blame(leg.direction, &mut leg.told, &wrong);
                        }
                        leg.closed = true;
                        self.ended(leg, Ending::Close { code, reason });
                    }
                    if self.closing.is_none() && !leg.silent {
                        leg.outbox.push(frame, Kind::Other, None);
                    }
                }
                _ if self.closing.is_some() => {}
                Piece::Message {
                    carrier,
                    mut frames,
                    truncated,
                } => {
                    let hold = (HoldId::from(self.number) << 32) | HoldId::from(self.next_hold);
                    let data = leg.splitter.payload(&frames);
                    let text = std::str::from_utf8(data).ok();
                    if by_server
                        && carrier == Carrier::Text
                        && text.is_none()
                        && let Some(wrong) = violation::text(data, truncated)
                    {
                        self.blame(leg.direction, &mut leg.told, &wrong);
                    }
                    if by_server && truncated {
                        self.blame(leg.direction, &mut leg.told, &violation::overlong());
                    }
                    let passing = Passing {
                        link: self.number,
                        direction: leg.direction,
                        carrier,
                        data,
                        text,
                        head: "",
                        truncated,
                        swallowed: leg.silent,
                    };
                    let mut verdict = self.policy.judge(&passing, hold);
                    let corrupted = match verdict {
                        Verdict::Corrupt(how) if !truncated => how.apply(passing.data),
                        _ => Vec::new(),
                    };
                    if leg.silent {
                        leg.dropping = truncated;
                        continue;
                    }
                    let whole = matches!(
                        verdict,
                        Verdict::Hold | Verdict::Gather | Verdict::Duplicate | Verdict::Corrupt(_)
                    );
                    if truncated && whole {
                        tracing::warn!(
                            link = self.number,
                            "a message longer than {MESSAGE_CAP} bytes can only be dropped or delayed; it passes"
                        );
                        verdict = Verdict::Pass;
                    }
                    if matches!(verdict, Verdict::Hold | Verdict::Drop | Verdict::Corrupt(_)) {
                        let controls = leg.splitter.take_controls(&mut frames);
                        if !controls.is_empty() {
                            leg.outbox.push(controls, Kind::Other, None);
                        }
                    }
                    let kind = if truncated {
                        Kind::Beginning
                    } else {
                        Kind::Message
                    };
                    leg.dropping = truncated && verdict == Verdict::Drop;
                    match verdict {
                        Verdict::Pass => leg.outbox.push(frames, kind, None),
                        Verdict::Delay(time) => leg.outbox.push(frames, kind, Some(time)),
                        Verdict::Drop => {}
                        Verdict::Hold => {
                            self.next_hold = self.next_hold.wrapping_add(1);
                            // A copy: a held message must not pin the read buffer.
                            let frames = BytesMut::from(&frames[..]);
                            self.holds.insert(hold, (leg.direction, frames));
                        }
                        Verdict::Gather => {
                            self.next_hold = self.next_hold.wrapping_add(1);
                            // A copy: as one that is held.
                            let frames = BytesMut::from(&frames[..]);
                            leg.outbox.push_closed(frames, hold);
                        }
                        Verdict::Duplicate => {
                            let mut copy = frames.clone();
                            drop(leg.splitter.take_controls(&mut copy));
                            leg.outbox.push(frames, kind, None);
                            leg.outbox.push(copy, Kind::Message, None);
                        }
                        Verdict::Corrupt(_) => {
                            let first = match carrier {
                                Carrier::Binary => 0x82,
                                _ => 0x81,
                            };
                            let key = (leg.direction == Direction::Up).then(rand::random);
                            let frame = frame::write(first, &corrupted, key);
                            leg.outbox.push(BytesMut::from(&frame[..]), kind, None);
                        }
                        Verdict::Then(held, time) => {
                            leg.outbox.push(frames, kind, time);
                            match self.holds.remove(&held) {
                                Some((direction, held)) if direction == leg.direction => {
                                    leg.outbox.push(held, Kind::Message, None);
                                }
                                Some(other) => drop(self.holds.insert(held, other)),
                                None => {}
                            }
                        }
                    }
                }
                Piece::Tail { bytes, end } => {
                    if !leg.dropping {
                        let kind = if end { Kind::End } else { Kind::Other };
                        leg.outbox.push(bytes, kind, None);
                    }
                }
                Piece::Raw(_) if leg.silent => {}
                Piece::Raw(bytes) => leg.outbox.push(bytes, Kind::Raw, None),
            }
        }
        if let Some(noted) = leg.splitter.take_noted().filter(|_| by_server) {
            self.blame(leg.direction, &mut leg.told, &noted);
        }
        if let (None, Some(violation)) = (before, leg.splitter.violation()) {
            self.blame(leg.direction, &mut leg.told, &violation.into());
            tracing::warn!(
                link = self.number,
                direction = ?leg.direction,
                "no WebSocket frames from here on, passed on unread: {violation}"
            );
        }
    }

    fn tell_lost(&mut self, leg: &mut Leg) {
        for _ in 0..leg.outbox.take_lost() {
            self.policy.undeliverable(self.number, leg.direction);
        }
    }
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

/// A WebSocket after its upgrade.
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
        let mut down = Leg::new(Direction::Down, Side::Server, server.inbox);
        down.outbox.push(answer, Kind::Other, None);
        Self {
            peer: peer.stream,
            server: server.stream,
            up: Leg::new(Direction::Up, Side::Peer, peer.inbox),
            down,
            common: Common {
                number,
                policy,
                holds: HashMap::new(),
                next_hold: 0,
                down: false,
                closing: None,
            },
            timer: None,
            cutters: Vec::new(),
        }
    }

    /// Runs until both sockets are closed.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        self.common.read(&mut self.up);
        self.common.read(&mut self.down);
        let reset = poll_fn(|cx| self.poll(cx, &mut commands)).await;
        if reset {
            let _ = self.peer.set_zero_linger();
            let _ = self.server.set_zero_linger();
        }
        for leg in [&mut self.up, &mut self.down] {
            leg.outbox.die();
            self.common.tell_lost(leg);
        }
        drop((self.peer, self.server));
        for cutter in self.cutters {
            let _ = cutter.send(());
        }
    }

    /// Ready when the link is over: `true` if by a reset.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        commands: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Poll<bool> {
        loop {
            while let Poll::Ready(Some(command)) = commands.poll_recv(cx) {
                if self.command(command) {
                    return Poll::Ready(true);
                }
            }
            let mut again = false;
            for direction in [Direction::Up, Direction::Down] {
                match self.step(cx, direction) {
                    Step::Again => again = true,
                    Step::Wait => {}
                    Step::Reset => return Poll::Ready(true),
                }
            }
            if self.up.is_over() && self.down.is_over() {
                return Poll::Ready(false);
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
            let Some(next) = due.into_iter().chain([self.common.closing]).flatten().min() else {
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
                return Poll::Ready(false);
            }
            self.up.outbox.ripen(next);
            self.down.outbox.ripen(next);
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
        if !leg.ended && had_room && !leg.stalled {
            make_room(&mut leg.inbox);
            match pin!(source.read_buf(&mut leg.inbox)).poll(cx) {
                Poll::Ready(Ok(0)) => {
                    leg.ended = true;
                    let rest = leg.splitter.rest(&mut leg.inbox);
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
                        drop(leg.splitter.rest(&mut leg.inbox));
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
            Command::Inject(bytes, reply) if !self.common.down => {
                self.up.outbox.release(bytes, reply);
            }
            Command::Inject(_, reply) => {
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
            Command::Cut(Cut::Close { .. }, reply) if self.common.down => {
                let _ = reply.send(());
            }
            Command::Cut(Cut::Close { code, reason }, reply)
                if self.up.outbox.at_border() && self.down.outbox.at_border() =>
            {
                let to_server = frame::close(code, &reason, Some(rand::random()));
                let to_peer = frame::close(code, &reason, None);
                for (leg, close) in [(&mut self.up, to_server), (&mut self.down, to_peer)] {
                    leg.outbox.forget_waiting();
                    leg.outbox
                        .push(BytesMut::from(&close[..]), Kind::Other, None);
                }
                self.common.closing = Some(Instant::now() + CLOSING);
                let code = Some(code);
                self.common.down(Side::Tap, Ending::Close { code, reason });
                let _ = reply.send(());
            }
            Command::Cut(how, reply) => {
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
