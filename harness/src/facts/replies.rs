//! Who asked what, with which answer, and what that says of who is where.

use super::rooms::{
    Ask, AskId, HostTold, How, LinkId, Listed, MAX_OPEN, Misnumbered, News, NumberOf, Numbered,
    PeerId, Place, RoomId, Rooms, Stay, StayId,
};
use super::upward::{Asked, Upward};
use crate::names::{PeerName, RoomName};
use crate::record::{Event, What};
use crate::signaling::{Kind, Notice, Request, Word};
use crate::terms::Carrier;

/// So many of a list are looked at.
const MAX_LISTED: usize = 256;

/// The kind of request that a notice answers: `Some(None)` any, `None` none at all.
pub fn answers(notice: &Notice) -> Option<Option<Kind>> {
    match notice {
        Notice::Created { .. } => Some(Some(Kind::Create)),
        Notice::Joined { .. } => Some(Some(Kind::Join)),
        Notice::Left { .. } => Some(Some(Kind::Leave)),
        Notice::Destroyed { .. } => Some(Some(Kind::Destroy)),
        Notice::Granted { request } => Some(Some(*request)),
        Notice::Refused { request, .. } => Some(*request),
        Notice::PeerJoined { .. }
        | Notice::PeerLeft { .. }
        | Notice::PeerAway { .. }
        | Notice::PeerBack { .. }
        | Notice::PeerState { .. }
        | Notice::Host { .. }
        | Notice::Kicked { .. }
        | Notice::Error { .. } => None,
    }
}

/// Whether this is one answer more to what was answered so before: the same again, or yes and no. Who makes a room may be told that it is made, and that
/// he is inside; and what is granted may be no more than that it is taken in hand.
fn is_once_more(first: Kind, second: Kind) -> bool {
    let yes = |kind| {
        matches!(
            kind,
            Kind::Created | Kind::Joined | Kind::Left | Kind::Destroyed
        )
    };
    let no = |kind| kind == Kind::Refused;
    first == second || (yes(first) && no(second)) || (no(first) && yes(second))
}

impl Rooms {
    pub(super) fn up(&mut self, message: usize, upward: &Upward, i: usize) {
        let (link, http) = (self.link(&upward.link), upward.http);
        let peer = self.links[link].peer;
        if http {
            self.links[link].fetched.push_back(message);
        }
        let request = match &upward.ask {
            Asked::Request(request) => request,
            Asked::Signal(kind) => {
                let ask = self.relay_is_asked(link, upward, *kind, (message, i));
                self.notes_number(link, upward, message, ask);
                self.links[link].signalled.insert(*kind, message);
                self.refusable(link, http, i);
                return;
            }
            Asked::Safe => return,
            Asked::Opaque => {
                self.refusable(link, http, i);
                self.links[link].opaque = true;
                self.peers[peer].opaque = true;
                self.peers[peer].place = Place::Doubt;
                for stay in self.peers[peer].open.clone() {
                    self.stays[stay].blurred = true;
                    self.doubt(stay, None, i);
                }
                return;
            }
        };
        let (ask, place) = (self.asks.len(), self.peers[peer].place);
        let open = self.peers[peer].open.clone();
        let (mut stay, mut removes) = (None, None);
        let touches: Vec<StayId> = match request {
            Request::Create { room } | Request::Join { room } => {
                let room = self.room(room);
                let holder = self.live(link).then_some(link);
                let asked_for = self.new_stay(peer, holder, room, i);
                self.stays[asked_for].made = matches!(request, Request::Create { .. });
                stay = Some(asked_for);
                self.peers[peer].place = Place::Doubt;
                open
            }
            Request::Leave { room } => {
                let room = self.room(room);
                let there: Vec<StayId> = open
                    .iter()
                    .copied()
                    .filter(|stay| self.stays[*stay].room == room)
                    .collect();
                if there.is_empty() { open } else { there }
            }
            Request::Destroy { room } => {
                let room = self.room(room);
                removes = Some(room);
                self.inside[room].clone()
            }
            // Whoever this may put out.
            Request::Kick { room, peer } => {
                let room = self.room(room);
                let whom = self.peer_of.get(&PeerName::new(peer));
                let open = whom.map_or_else(Vec::new, |whom| self.peers[*whom].open.clone());
                let there = |stay: &StayId| self.stays[*stay].room == room;
                open.into_iter().filter(there).collect()
            }
            Request::SetState { .. } | Request::Fence => Vec::new(),
        };
        for touched in &touches {
            self.doubt(*touched, Some(ask), i);
        }
        self.asks(Ask {
            link,
            message,
            at: i,
            kind: request.kind(),
            http,
            spoken: upward.spoken,
            reply: None,
            stay,
            removes,
            touches,
            place,
            granted: false,
            unsure: false,
        });
        self.notes_number(link, upward, message, Some(ask));
    }

