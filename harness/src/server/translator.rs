//! A program that puts the payloads of a wire into JSON and back: what reads and writes for a dialect with `framing: program`.
//!
//! It is asked one thing at a time, a JSON object on a line of its standard input, and answers each with one on its standard output. Whatever it does
//! instead (it ends, is silent, floods, writes something else) is the end of it, and is told.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::output::Output;
use crate::lock::lock;
use crate::run::{Group, Run};
use crate::signaling::{Dialect, Translator};
use crate::terms::Direction;

/// How long it may take from its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How long each further answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long its last lines may take to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// A longer answer is none.
const LONGEST: u64 = 8 * 1024 * 1024;
/// So much of a line is told.
const TOLD: usize = 200;

/// The program, as the project names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslatorSpec {
    /// A line for `/bin/sh`.
    pub command: String,
    /// Where it runs.
    pub folder: Option<PathBuf>,
}

/// The program of one case. Dropped, it is ended.
#[derive(Debug)]
pub(crate) struct Program {
    command: String,
    /// Which ways payloads are bytes.
    binary: [bool; 2],
    talk: Mutex<Talk>,
}

#[derive(Debug)]
struct Talk {
    child: std::process::Child,
    group: Group,
    asks: Sender<String>,
    answers: Receiver<Line>,
    errors: Arc<Mutex<Output>>,
    /// Over when all that it wrote is read.
    reads: Receiver<()>,
    failure: Option<String>,
}

/// What came on its standard output.
#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    TooLong,
}

impl Program {
    /// Starts it, and waits for its first answer. Blocks.
    ///
    /// # Errors
    /// It could not be started, or gave no answer: why, for a person.
    pub(crate) fn start(
        spec: &TranslatorSpec,
        dialect: &Dialect,
        run: &Run,
    ) -> Result<Self, String> {
        let mut command = std::process::Command::new("/bin/sh");
        command
            .args(["-c", &spec.command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &spec.folder {
            command.current_dir(folder);
        }
        let group = run.group(&mut command);
        let told = |error: std::io::Error| {
            let command = shown(&spec.command);
            format!("the dialect's program `{command}` could not be started: {error}")
        };
        let mut child = command.spawn().map_err(told)?;
        group.started(child.id());
        let (asks, to_write) = channel::<String>();
        let (line, answers) = channel();
        let (over, reads) = channel();
        let errors = Arc::new(Mutex::new(Output::default()));
        if let Some(mut stdin) = child.stdin.take() {
            // A thread of its own: whoever does not read fills the pipe.
            std::thread::spawn(move || {
                while let Ok(ask) = to_write.recv() {
                    if stdin.write_all(ask.as_bytes()).is_err() || stdin.flush().is_err() {
                        return;
                    }
                }
            });
        }
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || answers_of(stdout, &line));
        }
        if let Some(stderr) = child.stderr.take() {
            let errors = Arc::clone(&errors);
            std::thread::spawn(move || {
                last_lines(stderr, &errors);
                drop(over);
            });
        }
        let this = Self {
            command: spec.command.clone(),
            binary: [Direction::Up, Direction::Down].map(|way| dialect.is_binary(way)),
            talk: Mutex::new(Talk {
                child,
                group,
                asks,
                answers,
                errors,
                reads,
                failure: None,
            }),
        };
        let hello = json!({ "glare": 1, "dialect": dialect.name() });
        match this.ask(&hello, READY_WITHIN, |_| Ok(())) {
            Some(()) => Ok(this),
            None => Err(this.failure().unwrap_or_default()),
        }
    }

    fn is_binary(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.binary[0],
            Direction::Down => self.binary[1],
        }
    }

    /// Asks, and reads the answer; nothing once it has failed.
    fn ask<T>(
        &self,
        what: &Json,
        within: Duration,
        read: impl FnOnce(&Json) -> Result<T, &'static str>,
    ) -> Option<T> {
        let mut talk = lock(&self.talk);
        if talk.failure.is_some() {
            return None;
        }
        match talk.ask(what, within, read) {
            Ok(answer) => Some(answer),
            Err(why) => {
                self.fails(&mut talk, &why);
                None
            }
        }
    }

    fn fails(&self, talk: &mut Talk, why: &str) {
        talk.end();
        let mut told = format!("the dialect's program `{}` {why}", shown(&self.command));
        let last = lock(&talk.errors).last();
        if !last.is_empty() {
            told.push_str("; its last lines:");
        }
        for line in last {
            told.push_str(&format!("\n  {}", shown(&line)));
        }
        talk.failure = Some(told);
    }
}

impl Translator for Program {
    fn read(&self, direction: Direction, payload: &[u8]) -> Option<String> {
        let from = match direction {
            Direction::Up => "peer",
            Direction::Down => "server",
        };
        let what = match self.is_binary(direction) {
            true => json!({ "read-bytes": STANDARD.encode(payload), "from": from }),
            // A text frame without text is the server's fault, and told elsewhere.
            false => json!({ "read": std::str::from_utf8(payload).ok()?, "from": from }),
        };
        let read = |answer: &Json| match answer.get("message") {
            Some(Json::Null) | None => Ok(None),
            Some(message) => Ok(Some(message.to_string())),
        };
        self.ask(&what, ANSWERS_WITHIN, read)?
    }

