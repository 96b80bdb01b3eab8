//! Laws 5, 6 and 8: asked by doing, after the steps.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::form_urlencoded;

use super::director::Stage;
use super::idle;
use super::lawful::excuse;
use super::outcome::Judged;
use super::probe::Stuck;
use super::strangers::{Names, SERVES_WITHIN, Strangers, harmed, meets_unharmed};
use super::{Case, Setting};
use crate::laws::{Breach, Finding, Law, emptied};
use crate::names::{Link, PeerName, RoomName};
use crate::record::{Event, Seq, What};
use crate::scenario::{Action, Raw, Scenario};
use crate::server::Lives;
use crate::signaling::{Alias, Conversation, Dialect, Kind, SameId, Terms};
use crate::terms::{ServerLife, Side};

/// How long a server may take to notice that somebody went, beside the time that it declares.
const NOTICES_WITHIN: Duration = Duration::from_secs(5);

/// How long what was ended may take to let go of its sockets.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// What the steps that were played have done to whom.
struct Hurt {
    /// The last step that did.
    by: Seq,
    /// From when on the server has no reason to end the line of anybody else: the first step that did, or, where a second line takes over,
    /// which may be why, the last one.
    since: Seq,
    peers: BTreeSet<PeerName>,
    /// Something was sent that no client should.
    by_garbage: bool,
}

/// Whose line a request for a WebSocket on this path takes over: whoever's own path it is, or whose id stands in it.
fn taken_over(case: &Case, dialect: &Arc<Dialect>, alias: &Alias, path: &str) -> Vec<PeerName> {
    if dialect.properties().same_id != Some(SameId::Takeover) {
        return Vec::new();
    }
    let parts: Vec<_> = path
        .split(['/', '?', '&', '=', '#', ';', ':', ','])
        .flat_map(|part| form_urlencoded::parse(part.as_bytes()))
        .map(|(part, _)| part)
        .collect();
    let peers = case.scenario.peers.iter().map(|(name, _)| name);
    let taken = peers.filter(|name| {
        let own = Conversation::new(dialect.clone(), name.as_str()).aliased(alias.clone());
        own.connect(None).path == path || parts.iter().any(|part| part == name.as_str())
    });
    taken.cloned().collect()
}

fn hurt(case: &Case, dialect: &Arc<Dialect>, alias: &Alias, events: &[Arc<Event>]) -> Option<Hurt> {
    let mut hurt: Option<Hurt> = None;
    for event in events {
        let What::Step { index, inner, .. } = &event.what else {
            continue;
        };
        let step = match inner {
            Some(inner) => case.scenario.inner(*index, *inner),
            None => (index.checked_sub(1)).and_then(|index| case.scenario.steps.get(index)),
        };
        let action = step.map(|step| &step.action);
        let Some(peer) = action.and_then(harmed) else {
            continue;
        };
        let hurt = hurt.get_or_insert_with(|| Hurt {
            by: event.seq,
            since: event.seq,
            peers: BTreeSet::new(),
            by_garbage: false,
        });
        hurt.by_garbage |= !matches!(
            action,
            Some(Action::Kill { .. } | Action::Stall { .. } | Action::Cut { .. })
        );
        hurt.by = event.seq;
        if dialect.properties().same_id != Some(SameId::Reject) {
            hurt.since = event.seq;
        }
        // Whose name an outcome binds: all whose it may be.
        let may_be = case.scenario.may_be(peer).into_iter();
        hurt.peers.extend(may_be.cloned());
        if let Some(Action::SendRaw {
            raw: Raw::Upgrade { path, .. },
            ..
        }) = action
        {
            hurt.peers.extend(taken_over(case, dialect, alias, path));
        }
    }
    hurt
}

