//! Steps that begin together: what each sends first is gathered at the taps and let go in one turn, and the step ends when all have.

use std::borrow::Cow;
use std::collections::BTreeSet;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::after::{Due, Replied};
use super::begins::Begins;
use super::director::{Miss, Stage, Stop, Until, fail, fail_as};
use super::gathering::drawn;
use super::inner::{Inner, come};
use super::order::{Done, Order};
use crate::names::PeerName;
use crate::record::{FailureKind, Seq, What};
use crate::scenario::{Action, Answer, Condition, Share, Step, Together};

/// How long the others may take to end when one of them has failed.
const SEEN_OUT_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

type Dones = mpsc::UnboundedReceiver<(usize, Done)>;

/// What is there already. Not by `try_recv`: where a sender is stopped in the middle of sending, that parks this thread until it goes on, and so
/// takes the word that something else is ready from the runtime which drives all cases on this thread; then none of them is looked at again.
pub(super) fn ready<T>(from: &mut mpsc::UnboundedReceiver<T>) -> Option<T> {
    from.recv().now_or_never().flatten()
}

impl Stage {
    /// A step with peers in the place of names that outcomes have bound.
    pub(super) fn resolved<'s>(&self, step: &'s Step) -> Cow<'s, Step> {
        if self.bound.is_empty() {
            return Cow::Borrowed(step);
        }
        let mut step = step.clone();
        step.action.each_peer(&mut |peer| {
            if let Some(own) = self.bound.get(peer) {
                *peer = own.clone();
            }
        });
        Cow::Owned(step)
    }

    /// What a peer is called by now.
    fn called<'s>(&'s self, peer: &'s PeerName) -> &'s PeerName {
        let mut bound = self.bound.iter().rev();
        bound
            .find(|(_, own)| *own == peer)
            .map_or(peer, |(name, _)| name)
    }

    /// What came of a request that may be granted or refused, and begins with nothing else.
    pub(super) fn tell_outcome(
        &mut self,
        peer: &PeerName,
        kind: &str,
        replied: &Replied,
        begun: Seq,
    ) {
        let text = Some(in_words(self.called(peer), kind, replied.granted));
        let names = Vec::new();
        self.recorder
            .record(What::Outcome { names, text }, &[begun, replied.seq]);
    }

    /// Plays steps that begin together.
    pub(super) async fn together(
        &mut self,
        together: &Together,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let (told, mut dones) = mpsc::unbounded_channel();
        let mut all = Vec::new();
        for (index, step) in together.steps.iter().enumerate() {
            match self.enter(index + 1, step, begun).await {
                Ok(inner) => all.push(inner),
                Err(stop) => return Err(self.of_inner(index + 1, &step.text(), stop)),
            }
        }
        let ended = self.at_once(&mut all, &told, &mut dones).await;
        self.rules.gathering.end();
        if let Err(stop) = ended {
            self.see_out(&mut all, &mut dones).await;
            return Err(stop);
        }
        self.bind(together, &all, begun)?;
        let mut waited: Vec<Seq> = all.iter().map(|inner| inner.step).collect();
        waited.extend(all.into_iter().flat_map(|inner| inner.waited));
        Ok(waited)
    }

    /// Records one of the steps, and sees to it that it can begin.
    async fn enter(&mut self, number: usize, step: &Step, begun: Seq) -> Result<Inner, Stop> {
        let Some(peer) = step.action.actor().cloned() else {
            return Err(fail("nobody does this".into()));
        };
        let index = match self
            .recorder
            .event(begun)
            .as_deref()
            .map(|event| &event.what)
        {
            Some(What::Step { index, .. }) => *index,
            _ => 0,
        };
        let what = What::Step {
            index,
            inner: Some(number),
            line: step.via.as_ref().map_or(step.span.line, |via| via.line()),
            text: step.text(),
            log: step.log(),
        };
        let seq = self.recorder.record(what, &[begun]);
        // To bring a killed peer back takes a browser's time, which is nobody's fault.
        let (began, end) = (Instant::now(), self.end);
        match timeout_at(end, self.actor(&peer)?.live()).await {
            Ok(lives) => lives?,
            Err(_) => {
                let why = format!("{peer} did not come back before the case's time was up");
                return Err(fail_as(FailureKind::TimedOut, why));
            }
        }
        self.until.at = (self.until.at + began.elapsed()).min(end);
        let mut waited = Vec::new();
        if let Action::Say {
            from, to, channel, ..
        } = &step.action
        {
            let open = Condition::Channel {
                peer: from.clone(),
                with: Some(self.addressee(from, to.as_ref())?),
                label: channel.clone(),
                state: "open".into(),
            };
            waited = self.condition(&open, seq).await?;
        }
        Ok(Inner {
            number,
            text: step.text(),
            turned_away: self.may_be_turned_away(&step.action),
            begins: self.begins(&step.action)?,
            action: step.action.clone(),
            peer,
            step: seq,
            due: Some(Due::Turn),
            waited,
            replied: None,
        })
    }

    /// Gathers, lets go, and waits until all have ended.
    async fn at_once(
        &mut self,
        all: &mut [Inner],
        told: &mpsc::UnboundedSender<(usize, Done)>,
        dones: &mut Dones,
    ) -> Result<(), Stop> {
        let gathered = all.iter().filter_map(|inner| {
            let connects = match inner.begins {
                Begins::Sending(_) => false,
                Begins::Connecting(_) => true,
                Begins::InTurn(_) => return None,
            };
            Some((inner.step, inner.peer.clone(), connects))
        });
        self.rules.gathering.begin(gathered);
        for (place, inner) in all.iter_mut().enumerate() {
            if let Begins::Sending(order) | Begins::Connecting(order) = &inner.begins {
                let (order, cause) = (order.clone(), vec![inner.step]);
                inner.due = Some(Due::Order);
                self.give(place, &inner.peer, order, cause, told)?;
            }
        }
        self.follow(all, dones, Stage::is_ready, |inner| {
            format!(
                "the first message of {}'s {}",
                inner.peer,
                inner.action.verb()
            )
        })
        .await?;
        for place in self.turns(all) {
            self.go(place, &mut all[place], told)
                .await
                .map_err(|stop| self.of_inner(all[place].number, &all[place].text, stop))?;
        }
        self.rules.gathering.end();
        self.follow(
            all,
            dones,
            |_, inner| inner.due.is_none(),
            |inner| match &inner.due {
                Some(Due::Reply(kind)) => {
                    format!("the server's answer to {}'s {kind}", inner.peer)
                }
                Some(Due::Closed(_) | Due::Down(_)) => {
                    format!("the end of {}'s signaling connection", inner.peer)
                }
                Some(Due::Heard(by, channel, _)) => {
                    format!(
                        "what {} said, heard by {by} on channel {channel}",
                        inner.peer
                    )
                }
                _ => format!("what {} was to do", inner.peer),
            },
        )
        .await
    }

    /// Gives a peer its order; its end is told with the place of the step.
    fn give(
        &mut self,
        place: usize,
        peer: &PeerName,
        order: Order,
        cause: Vec<Seq>,
        told: &mpsc::UnboundedSender<(usize, Done)>,
    ) -> Result<(), Stop> {
        let done = self.actor(peer)?.begin(order, cause);
        let told = told.clone();
        tokio::spawn(async move {
            // Nobody may wait for it any more.
            drop(told.send((place, done.await)));
        });
        Ok(())
    }

    /// Whether a step has sent what it sends first, or has ended without sending anything.
    fn is_ready(&self, inner: &Inner) -> bool {
        if matches!(inner.begins, Begins::InTurn(_)) {
            return true;
        }
        // An order may be carried out before what it sends is at the tap.
        let on_its_way = || {
            self.actors
                .get(&inner.peer)
                .is_some_and(|actor| !actor.wire.is_quiet())
        };
        self.rules.gathering.caught(inner.step).is_some()
            || !(matches!(inner.due, Some(Due::Order)) || on_its_way())
    }

    /// The places of the steps in the order in which they go. What one peer sends keeps its order.
    fn turns(&self, all: &[Inner]) -> Vec<usize> {
        let seed = self.shake.map(|seed| {
            // Of each `together` of a run one of its own.
            let first = all.first().map_or(0, |inner| inner.step);
            seed.wrapping_mul(0x0100_0000_01b3) ^ first
        });
        let mut turns = drawn(all.len(), seed);
        let caught = |place: usize| self.rules.gathering.caught(all[place].step);
        for at in 0..turns.len() {
            for later in at + 1..turns.len() {
                let (one, other) = (turns[at], turns[later]);
                let same = all[one].peer == all[other].peer;
                if let (true, Some(first), Some(second)) = (same, caught(one), caught(other))
                    && second.nth < first.nth
                {
                    turns.swap(at, later);
                }
            }
        }
        turns
    }

    /// Its turn.
    async fn go(
        &mut self,
        place: usize,
        inner: &mut Inner,
        told: &mpsc::UnboundedSender<(usize, Done)>,
    ) -> Result<(), Stop> {
        let peer = &inner.peer;
        match (&inner.action, &inner.begins) {
            (_, Begins::Sending(_) | Begins::Connecting(_)) => {
                let caught = self.rules.gathering.caught(inner.step);
                if let Some(hold) = caught.and_then(|caught| caught.hold) {
                    let until = self.until;
                    let gone = until.do_it(self.actor(peer)?.tap.release(hold)).await;
                    if gone.is_none() {
                        let what =
                            format!("{peer}'s {} on its way to the server", inner.action.verb());
                        return Err(self.late(&what, until));
                    }
                }
            }
            (Action::Kill { how, .. }, _) => {
                let (peer, how) = (peer.clone(), *how);
                inner.due = self.kill(&peer, how, inner.step).await?;
            }
            (Action::Cut { how, .. }, _) => {
                let (peer, how) = (peer.clone(), *how);
                inner.due = self.cut(&peer, how, inner.step).await?.map(Due::Closed);
            }
            (action, Begins::InTurn(Some(order))) => {
                if matches!(action, Action::Disconnect { .. }) {
                    // Told when it has ended.
                    let _link = self.ending(peer, inner.step);
                }
                let mut cause = vec![inner.step];
                cause.extend(&inner.waited);
                let (peer, order) = (peer.clone(), order.clone());
                inner.due = Some(Due::Order);
                self.give(place, &peer, order, cause, told)?;
            }
            (_, Begins::InTurn(None)) => inner.due = None,
        }
        Ok(())
    }

    /// Waits until something is so of all of them, and takes in what they come to meanwhile.
    async fn follow(
        &mut self,
        all: &mut [Inner],
        dones: &mut Dones,
        is_so: impl Fn(&Stage, &Inner) -> bool,
        late: impl Fn(&Inner) -> String,
    ) -> Result<(), Stop> {
        loop {
            self.world.hope.quiet = self.actors.values().all(|actor| actor.wire.is_quiet());
            self.take_in()?;
            while let Some((place, done)) = ready(dones) {
                self.done(&mut all[place], done)?;
            }
            for inner in all.iter_mut() {
                self.look(inner)?;
            }
            let Some(open) = all.iter().find(|inner| !is_so(self, inner)) else {
                return Ok(());
            };
            let (number, text, what) = (open.number, open.text.clone(), late(open));
            let looks = all.iter().filter_map(|inner| match &inner.due {
                Some(Due::Look(_, until)) => Some(*until),
                _ => None,
            });
            let deadline = self.until.at.min(self.end);
            let looked = looks.min().filter(|until| *until <= deadline);
            let (until, rules) = (self.until, self.rules.clone());
            tokio::select! {
                _ = self.recorder.next_from(self.taken) => {}
                () = rules.gathering.changed() => {}
                Some((place, done)) = dones.recv() => self.done(&mut all[place], done)?,
                () = tokio::time::sleep_until(looked.unwrap_or(deadline)) => {
                    if looked.is_some() {
                        continue;
                    }
                    self.take_in()?;
                    let stop = self.late(&what, until);
                    return Err(self.of_inner(number, &text, stop));
                }
            }
        }
    }

    /// An order has ended: what its step waits for now.
    fn done(&mut self, inner: &mut Inner, done: Done) -> Result<(), Stop> {
        if !matches!(inner.due, Some(Due::Order)) {
            return Ok(());
        }
        self.take_in()?;
        match self.looked_at(&inner.action, &inner.peer, &done, inner.step) {
            Some((line, until)) => {
                inner.due = Some(Due::Look(line, until));
                Ok(())
            }
            None => self.is_done(inner, done),
        }
    }

    /// It is known how its order has ended.
    fn is_done(&mut self, inner: &mut Inner, done: Done) -> Result<(), Stop> {
        let after = self.after(&inner.action, &inner.peer, inner.step, done);
        let after = after.map_err(|stop| self.of_inner(inner.number, &inner.text, stop))?;
        inner.due = after.due;
        inner.waited.extend(after.waited);
        inner.replied = after.replied.or(inner.replied);
        Ok(())
    }

    /// Whether what a step waits for has come.
    fn look(&mut self, inner: &mut Inner) -> Result<(), Stop> {
        if let Some(Due::Look(line, until)) = &inner.due {
            let done = match self.world.stands(line) {
                true if Instant::now() < *until => return Ok(()),
                true => Done::Yes,
                false => self.turned_out(line, inner.step),
            };
            return self.is_done(inner, done);
        }
        let waiting = self.waiting(inner.step);
        match come(&mut self.world, inner, &waiting) {
            Some(Ok(seqs)) => {
                inner.waited.extend(seqs);
                inner.due = None;
                Ok(())
            }
            Some(Err(Miss { kind, message })) => {
                let stop = fail_as(kind, message);
                Err(self.of_inner(inner.number, &inner.text, stop))
            }
            None => Ok(()),
        }
    }

    /// One has failed: nothing of the others is kept back, and they have a moment to end, so that nothing is half done when the laws are
    /// asked.
    async fn see_out(&mut self, all: &mut [Inner], dones: &mut Dones) {
        let failed = self.failed_inner;
        for inner in all.iter() {
            let caught = self.rules.gathering.caught(inner.step);
            if let (Some(hold), Some(actor)) = (
                caught.and_then(|caught| caught.hold),
                self.actors.get(&inner.peer),
            ) {
                // What has gone already is not there any more.
                let soon = Until::case(Instant::now() + SEEN_OUT_WITHIN);
                let _delivery = soon.do_it(actor.tap.release(hold)).await;
            }
        }
        self.rules.gathering.end();
        self.until = Until::case((Instant::now() + SEEN_OUT_WITHIN).min(self.end));
        for inner in all.iter_mut() {
            // It will never have its turn.
            if matches!(inner.due, Some(Due::Turn)) || Some(inner.number) == failed {
                inner.due = None;
            }
        }
        while all.iter().any(|inner| inner.due.is_some()) {
            let followed = self
                .follow(
                    all,
                    dones,
                    |_, inner| inner.due.is_none(),
                    |_| String::new(),
                )
                .await;
            match followed {
                Ok(()) => break,
                Err(Stop::Fail {
                    kind: FailureKind::TimedOut | FailureKind::Never | FailureKind::ServerEnded,
                    ..
                })
                | Err(Stop::Trouble(..)) => break,
                Err(Stop::Fail { .. }) => {
                    let number = self.failed_inner;
                    for inner in all.iter_mut().filter(|inner| Some(inner.number) == number) {
                        inner.due = None;
                    }
                }
            }
        }
        self.failed_inner = failed;
    }

    /// A failure of one of them: which, and what it is.
    fn of_inner(&mut self, number: usize, text: &str, stop: Stop) -> Stop {
        match stop {
            Stop::Fail {
                kind,
                place: None,
                message,
            } if kind != FailureKind::ServerEnded => {
                self.failed_inner = Some(number);
                let message =
                    format!("{message} (number {number} of those that begin together, `{text}`)");
                fail_as(kind, message)
            }
            other => other,
        }
    }

    /// Binds names to those who were let in and turned away, and tells what came of it.
    fn bind(&mut self, together: &Together, all: &[Inner], begun: Seq) -> Result<(), Stop> {
        let (mut granted, mut refused) = (Vec::new(), Vec::new());
        for inner in all {
            if let (Some(Answer::Any), Some(replied)) = (inner.action.answer(), &inner.replied) {
                match replied.granted {
                    true => {
                        self.went(&inner.action);
                        granted.push(inner);
                    }
                    false => refused.push(inner),
                }
            }
        }
        if granted.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let called = |inner: &&Inner| self.called(&inner.peer).clone();
        let words = |all: &[&Inner]| match all {
            [] => "none".to_owned(),
            all => {
                let each = all
                    .iter()
                    .map(|inner| format!("{}'s {}", inner.peer, inner.action.verb()));
                each.collect::<Vec<_>>().join(" and ")
            }
        };
        let shares = [
            (&together.let_in, &granted),
            (&together.turned_away, &refused),
        ];
        let wrong = shares
            .iter()
            .any(|(share, came)| share.number().is_some_and(|number| number != came.len()));
        if wrong {
            let wanted = |share: &Share, how: &str| {
                let number = share.number()?;
                let names: Vec<&str> = share.names().iter().map(PeerName::as_str).collect();
                let names = match names.as_slice() {
                    [] => String::new(),
                    names => format!(" ({})", names.join(", ")),
                };
                Some(format!("{number} {how}{names}"))
            };
            let wanted: Vec<String> = [
                wanted(&together.let_in, "granted"),
                wanted(&together.turned_away, "refused"),
            ]
            .into_iter()
            .flatten()
            .collect();
            let too_many = together
                .let_in
                .number()
                .is_some_and(|number| granted.len() > number)
                || together
                    .turned_away
                    .number()
                    .is_some_and(|number| refused.len() < number);
            let kind = match too_many {
                true => FailureKind::NotRefused,
                false => FailureKind::Refused,
            };
            return Err(fail_as(
                kind,
                format!(
                    "of these requests {} had to be, and granted were: {}; refused: {}",
                    wanted.join(" and "),
                    words(&granted),
                    words(&refused)
                ),
            ));
        }
        let text = (together.names().next().is_none() || !together.alike()).then(|| {
            let open = all.iter().filter(|inner| inner.replied.is_some());
            let each = open.filter_map(|inner| {
                let replied = inner.replied?;
                (inner.action.answer() == Some(&Answer::Any))
                    .then(|| in_words(&called(&inner), inner.action.verb(), replied.granted))
            });
            each.collect::<Vec<_>>().join(", ")
        });
        let names: Vec<(PeerName, PeerName)> = shares
            .iter()
            .flat_map(|(share, came)| share.names().iter().zip(came.iter()))
            .map(|(name, inner)| (name.clone(), inner.peer.clone()))
            .collect();
        let mut cause = vec![begun];
        let heard = granted.iter().chain(&refused);
        cause.extend(heard.filter_map(|inner| Some(inner.replied?.seq)));
        // One name at a time: who had one before is called by the new one.
        let renamed: BTreeSet<&PeerName> = names.iter().map(|(_, own)| own).collect();
        self.bound.retain(|_, own| !renamed.contains(own));
        self.bound.extend(names.iter().cloned());
        self.recorder.record(What::Outcome { names, text }, &cause);
        self.take_in()
    }
}

/// `bob's join granted`
fn in_words(peer: &PeerName, kind: &str, granted: bool) -> String {
    let end = if granted { "granted" } else { "refused" };
    format!("{peer}'s {kind} {end}")
}
