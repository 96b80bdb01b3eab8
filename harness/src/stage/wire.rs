//! The case's view of its wires: one [`Wire`] a peer decides and records what its tap sees.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;

use super::directory::Directory;
use super::rules::{Decision, Fault, Held, Rules};
use crate::lock::lock;
use crate::names::{Link, PeerName};
use crate::record::{Digest, Fingerprint, Recorder, Seq, What, elide};
use crate::signaling::{
    Conversation, Dialect, Heard, Kind, Meant, Notice, Overheard, Signal, Word,
};
use crate::tap::{HoldId, LinkChange, Passing, Policy, Refused, Verdict, Violation};
use crate::terms::Rule;
use crate::terms::{Carrier, Direction, Ending, Fate, Side};

/// What a word speaks of: the addressee on the way up, the sender or the subject on the way down.
fn about(directory: &Directory, word: &Word) -> Option<PeerName> {
    match word {
        Word::Signal { peer, .. } => peer.as_deref().and_then(|id| directory.peer(id)),
        Word::Notice { notice } => match notice {
            Notice::PeerJoined { peer } | Notice::PeerLeft { peer, .. } => directory.peer(peer),
            _ => None,
        },
        Word::Request { .. } => None,
    }
}

/// The digest of what must arrive unchanged: a signal's own content, else the whole payload.
fn fingerprint(word: Option<&Word>, payload: &[u8], digest: &Digest) -> Fingerprint {
    let Some(Word::Signal { signal, .. }) = word else {
        return digest.of(payload).into();
    };
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => {
            Fingerprint::owed(Arc::clone(sdp), digest.clone())
        }
        Signal::Candidate { candidate } => {
            let content = serde_json::to_vec(candidate).unwrap_or_default();
            digest.of(&content).into()
        }
        Signal::EndOfCandidates | Signal::Bye => digest.of(b"").into(),
    }
}

/// What a message carries.
#[derive(Clone, Copy)]
struct Payload<'a> {
    bytes: &'a [u8],
    /// The same, if it is text.
    text: Option<&'a str>,
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        Self { bytes, text }
    }
}

/// A payload as the trace keeps it: its beginning, without a description that the word has.
fn shown(word: Option<&Word>, payload: Payload<'_>) -> String {
    let Some(text) = payload.text else {
        let beginning = &payload.bytes[..payload.bytes.len().min(TEXT_LIMIT)];
        return String::from_utf8_lossy(beginning).into_owned();
    };
    let told = match word {
        Some(Word::Signal { signal, .. }) => match signal {
            Signal::Offer { sdp } => elide(text, sdp, "offer"),
            Signal::Answer { sdp } => elide(text, sdp, "answer"),
            _ => text.into(),
        },
        _ => text.into(),
    };
    let end = told.floor_char_boundary(TEXT_LIMIT);
    match told {
        Cow::Borrowed(text) => text[..end].to_owned(),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text
        }
    }
}

/// What a message at the tap says.
#[derive(Default)]
struct Understood {
    word: Option<Word>,
    /// What else it says.
    more: Vec<Word>,
    /// It is known, and says nothing.
    aside: bool,
    /// What it takes the place of on the way down, once it has gone on.
    implied: Vec<Word>,
}

impl From<Heard> for Understood {
    fn from(heard: Heard) -> Self {
        let mut words = heard.words.into_iter();
        let word = words.next();
        Self {
            aside: word.is_none() && heard.understood,
            word,
            more: words.collect(),
            implied: Vec::new(),
        }
    }
}

impl From<Overheard> for Understood {
    fn from(overheard: Overheard) -> Self {
        Self {
            aside: overheard.word.is_none() && overheard.understood,
            word: overheard.word,
            more: Vec::new(),
            implied: overheard.implied,
        }
    }
}

/// A word that a peer is to take for the server's though nothing comes, on this link, and its event.
pub type Told = (u32, Word, Seq);

/// Why a peer sends something, and what it means by it.
type Intent = (Vec<Seq>, Option<Meant>);

/// A peer's wire: records what goes through its tap, and carries out the rules.
pub struct Wire {
    peer: PeerName,
    recorder: Recorder,
    digest: Digest,
    rules: Arc<Rules>,
    directory: Directory,
    dialect: Arc<Dialect>,
    shake: Option<Mutex<Shake>>,
    inner: Mutex<Inner>,
    /// Where its driver listens.
    told: Mutex<Option<mpsc::UnboundedSender<Told>>>,
}

