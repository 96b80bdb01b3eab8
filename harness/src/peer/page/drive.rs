//! Asks `drive.js` where something is, and sends the input events.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::error::{Hindrance, PageError, seconds};
use super::keys::Input;
use super::observer::short;
use super::target::{Sight, Target};
use super::windows::{Landing, Window, Windows};
use crate::names::Stack;
use crate::peer::browser::{BidiError, Guest, WORLD};

/// How long after a page's own deadline its answer may come, before it is said to run without a pause: on a machine with a dozen things to do for each
/// core an idle page was seen to take over 2 s.
pub(crate) const GRACE: Duration = Duration::from_secs(8);
/// How long a document may take to answer at all before chromedriver is taken to have missed it.
const ANSWERS: Duration = Duration::from_secs(1);
/// How long a document that is not ready to be asked is left alone.
const SOON: Duration = Duration::from_millis(50);

/// How often a document that is being loaded is asked whether its scripts rest.
const LOOK: Duration = Duration::from_secs(1);

/// How long after a connection's end it may be told why that is.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// What is asked.
#[derive(Debug, Default, Serialize)]
pub(super) struct Ask<'a> {
    /// `click`, `fill`, `press`, `see`, `loaded`, `showing`
    pub(super) deed: &'static str,
    pub(super) target: Option<&'a Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sight: Option<&'a Sight>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) secrets: &'a [String],
    /// How it is clicked, if otherwise than once in its middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) how: Option<Clicks>,
}

/// How something is clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Clicks {
    /// Twice at once.
    Twice,
    /// Beside it.
    Outside,
}

/// What is answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    /// What tells that the input has landed.
    pub(super) aim: Option<String>,
    /// Where to click.
    pub(super) at: Option<[i64; 2]>,
    /// Whether the field holds something.
    #[serde(default)]
    pub(super) full: bool,
    /// What to type.
    #[serde(default)]
    pub(super) keys: Vec<String>,
    /// Whether it has frames, which may be in processes of their own.
    #[serde(default)]
    pub(super) frames: bool,
    /// How many options up or down the wanted one of a `select` is.
    pub(super) steps: Option<i64>,
    /// Where secrets are shown: left, top, width and height, in CSS pixels.
    #[serde(default)]
    pub(super) boxes: Vec<[f64; 4]>,
    /// How wide the window is, in CSS pixels.
    #[serde(default)]
    pub(super) width: f64,
    why: Option<String>,
    mistake: Option<String>,
    #[serde(default)]
    found: Vec<Thing>,
    #[serde(default)]
    near: Vec<Thing>,
    /// So many more are like it.
    #[serde(default)]
    more: usize,
    #[serde(default)]
    count: u64,
    by: Option<Thing>,
    #[serde(default)]
    url: String,
    #[serde(flatten)]
    answered: Answered,
}

/// That a document came in an answer that is an error.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answered {
    status: Option<u16>,
    #[serde(default)]
    asked: String,
}

impl Answered {
    /// The same error, of such a document.
    pub(super) fn before(self, error: PageError) -> PageError {
        match self.status {
            Some(status) => PageError::Answered {
                url: self.asked.escape_debug().to_string(),
                status,
                then: Box::new(error),
            },
            None => error,
        }
    }
}

/// Something on a page.
#[derive(Debug, Deserialize)]
struct Thing {
    what: String,
    name: String,
    is: Option<String>,
}

impl Thing {
    /// `button "Create"`, escaped.
    fn told(&self) -> String {
        let what = self.what.escape_debug();
        let is = match &self.is {
            Some(is) => format!(": {}", is.escape_debug()),
            None => String::new(),
        };
        match self.name.is_empty() {
            true => format!("{what}{is}"),
            false => format!("{what} {:?}{is}", self.name),
        }
    }
}

/// Until when a step may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) within: Duration,
    until: Instant,
}

impl Limit {
    pub(super) fn new(within: Duration) -> Self {
        // One that cannot be reckoned is as good as a year.
        let until = Instant::now().checked_add(within);
        Self {
            within,
            until: until.unwrap_or_else(|| Instant::now() + Duration::from_secs(31_536_000)),
        }
    }

    pub(super) fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Drives the window of a page that is driven now.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) guest: Arc<Guest>,
    pub(super) windows: Arc<Windows>,
}

impl Driver {
    /// The window, if it is there.
    pub(super) fn window(&self) -> Result<Window, PageError> {
        let window = self.windows.driven();
        match window.gone {
            Some(why) => Err(PageError::Gone(why)),
            None => Ok(window),
        }
    }