    pub(super) fn asks(&mut self, ask: Ask) -> AskId {
        let id = self.asks.len();
        let pending = self.links[ask.link].pending.entry(ask.kind).or_default();
        pending.push_back(id);
        if ask.http {
            self.asked_by.insert(ask.message, id);
        }
        self.asks.push(ask);
        id
    }

    fn notes_number(&mut self, link: LinkId, upward: &Upward, message: usize, ask: Option<AskId>) {
        if let Some(number) = &upward.number {
            let said = Numbered {
                link,
                message,
                ask,
                answer: None,
            };
            let peer = self.links[link].peer;
            let all = self.numbered.entry(number.clone()).or_default();
            all.entry(peer).or_default().open.push_back(said);
        }
    }

    /// The message that an answer with this number is to, of what whoever hears it has said, and what that asks for, if it is still to be answered.
    /// Where there is none, or it was answered so before, that is noted. Of several with this number it is the one that a response is `to`, else the
    /// oldest.
    fn under(
        &mut self,
        i: usize,
        link: LinkId,
        (number, to): (&str, Option<usize>),
        answer: Kind,
    ) -> Option<(usize, Option<AskId>)> {
        let peer = self.links[link].peer;
        if let Some((meant, of)) = self.looks_like(peer, number) {
            self.misnumbered.push(Misnumbered { at: i, link, of });
            return self.under(i, link, (&meant, to), answer);
        }
        let all = self.numbered.get_mut(number);
        let foreign = (all.as_ref())
            .and_then(|all| all.values().next())
            .and_then(|said| {
                let one = said.last.as_ref().or(said.open.front())?;
                Some(NumberOf::Another(one.link, one.message))
            });
        let Some(own) = all.and_then(|all| all.get_mut(&peer)) else {
            // What nobody understood of him may have had any number.
            if !self.peers[peer].opaque {
                let of = foreign.unwrap_or(NumberOf::Nobody);
                self.misnumbered.push(Misnumbered { at: i, link, of });
            }
            return None;
        };
        let meant = |to| own.open.iter().position(|said| said.message == to);
        let at = to.and_then(meant).unwrap_or_default();
        let mut said = own.open.remove(at).or(own.last)?;
        // Who has several lines may hear on each what is for all of them.
        let once_more = said.answer.is_some_and(|first| is_once_more(first, answer));
        let doubled = |ask: AskId| self.doubled.contains(&self.asks[ask].kind);
        if once_more && said.ask.is_some_and(|ask| !doubled(ask)) && said.link == link {
            let of = NumberOf::Answered(said.message);
            self.misnumbered.push(Misnumbered { at: i, link, of });
        }
        said.answer = Some(answer);
        own.last = Some(said);
        let ask = said.ask.filter(|ask| self.asks[*ask].reply.is_none());
        Some((said.message, ask))
    }

    /// The number that this peer has said, where it has not said this one, but what looks like it: a text and a number are two.
    fn looks_like(&self, peer: PeerId, number: &str) -> Option<(String, NumberOf)> {
        let said = |number: &str| {
            let own = self.numbered.get(number)?.get(&peer)?;
            Some(own.open.front().or(own.last.as_ref())?.message)
        };
        if said(number).is_some() {
            return None;
        }
        let text = number
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match text {
            Some(meant) => Some((meant.to_owned(), NumberOf::Text(said(meant)?))),
            None => {
                let meant = format!("\"{number}\"");
                let of = NumberOf::Number(said(&meant)?);
                Some((meant, of))
            }
        }
    }

    fn refusable(&mut self, link: LinkId, http: bool, i: usize) {
        if !http {
            self.links[link].refusable = Some(i);
        }
    }

