//! What the observer of a page tells, and the numbers that its connections have for us.

use std::collections::HashMap;

use serde::Deserialize;

use super::event::{Channel, Seen};
use super::windows::Landing;
use crate::signaling::{Candidate, DescriptionKind};
use crate::terms::Machine;

/// So long may a text of the page's be.
const LONGEST: usize = 2000;
/// So many documents of a page are known at a time, each with its connections: of those that are gone, the oldest are forgotten.
const MOST_REALMS: usize = 200;

/// What `observer.js` and `drive.js` write. Numbers are of one document (realm).
#[derive(Debug, Deserialize)]
#[serde(tag = "saw", rename_all = "kebab-case")]
enum Said {
    Document {
        top: bool,
        url: String,
    },
    Landed {
        aim: String,
        hit: bool,
        #[serde(default)]
        apart: bool,
    },
    Flood {
        count: u64,
    },
    Unsaid {
        count: u64,
    },
    Connection {
        conn: u32,
    },
    State {
        conn: u32,
        machine: Machine,
        state: String,
    },
    Description {
        conn: u32,
        local: bool,
        kind: DescriptionKind,
        fingerprint: Option<String>,
    },
    Candidate {
        conn: u32,
        candidate: Option<Candidate>,
    },
    CandidateError {
        conn: u32,
        code: Option<u16>,
        text: Option<String>,
    },
    CandidateGiven {
        conn: u32,
        early: bool,
    },
    NegotiationNeeded {
        conn: u32,
    },
    ChannelAdded {
        conn: u32,
        channel: u32,
        label: String,
        remote: bool,
    },
    ChannelState {
        conn: u32,
        channel: u32,
        state: String,
    },
    Message {
        conn: u32,
        channel: u32,
        sent: bool,
        size: u64,
        text: Option<String>,
    },
    Track {
        conn: u32,
        kind: String,
        remote: bool,
    },
    MediaAsked {
        display: bool,
        audio: bool,
        video: bool,
    },
    Refused {
        conn: Option<u32>,
        call: String,
        error: String,
    },
}

/// What came of a message.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// A document is there.
    Document,
    /// Input that was aimed so landed.
    Landed {
        /// As `drive.js` called it.
        aim: String,
        /// Whether it came where it was meant to.
        landing: Landing,
    },
    /// So many were left out.
    Flood(u64),
    /// So many lines were kept from the console.
    Unsaid(u64),
    /// It saw something.
    Saw(Seen),
}

/// All that the documents of one user page made.
#[derive(Debug, Default)]
pub(super) struct Observed {
    realms: Vec<Realm>,
    /// By window: what is known of its next document, which is told of twice, by the browser and by itself, in either order.
    next: HashMap<u32, Next>,
    conns: u32,
    channels: u32,
}

#[derive(Debug)]
enum Next {
    /// Its own word came first.
    Said { realm: String, url: String },
    /// The browser's word came first.
    Committed { url: String },
}

#[derive(Debug)]
struct Realm {
    id: String,
    window: u32,
    conns: HashMap<u32, u32>,
    channels: HashMap<u32, Channel>,
}

