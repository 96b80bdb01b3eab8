//! What each verb of a scenario does, and what it waits for.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::actor::Actor;
use super::after::{After, Asked, Due, Replied};
use super::director::{Stage, Stop, Until, fail, fail_as, seconds};
use super::faults::life_of;
use super::order::Order;
use super::rules::Fault;
use crate::hand::Deed;
use crate::names::{Link, PeerName, Stack};
use crate::record::{FailureKind, InconclusiveKind, MEASURED, Seq, What, payload};
use crate::scenario::{Action, Answer, Condition, Cut, Raw, Step};
use crate::server::ENDS_WITHIN;
use crate::signaling::{Kind, Request, Terms};
use crate::tap;
use crate::terms::{Data, Kill, ServerLife};

/// So long an answer is waited for that need not come.
const UNANSWERED: Duration = Duration::from_secs(1);

/// When what was said is said again, where it may have come to a server that was not ready to pass it on.
const SAID_AGAIN_AFTER: Duration = Duration::from_millis(500);

impl Stage {
    /// Does one step and answers the events that its waits were satisfied by.
    pub(super) async fn step(&mut self, step: &Step, begun: Seq) -> Result<Vec<Seq>, Stop> {
        if !step.action.may_go_unanswered() {
            let played = self.play(step, begun).await;
            self.pretending.feed(&step.action);
            return played;
        }
        let own = self.until;
        self.until.at = own.at.min(Instant::now() + UNANSWERED);
        let played = self.play(step, begun).await;
        self.until = own;
        match played {
            Err(Stop::Fail {
                kind: FailureKind::TimedOut | FailureKind::ConnectionLost | FailureKind::Impossible,
                ..
            }) if Instant::now() < own.at => self.survived().await.map(|()| Vec::new()),
            played => played,
        }
    }

    /// Where the end of a line, or no answer, is right: what a server sends nothing for any more is also that it has ended, which is seen
    /// a moment later, and it is this step that it ended of.
    pub(super) async fn survived(&mut self) -> Result<(), Stop> {
        match self.server.goes_on().await {
            true => Ok(()),
            false => self.take_in(),
        }
    }

