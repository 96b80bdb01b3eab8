//! Rooms of more than two: how many one must hold, and who is at the other end.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Action, Answer, Condition, Cut, Scenario, Second, Share, Step, Together};
use super::strain::Strain;
use crate::names::{PeerName, RoomName};
use crate::signaling::Kind;
use crate::terms::Kill;

/// The smallest that a room of any server is taken to be.
const FEWEST: usize = 2;

impl Scenario {
    /// The first step that opens a second line which the server must let in, by its number, and what becomes of the first one's place.
    pub fn second(&self) -> Option<(usize, Second)> {
        let mut steps = self.steps.iter().enumerate();
        steps.find_map(|(index, step)| match &step.action {
            Action::Second { how, .. } => Some((index + 1, *how)),
            _ => None,
        })
    }

    /// How many are to be in one room at once, 2 at least: those whom the server has to let in, and who have not gone since by a step. Who is
    /// only silent is still there until somebody waits for the news that it is not. Where something is said to somebody in another room it is
    /// 3 at least: in rooms of two messages need not say whom they are for.
    pub fn room_size(&self) -> usize {
        most(&self.steps)
    }
}

fn most(steps: &[Step]) -> usize {
    let mut rooms: BTreeMap<&RoomName, BTreeSet<&PeerName>> = BTreeMap::new();
    let mut most = FEWEST;
    for step in steps.iter().flat_map(Step::with_inner) {
        match &step.action {
            Action::Together(together) => {
                for (room, peers) in let_in(together) {
                    let inside = rooms.entry(room).or_default();
                    inside.extend(peers);
                    most = most.max(inside.len());
                }
            }
            Action::Create {
                peer,
                room,
                answer: Answer::Granted,
            } => {
                rooms.insert(room, BTreeSet::from([peer]));
            }
            Action::Join {
                peer,
                room,
                answer: Answer::Granted,
                ..
            } => {
                let inside = rooms.entry(room).or_default();
                inside.insert(peer);
                most = most.max(inside.len());
            }
            Action::Destroy { room, answer, .. } if *answer == Answer::Granted => {
                rooms.remove(room);
            }
            Action::Leave { peer, .. }
            | Action::Kick {
                whom: peer,
                answer: Answer::Granted,
                ..
            }
            | Action::Disconnect { peer }
            | Action::Second {
                peer,
                how: Second::TakesOver,
            }
            | Action::Kill { peer, .. }
            | Action::Cut {
                peer,
                how: Cut::Close | Cut::Reset,
            }
            | Action::Await(Condition::Hears {
                kind: Kind::PeerLeft,
                from: Some(peer),
                ..
            }) => {
                for inside in rooms.values_mut() {
                    inside.remove(peer);
                }
            }
            Action::Send {
                from, to: Some(to), ..
            } if are_apart(rooms.values(), from, to) => most = most.max(FEWEST + 1),
            Action::Strain {
                how: Strain::FullRoom,
                times,
            } => most = most.max(usize::try_from(*times).unwrap_or(usize::MAX)),
            Action::KillServer { node: None, .. } | Action::Restart { node: None } => rooms.clear(),
            _ => {}
        }
    }
    most
}

/// Whether each of the two is in a room, and both are in none together.
pub(super) fn are_apart<'r, 'p: 'r>(
    rooms: impl Iterator<Item = &'r BTreeSet<&'p PeerName>>,
    one: &PeerName,
    other: &PeerName,
) -> bool {
    let mut seen = [false, false];
    for inside in rooms {
        let here = [one, other].map(|peer| inside.contains(peer));
        if here == [true, true] {
            return false;
        }
        for (seen, here) in seen.iter_mut().zip(here) {
            *seen |= here;
        }
    }
    seen == [true, true]
}

/// Whom the server has to let into which room of those who may be refused as well.
fn let_in(together: &Together) -> Vec<(&RoomName, Vec<&PeerName>)> {
    let joins: Vec<_> = together
        .open()
        .filter_map(|(_, action)| match action {
            Action::Join { peer, room, .. } => Some((room, peer)),
            _ => None,
        })
        .collect();
    let Some((room, _)) = joins.first() else {
        return Vec::new();
    };
    // In which of several rooms is not known.
    let one =
        joins.len() == together.open().count() && joins.iter().all(|(other, _)| other == room);
    let peers = match &together.let_in {
        Share::Names(names) if one => names.iter().collect(),
        Share::Number(number) if one => joins.iter().take(*number).map(|(_, peer)| *peer).collect(),
        _ => Vec::new(),
    };
    vec![(room, peers)]
}

impl Action {
    /// Who does something on a connection, and who is named as its other end, where a step of this kind can name one.
    pub(crate) fn connection(&self) -> Option<(&PeerName, Option<&PeerName>)> {
        match self {
            Action::Negotiate { from: peer, to }
            | Action::CreateOffer { peer, to }
            | Action::CreateAnswer { peer, to }
            | Action::SetLocal { peer, to, .. }
            | Action::SetRemote { peer, to, .. }
            | Action::AddCandidate { peer, to, .. }
            | Action::Send { from: peer, to, .. }
            | Action::RestartIce { peer, to }
            | Action::OpenChannel { peer, to, .. }
            | Action::Say { from: peer, to, .. }
            | Action::CloseChannel { peer, to, .. }
            | Action::Close { peer, to } => Some((peer, to.as_ref())),
            _ => None,
        }
    }

