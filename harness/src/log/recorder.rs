//! Where events are numbered, timed, redacted, kept and written.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::redact::redact_event;
use super::{Event, Seq, ServerLife, TraceWriter, What};

/// From this many events on, what no step can wait for is left out.
pub const MAX_EVENTS: usize = 100_000;

/// From this many on, only steps, links and the end are kept: memory is finite.
const MAX_AT_ALL: usize = 2 * MAX_EVENTS;

/// Takes in what happens, from every part of the harness.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    began: Instant,
    secrets: Arc<[String]>,
    state: Mutex<State>,
    grown: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    events: Vec<Arc<Event>>,
    trace: Option<TraceWriter>,
    failed: Option<io::Error>,
    full: bool,
    limit: usize,
}

impl Recorder {
    /// Begins a run now. Events are also written to `trace`, if there is one.
    pub fn new(trace: Option<TraceWriter>) -> Self {
        Self::with_limit(trace, MAX_EVENTS, Arc::default())
    }

    /// The same, and these texts are struck out of all that is recorded.
    pub fn with_secrets(trace: Option<TraceWriter>, secrets: Arc<[String]>) -> Self {
        Self::with_limit(trace, MAX_EVENTS, secrets)
    }

    fn with_limit(trace: Option<TraceWriter>, limit: usize, secrets: Arc<[String]>) -> Self {
        Self {
            shared: Arc::new(Shared {
                began: Instant::now(),
                secrets,
                state: Mutex::new(State {
                    events: Vec::new(),
                    trace,
                    failed: None,
                    full: false,
                    limit,
                }),
                grown: watch::Sender::new(0),
            }),
        }
    }

    /// Records one event and gives its number. Secrets are taken out here. Causes that are no events yet are left out. When the
    /// recorder is full, what cannot be waited for is dropped, and the number is that of the last event kept.
    pub fn record(&self, mut what: What, cause: &[Seq]) -> Seq {
        redact_event(&mut what, &self.shared.secrets);
        let at = || u64::try_from(self.shared.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        let seq = if state.events.len() >= state.limit && !state.full {
            state.full = true;
            let limit = state.limit;
            let text = format!(
                "more than {limit} events: console, server output and opaque messages are left out from here"
            );
            state.push(at(), What::Note { peer: None, text }, &[]);
            state.keep(at(), what, cause)
        } else {
            state.keep(at(), what, cause)
        };
        let count = state.events.len();
        drop(state);
        self.shared.grown.send_replace(count);
        seq
    }

    /// The time since the run began, by the clock that events are timed with.
    pub fn elapsed(&self) -> std::time::Duration {
        self.shared.began.elapsed()
    }

    /// The events from this number on.
    pub fn events_from(&self, seq: Seq) -> Vec<Arc<Event>> {
        let state = self.lock();
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        state.events.get(from..).unwrap_or_default().to_vec()
    }

    /// The event of this number.
    pub fn event(&self, seq: Seq) -> Option<Arc<Event>> {
        let index = usize::try_from(seq).ok()?;
        self.lock().events.get(index).cloned()
    }

    /// How many events there are: the number that the next one gets.
    pub fn count(&self) -> Seq {
        self.lock().events.len() as Seq
    }

    /// Waits until there are events from this number on, and gives them. Nothing is lost if it is cancelled.
    pub async fn next_from(&self, seq: Seq) -> Vec<Arc<Event>> {
        let mut grown = self.shared.grown.subscribe();
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        loop {
            // The sender lives in `self`, so the wait cannot fail before it is over.
            let waited = grown.wait_for(|count| *count > from).await.is_ok();
            let events = self.events_from(seq);
            if !events.is_empty() || !waited {
                return events;
            }
        }
    }

    /// Waits until there are events after this one, and gives them.
    pub async fn next_after(&self, seq: Seq) -> Vec<Arc<Event>> {
        self.next_from(seq.saturating_add(1)).await
    }

    /// Why the trace could not be written, if so; told once.
    pub fn take_trace_error(&self) -> Option<io::Error> {
        self.lock().failed.take()
    }

    /// A poisoned lock is taken all the same: every change to the state is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, at: u64, what: What, cause: &[Seq]) -> Seq {
        let spare = match &what {
            What::Console { .. } => true,
            What::Server {
                life: ServerLife::Line { .. },
            } => true,
            What::Message { word: None, .. } => true,
            What::Run { .. }
            | What::Step { .. }
            | What::End
            | What::LinkEnded { .. }
            | What::LinkDown { .. }
            | What::Fenced { .. }
            | What::Server { .. } => false,
            _ => self.events.len() >= self.limit.saturating_mul(MAX_AT_ALL / MAX_EVENTS),
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
        let event = Event {
            seq,
            at,
            cause,
            what,
        };
        if let Some(trace) = &mut self.trace
            && let Err(error) = trace.append(&event)
        {
            // A gap would make the rest unreadable: better no more than that.
            self.failed = Some(error);
            self.trace = None;
        }
        self.events.push(Arc::new(event));
        seq
    }
}
