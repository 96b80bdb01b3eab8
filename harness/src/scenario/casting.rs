//! The casts of a scenario: the mixes that it lists, or every one.

use std::collections::BTreeMap;

use super::cast::{Cast, CastError, Mix};
use super::model::{PeerSpec, Scenario};
use crate::mistake::{nearest, quoted};
use crate::names::{PeerName, Stack};

/// Peers without a connection in some cast, and whether that is only for want of a `stack:`.
pub(super) fn wire_peers(
    peers: &[(PeerName, PeerSpec)],
    mixes: &[Mix],
) -> BTreeMap<PeerName, bool> {
    let mut free = 0;
    let mut wire = BTreeMap::new();
    for (name, spec) in peers {
        let mixed = mixes
            .iter()
            .any(|mix| mix.cast.get(name) == Some(Stack::Wire));
        match spec.stack {
            Some(Stack::Wire) => {
                wire.insert(name.clone(), false);
            }
            _ if mixed => {
                wire.insert(name.clone(), false);
            }
            None if spec.is_app() => {}
            None if mixes.is_empty() && free >= 2 => {
                wire.insert(name.clone(), true);
            }
            None => free += 1,
            Some(_) => {}
        }
    }
    wire
}

impl Scenario {
    /// The mixes that it lists. Without them every cast: the first two peers that are not pinned play each connecting stack in turn, in the
    /// order of the file; further ones are wire peers. A page plays on both browsers, however many there are.
    pub fn casts(&self) -> Vec<Cast> {
        if !self.mixes.is_empty() {
            return self.mixes.iter().map(|mix| mix.cast.clone()).collect();
        }
        let mut casts = vec![BTreeMap::new()];
        let mut free = 0;
        for (peer, spec) in &self.peers {
            let choice: &[Stack] = match &spec.stack {
                Some(pinned) => std::slice::from_ref(pinned),
                None if spec.is_app() => spec.stacks(),
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
            if spec.is_app() && !stack.is_browser() {
                let (peer, stack) = (peer.clone(), stack);
                return Err(CastError::Page { peer, stack });
            }
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
    fn mixes_are_played_in_place_of_every_cast() {
        let mixed = "{ alice: {}, bob: {}, carol: {}, zoe: { stack: wire } }\ncasts: { all-native: {}, two: { bob: firefox, carol: chromium } }";
        let scenario = scenario(mixed);
        let all = [
            "alice=native,bob=native,carol=native,zoe=wire",
            "alice=native,bob=firefox,carol=chromium,zoe=wire",
        ];
        assert_eq!(told(&scenario.casts()), all);
        let wanted = |text: &str| {
            let cast = text.parse().unwrap();
            told(&scenario.casts_with(&cast).unwrap())
        };
        assert_eq!(
            wanted("bob=native"),
            [all[0], "alice=native,bob=native,carol=chromium,zoe=wire"]
        );
        let one = "alice=chromium,bob=firefox,carol=native";
        assert_eq!(wanted(one), [format!("{one},zoe=wire")]);
    }

    #[test]
    fn pages_play_on_both_browsers_and_others_as_cast() {
        let pages = scenario("{ alice: { app: / }, bob: { app: \"/x?y\" } }");
        assert_eq!(
            told(&pages.casts()),
            [
                "alice=chromium,bob=chromium",
                "alice=chromium,bob=firefox",
                "alice=firefox,bob=chromium",
                "alice=firefox,bob=firefox"
            ]
        );
        let mixed = scenario("{ alice: { app: / }, bob: {}, carol: {}, dave: {} }").casts();
        assert_eq!(mixed.len(), 18);
        assert_eq!(
            mixed[0].to_string(),
            "alice=chromium,bob=native,carol=native,dave=wire"
        );
        let error = pages.casts_with(&"alice=native".parse().unwrap());
        assert_eq!(
            error.unwrap_err().to_string(),
            "`alice` is a page, which native cannot play: chromium or firefox"
        );
        let mixes = scenario(
            "{ alice: { app: / }, bob: {} }\ncasts: { one: {}, two: { alice: firefox, bob: chromium } }",
        );
        assert_eq!(
            told(&mixes.casts()),
            ["alice=chromium,bob=native", "alice=firefox,bob=chromium"]
        );
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
