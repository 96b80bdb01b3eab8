//! One direction of a line, and what both share: what comes is cut into messages, judged, and put into the outbox.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;

use super::super::outbox::{Kind, Outbox};
use super::super::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use super::super::splitter::{Piece, Splitter};
use super::super::stream::{Block, Flow, Stream};
use super::super::violation::{self, Told, Violation};
use super::super::{MESSAGE_CAP, frame};
use super::packets::{Borders, Cut};
use crate::carrier::events;
use crate::terms::{Carrier, Direction, Ending, Rule, Side};

/// So much of what a peer says while an event stream comes is kept (bytes): its next request.
const AHEAD: usize = 64 * 1024;

/// What cuts the bytes of one direction into messages.
pub(super) enum Cutter {
    /// Frames of a WebSocket.
    Frames(Splitter),
    /// The body of an answer that is an event stream.
    Events(Stream),
    /// None: what a peer says behind its request is another request, and stays where it is.
    Nothing,
}

/// How soon a message that cannot be judged yet is looked at again.
const AGAIN: Duration = Duration::from_millis(1);

/// One direction: from its source's bytes to its target's outbox.
pub(super) struct Leg {
    pub(super) direction: Direction,
    pub(super) source: Side,
    pub(super) inbox: BytesMut,
    pub(super) cutter: Cutter,
    pub(super) outbox: Outbox,
    /// The source has ended its stream.
    pub(super) ended: bool,
    /// The rest of the long message in hand is thrown away.
    dropping: bool,
    /// The source has sent a close frame.
    pub(super) closed: bool,
    /// Writing to the source has failed, so its end of stream is not a quiet one.
    pub(super) writing_failed: Option<io::ErrorKind>,
    /// What comes is read and swallowed, its end too.
    pub(super) silent: bool,
    /// How it ended, while it was silent.
    unheard: Option<Ending>,
    /// The source is not read from.
    pub(super) stalled: bool,
    /// What the source was told of as wrong.
    told: Told,
    /// A message that the policy cannot judge yet. What follows it waits behind it.
    waiting: Option<Piece>,
    /// Where its messages are a stream of packets.
    borders: Option<Borders>,
    /// Packets that were cut out of messages, and are to be judged next.
    cut: VecDeque<Vec<u8>>,
}

impl Leg {
    pub(super) fn new(
        direction: Direction,
        source: Side,
        inbox: BytesMut,
        cutter: Cutter,
        borders: Option<Borders>,
    ) -> Self {
        Self {
            direction,
            source,
            inbox,
            cutter,
            outbox: Outbox::default(),
            ended: false,
            dropping: false,
            closed: false,
            writing_failed: None,
            silent: false,
            unheard: None,
            stalled: false,
            told: Told::default(),
            waiting: None,
            borders,
            cut: VecDeque::new(),
        }
    }

    /// Nothing more is read for now: what follows is no part of this line.
    pub(super) fn is_full(&self) -> bool {
        match &self.cutter {
            Cutter::Frames(_) => false,
            Cutter::Events(stream) => stream.is_done(),
            Cutter::Nothing => self.inbox.len() >= AHEAD,
        }
    }

    fn has_run_out(&self) -> bool {
        matches!(&self.cutter, Cutter::Events(stream) if stream.is_done())
    }

    /// The event stream that it carries has ended, and has gone on to its end.
    pub(super) fn is_done(&self) -> bool {
        self.has_run_out() && self.outbox.is_idle()
    }

    /// What cannot be cut off any more, once the source has ended.
    pub(super) fn rest(&mut self) -> BytesMut {
        match &mut self.cutter {
            Cutter::Frames(splitter) => splitter.rest(&mut self.inbox),
            Cutter::Events(stream) => stream.rest(&mut self.inbox),
            Cutter::Nothing => BytesMut::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        (self.ended || self.has_run_out()) && self.outbox.is_over()
    }

    /// Ends a silence and a stall. An end of stream that was swallowed is due now, and is answered.
    pub(super) fn mend(&mut self) -> Option<Ending> {
        self.stalled = false;
        if std::mem::take(&mut self.silent) && (self.ended || self.has_run_out()) {
            self.outbox.finish();
            return self.unheard.take();
        }
        // A close frame that was swallowed stays lost: the server still cannot know.
        None
    }
}

/// What both legs share.
pub(super) struct Common {
    pub(super) number: u32,
    pub(super) policy: Arc<dyn Policy>,
    pub(super) holds: HashMap<HoldId, (Direction, BytesMut)>,
    pub(super) next_hold: u32,
    /// `Down` is told.
    pub(super) down: bool,
    /// Cut by close frame: what comes now is read and thrown away until this moment.
    pub(super) closing: Option<Instant>,
    /// When a message that cannot be judged yet is looked at again.
    pub(super) again: Option<Instant>,
}

impl Common {
    /// This leg's source has ended the link.
    pub(super) fn ended(&mut self, leg: &mut Leg, ending: Ending) {
        if !leg.silent || leg.direction == Direction::Down {
            self.down(leg.source, ending);
        } else if leg.unheard.is_none() && !self.down {
            leg.unheard = Some(ending.clone());
            (self.policy).link(self.number, LinkChange::Unheard { ending });
        }
    }