    /// Whether a refusal that came on the WebSocket may be of something else than a request: its wire names none, nor is it in the words of
    /// one, and something was sent that the server has not certainly done with.
    fn may_mean_anything(&self, link: LinkId, notice: &Notice) -> bool {
        let Notice::Refused {
            request: None,
            reason,
        } = notice
        else {
            return false;
        };
        let link = &self.links[link];
        (link
            .refusable
            .is_some_and(|sent| link.done_with < Some(sent)))
            && !self.refusals.iter().any(|text| reason.contains(text))
    }

    fn room(&mut self, name: &RoomName) -> RoomId {
        let next = self.inside.len();
        let room = *self.room_of.entry(name.clone()).or_insert(next);
        if room == next {
            self.inside.push(Vec::new());
        }
        room
    }

    pub(super) fn down(&mut self, event: &Event, i: usize) {
        let What::Message {
            link,
            carrier,
            word,
            about,
            of,
            size,
            number,
            ..
        } = &event.what
        else {
            return;
        };
        let (link, http) = (self.link(link), *carrier == Carrier::Http);
        // A response without a body says nothing.
        if word.is_none() && *size > 0 {
            self.links[link].unread = Some(i);
        }
        let notice = match word {
            Some(Word::Notice { notice }) => Some(notice),
            _ => None,
        };
        if let Some(notice) = notice.filter(|_| self.is_taken_for_granted(event)) {
            self.take_for_granted(i, link, notice);
            return;
        }
        self.shows_entry(link, word.as_ref(), i);
        match notice {
            Some(Notice::PeerJoined { .. } | Notice::PeerLeft { .. }) => {
                let about = about.as_ref().map(|about| self.peer(about));
                let joined = matches!(notice, Some(Notice::PeerJoined { .. }));
                let foreign = about.is_some_and(|about| self.foreign(link, about));
                let out = self.out(link).filter(|_| !http);
                self.news.push(News {
                    at: i,
                    link,
                    about,
                    joined,
                    out,
                    foreign,
                });
                return;
            }
            Some(Notice::Host { .. }) => {
                if let Some(about) = about {
                    let about = self.peer(about);
                    let at = i;
                    self.hosts.push(HostTold { at, link, about });
                }
                return;
            }
            Some(Notice::Error { .. }) => self.links[link].refused = Some(i),
            Some(Notice::Joined { with, .. }) => self.list(i, link, with),
            _ => {}
        }
        let response = http.then(|| self.fetched(event, link)).flatten();
        let by_cause = http.then(|| self.asked_over_http(event)).flatten();
        // What answers a request and repeats its number answers that one, and no other: a response, too, may bring what another one has asked for.
        let answers = notice.is_some_and(|notice| answers(notice).is_some());
        let answer = word.as_ref().filter(|_| answers).map(Word::kind);
        let answer = number.as_ref().zip(answer);
        let under = answer.map(|(number, answer)| {
            let to = by_cause.map(|ask| self.asks[ask].message);
            self.under(i, link, (number, to), answer)
        });
        let mut ask = match under {
            Some(Some((_, ask))) => ask,
            // Whatever its number is, the response is to this.
            Some(None) => by_cause,
            None => by_cause.or_else(|| self.asked(link, notice)),
        };
        let response = under.flatten().map(|(message, _)| message).or(response);
        if !http
            && under.is_none()
            && notice.is_some_and(|notice| self.may_mean_anything(link, notice))
            && let Some(ask) = ask.take()
        {
            self.asks[ask].unsure = true;
            self.unclear.insert(i);
        }
        self.answer(i, link, ask, notice, response);
        let refused = match notice {
            Some(Notice::Refused { request, .. }) => request.filter(|of| of.is_signal()),
            _ => None,
        };
        if let Some(kind) = refused {
            self.links[link].refused_kind.insert(kind, i);
        }
        let Some(ask) = ask else {
            match notice {
                Some(Notice::Refused { .. }) if refused.is_some() => {}
                Some(Notice::Refused { .. }) => self.links[link].refused = Some(i),
                Some(Notice::Granted { request }) if !http && number.is_none() => {
                    self.is_answered_again(link, *request, i);
                }
                Some(Notice::Left { .. }) => self.may_be_out(link, i),
                Some(Notice::Destroyed { room }) => self.is_told_of_an_end(link, room, i),
                Some(Notice::Kicked { room }) => {
                    self.notes_end(link, room, i, Some(Kind::Kick));
                    self.is_told_to_be_out(link, i);
                }
                _ => {}
            }
            return;
        };
        self.asks[ask].reply = Some(i);
        // What is worked out of a request that is over once it is sent, the server has not said: when it has done it, or whether, nobody knows.
        let of = of.and_then(|of| self.index_of.get(&of));
        if self.asks[ask].spoken && of == Some(&self.asks[ask].message) {
            let peer = self.links[link].peer;
            self.peers[peer].place = Place::Doubt;
            return;
        }
        // Of what is relayed it may be whoever gets it that answers, and when he likes.
        if self.asks[ask].kind.is_signal() {
            return;
        }
        let took = self.events[i]
            .at
            .saturating_sub(self.events[self.asks[ask].at].at);
        self.slowest = self.slowest.max(took);
        self.replied(ask, i, http, notice);
    }