impl Stage {
    /// Laws 5 and 6, if the steps have made their premises occur and there is a server to ask.
    pub(super) async fn probe(
        &mut self,
        case: &Case,
        setting: &Setting,
        terms: &Terms,
    ) -> Vec<Judged> {
        let events = self.recorder.events_from(0);
        let mut five = finding(Law::GarbageHarmsNobodyElse);
        let mut six = finding(Law::EmptyRoomsAreFree);
        // Strangers ask for rooms and ids again and again: only its owner lets them in.
        let bears = (setting.server.elsewhere()).is_none_or(|server| server.owned);
        // Nobody knows who has ended one that glare has not started.
        let gone =
            setting.server.elsewhere().is_some() && self.server.look(false).await == Lives::Refuses;
        if self.server.is_up() && bears && !gone {
            let names = Names::of(case);
            let alias = self.alias.clone();
            let up = self.server.up();
            let at = |node: u32| Strangers::at((&self.server, node), setting, alias.clone());
            // Where one node is asked for all, the first that is up.
            let strangers = at(up.first().copied().unwrap_or(1));
            let notices = terms.announces_leaving_within.unwrap_or_default()
                + terms.keeps_places
                + NOTICES_WITHIN;
            let probe = |id: String| strangers.one(id);
            let promised = terms.announces_leaving_within.is_some();
            if let Some(hurt) = hurt(case, &setting.dialect, &alias, &events) {
                let again = Some(Instant::now() + notices);
                let note = |result: Result<(), Stuck>, five: &mut Finding| {
                    note(five, hurt.by, Vec::new(), result);
                };
                // On each node that is up, a pair that is there; how two nodes agree may take its time.
                let (mut began, mut met) = (Instant::now(), Ok(()));
                let mut asked = up.iter().copied();
                let mut node = 1;
                while let (true, Some(next)) = (met.is_ok(), asked.next()) {
                    (began, node) = (Instant::now(), next);
                    met = at(node).meet(&names.on(node)).await;
                }
                let here = at(node);
                let probe = |id: String| here.one(id);
                // Each of the pair is silent while the other is served. Who was waited for to the end has lost no line.
                let took = began.elapsed();
                let lost = met.is_err() && took < SERVES_WITHIN;
                let idle = lost && idle::is_why(probe, names.id("idle"), took).await;
                let accused = matches!(met, Err(Stuck::Server(_) | Stuck::Told(_))) && !idle;
                // Where they cannot meet without it either, nothing is known of the harm.
                let known = !accused
                    || meets_unharmed((case, node), setting, self.met_before, alias.clone()).await;
                if !idle && known {
                    note(met, &mut five);
                }
                let served = five.breaches.is_empty();
                // That who has gone can come back needs that the server notices, which not all do.
                let back = promised || terms.takes_over;
                for peer in hurt.peers.iter().filter(|_| known && back) {
                    // Where strangers are not served, nobody learns more by waiting.
                    let node = self.placed.get(peer).copied().unwrap_or(1);
                    if self.world.is_up(peer) || !served || !up.contains(&node) {
                        continue;
                    }
                    let there = at(node);
                    let returned = async {
                        let mut returned = there.one(peer.to_string()).await?;
                        let connected = returned
                            .connect(Instant::now() + SERVES_WITHIN, again)
                            .await;
                        returned.leave().await;
                        connected
                    };
                    note(returned.await, &mut five);
                }
                for (peer, result) in self.unrelated(case, &events, &hurt) {
                    // Where somebody has ended, a server may end the room, with all that are in it.
                    if result.is_err()
                        && !promised
                        && !hurt.by_garbage
                        && shares(&case.scenario, &peer, &hurt.peers)
                    {
                        continue;
                    }
                    let silent = idle::longest(&events, &peer);
                    let id = names.id(&format!("idle-{peer}"));
                    let there = at(self.placed.get(&peer).copied().unwrap_or(1));
                    let probe = |id: String| there.one(id);
                    if result.is_err() && idle::is_why(probe, id, silent).await {
                        continue;
                    }
                    note(result, &mut five);
                }
            }
            let until = Instant::now() + SERVES_WITHIN;
            let again = Some(Instant::now() + notices);
            let freed = setting.dialect.properties().frees_empty_rooms;
            let rooms = emptied(&events, terms).into_iter().enumerate();
            let rooms = rooms.filter(|_| freed);
            let made = rooms.map(|(index, (room, by))| {
                let stranger = probe(names.id(&format!("{index}")));
                async move {
                    let mut stranger = match stranger.await {
                        Ok(stranger) => stranger,
                        Err(stuck) => return (by, Err(stuck)),
                    };
                    let made = match stranger.connect(until, None).await {
                        Ok(()) => stranger.create(&room, until, again).await,
                        // That is law 5's, or nobody's.
                        Err(Stuck::Server(why) | Stuck::Told(why) | Stuck::Harness(why)) => {
                            Err(Stuck::Harness(why))
                        }
                    };
                    stranger.leave().await;
                    (by, made)
                }
            });
            for (by, made) in join_all(made).await {
                note(&mut six, by, Vec::new(), made);
            }
        }
        [five, six]
            .into_iter()
            .map(|finding| Judged {
                excused: excuse(&case.scenario, finding.law),
                finding,
            })
            .collect()
    }

