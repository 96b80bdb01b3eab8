//! Whether the dialect promises what a case rests on.

use super::case::{
    ABSENT_ERROR, ANY_NAME, BEARS, Case, DESTROY_BY, ENDURES, JOINING, KEEPS, LEAST_KEPT, NOTICES,
    OTHERS_LOGIN, OTHERS_TICKET, QUEUES, ROOM_END, Source, TAKES, WRONG_LOGIN,
};
use super::silence;
use crate::signaling::{AbsentPeer, Dialect, Properties, Reason};

/// Whether it is: where not, it is asked all the same, and what is seen is a fact.
pub(super) fn is_promised(case: &Case, dialect: &Dialect) -> bool {
    let promised = dialect.properties();
    let refuses = |reason| promised.refusals.has(reason);
    let Source::Dialect(key) = case.source else {
        return true;
    };
    match key {
        ENDURES => promised.endures,
        QUEUES => promised.absent_peer == Some(AbsentPeer::Queue),
        ABSENT_ERROR => promised.absent_peer == Some(AbsentPeer::Error),
        WRONG_LOGIN => refuses(Reason::WrongLogin),
        OTHERS_LOGIN => refuses(Reason::OthersLogin),
        OTHERS_TICKET => refuses(Reason::OthersTicket),
        TAKES => promised.takes_up_to.is_some(),
        NOTICES => !case.waits() || silence::is_promised(case, dialect),
        BEARS => promised.bears_standstill,
        DESTROY_BY => promised.destroy_by.is_some(),
        ROOM_END => promised.tells_room_end,
        ANY_NAME => promised.takes_any_name,
        JOINING => promised.announces_joining_within.is_some(),
        LEAST_KEPT => promised.keeps_places_at_least.is_some(),
        _ => true,
    }
}

/// Whether what a case asks is declared, where that is a flag, and no step needs it: where not, it is not asked.
pub(super) fn is_declared(key: &str, promised: &Properties) -> bool {
    match key {
        "frees-empty-rooms" => promised.frees_empty_rooms,
        "rooms-apart" => promised.rooms_apart,
        "announces-leaving-within" => promised.announces_leaving_within.is_some(),
        // Who keeps what is said until its time is over may keep it for a name.
        KEEPS => promised.keeps_places.is_some() || promised.absent_peer != Some(AbsentPeer::Queue),
        _ => true,
    }
}
