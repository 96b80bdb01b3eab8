//! Recording, writing and reading what happened.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::traces_support;
use glare::names::PeerName;
use glare::record::{
    Applied, Event, InconclusiveKind, Limit, Recorder, TraceError, TraceWriter, What, read_trace,
};
use glare::signaling::DescriptionKind;
use glare::terms::{Carrier, Direction, Ending, Fate, Payload, ServerLife, Side};

/// Keeps each `write` apart.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(events: &[Event]) -> Vec<u8> {
    let writes = Writes::default();
    let mut trace = TraceWriter::new(writes.clone());
    events.iter().for_each(|event| trace.append(event).unwrap());
    let all = writes.0.lock().unwrap().clone();
    assert!(
        all.iter().all(|line| line.ends_with(b"\n")),
        "one write is one line"
    );
    assert_eq!(all.len(), events.len());
    all.concat()
}

fn console(text: &str) -> What {
    let (peer, level) = (PeerName::new("bob"), "log".to_owned());
    What::Console {
        peer,
        level,
        text: text.into(),
    }
}

#[test]
fn what_is_written_is_read_back() {
    for (name, mut events) in traces_support::all() {
        let peer = || PeerName::new("bob");
        let link = || traces_support::link("bob", 3);
        for what in [
            What::LinkDown {
                link: link(),
                by: Side::Peer,
                ending: Ending::Close {
                    code: Some(1001),
                    reason: "x".into(),
                },
            },
            What::LinkDown {
                link: link(),
                by: Side::Tap,
                ending: Ending::Eof,
            },
            What::Server {
                life: ServerLife::Line { text: "hi".into() },
            },
            What::Server {
                life: ServerLife::Exited { status: "1".into() },
            },
            What::Applied {
                peer: peer(),
                conn: 1,
                applied: Applied::Local(DescriptionKind::Rollback),
            },
            What::Applied {
                peer: peer(),
                conn: 1,
                applied: Applied::EndOfCandidates,
            },
            What::Said {
                peer: peer(),
                conn: 1,
                label: "l".into(),
                payload: Payload::Bytes("AA==".into()),
            },
            What::Note {
                peer: None,
                text: "n".into(),
            },
            What::Gathered {
                peer: peer(),
                conn: 1,
                sort: None,
            },
            What::PeerError {
                peer: peer(),
                conn: 1,
                during: "d".into(),
                name: "n".into(),
                message: "m".into(),
            },
            console("c"),
        ] {
            let seq = events.len() as u64;
            events.push(Event {
                seq,
                at: 0,
                cause: vec![0],
                what,
            });
        }
        let trace = read_trace(written(&events).as_slice()).unwrap();
        assert_eq!(trace.events, events, "{name}");
        assert!(!trace.cut_off);
    }
}

#[test]
fn a_crash_costs_the_last_line_only() {
    let events = traces_support::happy();
    let bytes = written(&events);
    let trace = read_trace(&bytes[..bytes.len() - 5]).unwrap();
    assert!(trace.cut_off);
    assert_eq!(trace.events, events[..events.len() - 1]);
}

#[test]
fn a_trace_cut_anywhere_is_read_or_refused_but_never_panics() {
    let bytes = written(&traces_support::happy());
    for end in (0..bytes.len()).step_by(41) {
        let _ = read_trace(&bytes[..end]);
    }
}