    /// Whether those whom no step hurt are still served. Who got its last answer is; whose connection the server ended though it
    /// had asked for nothing of the kind is not; about the others nothing is said: their own stacks may be slow.
    fn unrelated(
        &self,
        case: &Case,
        events: &[Arc<Event>],
        hurt: &Hurt,
    ) -> Vec<(PeerName, Result<(), Stuck>)> {
        let asked_to_go = |peer: &PeerName| {
            case.scenario
                .each_step()
                .any(|(_, step)| match &step.action {
                    Action::Leave { peer: who, .. }
                    | Action::Destroy { peer: who, .. }
                    | Action::Kick { whom: who, .. } => case.scenario.may_be(who).contains(&peer),
                    _ => false,
                })
        };
        let ended = |wanted: &Link| {
            events
                .iter()
                .any(|event| matches!(&event.what, What::LinkEnded { link } if link == wanted))
        };
        // A node that has ended may take the lines on others with it.
        let ends_a_node = |event: &Arc<Event>| {
            let What::Node { life, .. } = &event.what else {
                return false;
            };
            *life == ServerLife::Killed
        };
        let by_a_step = events.iter().any(ends_a_node);
        let thrown_out = |peer: &PeerName| {
            !by_a_step
                && events.iter().any(|event| match &event.what {
                    What::LinkDown {
                        link,
                        by: Side::Server,
                        ..
                    } => event.seq > hurt.since && link.peer == *peer && !ended(link),
                    _ => false,
                })
        };
        // Who hears that the room is gone in which somebody has ended, or that he is out of it, may lose his line with it.
        let told_out = |peer: &PeerName| {
            let mut events = events.iter();
            let told = events.any(|event| match &event.what {
                What::Hears {
                    peer: who,
                    kind: Kind::Kicked | Kind::Destroyed,
                    ..
                } => who == peer,
                _ => false,
            });
            told && shares(&case.scenario, peer, &hurt.peers)
        };
        let others = self.actors.keys();
        let others = others.filter(|peer| !hurt.peers.contains(peer) && !asked_to_go(peer));
        let others = others.filter(|peer| !told_out(peer));
        others
            .filter_map(|peer| {
                if thrown_out(peer) {
                    let why = format!("the server ended the connection of {peer}");
                    return Some((peer.clone(), Err(Stuck::Server(why))));
                }
                (self.fences.get(peer) == Some(&true)).then(|| (peer.clone(), Ok(())))
            })
            .collect()
    }

    /// Connections to everything that this case has started, to be looked at again when it is cleared.
    pub(super) async fn witnesses(&self) -> Vec<Witness> {
        let taps = self
            .actors
            .values()
            .map(|actor| (format!("the tap of {}", actor.name), actor.tap.address()));
        let up = match self.server.is_ours() {
            true => self.server.up(),
            false => Vec::new(),
        };
        let server = up.into_iter().map(|node| {
            let what = match self.server.has_several_nodes() {
                true => format!("node {node} of the server"),
                false => "the server".to_owned(),
            };
            (what, self.server.address_of(node))
        });
        join_all(taps.chain(server).map(Witness::new))
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Whether this peer is to be in a room with one of those, or there are no rooms.
pub(crate) fn shares(scenario: &Scenario, peer: &PeerName, others: &BTreeSet<PeerName>) -> bool {
    let rooms = |wanted: &dyn Fn(&PeerName) -> bool| -> BTreeSet<&RoomName> {
        let steps = scenario.each_step();
        let entered = steps.filter_map(|(_, step)| match &step.action {
            Action::Create { peer, room, .. } | Action::Join { peer, room, .. } => {
                let may_be = scenario.may_be(peer);
                may_be.into_iter().any(wanted).then_some(room)
            }
            _ => None,
        });
        entered.collect()
    };
    let own = rooms(&|one| one == peer);
    own.is_empty() || !own.is_disjoint(&rooms(&|one| others.contains(one)))
}

fn finding(law: Law) -> Finding {
    Finding {
        law,
        premises: 0,
        breaches: Vec::new(),
    }
}

fn note(finding: &mut Finding, event: Seq, because: Vec<Seq>, result: Result<(), Stuck>) {
    let message = match result {
        Ok(()) => return finding.premises += 1,
        Err(Stuck::Harness(why)) => return tracing::debug!(why, "not probed"),
        Err(Stuck::Server(why) | Stuck::Told(why)) => why,
    };
    finding.premises += 1;
    finding.breaches.push(Breach {
        law: finding.law,
        event,
        because,
        message,
    });
}

/// A connection to something that is to be gone in the end. Unlike a port, which somebody else may have got meanwhile, it
/// cannot be mistaken.
pub(super) struct Witness {
    what: String,
    stream: TcpStream,
}

impl Witness {
    async fn new((what, address): (String, SocketAddr)) -> Option<Self> {
        let stream = timeout(GONE_WITHIN, TcpStream::connect(address)).await;
        stream.ok()?.ok().map(|stream| Self { what, stream })
    }

    /// Whether the other end is gone.
    async fn sees_the_end(&mut self) -> bool {
        let mut buffer = [0; 256];
        let end = async {
            // Bytes are a server's farewell; no bytes or an error are the end.
            while self
                .stream
                .read(&mut buffer)
                .await
                .is_ok_and(|bytes| bytes > 0)
            {}
        };
        timeout(GONE_WITHIN, end).await.is_ok()
    }
}

/// Law 8, when the stage is cleared.
pub(super) async fn gone(witnesses: Vec<Witness>, last: Seq, case: &Case) -> Judged {
    let law = Law::NothingLeftBehind;
    let mut finding = finding(law);
    let ends = witnesses.into_iter().map(|mut witness| async move {
        let gone = witness.sees_the_end().await;
        (witness.what, gone)
    });
    for (what, gone) in join_all(ends).await {
        let there = || Stuck::Server(format!("{what} is still there"));
        note(
            &mut finding,
            last,
            Vec::new(),
            gone.then_some(()).ok_or_else(there),
        );
    }
    Judged {
        excused: excuse(&case.scenario, law),
        finding,
    }
}
