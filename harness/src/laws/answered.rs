//! Law 4: every request is answered.

use super::{Breach, Finding, Law, Terms};
use crate::facts::rooms::Rooms;
use crate::signaling::Kind;

/// A request is judged if it has a reply, or if its link was fenced after it.
pub(super) fn judge(rooms: &Rooms, terms: &Terms) -> Finding {
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
        let link = &rooms.links[ask.link];
        let Some(fenced) = link.fenced.filter(|fenced| *fenced > ask.at) else {
            continue;
        };
        if ask.kind == Kind::Leave && !terms.answers_leave {
            continue;
        }
        // An error does not say what it answers: it may have been this.
        if link.refused.is_some_and(|error| error > ask.at) {
            continue;
        }
        finding.premises += 1;
        finding.breaches.push(Breach {
            law,
            event: rooms.events[ask.message].seq,
            because: vec![rooms.events[fenced].seq],
            message: format!(
                "{}'s {} was never answered, though a later request was",
                link.link, ask.kind
            ),
        });
    }
    finding
}