    /// Waits until what is asked holds, in whatever document is there then.
    pub(super) async fn ask(&self, ask: &Ask<'_>, limit: Limit) -> Result<Answer, PageError> {
        let mut refused = None;
        loop {
            let mut changes = self.windows.changes();
            let window = self.window()?;
            if !self.windows.is_awake(&window) && !self.awaken(&window, limit).await? {
                return Err(busy(ask, &window, limit));
            }
            let left = limit.left();
            if left.is_zero() && refused.is_some() {
                return Err(refused.unwrap_or_else(|| busy(ask, &window, limit)));
            }
            let replaced = async {
                while changes.changed().await.is_ok() {
                    let now = self.windows.driven();
                    if now.documents != window.documents || now.gone.is_some() {
                        return;
                    }
                }
            };
            let answer = tokio::select! {
                answer = self.call(&window, ask, left) => answer,
                () = replaced => continue,
            };
            match answer {
                Ok(answer) => return answer.judged(ask, limit),
                Err(BidiError::Late { .. }) => return Err(busy(ask, &window, limit)),
                Err(BidiError::Gone) => return Err(self.gone().await),
                // There is no document yet, or no more.
                Err(BidiError::Refused { message, .. }) => {
                    refused = Some(PageError::Refused(short(&message)));
                    let mut changes = self.windows.changes();
                    let _ = timeout(SOON.min(limit.left()), changes.changed()).await;
                }
            }
        }
    }

    /// Sees to it that a document of a window that the page opened answers commands; whether it does in time.
    pub(super) async fn awaken(&self, window: &Window, limit: Limit) -> Result<bool, PageError> {
        if self.guest.stack() != Stack::Chromium {
            self.windows.awake(window);
            return Ok(true);
        }
        loop {
            match self.run(window, "() => true", ANSWERS).await {
                Ok(_) => break,
                Err(BidiError::Gone) => return Err(self.gone().await),
                Err(BidiError::Refused { .. }) => {
                    let mut changes = self.windows.changes();
                    let _ = timeout(SOON, changes.changed()).await;
                }
                Err(BidiError::Late { .. }) => {
                    let looked = self.guest.look_anew(&window.context).await;
                    looked.map_err(|error| PageError::Refused(short(&error.to_string())))?;
                }
            }
            let now = self.windows.driven();
            if now.id != window.id || now.documents != window.documents || now.gone.is_some() {
                return Ok(true);
            }
            if limit.left().is_zero() {
                return Ok(false);
            }
        }
        self.windows.awake(window);
        Ok(true)
    }

