//! The names everything else is told by: peers, rooms, links, stacks.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Takes the name as it is; the scenario reader has already checked its shape.
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether any server can be expected to take it: 1 to 36 (a UUID's length) of A-Z, a-z, 0-9, `_` and `-`.
            pub fn is_plain(&self) -> bool {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                (1..=36).contains(&self.0.len()) && self.0.bytes().all(plain)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

name! {
    /// A peer of a scenario: `alice`.
    PeerName
}
name! {
    /// A room of a scenario: `lobby`.
    RoomName
}

/// The part of a window in which a page is shown, in CSS pixels: `390x844`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewport {
    /// From [`Viewport::LEAST`] to [`Viewport::MOST`], as the height.
    pub width: u16,
    /// Its height.
    pub height: u16,
}

impl Viewport {
    /// Less is no window that anybody has.
    pub const LEAST: u16 = 100;
    /// More would take hundreds of megabytes to paint.
    pub const MOST: u16 = 4000;
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Viewport {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let side = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
            let side = text.parse().ok().filter(|_| plain);
            side.filter(|side| (Self::LEAST..=Self::MOST).contains(side))
                .ok_or(())
        };
        let (width, height) = text.split_once('x').ok_or(())?;
        Ok(Self {
            width: side(width)?,
            height: side(height)?,
        })
    }
}

/// What plays a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stack {
    /// The `webrtc` crate, in the harness's own process.
    Native,
    /// Chromium through chromedriver.
    Chromium,
    /// Firefox, which speaks WebDriver BiDi by itself.
    Firefox,
    /// Signaling only: a WebSocket and no connection.
    Wire,
}

impl Stack {
    /// Every stack that can connect, in the order in which casts are listed.
    pub const CONNECTING: [Stack; 3] = [Stack::Native, Stack::Chromium, Stack::Firefox];

    /// The name as scenario files and the command line write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stack::Native => "native",
            Stack::Chromium => "chromium",
            Stack::Firefox => "firefox",
            Stack::Wire => "wire",
        }
    }

    /// Whether a browser plays it.
    pub fn is_browser(self) -> bool {
        matches!(self, Stack::Chromium | Stack::Firefox)
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stack {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Stack::Native, Stack::Chromium, Stack::Firefox, Stack::Wire]
            .into_iter()
            .find(|stack| stack.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is no stack: expected native, chromium, firefox or wire")
            })
    }
}

/// One life of a peer's signaling connection: `bob`, and after a rejoin `bob#2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Whose connection it is.
    pub peer: PeerName,
    /// Which of that peer's connections, from 1.
    pub instance: u32,
}

impl Link {
    /// The nth connection of this peer, from 1.
    pub fn new(peer: impl Into<PeerName>, instance: u32) -> Self {
        let peer = peer.into();
        Self { peer, instance }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instance {
            0 | 1 => write!(f, "{}", self.peer),
            n => write!(f, "{}#{n}", self.peer),
        }
    }
}

/// Whether it can be a name that a file gives to something of its own (a tag, a parameter, a sequence): `[A-Za-z0-9_-]{1,32}`
pub(crate) fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
