//! The case's view of its wires: one [`Wire`] a peer decides and records what its tap sees.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::directory::Directory;
use super::overheard::Overheard;
use super::payload::{Payload, about, fingerprint, mark, shown};
use super::rules::{Decision, Fault, Held, Rules};
use super::shake::Shake;
use super::understood::{Numbered, Said, Understood};
use crate::carrier::Packets;
use crate::lock::lock;
use crate::names::{Link, PeerName};
use crate::record::{Digest, Recorder, Seq, What};
use crate::signaling::{Conversation, Dialect, Kind, Meant, Notice, Word};
use crate::tap::{HoldId, LinkChange, Passing, Policy, Refused, Verdict, Violation};
use crate::terms::Rule;
use crate::terms::{Carrier, Direction, Fate, Side, Via};

/// What a wire tells its peer's driver.
pub enum Told {
    /// A word that the peer is to take for the server's though nothing comes, on this link, and its event.
    Word(u32, Word, Seq),
    /// This link stands, as the tap saw it.
    Stands(u32),
}

/// Why a peer sends something, and what it means by it.
type Intent = (Vec<Seq>, Option<Meant>);

/// A peer's wire: records what goes through its tap, and carries out the rules.
pub struct Wire {
    pub(super) peer: PeerName,
    pub(super) recorder: Recorder,
    pub(super) digest: Digest,
    pub(super) rules: Arc<Rules>,
    pub(super) directory: Directory,
    pub(super) dialect: Arc<Dialect>,
    pub(super) shake: Option<Mutex<Shake>>,
    pub(super) inner: Mutex<Inner>,
    /// What is known of it, if it is a page of the user's, which nobody drives.
    pub(super) page: Option<Overheard>,
    /// Where its driver listens.
    pub(super) told: Mutex<Option<mpsc::UnboundedSender<Told>>>,
}

#[derive(Default)]
pub(super) struct Inner {
    /// The tap's ear for each link, and for HTTP under 0.
    pub(super) ears: BTreeMap<u32, Conversation>,
    /// Why the peer sent what is still on its way to the tap, oldest first; HTTP under 0.
    pub(super) intents: BTreeMap<u32, VecDeque<Intent>>,
    /// What was delivered to the peer and not yet heard by its driver; HTTP under 0.
    pub(super) delivered: BTreeMap<u32, VecDeque<(Vec<Seq>, u64)>>,
    /// What else messages say that are kept back, by their events.
    pub(super) later: BTreeMap<Seq, Vec<Numbered>>,
    /// What steps look for and has been found in those.
    pub(super) kept: BTreeMap<Seq, Vec<String>>,
    /// The requests that nothing has answered yet, by method and path, oldest first.
    pub(super) asked: VecDeque<(String, Seq)>,
    pub(super) down: Vec<u32>,
    /// The events of what the ends of links say.
    pub(super) ends: BTreeMap<u32, Vec<Seq>>,
    /// The events of requests for a link that were not granted.
    pub(super) refused: BTreeMap<u32, Seq>,
    /// Links on which a binary message has come down.
    pub(super) binary: BTreeSet<u32>,
    /// The newest link; HTTP requests are told as its own.
    pub(super) newest: u32,
}

impl Inner {
    /// The request that this response answers: the newest such, since an older one may have lost its connection.
    fn answered(&mut self, head: &str) -> Option<Seq> {
        let head = asked(head);
        let place = self.asked.iter().rposition(|(of, _)| *of == head)?;
        self.asked.remove(place).map(|(_, seq)| seq)
    }