#[test]
fn a_wrong_trace_is_refused_with_its_line() {
    let text = String::from_utf8(written(&traces_support::happy())).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let refused = |text: String| read_trace(text.as_bytes()).unwrap_err().to_string();
    assert!(refused(text.replace(lines[3], "{\"nonsense\":1}")).starts_with("line 4: "));
    assert_eq!(
        refused(text.replacen(lines[2], lines[3], 1)),
        "line 3: event 3 where event 2 was due"
    );
    assert_eq!(
        refused(text.replacen("\"cause\":[1]", "\"cause\":[9000]", 1)),
        "line 3: cause 9000 is not an earlier event"
    );
    assert_eq!(
        refused(text.replacen("\"cause\":[1]", "\"cause\":[2]", 1)),
        "line 3: cause 2 is not an earlier event",
        "itself"
    );
    let again = lines[0].replace("\"seq\":0", "\"seq\":1");
    assert_eq!(
        refused(text.replacen(lines[1], &again, 1)),
        "line 2: a second `run` event"
    );
    assert_eq!(
        refused(text.replacen(&format!("{}\n", lines[2]), "", 1)),
        "line 3: event 3 where event 2 was due"
    );
    // Not the end that a crash leaves.
    assert!(refused(text.replacen(lines[3], &lines[3][..20], 1)).starts_with("line 4: "));
    let endless = format!("{}\n{}", lines[0], "x".repeat(glare::record::MAX_LINE + 1));
    assert!(refused(endless).starts_with("line 2: longer than"));
    assert!(matches!(
        read_trace(
            text.replacen("\"version\":3", "\"version\":4", 1)
                .as_bytes()
        ),
        Err(TraceError::Version { found: 4 })
    ));
    assert_eq!(
        refused(text.replacen("\"version\":3", "\"version\":1", 1)),
        "it has version 1, written by an older glare; this one reads version 3"
    );
    assert!(matches!(read_trace(&b""[..]), Err(TraceError::Empty)));
    assert!(refused("x".repeat(glare::record::MAX_LINE + 1)).contains("longer than"));
    assert!(
        refused(format!("{}\n{}", lines[0], "[".repeat(100_000)) + "\n").starts_with("line 2: ")
    );
}

#[tokio::test]
async fn who_waits_gets_what_comes() {
    let recorder = Recorder::new(None);
    let first = recorder.record(console("one"), &[]);
    let waiting = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.next_after(first).await }
    });
    let second = recorder.record(console("two"), &[first, first, 77]);
    let got = waiting.await.unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].seq, &got[0].cause), (second, &vec![first]));
    assert_eq!(recorder.events_from(0).len(), 2);
    assert!(recorder.events_from(99).is_empty());
}

#[test]
fn secrets_reach_neither_memory_nor_disk() {
    let writes = Writes::default();
    let recorder = Recorder::new(Some(TraceWriter::new(writes.clone())));
    let secret = "hunter2";
    recorder.record(console(&format!("token={secret}")), &[]);
    let text = format!("{{\"credential\":\"{secret}\"}}");
    recorder.record(
        What::Server {
            life: ServerLife::Line { text: text.clone() },
        },
        &[],
    );
    recorder.record(
        What::Message {
            link: traces_support::link("bob", 1),
            direction: Direction::Up,
            carrier: Carrier::Http,
            word: None,
            about: None,
            fate: Fate::Passed,
            size: 1,
            digest: "d".into(),
            text: format!("POST /a?access_token={secret}\n{text}"),
            of: None,
            number: None,
        },
        &[],
    );
    let disk = String::from_utf8(writes.0.lock().unwrap().concat()).unwrap();
    assert_eq!(disk.lines().count(), 3);
    assert!(!disk.contains(secret), "{disk}");
    assert!(!format!("{:?}", recorder.events_from(0)).contains(secret));
}

#[test]
fn a_full_recorder_says_so_once_and_keeps_what_steps_wait_for() {
    let limit = Limit {
        events: 1000,
        ..Limit::default()
    };
    let recorder = Recorder::with_limit(None, limit, Default::default());
    for _ in 0..limit.events + 100 {
        recorder.record(console("x"), &[]);
    }
    let count = recorder.count() as usize;
    assert_eq!(count, limit.events + 1);
    let told = recorder.incomplete().map(|(kind, _)| kind);
    assert_eq!(told, Some(InconclusiveKind::TooMuch));
    let last = recorder.event(recorder.count() - 1).unwrap();
    assert!(matches!(&last.what, What::Note { text, .. } if text.contains("left out")));
    recorder.record(What::End, &[]);
    assert_eq!(recorder.count() as usize, count + 1);
}

