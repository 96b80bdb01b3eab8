//! Named mixes of stacks: the casts that a scenario is played with, in place of every one.

use std::collections::BTreeMap;

use super::Reader;
use crate::mistake::quoted;
use crate::names::{PeerName, Stack, is_name};
use crate::scenario::cast::{Cast, Mix};
use crate::scenario::model::PeerSpec;
use crate::scenario::table::MAX_MIXES;
use crate::yaml::{Node, word};

const SHAPE: &str = "mixes by name: `native: {}`, `mixed: { alice: chromium, bob: firefox }`";

impl Reader<'_> {
    /// `casts:`; whom a mix leaves out is native (a page: Chromium), or as `peers:` pins it.
    pub(super) fn casts(&mut self, node: &Node, peers: &[(PeerName, PeerSpec)]) -> Vec<Mix> {
        let entries = node.map(SHAPE, self.mistakes).unwrap_or_default();
        if entries.is_empty() {
            node.wrong(SHAPE, self.mistakes);
        }
        if let Some((key, _)) = entries.get(MAX_MIXES) {
            self.mistakes
                .add(&key.span, format!("{} mixes", entries.len()))
                .expect(format!("at most {MAX_MIXES}"));
        }
        let mut mixes: Vec<Mix> = Vec::new();
        for (key, node) in entries {
            if !is_name(&key.text) {
                self.mistakes
                    .add(
                        &key.span,
                        format!("{} cannot be the name of a mix", quoted(&key.text)),
                    )
                    .expect("1 to 32 of: A-Z a-z 0-9 _ -");
                continue;
            }
            let Some(cast) = self.mix(node, peers) else {
                continue;
            };
            if let Some(there) = mixes.iter().find(|mix| mix.cast == cast) {
                let found = format!("the mix `{}` is `{}` once more", key.text, there.name);
                self.mistakes.add(&key.span, found).expect("each mix once");
                continue;
            }
            let name = key.text.clone();
            mixes.push(Mix { name, cast });
        }
        mixes
    }

    /// One of them; `None` if it has a mistake.
    fn mix(&mut self, node: &Node, peers: &[(PeerName, PeerSpec)]) -> Option<Cast> {
        const STACKS: &[&str] = &["native", "chromium", "firefox", "wire"];
        let mut stacks: BTreeMap<PeerName, Stack> = (peers.iter())
            .map(|(name, spec)| (name.clone(), spec.stack.unwrap_or(spec.stacks()[0])))
            .collect();
        let shape = "a stack for each peer that is not native: `{ alice: chromium }`";
        let mut is_whole = true;
        let entries = match &node.value {
            crate::yaml::Value::Scalar(scalar) if scalar.is_null() => &[][..],
            _ => node.map(shape, self.mistakes)?,
        };
        for (key, node) in entries {
            let Some((name, spec)) = peers.iter().find(|(name, _)| name.as_str() == key.text)
            else {
                let names = || peers.iter().map(|(name, _)| name.as_str());
                self.mistakes
                    .add(
                        &key.span,
                        format!("{} is nobody in this scenario", quoted(&key.text)),
                    )
                    .expect(format!(
                        "its peers: {}",
                        names().collect::<Vec<_>>().join(", ")
                    ))
                    .suggest(&key.text, names());
                is_whole = false;
                continue;
            };
            let stack = word(node, STACKS, self.mistakes).and_then(|word| word.parse().ok());
            let Some(stack) = stack else {
                is_whole = false;
                continue;
            };
            if let Some(pinned) = spec.stack.filter(|pinned| *pinned != stack) {
                self.mistakes
                    .add(&node.span, format!("`{name}` is pinned to {pinned}"))
                    .expect("in `peers:`, for every cast")
                    .advise("leave its `stack:` out there, or its mix here");
                is_whole = false;
                continue;
            }
            if spec.is_app() && !stack.is_browser() {
                self.mistakes
                    .add(
                        &node.span,
                        format!("`{name}` is a page, and no {stack} plays one"),
                    )
                    .expect("`chromium`, which it is where a mix leaves it out, or `firefox`");
                is_whole = false;
                continue;
            }
            stacks.insert(name.clone(), stack);
        }
        is_whole.then(|| stacks.into_iter().collect())
    }
}
