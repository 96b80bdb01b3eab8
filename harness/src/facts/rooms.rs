//! Stays: who was in which room, from the server's word to the server's word or the link's end; certain or possible at each event.
//!
//! Fed event by event. A stay is certain from the server's word that lets a peer in until the first thing that may have ended
//! it, though the tap cannot tell: a request to leave, a message that nobody understands, a link that a step ends.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

pub(crate) use super::entries::{
    Ask, AskId, HostTold, How, Leaving, LinkId, LinkLife, Listed, Misnumbered, News, NumberOf,
    Numbered, PeerId, PeerLife, Place, Repeated, RoomId, SaidUnder, Stamp, Stay, StayId,
};
use super::nodes::Nodes;
use super::upward::Upward;
use crate::names::{Link, PeerName, RoomName};
use crate::record::{Event, Seq, What};
use crate::signaling::{Kind, Terms};
use crate::terms::{Direction, Ending, Fate, ServerLife, Side};

/// So many rooms at once, and then the oldest is forgotten: nobody is in more.
pub(super) const MAX_OPEN: usize = 16;

#[derive(Debug)]
pub(crate) struct Rooms {
    /// By the place in the trace.
    pub events: Vec<Stamp>,
    pub links: Vec<LinkLife>,
    pub peers: Vec<PeerLife>,
    pub stays: Vec<Stay>,
    pub asks: Vec<Ask>,
    pub leavings: Vec<Leaving>,
    pub news: Vec<News>,
    pub listed: Vec<Listed>,
    /// Where somebody who comes in was told of one by an id that is nobody's: it may be anybody's who is about to be told his.
    pub listed_somebody: Vec<(LinkId, usize)>,
    pub hosts: Vec<HostTold>,
    /// The slowest reply, in µs.
    pub slowest: u64,
    /// How long glare itself got no time from the machine, in µs, all in all.
    pub starved: u64,
    /// How long it had got none by the last event before it got none again, by event.
    pub starved_until: Vec<(usize, u64)>,
    rejects_same_id: bool,
    /// What is in a refusal that is for want of room.
    pub(super) full: Option<String>,
    /// What is in refusals of requests.
    pub(super) refusals: Vec<String>,
    /// Who connects again may be inside again without asking.
    pub returns: bool,
    /// Nobody ever asks to enter: to connect is to enter.
    pub(super) implicit: bool,
    /// The certain stays of each room.
    pub(super) inside: Vec<Vec<StayId>>,
    pub(super) room_of: HashMap<RoomName, RoomId>,
    link_of: HashMap<Link, LinkId>,
    pub(super) peer_of: HashMap<PeerName, PeerId>,
    pub(super) asked_by: HashMap<usize, AskId>,
    /// What was said under each number.
    pub numbered: HashMap<String, BTreeMap<PeerId, SaidUnder>>,
    pub misnumbered: Vec<Misnumbered>,
    /// What is relayed that the server answers.
    pub answers_relays: BTreeSet<Kind>,
    /// Of that what has answers that are alike.
    pub answers_relays_alike: BTreeSet<Kind>,
    pub repeated: Vec<Repeated>,
    /// What is relayed of which the tap made more on its way down: whoever gets it may answer each.
    pub(super) doubled: HashSet<Kind>,
    /// What is relayed and did not go on as it came, by event: whoever was to get it cannot have answered it.
    pub withheld: HashSet<usize>,
    pub(super) index_of: HashMap<Seq, usize>,
    /// What the tap keeps back on its way up.
    held: HashMap<Seq, (usize, Upward)>,
    /// Reply → what it answers, by event.
    pub answers: HashMap<usize, usize>,
    /// Words that one's room is gone, by event, each with the request that has removed it, where that is known.
    pub ends: HashMap<usize, Option<usize>>,
    /// Refusals that may be of something else than the request that was under way, by event.
    pub(super) unclear: HashSet<usize>,
    /// When the server was last stopped where it stands.
    pub paused: Option<usize>,
    /// When it was last let go on after that.
    pub resumed: Option<usize>,
    /// For each stay that began while others were certainly inside, theirs.
    pub witnesses: HashMap<StayId, Vec<StayId>>,
    /// The stays in one room of two who came at once: each had asked before the other was told to be inside. The later one is the second.
    pub at_once: Vec<(StayId, StayId)>,
    /// When the server, or a node of it, last began or ended.
    pub restarted: Option<usize>,
    pub(super) nodes: Nodes,
}

/// What an event is for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// This message, an event's place in the trace, reached the server.
    Up {
        message: usize,
        released: bool,
    },
    /// The server sent this.
    Down,
    Nothing,
}

