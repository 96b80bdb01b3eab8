//! What the stage tells a peer, and how that ends.

use tokio::sync::oneshot;

use crate::hand::Deed;
use crate::names::PeerName;
use crate::record::Seq;
use crate::signaling::{Field, Garbage, Kind, Request};

/// What the stage tells a peer to do.
#[derive(Clone, Debug)]
pub enum Order {
    /// Open a signaling connection, if none stands.
    Connect,
    /// Open a new one in the place of one that stands, which is dead though nobody has noticed: from now on it speaks on the new one.
    ConnectAnew,
    /// Open one more beside it. It is let go whatever comes of it.
    ConnectMore,
    /// Close it with a close frame.
    Disconnect,
    /// Close those that it had before this one, as far as it has not seen them end.
    Retire,
    /// The play is over: dial no more by itself.
    Rest,
    /// Ask the server. `offer`: once joined, make an offer to each peer inside, or none; `None`: as it does by
    /// itself.
    Ask {
        request: Request,
        offer: Option<bool>,
    },
    /// Do this with the connection to a peer; without `to` the one that it must mean.
    Deed { to: Option<PeerName>, deed: Deed },
    /// Send text as it is.
    SendRaw { text: String },
    /// Garbage, made from what its line's conversation would say.
    Garbage {
        kind: Garbage,
        of: Option<Kind>,
        /// Only this field of it, and whom it is for.
        field: Option<(Field, Option<PeerName>)>,
    },
    /// This word to that one, in the name of a third.
    Forge {
        kind: Kind,
        to: PeerName,
        claimed: PeerName,
    },
    /// An HTTP request as it is; answers with the status.
    Http {
        method: String,
        path: String,
        body: Option<String>,
    },
}

impl Order {
    /// Do this with the connection to that one, or that which it must mean.
    pub fn with(to: &Option<PeerName>, deed: Deed) -> Self {
        let to = to.clone();
        Self::Deed { to, deed }
    }

    /// What comes of it, for a person who waited for that.
    pub fn outcome(&self, peer: &PeerName) -> String {
        match self {
            Order::Connect => format!("{peer}'s signaling connection"),
            Order::ConnectAnew => format!("{peer}'s new signaling connection"),
            Order::ConnectMore => format!("the server's answer to {peer}'s second connection"),
            Order::Ask { request, .. } => {
                format!("the server's answer to {peer}'s {}", request.kind())
            }
            Order::Http { method, path, .. } => format!("the answer to {peer}'s {method} {path}"),
            _ => format!("what {peer} was to do"),
        }
    }
}

/// How an order ended.
#[derive(Clone, Debug)]
pub enum Done {
    /// It is under way or done; the events tell the rest.
    Yes,
    /// The HTTP response's status, and the message that brought it.
    Status(u16, Option<Seq>),
    /// It could not be carried out: why, for a person.
    No(String),
    /// The same, since the line that it takes was not let in, or ended before it was.
    NotLetIn(String),
    /// The stack refused it; recorded as an event.
    Refused {
        name: String,
        message: String,
        seq: Seq,
    },
}

/// What is sent to a peer: an order, the events that caused it, and where to tell the end.
pub struct Task {
    pub order: Order,
    pub cause: Vec<Seq>,
    pub done: oneshot::Sender<Done>,
}
