//! Where events are numbered, timed, redacted, kept and written.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::redact::redact_event;
use super::{Event, InconclusiveKind, Limit, MAX_BYTES, MAX_EVENTS, Seq, TraceWriter, What};
use crate::lock::lock;
use crate::terms::{Payload, ServerLife};

/// How long a message's event may be in memory alone.
const LAZY: Duration = Duration::from_millis(1);

/// So many events are written at once at most.
const AT_ONCE: usize = 256;

/// A secret shorter than this would be struck out of words that only look like it.
const SHORTEST_SECRET: usize = 4;

/// Takes in what happens, from every part of the harness.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    began: Instant,
    secrets: RwLock<Arc<[String]>>,
    state: Mutex<State>,
    /// Its own lock, taken before the other: whoever records must not wait for a disk.
    trace: Mutex<Trace>,
    traced: bool,
    /// Why the trace could not be written, once it could not.
    unwritten: OnceLock<String>,
    /// Somebody is about to write.
    due: AtomicBool,
    grown: Notify,
}

#[derive(Debug)]
struct State {
    events: Vec<Arc<Event>>,
    /// How much memory they take, about (bytes).
    bytes: usize,
    full: bool,
    limit: Limit,
}

#[derive(Debug, Default)]
struct Trace {
    to: Option<TraceWriter>,
    /// How many events are written.
    written: usize,
    failed: Option<io::Error>,
}

impl Recorder {
    /// Begins a run now. Events are also written to `trace`, if there is one.
    pub fn new(trace: Option<TraceWriter>) -> Self {
        Self::with_secrets(trace, Arc::default())
    }

    /// The same, and these texts are struck out of all that is recorded.
    pub fn with_secrets(trace: Option<TraceWriter>, secrets: Arc<[String]>) -> Self {
        Self::with_limit(trace, Limit::default(), secrets)
    }

    /// The same, with room for so much.
    pub fn with_limit(trace: Option<TraceWriter>, limit: Limit, secrets: Arc<[String]>) -> Self {
        Self {
            shared: Arc::new(Shared {
                began: Instant::now(),
                secrets: RwLock::new(secrets),
                state: Mutex::new(State {
                    events: Vec::new(),
                    bytes: 0,
                    full: false,
                    limit,
                }),
                traced: trace.is_some(),
                unwritten: OnceLock::new(),
                due: AtomicBool::new(false),
                trace: Mutex::new(Trace {
                    to: trace,
                    ..Trace::default()
                }),
                grown: Notify::new(),
            }),
        }
    }

    /// From now on this is struck out as well, as it is and percent-encoded. What is too short is not: it would be struck out of words that
    /// only look like it.
    pub fn strike_out(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let percent = encoded.replace('+', "%20");
        let mut secrets = (self.shared.secrets.write()).unwrap_or_else(PoisonError::into_inner);
        let mut all = secrets.to_vec();
        for form in [secret.to_owned(), percent, encoded] {
            if !all.contains(&form) {
                all.push(form);
            }
        }
        // The longest first: one may be part of another.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        *secrets = all.into();
    }

    /// Records one event and gives its number. Secrets are taken out here. Causes that are no events yet are left out. When the
    /// recorder is full, only steps, links and what ends the record are kept; else the number is that of the last event kept.
    pub fn record(&self, what: What, cause: &[Seq]) -> Seq {
        let seq = self.keep(what, cause);
        self.write();
        seq
    }

