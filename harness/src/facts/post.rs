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

    /// Whether the server may ever have said no to one like it.
    pub fn may_be_refused(&self, rooms: &Rooms) -> bool {
        no(rooms, self.link, self.kind).is_some()
    }
}

/// When the server last said no to somebody, in words that may mean a message of this kind.
fn no(rooms: &Rooms, link: LinkId, kind: Kind) -> Option<usize> {
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
    /// When the session that gets it asked to come in.
    pub entry: Option<usize>,
    /// The event by which whoever gets it is in no room.
    pub out: Option<usize>,
    /// Whoever gets it was in none of its sender's rooms since it was sent.
    pub foreign: bool,
}

/// Messages of one sort, oldest first.
#[derive(Debug, Default)]
struct Pile(Vec<SentId>);

/// How far down a pile one receiver is.
#[derive(Debug, Default)]
struct Mark {
    next: usize,
    /// Before that, and passed over in favour of a newer session's.
    skipped: Vec<SentId>,
}

pub(crate) type PileId = usize;

#[derive(Debug)]
pub(crate) struct Post {
    rewrites: bool,
    pub sent: Vec<Sent>,
    pub delivered: Vec<Delivered>,
    piles: Vec<Pile>,
    /// By sender, addressee, kind, and content.
    by_content: HashMap<(PeerId, Option<PeerId>, Kind, Content), PileId>,
    by_kind: HashMap<(PeerId, Option<PeerId>, Kind), PileId>,
    marks: HashMap<(PileId, LinkId), Mark>,
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
            sent: Vec::new(),
            delivered: Vec::new(),
            piles: Vec::new(),
            by_content: HashMap::new(),
            by_kind: HashMap::new(),
            marks: HashMap::new(),
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
        let origin = self.origin(link, from, kind, content, entry.unwrap_or(0), rooms);
        let mut foreign = false;
        if let Some(id) = origin.sent() {
            let peer = rooms.links[link].peer;
            let sent = &mut self.sent[id];
            if !sent.got.contains(&link) && !matches!(origin, Origin::Echo(_)) {
                sent.got.push(link);
            }
            sent.first.get_or_insert(i);
            // Several rooms, or none that is certain, could each be meant.
            let since = if rooms.is_spread() { 0 } else { sent.at };
            foreign = !sent.rooms.is_empty()
                && !rooms.peers[rooms.links[sent.link].peer].opaque
                && !rooms.peers[peer].opaque
                && rooms.rooms_since(peer, since).is_some_and(|mine| {
                    !mine.is_empty() && !mine.iter().any(|room| sent.rooms.contains(room))
                });
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
            entry,
            out,
            foreign,
        });
    }

    fn origin(
        &mut self,
        link: LinkId,
        from: Option<PeerId>,
        kind: Kind,
        content: Content,
        entry: usize,
        rooms: &Rooms,
    ) -> Origin {
        let me = rooms.links[link].peer;
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
            if let Some(sent) = self.last_for_anyone.get(&(me, kind, content)) {
                return Origin::Echo(*sent);
            }
        } else {
            // First what was sent to this session, then what was sent before it began, then a repeat.
            let piles: Vec<PileId> = senders
                .iter()
                .flat_map(|sender| {
                    [Some(me), None].map(|to| self.by_content.get(&(*sender, to, kind, content)))
                })
                .flatten()
                .copied()
                .collect();
            for choose in [Self::fresh, Self::stale] {
                for pile in &piles {
                    if let Some(sent) = choose(self, *pile, link, entry, rooms) {
                        let again = self.sent[sent]
                            .got
                            .iter()
                            .any(|got| rooms.links[*got].peer == me);
                        return if again {
                            Origin::Again(sent)
                        } else {
                            Origin::Of(sent)
                        };
                    }
                }
            }
            if let Some(sent) = piles.iter().find_map(|pile| self.piles[*pile].0.last()) {
                return Origin::Again(*sent);
            }
            let strayed = senders
                .iter()
                .find_map(|sender| self.last_for_anyone.get(&(*sender, kind, content)));
            if let Some(sent) = strayed {
                return Origin::Strayed(*sent);
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
            return Origin::Unknown;
        }
        if from.is_some()
            && !self.rewrites
            && let Some(sent) = self
                .last_of_anyone
                .get(&(kind, content))
                .filter(|sent| rooms.links[self.sent[**sent].link].peer != me)
        {
            return Origin::Misnamed(*sent);
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
                    return Origin::Altered(sent);
                }
            }
        }
        Origin::Invented
    }

    /// The next one that was sent after this session asked to come in; the newest session's, where an older one is over: what
    /// a dying link sent may be lost. Of that session's, one that the server said no to after it is passed over, if there is a later one.
    fn fresh(&mut self, pile: PileId, link: LinkId, entry: usize, rooms: &Rooms) -> Option<SentId> {
        let ids = &self.piles[pile].0;
        let mark = self.marks.entry((pile, link)).or_default();
        if let Some(next) = ids.get(mark.next) {
            let from = if self.sent[*next].at >= entry {
                mark.next
            } else {
                mark.next + ids[mark.next..].partition_point(|id| self.sent[*id].at < entry)
            };
            let newest = ids.last().map(|last| self.sent[*last].link);
            let over = |id: &SentId| {
                Some(self.sent[*id].link) != newest && !rooms.live(self.sent[*id].link)
            };
            let mut passed = ids[from..].iter().take_while(|id| over(id)).count();
            let sent = |at: usize| ids.get(at).map(|id| &self.sent[*id]);
            if let Some(first) = sent(from + passed)
                && let Some(no) = no(rooms, first.link, first.kind)
            {
                let rest = &ids[from + passed..];
                let refused = rest.partition_point(|id| self.sent[*id].at < no);
                if sent(from + passed + refused).is_some_and(|later| later.link == first.link) {
                    passed += refused;
                }
            }
            if let Some(found) = ids.get(from + passed) {
                mark.skipped.extend(&ids[from..from + passed]);
                mark.next = from + passed + 1;
                return Some(*found);
            }
        }
        let skipped = mark.skipped.partition_point(|id| self.sent[*id].at < entry);
        (skipped < mark.skipped.len()).then(|| mark.skipped.remove(skipped))
    }

    /// The newest that was sent before this session asked to come in.
    fn stale(&mut self, pile: PileId, link: LinkId, entry: usize, _: &Rooms) -> Option<SentId> {
        let ids = &self.piles[pile].0;
        let mark = self.marks.entry((pile, link)).or_default();
        let older = ids
            .get(mark.next..)?
            .partition_point(|id| self.sent[*id].at < entry);
        let found = (older > 0).then(|| ids[mark.next + older - 1])?;
        mark.next += older;
        Some(found)
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