    async fn play(&mut self, step: &Step, begun: Seq) -> Result<Vec<Seq>, Stop> {
        match &step.action {
            Action::Connect {
                peer,
                answer: Answer::Granted,
            } => self.connect(peer, begun).await?,
            Action::Second { peer, .. } => {
                self.take_in()?;
                if !self.world.is_up(peer) {
                    return Err(fail_as(
                        FailureKind::ConnectionLost,
                        format!("{peer} has no line beside which a second one could stand"),
                    ));
                }
                self.must(peer, Order::ConnectAnew, vec![begun]).await?;
            }
            Action::Pretend { peer, how } => self.pretend(peer, how)?,
            Action::Retire { peer } => self.retire(peer, begun).await?,
            Action::Say {
                from,
                to,
                channel,
                data,
                heard,
            } => {
                let to = to.as_ref();
                return self.say((from, to), channel, data, *heard, begun).await;
            }
            Action::Kill { peer, how } => match self.kill(peer, *how, begun).await? {
                Some(Due::Closed(link)) => self.closed(peer, Some(link)).await?,
                Some(Due::Down(lines)) => self.down(peer, &lines).await?,
                _ => {}
            },
            Action::Hold(pattern) => self.rules.place(pattern.clone(), Fault::Hold),
            Action::Drop(pattern) => self.rules.place(pattern.clone(), Fault::Drop),
            Action::Delay { pattern, by } => self.rules.place(pattern.clone(), Fault::Delay(*by)),
            Action::Duplicate(pattern) => self.rules.place(pattern.clone(), Fault::Duplicate),
            Action::Reorder { pattern, behind } => {
                self.rules.place(pattern.clone(), Fault::Reorder(*behind));
            }
            Action::Corrupt { pattern, how } => {
                self.rules.place(pattern.clone(), Fault::Corrupt(*how));
            }
            Action::Release(pattern) => self.release(pattern, begun).await?,
            Action::Cut {
                peer,
                how: Cut::Silence(how),
            } => self.silence(peer, *how, begun).await?,
            Action::Stall { peer } => self.stall(peer, begun).await?,
            Action::Mend { peer } => self.mend(peer, begun).await?,
            Action::Pause { node } => self.pause(self.node(*node), begun).await?,
            Action::Resume { node } => self.resume(self.node(*node), begun).await?,
            Action::Cut { peer, how } => {
                let link = self.cut(peer, *how, begun).await?;
                self.closed(peer, link).await?;
            }
            Action::KillServer { node, asked } => {
                let node = self.node(*node);
                let late = match *asked {
                    true => self.ask_to_end(node, begun).await?,
                    false => None,
                };
                self.kill_server(node, begun).await?;
                if let Some(late) = late {
                    return Err(late);
                }
            }
            Action::Restart { node } => {
                let node = self.node(*node);
                self.kill_server(node, begun).await?;
                // By now everybody has taken in what the old one said.
                if let Some(actor) = self.actors.values().next().filter(|_| node.is_none()) {
                    actor.wire.is_known_to_nobody();
                }
                let restarted = match node {
                    None => self.server.restart().await,
                    node => self.server.restart_node(node).await,
                };
                if node.is_some() && restarted.is_ok() {
                    self.recorder
                        .record(life_of(node, ServerLife::Ready), &[begun]);
                }
                if let Err(error) = restarted {
                    return Err(Stop::Trouble(InconclusiveKind::NoServer, error.to_string()));
                }
            }
            Action::SendRaw {
                peer,
                raw:
                    Raw::Garbage {
                        kind,
                        of,
                        field,
                        to,
                        answered,
                    },
            } => {
                let field = field.map(|field| (field, to.clone()));
                return self
                    .garbage(peer, (*kind, *of, field), *answered, begun)
                    .await;
            }
            Action::SendRaw {
                peer,
                raw: Raw::Frame(frame),
            } => self.raw_frame(peer, *frame, begun).await?,
            Action::SendRaw {
                peer,
                raw: Raw::Upgrade { path, status, .. },
            } => self.foreign_upgrade(peer, path, *status).await?,
            Action::Strain { how, times } => self.strain(*how, *times, begun).await?,
            Action::Wait(time) => self.idle(*time).await?,
            Action::Page { peer, deed } => self.page(peer, deed, begun).await?,
            Action::Await(condition) => return self.condition(condition, begun).await,
            Action::Never(sought) => {
                // What is here by now is not meant.
                self.take_in()?;
                let number = match self.recorder.event(begun).map(|event| event.what.clone()) {
                    Some(What::Step { index, .. }) => index,
                    _ => 0,
                };
                self.forbids.push((sought.clone(), number));
            }
            Action::Together(together) => return self.together(together, begun).await,
            // All else is for a peer to do.
            action => return self.ordered(action, begun).await,
        }
        Ok(Vec::new())
    }

