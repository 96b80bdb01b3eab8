//! Offer and answer, as a well-behaved client does them: RFC 9429, and perfect negotiation (W3C WebRTC, section 10.7).

use super::doing::{Then, Unsent, described};
use super::input::{Cause, End, Mark, OrderId};
use super::numbers::Numbers;
use super::pair::Pair;
use super::remote::Remote;
use crate::hand::{Command, HandError, PeerFault, Reply};
use crate::record::{Applied, Seq};
use crate::scenario::{DEFAULT_CHANNEL, OnBye};
use crate::signaling::sdp::{fingerprints, ufrags};
use crate::signaling::{Description, DescriptionKind, Signal};
use crate::terms::ChannelOptions;

/// What came of some commands: the reply of the last, or what a refusal is called, and the error.
pub(super) type Came = Result<Option<Reply>, (Option<&'static str>, HandError)>;

impl Pair {
    /// Makes an offer: on the connection that there is, else on a new one with a channel. While an offer of its own is out another one has to wait
    /// for its answer.
    pub(super) fn offer(
        &mut self,
        order: Option<OrderId>,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        let keeps = self.policy.has(PeerFault::KeepsOldConnection);
        let anew = self.policy.has(PeerFault::OffersOnANewConnection);
        let live = self.connection.as_ref().filter(|connection| {
            let meant = !connection.departed || keeps && connection.remote.is_some();
            !connection.closed && meant && !anew
        });
        let waits = !self.policy.has(PeerFault::OffersBeforeTheAnswer);
        if waits && live.is_some_and(|connection| connection.offering) {
            self.offer_again(cause);
            return self.over(order, End::Yes);
        }
        let (conn, mut commands) = match live {
            Some(connection) => (connection.conn, Vec::new()),
            None => {
                self.early.clear();
                self.renew(numbers)
            }
        };
        commands.extend(self.default_channel(conn));
        self.send_offer(conn, commands, order, cause, numbers);
    }

    /// One more offer is due as soon as the one that is out is answered.
    pub(super) fn offer_again(&mut self, cause: Vec<Cause>) {
        self.again.get_or_insert_default().extend(cause);
    }

    /// The channel that comes with a connection, if this is its first description and it has none of that label.
    fn default_channel(&mut self, conn: u32) -> Option<(Command, Option<&'static str>)> {
        let connection = self.connection.as_mut()?;
        let label = DEFAULT_CHANNEL.to_owned();
        if connection.remote.is_some() || connection.channels.contains(&label) {
            return None;
        }
        connection.channels.push(label.clone());
        let options = ChannelOptions::default();
        let command = Command::CreateChannel {
            conn,
            label,
            options,
        };
        Some((command, None))
    }

    fn send_offer(
        &mut self,
        conn: u32,
        mut commands: Vec<(Command, Option<&'static str>)>,
        order: Option<OrderId>,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        if let Some(connection) = &mut self.connection {
            connection.described = false;
        }
        let description = None;
        commands.push((Command::SetLocal { conn, description }, Some("set-local")));
        self.begin(commands, Then::Offered { order, cause }, numbers);
    }

    /// The stack says that the description in force is not what is wanted any more (W3C WebRTC, section 4.7.3). Before the first offer that is
    /// the scenario's to say; while one is out the stack tells it again when that is answered.
    pub(super) fn needed(&mut self, conn: u32, numbers: &mut Numbers) {
        let Some(connection) = &self.connection else {
            return;
        };
        let settled = connection.remote.is_some() && !connection.offering;
        if connection.conn == conn && connection.is_live() && settled && !self.policy.manual {
            let cause = connection.applied.clone();
            self.send_offer(conn, Vec::new(), None, cause, numbers);
        }
    }

    /// A signal of the other side.
    pub(super) fn signalled(&mut self, signal: Signal, heard: Seq, numbers: &mut Numbers) {
        if self.policy.manual {
            return self.keep(signal, heard);
        }
        match signal {
            Signal::Offer { sdp } => self.hear_offer(sdp.to_string(), heard, numbers),
            Signal::Answer { sdp } if self.connection.is_some() => {
                self.take_in(
                    DescriptionKind::Answer,
                    sdp.to_string(),
                    Vec::new(),
                    heard,
                    numbers,
                );
            }
            Signal::Answer { .. } => {
                let text = format!("an answer from {}, who was made no offer", self.with);
                self.note(text, vec![heard.into()], numbers);
            }
            Signal::Candidate { candidate } => {
                self.hear_candidate(Some(candidate), heard, numbers);
            }
            Signal::EndOfCandidates => self.hear_candidate(None, heard, numbers),
            Signal::Bye => self.hear_bye(heard, numbers),
        }
    }

    fn hear_bye(&mut self, heard: Seq, numbers: &mut Numbers) {
        if self.policy.has(PeerFault::IgnoresBye) || self.policy.on_bye == OnBye::Ignore {
            return;
        }
        self.close(Some(heard.into()), numbers);
    }

    fn hear_offer(&mut self, sdp: String, heard: Seq, numbers: &mut Numbers) {
        let theirs = fingerprints(&sdp);
        let connection = self.connection.as_mut();
        // Two offers on the way at once: one side insists, the other gives way.
        let yields = self.policy.yields(&self.me, &self.with);
        if let Some(connection) = connection
            && connection.offering
            && connection.is_live()
            && !yields
        {
            connection.ignoring = true;
            let text = format!("glare: the offer of {} is ignored", self.with);
            return self.note(text, vec![heard.into()], numbers);
        }
        let connection = self.connection.as_ref();
        let anew = self.policy.has(PeerFault::AnswersOnANewConnection) || self.policy.relayed;
        let same = connection.is_some_and(|connection| {
            let remote = connection.remote.as_ref();
            let known = remote.is_none_or(|remote| remote.fingerprints == theirs && !anew);
            connection.is_live() && known
        });
        let keeps = self.policy.has(PeerFault::KeepsOldConnection);
        let kept = keeps && connection.is_some_and(|connection| !connection.closed);
        let mut commands = match same || kept {
            true => Vec::new(),
            false => self.renew(numbers).1,
        };
        if let Some(conn) = self.number().filter(|_| self.policy.relayed) {
            commands.extend(self.default_channel(conn));
        }
        if let Some(connection) = &mut self.connection {
            connection.offering = false;
            connection.described = false;
        }
        self.take_in(DescriptionKind::Offer, sdp, commands, heard, numbers);
    }

    /// `setRemoteDescription`, behind these commands.
    fn take_in(
        &mut self,
        kind: DescriptionKind,
        sdp: String,
        mut commands: Vec<(Command, Option<&'static str>)>,
        heard: Seq,
        numbers: &mut Numbers,
    ) {
        let Some(conn) = self.number() else { return };
        let remote = Remote::of(&sdp);
        let description = Description { kind, sdp };
        commands.push((Command::SetRemote { conn, description }, Some("set-remote")));
        let then = Then::Took {
            kind,
            remote,
            heard: heard.into(),
        };
        self.begin(commands, then, numbers);
    }

    /// All commands of what was under way are answered.
    pub(super) fn go_on(&mut self, then: Then, came: Came, numbers: &mut Numbers) {
        match then {
            Then::Offered { order, cause } => self.offered(order, cause, came, numbers),
            Then::Restarted { order, .. }
                if came.is_ok() && self.policy.has(PeerFault::RestartsWithoutAnOffer) =>
            {
                self.over(order, End::Yes);
            }
            Then::Restarted { order, cause } => match (came, &self.connection) {
                (Ok(_), Some(connection)) if connection.offering => {
                    self.offer_again(cause);
                    self.over(order, End::Yes);
                }
                (Ok(_), Some(connection)) => {
                    self.send_offer(connection.conn, Vec::new(), order, cause, numbers);
                }
                (came, _) => self.end(order, came.map(drop), cause, numbers),
            },
            Then::Took {
                kind,
                remote,
                heard,
            } => self.took(kind, remote, heard, came, numbers),
            Then::Answered { cause } => self.answered(cause, came, numbers),
            Then::Opened { item, heard } => match came {
                // What he said who has gone meanwhile is for nobody.
                Ok(_) if self.has_gone() => {}
                Ok(_) => self.put_first(*item),
                Err((_, error)) => {
                    let text = format!("no connection for a candidate of {}: {error}", self.with);
                    self.note(text, vec![heard], numbers);
                }
            },
            Then::Whole(unsent) => self.became_whole(unsent, came, numbers),
            Then::Closed { heard } => {
                if let Err((_, error)) = came {
                    let text = format!("closing the connection to {}: {error}", self.with);
                    self.note(text, heard.into_iter().collect(), numbers);
                }
            }
            by_hand => self.go_on_by_hand(by_hand, came, numbers),
        }
    }

    /// An order is over, well or badly.
    pub(super) fn end(
        &mut self,
        order: Option<OrderId>,
        came: Result<(), (Option<&'static str>, HandError)>,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        let end = match came {
            Ok(()) => End::Yes,
            Err(_) if self.policy.has(PeerFault::TakesNoForYes) => End::Yes,
            Err((during, error)) => self.failed(during, error, cause, numbers),
        };
        self.over(order, end);
    }

    fn offered(
        &mut self,
        order: Option<OrderId>,
        cause: Vec<Cause>,
        came: Came,
        numbers: &mut Numbers,
    ) {
        let description = match came {
            Ok(Some(Reply::Description(description))) => description,
            Ok(_) => {
                return self.no_offer(
                    order,
                    "the peer set no local description".into(),
                    cause,
                    numbers,
                );
            }
            Err((during, error)) => {
                let why = match self.failed(during, error, cause.clone(), numbers) {
                    End::No(why) => why,
                    refused => return self.over(order, refused),
                };
                return self.no_offer(order, why, cause, numbers);
            }
        };
        let set = self.set(
            Applied::Local(description.kind),
            ufrags(&description.sdp),
            cause,
            numbers,
        );
        if let Some(connection) = &mut self.connection {
            connection.offering = true;
        }
        if self.has_gone() {
            let why = format!("{} has gone", self.with);
            return self.no_offer(order, why, vec![set.into()], numbers);
        }
        let signal = described(DescriptionKind::Offer, description.sdp);
        if self.policy.has(PeerFault::OffersBehindItsCandidates) {
            self.described();
            self.late_offer = Some((signal, set, order));
            return;
        }
        if self.policy.gathers_first {
            let kind = DescriptionKind::Offer;
            return self.send_whole(Unsent { kind, set, order }, &signal, numbers);
        }
        self.say(signal, vec![set.into()], order);
        self.described();
    }

    /// The other side went while this was under way: whoever has its name now did not ask for it.
    pub(super) fn has_gone(&self) -> bool {
        let keeps = self.policy.has(PeerFault::KeepsOldConnection);
        let connection = self.connection.as_ref();
        connection.is_some_and(|connection| connection.departed && !keeps)
    }

    /// What it does by itself is noted where it cannot be done; an order is told.
    pub(super) fn no_offer(
        &mut self,
        order: Option<OrderId>,
        why: String,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        match order {
            Some(_) => self.over(order, End::No(why)),
            None => self.note(format!("no offer to {}: {why}", self.with), cause, numbers),
        }
    }

    fn took(
        &mut self,
        kind: DescriptionKind,
        remote: Remote,
        heard: Cause,
        came: Came,
        numbers: &mut Numbers,
    ) {
        if came.is_err() && self.policy.has(PeerFault::PassesOverRefusals) {
            return;
        }
        if let Err((during, error)) = came {
            let why = match (during, &error) {
                (Some(_), _) => format!("set-remote: {error}"),
                (None, _) => format!(
                    "no connection for the {} of {}: {error}",
                    kind.as_str(),
                    self.with
                ),
            };
            if let End::No(_) = self.failed(during, error, vec![heard], numbers) {
                self.note(why, vec![heard], numbers);
            } else if self.policy.has(PeerFault::GivesUpOnARefusal) {
                self.close(None, numbers);
            }
            return;
        }
        let set = self.set(
            Applied::Remote(kind),
            remote.ufrags.clone(),
            vec![heard],
            numbers,
        );
        let Some(connection) = &mut self.connection else {
            return;
        };
        connection.remote = Some(remote);
        connection.ignoring = false;
        let conn = connection.conn;
        if kind == DescriptionKind::Answer {
            connection.offering = false;
        }
        for (candidate, candidate_heard) in std::mem::take(&mut self.early) {
            self.add(candidate, vec![candidate_heard.into(), set.into()], numbers);
        }
        if kind == DescriptionKind::Offer && !self.has_gone() {
            let cause = vec![set.into()];
            let description = None;
            let answer = Command::SetLocal { conn, description };
            let then = Then::Answered { cause };
            return self.begin(vec![(answer, Some("set-local"))], then, numbers);
        }
        self.offer_what_is_due(set.into(), numbers);
    }

    fn answered(&mut self, cause: Vec<Cause>, came: Came, numbers: &mut Numbers) {
        let description = match came {
            Ok(Some(Reply::Description(description))) => description,
            Ok(_) => return,
            Err((during, error)) => {
                if let End::No(why) = self.failed(during, error, cause.clone(), numbers) {
                    self.note(format!("no answer to {}: {why}", self.with), cause, numbers);
                }
                return;
            }
        };
        let set = self.set(
            Applied::Local(description.kind),
            ufrags(&description.sdp),
            cause,
            numbers,
        );
        if self.has_gone() {
            return;
        }
        let signal = described(DescriptionKind::Answer, description.sdp);
        if self.policy.gathers_first {
            let (kind, order) = (DescriptionKind::Answer, None);
            return self.send_whole(Unsent { kind, set, order }, &signal, numbers);
        }
        self.say_answer(&signal, set);
        self.described();
        self.offer_what_is_due(set.into(), numbers);
    }

    pub(super) fn say_answer(&mut self, answer: &Signal, set: Mark) {
        let times = 1 + usize::from(self.policy.has(PeerFault::AnswersTwice));
        for _ in 0..times {
            self.say(answer.clone(), vec![set.into()], None);
        }
    }

    /// The exchange is over: what had to wait for it.
    pub(super) fn offer_what_is_due(&mut self, set: Cause, numbers: &mut Numbers) {
        if let (Some(mut cause), Some(conn)) = (self.again.take(), self.number()) {
            cause.push(set);
            self.send_offer(conn, Vec::new(), None, cause, numbers);
        }
    }
}
