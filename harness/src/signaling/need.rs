//! What a scenario may need of a server, by name.

use std::fmt;

/// What a scenario may need of a server; a dialect declares which of them its server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// `rooms`: create, join, leave by name.
    Rooms,
    /// `destroy`: a request that removes a room.
    Destroy,
    /// `room-limit`: a room of two refuses a third.
    RoomLimit,
    /// `peer-joined`: those inside are told who comes.
    PeerJoined,
    /// `peer-left`: those who stay are told who went.
    PeerLeft,
    /// `trickle`: candidates are relayed one by one.
    Trickle,
    /// `bye`: a relayed goodbye.
    Bye,
    /// `restart`: the harness can end and start the server.
    Restart,
}

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

    /// Their names, as files write them.
    pub const NAMES: [&str; 8] = [
        "rooms",
        "destroy",
        "room-limit",
        "peer-joined",
        "peer-left",
        "trickle",
        "bye",
        "restart",
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