#[derive(Default)]
struct Inner {
    /// The tap's ear for each link, and for HTTP under 0.
    ears: BTreeMap<u32, Conversation>,
    /// Why the peer sent what is still on its way to the tap, oldest first; HTTP under 0.
    intents: BTreeMap<u32, VecDeque<Intent>>,
    /// What was delivered to the peer and not yet heard by its driver; HTTP under 0.
    delivered: BTreeMap<u32, VecDeque<(Vec<Seq>, u64)>>,
    /// What else messages say that are kept back, by their events.
    later: BTreeMap<Seq, Vec<Word>>,
    /// The requests that nothing has answered yet, by method and path, oldest first.
    asked: VecDeque<(String, Seq)>,
    down: Vec<u32>,
    /// The events of what the ends of links say.
    ends: BTreeMap<u32, Vec<Seq>>,
    /// The events of requests for a link that were not granted.
    refused: BTreeMap<u32, Seq>,
    /// Links on which a binary message has come down.
    binary: BTreeSet<u32>,
    /// The newest link; HTTP requests are told as its own.
    newest: u32,
}

impl Inner {
    /// A message with this payload goes on, to the peer or up; what goes to the peer will be heard.
    fn deliver(&mut self, passing: &Passing<'_>, words: Vec<Seq>, payload: &[u8]) {
        if passing.direction == Direction::Down {
            self.deliver_marked(passing.link, words, mark(payload));
        }
    }

    /// The request that this response answers: the newest such, since an older one may have lost its connection.
    fn answered(&mut self, head: &str) -> Option<Seq> {
        let head = asked(head);
        let place = self.asked.iter().rposition(|(of, _)| *of == head)?;
        self.asked.remove(place).map(|(_, seq)| seq)
    }

    fn deliver_marked(&mut self, link: u32, words: Vec<Seq>, mark: u64) {
        let delivered = self.delivered.entry(link).or_default();
        delivered.push_back((words, mark));
    }
}

/// Method and path of a request, which a response's first line begins with as well.
fn asked(head: &str) -> String {
    let mut fields = head.splitn(3, ' ');
    let (method, path) = (fields.next(), fields.next());
    format!(
        "{} {}",
        method.unwrap_or_default(),
        path.unwrap_or_default()
    )
}

/// A small deterministic source of delays.
struct Shake(u64);

impl Shake {
    /// Up to 5 ms for one message in two (splitmix64).
    fn delay(&mut self) -> Option<Duration> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z & 1 == 1).then(|| Duration::from_micros((z >> 1) % 5_000))
    }
}

/// Tells payloads apart, within this process.
fn mark(payload: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    payload.hash(&mut hasher);
    hasher.finish()
}

/// How much of a payload the trace keeps.
const TEXT_LIMIT: usize = 4096;

/// So many causes are looked at, to see whether a step led to a message.
const MOST_CAUSES: usize = 64;

/// How much of a reason a headline shows (characters).
const REASON: usize = 200;

