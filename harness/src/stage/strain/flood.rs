//! One who says too much: what becomes of others beside him.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::signals::{BESIDE, Course, passes};
use super::{EACH_WITHIN, End, Load, Took};
use crate::stage::probe::Probe;

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
/// How long a pair may take to come, where it is told to be slower.
const COME_WITHIN: Duration = Duration::from_secs(20);
const AGAIN_AFTER: Duration = Duration::from_millis(50);

impl Load<'_> {
    /// The pair speaks as an honest client does, so that it comes near no limit of its own.
    ///
    /// Where it is refused all the same, and told so, it is not for what it says itself. That is no loss: a server may count for each address,
    /// and all that glare lets dial have one. From within one machine the two cannot be told apart, so it is told, and accuses nobody.
    pub(super) async fn flood(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair_in_time("p").await.map_err(End::before)?;
        let pair = self.pair_in_time("q").await.map_err(End::before)?;
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
                sleep_until(began + PACE).await;
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

    /// A pair that tries again where it is told that it is too much: what was said before may count for it.
    async fn pair_in_time(&self, name: &str) -> Result<(Probe, Probe), End> {
        let until = self.until.min(Instant::now() + COME_WITHIN);
        let mut time = 0;
        loop {
            match self.pair(&format!("{name}{time}-")).await {
                Err(End::Told(_)) if Instant::now() < until => {
                    time += 1;
                    sleep(AGAIN_AFTER).await;
                }
                came => return came,
            }
        }
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
