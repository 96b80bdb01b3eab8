//! Which stack plays which peer.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::model::Scenario;
use super::spelling;
use crate::mistake::{nearest, quoted};
use crate::names::{PeerName, Stack};

/// A stack for each peer: all of a scenario's peers, or, as `--cast` gives it, some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cast(BTreeMap<PeerName, Stack>);

/// Why a cast cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastError {
    /// Not `peer=stack`.
    #[error("{0} is no cast: expected `alice=chromium,bob=native`")]
    Shape(String),
    /// No such stack.
    #[error("{0}")]
    Stack(String),
    /// The same peer twice.
    #[error("`{0}` is cast twice")]
    Twice(PeerName),
    /// The scenario has no such peer.
    #[error("the scenario has no peer {name}{}", help.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NoPeer {
        /// The name, escaped.
        name: String,
        /// One that is near.
        help: Option<String>,
    },
    /// The scenario says otherwise.
    #[error("the scenario pins `{peer}` to {pinned}")]
    Pinned {
        /// Who.
        peer: PeerName,
        /// To what.
        pinned: Stack,
    },
}

impl Cast {
    /// The stack of a peer.
    pub fn get(&self, peer: &PeerName) -> Option<Stack> {
        self.0.get(peer).copied()
    }

    /// Peer by peer, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&PeerName, Stack)> {
        self.0.iter().map(|(peer, stack)| (peer, *stack))
    }

    /// As the trace has it.
    pub fn stacks(&self) -> &BTreeMap<PeerName, Stack> {
        &self.0
    }

    /// Whether a browser takes part.
    pub fn needs_browser(&self) -> bool {
        self.0.values().any(|stack| stack.is_browser())
    }

    /// Whether every peer of `part` plays the same stack here.
    pub fn includes(&self, part: &Cast) -> bool {
        part.iter()
            .all(|(peer, stack)| self.get(peer) == Some(stack))
    }
}

impl FromIterator<(PeerName, Stack)> for Cast {
    fn from_iter<I: IntoIterator<Item = (PeerName, Stack)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl From<Cast> for BTreeMap<PeerName, Stack> {
    fn from(cast: Cast) -> Self {
        cast.0
    }
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (peer, stack)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{peer}={stack}")?;
        }
        Ok(())
    }
}

impl FromStr for Cast {
    type Err = CastError;

    fn from_str(text: &str) -> Result<Self, CastError> {
        let mut stacks = BTreeMap::new();
        for pair in text.split(',').map(str::trim) {
            let (peer, stack) = pair
                .split_once('=')
                .filter(|(peer, _)| spelling::is_room(peer.trim()))
                .ok_or_else(|| CastError::Shape(quoted(pair)))?;
            let stack = stack.trim();
            let stack = stack.parse().map_err(|_| {
                let names = ["native", "chromium", "firefox", "wire"];
                let near = nearest(stack, names).map(|near| format!("; did you mean `{near}`?"));
                CastError::Stack(format!(
                    "{} is no stack: expected {}{}",
                    quoted(stack),
                    names.join(", "),
                    near.unwrap_or_default()
                ))
            })?;
            let peer = PeerName::new(peer.trim());
            if stacks.insert(peer.clone(), stack).is_some() {
                return Err(CastError::Twice(peer));
            }
        }
        Ok(Self(stacks))
    }
}

impl Scenario {
    /// Every cast: the first two peers that are not pinned play each connecting stack in turn, in the order of the file;
    /// further ones are wire peers.
    pub fn casts(&self) -> Vec<Cast> {
        let mut casts = vec![BTreeMap::new()];
        let mut free = 0;
        for (peer, spec) in &self.peers {
            let choice: &[Stack] = match &spec.stack {
                Some(pinned) => std::slice::from_ref(pinned),
                None if free < 2 => {
                    free += 1;
                    &Stack::CONNECTING
                }
                None => &[Stack::Wire],
            };
            casts = casts
                .into_iter()
                .flat_map(|cast| {
                    choice.iter().map(move |stack| {
                        let mut cast = cast.clone();
                        cast.insert(peer.clone(), *stack);
                        cast
                    })
                })
                .collect();
        }
        casts.into_iter().map(Cast).collect()
    }