impl Rooms {
    pub fn new(terms: &Terms) -> Self {
        let implicit = terms.rooms == Some(false);
        Self {
            events: Vec::new(),
            links: Vec::new(),
            peers: Vec::new(),
            stays: Vec::new(),
            asks: Vec::new(),
            leavings: Vec::new(),
            news: Vec::new(),
            listed: Vec::new(),
            listed_somebody: Vec::new(),
            hosts: Vec::new(),
            slowest: 0,
            starved: 0,
            starved_until: Vec::new(),
            rejects_same_id: terms.rejects_same_id,
            full: terms.full.clone(),
            refusals: terms.refusals.clone(),
            returns: terms.coalesces || !terms.rejects_same_id,
            implicit,
            inside: if implicit {
                vec![Vec::new()]
            } else {
                Vec::new()
            },
            room_of: HashMap::new(),
            link_of: HashMap::new(),
            peer_of: HashMap::new(),
            asked_by: HashMap::new(),
            numbered: HashMap::new(),
            misnumbered: Vec::new(),
            answers_relays: terms.answers_relays.clone(),
            answers_relays_alike: terms.answers_relays_alike.clone(),
            repeated: Vec::new(),
            doubled: HashSet::new(),
            withheld: HashSet::new(),
            index_of: HashMap::new(),
            held: HashMap::new(),
            answers: HashMap::new(),
            ends: HashMap::new(),
            unclear: HashSet::new(),
            paused: None,
            resumed: None,
            witnesses: HashMap::new(),
            at_once: Vec::new(),
            restarted: None,
            nodes: Nodes::default(),
        }
    }

    /// Takes in one more event.
    pub fn take(&mut self, event: &Event) -> Reached {
        let i = self.events.len();
        self.events.push(Stamp {
            seq: event.seq,
            at: event.at,
            up: matches!(
                event.what,
                What::Message {
                    direction: Direction::Up,
                    ..
                }
            ),
        });
        self.index_of.entry(event.seq).or_insert(i);
        self.goes_on(event, i);
        self.nodes.take(&event.what, i);
        match &event.what {
            What::LinkUp { link } => self.link_up(link, i),
            What::LinkEnded { link } => {
                let link = self.link(link);
                self.links[link].ended.get_or_insert(i);
                for stay in self.held_by(link) {
                    self.doubt(stay, None, i);
                }
            }
            What::Stalled { link, .. } => {
                let link = self.link(link);
                self.links[link].stalled = true;
            }
            What::Server {
                life: ServerLife::Paused,
            }
            | What::Node {
                life: ServerLife::Paused,
                ..
            } => self.paused = Some(i),
            What::Server {
                life: ServerLife::Resumed,
            }
            | What::Node {
                life: ServerLife::Resumed,
                ..
            } => self.resumed = Some(i),
            What::LinkDown { link, by, ending } => self.link_down(link, *by, ending, i),
            What::Fenced { link } => {
                let link = self.link(link);
                self.links[link].fenced = Some(i);
            }
            What::Server {
                life: ServerLife::Ready,
            }
            | What::Node {
                life: ServerLife::Ready | ServerLife::Killed,
                ..
            } => self.restarted = Some(i),
            What::Server {
                life: ServerLife::Killed | ServerLife::Exited { .. },
            } => {
                self.restarted = Some(i);
                for peer in 0..self.peers.len() {
                    for stay in self.peers[peer].open.clone() {
                        self.depart(stay, How::Void, i, i);
                    }
                    self.peers[peer].place = Place::Doubt;
                }
            }
            What::Message {
                direction: Direction::Up,
                fate,
                ..
            } if fate.arrives() => {
                if let Some(upward) = Upward::of(event) {
                    self.up(i, &upward, i);
                }
                return Reached::Up {
                    message: i,
                    // When exactly it arrives is not known.
                    released: *fate == Fate::Delayed,
                };
            }
            What::Message {
                direction: Direction::Up,
                fate: Fate::Held,
                ..
            } => {
                if let Some(upward) = Upward::of(event) {
                    self.held.insert(event.seq, (i, upward));
                }
            }
            What::Released {
                message,
                delivered: true,
            } => {
                if let Some((message, upward)) = self.held.remove(message) {
                    self.up(message, &upward, i);
                    return Reached::Up {
                        message,
                        released: true,
                    };
                }
            }
            What::Aside {
                link,
                direction: Direction::Up,
                ..
            } => {
                if let Some(link) = self.link_of.get(link) {
                    self.links[*link].says_else = true;
                }
            }
            What::Starved { millis } => {
                if let Some(before) = i.checked_sub(1) {
                    self.starved_until.push((before, self.starved));
                }
                self.starved = self.starved.saturating_add(millis.saturating_mul(1000));
            }
            // What the tap made on the way down is not the server's.
            What::Message {
                direction: Direction::Down,
                fate,
                ..
            } if !fate.is_made() => {
                self.down(event, i);
                return Reached::Down;
            }
            _ => {}
        }
        Reached::Nothing
    }

