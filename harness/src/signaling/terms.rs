//! What a server owes: the terms that verdicts may rest on.
//!
//! Some things are owed by every server, some unless its dialect declares otherwise, and some only if its dialect declares them. What is not
//! declared accuses nobody.
//!
//! The table of it stands in [the guide](crate::guide).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AbsentPeer, Audience, Dialect, Kind, Properties, Reason, SameId};

/// What a server is declared to do, as far as facts and laws depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Those who stay hear within this time that somebody went; `None`: they are not told, and law 1 says nothing.
    pub announces_leaving_within: Option<Duration>,
    /// So much later where a line has ended without a word: the place is kept meanwhile.
    #[serde(default)]
    pub keeps_places: Duration,
    /// Not before this time: whoever is lost may come back until then. `None`: nothing is promised.
    #[serde(default)]
    pub keeps_places_at_least: Option<Duration>,
    /// Who of those who stay hears it.
    #[serde(default)]
    pub announces_leaving_to: Audience,
    /// Those inside hear within this time that somebody came; `None`: nothing is promised.
    pub announces_joining_within: Option<Duration>,
    /// The server does not tell who comes in who is inside: the stage does, of what it knows, and that is no news.
    #[serde(default)]
    pub lists_nobody: bool,
    /// All who stay hear within this time who is host when the one before has gone; `None`: nothing is promised.
    #[serde(default)]
    pub announces_host_within: Option<Duration>,
    /// Who is back before he was told to be gone need not be told to have gone.
    pub coalesces: bool,
    /// What is relayed may come out changed: messages are then matched by kind.
    pub rewrites: bool,
    /// The server is one end of each connection: candidates are for it, and its certificate is that of whoever is behind it.
    #[serde(default)]
    pub relays_media: bool,
    /// What is relayed may also come back to its sender.
    pub echoes: bool,
    /// What is relayed may arrive more than once.
    pub repeats: bool,
    /// What is relayed may arrive in any order.
    pub unordered: bool,
    /// What is addressed to one may also reach others in the room.
    pub broadcasts: bool,
    /// Nobody is reached from another room, not even who is addressed by name.
    #[serde(default)]
    pub rooms_apart: bool,
    /// What is sent to who is away may wait for them.
    pub queues: bool,
    /// A second connection with an id that is in use is refused, so a new link is in no room yet.
    pub rejects_same_id: bool,
    /// A second connection with an id that is in use takes the place of the first.
    pub takes_over: bool,
    /// The server gives ids: who comes again is somebody new to the others, and that the one before him has gone may be told later.
    #[serde(default)]
    pub gives_ids: bool,
    /// `leave` has a reply.
    pub answers_leave: bool,
    /// A request is answered within this time; `None`: no time is promised.
    pub answers_within: Option<Duration>,
    /// So is each of these that is relayed.
    #[serde(default)]
    pub answers_relays: BTreeSet<Kind>,
    /// Of these it is told by their order alone which one an answer is to.
    #[serde(default)]
    pub answers_relays_alike: BTreeSet<Kind>,
    /// So many fit into a room; `None`: no limit is promised.
    pub room_size: Option<usize>,
    /// What is in a refusal that is for want of room; `None`: nothing tells such a one from others.
    #[serde(default)]
    pub full: Option<String>,
    /// What is in refusals that are declared: such a one is of a request, even where its wire names none.
    #[serde(default)]
    pub refusals: Vec<String>,
    /// News of a stay comes before what its peer relays.
    pub news_before_relays: bool,
    /// Each piece of news is told once.
    pub news_once: bool,
    /// It has rooms that are asked for; `Some(false)`: to be connected is to be inside. `None`: as the trace shows, by whether anybody ever asks.
    pub rooms: Option<bool>,
    /// What a slow machine may add to any bound. The slowest reply that the trace itself shows is added to it.
    pub slack: Duration,
}

impl Terms {
    /// Two seconds: a loaded machine may pause server and tap that long without either being wrong.
    pub const SLACK: Duration = Duration::from_secs(2);

    /// The terms of a dialect.
    pub fn of(dialect: &Dialect) -> Self {
        Self {
            answers_leave: dialect.answers(Kind::Leave) && dialect.hears(Kind::Left),
            answers_relays: dialect.answered_relays(),
            answers_relays_alike: dialect.relays_answered_alike(),
            rooms: Some(dialect.has_rooms()),
            lists_nobody: !dialect.tells_inside(),
            gives_ids: dialect.names_in_opening() || dialect.names_in_answers(),
            // Who comes back into his own place need not be told of.
            coalesces: dialect.properties().coalesces || dialect.says_rejoin(),
            ..Self::from(dialect.properties())
        }
    }
}

impl Default for Terms {
    /// Those of a server that declares nothing.
    fn default() -> Self {
        Self::from(&Properties::default())
    }
}

impl From<&Properties> for Terms {
    /// `leave` counts as answered, and nothing that is relayed; [`Terms::of`] knows better.
    fn from(properties: &Properties) -> Self {
        Self {
            announces_leaving_within: properties.announces_leaving_within,
            keeps_places: properties.keeps_places.unwrap_or_default(),
            keeps_places_at_least: properties.keeps_places_at_least,
            announces_leaving_to: properties.announces_leaving_to,
            announces_joining_within: properties.announces_joining_within,
            lists_nobody: false,
            announces_host_within: properties.announces_host_within,
            coalesces: properties.coalesces,
            rewrites: properties.rewrites,
            relays_media: properties.relays_media,
            echoes: properties.echoes != Some(false),
            repeats: properties.repeats,
            unordered: properties.unordered,
            broadcasts: properties.broadcasts != Some(false),
            rooms_apart: properties.rooms_apart,
            queues: matches!(properties.absent_peer, None | Some(AbsentPeer::Queue)),
            rejects_same_id: properties.same_id == Some(SameId::Reject),
            takes_over: properties.same_id == Some(SameId::Takeover),
            gives_ids: false,
            answers_leave: true,
            answers_within: properties.answers_within,
            answers_relays: BTreeSet::new(),
            answers_relays_alike: BTreeSet::new(),
            room_size: properties.room_size,
            full: properties
                .refusals
                .wanted(Reason::Full.as_str())
                .map(str::to_owned),
            refusals: properties.refusals.texts().map(str::to_owned).collect(),
            news_before_relays: properties.news_before_relays,
            news_once: properties.news_once,
            rooms: None,
            slack: Self::SLACK,
        }
    }
}