/// Gives on each `write`.
struct Given(mpsc::Sender<Vec<u8>>);

impl Write for Given {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_recorded_lazily_is_written_in_order_without_another_call() {
    let (to, given) = mpsc::channel();
    let recorder = Recorder::new(Some(TraceWriter::new(Given(to))));
    let mut lines = Vec::new();
    let mut wait_for = |count: usize| {
        while lines.len() < count {
            let write = given.recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(write.last(), Some(&b'\n'), "whole lines");
            let text = String::from_utf8(write).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
        for (seq, line) in lines.iter().enumerate() {
            assert!(line.starts_with(&format!(r#"{{"seq":{seq},"#)), "{line}");
        }
        assert_eq!(lines.len(), count, "each once");
    };
    for _ in 0..600 {
        recorder.record_lazily(console("late"), &[]);
    }
    assert_eq!(recorder.events_from(0).len(), 600);
    wait_for(600);
    recorder.record_lazily(console("late"), &[]);
    recorder.record(console("at once"), &[]);
    wait_for(602);
}

#[test]
fn what_is_recorded_lazily_outside_of_a_runtime_is_written_at_once() {
    let writes = Writes::default();
    let recorder = Recorder::new(Some(TraceWriter::new(writes.clone())));
    for count in 1..4 {
        recorder.record_lazily(console("x"), &[]);
        assert_eq!(writes.0.lock().unwrap().len(), count);
    }
}

#[test]
fn what_a_runtime_takes_with_it_is_written_in_the_end() {
    let writes = Writes::default();
    let recorder = Recorder::new(Some(TraceWriter::new(writes.clone())));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { recorder.record_lazily(console("x"), &[]) });
    runtime.shutdown_background();
    drop(recorder);
    let began = Instant::now();
    // Whoever has the recorder last writes: this test, or the thread that was to.
    while writes.0.lock().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "lost");
        std::thread::yield_now();
    }
}

#[test]
fn what_no_thread_comes_to_write_is_written_in_the_end() {
    let writes = Writes::default();
    let recorder = Recorder::new(Some(TraceWriter::new(writes.clone())));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let _inside = handle.enter();
    recorder.record_lazily(console("x"), &[]);
    assert!(writes.0.lock().unwrap().is_empty());
    drop(recorder);
    assert_eq!(writes.0.lock().unwrap().len(), 1);
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that has room for two writes, none for the third, and room again.
#[derive(Default)]
struct Short(Writes);

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.0.0.lock().unwrap().len();
        self.0.write(if count == 2 { b"" } else { bytes })?;
        match count {
            2 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(bytes.len()),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_is_written_behind_a_gap() {
    let writes = Writes::default();
    let recorder = Recorder::new(Some(TraceWriter::new(Short(writes.clone()))));
    for text in ["one", "two", "three", "four", "five"] {
        recorder.record(console(text), &[]);
    }
    let told = recorder.incomplete().map(|(kind, _)| kind);
    assert_eq!(told, Some(InconclusiveKind::RecordFailed));
    drop(recorder);
    let disk = String::from_utf8(writes.0.lock().unwrap().concat()).unwrap();
    assert_eq!(disk.lines().count(), 2, "{disk}");
    assert!(disk.contains("one") && disk.contains("two"), "{disk}");
}

#[test]
fn a_full_disk_does_not_stop_the_run_and_is_told() {
    let recorder = Recorder::new(Some(TraceWriter::new(Full)));
    recorder.record(console("x"), &[]);
    recorder.record(console("y"), &[]);
    assert_eq!(recorder.count(), 3, "both, and a word in memory");
    let (kind, why) = recorder.incomplete().expect("it is told");
    assert_eq!(kind, InconclusiveKind::RecordFailed);
    assert!(why.starts_with("the record cannot be written: "), "{why}");
    assert_eq!(
        recorder.take_trace_error().unwrap().kind(),
        io::ErrorKind::StorageFull
    );
}