impl Wire {
    /// The wire of one peer. `shake` seeds small random delays.
    pub fn new(
        peer: PeerName,
        recorder: Recorder,
        digest: Digest,
        rules: Arc<Rules>,
        directory: Directory,
        dialect: Arc<Dialect>,
        shake: Option<u64>,
    ) -> Self {
        Self {
            shake: shake.map(|seed| {
                let salt = peer.as_str().bytes().fold(seed, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(u64::from(byte))
                });
                Mutex::new(Shake(salt))
            }),
            peer,
            recorder,
            digest,
            rules,
            directory,
            dialect,
            inner: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// The peer is about to send one message on this link (0: an HTTP request) because of `cause`, and means this by it, where that is known.
    pub fn intend(&self, link: u32, meant: Option<Meant>, cause: Vec<Seq>) {
        lock(&self.inner)
            .intents
            .entry(link)
            .or_default()
            .push_back((cause, meant));
    }

    /// The events of the words of the oldest delivered message with this payload that the driver has not heard yet, the message's own first. By
    /// payload, because a released message may overtake one that is delayed.
    pub fn heard(&self, link: u32, payload: &str) -> Vec<Seq> {
        let mut inner = lock(&self.inner);
        let Some(delivered) = inner.delivered.get_mut(&link) else {
            return Vec::new();
        };
        let same = mark(payload.as_bytes());
        let place = delivered.iter().position(|(_, mark)| *mark == same);
        let words = place.and_then(|place| delivered.remove(place));
        words.map(|(words, _)| words).unwrap_or_default()
    }

    /// The events of what the end of this link says.
    pub fn heard_end(&self, link: u32) -> Vec<Seq> {
        lock(&self.inner).ends.remove(&link).unwrap_or_default()
    }

    fn down(&self, link: u32, by: Side, ending: &Ending) {
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
        let seqs = words
            .into_iter()
            .map(|word| self.work_out(link, Direction::Down, of, word, &[]))
            .collect();
        inner.ends.insert(link, seqs);
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
        self.ear(&mut lock(&self.inner), link).told(word);
        self.work_out(link, Direction::Up, of, word.clone(), cause)
    }

    /// What follows from that.
    pub fn follows_unsaid(&self, link: u32, word: &Word, asked: Seq) {
        let mut inner = lock(&self.inner);
        let follows = self.ear(&mut inner, link).unsaid(word);
        self.imply(&mut inner, link, follows, asked);
    }

    /// Both at once.
    pub fn unsaid(&self, link: u32, word: &Word, cause: &[Seq]) {
        let asked = self.asks_unsaid(link, word, cause);
        self.follows_unsaid(link, word, asked);
    }

    /// Whether all that its peer has sent on links that stand has come to the tap, and is recorded.
    pub fn is_quiet(&self) -> bool {
        let inner = lock(&self.inner);
        (inner.intents.iter()).all(|(link, sent)| sent.is_empty() || inner.down.contains(link))
    }

    /// Whether this link has ended.
    pub fn is_down(&self, link: u32) -> bool {
        lock(&self.inner).down.contains(&link)
    }

    /// The links on which something is still on its way from the driver to the tap.
    pub fn pending(&self) -> Vec<u32> {
        let inner = lock(&self.inner);
        let on_its_way = inner.intents.iter().filter(|(link, intents)| {
            **link != 0 && !intents.is_empty() && !inner.down.contains(link)
        });
        on_its_way.map(|(link, _)| *link).collect()
    }

    /// Why this link was not opened, if the tap knows: `the server refused the connection: 401 Unauthorized, "token expired"`.
    pub fn refusal(&self, link: u32) -> Option<String> {
        let seq = *lock(&self.inner).refused.get(&link)?;
        match &self.recorder.event(seq)?.what {
            // As it was recorded: without secrets.
            What::LinkRefused { text, .. } => Some(text.clone()),
            _ => None,
        }
    }

    /// A held message is about to go on: `released` is its release.
    pub fn let_through(&self, held: &Held, released: Seq) {
        self.goes_on(&mut lock(&self.inner), held, released);
    }

    fn goes_on(&self, inner: &mut Inner, held: &Held, released: Seq) {
        let link = held.link.instance;
        let more = inner.later.remove(&held.seq).unwrap_or_default();
        match held.direction {
            Direction::Up => self.imply(inner, link, more, released),
            Direction::Down => {
                let mut words = vec![released];
                let more = more.into_iter();
                words.extend(
                    more.map(|word| {
                        self.work_out(link, Direction::Down, held.seq, word, &[released])
                    }),
                );
                inner.deliver_marked(link, words, held.mark);
            }
        }
    }

    /// Records a word that does not stand on the wire by itself.
    fn work_out(&self, link: u32, direction: Direction, of: Seq, word: Word, cause: &[Seq]) -> Seq {
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
        };
        self.recorder.record(what, cause)
    }

    /// What the peer is to take for the server's word, now that `of` has gone on.
    fn imply(&self, _: &mut Inner, link: u32, words: Vec<Word>, of: Seq) {
        for word in words {
            let seq = self.work_out(link, Direction::Down, of, word.clone(), &[of]);
            if let Some(told) = lock(&self.told).as_ref() {
                // A peer that has ended asks for nothing.
                drop(told.send((link, word, seq)));
            }
        }
    }

    /// Whether a word of the server's names somebody who is nobody of the case.
    fn is_of_a_stranger(&self, word: &Word) -> bool {
        let strange = |id: &String| self.directory.peer(id).is_none();
        match word {
            Word::Signal { peer, .. } => peer.as_ref().is_some_and(strange),
            Word::Notice { notice } => match notice {
                Notice::PeerJoined { peer } | Notice::PeerLeft { peer, .. } => strange(peer),
                Notice::Joined { with, .. } => with.iter().any(strange),
                _ => false,
            },
            Word::Request { .. } => false,
        }
    }

