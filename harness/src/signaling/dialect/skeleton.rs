//! The file that a new dialect begins as.

/// What carries the messages of a new dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewCarrier {
    /// JSON messages through a WebSocket.
    WebSocket,
    /// Plain text through a WebSocket.
    Text,
    /// Rooms are made by HTTP, the rest goes through a WebSocket.
    Http,
    /// An event through socket.io.
    SocketIo,
    /// Requests up, server-sent events down.
    Events,
    /// Requests up, the answers of polls down.
    LongPoll,
}

impl NewCarrier {
    /// All of them.
    pub const ALL: [NewCarrier; 6] = [
        Self::WebSocket,
        Self::Text,
        Self::Http,
        Self::SocketIo,
        Self::Events,
        Self::LongPoll,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Text => "text",
            Self::Http => "http",
            Self::SocketIo => "socket.io",
            Self::Events => "events",
            Self::LongPoll => "long-poll",
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::WebSocket => "JSON messages through a WebSocket",
            Self::Text => "plain text through a WebSocket",
            Self::Http => "rooms are made by HTTP requests, the rest goes through a WebSocket",
            Self::SocketIo => "events through socket.io",
            Self::Events => "HTTP requests up, server-sent events down",
            Self::LongPoll => "HTTP requests up, the answers of polls down",
        }
    }
}

/// A dialect of this name with everything in it that most servers have, explained, and without a mistake: what is to be changed are the
/// messages.
pub fn skeleton(name: &str, carrier: NewCarrier) -> String {
    let text = match carrier {
        NewCarrier::WebSocket => include_str!("skeletons/websocket.yaml"),
        NewCarrier::Text => include_str!("skeletons/text.yaml"),
        NewCarrier::Http => include_str!("skeletons/http.yaml"),
        NewCarrier::SocketIo => include_str!("skeletons/socket-io.yaml"),
        NewCarrier::Events => include_str!("skeletons/events.yaml"),
        NewCarrier::LongPoll => include_str!("skeletons/long-poll.yaml"),
    };
    text.replace("NAME", name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::signaling::Dialect;

    #[test]
    fn what_is_begun_has_neither_mistakes_nor_doubts() {
        for carrier in NewCarrier::ALL {
            let text = skeleton("mine", carrier);
            let read = Dialect::read(Path::new("mine.yaml"), &text);
            let dialect = read.unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert_eq!(dialect.name(), "mine");
            assert!(dialect.doubts().is_empty(), "{}", dialect.doubts());
            assert!(!text.contains("NAME"));
        }
    }
}
