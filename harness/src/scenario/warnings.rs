//! What a scenario may say, and probably does not mean.

use super::casting::wire_peers;
use super::model::{Action, Answer, Offers, Scenario, Step};
use super::old_news::{self, Early};
use super::read::idle_key;
use super::text::target_text;
use super::unseen;
use crate::mistake::{Mistake, Mistakes};
use crate::names::PeerName;
use crate::source::Span;
use crate::yaml::{self, Key, Node, Value};

impl Scenario {
    /// All that is allowed in it, and probably not meant, in the order of the file; what stands in a file of sequences comes last.
    pub fn warnings(&self) -> Mistakes {
        let mut warnings = Mistakes::new(self.source.clone());
        for (span, why) in self.doubts() {
            warnings.warn(&span, why);
        }
        self.idle_keys(&mut warnings);
        for early in old_news::early(self) {
            self.tell_early(&early, &mut warnings);
        }
        for (step, target) in unseen::steps(self) {
            let found = format!(
                "no step of this scenario ever finds {}",
                target_text(target)
            );
            self.warn(step, found, &mut warnings)
                .expect("what never was there is gone, too, and what is spelt otherwise")
                .advise("`see` it where it is there, in whatever step; if it is never to be there at all, this is right");
        }
        for step in self.steps.iter().flat_map(Step::with_inner) {
            self.contradicts(step, &mut warnings);
            self.comes_in_twice(step, &mut warnings);
        }
        warnings.sort();
        warnings
    }

    /// Warns of a step, where it stands.
    fn warn<'w>(&self, step: &Step, found: String, warnings: &'w mut Mistakes) -> &'w mut Mistake {
        step.enter(self, warnings);
        warnings.warn(&step.span, found)
    }

    /// A `join` that says of offering what its peer's policy denies.
    fn contradicts(&self, step: &Step, warnings: &mut Mistakes) {
        let Action::Join {
            peer,
            offer: Some(offer),
            ..
        } = &step.action
        else {
            return;
        };
        let Some((_, spec)) = self.peers.iter().find(|(name, _)| name == peer) else {
            return;
        };
        let (policy, then) = match (spec.offers(), *offer) {
            (_, true) if spec.manual => {
                let found = format!("{peer} negotiates by hand, and is to offer by itself");
                self.warn(step, found, warnings)
                    .expect("nothing comes of `offer: true`")
                    .advise("say `negotiate`, or leave `negotiation: manual` out");
                return;
            }
            (_, false) if spec.manual => return,
            (Offers::Insider, true) => ("insider", "it offers to those inside this time"),
            (Offers::Nobody, true) => ("nobody", "it offers this time"),
            (Offers::Both, false) => ("both", "it offers to nobody inside this time"),
            // The default is what `offer: false` is there for.
            (Offers::Joiner, false) if self.said_of(peer, "offers").is_some() => {
                ("joiner", "it does not offer this time")
            }
            (Offers::Joiner, _)
            | (Offers::Insider | Offers::Nobody, false)
            | (Offers::Both, true) => return,
        };
        let found = format!("`offer: {offer}`, and {peer} is `offers: {policy}`");
        self.warn(step, found, warnings)
            .expect(format!("the step wins: {then}"))
            .advise("leave one of the two out, unless this one time is meant to be another");
    }

    /// Two requests of one peer at once that are both to be granted.
    fn comes_in_twice(&self, step: &Step, warnings: &mut Mistakes) {
        let Action::Together(together) = &step.action else {
            return;
        };
        let mut seen: Vec<&PeerName> = Vec::new();
        for inner in &together.steps {
            let Action::Join {
                peer,
                answer: Answer::Granted,
                ..
            } = &inner.action
            else {
                continue;
            };
            if seen.contains(&peer) {
                let found =
                    format!("{peer} asks to come in twice at once, and both are to be granted");
                self.warn(inner, found, warnings)
                    .expect("a server may refuse the one that it takes second")
                    .advise("say `answer: any` in both, and `let-in: 1` if one is to be granted");
            }
            seen.push(peer);
        }
    }

    fn tell_early(&self, early: &Early<'_>, warnings: &mut Mistakes) {
        let Early {
            step,
            peer,
            kind,
            since,
            of,
            says_whom,
        } = early;
        let found =
            format!("old news may satisfy this: {peer} hears `{kind}` of {of} since step {since}");
        let advice = match says_whom {
            true => format!("`await` that one as well, after step {since}"),
            false => format!("say `from:`, or `await` that one as well, after step {since}"),
        };
        self.warn(step, found, warnings)
            .expect("each word heard satisfies one wait, those before this step included")
            .advise(advice);
    }

    /// Policies of those who only signal for want of a `stack:`; who is pinned to `wire` cannot have them at all.
    fn idle_keys(&self, warnings: &mut Mistakes) {
        let wire = wire_peers(&self.peers, &self.mixes);
        for (name, spec) in &self.peers {
            let idle = idle_key(spec).filter(|_| wire.get(name) == Some(&true));
            if let Some((key, span)) = idle.and_then(|key| Some((key, self.said_of(name, key)?))) {
                warnings
                    .warn(&span, format!("{name} only signals, and has `{key}`"))
                    .expect("this is about a connection")
                    .advise(format!(
                        "a cast varies the first two peers, further ones are wire; pin it: `{name}: {{ stack: native, … }}`"
                    ));
            }
        }
    }

    /// Where the file names a peer.
    pub(crate) fn span_of_peer(&self, peer: &PeerName) -> Span {
        let mut unread = Mistakes::new(self.source.clone());
        let root = yaml::parse(&self.source.text, &mut unread);
        let peers = root.as_ref().and_then(|root| entry(root, "peers"));
        let named = peers.map(|(key, peers)| {
            let own = entry(peers, peer.as_str()).map(|(key, _)| key);
            own.unwrap_or(key).span.clone()
        });
        named.unwrap_or(Span {
            bytes: 0..0,
            line: 1,
        })
    }

    /// Where the file says this of a peer, if it does.
    fn said_of(&self, peer: &PeerName, key: &str) -> Option<Span> {
        let mut unread = Mistakes::new(self.source.clone());
        let root = yaml::parse(&self.source.text, &mut unread)?;
        let (_, peers) = entry(&root, "peers")?;
        let (_, spec) = entry(peers, peer.as_str())?;
        entry(spec, key).map(|(key, _)| key.span.clone())
    }
}

impl Step {
    /// From now on what is noted is in the file that this step stands in.
    pub(crate) fn enter(&self, scenario: &Scenario, notes: &mut Mistakes) {
        match &self.via {
            Some(via) => notes.enter(&via.source, Some(via.used_in(&scenario.source))),
            None => notes.leave(),
        }
    }
}

fn entry<'n>(node: &'n Node, wanted: &str) -> Option<&'n (Key, Node)> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text == wanted),
        _ => None,
    }
}