    /// Takes note of where the peer is, for those who are not told.
    fn places(&self, word: &Word) {
        let Word::Notice { notice } = word else {
            return;
        };
        let book = self.directory.book();
        match notice {
            Notice::Created { room } | Notice::Joined { room, .. } => {
                book.enter(room.as_str(), self.peer.as_str());
            }
            Notice::Left { .. } | Notice::Destroyed { .. } => book.leave(self.peer.as_str()),
            _ => {}
        }
    }

    /// The events of all words of a message that goes on, its own first.
    fn says_more(
        &self,
        inner: &mut Inner,
        passing: &Passing<'_>,
        seq: Seq,
        also: Vec<Word>,
    ) -> Vec<Seq> {
        let mut words = vec![seq];
        match passing.direction {
            Direction::Up => self.imply(inner, passing.link, also, seq),
            Direction::Down => words.extend(
                also.into_iter()
                    .map(|word| self.work_out(passing.link, Direction::Down, seq, word, &[seq])),
            ),
        }
        words
    }

    fn ear<'i>(&self, inner: &'i mut Inner, link: u32) -> &'i mut Conversation {
        let ears = inner.ears.entry(link);
        ears.or_insert_with(|| (self.directory).conversation(self.dialect.clone(), &self.peer))
    }

    fn link_name(&self, link: u32) -> Link {
        Link {
            peer: self.peer.clone(),
            instance: link.max(1),
        }
    }

    /// Writes down a message with this payload, which is `passing`'s unless the tap has made it.
    fn record(
        &self,
        link: &Link,
        passing: &Passing<'_>,
        payload: Payload<'_>,
        (word, about, aside): (Option<Word>, Option<PeerName>, bool),
        fate: Fate,
        cause: &[Seq],
    ) -> Seq {
        let mut text = shown(word.as_ref(), payload);
        if !passing.head.is_empty() {
            text = format!("{}\n{text}", passing.head);
        }
        if aside {
            let what = What::Aside {
                link: link.clone(),
                direction: passing.direction,
                carrier: passing.carrier,
                fate,
                size: payload.bytes.len(),
                text,
            };
            return self.recorder.record(what, cause);
        }
        if passing.direction == Direction::Down && fate.arrives() {
            word.iter().for_each(|word| self.places(word));
        }
        let what = What::Message {
            link: link.clone(),
            direction: passing.direction,
            carrier: passing.carrier,
            about,
            digest: fingerprint(word.as_ref(), payload.bytes, &self.digest),
            word,
            fate,
            size: payload.bytes.len(),
            text,
            of: None,
        };
        match passing.carrier {
            Carrier::Http => self.recorder.record(what, cause),
            _ => self.recorder.record_lazily(what, cause),
        }
    }

    fn note(&self, text: &str, cause: Seq) {
        self.recorder.record(
            What::Note {
                peer: Some(self.peer.clone()),
                text: text.into(),
            },
            &[cause],
        );
    }

    /// What the server says to somebody whom it does not let in.
    fn reason(&self, body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(body);
        // Nothing was said on this link before, and nothing will be.
        let mut ear = (self.directory).conversation(self.dialect.clone(), &self.peer);
        let word = ear.hear_text(&text).words.into_iter().next();
        if let Some(Word::Notice {
            notice: Notice::Refused { reason, .. } | Notice::Error { reason },
        }) = word
        {
            return Some(reason);
        }
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(line.to_owned())
    }

    fn refused(&self, refused: &Refused) -> (Option<u16>, String) {
        match refused {
            Refused::Answered {
                status,
                phrase,
                body,
            } => {
                let mut text = format!("the server refused the connection: {status}");
                if !phrase.is_empty() {
                    text.push_str(&format!(" {}", cut(phrase)));
                }
                if let Some(reason) = self.reason(body) {
                    text.push_str(&format!(", {:?}", cut(&reason)));
                }
                (Some(*status), text)
            }
            Refused::Unanswered { by: Side::Peer } => {
                let text = "the server had not answered the request for a connection when the peer gave up";
                (None, text.to_owned())
            }
            Refused::Unanswered { .. } => {
                let text =
                    "the server ended the connection without an answer to the request for it";
                (None, text.to_owned())
            }
            Refused::ByTap { why } => (None, format!("no connection to the server: {why}")),
        }
    }

    fn record_violation(
        &self,
        link: Link,
        direction: Direction,
        rule: Rule,
        detail: &str,
        cause: &[Seq],
    ) {
        let what = What::Violation {
            link,
            direction,
            rule,
            section: rule.section().map(str::to_owned),
            detail: detail.to_owned(),
        };
        self.recorder.record(what, cause);
    }

    /// Whether this message of the peer's, which these events made it send, is the first of a step that begins together with others.
    fn gathers(
        &self,
        cause: &[Seq],
        fault: Option<Fault>,
        behind: &Option<Held>,
        hold: HoldId,
    ) -> bool {
        // What another step has placed a fault on is in that one's hands.
        let free = fault.is_none() && behind.is_none();
        let hold = free.then_some(hold);
        let led = |step| self.led(step, cause);
        self.rules.gathering.catch(&self.peer, hold, led) && free
    }

    /// Whether a step led to what these events have caused: itself, or by way of what the peer did first.
    fn led(&self, step: Seq, cause: &[Seq]) -> bool {
        let mut open = cause.to_vec();
        for _ in 0..MOST_CAUSES {
            match open.pop() {
                Some(seq) if seq == step => return true,
                Some(seq) if seq > step => {
                    open.extend(
                        self.recorder
                            .event(seq)
                            .into_iter()
                            .flat_map(|event| event.cause.clone()),
                    );
                }
                Some(_) => {}
                None => return false,
            }
        }
        false
    }

    fn about(&self, word: &Option<Word>) -> Option<PeerName> {
        word.as_ref().and_then(|word| about(&self.directory, word))
    }

    fn understand(
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
        match (passing.carrier, passing.direction) {
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
        }
    }
}

