//! The post: which message each delivery comes from, told by session and not by name, and with the benefit of the doubt: messages that
//! cannot be told apart are matched so that no law is broken, if they can be.

use std::collections::HashMap;

use super::rooms::{LinkId, PeerId, Reached, RoomId, Rooms, StayId};
use crate::record::{Event, Seq, What};
use crate::signaling::{Kind, Terms, Word};
use crate::terms::{Carrier, Direction, Fate};

/// More senders than this are not searched for one that is not named.
const MAX_SENDERS: usize = 64;

/// So many who may get one message are followed.
const MAX_RECEIVERS: usize = 64;

pub(crate) type SentId = usize;
/// What must arrive unchanged, by number.
type Content = usize;

/// A signal that reached the server.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Its message's event.
    pub message: usize,
    /// When it reached the server.
    pub at: usize,
    pub link: LinkId,
    pub kind: Kind,
    /// Those that cannot be told from it.
    pub pile: PileId,
    pub to: Option<PeerId>,
    /// The server promised to reach nobody in another room by it, whomever it names.
    pub kept_apart: bool,
    /// The tap had held it: its place among what passed then is not known.
    pub released: bool,
    pub http: bool,
    /// The stay that it was sent in, if that is certain.
    pub stay: Option<StayId>,
    /// The rooms that its sender may have been in.
    pub rooms: Vec<RoomId>,
    /// The event by which its sender was in no room.
    pub out: Option<usize>,
    /// Who was certainly there to get it.
    pub receivers: Vec<StayId>,
    /// Who got it.
    pub got: Vec<LinkId>,
    /// The first delivery.
    pub first: Option<usize>,
}

impl Sent {
    /// Whether the server may have said no to it, as far as is known by now.
    pub fn refused(&self, rooms: &Rooms) -> bool {
        no(rooms, self.link, self.kind).is_some_and(|at| at > self.at)
    }

    /// Whether the server owes it to nobody behind this link: it may have said no to it, or its sender or who is to get it may not have been
    /// in the room.
    pub fn is_nobodys_due(&self, to: LinkId, rooms: &Rooms) -> bool {
        let certain = |stay: StayId| rooms.stays[stay].certain_over(self.at, self.at);
        !self.stay.is_some_and(certain)
            || !self
                .receivers
                .iter()
                .any(|stay| rooms.stays[*stay].link == Some(to) && certain(*stay))
            || self.refused(rooms)
    }

    /// Whether whoever is behind this link was in none of its sender's rooms since it was sent, and it is not for him by name, or may not
    /// reach him so.
    pub fn is_foreign(&self, to: LinkId, rooms: &Rooms) -> bool {
        let peer = rooms.links[to].peer;
        // Several rooms, or none that is certain, could each be meant.
        let since = if rooms.is_spread() { 0 } else { self.at };
        !self.rooms.is_empty()
            && (self.kept_apart || self.to != Some(peer))
            && !rooms.peers[rooms.links[self.link].peer].opaque
            && !rooms.peers[peer].opaque
            && rooms.rooms_since(peer, since).is_some_and(|mine| {
                !mine.is_empty() && !mine.iter().any(|room| self.rooms.contains(room))
            })
    }

    /// Whether the server may ever have said no to one like it.
    pub fn may_be_refused(&self, rooms: &Rooms) -> bool {
        no(rooms, self.link, self.kind).is_some()
    }
}

/// When the server last said no to somebody, in words that may mean a message of this kind.
pub(super) fn no(rooms: &Rooms, link: LinkId, kind: Kind) -> Option<usize> {
    let link = &rooms.links[link];
    // On many a wire the end of candidates is a candidate without content, and is refused by that name.
    let kinds: &[Kind] = match kind {
        Kind::Candidate | Kind::EndOfCandidates => &[Kind::Candidate, Kind::EndOfCandidates],
        ref other => std::slice::from_ref(other),
    };
    let named = kinds.iter().filter_map(|kind| link.refused_kind.get(kind));
    named.copied().max().max(link.refused)
}

/// What a delivery turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This message.
    Of(SentId),
    /// This message once more.
    Again(SentId),
    /// This message, to somebody it was not addressed to.
    Strayed(SentId),
    /// This message, back to its sender.
    Echo(SentId),
    /// In the place of this message, with other content.
    Altered(SentId),
    /// This message, under the name of somebody who did not send it.
    Misnamed(SentId),
    /// Nobody sent it.
    Invented,
    /// It may come from a message that nobody understands.
    Unknown,
}