    /// Somebody is put out of a room, as was asked. Who asked for it knows, and need not be told.
    fn is_put_out(&mut self, stay: StayId, ask: AskId, i: usize) {
        let Ask { link, at, .. } = self.asks[ask];
        let (known, by) = (self.leavings.len(), self.links[link].peer);
        self.depart(stay, How::Left, at, i);
        for leaving in self.leavings.iter_mut().skip(known) {
            leaving
                .staying
                .retain(|other| self.stays[*other].peer != by);
        }
    }

    fn may_be_out(&mut self, link: LinkId, i: usize) {
        let peer = self.links[link].peer;
        self.peers[peer].place = Place::Doubt;
        for stay in self.peers[peer].open.clone() {
            self.doubt(stay, None, i);
        }
    }

    /// Who has not asked for it hears that a room was removed. Of one that he is not in it says nothing of him: a server may tell everybody.
    fn is_told_of_an_end(&mut self, link: LinkId, room: &RoomName, i: usize) {
        if self.notes_end(link, room, i, None) || !self.room_of.contains_key(room) {
            self.may_be_out(link, i);
        }
    }

    /// Notes that somebody is told that the room is gone that he was in, and by whose request. Answers whether he was in it. It is no end of the
    /// room where he was asked out of it by a request of this kind, and by none to remove it since then.
    fn notes_end(&mut self, link: LinkId, room: &RoomName, i: usize, out: Option<Kind>) -> bool {
        let room = self.room_of.get(room).copied();
        let stays = self.peers[self.links[link].peer].stays.iter().rev();
        let mut stays = stays.take(MAX_OPEN).map(|stay| &self.stays[*stay]);
        let ends = |stay: &&Stay| {
            let goes = stay.gone.is_none() || stay.how == Some(How::Void);
            Some(stay.room) == room && !stay.refused && goes
        };
        let Some(stay) = stays.find(ends) else {
            return false;
        };
        let asks = stay.doubts.iter().rev().filter_map(|(ask, _)| *ask);
        let mut asks = asks.map(|ask| &self.asks[ask]);
        let ask = asks.find(|ask| ask.kind == Kind::Destroy || Some(ask.kind) == out);
        if ask.is_some_and(|ask| ask.kind != Kind::Destroy) {
            return true;
        }
        let message = ask.map(|ask| ask.message);
        self.ends.insert(i, message);
        true
    }

    /// Who hears so is in no room any more.
    fn is_told_to_be_out(&mut self, link: LinkId, i: usize) {
        let peer = self.links[link].peer;
        let asked = |rooms: &Self, stay: StayId| {
            let doubts = rooms.stays[stay].doubts.iter().rev();
            doubts
                .filter_map(|(ask, _)| *ask)
                .find(|ask| rooms.asks[*ask].kind == Kind::Kick)
        };
        self.peers[peer].place = Place::Out(i);
        for stay in self.peers[peer].open.clone() {
            match asked(self, stay) {
                Some(ask) => self.is_put_out(stay, ask, i),
                // By whom, nobody knows.
                None => {
                    self.doubt(stay, None, i);
                    self.peers[peer].place = Place::Doubt;
                }
            }
        }
    }

    /// Whether it is no word of the server's, but what a request is taken to have led to, since the server does not answer it.
    fn is_taken_for_granted(&self, event: &Event) -> bool {
        let What::Message { of: Some(of), .. } = &event.what else {
            return false;
        };
        let place = self.index_of.get(of);
        place.is_some_and(|place| self.events[*place].up)
    }

