//! Lanes: what has an order of its own in every run.

use super::generations::{Generation, trickles};
use crate::names::{Link, PeerName};
use crate::record::{Applied, Event, What};
use crate::signaling::{Kind, Notice, Word};
use crate::terms::{Carrier, Direction, ServerLife};

/// Whose lane it is. Peers come first, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Owner {
    Peer(PeerName),
    /// One whose name an outcome has bound, by its place among those.
    Bound(usize, PeerName),
    Server,
    Steps,
}

/// What runs in a lane, in the order in which lanes of equal rank are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sort {
    Requests,
    Signals,
    Trickle,
    Http,
    Replies,
    Responses,
    News,
    Errors,
    Relays,
    RelayedTrickle,
    Opaque,
    Ending,
    Gathered,
    Descriptions,
    Candidates,
    State,
    Channel,
    Said,
    Refusals,
    Notes,
    Life,
    Steps,
}

/// A lane's name. Its order breaks ties between lanes, so nothing in it may depend on a race.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lane {
    /// 0: on the wire, 1: inside a peer, 2: the server's life, 3: ends of links, 4: steps.
    pub rank: u8,
    pub owner: Owner,
    /// Link instance, or the connection's number among those with the same partner.
    pub number: u32,
    pub sort: Sort,
    /// Addressee, sender, subject of news, or partner.
    pub about: Option<PeerName>,
    pub generation: Option<Generation>,
    /// State machine or channel label.
    pub text: String,
    /// What the tap let go runs beside what it lets through.
    pub released: bool,
}

impl Lane {
    fn wire(link: &Link, sort: Sort, about: Option<&PeerName>) -> Self {
        Self {
            rank: 0,
            owner: Owner::Peer(link.peer.clone()),
            number: link.instance,
            sort,
            about: about.cloned(),
            generation: None,
            text: String::new(),
            released: false,
        }
    }

    fn inside(peer: &PeerName, conn: &Conn<'_>, sort: Sort, text: &str) -> Self {
        Self {
            rank: 1,
            owner: Owner::Peer(peer.clone()),
            number: conn.number,
            sort,
            about: conn.partner.cloned(),
            generation: None,
            text: text.to_owned(),
            released: false,
        }
    }

    fn of(rank: u8, owner: Owner, sort: Sort) -> Self {
        Self {
            rank,
            owner,
            number: 0,
            sort,
            about: None,
            generation: None,
            text: String::new(),
            released: false,
        }
    }
}

/// A connection as lanes name it: by its partner, since its number is given in the order of races.
pub(super) struct Conn<'a> {
    pub partner: Option<&'a PeerName>,
    pub number: u32,
}

/// The lane of an event. `generation` is that of a signal, `reply` says that a message answers a request.
pub(super) fn lane<'a>(
    event: &Event,
    generation: Option<&Generation>,
    reply: bool,
    conn: impl Fn(&PeerName, u32) -> Conn<'a>,
) -> Option<Lane> {
    let inside = |peer: &PeerName, number: u32, sort: Sort, text: &str| {
        Some(Lane::inside(peer, &conn(peer, number), sort, text))
    };
    match &event.what {
        // Those that begin together have no order.
        What::Step {
            inner: Some(_),
            log,
            ..
        } => log.as_ref().map(|log| Lane {
            text: log.clone(),
            ..Lane::of(4, Owner::Steps, Sort::Steps)
        }),
        What::Step { .. } | What::End => Some(Lane::of(4, Owner::Steps, Sort::Steps)),
        What::Message { .. } => message(event, generation, reply),
        What::LinkDown { link, .. }
        | What::LinkClosed { link, .. }
        | What::Stalled { link, .. } => Some(Lane {
            rank: 3,
            ..Lane::wire(link, Sort::Ending, None)
        }),
        What::Gathered { peer, conn, .. } => inside(peer, *conn, Sort::Gathered, ""),
        What::Applied {
            peer,
            conn,
            applied,
        } => {
            let sort = match applied {
                Applied::Local(_) | Applied::Remote(_) => Sort::Descriptions,
                Applied::Candidate | Applied::EndOfCandidates => Sort::Candidates,
            };
            inside(peer, *conn, sort, "")
        }
        What::State {
            peer,
            conn,
            machine,
            ..
        } => inside(peer, *conn, Sort::State, machine.as_str()),
        What::Channel {
            peer, conn, label, ..
        }
        | What::Heard {
            peer, conn, label, ..
        } => inside(peer, *conn, Sort::Channel, label),
        What::Said {
            peer, conn, label, ..
        } => inside(peer, *conn, Sort::Said, label),
        What::PeerError { peer, conn, .. } => inside(peer, *conn, Sort::Refusals, ""),
        What::Note { peer, .. } => {
            let owner = peer.clone().map_or(Owner::Server, Owner::Peer);
            Some(Lane::of(1, owner, Sort::Notes))
        }
        What::Server { life } if !matches!(life, ServerLife::Line { .. }) => {
            Some(Lane::of(2, Owner::Server, Sort::Life))
        }
        What::Run { .. }
        | What::Outcome { .. }
        | What::LinkEnded { .. }
        | What::LinkAsked { .. }
        | What::LinkUp { .. }
        | What::LinkRefused { .. }
        | What::Violation { .. }
        | What::Released { .. }
        | What::Aside { .. }
        | What::Hears { .. }
        | What::Passes { .. }
        | What::Console { .. }
        | What::Server { .. }
        | What::Node { .. }
        | What::Fenced { .. }
        | What::ConnectionMade { .. }
        | What::App { .. }
        | What::Certificate { .. }
        | What::Case(_)
        | What::Source { .. }
        | What::Clearing
        | What::Starved { .. }
        | What::Law(_)
        | What::Verdict { .. } => None,
    }
}

fn message(event: &Event, generation: Option<&Generation>, reply: bool) -> Option<Lane> {
    let What::Message {
        link,
        direction,
        carrier,
        word,
        about,
        ..
    } = &event.what
    else {
        return None;
    };
    let kind = word.as_ref().map(Word::kind);
    let trickle = kind.is_some_and(trickles);
    let http = *carrier == Carrier::Http;
    let about = about.as_ref();
    let (sort, about) = match direction {
        Direction::Up => match kind {
            Some(_) if trickle => (Sort::Trickle, about),
            Some(kind) if kind.is_signal() => (Sort::Signals, about),
            _ if http => (Sort::Http, None),
            _ => (Sort::Requests, None),
        },
        Direction::Down => match word {
            Some(Word::Signal { .. }) if trickle => (Sort::RelayedTrickle, about),
            Some(Word::Signal { .. }) => (Sort::Relays, about),
            Some(Word::Notice { notice })
                if notice.about().is_some() || matches!(notice, Notice::Kicked { .. }) =>
            {
                (Sort::News, about)
            }
            // Told to who has not asked for it.
            Some(Word::Notice {
                notice: Notice::Destroyed { .. },
            }) if !reply && !http => (Sort::News, None),
            _ if http => (Sort::Responses, None),
            _ if reply => (Sort::Replies, None),
            Some(Word::Notice {
                notice: Notice::Error { .. },
            }) => (Sort::Errors, None),
            Some(Word::Notice { .. }) => (Sort::Replies, None),
            _ => (Sort::Opaque, None),
        },
    };
    let mut lane = Lane::wire(link, sort, about);
    if trickle {
        lane.generation = generation.cloned();
    }
    // A fence is the harness's own and beside everything.
    if kind == Some(Kind::Fence) {
        return None;
    }
    Some(lane)
}
