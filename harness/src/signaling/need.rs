//! What a scenario may need of a server, and whether a dialect says that it has it.

use std::time::Duration;

use super::{Audience, Dialect, Field, Garbage, Kind, Reason, SameId};
use crate::terms::{Start, Via};

/// What a step, or an expected line, needs of a server. A need that no dialect has to declare is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The wire of this name, in which the scenario itself speaks.
    Wire(String),
    /// A way for a peer to say this word.
    Says(Kind),
    /// The server says this word.
    Hears(Kind),
    /// Who has not asked for it is told that his room is gone.
    HearsRoomEnd,
    /// Peers say this word to each other.
    Relays(Kind),
    /// This word is a message of its own, so that something can be done to it on its way.
    Passes(Kind),
    /// Who is in no room has a line.
    LineOutside,
    /// Who comes in offers, where neither the step nor the peer says who does.
    JoinerOffers,
    /// More than one room.
    Rooms,
    /// Names that are not plain are taken as they are.
    AnyName,
    /// A room for so many.
    Holds(usize),
    /// Whoever comes into a room of so many is refused. Of so many more the lines are lost: where places are kept, theirs may be.
    Limit(usize, usize),
    /// A request that is refused so.
    Refuses(Reason),
    /// Peers are given something by the project to log in with.
    LogsIn,
    /// One comes back by what the server has given.
    ComesBack,
    /// A second line with an id that is in use is refused.
    RejectsSameId,
    /// A second line with an id that is in use is let in, and the first one's place is given up, with news.
    TakesOver,
    /// A second line with an id that is in use is let in, and has the first one's place without news.
    Resumes,
    /// Those who stay hear, before the step has waited for so long, of somebody whose line has ended.
    AnnouncesLeaving(Duration),
    /// Those who stay hear of the end of somebody with whom they have not signaled.
    AnnouncesLeavingToAll,
    /// Who is in a call can offer, and be offered to.
    AnotherOffer,
    /// A call is over as soon as one of the two has ended it, so that there can be another.
    AnotherCall,
    /// An offer may be answered twice.
    AnotherAnswer,
    /// What is connected goes on when the server, or a line to it, has ended or stands still.
    OutlivesLines,
    /// A channel that one makes opens at the other, too, before anything is said in it.
    TellsChannels,
    /// Two who signal by themselves can tell each other how they are reached.
    Connects,
    /// Whom this word is for can be said, so that one of several gets it.
    Addresses(Kind),
    /// Who of several is meant by this word gets it, whether he alone does or not.
    ReachesOneOfMany(Kind),
    /// A line that is half-open is noticed before the step has waited for so long.
    NoticesSilence(Duration),
    /// The loss of a line is noticed as it happens.
    NoticesLoss,
    /// The room of somebody who was lost can be made again once so much was waited.
    GivesUpPlaces(Duration),
    /// Who is back in time is told of all the same: that he had gone, and that he is there again.
    TellsOfReturns,
    /// Those on other nodes hear of somebody whose node has ended.
    AnnouncesLostNode,
    /// Who leaves a room keeps its line.
    StaysConnected,
    /// Who comes in is told who is inside.
    TellsInside,
    /// Strangers can come and meet, apart from all others.
    Strangers,
    /// The server names the rooms that are made.
    NamesRooms,
    /// Lines are WebSockets, so that there are frames to break, and a handshake.
    WebSocket,
    /// Peers send messages on their lines, so that one can be sent as it is.
    SendsMessages,
    /// Who hears this word finds from whom it is where no client writes that, so that one can claim to be another.
    Forges(Kind),
    /// What says this word has a field with this in it.
    HasField(Kind, Field),
    /// What is made of this word (or of the usual one) by spoiling it so, all of it or this field, says nothing any more.
    Spoils(Garbage, Option<Kind>, Option<Field>),
}

