//! One who says too much: what becomes of others beside him, and of himself when he has paused.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::signals::{BESIDE, Course, TOLD_WITHIN, passes, session_of};
use super::{EACH_WITHIN, End, Load, Took};
use crate::record::UNASKED;
use crate::signaling::Kind;
use crate::stage::probe::{Probe, Stuck};

/// So many things of a flood are said at once, and the pause behind them: thousands a second, for which no limit is too low.
const WAVE: u32 = 50;
const PAUSE: Duration = Duration::from_millis(12);

/// So many waves there are at most for each signal of the pair: more than there is time for.
const WAVES_EACH: u32 = 20;

/// The pair says two things so often, which no limit forbids that lets anybody call.
const PACE: Duration = Duration::from_millis(400);

/// How long the pair waits for the flood to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(2);

/// How long one who was put out may take to come again, and the pause before he tries once more.
const COMES_AGAIN_WITHIN: Duration = Duration::from_secs(1);
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long one pauses who was told that he says too much.
const RESTS: Duration = Duration::from_secs(5);

/// What he says when he is back.
const BACK: &str = "back";

impl Load<'_> {
    /// He may be told so again, since a server may punish for longer than he pauses. What it owes him is an answer: where it gives him none, or
    /// serves him and what he says is lost, he was forgotten.
    pub(super) async fn respite(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair("p").await.map_err(End::before)?;
        let told = match self.says_too_much(&mut one, &other).await {
            Ok(()) => {
                let many = self.times;
                let why =
                    format!("who says {many} things in a row is not told that it is too much");
                return Ok(format!("{UNASKED}{why}"));
            }
            Err(Stuck::Told(told)) => told,
            Err(Stuck::Server(why)) => return Ok(format!("{UNASKED}{why}")),
            Err(Stuck::Harness(why)) => return Err(End::Harness(why)),
        };
        let until = Instant::now() + RESTS;
        while let Err(stuck) = one.is_let_be(until - Instant::now()).await {
            match stuck {
                Stuck::Told(_) => {}
                Stuck::Server(why) => return Ok(format!("{UNASKED}{told}, and {why}")),
                Stuck::Harness(why) => return Err(End::Harness(why)),
            }
        }
        let seconds = RESTS.as_secs();
        let after = |what: String| format!("{told}, and pauses for {seconds} s; then {what}");
        let back = self.is_served_again(&mut one, &mut other).await;
        back.map_err(|end| match end {
            End::Loss(why) => End::Loss(after(why)),
            End::Absence(why) => End::Absence(after(why)),
            End::Told(why) => End::Told(after(why)),
            End::Limit(why) => End::Limit(after(why)),
            end => end,
        })?;
        one.leave().await;
        other.leave().await;
        Ok(after("he is served".into()))
    }

    /// Until he is told so, or has said all.
    async fn says_too_much(&self, one: &mut Probe, other: &Probe) -> Result<(), Stuck> {
        let mut flood = Course::new(self);
        while flood.said < self.times {
            for _ in 0..WAVE.min(self.times - flood.said) {
                one.signals(other.id(), flood.next()).await?;
            }
            sleep(PAUSE).await;
            one.catches_up().await?;
        }
        one.is_let_be(self.answers_within()).await
    }

    async fn is_served_again(&self, one: &mut Probe, other: &mut Probe) -> Result<(), End> {
        let dialect = self.strangers.dialect();
        let promised = dialect.properties().answers_within.is_some();
        let fenced = dialect.says(Kind::Fence);
        if fenced {
            let answered = one.is_answered(self.soon()).await;
            answered.map_err(|stuck| match stuck {
                Stuck::Server(why) if promised && !one.is_outside() => End::Loss(why),
                stuck => stuck.into(),
            })?;
        }
        let offer = super::signals::description(BACK);
        one.signals(other.id(), offer).await?;
        let until = self.soon();
        loop {
            match other.hears(Kind::Offer, until).await {
                // Behind what may have come before of the flood.
                Ok(signal) if session_of(&signal) == BACK => return Ok(()),
                Ok(_) if dialect.properties().rewrites => return Ok(()),
                Ok(_) => {}
                Err(Stuck::Server(why)) => {
                    one.is_let_be(TOLD_WITHIN).await?;
                    // Who is answered is served; without that he may be kept out for longer.
                    return Err(match fenced && !other.is_outside() {
                        true => End::Loss(why),
                        false => End::Limit(why),
                    });
                }
                Err(stuck) => return Err(stuck.into()),
            }
        }
    }

    fn answers_within(&self) -> Duration {
        let within = self.strangers.dialect().properties().answers_within;
        within.unwrap_or(Duration::from_secs(1))
    }

    /// The pair speaks as an honest client does, so that it comes near no limit of its own.
    ///
    /// Where it is refused all the same, and told so, it is not for what it says itself. That is no loss: a server may count for each address,
    /// and all that glare lets dial have one. From within one machine the two cannot be told apart, so it is told, and accuses nobody.
    pub(super) async fn flood(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair("p").await.map_err(End::before)?;
        let pair = self.pair("q").await.map_err(End::before)?;
        let (said, returns) = (AtomicU32::new(0), AtomicU32::new(0));
        let mut course = Course::new(self);
        let mut took = Took::default();
        let talks = async {
            let begins = Instant::now() + BEGINS_WITHIN;
            // Till it is under way nothing is to be seen.
            while said.load(Ordering::Relaxed) < WAVE && Instant::now() < begins {
                sleep(PAUSE).await;
            }
            while course.said < self.times {
                let began = Instant::now();
                let many = BESIDE.min(self.times - course.said);
                passes(self, (&mut one, &mut other), &mut course, many, EACH_WITHIN).await?;
                took.since(began);
                tokio::join!(one.waits(began + PACE), other.waits(began + PACE));
            }
            Ok::<(), End>(())
        };
        tokio::select! {
            talked = talks => talked.map_err(End::beside_a_flood)?,
            () = self.floods(pair, &said, &returns) => {}
        }
        for one in [one, other] {
            one.leave().await;
        }
        let said = said.load(Ordering::Relaxed);
        let again = match returns.load(Ordering::Relaxed) {
            0 => String::new(),
            returns => format!(", was put out and came again {returns} times"),
        };
        Ok(format!(
            "{} signals of a pair, five a second, beside {said} of one who floods{again}; by twos, {took}",
            self.times
        ))
    }

    /// Floods, whatever is said to him; and comes again where he is put out for it. It never ends.
    async fn floods(&self, pair: (Probe, Probe), said: &AtomicU32, returns: &AtomicU32) {
        let (mut loud, mut ear) = pair;
        let mut waves = 0;
        loop {
            let mut flood = Course::new(self);
            'line: loop {
                for _ in 0..WAVE {
                    if loud.signals(ear.id(), flood.next()).await.is_err() {
                        break 'line;
                    }
                    said.fetch_add(1, Ordering::Relaxed);
                }
                waves += 1;
                if waves > self.times.saturating_mul(WAVES_EACH) {
                    return std::future::pending().await;
                }
                sleep(PAUSE).await;
            }
            loud.leave().await;
            ear.leave().await;
            (loud, ear) = loop {
                let time = returns.fetch_add(1, Ordering::Relaxed);
                let name = format!("r{time}-");
                if let Ok(Ok(pair)) = timeout(COMES_AGAIN_WITHIN, self.pair(&name)).await {
                    break pair;
                }
                sleep(AGAIN_AFTER).await;
            };
        }
    }
}

impl End {
    /// The same, of a pair that says little.
    fn beside_a_flood(self) -> Self {
        match self {
            End::Told(why) => End::Told(format!(
                "beside one who floods, {why}, though the pair says five things a second: what is too much is not counted for each line alone; for each address it may be, and here all have one"
            )),
            other => other,
        }
    }
}