impl Observed {
    /// Reads a message from a window. A page that forges them has garbage for an answer: nothing.
    pub(super) fn hear(&mut self, window: u32, text: &str) -> Option<Heard> {
        let (realm, said) = text.split_once(' ')?;
        let said = serde_json::from_str(said).ok()?;
        let at = match self.realms.iter().position(|known| known.id == realm) {
            Some(at) => at,
            None => {
                if self.realms.len() == MOST_REALMS {
                    self.realms.remove(0);
                }
                self.realms.push(Realm {
                    id: short(realm),
                    window,
                    conns: HashMap::new(),
                    channels: HashMap::new(),
                });
                self.realms.len() - 1
            }
        };
        let realm = &mut self.realms[at];
        Some(Heard::Saw(match said {
            Said::Document { top, url } => {
                let realm = realm.id.clone();
                match self.next.get(&window) {
                    Some(Next::Committed { url: known }) if top && *known == url => {
                        self.next.remove(&window);
                    }
                    _ if top => {
                        self.next.insert(window, Next::Said { realm, url });
                    }
                    _ => {}
                }
                return Some(Heard::Document);
            }
            Said::Landed { aim, hit, apart } => {
                let landing = match (hit, apart) {
                    (false, _) => Landing::Missed,
                    (true, true) => Landing::Apart,
                    (true, false) => Landing::Hit,
                };
                return Some(Heard::Landed { aim, landing });
            }
            Said::Flood { count } => return Some(Heard::Flood(count)),
            Said::Unsaid { count } => return Some(Heard::Unsaid(count)),
            Said::Connection { conn } => {
                self.conns += 1;
                realm.conns.insert(conn, self.conns);
                Seen::Connection { conn: self.conns }
            }
            Said::State {
                conn,
                machine,
                state,
            } => Seen::State {
                conn: realm.conn(conn)?,
                machine,
                state: short(&state),
            },
            Said::Description {
                conn,
                local,
                kind,
                fingerprint,
            } => Seen::Description {
                conn: realm.conn(conn)?,
                local,
                kind,
                fingerprint: fingerprint.map(|text| short(&text)),
            },
            Said::Candidate { conn, candidate } => Seen::Candidate {
                conn: realm.conn(conn)?,
                candidate,
            },
            Said::CandidateError { conn, code, text } => Seen::CandidateError {
                conn: realm.conn(conn)?,
                code: code.unwrap_or_default(),
                text: short(&text.unwrap_or_default()),
            },
            Said::CandidateGiven { conn, early } => Seen::CandidateGiven {
                conn: realm.conn(conn)?,
                early,
            },
            Said::NegotiationNeeded { conn } => Seen::NegotiationNeeded {
                conn: realm.conn(conn)?,
            },
            Said::ChannelAdded {
                conn,
                channel,
                label,
                remote,
            } => {
                self.channels += 1;
                let made = Channel {
                    id: self.channels,
                    label: short(&label),
                };
                realm.channels.insert(channel, made.clone());
                Seen::ChannelAdded {
                    conn: realm.conn(conn)?,
                    channel: made,
                    remote,
                }
            }
            Said::ChannelState {
                conn,
                channel,
                state,
            } => Seen::ChannelState {
                conn: realm.conn(conn)?,
                channel: realm.channel(channel)?,
                state: short(&state),
            },
            Said::Message {
                conn,
                channel,
                sent,
                size,
                text,
            } => Seen::ChannelMessage {
                conn: realm.conn(conn)?,
                channel: realm.channel(channel)?,
                sent,
                size,
                text: text.map(|text| short(&text)),
            },
            Said::Track { conn, kind, remote } => Seen::Track {
                conn: realm.conn(conn)?,
                kind: short(&kind),
                remote,
            },
            Said::MediaAsked {
                display,
                audio,
                video,
            } => Seen::MediaAsked {
                display,
                audio,
                video,
            },
            Said::Refused { conn, call, error } => Seen::Refused {
                conn: conn.and_then(|conn| realm.conn(conn)),
                call: short(&call),
                error: short(&error),
            },
        }))
    }

    /// The browser says that a window has another document: forgets those before it, and gives their connections.
    pub(super) fn committed(&mut self, window: u32, url: &str) -> Vec<u32> {
        let new = match self.next.remove(&window) {
            Some(Next::Said { realm, url: said }) if said == url => Some(realm),
            _ => {
                let url = url.to_owned();
                self.next.insert(window, Next::Committed { url });
                None
            }
        };
        let mut lost = Vec::new();
        let mut is_new = false;
        self.realms.retain(|realm| {
            is_new |= Some(&realm.id) == new.as_ref();
            let stays = realm.window != window || is_new;
            if !stays {
                lost.extend(realm.conns.values());
            }
            stays
        });
        lost.sort_unstable();
        lost
    }
}

