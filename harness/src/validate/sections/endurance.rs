//! 9: endurance: the same thing over and over, and much at once. Strangers do it, beside a pair that is there before and signals on after.

use crate::laws::Law;
use crate::scenario::Strain;
use crate::validate::case::{Case, ENDURES, Number, PATIENCE, Section, Source};

const NUMBER: u8 = 9;

/// How often, or how many. The whole section takes less than 20 s of a debug build on the reference server.
const VISITS: u32 = 300;
const ROOMS: u32 = 200;
const LINES: u32 = 300;
const RETURNS: u32 = 100;
const CROWD: u32 = 1000;
const IN_ONE_ROOM: u32 = 30;
const SIGNALS: u32 = 10_000;
const EACH_WAY: u32 = 2000;
/// Five a second.
const BESIDE_A_FLOOD: u32 = 24;
/// Each of 8 kB: more than the system's own buffers hold.
const TO_THE_DEAF: u32 = 1200;
const TURNOVER: u32 = 100;
/// Of ten thousand codes one is drawn twice with 98 in 100.
const STANDING: u32 = 300;
/// Of them the first that is too much is told.
const TILL_TOLD: u32 = 2000;

/// As many signals as any call may have.
const OF_A_CALL: u32 = 32;

/// What each of them may take, on a machine that has much else to do.
const WITHIN: &str = "90s";

pub(super) fn section() -> Section {
    Section {
        number: NUMBER,
        name: "endurance",
        asks: "whether nothing grows and nobody starves, however often something is done, and by however many",
        cases: ROWS
            .iter()
            .zip(1..)
            .map(|(row, number)| row.case(number))
            .collect(),
    }
}

/// A case: its number follows from its place, so new ones go to the end.
struct Row {
    title: &'static str,
    source: Source,
    why: &'static str,
    by: Strain,
    times: u32,
    broken_by: &'static str,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { title: "who comes and goes on one line is let in each time", source: Source::Dialect(ENDURES), by: Strain::Visits, times: VISITS, broken_by: "tires-of-a-line",
        why: "A page that goes from room to room keeps its line for days." },
    Row { title: "rooms that are made and left leave no room short", source: Source::Dialect(ENDURES), by: Strain::Rooms, times: ROOMS, broken_by: "runs-out-of-rooms",
        why: "What is kept of each is missing one day." },
    Row { title: "lines that are closed make place for others", source: Source::Dialect(ENDURES), by: Strain::Lines, times: LINES, broken_by: "counts-lines-for-ever",
        why: "Who counts those that come and not those that go is full one day." },
    Row { title: "lines that are reset make place for others", source: Source::Dialect(ENDURES), by: Strain::Losses, times: LINES, broken_by: "counts-lines-for-ever",
        why: "Most lines end so, by another way through the code." },
    Row { title: "one who is lost comes back by his name as often as he is", source: Source::Dialect(ENDURES), by: Strain::Returns, times: RETURNS, broken_by: "tires-of-an-id",
        why: "A phone on a train is lost a hundred times an hour." },
    Row { title: "many lines stand at once, and others meet beside them", source: Source::Dialect(ENDURES), by: Strain::Crowd, times: CROWD, broken_by: "few-lines-at-once",
        why: "All come when a broadcast begins." },
    Row { title: "who comes into a full house is told of all who are inside", source: Source::Dialect(ENDURES), by: Strain::FullRoom, times: IN_ONE_ROOM, broken_by: "cuts-long-lists",
        why: "He has no connection to those whom he is not told of." },
    Row { title: "of very many signals in a row each arrives, once, in order", source: Source::Law(Law::RelayedOnceInOrder), by: Strain::Signals, times: SIGNALS, broken_by: "loses-each-thousandth",
        why: "A call that is renegotiated for hours says as much." },
    Row { title: "of very many signals that cross each arrives, once, in order", source: Source::Law(Law::RelayedOnceInOrder), by: Strain::Dialogue, times: EACH_WAY, broken_by: "loses-each-thousandth",
        why: "The same with both at work." },
    Row { title: "who floods takes nothing from a pair that talks", source: Source::Law(Law::GarbageHarmsNobodyElse), by: Strain::Flood, times: BESIDE_A_FLOOD, broken_by: "loses-others-in-a-flood",
        why: "One page with a loop in it must not end every call. The pair says five things a second; who is refused them and told so may share a limit of his address, which is a fact." },
    Row { title: "who never reads takes nothing from a pair that talks", source: Source::Law(Law::GarbageHarmsNobodyElse), by: Strain::Deaf, times: TO_THE_DEAF, broken_by: "waits-for-who-does-not-read",
        why: "What waits for him must not keep others waiting." },
    Row { title: "the descriptors and processes of lines that have ended are given back", source: Source::Dialect(ENDURES), by: Strain::Turnover, times: TURNOVER, broken_by: "leaks-descriptors",
        why: "A server that has none left lets nobody in, and cannot even say so." },
    Row { title: "how long signals take beside one who floods", source: Source::Nobody, by: Strain::Flood, times: BESIDE_A_FLOOD, broken_by: "",
        why: "A call is set up by some ten of them, one after the other." },
    Row { title: "how much more memory is held when lines have come and gone", source: Source::Nobody, by: Strain::Turnover, times: TURNOVER, broken_by: "",
        why: "What grows by each of them has no end." },
    Row { title: "who was told that he says too much, and pauses for 5 s, is answered again", source: Source::Dialect("answers-within"), by: Strain::Respite, times: TILL_TOLD, broken_by: "forgets-who-said-too-much",
        why: "A page that was too fast once must not have to be loaded anew. Who is told so again may be kept out for longer, which is a fact; who gets no word is forgotten." },
    Row { title: "rooms that stand at once have ids that differ", source: Source::Every("create"), by: Strain::StandingRooms, times: STANDING, broken_by: "gives-names-again",
        why: "Codes that are short enough to be typed are soon drawn twice, and who does not look puts strangers together." },
    Row { title: "how much more memory is held for one who never reads", source: Source::Nobody, by: Strain::Unread, times: TO_THE_DEAF, broken_by: "",
        why: "A page that hangs reads nothing for hours, and its line stands." },
];