    /// Gives a peer the order that an action begins with, and waits for what comes of it.
    async fn ordered(&mut self, action: &Action, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let order = self.begins(action)?.order();
        let (Some(peer), Some(order)) = (action.actor(), order) else {
            let why = format!("`{}` is for nobody to do", action.verb());
            return Err(fail(why));
        };
        if matches!(action, Action::Disconnect { .. }) {
            // Waited for below, as the peer itself sees it.
            let _link = self.ending(peer, begun);
        }
        let done = self.order(peer, order, vec![begun]).await?;
        if matches!(action, Action::Send { .. }) {
            self.under_way(peer).await?;
        }
        // What raw text leads to is the next step's to see: whether it is here already is a race.
        if !matches!(action, Action::SendRaw { .. }) {
            self.take_in()?;
        }
        let done = self.after_a_look(action, peer, done, begun).await?;
        let After {
            due,
            waited,
            mut replied,
        } = self.after(action, peer, begun, done)?;
        let mut waited = Vec::from_iter(waited);
        match (due, action.answer()) {
            (Some(Due::Reply(kind)), Some(answer)) => {
                let turned_away = self.may_be_turned_away(action);
                let asked = Asked {
                    peer,
                    kind,
                    answer,
                    turned_away,
                };
                let came = self.replied(&asked, begun).await?;
                waited.push(came.seq);
                replied = Some(came);
                if self.world.fenced.contains(&kind) {
                    self.done_by_now(peer, begun).await?;
                }
                // Nothing can show that the server has taken it in.
                if self.world.unconfirmed.contains(&kind) {
                    self.quiet().await?;
                }
            }
            (Some(Due::Closed(link)), _) => self.closed(peer, Some(link)).await?,
            _ => {}
        }
        if let (Some(replied), Some(Answer::Any)) = (replied, action.answer()) {
            self.tell_outcome(peer, action.verb(), &replied, begun);
            if replied.granted {
                self.went(action);
            }
        }
        Ok(waited)
    }

    /// Waits until what a peer has sent goes on from its tap to the server: who dials in the next step does not come there before it.
    async fn under_way(&mut self, peer: &PeerName) -> Result<(), Stop> {
        while let Some(actor) = self.actors.get(peer) {
            let count = self.recorder.count();
            if actor.wire.pending().is_empty() {
                break;
            }
            if Instant::now() >= self.until.at {
                let what = format!("the sending of {peer}'s message (the line takes no more now)");
                return Err(self.late(&what, self.until));
            }
            let more = self.recorder.next_from(count);
            let _late = timeout_at(self.until.at, more).await;
        }
        self.take_in()
    }

    /// Waits for the answer to a request.
    async fn replied(&mut self, asked: &Asked<'_>, begun: Seq) -> Result<Replied, Stop> {
        let waiting = self.waiting(begun);
        let what = || format!("the server's answer to {}'s {}", asked.peer, asked.kind);
        let until = self.until;
        self.wait(until, what, |world| asked.replied(world, begun, &waiting))
            .await
    }

    /// Cuts a peer's line at its tap. Which it was, if there was one.
    pub(super) async fn cut(
        &mut self,
        peer: &PeerName,
        how: Cut,
        begun: Seq,
    ) -> Result<Option<u32>, Stop> {
        let link = self.ending(peer, begun);
        let how = match how {
            Cut::Close => tap::Cut::Close {
                code: 1000,
                reason: String::new(),
            },
            Cut::Reset | Cut::Silence(_) => tap::Cut::Reset,
        };
        let patience = self.patience();
        self.actor(peer)?.tap.cut_within(None, how, patience).await;
        Ok(link)
    }

    /// How long a line that is changing from polls to a WebSocket may take before it is cut: half of what is left of the step, which is to see its end.
    fn patience(&self) -> Duration {
        self.until.at.saturating_duration_since(Instant::now()) / 2
    }

    /// Makes a peer die, and answers what then has to come. With its last tab, or its browser, all its lines end.
    pub(super) async fn kill(
        &mut self,
        peer: &PeerName,
        how: Kill,
        begun: Seq,
    ) -> Result<Option<Due>, Stop> {
        let patience = self.patience();
        if how == Kill::Socket {
            let link = self.ending(peer, begun);
            self.actor(peer)?.kill(how, patience).await?;
            return Ok(link.map(Due::Closed));
        }
        if how == Kill::Tab && self.actor(peer)?.has_other_tabs() {
            // Which lines are of that tab the browser alone knows.
            self.actor(peer)?.kill(how, patience).await?;
            return Ok(None);
        }
        let newest = self.ending(peer, begun);
        let mut ends = self.world.lines(peer);
        // Of the end of one that is silent the server hears nothing.
        ends.retain(|link| !self.disturbed.is_silent(link));
        for link in &ends {
            if Some(link.instance) != newest {
                let link = link.clone();
                self.recorder.record(What::LinkEnded { link }, &[begun]);
            }
        }
        self.actor(peer)?.kill(how, patience).await?;
        Ok(Some(Due::Down(ends)))
    }

