//! What a browser is asked to make, and how that is taken back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::bidi::{Bidi, BidiError};
use super::deadlines::PAGE_DEADLINE;

/// Until then what comes late is still listened for.
const LATEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A command, and its parameters.
pub(super) type Command = (&'static str, Value);

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// A window, or a tab.
    Window,
    /// A user context. Its windows go with it.
    UserContext,
    /// A script that runs in each document before the page's first one.
    Script,
    /// That events are told.
    Subscription,
}

impl Thing {
    /// The command that makes one, and what in its answer is the new one's id.
    fn asked(self) -> (&'static str, &'static str) {
        match self {
            Self::Window => ("browsingContext.create", "context"),
            Self::UserContext => ("browser.createUserContext", "userContext"),
            Self::Script => ("script.addPreloadScript", "script"),
            Self::Subscription => ("session.subscribe", "subscription"),
        }
    }

    /// The command that takes it back.
    pub(super) fn taken_back(self, id: &str) -> Command {
        match self {
            Self::Window => (
                "browsingContext.close",
                json!({ "context": id, "promptUnload": false }),
            ),
            Self::UserContext => ("browser.removeUserContext", json!({ "userContext": id })),
            Self::Script => ("script.removePreloadScript", json!({ "script": id })),
            Self::Subscription => ("session.unsubscribe", json!({ "subscriptions": [id] })),
        }
    }
}

/// Has one browser make things.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    bidi: Bidi,
    /// One window of a Firefox opens or closes at a time: it waits for the new one to be active, which another that opens takes away
    /// from it for good (seen on a busy machine: no answer to `browsingContext.create` in 20 s).
    /// It holds which one a user page put in front, if none was opened or closed since.
    pub(super) windows: Arc<Mutex<Option<String>>>,
}

impl Maker {
    pub(super) fn of(bidi: Bidi) -> Self {
        let windows = Arc::default();
        Self { bidi, windows }
    }

    /// Asks for it. It is on its way when this returns. What comes when nobody waits for it any more is taken back.
    pub(super) fn make(
        &self,
        what: Thing,
        wanted: Value,
    ) -> impl Future<Output = Result<Made, BidiError>> + Send + use<> {
        self.make_within(PAGE_DEADLINE, what, wanted)
    }

    fn make_within(
        &self,
        within: Duration,
        what: Thing,
        wanted: Value,
    ) -> impl Future<Output = Result<Made, BidiError>> + Send + use<> {
        let (method, key) = what.asked();
        let answer = self.bidi.send(method, wanted, LATEST);
        let maker = self.clone();
        // What it answers goes with the handle, if that is dropped.
        let making = tokio::spawn(async move {
            let id = text(&answer.await?, key)?;
            Ok(maker.has_made(what, id))
        });
        async move {
            match timeout(within, making).await {
                Ok(made) => made.unwrap_or(Err(BidiError::Gone)),
                Err(_) => Err(BidiError::Late {
                    method,
                    after: within,
                }),
            }
        }
    }

    /// Something that is there already.
    pub(super) fn has_made(&self, what: Thing, id: String) -> Made {
        Made {
            what,
            id,
            maker: Some(self.clone()),
            handle: Handle::current(),
        }
    }

    async fn take_back(self, what: Thing, id: String) {
        let _alone = match what {
            Thing::Window | Thing::UserContext => {
                let mut alone = self.windows.lock().await;
                alone.take();
                Some(alone)
            }
            Thing::Script | Thing::Subscription => None,
        };
        let (method, params) = what.taken_back(&id);
        if let Err(error) = self.bidi.send(method, params, PAGE_DEADLINE).await {
            tracing::debug!(%error, "what nobody wants any more could not be taken back");
        }
    }
}

/// Something that a browser has made. It is taken back when it is dropped, unless somebody keeps it.
#[derive(Debug)]
pub(in crate::peer) struct Made {
    what: Thing,
    id: String,
    /// `None`: it is kept.
    maker: Option<Maker>,
    handle: Handle,
}

impl Made {
    pub(in crate::peer) fn id(&self) -> &str {
        &self.id
    }