    /// What comes later by no more than this may be late because of glare's own machine, in µs: the slowest reply shows how slow all else was, too.
    pub fn lag(&self) -> u64 {
        self.slowest.saturating_add(self.starved)
    }

    /// After the last event.
    pub fn finish(&mut self) {
        for link in &mut self.links {
            link.settled.sort_unstable();
            let mut earliest = usize::MAX;
            for (_, reply) in link.settled.iter_mut().rev() {
                earliest = earliest.min(*reply);
                *reply = earliest;
            }
        }
    }

    /// Also after the last event. Of stays that the server ended by ending the link: until when it certainly had not done so, by what it said on
    /// that link. `relayed` are the deliveries, each with the link and the message that it is of.
    pub(super) fn look_back(&mut self, relayed: impl Iterator<Item = (LinkId, usize)>) {
        let mut knew: HashMap<LinkId, usize> = HashMap::new();
        let by_server = |link: LinkId| self.links[link].by_server;
        let mut shows = |link: LinkId, cause: usize| {
            if by_server(link) {
                let newest = knew.entry(link).or_default();
                *newest = cause.max(*newest);
            }
        };
        let answered = self.asks.iter().filter(|ask| ask.reply.is_some());
        answered.for_each(|ask| shows(ask.link, ask.at));
        relayed.for_each(|(link, message)| shows(link, message));
        for news in self.news.iter().filter(|news| news.joined) {
            let stays = news.about.map(|about| &self.peers[about].stays);
            // The earliest that it may tell of.
            let first = stays.and_then(|stays| stays.first());
            if let Some(asked) = first.map(|stay| self.stays[*stay].asked) {
                shows(news.link, asked);
            }
        }
        for stay in &mut self.stays {
            let Some(link) = stay.link.filter(|link| self.links[*link].by_server) else {
                continue;
            };
            if stay.gone.is_some() && stay.gone == self.links[link].down {
                let knew = knew.get(&link).copied().unwrap_or_default();
                stay.unseen = Some(knew.max(stay.asked) + 1);
            }
        }
    }

    /// The first reply to a request that this link's peer made after an event: what the server had done and queued by the time
    /// of that request is done and here. Only after [`Rooms::finish`].
    pub fn settled(&self, link: LinkId, after: usize) -> Option<usize> {
        let settled = &self.links[link].settled;
        let from = settled.partition_point(|(asked, _)| *asked <= after);
        settled.get(from).map(|(_, reply)| *reply)
    }

    pub fn link(&mut self, link: &Link) -> LinkId {
        if let Some(id) = self.link_of.get(link) {
            return *id;
        }
        let id = self.links.len();
        let peer = self.peer(&link.peer);
        self.link_of.insert(link.clone(), id);
        self.peers[peer].links.push(id);
        self.links.push(LinkLife {
            link: link.clone(),
            peer,
            began: self.events.len().saturating_sub(1),
            up: None,
            down: None,
            by_server: false,
            lost: false,
            fenced: None,
            ended: None,
            stalled: false,
            unread: None,
            refused: None,
            refused_kind: HashMap::new(),
            opaque: false,
            says_else: false,
            granted: None,
            pending: HashMap::new(),
            fetched: VecDeque::new(),
            signalled: HashMap::new(),
            refusable: None,
            done_with: None,
            settled: Vec::new(),
        });
        id
    }

    pub fn peer(&mut self, name: &PeerName) -> PeerId {
        if let Some(id) = self.peer_of.get(name) {
            return *id;
        }
        let id = self.peers.len();
        self.peer_of.insert(name.clone(), id);
        self.peers.push(PeerLife {
            name: name.clone(),
            open: Vec::new(),
            stays: Vec::new(),
            past: Vec::new(),
            opaque: false,
            links: Vec::new(),
            newest: None,
            place: Place::Out(0),
            asked_for: HashSet::new(),
        });
        id
    }