    /// The same, but the trace gets it a millisecond later, or before the next event that is recorded otherwise: a message on its way must
    /// not wait for a disk. Outside of a tokio runtime the trace gets it at once.
    pub fn record_lazily(&self, what: What, cause: &[Seq]) -> Seq {
        let seq = self.keep(what, cause);
        if self.shared.traced && !self.shared.due.swap(true, Ordering::AcqRel) {
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking({
                    let recorder = self.clone();
                    move || {
                        std::thread::sleep(LAZY);
                        recorder.write_due();
                    }
                })),
                Err(_) => self.write_due(),
            }
        }
        seq
    }

    fn write_due(&self) {
        // Before the look, so that what comes after it is written next time.
        self.shared.due.store(false, Ordering::Release);
        self.write();
    }

    /// Writes what is not written yet.
    fn write(&self) {
        let mut trace = lock(&self.shared.trace);
        while trace.to.is_some() {
            let events: Vec<_> = {
                let state = lock(&self.shared.state);
                let waiting = state.events.iter().skip(trace.written);
                waiting.take(AT_ONCE).cloned().collect()
            };
            if events.is_empty() {
                break;
            }
            trace.append(&events);
            if let Some(error) = &trace.failed {
                // In memory at least, where those who wait see it at once.
                let why = format!("the record cannot be written: {error}");
                if self.shared.unwritten.set(why.clone()).is_ok() {
                    self.keep(
                        What::Note {
                            peer: None,
                            text: why,
                        },
                        &[],
                    );
                }
            }
        }
    }

    fn keep(&self, mut what: What, cause: &[Seq]) -> Seq {
        let secrets = (self.shared.secrets.read())
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        redact_event(&mut what, &secrets);
        let at = || u64::try_from(self.shared.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut state = lock(&self.shared.state);
        let seq = if state.is_at_limit() && !state.full {
            state.full = true;
            let (events, bytes) = (state.events.len(), state.bytes);
            let text = format!(
                "{events} events of {bytes} bytes: what follows is left out, but for steps and links"
            );
            state.push(at(), What::Note { peer: None, text }, &[]);
            state.keep(at(), what, cause)
        } else {
            state.keep(at(), what, cause)
        };
        drop(state);
        self.shared.grown.notify_waiters();
        seq
    }

    /// The time since the run began, by the clock that events are timed with.
    pub fn elapsed(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// The events from this number on.
    pub fn events_from(&self, seq: Seq) -> Vec<Arc<Event>> {
        let state = lock(&self.shared.state);
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        state.events.get(from..).unwrap_or_default().to_vec()
    }

    /// The event of this number.
    pub fn event(&self, seq: Seq) -> Option<Arc<Event>> {
        let index = usize::try_from(seq).ok()?;
        lock(&self.shared.state).events.get(index).cloned()
    }

    /// Whether something was left out, which may be what explains the rest.
    pub fn is_full(&self) -> bool {
        lock(&self.shared.state).full
    }

    /// Why the record does not hold all that happened, if so: then no law can be asked, and nothing has passed.
    pub fn incomplete(&self) -> Option<(InconclusiveKind, String)> {
        if let Some(why) = self.shared.unwritten.get() {
            return Some((InconclusiveKind::RecordFailed, why.clone()));
        }
        self.is_full().then(|| {
            let Limit { events, bytes } = lock(&self.shared.state).limit;
            let megabytes = bytes / (1024 * 1024);
            (
                InconclusiveKind::TooMuch,
                format!("more happened than is recorded ({events} events, {megabytes} MB), so that the laws cannot be asked"),
            )
        })
    }

    /// Writes what is not written yet.
    pub fn flush(&self) {
        self.write();
        let mut trace = lock(&self.shared.trace);
        if let Some(to) = &mut trace.to
            && let Err(error) = to.finish()
        {
            let why = format!("the record cannot be written: {error}");
            drop(self.shared.unwritten.set(why));
            trace.failed = Some(error);
            trace.to = None;
        }
    }

    /// How many events there are: the number that the next one gets.
    pub fn count(&self) -> Seq {
        lock(&self.shared.state).events.len() as Seq
    }

    /// Waits until there are events from this number on, and gives them. Nothing is lost if it is cancelled.
    pub async fn next_from(&self, seq: Seq) -> Vec<Arc<Event>> {
        loop {
            // Made before the look, so that no event can come between the two unnoticed.
            let grown = self.shared.grown.notified();
            let events = self.events_from(seq);
            if !events.is_empty() {
                return events;
            }
            grown.await;
        }
    }

    /// Waits until there are events after this one, and gives them.
    pub async fn next_after(&self, seq: Seq) -> Vec<Arc<Event>> {
        self.next_from(seq.saturating_add(1)).await
    }

    /// Why the trace could not be written, if so; told once.
    pub fn take_trace_error(&self) -> Option<io::Error> {
        self.write();
        lock(&self.shared.trace).failed.take()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = (self.state.get_mut()).unwrap_or_else(PoisonError::into_inner);
        let trace = (self.trace.get_mut()).unwrap_or_else(PoisonError::into_inner);
        for events in (state.events.get(trace.written..).unwrap_or_default()).chunks(AT_ONCE) {
            trace.append(events);
        }
    }
}

impl Trace {
    fn append(&mut self, events: &[Arc<Event>]) {
        self.written += events.len();
        if let Some(to) = &mut self.to
            && let Err(error) = to.append_all(events.iter().map(|event| &**event))
        {
            // A gap would make the rest unreadable: better no more than that.
            self.failed = Some(error);
            self.to = None;
        }
    }
}

impl State {
    /// Whether there is as much as may be.
    fn is_at_limit(&self) -> bool {
        self.events.len() >= self.limit.events || self.bytes >= self.limit.bytes
    }

    fn keep(&mut self, at: u64, what: What, cause: &[Seq]) -> Seq {
        let spare = match &what {
            What::Server {
                life: ServerLife::Line { .. },
            } => true,
            What::Run { .. }
            | What::Step { .. }
            | What::End
            | What::LinkEnded { .. }
            | What::LinkDown { .. }
            | What::LinkRefused { .. }
            | What::Violation { .. }
            | What::Fenced { .. }
            | What::Clearing
            | What::Law(_)
            | What::Verdict { .. }
            | What::Server { .. } => false,
            _ => true,
        };
        if self.full && spare {
            return (self.events.len() as Seq).saturating_sub(1);
        }
        self.push(at, what, cause)
    }

    fn push(&mut self, at: u64, what: What, cause: &[Seq]) -> Seq {
        let seq = self.events.len() as Seq;
        let mut cause: Vec<Seq> = cause.iter().copied().filter(|c| *c < seq).collect();
        cause.sort_unstable();
        cause.dedup();
        self.bytes = (self.bytes).saturating_add(size(&what) + cause.len() * size_of::<Seq>());
        let event = Event {
            seq,
            at,
            cause,
            what,
        };
        self.events.push(Arc::new(event));
        seq
    }
}

/// What an event with its counters, names and short texts takes, about (bytes). Measured: a short line of a console takes 410.
const EACH: usize = size_of::<Event>() + 2 * size_of::<usize>() + size_of::<Arc<Event>>() + SMALL;

/// What names and short texts take on the heap.
const SMALL: usize = 104;

// A flood of short ones is judged up to the number of events, not to that of bytes.
const _: () = assert!(EACH * MAX_EVENTS < MAX_BYTES);

/// How much memory an event takes, about (bytes).
fn size(what: &What) -> usize {
    EACH + match what {
        // What the word holds stood in the payload.
        What::Message {
            word, size, text, ..
        } => text.len() + word.as_ref().map_or(0, |_| *size),
        What::Aside { text, .. } => text.len(),
        What::Console { level, text, .. } => level.len() + text.len(),
        What::PeerError { name, message, .. } => name.len() + message.len(),
        What::Violation { detail, .. } => detail.len(),
        What::Note { text, .. }
        | What::LinkAsked { text, .. }
        | What::LinkRefused { text, .. }
        | What::Server {
            life: ServerLife::Line { text },
        } => text.len(),
        What::Said { label, payload, .. } | What::Heard { label, payload, .. } => {
            let (Payload::Text(text) | Payload::Bytes(text)) = payload;
            label.len() + text.len()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> What {
        let text = text.into();
        What::Server {
            life: ServerLife::Line { text },
        }
    }

    fn note(text: &str) -> What {
        let text = text.into();
        What::Note { peer: None, text }
    }

    #[test]
    fn few_long_events_fill_it_as_many_short_ones_do() {
        let all = usize::MAX;
        for (events, bytes, text) in [
            (100, all, "x".to_owned()),
            (all, 100 * (1000 + EACH), "x".repeat(1000)),
        ] {
            let recorder = Recorder::with_limit(None, Limit { events, bytes }, Arc::default());
            for _ in 0..100 {
                recorder.record(line(&text), &[]);
            }
            assert!(!recorder.is_full() && recorder.incomplete().is_none());
            for _ in 0..100 {
                recorder.record(line(&text), &[]);
                recorder.record(note(&text), &[]);
            }
            assert_eq!(recorder.count(), 101, "and the word about it");
            assert!(recorder.is_full());
            let (kind, _) = recorder.incomplete().expect("it is told");
            assert_eq!(kind, InconclusiveKind::TooMuch);
            let last = recorder.record(What::End, &[]);
            assert_eq!(
                recorder.event(last).map(|event| event.what.clone()),
                Some(What::End)
            );
            let events = recorder.events_from(0);
            let told = events.iter().filter(
                |event| matches!(&event.what, What::Note { text, .. } if text.contains("left out")),
            );
            assert_eq!(told.count(), 1);
        }
    }
}
