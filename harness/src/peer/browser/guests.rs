//! Which events of a browser are whose, where they are not of the pool's pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::mpsc;

use super::bidi::Event;
use crate::lock::lock;

type Sender = mpsc::UnboundedSender<Event>;

/// The guests of a browser, and their windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Guests(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    user_contexts: HashMap<String, Sender>,
    /// Browsing contexts, frames included.
    contexts: HashMap<String, Sender>,
    /// By session of the Chrome DevTools Protocol: the browsing context, and whose it is.
    sessions: HashMap<String, (String, Sender)>,
}

impl Guests {
    /// From here on all that happens in this user context is told here.
    pub(super) fn listen(&self, user_context: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        lock(&self.0)
            .user_contexts
            .insert(user_context.to_owned(), sender);
        events
    }

    /// What is told of this session is of that browsing context.
    pub(super) fn has_session(&self, context: &str, session: &str) {
        let mut known = lock(&self.0);
        if let Some(sender) = known.contexts.get(context).cloned() {
            let whose = (context.to_owned(), sender);
            known.sessions.insert(session.to_owned(), whose);
        }
    }

    /// The session that a browsing context has.
    pub(super) fn session_of(&self, context: &str) -> Option<String> {
        let known = lock(&self.0);
        let mut sessions = known.sessions.iter();
        let found = sessions.find(|(_, (of, _))| of == context);
        found.map(|(session, _)| session.clone())
    }

    /// Nobody listens there any more.
    pub(super) fn forget(&self, user_context: &str) {
        let mut known = lock(&self.0);
        let Some(gone) = known.user_contexts.remove(user_context) else {
            return;
        };
        known
            .contexts
            .retain(|_, sender| !sender.same_channel(&gone));
        known
            .sessions
            .retain(|_, (_, sender)| !sender.same_channel(&gone));
    }

    /// The browser is dead: every guest hears the end.
    pub(super) fn all_gone(&self) {
        *lock(&self.0) = Known::default();
    }

    /// Passes an event on to the guest that it is of; gives back what is no guest's.
    pub(super) fn take(&self, mut event: Event) -> Option<Event> {
        let mut known = lock(&self.0);
        if known.user_contexts.is_empty() {
            return Some(event);
        }
        let params = &event.params;
        let context = (params["context"].as_str())
            .or_else(|| params["source"]["context"].as_str())
            .map(str::to_owned);
        let sender = match (&context, params["session"].as_str()) {
            (None, Some(session)) => {
                let (context, sender) = known.sessions.get(session).cloned()?;
                event.params["context"] = Value::from(context);
                Some(sender)
            }
            (Some(context), _) => known.contexts.get(context).cloned().or_else(|| {
                let whose = (params["userContext"].as_str())
                    .and_then(|whose| known.user_contexts.get(whose))
                    .or_else(|| known.contexts.get(params["parent"].as_str()?))
                    .cloned()?;
                known.contexts.insert(context.clone(), whose.clone());
                Some(whose)
            }),
            (None, None) => None,
        };
        let Some(sender) = sender else {
            return Some(event);
        };
        if let (Some(context), "browsingContext.contextDestroyed") =
            (&context, event.method.as_str())
        {
            known.contexts.remove(context);
            known.sessions.retain(|_, (of, _)| of != context);
        }
        // One who left hears no more.
        let _ = sender.send(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use serde_json::json;

    fn event(method: &str, params: Value) -> Event {
        Event {
            method: method.into(),
            params,
        }
    }

    fn told(events: &mut mpsc::UnboundedReceiver<Event>) -> Option<Event> {
        events.recv().now_or_never().flatten()
    }

    #[test]
    fn what_happens_in_a_guests_windows_and_frames_is_told_to_it_alone() {
        let guests = Guests::default();
        let (mut a, mut b) = (guests.listen("A"), guests.listen("B"));
        let created = |context: &str, whose: &str, parent: Value| {
            let params = json!({ "context": context, "userContext": whose, "parent": parent });
            event("browsingContext.contextCreated", params)
        };
        assert!(guests.take(created("a", "A", Value::Null)).is_none());
        assert!(guests.take(created("b", "B", Value::Null)).is_none());
        assert!(guests.take(created("c", "default", Value::Null)).is_some());
        // Firefox does not always say whose a frame is.
        assert!(guests.take(created("frame", "", json!("a"))).is_none());
        let logged = json!({ "source": { "context": "frame" } });
        assert!(guests.take(event("log.entryAdded", logged)).is_none());
        guests.has_session("b", "S");
        let crashed = event(
            "goog:cdp.Inspector.targetCrashed",
            json!({ "session": "S" }),
        );
        assert!(guests.take(crashed).is_none());
        for method in [
            "browsingContext.contextCreated",
            "browsingContext.contextCreated",
            "log.entryAdded",
        ] {
            assert_eq!(told(&mut a).expect("told").method, method);
        }
        told(&mut b).expect("its window");
        let crashed = told(&mut b).expect("its crash");
        assert_eq!(crashed.params["context"], "b");
        guests.forget("B");
        let later = event("log.entryAdded", json!({ "source": { "context": "b" } }));
        assert!(guests.take(later).is_some(), "it is nobody's now");
        assert!(told(&mut a).is_none() && b.is_closed());
    }

    #[test]
    fn the_end_of_the_browser_is_heard_by_all() {
        let guests = Guests::default();
        let mut a = guests.listen("A");
        guests.all_gone();
        assert_eq!(
            a.recv().now_or_never().map(|event| event.is_none()),
            Some(true)
        );
    }
}
