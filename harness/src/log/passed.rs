//! What a scenario expects of the trace itself, which the log folds and sorts: in which order lines passed on one link's wire, and how often a
//! line is there.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::expect::{Watch, matches};
use super::roles::Called;
use crate::facts::Facts;
use crate::names::{Link, PeerName};
use crate::record::{Event, Seq, What, let_in};
use crate::scenario::OneLink;
use crate::signaling::{Kind, Terms};

/// One event of a trace, in every way in which it is written by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its number.
    pub event: Seq,
    /// The link on whose wire it passed.
    pub link: Option<Link>,
    /// What an outcome has its peer called.
    pub called: Option<PeerName>,
    /// One event, however many ways to write it. Never empty.
    pub forms: Vec<String>,
}

impl Passed {
    /// Whether a line of an expectation means it.
    pub fn is(&self, pattern: &str) -> bool {
        self.forms.iter().any(|form| matches(pattern, form))
    }

    /// As a person reads it.
    pub fn text(&self) -> &str {
        self.forms.first().map_or("", String::as_str)
    }
}

/// All that is written of these events, in the order of the trace. The harness's own last requests and their answers are left out.
pub fn passed<E: Borrow<Event>>(events: &[E], terms: &Terms) -> Vec<Passed> {
    let counted = let_in(events);
    let facts = Facts::of(events, terms);
    let mut watch = Watch::new::<&str>(&[], terms);
    let named = named(events);
    let mut all = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let event = event.borrow();
        let called = named.iter().rfind(|(since, _)| *since <= event.seq);
        let forms = match called {
            Some((_, called)) => watch.lines_called(event, called),
            None => watch.lines(event),
        };
        let fence = |at: usize| kind(events[at].borrow()) == Some(Kind::Fence);
        if forms.is_empty() || fence(i) || facts.answers(i).is_some_and(fence) {
            continue;
        }
        all.push(Passed {
            event: event.seq,
            link: wire(&counted[i]).cloned(),
            called: wire(event).and_then(|link| {
                let (name, _) = called?.1.get(&link.peer)?;
                Some(name.clone())
            }),
            forms,
        });
    }
    all
}

/// From which step on everybody is called what.
fn named<E: Borrow<Event>>(events: &[E]) -> Vec<(Seq, Called)> {
    let mut called = Called::new();
    let mut all = Vec::new();
    for event in events.iter().map(Borrow::borrow) {
        if let What::Outcome { names, .. } = &event.what
            && let Some(step) = event.cause.first()
            && !names.is_empty()
        {
            for (name, peer) in names {
                let place = called.len();
                called.insert(peer.clone(), (name.clone(), place));
            }
            all.push((*step, called.clone()));
        }
    }
    all
}

fn kind(event: &Event) -> Option<Kind> {
    match &event.what {
        What::Message { word, .. } => word.as_ref().map(crate::signaling::Word::kind),
        _ => None,
    }
}

fn wire(event: &Event) -> Option<&Link> {
    match &event.what {
        What::Message { link, .. } | What::LinkUp { link } | What::LinkDown { link, .. } => {
            Some(link)
        }
        _ => None,
    }
}

/// Why lines did not pass in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misordered {
    /// The line that did not pass, or passed too early.
    pub index: usize,
    /// It passed at this event, before that line.
    pub early: Option<(Seq, usize)>,
    /// The link that came nearest; none if there was none.
    pub link: Option<Link>,
}

