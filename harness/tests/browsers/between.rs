//! What a pool and a Firefox say to each other, heard between them: the Firefox is the real one, and what it is asked can be refused, and what it
//! answers be held back.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, client_async};

use crate::browser_support::DEADLINE;

/// From here on ids are of commands that the test sends itself.
const OWN: u64 = 1 << 40;

/// A command that was sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub params: Value,
    /// The result, or the error code as a text, once it was answered.
    pub answer: Option<Result<Value, String>>,
}

impl Asked {
    /// What stands under this key of its result.
    pub fn made(&self, key: &str) -> Option<String> {
        let result = self.answer.as_ref()?.as_ref().ok()?;
        result[key].as_str().map(str::to_owned)
    }
}

#[derive(Default)]
struct State {
    /// By id, which rise.
    asked: std::collections::BTreeMap<u64, Asked>,
    /// Method, a text in its parameters, after how many like it, the error code.
    refused: Option<(&'static str, &'static str, usize, &'static str)>,
    /// The method whose answers are held, and those that are.
    holding: Option<&'static str>,
    held: Vec<Message>,
    own: HashMap<u64, Value>,
}

/// The middle of one connection.
pub struct Between {
    pub at: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<()>>,
    to_firefox: mpsc::UnboundedSender<Message>,
    to_pool: mpsc::UnboundedSender<Message>,
    relay: tokio::task::JoinHandle<()>,
}

impl Between {
    /// A Firefox answers only to calls for its own port, so it has the same, at another address.
    pub async fn before(firefox: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.2", firefox.port())).await;
        let listener = listener.expect("the same port at another address");
        let at = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let changed = Arc::new(watch::Sender::new(()));
        let (to_firefox, mut for_firefox) = mpsc::unbounded_channel();
        let (to_pool, mut for_pool) = mpsc::unbounded_channel();
        let relay = tokio::spawn({
            let (state, changed) = (Arc::clone(&state), Arc::clone(&changed));
            let (to_firefox, to_pool) = (to_firefox.clone(), to_pool.clone());
            async move {
                let (stream, _) = listener.accept().await.expect("the pool calls");
                let mut pool = accept_async(stream).await.expect("a WebSocket");
                let stream = TcpStream::connect(firefox).await.expect("it listens");
                let url = format!("ws://127.0.0.1:{}/session", firefox.port());
                let (mut firefox, _) = client_async(url, stream).await.expect("a WebSocket");
                loop {
                    tokio::select! {
                        Some(message) = for_firefox.recv() => {
                            if firefox.send(message).await.is_err() { break }
                        }
                        Some(message) = for_pool.recv() => {
                            if pool.send(message).await.is_err() { break }
                        }
                        Some(Ok(message)) = pool.next() => {
                            let (to, message) = match is_asked(&state, &message) {
                                Some(refusal) => (&to_pool, refusal),
                                None => (&to_firefox, message),
                            };
                            let _ = to.send(message);
                        }
                        Some(Ok(message)) = firefox.next() => {
                            if is_answered(&state, &message) {
                                let _ = to_pool.send(message);
                            }
                        }
                        else => break,
                    }
                    changed.send_replace(());
                }
                let _ = (pool.close(None).await, firefox.close(None).await);
            }
        });
        Self {
            at,
            state,
            changed,
            to_firefox,
            to_pool,
            relay,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the pool has asked with this method so far.
    pub fn asked(&self, method: &str) -> Vec<Asked> {
        let state = self.state();
        let asked = state.asked.values().filter(|asked| asked.method == method);
        asked.cloned().collect()
    }

    /// The windows that were made so far, by their empty tabs.
    pub fn windows(&self) -> Vec<String> {
        let asked = self.asked("browsingContext.create").into_iter();
        let windows = asked.filter(|asked| asked.params["type"] == "window");
        windows.filter_map(|asked| asked.made("context")).collect()
    }

    /// Waits until that is so of what was asked with this method.
    pub async fn until(&self, method: &str, is_so: impl Fn(&[Asked]) -> bool) {
        let mut changes = self.changed.subscribe();
        let seen = timeout(DEADLINE, async {
            while !is_so(&self.asked(method)) {
                changes.changed().await.expect("it is there");
            }
        });
        if seen.await.is_err() {
            panic!("not so of {method}: {:#?}", self.asked(method));
        }
    }

    /// Once, after so many like it, such a command does not reach the Firefox.
    pub fn refuses(
        &self,
        method: &'static str,
        like: &'static str,
        after: usize,
        code: &'static str,
    ) {
        self.state().refused = Some((method, like, after, code));
    }

    /// From here on answers to this method do not reach the pool.
    pub fn holds(&self, method: &'static str) {
        self.state().holding = Some(method);
    }

    /// They do now, those first that were held.
    pub fn lets_go(&self) {
        let mut state = self.state();
        state.holding = None;
        for held in state.held.drain(..) {
            let _ = self.to_pool.send(held);
        }
    }

    /// The answer to a command of the test's own.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(OWN);
        let id = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let command = json!({ "id": id, "method": method, "params": params });
        let mut changes = self.changed.subscribe();
        let _ = self.to_firefox.send(Message::text(command.to_string()));
        let answer = timeout(DEADLINE, async {
            loop {
                if let Some(answer) = self.state().own.remove(&id) {
                    return answer;
                }
                changes.changed().await.expect("it is there");
            }
        });
        answer
            .await
            .unwrap_or_else(|_| panic!("no answer to {method}"))
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

fn read(message: &Message) -> Option<Value> {
    serde_json::from_str(message.to_text().ok()?).ok()
}

/// Keeps a command. Answers what is said in the Firefox's place.
fn is_asked(state: &Mutex<State>, message: &Message) -> Option<Message> {
    let command = read(message)?;
    let id = command["id"].as_u64()?;
    let mut state = state.lock().unwrap();
    let mut asked = Asked {
        method: command["method"].as_str()?.to_owned(),
        params: command["params"].clone(),
        answer: None,
    };
    let refused = state
        .refused
        .as_mut()
        .and_then(|(method, like, after, code)| {
            if asked.method != *method || !asked.params.to_string().contains(*like) {
                return None;
            }
            let last = *after == 0;
            *after = after.saturating_sub(1);
            last.then_some(*code)
        });
    if let Some(code) = refused {
        state.refused = None;
        asked.answer = Some(Err(code.to_owned()));
    }
    state.asked.insert(id, asked);
    refused.map(|code| {
        let answer =
            json!({ "type": "error", "id": id, "error": code, "message": "as the test has it" });
        Message::text(answer.to_string())
    })
}

/// Keeps an answer. Says whether it is passed on now.
fn is_answered(state: &Mutex<State>, message: &Message) -> bool {
    let Some(answer) = read(message) else {
        return true;
    };
    let Some(id) = answer["id"].as_u64() else {
        return true;
    };
    let mut state = state.lock().unwrap();
    if id >= OWN {
        state.own.insert(id, answer);
        return false;
    }
    let Some(asked) = state.asked.get_mut(&id) else {
        return true;
    };
    asked.answer = Some(match answer["error"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(answer["result"].clone()),
    });
    if state
        .holding
        .is_some_and(|method| state.asked[&id].method == method)
    {
        state.held.push(message.clone());
        return false;
    }
    true
}
