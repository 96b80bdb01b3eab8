//! What a scenario may need of a server, by name.

use std::fmt;

use super::model::Need;

impl Need {
    /// All of them.
    pub const ALL: [Need; 8] = [
        Need::Rooms,
        Need::Destroy,
        Need::RoomLimit,
        Need::PeerJoined,
        Need::PeerLeft,
        Need::Trickle,
        Need::Bye,
        Need::Restart,
    ];

    /// The name as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Need::Rooms => "rooms",
            Need::Destroy => "destroy",
            Need::RoomLimit => "room-limit",
            Need::PeerJoined => "peer-joined",
            Need::PeerLeft => "peer-left",
            Need::Trickle => "trickle",
            Need::Bye => "bye",
            Need::Restart => "restart",
        }
    }

    /// The need of this name.
    pub fn parse(name: &str) -> Option<Need> {
        Need::ALL.into_iter().find(|need| need.as_str() == name)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