    async fn call(
        &self,
        window: &Window,
        ask: &Ask<'_>,
        left: Duration,
    ) -> Result<Answer, BidiError> {
        let unread = |why: String| BidiError::Refused {
            code: "unknown error".into(),
            message: why,
        };
        let mut asked = serde_json::to_value(ask).map_err(|error| unread(error.to_string()))?;
        asked["within"] = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).into();
        let params = json!({
            "functionDeclaration": "(asked) => glare(asked)",
            "arguments": [{ "type": "string", "value": asked.to_string() }],
            "target": { "context": window.context, "sandbox": WORLD },
            "awaitPromise": true,
        });
        let reply = self
            .guest
            .send("script.callFunction", params, left + GRACE)
            .await?;
        match reply["result"]["value"].as_str() {
            Some(text) => serde_json::from_str(text).map_err(|error| unread(error.to_string())),
            None => Err(unread(
                reply["exceptionDetails"]["text"]
                    .as_str()
                    .unwrap_or("it answers nothing that can be read")
                    .to_owned(),
            )),
        }
    }

    /// Sends the input that an answer to `ask` leads to, and again where the page moved meanwhile, so that it would have come elsewhere.
    pub(super) async fn aimed(
        &self,
        ask: &Ask<'_>,
        limit: Limit,
        input: impl Fn(&Answer) -> Result<Input, PageError>,
    ) -> Result<(), PageError> {
        let mut missed = false;
        loop {
            let answer = self.ask(ask, limit).await?;
            let input = input(&answer)?;
            if input.is_empty() {
                return Ok(());
            }
            let before = self.window()?;
            self.send(input, answer.frames || missed, limit).await?;
            let Some(aim) = &answer.aim else {
                return Ok(());
            };
            let why = match self.landing(aim, &before, limit).await {
                Landing::Hit => return Ok(()),
                Landing::Missed if !limit.left().is_zero() => {
                    missed = true;
                    continue;
                }
                Landing::Missed => Hindrance::Moving,
                // The page has had both clicks already.
                Landing::Apart => Hindrance::Apart,
            };
            return Err(PageError::Unusable {
                wanted: ask.target.map(Target::to_string).unwrap_or_default(),
                why,
                within: limit.within,
                at: before.url.escape_debug().to_string(),
            });
        }
    }

    /// How input landed that is done.
    async fn landing(&self, aim: &str, before: &Window, limit: Limit) -> Landing {
        let mut changes = self.windows.changes();
        let told = async {
            loop {
                if let Some(landing) = self.windows.landing(aim) {
                    return landing;
                }
                // Another document: that it was clicked is the likeliest cause.
                let now = self.windows.driven();
                if now.id != before.id || now.documents != before.documents || now.gone.is_some() {
                    return Landing::Hit;
                }
                if changes.changed().await.is_err() {
                    return Landing::Hit;
                }
            }
        };
        // None of it reached the document, as where a frame lay over it meanwhile.
        let landed = timeout(limit.left() + GRACE, told).await;
        landed.unwrap_or(Landing::Missed)
    }

    /// Sends input events to the window, and waits until they are done.
    pub(super) async fn input(&self, input: Input, limit: Limit) -> Result<(), PageError> {
        self.send(input, true, limit).await
    }

    async fn send(&self, input: Input, has_frames: bool, limit: Limit) -> Result<(), PageError> {
        let window = self.window()?;
        let within = limit.left() + GRACE;
        // A mouse that moves is acknowledged with the next frame alone, which its buttons need not wait for.
        let by_devtools = self.guest.stack() == Stack::Chromium && !cfg!(target_os = "macos");
        let done = match by_devtools {
            true => {
                let all = input.commands(has_frames);
                self.by_devtools(&window.context, all, within).await
            }
            false => {
                let guest = &self.guest;
                guest.input(&window.context, input.sources(), within).await
            }
        };
        match done {
            Ok(()) => Ok(()),
            Err(BidiError::Late { .. }) => Err(PageError::Busy {
                what: "to take input".into(),
                within: limit.within,
                at: window.url,
            }),
            Err(BidiError::Gone) => Err(self.gone().await),
            // The page closed its window because of it, and the browser has nobody to ask whether all of it has come.
            Err(BidiError::Refused { .. }) if self.closes(&window, limit).await => Ok(()),
            Err(BidiError::Refused { message, .. }) => Err(PageError::Refused(short(&message))),
        }
    }

    /// Whether it turns out that this window has gone, while its browser has not.
    async fn closes(&self, window: &Window, limit: Limit) -> bool {
        let mut changes = self.windows.changes();
        let gone = async {
            loop {
                let now = self.windows.driven();
                if now.id != window.id || now.gone.is_some() || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let told = timeout(limit.left().min(ANSWERS), gone).await;
        told.is_ok() && !self.guest.browser_is_dead()
    }

    async fn by_devtools(
        &self,
        context: &str,
        all: Vec<Vec<(&'static str, Value)>>,
        within: Duration,
    ) -> Result<(), BidiError> {
        for commands in all {
            self.guest.devtools(context, commands, within).await?;
        }
        Ok(())
    }

    /// Sends another command about the window, and waits for its result.
    pub(super) async fn order(
        &self,
        method: &'static str,
        mut params: Value,
        limit: Limit,
    ) -> Result<Result<Value, String>, PageError> {
        let window = self.window()?;
        params["context"] = window.context.clone().into();
        let mut changes = self.windows.changes();
        let gone = async {
            while changes.changed().await.is_ok() {
                if self.windows.driven().gone.is_some() {
                    return;
                }
            }
        };
        let reply = tokio::select! {
            biased;
            reply = self.guest.send(method, params, limit.left()) => reply,
            () = gone => return Err(self.gone().await),
        };
        match reply {
            Ok(value) => Ok(Ok(value)),
            Err(BidiError::Refused { message, .. }) => Ok(Err(short(&message))),
            Err(BidiError::Late { .. }) => {
                Ok(Err(format!("not done in {} s", seconds(limit.within))))
            }
            Err(BidiError::Gone) => Err(self.gone().await),
        }
    }

    /// Ends when a document that came after this window's has not answered for so long, and `GRACE`: its scripts do not rest.
    pub(super) async fn unresting(&self, before: &Window, limit: Limit) -> PageError {
        let mut changes = self.windows.changes();
        while self.windows.driven().documents == before.documents {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        loop {
            sleep(LOOK).await;
            let window = self.windows.driven();
            if !self.rests(&window, limit.within + GRACE).await {
                return busy(&Ask::default(), &window, limit);
            }
        }
    }

    /// Whether a document answers within this time, if only that there is none.
    pub(super) async fn rests(&self, window: &Window, within: Duration) -> bool {
        let asked = self.run(window, "() => true", within).await;
        !matches!(asked, Err(BidiError::Late { .. }))
    }

    /// How the document that is there was answered for, if it says so.
    pub(super) async fn answered(&self, limit: Limit) -> Answered {
        let window = self.windows.driven();
        let script = "() => JSON.stringify(glareAnswered())";
        let told = self.run(&window, script, limit.left().max(ANSWERS)).await;
        let told = told
            .as_ref()
            .ok()
            .and_then(|told| told["result"]["value"].as_str());
        told.and_then(|told| serde_json::from_str(told).ok())
            .unwrap_or_default()
    }

    async fn run(
        &self,
        window: &Window,
        function: &str,
        within: Duration,
    ) -> Result<Value, BidiError> {
        let params = json!({
            "functionDeclaration": function,
            "target": { "context": window.context, "sandbox": WORLD },
            "awaitPromise": false,
        });
        self.guest.send("script.callFunction", params, within).await
    }

    async fn gone(&self) -> PageError {
        let mut changes = self.windows.changes();
        let told = async {
            loop {
                match self.windows.driven().gone {
                    Some(why) => return Some(why),
                    None => changes.changed().await.ok()?,
                }
            }
        };
        let told = timeout(TOLD_WITHIN, told).await.ok().flatten();
        PageError::Gone(told.unwrap_or_else(|| self.guest.why_dead()))
    }
}

pub(super) fn busy(ask: &Ask<'_>, window: &Window, limit: Limit) -> PageError {
    PageError::Busy {
        what: match ask.target {
            Some(target) => format!("where {target} is"),
            None => "whether it is loaded".to_owned(),
        },
        within: limit.within,
        at: window.url.escape_debug().to_string(),
    }
}

impl Answer {
    fn judged(mut self, ask: &Ask<'_>, limit: Limit) -> Result<Self, PageError> {
        if let Some(mistake) = self.mistake {
            return Err(PageError::Mistake(mistake));
        }
        let answered = std::mem::take(&mut self.answered);
        self.seen(ask, limit)
            .map_err(|error| answered.before(error))
    }

    fn seen(self, ask: &Ask<'_>, limit: Limit) -> Result<Self, PageError> {
        let Some(why) = &self.why else {
            return Ok(self);
        };
        let wanted = ask.target.map(Target::to_string).unwrap_or_default();
        let told = |things: &[Thing]| things.iter().map(Thing::told).collect::<Vec<_>>();
        let (within, at) = (limit.within, self.url.escape_debug().to_string());
        let hindrance = match why.as_str() {
            "missing" => {
                let mut near = told(&self.near);
                if self.more > 0 {
                    near.push(format!("and {} more", self.more));
                }
                return Err(PageError::NotFound {
                    wanted,
                    near,
                    within,
                    at,
                });
            }
            "many" => {
                return Err(PageError::Many {
                    wanted,
                    found: told(&self.found),
                    count: self.count,
                    at,
                });
            }
            "otherwise" => {
                return Err(PageError::Otherwise {
                    wanted,
                    expected: match (ask.sight, ask.text) {
                        (Some(sight), _) => sight.to_string(),
                        (None, Some(text)) => format!("to have the option {text:?}"),
                        (None, None) => String::new(),
                    },
                    found: told(&self.found),
                    within,
                    at,
                });
            }
            "loading" => {
                return Err(PageError::NotLoaded {
                    url: at,
                    why: format!("not loaded in {} s", seconds(within)),
                });
            }
            "hidden" => Hindrance::Hidden,
            "disabled" => Hindrance::Disabled,
            "not-editable" => Hindrance::NotEditable,
            "not-focusable" => Hindrance::NotFocusable,
            "moving" => Hindrance::Moving,
            "off-screen" => Hindrance::OffScreen,
            "covered" => Hindrance::Covered {
                by: self.by.map(|by| by.told()).unwrap_or_default(),
            },
            "fleeting" => Hindrance::Fleeting,
            "no-outside" => Hindrance::NoOutside {
                by: self.by.map(|by| by.told()),
            },
            other => {
                let by = self.by.map(|by| by.told()).unwrap_or_default();
                return Err(PageError::Refused(format!(
                    "{wanted} could not be looked at: {} {by}",
                    other.escape_debug()
                )));
            }
        };
        Err(PageError::Unusable {
            wanted,
            why: hindrance,
            within,
            at,
        })
    }
}