    /// When the server has taken the request in, nobody knows: to come in is certain from the first sign of it, and to go out is possible from the
    /// request on.
    fn take_for_granted(&mut self, i: usize, link: LinkId, notice: &Notice) {
        let Some(Some(kind)) = answers(notice) else {
            return;
        };
        let asks = self.links[link].pending.get(&kind);
        let Some(ask) = asks.and_then(|asks| asks.back().copied()) else {
            return;
        };
        self.answers.insert(i, self.asks[ask].message);
        self.asks[ask].granted = true;
        self.links[link].says_else = true;
        if matches!(kind, Kind::Create | Kind::Join) {
            self.links[link].granted = Some((ask, kind));
        }
    }

    /// What is relayed to somebody, or answered, shows that the server has taken in what he had asked for.
    fn shows_entry(&mut self, link: LinkId, word: Option<&Word>, i: usize) {
        let fence = |notice: &Notice| {
            matches!(
                notice,
                Notice::Refused {
                    request: Some(Kind::Fence),
                    ..
                }
            )
        };
        let shows = match word {
            Some(Word::Signal { .. }) => true,
            Some(Word::Notice { notice }) => fence(notice),
            _ => false,
        };
        if !shows {
            return;
        }
        let Some((ask, kind)) = self.links[link].granted.take() else {
            return;
        };
        if self.asks[ask].reply.is_some() {
            return;
        }
        self.asks[ask].reply = Some(i);
        if let Some(stay) = self.asks[ask].stay {
            self.enter(stay, i);
        }
        if let Some(pending) = self.links[link].pending.get_mut(&kind) {
            pending.retain(|other| *other != ask);
        }
    }

    /// Notes who is said to be inside. Of ids that are no peer's name, and of what is too long, it is known that somebody is.
    fn list(&mut self, at: usize, link: LinkId, with: &[String]) {
        let me = self.links[link].peer;
        let mut somebody = with.len() > MAX_LISTED;
        for id in with.iter().take(MAX_LISTED) {
            match self.peer_of.get(&PeerName::new(id)).copied() {
                Some(about) if about == me => {}
                Some(about) => self.listed.push(Listed { at, link, about }),
                None => somebody = true,
            }
        }
        if somebody {
            self.listed_somebody.push((link, at));
        }
    }

    /// The HTTP request that a response belongs to: by its recorded cause, else the oldest that has none.
    fn fetched(&mut self, event: &Event, link: LinkId) -> Option<usize> {
        let causes = event.cause.iter();
        let known = causes.filter_map(|seq| self.index_of.get(seq).copied());
        let known: Vec<usize> = known.collect();
        let fetched = &mut self.links[link].fetched;
        match fetched.iter().position(|request| known.contains(request)) {
            Some(place) => fetched.remove(place),
            None => fetched.pop_front(),
        }
    }

    /// Notes which message this answers: the request; a signal is answered only when it is refused, so a refusal means the newest of its kind;
    /// any other response, the oldest HTTP request that has none.
    fn answer(
        &mut self,
        i: usize,
        link: LinkId,
        ask: Option<AskId>,
        notice: Option<&Notice>,
        response: Option<usize>,
    ) {
        let signal = match notice {
            Some(Notice::Refused {
                request: Some(kind),
                ..
            }) if kind.is_signal() => self.links[link].signalled.get(kind).copied(),
            _ => None,
        };
        let message = ask
            .map(|ask| self.asks[ask].message)
            .or(signal)
            .or(response);
        if let Some(message) = message {
            self.answers.insert(i, message);
        }
    }

    fn foreign(&self, link: LinkId, about: PeerId) -> bool {
        let (mine, theirs) = (&self.peers[self.links[link].peer], &self.peers[about]);
        let known =
            !self.implicit && !mine.opaque && !theirs.opaque && mine.asked_for.len() <= MAX_OPEN;
        known
            && !mine
                .asked_for
                .iter()
                .any(|room| theirs.asked_for.contains(room))
    }

    /// The request that this HTTP response answers, by its cause.
    fn asked_over_http(&self, event: &Event) -> Option<AskId> {
        let causes = event
            .cause
            .iter()
            .filter_map(|cause| self.index_of.get(cause));
        let ask = causes
            .filter_map(|message| self.asked_by.get(message))
            .next()
            .copied();
        ask.filter(|ask| self.asks[*ask].reply.is_none())
    }