    fn write(&self, message: &str) -> Option<Vec<u8>> {
        let message: Json = serde_json::from_str(message).ok()?;
        let binary = self.is_binary(Direction::Up);
        let read = |answer: &Json| {
            let text = |key: &str| answer.get(key).and_then(Json::as_str);
            if let Some(text) = text("text") {
                return Ok(Some(text.as_bytes().to_vec()));
            }
            let Some(bytes) = text("bytes") else {
                return Ok(None);
            };
            let bytes = (STANDARD.decode(bytes))
                .map_err(|_| "`bytes` in base64 (RFC 4648, with its padding)")?;
            match binary || std::str::from_utf8(&bytes).is_ok() {
                true => Ok(Some(bytes)),
                false => Err("text, or bytes that are UTF-8, since `frames: up` is `text`"),
            }
        };
        self.ask(&json!({ "write": message }), ANSWERS_WITHIN, read)?
    }

    fn failure(&self) -> Option<String> {
        let mut talk = lock(&self.talk);
        // Nothing more may be asked that would show it.
        if talk.failure.is_none()
            && let Err(why) = talk.is_silent()
        {
            self.fails(&mut talk, &why);
        }
        talk.failure.clone()
    }
}

impl Talk {
    fn ask<T>(
        &mut self,
        what: &Json,
        within: Duration,
        read: impl FnOnce(&Json) -> Result<T, &'static str>,
    ) -> Result<T, String> {
        self.is_silent()?;
        let asked = what.to_string();
        // Where that fails nobody answers.
        let _ = self.asks.send(format!("{asked}\n"));
        let line = match self.answers.recv_timeout(within) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!(
                    "gave no answer within {} s to {}",
                    within.as_secs(),
                    shown(&asked)
                ));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(self.ended(&asked)),
        };
        let wrong = |expected: &str| {
            format!(
                "answered {} with {}; expected: {expected}",
                shown(&asked),
                told(&line)
            )
        };
        let Line::Text(text) = &line else {
            return Err(wrong("a line of at most 8 MiB"));
        };
        match serde_json::from_slice(text) {
            Ok(answer @ Json::Object(_)) => read(&answer).map_err(wrong),
            _ => Err(wrong("a JSON object on one line")),
        }
    }

    /// Whether it has written nothing that nobody had asked for.
    fn is_silent(&self) -> Result<(), String> {
        match self.answers.try_recv() {
            Ok(line) => Err(format!("wrote what nobody had asked for: {}", told(&line))),
            Err(_) => Ok(()),
        }
    }

    /// Its standard output is over.
    fn ended(&mut self, asked: &str) -> String {
        self.group.kill();
        let status = self.child.wait();
        let _ = self.reads.recv_timeout(LAST_WORDS);
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        format!("ended ({status}) before it answered {}", shown(asked))
    }

    fn end(&mut self) {
        self.group.kill();
        // Killed above, if it had not ended before.
        let _ = self.child.wait();
        let _ = self.reads.recv_timeout(LAST_WORDS);
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads its answers until it ends, or until nobody wants them.
fn answers_of(stdout: impl Read, to: &Sender<Line>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        match (&mut stdout).take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = line.last() == Some(&b'\n');
        let long = !whole && line.len() as u64 == LONGEST;
        let line = match long {
            true => Line::TooLong,
            false => Line::Text(line),
        };
        if to.send(line).is_err() || long {
            return;
        }
    }
}

/// Keeps the last lines of its standard error.
fn last_lines(stderr: impl Read, to: &Mutex<Output>) {
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        match (&mut stderr).take(TOLD as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        lock(to).keep(1, text.trim_end_matches(['\n', '\r']).to_owned());
    }
}

fn told(line: &Line) -> String {
    match line {
        Line::Text(text) => shown(String::from_utf8_lossy(text).trim_end()),
        Line::TooLong => "a line that does not end".into(),
    }
}

/// The beginning of a text.
fn shown(text: &str) -> String {
    match text.len() {
        0..=TOLD => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(TOLD)]),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    /// A case may end with that answer: then nothing is asked any more that would show it.
    #[test]
    fn what_nobody_had_asked_for_is_a_failure_also_behind_the_last_answer() {
        let text = "dialect: odd\nframing: program\nconnect: { path: /ws }\n\
            say: { offer: { message: { offer: '{sdp}' } }, answer: { message: { answer: '{sdp}' } } }\n\
            hear: { offer: { message: { offer: '{sdp}' } }, answer: { message: { answer: '{sdp}' } } }\n";
        let dialect = Dialect::read(Path::new("odd.yaml"), text);
        let dialect = dialect.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let command = "read hello; echo '{}'; read ask; printf '{}\\n{}\\n'; read more";
        let spec = TranslatorSpec {
            command: command.into(),
            folder: None,
        };
        let run = Run::start().expect("a run");
        let program = Program::start(&spec, &dialect, &run).expect("a program");
        assert_eq!(program.write("{}"), None);
        let until = Instant::now() + Duration::from_secs(10);
        let failure = loop {
            match program.failure() {
                Some(failure) => break failure,
                None => assert!(Instant::now() < until, "it is never told"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(
            failure.contains("wrote what nobody had asked for: {}"),
            "{failure}"
        );
    }
}