impl Row {
    fn case(&self, number: u16) -> Case {
        Case {
            number: Number {
                section: NUMBER,
                case: number,
            },
            title: self.title.into(),
            why: self.why.into(),
            source: self.source,
            steps: self.steps().into(),
            native: false,
            broken_by: self.broken_by,
            patience: PATIENCE,
        }
    }

    /// Once before, to see that it can be done at all; then so often; then whoever was there signals on, and others meet.
    fn steps(&self) -> String {
        let by = self.by.as_str();
        let (before, once) = match self.by {
            Strain::FullRoom => (by, 2),
            // What a flood leaves behind would do harm to the control.
            Strain::Flood => (Strain::Signals.as_str(), 1),
            _ => (by, 1),
        };
        let times = self.times;
        // The same without the strain, where what may be lost in it may be lost without it as well.
        let calm = match self.by {
            Strain::Flood => Some((Strain::Signals, times)),
            Strain::Deaf | Strain::Unread | Strain::Respite => Some((Strain::Signals, OF_A_CALL)),
            Strain::Signals | Strain::Dialogue => Some((self.by, OF_A_CALL)),
            _ => None,
        };
        let calm = calm.map_or_else(String::new, |(by, times)| {
            let by = by.as_str();
            format!("calm strain: {{ by: {by}, times: {times}, within: {WITHIN} }}\n")
        });
        format!(
            "given meet\n\
            given strain: {{ by: {before}, times: {once}, within: {WITHIN} }}\n\
            harm strain: {{ by: {by}, times: {times}, within: {WITHIN} }}\n\
            {calm}\
            then tell bob alice offer\n\
            then tell alice bob answer\n\
            then apart\n\
            then tell dave carol offer"
        )
    }
}
