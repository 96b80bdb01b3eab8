//! How long a message is where it stands on the wire, before anybody says it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Body, Conversation, Dialect, Framing, Out};
use crate::signaling::Word;

/// What the server gives, an id or a ticket, is taken to be as long as this.
const GIVEN: usize = 64;

/// What its carrier may put around a message, in bytes.
const AROUND: usize = 64;

impl Dialect {
    /// How many bytes a message has that says this, at most; `None`: nobody can tell.
    pub fn length_of(&self, word: &Word) -> Option<usize> {
        if self.framing == Framing::Program {
            return None;
        }
        let step = self.way(word.kind())?.steps.last()?;
        let Body::Template(template) = &step.body else {
            return None;
        };
        let speaker = Conversation::new(Arc::new(self.clone()), "glare-speaker");
        let mut variables = speaker.said_variables(word);
        for hole in template.holes() {
            if variables.get(&hole.name).is_none() {
                variables.put(&hole.name, Json::from("0".repeat(GIVEN)));
            }
        }
        let length = match speaker.out(step, &variables, Some(0)).ok()? {
            Out::Text(text) => self.write_payload(text)?.len(),
            Out::Fetch { body, .. } => body?.len(),
            Out::Close => return None,
        };
        Some(length + AROUND)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::signaling::Signal;

    fn length(framing: &str, offer: &str) -> Option<usize> {
        let text = format!(
            "dialect: own\nframing: {framing}\nconnect: {{ path: / }}\nsay:\n  offer: {{ message: {offer} }}\n  answer: {{ message: {offer} }}\n\
            hear:\n  offer: {{ message: {offer} }}\n  answer: {{ message: {offer} }}\n"
        );
        let dialect = Dialect::read(Path::new("own.yaml"), &text);
        let dialect = dialect.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
        dialect.length_of(&Word::Signal {
            peer: Some("bob".into()),
            signal: Signal::Offer {
                sdp: "v=0\r\n".repeat(100).into(),
            },
        })
    }

    #[test]
    fn a_message_is_as_long_as_it_is_written() {
        let plain = length("json", "{ sdp: \"{sdp}\" }");
        // Each line of five characters has two that are written as two each.
        assert_eq!(plain, Some("{\"sdp\":\"\"}".len() + 700 + AROUND));
        let nested = length("json", "{ data: { $json: { sdp: \"{sdp}\" } } }");
        assert!(nested > plain.map(|plain| plain + 200), "{nested:?}");
        let addressed = length("json", "{ to: \"{peer}\", sdp: \"{sdp}\" }");
        assert!(addressed > plain, "{addressed:?}");
        assert_eq!(length("program", "{ sdp: \"{sdp}\" }"), None);
    }
}
