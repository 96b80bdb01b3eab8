//! Candidates, in both directions (RFC 8838): kept back until their description is there, or has been sent.

use super::doing::Then;
use super::input::{Cause, Mark};
use super::item::Item;
use super::numbers::Numbers;
use super::pair::{Given, Pair};
use crate::hand::{Command, HandError, PeerFault};
use crate::record::{Applied, Seq, What};
use crate::scenario::EarlyCandidates;
use crate::signaling::{Candidate, Signal};

pub(super) fn candidate_kind(candidate: Option<&Candidate>) -> Applied {
    match candidate {
        Some(candidate) if !candidate.candidate.is_empty() => Applied::Candidate,
        _ => Applied::EndOfCandidates,
    }
}

impl Pair {
    /// The stack has found a way to reach this side.
    pub(super) fn gathered(
        &mut self,
        conn: u32,
        candidate: Option<Candidate>,
        numbers: &mut Numbers,
    ) {
        let is_end = |candidate: &Candidate| candidate.candidate.is_empty();
        let sort = candidate
            .as_ref()
            .filter(|candidate| !is_end(candidate))
            .map(Candidate::sort);
        let cause = self.led_to(conn);
        let peer = self.me.clone();
        let mark = self.record(What::Gathered { peer, conn, sort }, cause, numbers);
        // Browsers tell the end of a generation with an empty candidate, and then the end of all with none: one of them travels.
        if candidate.as_ref().is_some_and(is_end) {
            return;
        }
        let manual = self.policy.manual;
        if self.policy.gathers_first && !manual {
            return self.gathered_first(conn, candidate.is_none(), numbers);
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        if connection.conn != conn || !connection.is_live() {
            return;
        }
        if connection.described && !manual {
            self.trickle(candidate, mark);
        } else {
            connection.gathered.push_back((candidate, mark));
        }
    }

    /// The local description is on its way: what was gathered before it may follow.
    pub(super) fn described(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        connection.described = true;
        for (candidate, mark) in std::mem::take(&mut connection.gathered) {
            self.trickle(candidate, mark);
        }
    }

    pub(super) fn trickle(&mut self, candidate: Option<Candidate>, mark: Mark) {
        let is_end = candidate.is_none();
        self.trickle_one(candidate, mark);
        if let Some((offer, set, order)) = self.late_offer.take_if(|_| is_end) {
            self.say(offer, vec![set.into()], order);
        }
    }

    fn trickle_one(&mut self, candidate: Option<Candidate>, mark: Mark) {
        let signal = match candidate {
            Some(candidate) => Signal::Candidate { candidate },
            None if self.policy.has(PeerFault::NoEndOfCandidates) => return,
            None => Signal::EndOfCandidates,
        };
        self.say(signal, vec![mark.into()], None);
    }

    /// A candidate of the other side.
    pub(super) fn hear_candidate(
        &mut self,
        candidate: Option<Candidate>,
        heard: Seq,
        numbers: &mut Numbers,
    ) {
        let described = self
            .connection
            .as_ref()
            .is_some_and(|it| it.remote.is_some());
        if !described && self.policy.has(PeerFault::ShunsWhoIsEarly) {
            self.shuns = true;
            return;
        }
        let Some(connection) = &self.connection else {
            // It came before the offer: the connection that the offer will use has to be there to refuse or to keep it.
            let (_, commands) = self.renew(numbers);
            let then = Then::Opened {
                item: Box::new(Item::Signal {
                    signal: match candidate {
                        Some(candidate) => Signal::Candidate { candidate },
                        None => Signal::EndOfCandidates,
                    },
                    heard,
                }),
                heard: heard.into(),
            };
            return self.begin(commands, then, numbers);
        };
        // Those of an ignored offer mean nothing; those of the description in force may come behind it.
        let known = connection.remote.is_some() && !self.is_late(candidate.as_ref());
        let ignored = connection.ignoring && !known;
        if ignored
            && !connection.closed
            && self.policy.has(PeerFault::AddsCandidatesOfIgnoredOffers)
        {
            return self.add(candidate, vec![heard.into()], numbers);
        }
        if ignored || connection.closed {
            return;
        }
        let ready = connection.remote.is_some() && !connection.offering;
        let early = match self.policy.fault {
            Some(PeerFault::DropsCandidates) => return,
            Some(PeerFault::AppliesCandidatesEarly) => EarlyCandidates::Apply,
            Some(PeerFault::ForgetsEarlyCandidates) => EarlyCandidates::Drop,
            _ => self.policy.early_candidates,
        };
        match early {
            EarlyCandidates::Buffer if !ready => self.early.push_back((candidate, heard)),
            EarlyCandidates::Drop if !ready => {}
            _ => self.add(candidate, vec![heard.into()], numbers),
        }
    }

    /// Hands a candidate to the stack, whose answer is recorded when it is there. Nothing waits for it: they come in dozens.
    pub(super) fn add(
        &mut self,
        candidate: Option<Candidate>,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        let Some(conn) = self.number() else { return };
        if self.is_late(candidate.as_ref()) {
            let text = format!("a candidate of {} belongs to another generation", self.with);
            return self.note(text, cause, numbers);
        }
        let call = numbers.call();
        let applied = candidate_kind(candidate.as_ref());
        self.given.push_back(Given {
            call,
            conn,
            applied,
            cause,
            result: None,
        });
        self.give(call, Command::AddCandidate { conn, candidate });
    }

    /// What the stack says of candidates is recorded in the order in which they were given: some stacks refuse the end before what comes
    /// before it (seen in Firefox).
    pub(super) fn told_of_candidates(&mut self, numbers: &mut Numbers) {
        while let Some(given) = self.given.pop_front_if(|given| given.result.is_some()) {
            self.told_of_candidate(given, numbers);
        }
    }

    fn told_of_candidate(&mut self, given: Given, numbers: &mut Numbers) {
        let Given {
            conn,
            applied,
            cause,
            result: Some(result),
            ..
        } = given
        else {
            return;
        };
        let peer = self.me.clone();
        let what = match result {
            Ok(_) => What::Applied {
                peer,
                conn,
                applied,
            },
            Err(HandError::Refused { name, message }) => What::PeerError {
                peer,
                conn,
                during: "add-candidate".into(),
                name,
                message,
            },
            Err(error) => What::Note {
                peer: Some(peer),
                text: format!("add-candidate: {error}"),
            },
        };
        self.record(what, cause, numbers);
    }

    /// Whether a candidate names another generation than the description that is in force.
    fn is_late(&self, candidate: Option<&Candidate>) -> bool {
        let ufrag = candidate.and_then(|candidate| candidate.username_fragment.as_ref());
        let connection = self.connection.as_ref();
        let remote = connection.and_then(|connection| connection.remote.as_ref());
        match (ufrag, remote) {
            (Some(ufrag), Some(remote)) => !remote.ufrags.contains(ufrag),
            _ => false,
        }
    }
}