impl Origin {
    pub fn sent(self) -> Option<SentId> {
        match self {
            Self::Of(sent)
            | Self::Again(sent)
            | Self::Strayed(sent)
            | Self::Echo(sent)
            | Self::Altered(sent)
            | Self::Misnamed(sent) => Some(sent),
            Self::Invented | Self::Unknown => None,
        }
    }
}

/// A signal that the server sent.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub at: usize,
    pub link: LinkId,
    pub from: Option<PeerId>,
    pub kind: Kind,
    pub http: bool,
    pub origin: Origin,
    /// No other peer has said the same, so that it could be that one's.
    pub sure: bool,
    /// When the session that gets it asked to come in.
    pub entry: Option<usize>,
    /// The event by which whoever gets it is in no room.
    pub out: Option<usize>,
    /// Whoever gets it was in none of its sender's rooms since it was sent.
    pub foreign: bool,
}

/// Messages of one sort, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pile(pub(super) Vec<SentId>);

/// Who gets a delivery.
pub(super) struct Getter {
    pub link: LinkId,
    /// When it asked to come in.
    pub entry: usize,
    pub http: bool,
}

/// How far down a pile one receiver is.
#[derive(Debug, Default)]
pub(super) struct Mark {
    pub next: usize,
    /// Before that, and passed over in favour of a later one.
    pub skipped: Vec<SentId>,
}

/// Per pair of sessions, the message that was sent last among those that have certainly arrived. What the tap had held is a row of its own.
#[derive(Debug, Default)]
pub(super) struct Newest(HashMap<(LinkId, LinkId, bool), SentId>);

impl Newest {
    pub fn note(&mut self, id: SentId, sent: &Sent, to: LinkId) {
        let newest = self.0.entry((sent.link, to, sent.released)).or_insert(id);
        *newest = id.max(*newest);
    }

    pub fn is_after(&self, id: SentId, sent: &Sent, to: LinkId) -> bool {
        let newest = self.0.get(&(sent.link, to, sent.released));
        newest.is_some_and(|newest| *newest > id)
    }
}

pub(crate) type PileId = usize;

#[derive(Debug)]
pub(crate) struct Post {
    rewrites: bool,
    echoes: bool,
    rooms_apart: bool,
    pub sent: Vec<Sent>,
    pub delivered: Vec<Delivered>,
    pub(super) piles: Vec<Pile>,
    /// By sender, addressee, kind, and content.
    by_content: HashMap<(PeerId, Option<PeerId>, Kind, Content), PileId>,
    by_kind: HashMap<(PeerId, Option<PeerId>, Kind), PileId>,
    pub(super) marks: HashMap<(PileId, LinkId), Mark>,
    pub(super) newest: Newest,
    /// The newest of its content, whomever it is for, and whoever sent it.
    last_for_anyone: HashMap<(PeerId, Kind, Content), SentId>,
    last_of_anyone: HashMap<(Kind, Content), SentId>,
    senders: Vec<PeerId>,
    contents: HashMap<Box<str>, Content>,
    /// What the tap keeps back on its way up.
    held: HashMap<Seq, Letter>,
    /// Delivery → its place in `delivered`, by event.
    pub delivered_at: HashMap<usize, usize>,
}

/// A signal that passes, without its text.
#[derive(Clone, Copy, Debug)]
struct Letter {
    link: LinkId,
    about: Option<PeerId>,
    /// It names somebody who is not of the case.
    stranger: bool,
    kind: Kind,
    http: bool,
    content: Content,
}

impl Post {
    pub fn new(terms: &Terms) -> Self {
        Self {
            rewrites: terms.rewrites,
            echoes: terms.echoes,
            rooms_apart: terms.rooms_apart,
            sent: Vec::new(),
            delivered: Vec::new(),
            piles: Vec::new(),
            by_content: HashMap::new(),
            by_kind: HashMap::new(),
            marks: HashMap::new(),
            newest: Newest::default(),
            last_for_anyone: HashMap::new(),
            last_of_anyone: HashMap::new(),
            senders: Vec::new(),
            contents: HashMap::new(),
            held: HashMap::new(),
            delivered_at: HashMap::new(),
        }
    }

    /// The messages of a pile, oldest first.
    pub fn alike(&self, pile: PileId) -> &[SentId] {
        &self.piles[pile].0
    }

