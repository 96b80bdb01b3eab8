//! Lines to the server, and what passes on them.

use super::steps::TraceBuilder;
use crate::names::{Link, PeerName};
use crate::record::{Digest, Seq, What};
use crate::signaling::{Kind, Notice, Request, Signal, Word};
use crate::terms::{Carrier, Direction, Ending, Fate, Side};

/// A message, but for what all have in common.
struct Message<'a> {
    link: &'a Link,
    direction: Direction,
    word: Word,
    about: Option<&'a str>,
    fate: Fate,
}

impl TraceBuilder {
    /// The server lets a link in, because of the step that runs.
    pub fn connect(&mut self, link: &Link) -> Seq {
        let cause = self.step.unwrap_or(0);
        self.add(What::LinkUp { link: link.clone() }, &[cause])
    }

    /// A link ends, as the tap sees it: who has ended it, and how.
    pub fn ends(&mut self, link: &Link, by: Side, ending: Ending, cause: &[Seq]) -> Seq {
        let link = link.clone();
        self.add(What::LinkDown { link, by, ending }, cause)
    }

    /// A request on its way up.
    pub fn ask(&mut self, link: &Link, request: Request, cause: &[Seq]) -> Seq {
        let message = Message {
            link,
            direction: Direction::Up,
            word: Word::Request { request },
            about: None,
            fate: Fate::Passed,
        };
        self.message(message, cause)
    }

    /// A reply or news on its way down; of news: whom it is about.
    pub fn tell(&mut self, link: &Link, notice: Notice, about: Option<&str>, cause: &[Seq]) -> Seq {
        let message = Message {
            link,
            direction: Direction::Down,
            word: Word::Notice { notice },
            about,
            fate: Fate::Passed,
        };
        self.message(message, cause)
    }

    /// A signal on its way up, and what the tap did with it.
    pub fn up(&mut self, from: &Link, to: &str, signal: Signal, fate: Fate, cause: &[Seq]) -> Seq {
        let message = Message {
            link: from,
            direction: Direction::Up,
            word: signal_word(to, signal),
            about: Some(to),
            fate,
        };
        self.message(message, cause)
    }

    /// A signal on its way down, and what the tap did with it. The server has no causes: of which sending it is the delivery is for the
    /// facts to find.
    pub fn down(&mut self, to: &Link, from: &str, signal: Signal, fate: Fate) -> Seq {
        let message = Message {
            link: to,
            direction: Direction::Down,
            word: signal_word(from, signal),
            about: Some(from),
            fate,
        };
        self.message(message, &[])
    }

    /// A peer hears a message.
    pub fn hears(&mut self, link: &Link, kind: Kind, about: Option<&str>, message: Seq) -> Seq {
        let hears = What::Hears {
            peer: link.peer.clone(),
            link: link.clone(),
            kind,
            about: about.map(PeerName::new),
        };
        self.add(hears, &[message])
    }

    fn message(&mut self, message: Message<'_>, cause: &[Seq]) -> Seq {
        let Message {
            link,
            direction,
            word,
            about,
            fate,
        } = message;
        // What has derived its serialisation fails at no word.
        let text = serde_json::to_string(&word).unwrap_or_default();
        let digest = match &word {
            Word::Signal { signal, .. } => content(signal),
            Word::Request { .. } | Word::Notice { .. } => text.clone(),
        };
        let what = What::Message {
            link: link.clone(),
            direction,
            carrier: Carrier::Text,
            size: text.len(),
            word: Some(word),
            about: about.map(PeerName::new),
            fate,
            // The same bytes have the same digest in every trace that is made by hand.
            digest: Digest::public().of(digest.as_bytes()).into(),
            text,
            of: None,
            number: None,
        };
        self.add(what, cause)
    }
}

fn signal_word(peer: &str, signal: Signal) -> Word {
    let peer = Some(peer.to_owned());
    Word::Signal { peer, signal }
}

/// What of a signal must arrive unchanged.
fn content(signal: &Signal) -> String {
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => sdp.to_string(),
        Signal::Candidate { candidate } => serde_json::to_string(candidate).unwrap_or_default(),
        Signal::EndOfCandidates | Signal::Bye => String::new(),
    }
}