    /// The place for the other end of its connection.
    pub(super) fn other_end_mut(&mut self) -> Option<&mut Option<PeerName>> {
        match self {
            Action::Negotiate { to, .. }
            | Action::CreateOffer { to, .. }
            | Action::CreateAnswer { to, .. }
            | Action::SetLocal { to, .. }
            | Action::SetRemote { to, .. }
            | Action::AddCandidate { to, .. }
            | Action::Send { to, .. }
            | Action::RestartIce { to, .. }
            | Action::OpenChannel { to, .. }
            | Action::Say { to, .. }
            | Action::CloseChannel { to, .. }
            | Action::Close { to, .. } => Some(to),
            _ => None,
        }
    }
}

/// Who is connected with whom, as far as steps have waited for it: whom a `say` that names nobody is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acquainted(BTreeSet<(PeerName, PeerName)>);

impl Acquainted {
    /// Takes in a step that is done.
    pub fn feed(&mut self, action: &Action) {
        match action {
            Action::Await(Condition::Connected { peers }) => {
                for one in peers {
                    for other in peers.iter().filter(|other| *other != one) {
                        self.0.insert((one.clone(), other.clone()));
                    }
                }
            }
            Action::Together(together) => {
                for step in &together.steps {
                    self.feed(&step.action);
                }
            }
            Action::Close { peer, to: Some(to) } => {
                let gone = [(peer, to), (to, peer)];
                self.0.retain(|(a, b)| !gone.contains(&(a, b)));
            }
            Action::Close { peer, to: None }
            | Action::Join { peer, .. }
            | Action::Leave { peer, .. }
            | Action::Kill {
                peer,
                how: Kill::Tab | Kill::Browser,
            } => self.0.retain(|(one, other)| one != peer && other != peer),
            _ => {}
        }
    }

    /// The others whom this one is connected with, by name.
    pub fn of<'a>(&'a self, peer: &'a PeerName) -> impl Iterator<Item = &'a PeerName> {
        self.0
            .iter()
            .filter(move |(one, _)| one == peer)
            .map(|(_, other)| other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn room_size(steps: &str) -> usize {
        let peers = "{ alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire }, dora: { stack: wire } }";
        let text = format!("scenario: x\npeers: {peers}\nsteps:\n{steps}");
        let read = Scenario::read(Path::new("x.yaml"), &text);
        read.unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .room_size()
    }

    const TWO: &str =
        "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n";

    #[test]
    fn those_who_are_let_in_and_have_not_gone_are_counted() {
        let joins = |more: &str, who: &str| {
            room_size(&format!(
                "{TWO}{more}  - join: {{ peer: {who}, room: lobby }}\n"
            ))
        };
        assert_eq!(room_size(TWO), 2);
        assert_eq!(joins("", "carol"), 3);
        assert_eq!(joins("  - join: { peer: carol, room: lobby }\n", "dora"), 4);
        // Who comes back has the place that was his.
        assert_eq!(joins("  - kill: { peer: bob, how: socket }\n", "bob"), 2);
        for gone in [
            "  - leave: { peer: bob }\n",
            "  - disconnect: { peer: bob }\n",
            "  - kill: { peer: bob, how: socket }\n",
            "  - cut: { peer: bob, how: reset }\n",
            "  - cut: { peer: bob, how: silence }\n  - await: { peer: alice, hears: peer-left, from: bob }\n",
            "  - restart\n  - create: { peer: alice, room: lobby }\n",
        ] {
            assert_eq!(joins(gone, "carol"), 2, "{gone}");
        }
        assert_eq!(joins("  - cut: { peer: bob, how: silence }\n", "carol"), 3);
    }

    #[test]
    fn of_those_who_ask_at_once_as_many_are_counted_as_are_let_in() {
        let asking = |let_in: &str| {
            room_size(&format!(
                "{TWO}  - together:\n      - join: {{ peer: carol, room: lobby, answer: any }}\n      - join: {{ peer: dora, room: lobby, answer: any }}\n{let_in}"
            ))
        };
        assert_eq!(asking(""), 2);
        assert_eq!(asking("    let-in: 1\n"), 3);
        assert_eq!(asking("    let-in: [first, second]\n"), 4);
        assert_eq!(asking("    turned-away: 2\n"), 2);
        let sure = "  - together:\n      - join: { peer: carol, room: lobby }\n      - join: { peer: dora, room: lobby }\n";
        assert_eq!(room_size(&format!("{TWO}{sure}")), 4);
    }

    #[test]
    fn who_must_be_refused_needs_no_place() {
        let refused = format!("{TWO}  - join: {{ peer: carol, room: lobby, refused: true }}\n");
        assert_eq!(room_size(&refused), 2);
        let elsewhere = format!("{TWO}  - create: {{ peer: carol, room: hall }}\n");
        assert_eq!(room_size(&elsewhere), 2);
    }
}