    /// Takes in the event at this place, after `rooms` has, which says what it is for the server.
    pub fn take(&mut self, i: usize, event: &Event, reached: Reached, rooms: &mut Rooms) {
        let (message, released, letter) = match reached {
            Reached::Up { message, released } if message == i => {
                (message, released, self.letter(event, rooms))
            }
            Reached::Up { message, released } => {
                let letter = self.held.remove(&rooms.events[message].seq);
                (message, released, letter)
            }
            Reached::Down => (i, false, self.letter(event, rooms)),
            Reached::Nothing => {
                if is_kept(event)
                    && let Some(letter) = self.letter(event, rooms)
                {
                    self.held.insert(event.seq, letter);
                }
                return;
            }
        };
        let Some(Letter {
            link,
            about,
            stranger,
            kind,
            http,
            content,
        }) = letter
        else {
            return;
        };
        if reached == Reached::Down {
            self.deliver(i, link, about, kind, http, content, rooms);
            return;
        }
        let peer = rooms.links[link].peer;
        let stay = rooms.stay(link);
        let sent = Sent {
            message,
            at: i,
            link,
            kind,
            pile: 0,
            to: about,
            kept_apart: self.rooms_apart,
            released,
            http,
            stay,
            rooms: rooms.rooms_since(peer, i).unwrap_or_default(),
            out: rooms.out(link).filter(|_| !http),
            // Nobody need get what is for somebody who is not there.
            receivers: stay
                .filter(|_| !stranger)
                .map(|stay| receivers(rooms, stay, about))
                .unwrap_or_default(),
            got: Vec::new(),
            first: None,
        };
        self.send(sent, peer, content);
    }

    /// The signal of a message.
    fn letter(&mut self, event: &Event, rooms: &mut Rooms) -> Option<Letter> {
        let What::Message {
            link,
            carrier,
            word: Some(word @ Word::Signal { .. }),
            about,
            digest,
            ..
        } = &event.what
        else {
            return None;
        };
        // Who rewrites is only asked for the kind.
        let content = if self.rewrites { "" } else { digest.as_str() };
        let next = self.contents.len();
        let content = match self.contents.get(content) {
            Some(known) => *known,
            None => {
                self.contents.insert(content.into(), next);
                next
            }
        };
        Some(Letter {
            link: rooms.link(link),
            about: about.as_ref().map(|about| rooms.peer(about)),
            stranger: about.is_none() && matches!(word, Word::Signal { peer: Some(_), .. }),
            kind: word.kind(),
            http: *carrier == Carrier::Http,
            content,
        })
    }

    fn send(&mut self, mut sent: Sent, peer: PeerId, content: Content) {
        let (id, kind, to) = (self.sent.len(), sent.kind, sent.to);
        sent.pile = *self
            .by_content
            .entry((peer, to, kind, content))
            .or_insert_with(|| new_pile(&mut self.piles));
        let of_kind = *self
            .by_kind
            .entry((peer, to, kind))
            .or_insert_with(|| new_pile(&mut self.piles));
        for pile in [sent.pile, of_kind] {
            self.piles[pile].0.push(id);
        }
        self.last_for_anyone.insert((peer, kind, content), id);
        self.last_of_anyone.insert((kind, content), id);
        if self.senders.len() < MAX_SENDERS && !self.senders.contains(&peer) {
            self.senders.push(peer);
        }
        self.sent.push(sent);
    }

    #[expect(clippy::too_many_arguments, reason = "as many as a delivery has parts")]
    fn deliver(
        &mut self,
        i: usize,
        link: LinkId,
        from: Option<PeerId>,
        kind: Kind,
        http: bool,
        content: Content,
        rooms: &Rooms,
    ) {
        let entry = rooms.entry(link);
        let getter = Getter {
            link,
            entry: entry.unwrap_or(0),
            http,
        };
        let (origin, sure) = self.origin(&getter, from, kind, content, rooms);
        let mut foreign = false;
        if let Some(id) = origin.sent() {
            let sent = &mut self.sent[id];
            if !sent.got.contains(&link) && !matches!(origin, Origin::Echo(_)) {
                sent.got.push(link);
            }
            sent.first.get_or_insert(i);
            foreign = self.sent[id].is_foreign(link, rooms);
            if sure && matches!(origin, Origin::Of(_)) {
                self.newest.note(id, &self.sent[id], link);
            }
        }
        let out = rooms.out(link).filter(|_| !http);
        self.delivered_at.insert(i, self.delivered.len());
        self.delivered.push(Delivered {
            at: i,
            link,
            from,
            kind,
            http,
            origin,
            sure,
            entry,
            out,
            foreign,
        });
    }