    /// The rooms that a peer may have been in at some time since an event, this one included; `None`: too many to tell.
    pub fn rooms_since(&self, peer: PeerId, since: usize) -> Option<Vec<RoomId>> {
        let peer = &self.peers[peer];
        let mut rooms: Vec<RoomId> = peer
            .open
            .iter()
            .map(|stay| self.stays[*stay].room)
            .collect();
        for stay in peer.past.iter().rev() {
            let stay = &self.stays[*stay];
            if stay.gone.is_none_or(|gone| gone < since) {
                break;
            }
            rooms.push(stay.room);
            if rooms.len() > 2 * MAX_OPEN {
                return None;
            }
        }
        Some(rooms)
    }

    /// The event that shows that whoever is behind this link is in no room; `None`: it may be in one.
    pub fn out(&self, link: LinkId) -> Option<usize> {
        let peer = &self.peers[self.links[link].peer];
        match peer.place {
            // From another node there may be something on its way.
            Place::Out(_) if self.is_spread() && self.was_ever_in(self.links[link].peer) => None,
            Place::Out(by)
                if peer.open.is_empty() && !self.implicit && !self.links[link].opaque =>
            {
                (peer.newest == Some(link)).then_some(by)
            }
            _ => None,
        }
    }

    /// When the session behind this link asked to come in: for its newest stay that the server has granted, else its newest.
    pub fn entry(&self, link: LinkId) -> Option<usize> {
        let mine = || {
            let open = self.peers[self.links[link].peer].open.iter().rev();
            open.map(|stay| &self.stays[*stay])
                .filter(move |stay| stay.link == Some(link))
        };
        let entered = mine().find(|stay| stay.entered.is_some());
        entered.or_else(|| mine().next()).map(|stay| stay.asked)
    }

    /// The one certain stay of this link, if there is just one.
    pub fn stay(&self, link: LinkId) -> Option<StayId> {
        match self.peers[self.links[link].peer].open.as_slice() {
            [stay]
                if self.stays[*stay].link == Some(link) && self.stays[*stay].entered.is_some() =>
            {
                Some(*stay)
            }
            _ => None,
        }
    }

    /// Each room that somebody was in and nobody can be in any more, with the event that shows it.
    pub fn emptied(&self) -> Vec<(&RoomName, usize)> {
        // Who said what nobody understands may be anywhere, as long as it is there.
        let lost = |peer: &PeerLife| peer.opaque && peer.newest.is_some_and(|link| self.live(link));
        // Who was on a node that has ended may be inside for the others.
        if self.implicit || self.nodes.any_ended() || self.peers.iter().any(lost) {
            return Vec::new();
        }
        let server = self.restarted;
        // Who is connected again may have gone on where its first line was.
        let back = |stay: &Stay| {
            let newest = self.peers[stay.peer].newest;
            let back = newest.is_some_and(|link| stay.link != Some(link) && self.live(link));
            self.returns && stay.how != Some(How::Left) && back
        };
        let over = |room: RoomId| {
            let mut last = None;
            for stay in self.stays.iter().filter(|stay| stay.room == room) {
                match stay.gone {
                    None => return None,
                    Some(_) if stay.entered.is_some() && back(stay) => return None,
                    Some(_) if stay.entered.is_none() => {}
                    gone => last = last.max(gone),
                }
            }
            last.filter(|last| server.is_none_or(|server| *last > server))
        };
        self.room_of
            .iter()
            .filter_map(|(name, room)| Some((name, over(*room)?)))
            .collect()
    }

    /// Whether news is told that law 2 says came from nowhere: to one who is out, or of one who never asked for the same room.
    pub fn is_from_nowhere(&self, news: usize) -> bool {
        let place = self.news.partition_point(|other| other.at < news);
        let told = self.news.get(place).filter(|other| other.at == news);
        told.is_some_and(|told| told.foreign || told.out.is_some())
    }

    /// Whether to connect is to enter.
    pub fn implicit(&self) -> bool {
        self.implicit
    }

    /// The certain stays in a room.
    pub fn inside(&self, room: RoomId) -> &[StayId] {
        &self.inside[room]
    }

    pub fn live(&self, link: LinkId) -> bool {
        self.links[link].up.is_some() && self.links[link].down.is_none()
    }

    fn held_by(&self, link: LinkId) -> Vec<StayId> {
        let open = &self.peers[self.links[link].peer].open;
        open.iter()
            .copied()
            .filter(|stay| self.stays[*stay].link == Some(link))
            .collect()
    }

    pub(super) fn doubt(&mut self, stay: StayId, hangs_on: Option<AskId>, i: usize) {
        let doubts = &mut self.stays[stay].doubts;
        doubts.push((hangs_on, i));
        if doubts.len() > MAX_OPEN {
            // Too many to follow: the first one lasts.
            let first = doubts.iter().map(|(_, at)| *at).min().unwrap_or(i);
            *doubts = vec![(None, first)];
        }
    }

