//! What the tap understands of a link, and the words that follow from it though nothing of them stands on the wire.

use std::borrow::Cow;

use tokio::sync::mpsc;

use super::payload::{Payload, about, fingerprint};
use super::rules::Held;
use super::understood::{Numbered, Understood};
use super::wire::{Inner, Told, Wire};
use crate::lock::lock;
use crate::names::Link;
use crate::record::{Seq, What};
use crate::signaling::{Conversation, Meant, Notice, Word};
use crate::tap::Passing;
use crate::terms::{Carrier, Direction, Ending, Fate, Side};

impl Wire {
    /// The events of what the end of this link says.
    pub fn heard_end(&self, link: u32) -> Vec<Seq> {
        lock(&self.inner).ends.remove(&link).unwrap_or_default()
    }

    pub(super) fn down(&self, link: u32, by: Side, ending: &Ending) {
        let mut inner = lock(&self.inner);
        inner.down.push(link);
        let Ending::Close { code, reason } = ending else {
            return;
        };
        if by != Side::Server || !inner.ears.contains_key(&link) {
            return;
        }
        // No status is 1005 (RFC 6455, section 7.1.5).
        let words = self
            .ear(&mut inner, link)
            .hear_close(code.unwrap_or(1005), reason);
        let of = self.recorder.count().saturating_sub(1);
        let seqs: Vec<Seq> = words
            .into_iter()
            .map(|word| self.work_out(link, Direction::Down, of, (word, None), &[]))
            .collect();
        match &self.page {
            Some(page) => self.page_hears(page, link, &seqs),
            None => drop(inner.ends.insert(link, seqs)),
        }
    }