    /// What a delivery turns out to be, and whether no other peer's message could be meant.
    fn origin(
        &mut self,
        getter: &Getter,
        from: Option<PeerId>,
        kind: Kind,
        content: Content,
        rooms: &Rooms,
    ) -> (Origin, bool) {
        let link = getter.link;
        let me = rooms.links[link].peer;
        let own = |post: &Self| post.last_for_anyone.get(&(me, kind, content)).copied();
        let named = [from.unwrap_or_default()];
        let senders: Vec<PeerId> = match from {
            Some(_) => named.to_vec(),
            None => self
                .senders
                .iter()
                .copied()
                .filter(|sender| *sender != me)
                .collect(),
        };
        if from == Some(me) {
            if let Some(sent) = own(self) {
                return (Origin::Echo(sent), true);
            }
        } else {
            // Where nobody is named, it may be one's own.
            let echo = own(self).filter(|_| from.is_none() && self.echoes);
            // First what was sent to this session, then what was sent before it began, then a repeat.
            let piles: Vec<PileId> = senders
                .iter()
                .flat_map(|sender| {
                    [Some(me), None].map(|to| self.by_content.get(&(*sender, to, kind, content)))
                })
                .flatten()
                .copied()
                .collect();
            if let Some((sent, only)) = self.next_of(&piles, getter, rooms) {
                let again = self.sent[sent]
                    .got
                    .iter()
                    .any(|got| rooms.links[*got].peer == me);
                let origin = if again {
                    Origin::Again(sent)
                } else {
                    Origin::Of(sent)
                };
                return (origin, only && echo.is_none());
            }
            if let Some(sent) = echo {
                return (Origin::Echo(sent), true);
            }
            if let Some(sent) = piles.iter().find_map(|pile| self.piles[*pile].0.last()) {
                return (Origin::Again(*sent), piles.len() == 1);
            }
            let strayed = senders
                .iter()
                .find_map(|sender| self.last_for_anyone.get(&(*sender, kind, content)));
            if let Some(sent) = strayed {
                return (Origin::Strayed(*sent), senders.len() == 1);
            }
        }
        let opaque = match from {
            Some(from) => rooms.peers[from].opaque,
            None => {
                rooms.peers.iter().take(MAX_SENDERS).any(|peer| peer.opaque)
                    || rooms.peers.len() > MAX_SENDERS
            }
        };
        if opaque {
            return (Origin::Unknown, true);
        }
        if from.is_some()
            && !self.rewrites
            && let Some(sent) = self
                .last_of_anyone
                .get(&(kind, content))
                .filter(|sent| rooms.links[self.sent[**sent].link].peer != me)
        {
            return (Origin::Misnamed(*sent), true);
        }
        for sender in senders {
            for to in [Some(me), None] {
                if let Some(pile) = self
                    .by_kind
                    .get(&(sender, to, kind))
                    .copied()
                    .filter(|_| sender != me)
                    && let Some(sent) = self.missing(pile, link)
                {
                    return (Origin::Altered(sent), true);
                }
            }
        }
        if from.is_none()
            && let Some(sent) = own(self)
        {
            return (Origin::Echo(sent), true);
        }
        (Origin::Invented, true)
    }

    /// The first in a pile that this link has not got.
    fn missing(&mut self, pile: PileId, link: LinkId) -> Option<SentId> {
        let ids = &self.piles[pile].0;
        let mark = self.marks.entry((pile, link)).or_default();
        while let Some(id) = ids.get(mark.next) {
            if !self.sent[*id].got.contains(&link) {
                return Some(*id);
            }
            mark.next += 1;
        }
        None
    }
}

/// Whether the tap keeps it back on its way up.
fn is_kept(event: &Event) -> bool {
    matches!(
        &event.what,
        What::Message {
            direction: Direction::Up,
            fate: Fate::Held,
            ..
        }
    )
}

fn new_pile(piles: &mut Vec<Pile>) -> PileId {
    piles.push(Pile::default());
    piles.len() - 1
}

/// Who is certainly there to get what this stay's peer sends.
fn receivers(rooms: &Rooms, stay: StayId, to: Option<PeerId>) -> Vec<StayId> {
    let sender = rooms.stays[stay].peer;
    let inside = rooms.inside(rooms.stays[stay].room).iter().copied();
    inside
        .filter(|other| {
            let peer = rooms.stays[*other].peer;
            peer != sender && to.is_none_or(|to| to == peer)
        })
        .take(MAX_RECEIVERS)
        .collect()
}