/// Whether lines passed on one of the links that are meant, in this order, and none of a later line before an earlier one.
///
/// # Errors
/// What went wrong on the link that came nearest.
pub fn in_order<S: AsRef<str>>(
    patterns: &[S],
    of: &OneLink,
    passed: &[Passed],
) -> Result<(), Misordered> {
    let mut links: BTreeMap<&Link, Vec<&Passed>> = BTreeMap::new();
    for one in passed {
        let meant = |link: &&Link| {
            (link.peer == of.peer || one.called.as_ref() == Some(&of.peer))
                && of.instance.is_none_or(|number| number == link.instance)
        };
        if let Some(link) = one.link.as_ref().filter(meant) {
            links.entry(link).or_default().push(one);
        }
    }
    let mut nearest = Misordered {
        index: 0,
        early: None,
        link: None,
    };
    let mut most = 0;
    for (link, passed) in links {
        let (found, wrong) = on_one(patterns, &passed);
        let Some((index, early)) = wrong else {
            return Ok(());
        };
        if found >= most {
            most = found;
            nearest = Misordered {
                index,
                early,
                link: Some(link.clone()),
            };
        }
    }
    if patterns.is_empty() {
        Ok(())
    } else {
        Err(nearest)
    }
}

type Wrong = (usize, Option<(Seq, usize)>);

/// How many lines passed in their order on one link, and what is wrong with the next.
fn on_one<S: AsRef<str>>(patterns: &[S], passed: &[&Passed]) -> (usize, Option<Wrong>) {
    let mut found = 0;
    for one in passed {
        let is = |pattern: &S| one.is(pattern.as_ref());
        let Some(next) = patterns.get(found) else {
            break;
        };
        if is(next) {
            found += 1;
        } else if !patterns[..found].iter().any(is)
            && let Some(early) = patterns[found..].iter().position(is)
        {
            return (found, Some((found + early, Some((one.event, found)))));
        }
    }
    let missing = (found < patterns.len()).then_some((found, None));
    (found, missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::PeerName;

    /// What passed, as `alice 1: line`.
    fn trace(lines: &[&str]) -> Vec<Passed> {
        let one = |(at, line): (usize, &&str)| {
            let (link, text) = line.split_once(": ").expect("a link");
            let (peer, number) = link.split_once(' ').expect("a number");
            Passed {
                event: at as Seq,
                called: None,
                link: Some(Link {
                    peer: PeerName::new(peer),
                    instance: number.parse().expect("a number"),
                }),
                forms: vec![text.to_owned()],
            }
        };
        lines.iter().enumerate().map(one).collect()
    }

    fn alice(number: Option<u32>) -> OneLink {
        OneLink {
            peer: PeerName::new("alice"),
            instance: number,
        }
    }

    #[test]
    fn others_may_pass_between_and_lines_may_be_repeated() {
        let passed = trace(&[
            "alice 1: a",
            "alice 1: x",
            "bob 1: c",
            "alice 1: a",
            "alice 1: b",
            "alice 1: c",
        ]);
        assert_eq!(in_order(&["a", "b", "c"], &alice(None), &passed), Ok(()));
        assert_eq!(in_order(&["a", "a", "c"], &alice(None), &passed), Ok(()));
    }

    #[test]
    fn a_later_line_must_not_pass_before_an_earlier_one() {
        let passed = trace(&["alice 1: b", "alice 1: a", "alice 1: b"]);
        let wrong = in_order(&["a", "b"], &alice(None), &passed).expect_err("b was first");
        assert_eq!((wrong.index, wrong.early), (1, Some((0, 0))));
    }

    #[test]
    fn a_line_that_is_missing_is_told() {
        let passed = trace(&["alice 1: a", "bob 1: b"]);
        let wrong = in_order(&["a", "b"], &alice(None), &passed).expect_err("no b");
        assert_eq!((wrong.index, wrong.early), (1, None));
        let none = in_order(&["a"], &alice(Some(3)), &passed).expect_err("no such link");
        assert_eq!((none.index, none.link), (0, None));
    }

    #[test]
    fn one_link_has_to_show_them_all() {
        let passed = trace(&["alice 1: a", "alice 2: b", "alice 3: a", "alice 3: b"]);
        assert_eq!(in_order(&["a", "b"], &alice(None), &passed), Ok(()));
        assert!(in_order(&["a", "b"], &alice(None), &passed[..2]).is_err());
        assert!(in_order(&["a", "b"], &alice(Some(1)), &passed).is_err());
        assert_eq!(in_order(&["a", "b"], &alice(Some(3)), &passed), Ok(()));
    }
}