    /// The request that this answers where nothing of it says which: first in, first out by kind.
    fn asked(&mut self, link: LinkId, notice: Option<&Notice>) -> Option<AskId> {
        let kind = answers(notice?)?;
        let front = |rooms: &mut Self, kind: Kind| rooms.oldest(link, kind);
        match kind {
            Some(kind) if kind.is_signal() => self.oldest_relay(link, kind),
            Some(kind) => front(self, kind).filter(|ask| !self.is_of_another_room(*ask, notice)),
            // Many servers answer no `leave`: another's refusal is taken for its reply only if nothing else is asked.
            None => [
                Kind::Create,
                Kind::Join,
                Kind::Destroy,
                Kind::Kick,
                Kind::SetState,
                Kind::Fence,
            ]
            .into_iter()
            .filter_map(|kind| front(self, kind))
            .min()
            .or_else(|| front(self, Kind::Leave)),
        }
    }

    /// Whether what is told to be removed is another room than the one that this would remove.
    fn is_of_another_room(&self, ask: AskId, notice: Option<&Notice>) -> bool {
        let Some(Notice::Destroyed { room }) = notice else {
            return false;
        };
        let told = self.room_of.get(room);
        told.is_some_and(|told| self.asks[ask].removes.is_some_and(|room| room != *told))
    }

    /// The oldest request of this kind that is not answered.
    pub(super) fn oldest(&mut self, link: LinkId, kind: Kind) -> Option<AskId> {
        let pending = self.links[link].pending.get_mut(&kind)?;
        while let Some(ask) = pending.front() {
            let Ask { reply, unsure, .. } = &self.asks[*ask];
            // One that may have been refused was refused, if it was asked once more.
            if reply.is_none() && !(*unsure && pending.len() > 1) {
                return Some(*ask);
            }
            pending.pop_front();
        }
        None
    }

    fn replied(&mut self, ask: AskId, i: usize, http: bool, notice: Option<&Notice>) {
        let Ask {
            link,
            at,
            stay,
            place,
            http: by_http,
            ..
        } = self.asks[ask];
        let peer = self.links[link].peer;
        if !http && !by_http {
            self.links[link].settled.push((at, i));
            self.links[link].done_with = self.links[link].done_with.max(Some(at));
            if let Place::Leaving(since) = self.peers[peer].place
                && at > since
            {
                self.peers[peer].place = Place::Out(since);
            }
        }
        let out = if http {
            Place::Leaving(i)
        } else {
            Place::Out(i)
        };
        match notice {
            Some(Notice::Created { .. } | Notice::Joined { .. }) => {
                if let Some(stay) = stay {
                    self.enter(stay, i);
                }
            }
            Some(Notice::Left { .. }) => {
                for stay in std::mem::take(&mut self.asks[ask].touches) {
                    self.depart(stay, How::Left, at, i);
                }
                self.peers[peer].place = out;
            }
            Some(Notice::Destroyed { .. }) => {
                for stay in std::mem::take(&mut self.asks[ask].touches) {
                    let whose = self.stays[stay].peer;
                    self.depart(stay, How::Void, at, i);
                    self.peers[whose].place = if whose == peer { out } else { Place::Doubt };
                }
            }
            Some(Notice::Granted {
                request: Kind::Kick,
            }) => {
                for stay in std::mem::take(&mut self.asks[ask].touches) {
                    let whose = self.stays[stay].peer;
                    // Who was told so himself is out since then.
                    if self.stays[stay].gone.is_none() {
                        self.is_put_out(stay, ask, i);
                        // What was queued for him before is still on its way.
                        self.peers[whose].place = Place::Doubt;
                    }
                }
            }
            Some(Notice::Refused { reason, .. }) => {
                for touched in std::mem::take(&mut self.asks[ask].touches) {
                    self.stays[touched]
                        .doubts
                        .retain(|(hangs_on, _)| *hangs_on != Some(ask));
                }
                if let Some(stay) = stay {
                    self.stays[stay].refused = true;
                    let full = self.full.as_ref();
                    self.stays[stay].found_full = full.is_some_and(|full| reason.contains(full));
                    self.depart(stay, How::Void, i, i);
                    // As it was before, once what was queued meanwhile is here.
                    self.peers[peer].place = match place {
                        Place::Doubt => Place::Doubt,
                        Place::Leaving(_) | Place::Out(_) => out,
                    };
                }
            }
            _ => {}
        }
    }
}