impl Policy for Wire {
    fn waits(&self, link: u32, text: &str) -> bool {
        if !self.directory.book().expects() {
            return false;
        }
        // Of a message that names somebody unknown, while somebody is about to be told who he is.
        let mut inner = lock(&self.inner);
        let heard = self.ear(&mut inner, link).clone().hear_text(text);
        heard.words.iter().any(|word| self.is_of_a_stranger(word))
    }

    fn upgrading(&self, _: u32, hold: HoldId) -> bool {
        if self.dialect.names_in_opening() {
            self.directory.book().expect(self.peer.as_str());
        }
        self.rules.gathering.catch_upgrade(&self.peer, hold)
    }

    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict {
        let mut inner = lock(&self.inner);
        let link = self.link_name(if passing.link == 0 {
            inner.newest
        } else {
            passing.link
        });
        let payload = Payload {
            bytes: passing.data,
            text: passing.text,
        };
        let (intended, meant) = match passing.direction {
            Direction::Up => {
                let intents = inner.intents.get_mut(&passing.link);
                intents.and_then(VecDeque::pop_front).unwrap_or_default()
            }
            Direction::Down => Intent::default(),
        };
        let Understood {
            mut word,
            more,
            aside,
            implied,
        } = self.understand(&mut inner, passing, payload, meant);
        let about = self.about(&word);
        let cause = match passing.direction {
            Direction::Up => intended,
            Direction::Down if passing.carrier == Carrier::Http => {
                inner.answered(passing.head).into_iter().collect()
            }
            Direction::Down => Vec::new(),
        };
        if passing.swallowed {
            let said = (word, about, aside);
            self.record(&link, passing, payload, said, Fate::Swallowed, &cause);
            return Verdict::Drop;
        }
        let kind = word.as_ref().map(Word::kind);
        if matches!(kind, Some(Kind::Create | Kind::Join))
            && passing.direction == Direction::Up
            && self.dialect.names_in_answers()
        {
            self.directory.book().expect(self.peer.as_str());
        }
        let Decision { fault, seq, behind } = self.rules.decide(
            &self.peer,
            passing,
            kind.map(|kind| (kind, about.as_ref())),
            |fault| {
                let said = match fault {
                    // To be told of the copy, too.
                    Some(Fault::Duplicate) => word.clone(),
                    _ => word.take(),
                };
                let fate = fault.map_or(Fate::Passed, Fault::fate);
                let said = (said, about.clone(), aside);
                self.record(&link, passing, payload, said, fate, &cause)
            },
            |seq| Held {
                peer: self.peer.clone(),
                id: hold,
                link: link.clone(),
                direction: passing.direction,
                seq,
                mark: mark(passing.data),
            },
        );
        if passing.direction == Direction::Up && passing.carrier == Carrier::Http {
            inner.asked.push_back((asked(passing.head), seq));
        }
        if passing.direction == Direction::Down
            && passing.carrier == Carrier::Binary
            && !self.dialect.is_binary(Direction::Down)
            && inner.binary.insert(passing.link)
        {
            let framing = self.dialect.framing();
            let detail =
                format!("a binary message, where the dialect says text (`framing: {framing}`)");
            self.record_violation(link.clone(), Direction::Down, Rule::Binary, &detail, &[seq]);
        }
        let inner = &mut *inner;
        // What else it says, and what follows from it, once it goes on.
        let also = match passing.direction {
            Direction::Up => implied,
            Direction::Down => more,
        };
        if fault.map(Fault::fate) == Some(Fate::Held) {
            inner.later.insert(seq, also);
            return Verdict::Hold;
        }
        if fault == Some(Fault::Drop) {
            return Verdict::Drop;
        }
        let words = self.says_more(inner, passing, seq, also);
        if passing.direction == Direction::Up && self.gathers(&cause, fault, &behind, hold) {
            return Verdict::Gather;
        }
        match fault {
            Some(Fault::Duplicate) => {
                inner.deliver(passing, words, passing.data);
                if passing.carrier == Carrier::Http {
                    self.note("an HTTP message goes once, it is not duplicated", seq);
                    return Verdict::Pass;
                }
                let said = (word, about, aside);
                let copy = self.record(&link, passing, payload, said, Fate::Copy, &[seq]);
                inner.deliver(passing, vec![copy], passing.data);
                return Verdict::Duplicate;
            }
            Some(Fault::Corrupt(how)) => {
                let bytes = how.apply(passing.data);
                let payload = Payload::new(&bytes);
                let understood = self.understand(inner, passing, payload, None);
                let about = self.about(&understood.word);
                let aside = understood.aside;
                let said = (understood.word, about, aside);
                let forged = self.record(&link, passing, payload, said, Fate::Forged, &[seq]);
                inner.deliver(passing, vec![forged], &bytes);
                return Verdict::Corrupt(how);
            }
            _ => inner.deliver(passing, words, passing.data),
        }
        let delay = match fault {
            Some(Fault::Delay(by)) => Some(by),
            _ => self.shake.as_ref().and_then(|shake| lock(shake).delay()),
        };
        match (behind, delay) {
            (Some(held), delay) => {
                let released = What::Released {
                    message: held.seq,
                    delivered: true,
                };
                let released = self.recorder.record(released, &[seq, held.seq]);
                self.goes_on(inner, &held, released);
                Verdict::Then(held.id, delay)
            }
            (None, Some(delay)) => Verdict::Delay(delay),
            (None, None) => Verdict::Pass,
        }
    }