    /// Words on one link have put the peer somewhere: what it asks for beside the newest line, by HTTP, and what it says on that have one meaning.
    pub(super) fn moved<'w>(&mut self, link: u32, words: impl IntoIterator<Item = &'w Word>) {
        let other = if link == 0 { self.newest } else { 0 };
        if let Some(ear) = self.ears.get_mut(&other).filter(|_| other != link) {
            words.into_iter().for_each(|word| ear.moved(word));
        }
    }

    /// Whether the peer is in a room by another line than this one: whose first line was replaced has lost nothing by its end.
    fn is_inside_by_another(&self, link: u32) -> bool {
        let mut others = (self.ears.range(1..)).filter(|(other, _)| **other != link);
        others.any(|(other, ear)| ear.is_inside() && !self.down.contains(other))
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
            page: None,
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
    pub fn heard(&self, link: u32, payload: &[u8]) -> Vec<Seq> {
        let mut inner = lock(&self.inner);
        let Some(delivered) = inner.delivered.get_mut(&link) else {
            return Vec::new();
        };
        let same = mark(payload);
        let place = delivered.iter().position(|(_, mark)| *mark == same);
        let words = place.and_then(|place| delivered.remove(place));
        words.map(|(words, _)| words).unwrap_or_default()
    }

    /// Whether all that its peer has sent on links that stand has come to the tap, and is recorded.
    pub fn is_quiet(&self) -> bool {
        let inner = lock(&self.inner);
        (inner.intents.iter()).all(|(link, sent)| sent.is_empty() || inner.down.contains(link))
    }

    /// Its peer is to ask next for its old place by what it was given for it, be that good or not.
    pub fn insists(&self) {
        self.directory.book().insists(self.peer.as_str());
    }

    /// The same, by what that one was given for its own.
    pub fn borrows(&self, of: &PeerName) {
        (self.directory.book()).borrows(self.peer.as_str(), of.as_str());
    }

    /// The server has ended, and with it every place that it kept.
    pub fn has_nothing_to_come_back_to(&self) {
        self.directory.book().is_out(self.peer.as_str());
    }

    /// Another process takes the server's place, which knows nobody.
    pub fn is_known_to_nobody(&self) {
        self.directory.book().begins_anew();
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

    pub(super) fn link_name(&self, link: u32) -> Link {
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
        said: Said,
        fate: Fate,
        cause: &[Seq],
    ) -> Seq {
        let Said {
            word,
            number,
            about,
            aside,
        } = said;
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
            number,
        };
        match passing.carrier {
            Carrier::Http => self.recorder.record(what, cause),
            _ => self.recorder.record_lazily(what, cause),
        }
    }

    /// A message with this payload goes on, to the peer or up; what goes to the peer will be heard.
    fn deliver(&self, inner: &mut Inner, passing: &Passing<'_>, words: Vec<Seq>, payload: &[u8]) {
        if passing.direction == Direction::Down {
            self.delivered(inner, passing.link, words, mark(payload));
        }
    }

    /// Words go to the peer, whose driver will hear them; a page hears them now.
    pub(super) fn delivered(&self, inner: &mut Inner, link: u32, words: Vec<Seq>, mark: u64) {
        match &self.page {
            Some(page) => self.page_hears(page, link, &words),
            None => inner.deliver_marked(link, words, mark),
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
                // What a dialect hears of a reason may be nothing.
                if let Some(reason) = self.reason(body).filter(|reason| !reason.is_empty()) {
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
}

impl Policy for Wire {
    fn waits(&self, link: u32, payload: &[u8]) -> bool {
        if !self.directory.book().expects() {
            return false;
        }
        let Some(text) = self.dialect.read_payload(Direction::Down, payload) else {
            return false;
        };
        // Of a message that names somebody unknown, while somebody is about to be told who he is.
        let mut inner = lock(&self.inner);
        let heard = self.ear(&mut inner, link).clone().hear_text(&text);
        heard.words.iter().any(|word| self.is_of_a_stranger(word))
    }

    fn packets(&self) -> Option<Packets> {
        self.dialect.stream()
    }

    fn asked(&self, link: u32, request: &str) {
        let (link, text) = (self.link_name(link), request.to_owned());
        self.recorder.record(What::LinkAsked { link, text }, &[]);
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
        let text = self.text(passing, passing.data);
        let payload = Payload {
            bytes: passing.data,
            text: text.as_deref(),
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
            number,
            more,
            aside,
            implied,
        } = self.understand(&mut inner, passing, payload, meant);
        let about = self.about(&word);
        let by_itself = self.page_intends(passing.direction, word.as_ref(), about.as_ref());
        let intended = by_itself.unwrap_or(intended);
        let cause = match passing.direction {
            Direction::Up => intended,
            Direction::Down if passing.carrier == Carrier::Http => {
                inner.answered(passing.head).into_iter().collect()
            }
            Direction::Down => Vec::new(),
        };
        let mut found = self.found(&mut inner, passing, payload.text);
        if passing.swallowed {
            let said = Said {
                word,
                number,
                about,
                aside,
            };
            let seq = self.record(&link, passing, payload, said, Fate::Swallowed, &cause);
            // It was sent, and comes to nobody.
            found.retain(|_| passing.direction == Direction::Up);
            self.tells(&link, found, seq);
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
                let word = match fault {
                    // To be told of the copy, too.
                    Some(Fault::Duplicate) => word.clone(),
                    _ => word.take(),
                };
                let fate = fault.map_or(Fate::Passed, Fault::fate);
                let said = Said {
                    word,
                    number: number.clone(),
                    about: about.clone(),
                    aside,
                };
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
        match fault.map(Fault::fate) {
            _ if passing.direction == Direction::Up => self.tells(&link, found, seq),
            Some(Fate::Held) => drop(inner.kept.insert(seq, found)),
            // What is changed on the way is looked at as it comes.
            Some(Fate::Dropped | Fate::Corrupted) => {}
            _ => self.tells(&link, found, seq),
        }
        // What else it says, and what follows from it, once it goes on.
        let also = match passing.direction {
            Direction::Up => implied.into_iter().map(|word| (word, None)).collect(),
            Direction::Down => more,
        };
        if fault.map(Fault::fate) == Some(Fate::Held) {
            inner.later.insert(seq, also);
            return Verdict::Hold;
        }
        if fault == Some(Fault::Drop) {
            return Verdict::Drop;
        }
        let words = self.says_more(passing.link, passing.direction, (seq, seq), also);
        if passing.direction == Direction::Up && self.gathers(&cause, fault, &behind, hold) {
            return Verdict::Gather;
        }
        match fault {
            Some(Fault::Duplicate) => {
                self.deliver(inner, passing, words, passing.data);
                if passing.carrier == Carrier::Http {
                    self.note("an HTTP message goes once, it is not duplicated", seq);
                    return Verdict::Pass;
                }
                let said = Said {
                    word,
                    number,
                    about,
                    aside,
                };
                let copy = self.record(&link, passing, payload, said, Fate::Copy, &[seq]);
                self.deliver(inner, passing, vec![copy], passing.data);
                return Verdict::Duplicate;
            }
            Some(Fault::Corrupt(how)) => {
                let bytes = how.apply(passing.data);
                let text = self.text(passing, &bytes);
                let payload = Payload {
                    bytes: &bytes,
                    text: text.as_deref(),
                };
                let understood = self.understand(inner, passing, payload, None);
                let said = Said {
                    about: self.about(&understood.word),
                    word: understood.word,
                    number: understood.number,
                    aside: understood.aside,
                };
                let forged = self.record(&link, passing, payload, said, Fate::Forged, &[seq]);
                if passing.direction == Direction::Down {
                    let found = self.found(inner, passing, payload.text);
                    self.tells(&link, found, forged);
                }
                self.deliver(inner, passing, vec![forged], &bytes);
                return Verdict::Corrupt(how);
            }
            _ => self.deliver(inner, passing, words, passing.data),
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
            LinkChange::Up { path } => {
                if self.page.is_some() {
                    self.page_dialled(link, &path);
                }
                lock(&self.inner).newest = link;
                self.recorder.record(What::LinkUp { link: name }, &[]);
                // Firefox tells a page that its event stream is open only with the stream's first byte, for which a server may take minutes;
                // and who polls knows only that he has asked.
                if matches!(self.dialect.via(), Via::Events { .. } | Via::LongPoll) {
                    self.tell(Told::Stands(link));
                }
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
            LinkChange::Unheard { ending } => {
                lock(&self.inner).down.push(link);
                if self.page.is_some() {
                    self.page_closed(link, &ending);
                }
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
                if !lock(&self.inner).is_inside_by_another(link) {
                    self.directory.book().leave(self.peer.as_str());
                    self.directory.book().is_lost(self.peer.as_str());
                }
                self.directory.book().forget(self.peer.as_str());
                let what = What::LinkDown {
                    link: name,
                    by,
                    ending: ending.clone(),
                };
                self.recorder.record(what, &[]);
                if self.page.is_some() {
                    self.page_closed(link, &ending);
                }
            }
        }
    }

    fn foreign(&self, authority: &str) {
        let text = format!("asked for {authority:?}, a host that nobody named, and was refused");
        let peer = Some(self.peer.clone());
        self.recorder.record(What::Note { peer, text }, &[]);
    }

    fn tls_wanted(&self, authority: &str) {
        let text = format!(
            "asked for {authority:?} by TLS, for which there is no certificate: `--tls` plays everything with TLS"
        );
        let peer = Some(self.peer.clone());
        self.recorder.record(What::Note { peer, text }, &[]);
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