    pub(super) fn down(&mut self, by: Side, ending: Ending) {
        if !std::mem::replace(&mut self.down, true) {
            (self.policy).link(self.number, LinkChange::Down { by, ending });
        }
    }

    /// Tells what is wrong, the first time. What the server writes is looked at closely; of the peer, only that it cannot be followed.
    pub(super) fn blame(&self, direction: Direction, told: &mut Told, violation: &Violation) {
        if told.is_news(violation.rule) {
            (self.policy).violation(self.number, direction, violation);
        }
    }

    /// Judges all that is complete in the leg's inbox.
    pub(super) fn read(&mut self, leg: &mut Leg) {
        let mut cutter = std::mem::replace(&mut leg.cutter, Cutter::Nothing);
        match &mut cutter {
            Cutter::Frames(splitter) => {
                self.read_frames(leg, splitter);
                if leg.ended {
                    self.end_packets(leg);
                }
            }
            Cutter::Events(stream) => self.read_events(leg, stream),
            Cutter::Nothing => {}
        }
        leg.cutter = cutter;
    }

    /// The number that the next held message gets.
    fn hold(&self) -> HoldId {
        (HoldId::from(self.number) << 32) | HoldId::from(self.next_hold)
    }

    /// What becomes of a message; for one that is too long, of its beginning. The second is what it is corrupted to.
    fn judge(
        &self,
        leg: &Leg,
        carrier: Carrier,
        (data, text): (&[u8], Option<&str>),
        truncated: bool,
    ) -> (Verdict, Vec<u8>) {
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
        let verdict = self.policy.judge(&passing, self.hold());
        let corrupted = match verdict {
            Verdict::Corrupt(how) if !truncated => how.apply(data),
            _ => Vec::new(),
        };
        let whole = matches!(
            verdict,
            Verdict::Hold | Verdict::Gather | Verdict::Duplicate | Verdict::Corrupt(_)
        );
        if truncated && whole && !leg.silent {
            tracing::warn!(
                link = self.number,
                "a message longer than {MESSAGE_CAP} bytes can only be dropped or delayed; it passes"
            );
            return (Verdict::Pass, corrupted);
        }
        (verdict, corrupted)
    }