    fn link(&self, link: u32, change: LinkChange) {
        let name = self.link_name(link);
        match change {
            LinkChange::Up { .. } => {
                lock(&self.inner).newest = link;
                self.recorder.record(What::LinkUp { link: name }, &[]);
            }
            LinkChange::Refused(refused) => {
                self.directory.book().forget(self.peer.as_str());
                let (status, text) = self.refused(&refused);
                let what = What::LinkRefused {
                    link: name,
                    status,
                    text,
                };
                let seq = self.recorder.record(what, &[]);
                lock(&self.inner).refused.insert(link, seq);
            }
            LinkChange::Unheard { .. } => {
                lock(&self.inner).down.push(link);
                self.recorder.record(
                    What::Note {
                        peer: Some(self.peer.clone()),
                        text: "its connection is lost, which the server cannot know: the line is silent".into(),
                    },
                    &[],
                );
            }
            LinkChange::Down { by, ending } => {
                self.down(link, by, &ending);
                self.directory.book().leave(self.peer.as_str());
                self.directory.book().forget(self.peer.as_str());
                self.recorder.record(
                    What::LinkDown {
                        link: name,
                        by,
                        ending,
                    },
                    &[],
                );
            }
        }
    }

    fn violation(&self, link: u32, direction: Direction, violation: &Violation) {
        let link = match link {
            0 => lock(&self.inner).newest,
            link => link,
        };
        let Violation { rule, detail } = violation;
        self.record_violation(self.link_name(link), direction, *rule, detail, &[]);
    }
}

/// The beginning of what a server chose to say.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(REASON).map(|(at, _)| at);
    &text[..end.unwrap_or(text.len())]
}