    /// Has a peer close the lines that it had before the one that it speaks on, and waits for their end.
    async fn retire(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        self.take_in()?;
        let newest = self.world.link(peer);
        let mut older = self.world.lines(peer);
        older.retain(|link| Some(link.instance) != newest && !self.disturbed.is_silent(link));
        for link in older.iter().cloned() {
            self.recorder.record(What::LinkEnded { link }, &[begun]);
        }
        self.must(peer, Order::Retire, vec![begun]).await?;
        self.down(peer, &older).await
    }

    /// Waits until these lines of a peer's have ended.
    async fn down(&mut self, peer: &PeerName, lines: &[Link]) -> Result<(), Stop> {
        self.wait(
            self.until,
            || format!("the end of {peer}'s signaling connection"),
            |world| {
                let over = !lines.iter().any(|line| world.stands(line));
                over.then_some(Ok(()))
            },
        )
        .await
    }

    /// Records that a step ends this peer's link, if there is one.
    pub(super) fn ending(&mut self, peer: &PeerName, begun: Seq) -> Option<u32> {
        // What the tap has seen by now decides which link it is.
        drop(self.take_in());
        let instance = self.world.link(peer).filter(|_| self.world.is_up(peer))?;
        let link = Link {
            peer: peer.clone(),
            instance,
        };
        self.recorder.record(What::LinkEnded { link }, &[begun]);
        Some(instance)
    }

    /// Waits until the peer itself has seen its link end, so that the next step finds it without one.
    pub(super) async fn closed(&mut self, peer: &PeerName, link: Option<u32>) -> Result<(), Stop> {
        let Some(link) = link else { return Ok(()) };
        self.wait(
            self.until,
            || format!("{peer} noticing the end of its signaling connection"),
            |world| world.has_closed(peer, link).then_some(Ok(())),
        )
        .await
    }

    /// The node that a step names; of a server that is one process, all of it.
    fn node(&self, named: Option<u32>) -> Option<u32> {
        named.filter(|_| self.server.has_several_nodes())
    }

    /// Asks one node of the server to end, or all, and gives it its time; that it does not end breaks what is promised, if anything is.
    async fn ask_to_end(&mut self, node: Option<u32>, begun: Seq) -> Result<Option<Stop>, Stop> {
        for peer in self.on_node(node) {
            self.ending(&peer, begun);
        }
        let promised = self.dialect.properties().ends_within;
        let within = promised.map_or(ENDS_WITHIN, |promised| promised + Terms::SLACK);
        let until = Until {
            within,
            at: Instant::now() + within,
        };
        if self.server.ask_to_end(node, within).await {
            return Ok(None);
        }
        self.take_in()?;
        // What the machine kept back is given on top.
        let more = self.starved(until);
        if !more.is_zero() && self.server.ends(node, more).await {
            return Ok(None);
        }
        let text = format!(
            "{MEASURED}the server has not ended {} after it was asked to (SIGTERM), and is killed",
            seconds(within)
        );
        self.recorder.record(What::Note { peer: None, text }, &[]);
        let what = "the server's end, for which it was asked (SIGTERM),";
        Ok(promised.map(|_| self.late(what, until)))
    }

