//! The trace on disk: JSON Lines, one event a line.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use serde::Deserialize;

use super::{Event, Seq, TRACE_VERSION, What};

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 4 << 20;

/// So much room for lines is kept from one write to the next (bytes).
const KEPT: usize = 256 * 1024;

/// The most events that are read.
const MAX_READ: usize = 2 * super::MAX_EVENTS;

/// Writes events as they are given, whole lines, one `write` for those that come together: a crash may lose these, no other.
pub struct TraceWriter {
    to: To,
    /// How many bytes of whole lines are written.
    whole: u64,
    lines: Vec<u8>,
}

impl TraceWriter {
    /// Writes to a new file; one that exists already is an error.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self::file(File::create_new(path)?))
    }

    /// Writes to this file, which is empty.
    pub fn file(file: File) -> Self {
        Self::to(To::File(file))
    }

    /// Writes to anything unbuffered.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self::to(To::Other(Box::new(to)))
    }

    fn to(to: To) -> Self {
        Self {
            to,
            whole: 0,
            lines: Vec::new(),
        }
    }

    /// Writes one event.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        self.append_all([event])
    }

    /// Writes these events.
    pub fn append_all<'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> io::Result<()> {
        self.lines.clear();
        for event in events {
            serde_json::to_writer(&mut self.lines, event)?;
            self.lines.push(b'\n');
        }
        let written = match &mut self.to {
            To::File(file) => file.write_all(&self.lines),
            To::Other(other) => other.write_all(&self.lines),
        };
        match &written {
            Ok(()) => self.whole += self.lines.len() as u64,
            // Half a line helps nobody; if it cannot be taken back, readers know it by its missing end.
            Err(_) => drop(self.cut()),
        }
        // Some long messages must not be remembered by a case's whole life.
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        written
    }
}

impl TraceWriter {
    /// Sees to it that the system has what was written.
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(file) => file.flush(),
            To::Other(other) => other.flush(),
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(file) => {
                let whole = file.metadata()?.len().min(self.whole);
                file.set_len(whole)
            }
            To::Other(_) => Ok(()),
        }
    }
}

enum To {
    File(File),
    Other(Box<dyn Write + Send>),
}

impl std::fmt::Debug for TraceWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TraceWriter").finish_non_exhaustive()
    }
}

/// A trace that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its events, numbered from 0 without gaps.
    pub events: Vec<Event>,
    /// The last line was cut off and is not among them.
    pub cut_off: bool,
}

/// What is wrong with a trace. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("cannot read the trace: {0}")]
    Io(#[from] io::Error),
    /// A line is not an event.
    #[error("line {line}: {message}")]
    Line {
        /// Which.
        line: usize,
        /// Why.
        message: String,
    },
    /// Another format.
    #[error("it has version {found}, written by {} glare; this one reads version {TRACE_VERSION}{}", age(*.found), advice(*.found))]
    Version {
        /// What it says.
        found: u64,
    },
    /// Nothing in it.
    #[error("the trace is empty")]
    Empty,
}

fn age(found: u64) -> &'static str {
    match found > u64::from(TRACE_VERSION) {
        true => "a newer",
        false => "an older",
    }
}

fn advice(found: u64) -> &'static str {
    match found > u64::from(TRACE_VERSION) {
        true => ": update it",
        false => "",
    }
}

fn wrong<T>(line: usize, message: impl Into<String>) -> Result<T, TraceError> {
    Err(TraceError::Line {
        line,
        message: message.into(),
    })
}

/// Reads a trace. A last line without a line end is what a crash leaves: it is left out if it is not whole.
pub fn read_trace(mut from: impl BufRead) -> Result<Trace, TraceError> {
    let mut events: Vec<Event> = Vec::new();
    let mut buffer = Vec::new();
    let mut number = 0;
    loop {
        buffer.clear();
        number += 1;
        let limit = MAX_LINE as u64 + 1;
        if from.by_ref().take(limit).read_until(b'\n', &mut buffer)? == 0 {
            break;
        }
        let whole = buffer.pop_if(|last| *last == b'\n').is_some();
        if buffer.len() > MAX_LINE || (!whole && buffer.len() as u64 >= limit) {
            return wrong(number, format!("longer than {MAX_LINE} bytes"));
        }
        if number == 1 {
            version(&buffer)?;
        }
        let event: Event = match serde_json::from_slice(&buffer) {
            Ok(event) => event,
            Err(_) if !whole && number > 1 => {
                return Ok(Trace {
                    events,
                    cut_off: true,
                });
            }
            Err(error) => return wrong(number, error.to_string()),
        };
        check(&event, number, events.len() as Seq)?;
        if events.len() == MAX_READ {
            return wrong(number, format!("more than {MAX_READ} events"));
        }
        events.push(event);
    }
    if events.is_empty() {
        return Err(TraceError::Empty);
    }
    Ok(Trace {
        events,
        cut_off: false,
    })
}

/// A newer format may have lines that this build cannot read, so its version is looked at first.
fn version(line: &[u8]) -> Result<(), TraceError> {
    #[derive(Deserialize)]
    struct Head {
        event: String,
        version: Option<u64>,
    }
    match serde_json::from_slice::<Head>(line) {
        Ok(Head {
            event,
            version: Some(found),
        }) if event == "run" => {
            if found == u64::from(TRACE_VERSION) {
                Ok(())
            } else {
                Err(TraceError::Version { found })
            }
        }
        Ok(_) => wrong(1, "a trace begins with a `run` event that has a version"),
        Err(error) => wrong(1, format!("not a trace: {error}")),
    }
}

fn check(event: &Event, line: usize, expected: Seq) -> Result<(), TraceError> {
    if event.seq != expected {
        let found = event.seq;
        return wrong(
            line,
            format!("event {found} where event {expected} was due"),
        );
    }
    if let Some(cause) = event.cause.iter().find(|cause| **cause >= event.seq) {
        return wrong(line, format!("cause {cause} is not an earlier event"));
    }
    if expected > 0 && matches!(event.what, What::Run { .. }) {
        return wrong(line, "a second `run` event");
    }
    Ok(())
}