impl Need {
    /// Why a dialect does not have it, as the rest of a sentence; `None` if it does.
    pub fn lacking(&self, dialect: &Dialect) -> Option<String> {
        let name = dialect.name();
        let properties = dialect.properties();
        let no_way =
            |to: &str, kind: &Kind| format!("the dialect `{name}` has no way to {to} `{kind}`");
        let undeclared = |key: &str| format!("the dialect `{name}` declares no `{key}`");
        let within = |key: &str, promised: Option<Duration>, waits: &Duration| match promised {
            None => Some(undeclared(key)),
            Some(promised) if promised > *waits => Some(format!(
                "the dialect `{name}` promises it within {promised:?}, and the step waits for {waits:?}"
            )),
            Some(_) => None,
        };
        match self {
            Need::Wire(wire) => (dialect.wire() != wire).then(|| {
                let own = dialect.wire();
                format!("the dialect `{name}` is of the wire `{own}`")
            }),
            Need::Says(kind) => (!dialect.says(*kind)).then(|| no_way("say", kind)),
            Need::Hears(kind) => (!dialect.hears(*kind)).then(|| no_way("hear", kind)),
            Need::HearsRoomEnd => (!dialect.hears_room_end()).then(|| {
                format!("with the dialect `{name}` nobody hears that somebody else has removed his room (`hear: destroyed`, as a message, or `hear: kicked`)")
            }),
            Need::Relays(kind) if !dialect.says(*kind) => Some(no_way("say", kind)),
            Need::Relays(kind) => (!dialect.hears(*kind)).then(|| no_way("hear", kind)),
            Need::Passes(kind) if !kind.is_request() && !dialect.hears(*kind) => {
                Some(no_way("hear", kind))
            }
            Need::Passes(kind)
                if (kind.is_request() || kind.is_signal()) && !dialect.says(*kind) =>
            {
                Some(no_way("say", kind))
            }
            Need::Passes(kind) => (!dialect.passes(*kind))
                .then(|| format!("the dialect `{name}` has no message of its own for `{kind}`")),
            Need::StaysConnected => (dialect.leaves_by_closing())
                .then(|| format!("with the dialect `{name}` who leaves has no line any more")),
            Need::LineOutside => (dialect.dials_by_room())
                .then(|| format!("with the dialect `{name}` who is in no room has no line")),
            Need::Rooms => {
                if !dialect.has_rooms() {
                    return Some(format!("the dialect `{name}` has no rooms"));
                }
                (!dialect.names_rooms())
                    .then(|| format!("with the dialect `{name}` nobody can say which room"))
            }
            Need::AnyName => (!properties.takes_any_name).then(|| undeclared("takes-any-name")),
            Need::JoinerOffers => (dialect.offers() == Some("insider"))
                .then(|| format!("with the dialect `{name}` those inside offer")),
            Need::Holds(size) => (properties.room_size)
                .filter(|holds| holds < size)
                .map(|holds| format!("a room of `{name}` holds {holds}")),
            Need::Limit(size, lost) => match properties.room_size {
                None => Some(undeclared("room-size")),
                Some(holds)
                    if properties.keeps_places.is_some() && (*size..=size + lost).contains(&holds) =>
                {
                    None
                }
                Some(holds) if holds != *size => Some(format!("a room of `{name}` holds {holds}")),
                Some(_) => None,
            },
            Need::LogsIn => dialect.logins().is_empty().then(|| {
                format!("the dialect `{name}` names no login (`connect: {{ login: … }}`)")
            }),
            Need::ComesBack => (!dialect.says_rejoin()).then(|| undeclared("rejoin")),
            Need::Refuses(Reason::Expired) if !dialect.says_rejoin() => Some(undeclared("rejoin")),
            Need::Refuses(reason) => (!properties.refusals.has(*reason))
                .then(|| undeclared(&format!("refusals: {reason}"))),
            Need::RejectsSameId if properties.same_id.is_some() && !dialect.names_at_connecting() => {
                Some(format!("with the dialect `{name}` no line is dialled with a name"))
            }
            Need::TakesOver | Need::Resumes
                if properties.same_id.is_some() && !dialect.knows_second_lines() =>
            {
                Some(format!("with the dialect `{name}` no line is dialled with a name"))
            }
            Need::RejectsSameId => {
                (properties.same_id != Some(SameId::Reject)).then(|| undeclared("same-id: reject"))
            }
            Need::TakesOver | Need::Resumes if properties.same_id != Some(SameId::Takeover) => {
                Some(undeclared("same-id: takeover"))
            }
            Need::TakesOver => properties.coalesces.then(|| {
                format!("the dialect `{name}` declares `coalesces`: the first line's place goes over without news")
            }),
            Need::Resumes => (!properties.coalesces).then(|| {
                format!("the dialect `{name}` declares no `coalesces`: the first line's place is given up, with news")
            }),
            Need::AnnouncesLeaving(waits) => within(
                "announces-leaving-within",
                (properties.announces_leaving_within)
                    .map(|promised| promised + properties.keeps_places.unwrap_or_default()),
                waits,
            ),
            Need::AnnouncesLeavingToAll => {
                (properties.announces_leaving_to == Audience::Signaled).then(|| {
                    format!("the dialect `{name}` declares `announces-leaving-to: signaled`")
                })
            }
            Need::Addresses(kind) => (!dialect.may_address(*kind)).then(|| {
                format!("the dialect `{name}` cannot say whom `{kind}` is for")
            }),
            Need::ReachesOneOfMany(kind) if properties.broadcasts == Some(false) => {
                Need::Addresses(*kind).lacking(dialect)
            }
            Need::ReachesOneOfMany(_) => None,
            Need::AnotherOffer => (properties.one_call)
                .then(|| format!("the dialect `{name}` has one call at a time, with one offer (`one-call`)")),
            Need::AnotherCall => (properties.one_call)
                .then(|| format!("the dialect `{name}` has one call at a time (`one-call`), and nothing tells when one that has ended is over for the server")),
            Need::AnotherAnswer => (properties.one_call)
                .then(|| format!("the dialect `{name}` has one answer to each offer (`one-call`)")),
            Need::OutlivesLines => (properties.relays_media)
                .then(|| format!("with the dialect `{name}` connections go through the server (`relays-media`)")),
            Need::TellsChannels => (properties.relays_media)
                .then(|| format!("with the dialect `{name}` channels end at the server (`relays-media`)")),
            Need::Connects if dialect.candidates_within() => None,
            Need::Connects if properties.relays_media => None,
            Need::Connects => Need::Relays(Kind::Candidate).lacking(dialect),
            Need::NoticesSilence(waits) => within(
                "notices-silence-within",
                properties.notices_silence_within,
                waits,
            ),
            Need::Strangers if dialect.dials_by_room() => Some(format!(
                "with the dialect `{name}` a line is dialled for each room, which strangers do not"
            )),
            Need::Strangers if dialect.has_rooms() => (!dialect.names_rooms()).then(|| {
                format!("with the dialect `{name}` nobody can say which room, so strangers would meet others")
            }),
            Need::Strangers => (!dialect.may_address(Kind::Offer)).then(|| {
                format!("the dialect `{name}` has no rooms, and cannot say whom `offer` is for")
            }),
            Need::NamesRooms => (!dialect.gives_room_ids()).then(|| {
                format!("with the dialect `{name}` who makes a room names it, not the server (`{{room-id}}` in `hear: created` alone)")
            }),
            Need::WebSocket => {
                let carrier = match dialect.via() {
                    Via::WebSocket | Via::SocketIo { start: Start::WebSocket, .. } => return None,
                    Via::SocketIo { .. } => "polling",
                    Via::Events { .. } => "server-sent events",
                    Via::LongPoll => "long polls",
                };
                Some(format!("the dialect `{name}` has {carrier}, not WebSockets"))
            }
            Need::SendsMessages => matches!(dialect.via(), Via::Events { .. } | Via::LongPoll)
                .then(|| format!("with the dialect `{name}` peers send requests, and no messages")),
            Need::Forges(kind) => (!dialect.forges(*kind)).then(|| {
                format!("in the dialect `{name}` who hears `{kind}` finds its sender nowhere, or where its client writes it by design")
            }),
            Need::HasField(kind, field) => (!dialect.has_field(*kind, *field)).then(|| {
                let what = match field {
                    Field::Word => "says which word it is",
                    Field::Room => "names the room",
                    Field::Peer => "says whom it is for",
                    Field::Me => "says who sends it",
                    Field::Sdp => "has the description",
                    Field::Candidate => "has the candidate",
                    Field::State => "has what is set",
                    Field::Payload => "holds all the others",
                    Field::Ack => "asks for an acknowledgement",
                    Field::Given if *kind == Kind::Join && !dialect.says_rejoin() => {
                        return undeclared("rejoin");
                    }
                    Field::Given => "is what one comes back with",
                };
                format!("in the dialect `{name}` no field of `{kind}` {what}")
            }),
            Need::Spoils(garbage, _, Some(Field::Ack)) if *garbage != Garbage::FieldMissing => {
                Some(format!("the wish for an acknowledgement can be missing (`field-missing`) alone, and not be `{garbage}`"))
            }
            Need::Spoils(garbage, of, field) => {
                let still = dialect.still_says(*garbage, *of, *field)?;
                Some(format!(
                    "the wire of the dialect `{name}` is text, and `{garbage}` makes a `{still}` there that is as good as any"
                ))
            }
            // To make one that is there is to come into it, or back.
            Need::GivesUpPlaces(_) if dialect.creates_by_joining() => None,
            Need::GivesUpPlaces(waited) => {
                let kept = properties.keeps_places.filter(|most| most > waited);
                kept.map(|most| {
                    format!("with the dialect `{name}` it is kept for up to {most:?}, and the room with it")
                })
            }
            Need::NoticesLoss => match dialect.via() {
                Via::SocketIo { start, .. } if start != Start::WebSocket => Some(format!(
                    "with the dialect `{name}` lines begin by polling, and one that is lost while no poll of it stands is noticed by a time-out alone"
                )),
                Via::LongPoll if properties.same_id == Some(SameId::Reject) => Some(format!(
                    "with the dialect `{name}` lines are polls: that one is lost is noticed by a time-out alone, and until then its name is taken"
                )),
                _ => None,
            },
            Need::TellsOfReturns if dialect.says_rejoin() => Some(format!(
                "with the dialect `{name}` who comes back has his place again (`rejoin`), and nobody need be told"
            )),
            Need::TellsOfReturns => properties.coalesces.then(|| {
                format!("the dialect `{name}` declares `coalesces`: of who is back in time nobody need be told")
            }),
            Need::AnnouncesLostNode => {
                Some("whether other nodes notice the end of one, no dialect can promise".into())
            }
            Need::TellsInside => (!dialect.tells_inside()).then(|| {
                format!(
                    "the dialect `{name}` does not say who is inside (`{{with}}` in `hear: joined`)"
                )
            }),
        }
    }
}