    /// Kills one node of the server, or all.
    async fn kill_server(&mut self, node: Option<u32>, begun: Seq) -> Result<(), Stop> {
        let peers = self.on_node(node);
        let links: Vec<_> = peers.iter().map(|peer| self.ending(peer, begun)).collect();
        match node {
            None => drop(self.server.kill().await),
            node if self.server.kill_node(node).await => {
                self.recorder
                    .record(life_of(node, ServerLife::Killed), &[begun]);
            }
            _ => {}
        }
        self.server_ended(node);
        for (peer, link) in peers.iter().zip(links) {
            if self.actors.get(peer).is_some_and(Actor::lives) {
                self.closed(peer, link).await?;
            }
        }
        Ok(())
    }

    pub(super) fn other(&self, of: &PeerName) -> Option<PeerName> {
        let mut others = self
            .actors
            .values()
            .filter(|actor| actor.name != *of && actor.stack() != Stack::Wire);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.name.clone()),
            _ => None,
        }
    }

    /// Waits until the server has done what a peer has asked without an answer: it has answered what was asked next.
    async fn done_by_now(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        let fence = Order::Ask {
            request: Request::Fence,
            offer: None,
        };
        self.must(peer, fence, vec![begun]).await?;
        let waiting = self.waiting(begun);
        self.wait(
            self.until,
            || format!("the server having done what {peer} asked"),
            |world| match world.reply(peer, Kind::Fence, begun) {
                Some(_) => Some(Ok(())),
                None => {
                    let why = world.hope.deaf(peer, &waiting)?;
                    Some(Err(format!(
                        "{peer} waited for the server's answer, and {why}"
                    )
                    .into()))
                }
            },
        )
        .await
    }

    /// Says something to the one who is named, or to each whom it is for.
    async fn say(
        &mut self,
        (from, to): (&PeerName, Option<&PeerName>),
        channel: &str,
        data: &Data,
        heard: bool,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let to: Vec<PeerName> = match to.cloned().or_else(|| self.other(from)) {
            Some(one) => vec![one],
            None => self.acquainted.of(from).cloned().collect(),
        };
        if to.is_empty() {
            return Err(fail(format!(
                "{from} may be connected with several: say `to:`"
            )));
        }
        let mut waited = Vec::new();
        for to in &to {
            waited.extend(self.tell((from, to), channel, data, heard, begun).await?);
        }
        Ok(waited)
    }

    /// Says something to one of the others, and waits until that one has it.
    async fn tell(
        &mut self,
        (from, to): (&PeerName, &PeerName),
        channel: &str,
        data: &Data,
        heard: bool,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let open = Condition::Channel {
            peer: from.clone(),
            // Of one who can have but one connection it goes without saying.
            with: self.other(from).is_none().then(|| to.clone()),
            label: channel.into(),
            state: "open".into(),
        };
        let mut waited = self.condition(&open, begun).await?;
        let mut cause = vec![begun];
        cause.extend(&waited);
        let order = Order::with(
            &Some(to.clone()),
            Deed::Say {
                label: channel.into(),
                data: data.clone(),
            },
        );
        let relayed = self.dialect.properties().relays_media;
        loop {
            self.must(from, order.clone(), cause.clone()).await?;
            if !heard {
                return Ok(waited);
            }
            // Nothing tells when a server in between is ready to pass it on; what comes before that is lost, so it is said again.
            let mut until = self.until;
            if relayed {
                until.at = until.at.min(Instant::now() + SAID_AGAIN_AFTER);
            }
            let payload = payload(data);
            let waiting = self.waiting(begun);
            let what = || format!("what {from} said, heard by {to} on channel {channel}");
            let got = self
                .wait(until, what, |world| {
                    if let Some(seqs) = world.heard(to, from, channel, &payload) {
                        return Some(Ok(seqs));
                    }
                    let dead = waiting.dead.contains(to);
                    dead.then(|| Err(format!("{from} spoke to {to}, who was killed").into()))
                })
                .await;
            match got {
                Ok(got) => {
                    waited.extend(got);
                    return Ok(waited);
                }
                Err(_) if until.at < self.until.at && Instant::now() >= until.at => {}
                Err(stop) => return Err(stop),
            }
        }
    }
}