    /// Where its driver is told what it is to take for the server's word. The last to ask is told.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<Told> {
        let (told, listens) = mpsc::unbounded_channel();
        *lock(&self.told) = Some(told);
        listens
    }

    /// The peer says a word on this link for which this server has none: that it was said. Answers its event.
    pub fn asks_unsaid(&self, link: u32, word: &Word, cause: &[Seq]) -> Seq {
        let of = cause.last().copied().unwrap_or_default();
        let mut inner = lock(&self.inner);
        self.ear(&mut inner, link).told(word);
        inner.moved(link, [word]);
        drop(inner);
        self.work_out(link, Direction::Up, of, (word.clone(), None), cause)
    }

    /// What follows from that.
    pub fn follows_unsaid(&self, link: u32, word: &Word, asked: Seq) {
        let mut inner = lock(&self.inner);
        let follows = self.ear(&mut inner, link).unsaid(word);
        inner.moved(link, &follows);
        self.imply(link, follows, asked);
    }

    /// Both at once.
    pub fn unsaid(&self, link: u32, word: &Word, cause: &[Seq]) {
        let asked = self.asks_unsaid(link, word, cause);
        self.follows_unsaid(link, word, asked);
    }

    /// A held message is about to go on: `released` is its release.
    pub fn let_through(&self, held: &Held, released: Seq) {
        self.goes_on(&mut lock(&self.inner), held, released);
    }

    pub(super) fn goes_on(&self, inner: &mut Inner, held: &Held, released: Seq) {
        let link = held.link.instance;
        let more = inner.later.remove(&held.seq).unwrap_or_default();
        let words = self.says_more(link, held.direction, (held.seq, released), more);
        let found = inner.kept.remove(&held.seq).unwrap_or_default();
        self.tells(&held.link, found, released);
        if held.direction == Direction::Down {
            self.delivered(inner, link, words, held.mark);
        }
    }

    /// Records a word that does not stand on the wire by itself.
    fn work_out(
        &self,
        link: u32,
        direction: Direction,
        of: Seq,
        (word, number): Numbered,
        cause: &[Seq],
    ) -> Seq {
        self.places(&word);
        let what = What::Message {
            link: self.link_name(link),
            direction,
            carrier: Carrier::Text,
            about: about(&self.directory, &word),
            digest: fingerprint(Some(&word), b"", &self.digest),
            word: Some(word),
            fate: Fate::Passed,
            size: 0,
            text: String::new(),
            of: Some(of),
            number,
        };
        self.recorder.record(what, cause)
    }

    /// What the peer is to take for the server's word, now that `of` has gone on.
    fn imply(&self, link: u32, words: Vec<Word>, of: Seq) {
        for word in words {
            let seq = self.work_out(link, Direction::Down, of, (word.clone(), None), &[of]);
            match &self.page {
                Some(page) => self.page_hears(page, link, &[seq]),
                None => self.tell(Told::Word(link, word, seq)),
            }
        }
    }

    pub(super) fn tell(&self, what: Told) {
        if let Some(told) = lock(&self.told).as_ref() {
            // A peer that has ended asks for nothing.
            drop(told.send(what));
        }
    }

    /// Whether a word of the server's names somebody who is nobody of the case.
    pub(super) fn is_of_a_stranger(&self, word: &Word) -> bool {
        let strange = |id: &str| self.directory.peer(id).is_none();
        match word {
            Word::Signal { .. } => word.addressee().is_some_and(strange),
            Word::Notice { notice } => match notice {
                Notice::Joined { with, .. } => with.iter().any(|id| strange(id)),
                _ => notice.about().is_some_and(strange),
            },
            Word::Request { .. } => false,
        }
    }

    /// Takes note of where the peer is, for those who are not told.
    pub(super) fn places(&self, word: &Word) {
        let Word::Notice { notice } = word else {
            return;
        };
        let book = self.directory.book();
        match notice {
            Notice::Created { room } | Notice::Joined { room, .. } => {
                book.enter(room.as_str(), self.peer.as_str());
            }
            Notice::Left { .. } | Notice::Kicked { .. } => book.leave(self.peer.as_str()),
            // A server may tell everybody which rooms are gone.
            Notice::Destroyed { room } => book.leave_room(room.as_str(), self.peer.as_str()),
            _ => {}
        }
    }

    /// The events of all words of a message that goes on with this event, its own first.
    pub(super) fn says_more(
        &self,
        link: u32,
        direction: Direction,
        (message, goes_on): (Seq, Seq),
        also: Vec<Numbered>,
    ) -> Vec<Seq> {
        let mut words = vec![goes_on];
        match direction {
            Direction::Up => {
                let words = also.into_iter().map(|(word, _)| word).collect();
                self.imply(link, words, goes_on);
            }
            Direction::Down => words.extend(
                also.into_iter()
                    .map(|word| self.work_out(link, Direction::Down, message, word, &[goes_on])),
            ),
        }
        words
    }

    pub(super) fn ear<'i>(&self, inner: &'i mut Inner, link: u32) -> &'i mut Conversation {
        let newest = inner.newest;
        if !inner.ears.contains_key(&link) {
            let ear = (self.directory).conversation(self.dialect.clone(), &self.peer);
            let before = inner.ears.range(1..).rfind(|(other, _)| **other < link);
            let beside = inner.ears.get(if link == 0 { &newest } else { &0 });
            let ear = match (before, beside) {
                (Some((_, line)), _) => ear.after(line),
                (None, Some(line)) => ear.beside(line),
                (None, None) => ear,
            };
            inner.ears.insert(link, ear);
        }
        let ears = inner.ears.entry(link);
        ears.or_insert_with(|| (self.directory).conversation(self.dialect.clone(), &self.peer))
    }

    /// What steps look for and is in a message.
    pub(super) fn found(
        &self,
        inner: &mut Inner,
        passing: &Passing<'_>,
        text: Option<&str>,
    ) -> Vec<String> {
        let looks = &self.rules.looks;
        let Some(text) = text.filter(|_| looks.any(passing.direction)) else {
            return Vec::new();
        };
        let (text, json) = self.ear(inner, passing.link).readings(text);
        looks.found(&self.peer, passing.direction, (&text, &json))
    }

    /// Records what was found in a message that goes on.
    pub(super) fn tells(&self, link: &Link, found: Vec<String>, message: Seq) {
        for what in found {
            let link = link.clone();
            self.recorder
                .record(What::Passes { link, what }, &[message]);
        }
    }

    /// What a payload says where this one passes: what the trace shows of it, and the dialect is to understand.
    pub(super) fn text<'p>(
        &self,
        passing: &Passing<'_>,
        payload: &'p [u8],
    ) -> Option<Cow<'p, str>> {
        let plain = || std::str::from_utf8(payload).ok().map(Cow::Borrowed);
        match passing.carrier {
            Carrier::Http => plain(),
            // What no program makes anything of is shown as it is.
            _ if passing.truncated => plain(),
            _ => (self.dialect.read_payload(passing.direction, payload)).or_else(plain),
        }
    }

    pub(super) fn understand(
        &self,
        inner: &mut Inner,
        passing: &Passing<'_>,
        payload: Payload<'_>,
        meant: Option<Meant>,
    ) -> Understood {
        let Some(text) = payload.text else {
            return Understood::default();
        };
        let binary = passing.carrier == Carrier::Binary;
        if passing.truncated || (binary && !self.dialect.is_binary(passing.direction)) {
            return Understood::default();
        }
        let ear = self.ear(inner, passing.link);
        let understood: Understood = match (passing.carrier, passing.direction) {
            (Carrier::Http, direction) => {
                let mut head = passing.head.split(' ');
                let (Some(method), Some(path)) = (head.next(), head.next()) else {
                    return Understood::default();
                };
                match direction {
                    Direction::Up => ear.overhear_request(method, path, text, meant).into(),
                    Direction::Down => {
                        let status = head.next().and_then(|status| status.parse().ok());
                        let status = status.unwrap_or_default();
                        ear.hear_response(method, path, status, text).into()
                    }
                }
            }
            (_, Direction::Up) => ear.overhear_text(text, meant).into(),
            (_, Direction::Down) => ear.hear_text(text).into(),
        };
        let more = understood.more.iter().map(|(word, _)| word);
        let words = understood.word.iter().chain(more);
        inner.moved(passing.link, words.chain(&understood.implied));
        understood
    }
}
