//! Law 4: every request is answered, and what is relayed where that is declared.

use super::owed_answers::OwedAnswers;
use super::{Breach, Finding, Law};
use crate::facts::post::Post;
use crate::facts::rooms::{Ask, NumberOf, Rooms};
use crate::signaling::Kind;
use crate::signaling::Terms;

/// Where requests have numbers that their answers repeat, an answer has that of a request of whoever hears it, and no request has the same one twice.
///
/// A request is judged if it has a reply, if its link was fenced after it, or if the trace goes on for longer than the time that is
/// promised, with nothing in the way of an answer.
pub(super) fn judge(rooms: &Rooms, post: &Post, terms: &Terms) -> Finding {
    let law = Law::RequestsAreAnswered;
    let mut finding = Finding {
        law,
        premises: 0,
        breaches: Vec::new(),
    };
    for ask in &rooms.asks {
        if ask.reply.is_some() {
            finding.premises += 1;
            continue;
        }
        // Of what is relayed it is declared who owes what: see `owed_answers`.
        if ask.kind.is_signal() {
            continue;
        }
        // The server has no answer to it.
        if ask.granted {
            continue;
        }
        let link = &rooms.links[ask.link];
        let fenced = link.fenced.filter(|fenced| *fenced > ask.at);
        let Some(shown) = fenced.or_else(|| overdue(rooms, ask, terms)) else {
            continue;
        };
        if ask.kind == Kind::Leave && !terms.answers_leave {
            continue;
        }
        // An error does not say what it answers, and of what nobody understands nobody knows: it may have been this.
        let may_be = [link.refused, link.unread];
        if may_be.iter().flatten().any(|came| *came > ask.at) {
            continue;
        }
        finding.premises += 1;
        finding.breaches.push(Breach {
            law,
            event: rooms.events[ask.message].seq,
            because: vec![rooms.events[shown].seq],
            message: match fenced {
                Some(_) => format!(
                    "{}'s {} was never answered, though a later request was",
                    link.link, ask.kind
                ),
                None => format!(
                    "{}'s {} was never answered, and neither was anything after it",
                    link.link, ask.kind
                ),
            },
        });
    }
    let owed = OwedAnswers::of(rooms, post, terms);
    finding.premises += owed.breaches.len() + rooms.repeated.len();
    finding.breaches.extend(owed.breaches);
    finding.breaches.extend(rooms.repeated.iter().map(|one| {
        let line = &rooms.links[one.link].link;
        Breach {
            law,
            event: rooms.events[one.at].seq,
            because: vec![rooms.events[one.of].seq],
            message: format!(
                "{line} was given one more answer to its {}, each of which was answered before",
                one.kind
            ),
        }
    }));
    for one in &rooms.misnumbered {
        let (under, message) = match one.of {
            NumberOf::Another(by, message) => (
                format!(
                    "an answer under the number of something that {} said",
                    rooms.links[by].link
                ),
                Some(message),
            ),
            NumberOf::Answered(message) => (
                "a second answer under the number of one request".to_owned(),
                Some(message),
            ),
            NumberOf::Text(message) => (
                "an answer under a text that looks like the number of its request, and is not the same to who looks it up (where it may be a text, \
                 `hear` says `{number|json}`)"
                    .to_owned(),
                Some(message),
            ),
            NumberOf::Number(message) => (
                "an answer under a number that looks like the text which its request has, and is not the same to who looks it up".to_owned(),
                Some(message),
            ),
            NumberOf::Nobody => (
                "an answer under a number that nobody has said".to_owned(),
                None,
            ),
        };
        finding.premises += 1;
        finding.breaches.push(Breach {
            law,
            event: rooms.events[one.at].seq,
            because: (message.iter())
                .map(|message| rooms.events[*message].seq)
                .collect(),
            message: format!("{} was given {under}", rooms.links[one.link].link),
        });
    }
    finding
}

/// The last event, if an answer to this request is overdue by then: a time is promised, the line stood, and nothing kept the server or the
/// tap from moving.
fn overdue(rooms: &Rooms, ask: &Ask, terms: &Terms) -> Option<usize> {
    let promised = terms.answers_within?.saturating_add(terms.slack);
    let promised = u64::try_from(promised.as_micros()).unwrap_or(u64::MAX);
    let link = &rooms.links[ask.link];
    let in_the_way = ask.http
        || link.down.is_some()
        || link.ended.is_some()
        || link.stalled
        || [rooms.paused, rooms.resumed, rooms.restarted]
            .iter()
            .any(|at| at.is_some_and(|at| at > ask.at));
    let end = rooms.events.len().checked_sub(1)?;
    let took = rooms.events[end].at.saturating_sub(rooms.events[ask.at].at);
    (!in_the_way && took > promised.saturating_add(rooms.lag())).then_some(end)
}
