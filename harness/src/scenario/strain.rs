//! What strangers do so often that a server shows what it keeps of each.

/// What is done, over and over or all at once, by strangers whom the scenario does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strain {
    /// One comes into a room and leaves it.
    Visits,
    /// One makes a room and leaves it, a new one each time.
    Rooms,
    /// One opens a line and closes it.
    Lines,
    /// The same, and the line is reset.
    Losses,
    /// One comes back by its id, into the same room.
    Returns,
    /// So many lines stand at once.
    Crowd,
    /// So many are in one room.
    FullRoom,
    /// One tells another so many things.
    Signals,
    /// Two tell each other so many things, both at once.
    Dialogue,
    /// A pair tells so many things, five a second, beside one who says thousands, and goes on if it is refused or put out.
    Flood,
    /// A pair goes on while one who does not read is told so many things.
    Deaf,
    /// Lines and rooms come and go, and what the server's processes hold is looked at before and after.
    Turnover,
    /// One says so many things until it is told that they are too many, pauses for 5 s, and is served again.
    Respite,
    /// A line ends in the moment in which who speaks on it asks to come into a room, and then others come in.
    TornJoins,
    /// So many rooms stand at once, each made on a line of its own, and the server names them.
    StandingRooms,
    /// One is told so many things and reads them, and then as many that he does not read; what the server's processes hold is looked at.
    Unread,
}

impl Strain {
    /// All of them.
    pub const ALL: [Strain; 16] = [
        Strain::Visits,
        Strain::Rooms,
        Strain::Lines,
        Strain::Losses,
        Strain::Returns,
        Strain::Crowd,
        Strain::FullRoom,
        Strain::Signals,
        Strain::Dialogue,
        Strain::Flood,
        Strain::Deaf,
        Strain::Turnover,
        Strain::Respite,
        Strain::TornJoins,
        Strain::StandingRooms,
        Strain::Unread,
    ];

    /// The words, as files write them.
    pub(crate) const WORDS: [&'static str; Self::ALL.len()] = {
        let mut words = [""; Self::ALL.len()];
        let mut at = 0;
        while at < words.len() {
            words[at] = Self::ALL[at].as_str();
            at += 1;
        }
        words
    };

    /// The word, as files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strain::Visits => "visits",
            Strain::Rooms => "rooms",
            Strain::Lines => "lines",
            Strain::Losses => "losses",
            Strain::Returns => "returns",
            Strain::Crowd => "crowd",
            Strain::FullRoom => "full-room",
            Strain::Signals => "signals",
            Strain::Dialogue => "dialogue",
            Strain::Flood => "flood",
            Strain::Deaf => "deaf",
            Strain::Turnover => "turnover",
            Strain::Respite => "respite",
            Strain::TornJoins => "torn-joins",
            Strain::StandingRooms => "standing-rooms",
            Strain::Unread => "unread",
        }
    }

    /// That of this word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}