impl Realm {
    fn conn(&self, conn: u32) -> Option<u32> {
        self.conns.get(&conn).copied()
    }

    fn channel(&self, channel: u32) -> Option<Channel> {
        self.channels.get(&channel).cloned()
    }
}

/// A text of the page's, cut to a length.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(observed: &mut Observed, window: u32, text: &str) -> Seen {
        match observed.hear(window, text) {
            Some(Heard::Saw(seen)) => seen,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn connections_of_two_documents_have_numbers_of_their_own() {
        let mut observed = Observed::default();
        let made = r#"{"saw":"connection","conn":1}"#;
        let first = seen(&mut observed, 1, &format!("r1 {made}"));
        let second = seen(&mut observed, 1, &format!("r2 {made}"));
        assert_eq!(first, Seen::Connection { conn: 1 });
        assert_eq!(second, Seen::Connection { conn: 2 });
        let state = r#"{"saw":"state","conn":1,"machine":"ice-gathering","state":"complete"}"#;
        let told = seen(&mut observed, 1, &format!("r2 {state}"));
        let expected = Seen::State {
            conn: 2,
            machine: Machine::IceGathering,
            state: "complete".into(),
        };
        assert_eq!(told, expected);
    }

    fn document(observed: &mut Observed, window: u32, realm: &str, url: &str) {
        let said = format!(r#"{realm} {{"saw":"document","top":true,"url":"{url}"}}"#);
        assert_eq!(observed.hear(window, &said), Some(Heard::Document));
    }

    fn connection(observed: &mut Observed, window: u32, realm: &str) {
        let said = format!(r#"{realm} {{"saw":"connection","conn":1}}"#);
        assert!(observed.hear(window, &said).is_some());
    }

    #[test]
    fn connections_go_with_the_document_that_made_them_whoever_tells_of_it_first() {
        let mut observed = Observed::default();
        document(&mut observed, 1, "a", "/");
        assert!(observed.committed(1, "/").is_empty());
        connection(&mut observed, 1, "a");
        connection(&mut observed, 2, "other");
        // The document speaks first: a reload.
        document(&mut observed, 1, "b", "/");
        connection(&mut observed, 1, "b");
        assert_eq!(observed.committed(1, "/"), [1]);
        // The browser does.
        assert_eq!(observed.committed(1, "/"), [3]);
        document(&mut observed, 1, "c", "/");
        connection(&mut observed, 1, "c");
        assert_eq!(observed.committed(1, "/"), [4]);
        let late = r#"c {"saw":"negotiation-needed","conn":1}"#;
        assert_eq!(observed.hear(1, late), None, "it is gone");
        assert_eq!(observed.committed(2, "/"), [2]);
    }

    #[test]
    fn garbage_is_nothing_and_long_texts_are_cut() {
        let mut observed = Observed::default();
        for garbage in [
            "",
            "x",
            "x {}",
            r#"x {"saw":"state","conn":1,"machine":"moon","state":""}"#,
            r#"x {"saw":"negotiation-needed","conn":9}"#,
        ] {
            assert_eq!(observed.hear(1, garbage), None, "{garbage}");
        }
        let long = "ä".repeat(10_000);
        let refused = format!(r#"x {{"saw":"refused","conn":null,"call":"f","error":"{long}"}}"#);
        let Seen::Refused { error, .. } = seen(&mut observed, 1, &refused) else {
            panic!("not refused");
        };
        assert_eq!(error.chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_page_with_endless_documents_is_forgotten_bit_by_bit() {
        let mut observed = Observed::default();
        for realm in 0..1000 {
            observed.hear(1, &format!(r#"r{realm} {{"saw":"connection","conn":1}}"#));
        }
        assert_eq!(observed.realms.len(), MOST_REALMS);
    }
}