    /// The casts that `--cast` asks for: all that include it; a stack that no cast has (wire, or one for a third peer) is
    /// taken as it is.
    ///
    /// # Errors
    /// It names a peer that is not there, or one that is pinned to another stack.
    pub fn casts_with(&self, wanted: &Cast) -> Result<Vec<Cast>, CastError> {
        for (peer, stack) in wanted.iter() {
            let Some((_, spec)) = self.peers.iter().find(|(name, _)| name == peer) else {
                let names = self.peers.iter().map(|(name, _)| name.as_str());
                return Err(CastError::NoPeer {
                    name: quoted(peer.as_str()),
                    help: nearest(peer.as_str(), names).map(str::to_owned),
                });
            };
            if let Some(pinned) = spec.stack.filter(|pinned| *pinned != stack) {
                return Err(CastError::Pinned {
                    peer: peer.clone(),
                    pinned,
                });
            }
        }
        let mut casts: Vec<Cast> = Vec::new();
        for mut cast in self.casts() {
            cast.0.extend(wanted.0.clone());
            if !casts.contains(&cast) {
                casts.push(cast);
            }
        }
        Ok(casts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn scenario(peers: &str) -> Scenario {
        let text = format!("scenario: x\npeers: {peers}\nsteps:\n  - restart\n");
        Scenario::read(Path::new("x.yaml"), &text).unwrap_or_else(|m| panic!("{m}"))
    }

    fn told(casts: &[Cast]) -> Vec<String> {
        casts.iter().map(Cast::to_string).collect()
    }

    #[test]
    fn two_free_peers_have_nine_casts_the_first_being_native() {
        let casts = scenario("{ alice: {}, bob: {} }").casts();
        assert_eq!(casts.len(), 9);
        assert_eq!(casts[0].to_string(), "alice=native,bob=native");
        assert_eq!(casts[8].to_string(), "alice=firefox,bob=firefox");
    }

    #[test]
    fn pinned_peers_stay_and_a_third_only_signals() {
        let casts = scenario("{ zoe: { stack: wire }, carol: {}, bob: {}, alice: {} }").casts();
        assert_eq!(casts.len(), 9);
        assert_eq!(
            casts[1].to_string(),
            "alice=wire,bob=chromium,carol=native,zoe=wire"
        );
    }

    #[test]
    fn a_part_of_a_cast_selects() {
        let scenario = scenario("{ alice: {}, bob: {} }");
        let casts = scenario
            .casts_with(&"alice=chromium".parse().unwrap())
            .unwrap();
        assert_eq!(
            told(&casts),
            [
                "alice=chromium,bob=native",
                "alice=chromium,bob=chromium",
                "alice=chromium,bob=firefox"
            ]
        );
        let one = scenario
            .casts_with(&" bob=wire , alice=native".parse().unwrap())
            .unwrap();
        assert_eq!(told(&one), ["alice=native,bob=wire"]);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let pinned = scenario("{ alice: { stack: firefox }, bob: {} }");
        let error = |text: &str| match text.parse::<Cast>() {
            Err(error) => error.to_string(),
            Ok(cast) => pinned.casts_with(&cast).unwrap_err().to_string(),
        };
        assert_eq!(
            error("alice"),
            "`alice` is no cast: expected `alice=chromium,bob=native`"
        );
        assert_eq!(
            error("alice=chrome"),
            "`chrome` is no stack: expected native, chromium, firefox, wire; did you mean `chromium`?"
        );
        assert_eq!(error("bob=wire,bob=native"), "`bob` is cast twice");
        assert_eq!(
            error("bobb=native"),
            "the scenario has no peer `bobb`; did you mean `bob`?"
        );
        assert_eq!(
            error("alice=native"),
            "the scenario pins `alice` to firefox"
        );
    }
}