    /// From here on it is another's to take back. Answers its id.
    pub(in crate::peer) fn kept(mut self) -> String {
        self.maker = None;
        std::mem::take(&mut self.id)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(maker) = self.maker.take() {
            let id = std::mem::take(&mut self.id);
            self.handle.spawn(maker.take_back(self.what, id));
        }
    }
}

/// What a reply holds under a key.
pub(super) fn text(reply: &Value, key: &str) -> Result<String, BidiError> {
    reply[key]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| BidiError::Refused {
            code: "unknown error".into(),
            message: format!("the browser named no {key}"),
        })
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::{WebSocketStream, accept_async};

    use super::super::remote::Socket;
    use super::*;

    const ALL: [Thing; 4] = [
        Thing::Window,
        Thing::UserContext,
        Thing::Script,
        Thing::Subscription,
    ];

    /// A maker, and the other end of its line.
    async fn line() -> (Maker, WebSocketStream<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/session", listener.local_addr().expect("bound"));
        let socket = Socket::here(&url).expect("an address");
        let accepted = async { accept_async(listener.accept().await?.0).await };
        let (events, _) = mpsc::unbounded_channel();
        let connected = Bidi::connect(&socket, PAGE_DEADLINE, events);
        let (bidi, end) = tokio::join!(connected, accepted);
        (
            Maker::of(bidi.expect("a line")),
            end.expect("its other end"),
        )
    }

    /// The next command, which is answered so: its method and parameters.
    async fn answer(end: &mut WebSocketStream<TcpStream>, result: Value) -> (String, Value) {
        let next = timeout(PAGE_DEADLINE, end.next()).await.expect("in time");
        let text = next.expect("a command").expect("a message");
        let mut command: Value = serde_json::from_str(text.to_text().expect("text")).expect("JSON");
        let answer = json!({ "type": "success", "id": command["id"], "result": result });
        let sent = end.send(Message::text(answer.to_string())).await;
        sent.expect("it reads");
        let method = command["method"].as_str().unwrap_or_default().to_owned();
        (method, command["params"].take())
    }

    #[tokio::test]
    async fn what_comes_after_its_time_or_when_nobody_waits_is_taken_back() {
        let (maker, mut end) = line().await;
        for (what, late) in ALL
            .into_iter()
            .flat_map(|what| [(what, false), (what, true)])
        {
            let (method, key) = what.asked();
            let making = maker.make_within(Duration::from_millis(20), what, json!({}));
            match late {
                true => assert!(matches!(making.await, Err(BidiError::Late { .. }))),
                false => drop(making),
            }
            let (asked, _) = answer(&mut end, json!({ key: "it" })).await;
            assert_eq!(asked, method, "{what:?}, late: {late}");
            let (then, of) = answer(&mut end, json!({})).await;
            let (taken_back, params) = what.taken_back("it");
            assert_eq!((&*then, of), (taken_back, params), "late: {late}");
        }
    }

    #[tokio::test]
    async fn what_is_kept_stays_and_what_is_dropped_goes() {
        let (maker, mut end) = line().await;
        for what in ALL {
            let (_, key) = what.asked();
            let made = maker.make(what, json!({}));
            let (made, _) = tokio::join!(made, answer(&mut end, json!({ key: "kept" })));
            assert_eq!(made.expect("made").kept(), "kept");
            let made = maker.make(what, json!({}));
            let (made, _) = tokio::join!(made, answer(&mut end, json!({ key: "other" })));
            drop(made.expect("made"));
            let (then, of) = answer(&mut end, json!({})).await;
            let (taken_back, params) = what.taken_back("other");
            assert_eq!((&*then, of), (taken_back, params));
        }
    }

    #[tokio::test]
    async fn a_window_is_not_closed_while_another_opens() {
        let (maker, mut end) = line().await;
        let opens = maker.windows.lock().await;
        drop(maker.has_made(Thing::Window, "window".into()));
        drop(maker.has_made(Thing::Script, "script".into()));
        let (first, _) = answer(&mut end, json!({})).await;
        assert_eq!(first, "script.removePreloadScript");
        drop(opens);
        let (then, _) = answer(&mut end, json!({})).await;
        assert_eq!(then, "browsingContext.close");
    }
}
