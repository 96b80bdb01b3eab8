//! Lines of `expect` of which nobody can say whether they were there: they are about messages of a page, and of these none was understood.
//!
//! A page speaks as it was written to, whatever the dialect says. Of one for which there is no dialect yet, every message is unread, and what must
//! never be said would never be said.

use std::sync::Arc;

use super::Case;
use super::hope::cut;
use crate::mistake::shown;
use crate::names::PeerName;
use crate::record::{Event, What};
use crate::scenario::{Line, Place, Worded};
use crate::signaling::Dialect;
use crate::terms::{Carrier, Direction, Fate};

/// Methods that ask for nothing but an answer (RFC 9110, section 9.2.1): how a page gets its files.
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// Why a line that is not there, as it should be, may have been there all the same.
pub(super) fn unanswered(case: &Case, dialect: &Dialect, events: &[Arc<Event>]) -> Option<String> {
    let expect = &case.scenario.expect;
    let never = (1..=expect.never.len()).map(Place::Never);
    let may_lack = |(index, _): &(usize, _)| expect.count[*index].times.has(0);
    let counted = expect.count.iter().enumerate().filter(may_lack);
    let places = never.chain(counted.map(|(index, _)| Place::Count(index + 1)));
    places.into_iter().find_map(|place| {
        let line = expect.line(&place)?;
        let why = misread(case, line, dialect, events)?;
        let at = format!("{}:{}", case.scenario.source.path.display(), line.span.line);
        let place = match place {
            Place::Never(number) => format!("`never`, line {number}"),
            Place::Count(number) => format!("`count`, line {number}"),
            other => other.to_string(),
        };
        Some(format!(
            "{place} ({at}): nobody can tell whether {:?} was there: {why}",
            line.text
        ))
    })
}

/// That none of the messages was understood that a line is about, and what to do; `None` where one was, or there is none.
pub(super) fn misread(
    case: &Case,
    line: &Line,
    dialect: &Dialect,
    events: &[Arc<Event>],
) -> Option<String> {
    let Worded { peer, direction } = line.worded()?;
    let scenario = &case.scenario;
    let meant = peer.as_ref().map(|peer| scenario.may_be(peer));
    let pages = scenario.peers.iter().filter(|(_, spec)| spec.is_app());
    let mut pages = pages
        .map(|(name, _)| name)
        .filter(|name| meant.as_ref().is_none_or(|meant| meant.contains(name)));
    pages.find_map(|page| {
        let (first, number) = unread(page, direction, events)?;
        let (way, more) = match direction {
            Direction::Up => (format!("{page} -> server"), ""),
            Direction::Down => (
                format!("server -> {page}"),
                "; its `ignore:` is for what is no signaling",
            ),
        };
        let messages = if number == 1 { "message" } else { "messages" };
        Some(format!(
            "of {number} {messages} {way} none is understood by the dialect `{}`; the first is {}. Write down how {page}'s page talks to its server: \
             `glare dialect new mine` begins such a file, and `--dialect mine.yaml`, or `dialect = \"mine.yaml\"` in [server] of glare.toml, has it \
             used{more}",
            dialect.name(),
            cut(&shown(first))
        ))
    })
}

/// The first of a page's messages of this direction, and how many there are, if it has some and none is understood.
///
/// What a page says that is no signaling has no place in a dialect. So where its server is understood, what it says itself may well be read by the right
/// dialect and mean nothing.
fn unread<'e>(
    page: &PeerName,
    direction: Direction,
    events: &'e [Arc<Event>],
) -> Option<(&'e str, usize)> {
    let mut first = None;
    let mut number = 0;
    for event in events {
        let What::Message {
            link,
            direction: way,
            carrier,
            word,
            text,
            fate,
            ..
        } = &event.what
        else {
            continue;
        };
        // What a step has made up is not of the page or its server.
        if link.peer != *page || fate.is_made() || *fate == Fate::Corrupted {
            continue;
        }
        let is_meant = *way == direction;
        match word {
            Some(_) if is_meant || direction == Direction::Up => return None,
            None if is_meant && !(*carrier == Carrier::Http && is_of_a_file(text, direction)) => {
                first = first.or(Some(text.as_str()));
                number += 1;
            }
            _ => {}
        }
    }
    Some((first?, number))
}

/// Whether a request, or the answer to one, is for a file and no message.
fn is_of_a_file(text: &str, direction: Direction) -> bool {
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let method = head.split_ascii_whitespace().next().unwrap_or_default();
    SAFE.contains(&method) || (direction == Direction::Down && body.trim().is_empty())
}