    /// Does with a message's bytes as judged. `other` is the copy of one that is doubled, and what goes in the place of one that is corrupted.
    fn carry_out(
        &mut self,
        leg: &mut Leg,
        verdict: Verdict,
        bytes: BytesMut,
        kind: Kind,
        other: BytesMut,
    ) {
        let hold = self.hold();
        match verdict {
            Verdict::Pass => leg.outbox.push(bytes, kind, None),
            Verdict::Delay(time) => leg.outbox.push(bytes, kind, Some(time)),
            Verdict::Drop => {}
            Verdict::Hold => {
                self.next_hold = self.next_hold.wrapping_add(1);
                // A copy: a held message must not pin the read buffer.
                let bytes = BytesMut::from(&bytes[..]);
                self.holds.insert(hold, (leg.direction, bytes));
            }
            Verdict::Gather => {
                self.next_hold = self.next_hold.wrapping_add(1);
                // A copy: as one that is held.
                let bytes = BytesMut::from(&bytes[..]);
                leg.outbox.push_closed(bytes, hold);
            }
            Verdict::Duplicate => {
                leg.outbox.push(bytes, kind, None);
                leg.outbox.push(other, Kind::Message, None);
            }
            Verdict::Corrupt(_) => leg.outbox.push(other, kind, None),
            Verdict::Then(held, time) => {
                leg.outbox.push(bytes, kind, time);
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

    fn read_frames(&mut self, leg: &mut Leg, splitter: &mut Splitter) {
        let before = splitter.violation();
        let by_server = leg.direction == Direction::Down;
        loop {
            if !self.read_packets(leg) {
                break;
            }
            let looked_at = leg.waiting.is_some();
            let waiting = leg.waiting.take();
            let Some(piece) = waiting.or_else(|| splitter.next(&mut leg.inbox)) else {
                break;
            };
            if by_server && leg.closed && matches!(piece, Piece::Message { .. }) {
                self.blame(leg.direction, &mut leg.told, &violation::after_close());
            }
            match piece {
                Piece::Control { frame, close } => {
                    if let Some((code, reason)) = close {
                        self.end_packets(leg);
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
                    let data = splitter.payload(&frames);
                    if carrier == Carrier::Binary && !truncated && self.cut(leg, data) {
                        let controls = splitter.take_controls(&mut frames);
                        if !controls.is_empty() {
                            leg.outbox.push(controls, Kind::Other, None);
                        }
                        continue;
                    }
                    let text = std::str::from_utf8(data).ok();
                    let may_wait = by_server && !leg.silent && !leg.ended && !truncated;
                    if may_wait && self.policy.waits(self.number, data) {
                        leg.waiting = Some(Piece::Message {
                            carrier,
                            frames,
                            truncated,
                        });
                        self.again = Some(Instant::now() + AGAIN);
                        break;
                    }
                    if looked_at {
                        self.again = None;
                    }
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
                    let (verdict, corrupted) = self.judge(leg, carrier, (data, text), truncated);
                    if leg.silent {
                        leg.dropping = truncated;
                        continue;
                    }
                    if matches!(verdict, Verdict::Hold | Verdict::Drop | Verdict::Corrupt(_)) {
                        let controls = splitter.take_controls(&mut frames);
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
                    let other = match verdict {
                        Verdict::Duplicate => {
                            let mut copy = frames.clone();
                            drop(splitter.take_controls(&mut copy));
                            copy
                        }
                        Verdict::Corrupt(_) => {
                            let first = match carrier {
                                Carrier::Binary => 0x82,
                                _ => 0x81,
                            };
                            let key = (leg.direction == Direction::Up).then(rand::random);
                            BytesMut::from(&frame::write(first, &corrupted, key)[..])
                        }
                        _ => BytesMut::new(),
                    };
                    self.carry_out(leg, verdict, frames, kind, other);
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
        if let Some(noted) = splitter.take_noted().filter(|_| by_server) {
            self.blame(leg.direction, &mut leg.told, &noted);
        }
        if let (None, Some(violation)) = (before, splitter.violation()) {
            self.blame(leg.direction, &mut leg.told, &violation.into());
            tracing::warn!(
                link = self.number,
                direction = ?leg.direction,
                "no WebSocket frames from here on, passed on unread: {violation}"
            );
        }
    }

    /// Whether something else stands in the place of this message: packets that are cut out of it.
    fn cut(&self, leg: &mut Leg, data: &[u8]) -> bool {
        match leg.borders.as_mut().map(|borders| borders.cut(data)) {
            None | Some(Cut::Itself) => false,
            Some(Cut::Packets(packets)) => {
                leg.cut.extend(packets);
                true
            }
            Some(Cut::Lost(stream, why)) => {
                if leg.direction == Direction::Down {
                    let wrong = Violation::new(Rule::Body, why);
                    self.blame(leg.direction, &mut leg.told, &wrong);
                }
                leg.cut.push_back(stream);
                true
            }
        }
    }

    /// Judges the packets that were cut out of messages. `false`: one has to wait.
    fn read_packets(&mut self, leg: &mut Leg) -> bool {
        while let Some(packet) = leg.cut.pop_front() {
            let may_wait = leg.direction == Direction::Down && !leg.silent && !leg.ended;
            if may_wait && self.policy.waits(self.number, &packet) {
                leg.cut.push_front(packet);
                self.again = Some(Instant::now() + AGAIN);
                return false;
            }
            if self.closing.is_some() {
                continue;
            }
            let text = std::str::from_utf8(&packet).ok();
            let (verdict, corrupted) = self.judge(leg, Carrier::Binary, (&packet, text), false);
            if leg.silent {
                continue;
            }
            let framed = |payload: &[u8]| {
                let key = (leg.direction == Direction::Up).then(rand::random);
                BytesMut::from(&frame::write(0x82, payload, key)[..])
            };
            let other = match verdict {
                Verdict::Duplicate => framed(&packet),
                Verdict::Corrupt(_) => framed(&corrupted),
                _ => BytesMut::new(),
            };
            let bytes = framed(&packet);
            self.carry_out(leg, verdict, bytes, Kind::Message, other);
        }
        true
    }

    /// Nothing comes any more: a packet that has begun goes as it is.
    fn end_packets(&mut self, leg: &mut Leg) {
        let rest = leg.borders.as_mut().and_then(Borders::rest);
        leg.cut.extend(rest);
        self.read_packets(leg);
    }

    fn read_events(&mut self, leg: &mut Leg, stream: &mut Stream) {
        while let Some(flow) = stream.next(&mut leg.inbox) {
            match flow {
                Flow::Last(bytes) => {
                    if !leg.silent && self.closing.is_none() {
                        leg.outbox.push(bytes, Kind::Other, None);
                    }
                    self.ended(leg, Ending::Eof);
                }
                _ if self.closing.is_some() => {}
                Flow::Blocks { raw, blocks } => self.blocks(leg, stream, raw, blocks),
                Flow::Beginning { bytes, data } => {
                    self.blame(leg.direction, &mut leg.told, &violation::overlong());
                    let text = std::str::from_utf8(&data).ok();
                    let (verdict, _) = self.judge(leg, Carrier::Event, (&data, text), true);
                    leg.dropping = leg.silent || verdict == Verdict::Drop;
                    if !leg.dropping {
                        self.carry_out(leg, verdict, bytes, Kind::Beginning, BytesMut::new());
                    }
                }
                Flow::Tail { bytes, end } => {
                    if !leg.dropping {
                        let kind = if end { Kind::End } else { Kind::Other };
                        leg.outbox.push(bytes, kind, None);
                    }
                }
                Flow::Raw(_) if leg.silent => {}
                Flow::Raw(bytes) => leg.outbox.push(bytes, Kind::Raw, None),
            }
        }
        if let Some(noted) = stream.take_noted() {
            self.blame(leg.direction, &mut leg.told, &noted);
        }
    }

    /// Whole blocks. If nothing happens to any of them they go on in the bytes in which they came.
    fn blocks(
        &mut self,
        leg: &mut Leg,
        stream: &Stream,
        raw: Option<BytesMut>,
        blocks: Vec<Block>,
    ) {
        // Bytes that came may go on only if all of them do: those before the first that does not wait for the judgement of the others.
        let mut passed: Vec<Block> = Vec::new();
        let mut raw = raw;
        for block in blocks {
            let Some(event) = &block.event else {
                passed.push(block);
                continue;
            };
            let text = std::str::from_utf8(&event.data).ok();
            if text.is_none() {
                let detail = "an event that is not UTF-8";
                let wrong = Violation::new(Rule::Body, detail);
                self.blame(leg.direction, &mut leg.told, &wrong);
            }
            let (verdict, corrupted) = self.judge(leg, Carrier::Event, (&event.data, text), false);
            if leg.silent {
                raw = None;
                continue;
            }
            if verdict == Verdict::Pass {
                passed.push(block);
                continue;
            }
            raw = None;
            self.pass_blocks(leg, stream, std::mem::take(&mut passed));
            let bytes = stream.framed(&block.bytes);
            let other = match verdict {
                Verdict::Duplicate => bytes.clone(),
                Verdict::Corrupt(_) => stream.framed(&events::with_data(&block.bytes, &corrupted)),
                _ => BytesMut::new(),
            };
            self.carry_out(leg, verdict, bytes, Kind::Message, other);
        }
        match raw {
            // Each counts, should it be lost; nothing comes between, as long as they are pushed together.
            Some(raw) if passed.iter().any(|block| block.event.is_some()) => {
                let count = passed.iter().filter(|block| block.event.is_some()).count();
                leg.outbox.push(raw, Kind::Message, None);
                for _ in 1..count {
                    leg.outbox.push(BytesMut::new(), Kind::Message, None);
                }
            }
            Some(raw) if !leg.silent => leg.outbox.push(raw, Kind::Other, None),
            _ => self.pass_blocks(leg, stream, passed),
        }
    }

    fn pass_blocks(&self, leg: &mut Leg, stream: &Stream, blocks: Vec<Block>) {
        for block in blocks.into_iter().filter(|_| !leg.silent) {
            let kind = match block.event {
                Some(_) => Kind::Message,
                None => Kind::Other,
            };
            leg.outbox.push(stream.framed(&block.bytes), kind, None);
        }
    }

    pub(super) fn tell_lost(&mut self, leg: &mut Leg) {
        for _ in 0..leg.outbox.take_lost() {
            self.policy.undeliverable(self.number, leg.direction);
        }
    }
}