    fn link_up(&mut self, name: &Link, i: usize) {
        let link = self.link(name);
        let peer = self.links[link].peer;
        self.links[link].up.get_or_insert(i);
        self.peers[peer].newest = Some(link);
        if self.implicit {
            let stay = self.new_stay(peer, Some(link), 0, i);
            self.enter(stay, i);
            return;
        }
        for stay in self.peers[peer].open.clone() {
            self.stays[stay].link.get_or_insert(link);
        }
        if self.peers[peer].stays.is_empty() || self.rejects_same_id {
            self.peers[peer].place = Place::Out(i);
        }
    }

    fn link_down(&mut self, name: &Link, by: Side, ending: &Ending, i: usize) {
        let link = self.link(name);
        if self.links[link].down.is_none() {
            self.links[link].down = Some(i);
            self.links[link].by_server = by == Side::Server;
            let closed = matches!(ending, Ending::Close { .. });
            self.links[link].lost = by != Side::Server && !closed;
        }
        let peer = self.links[link].peer;
        // A newer link may have taken over.
        let twin = self.peers[peer]
            .newest
            .is_some_and(|newest| newest != link && self.live(newest));
        for stay in self.held_by(link) {
            self.depart(stay, if twin { How::Void } else { How::Ended }, i, i);
        }
        if !twin {
            self.peers[peer].place = Place::Doubt;
        }
    }

    pub(super) fn new_stay(
        &mut self,
        peer: PeerId,
        link: Option<LinkId>,
        room: RoomId,
        asked: usize,
    ) -> StayId {
        let id = self.stays.len();
        self.stays.push(Stay {
            peer,
            link,
            room,
            asked,
            made: false,
            entered: None,
            gone: None,
            how: None,
            refused: false,
            found_full: false,
            blurred: false,
            unseen: None,
            doubts: Vec::new(),
        });
        if let Some(oldest) = self.peers[peer]
            .open
            .first()
            .copied()
            .filter(|_| self.peers[peer].open.len() >= MAX_OPEN)
        {
            self.depart(oldest, How::Void, asked, asked);
        }
        let peer = &mut self.peers[peer];
        peer.open.push(id);
        peer.stays.push(id);
        peer.asked_for.insert(room);
        id
    }

    pub(super) fn enter(&mut self, id: StayId, i: usize) {
        let (peer, room) = (self.stays[id].peer, self.stays[id].room);
        if self.stays[id].gone.is_some() || self.stays[id].entered.is_some() {
            return;
        }
        self.stays[id].entered = Some(i);
        // Where it was before is where it may be no more; the same room again replaces the stay. What it has asked for since is still to come.
        let asked = self.stays[id].asked;
        for other in self.peers[peer].open.clone() {
            if other == id || self.stays[other].asked > asked {
                continue;
            }
            self.stays[other].blurred = true;
            if self.stays[other].room == room {
                self.depart(other, How::Void, i, i);
            }
        }
        let others = self.inside[room].iter().copied();
        let witnesses: Vec<StayId> = others
            .filter(|other| {
                let other = &self.stays[*other];
                other.peer != peer && other.certain_over(asked, i)
            })
            .collect();
        if !witnesses.is_empty() && !self.implicit {
            self.witnesses.insert(id, witnesses);
        }
        if !self.implicit {
            let newest = self.inside[room].iter().rev().take(MAX_OPEN).copied();
            let came_meanwhile = newest.filter(|other| {
                let other = &self.stays[*other];
                other.peer != peer && other.entered.is_some_and(|entered| entered > asked)
            });
            self.at_once.extend(came_meanwhile.map(|other| (other, id)));
        }
        self.inside[room].push(id);
    }

    pub(super) fn depart(&mut self, id: StayId, how: How, since: usize, at: usize) {
        let (peer, room) = (self.stays[id].peer, self.stays[id].room);
        if self.stays[id].gone.is_some() {
            return;
        }
        self.stays[id].gone = Some(at);
        self.stays[id].how = Some(how);
        self.peers[peer].open.retain(|stay| *stay != id);
        self.peers[peer].past.push(id);
        if self.stays[id].entered.is_none() {
            return;
        }
        self.inside[room].retain(|stay| *stay != id);
        if how == How::Void || self.stays[id].blurred {
            return;
        }
        let others = self.inside[room].iter().copied();
        let staying: Vec<StayId> = others
            .filter(|other| {
                let other = &self.stays[*other];
                other.peer != peer && other.entered.is_some_and(|entered| entered < since)
            })
            .collect();
        self.leavings.push(Leaving {
            stay: id,
            how,
            since,
            at,
            staying,
        });
    }
}
