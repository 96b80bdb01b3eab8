//! The opening of a conversation: what comes before the line, and what is said and heard on it before all else.

use std::sync::Arc;

use super::conversation::Conversation;
use super::meant::{Meant, Say};
use super::socketio::{self, Packet, Version};
use super::template::Missing;
use super::{Framing, Out, Then};

impl Conversation {
    /// The request of this number, from 0, that comes before the line is dialled.
    ///
    /// # Errors
    /// Something that it needs was never captured.
    pub fn before(&self, number: usize) -> Result<Option<Out>, String> {
        let Some(before) = self.dialect.connect.before.get(number) else {
            return Ok(None);
        };
        let mut variables = self.variables();
        self.alias.put_on(&mut variables);
        let out = self.out(&before.ask, &variables, None);
        out.map(Some)
            .map_err(|Missing(variable)| format!("`{variable}` was never captured"))
    }

    /// Takes in the response to it.
    ///
    /// # Errors
    /// It is not what the dialect expects: in words.
    pub fn hear_before(&mut self, number: usize, status: u16, body: &str) -> Result<(), String> {
        let dialect = Arc::clone(&self.dialect);
        let Some(before) = dialect.connect.before.get(number) else {
            return Ok(());
        };
        let value = self.value(body).unwrap_or_default();
        let mut variables = self.variables();
        let known = variables.count();
        let fits = (before.hear.status).is_none_or(|range| range.contains(status))
            && before.hear.matches(&value, &mut variables);
        if !fits {
            let route = before.ask.http.as_ref();
            let method = route.map_or("", |route| &route.method);
            return Err(format!(
                "the server answered {status} to the {method} before the connection, which is not what the dialect expects"
            ));
        }
        let captured = Self::captures(&variables, known);
        self.remember(captured, None);
        Ok(())
    }

    /// The line stands: what is said first.
    pub fn opened(&mut self) -> Vec<Say> {
        match self.dialect.framing {
            // The server speaks first.
            Framing::SocketIo(_) => Vec::new(),
            Framing::Json | Framing::Program | Framing::Packets(_) | Framing::Text => self.go_on(),
        }
    }

    /// Says what comes next, until something must be heard.
    pub(super) fn go_on(&mut self) -> Vec<Say> {
        let dialect = Arc::clone(&self.dialect);
        let mut says = Vec::new();
        while let Some(Then::Say(saying)) = self.next_step(&dialect) {
            let mut variables = self.variables();
            if let Some(room) = &self.dialled {
                variables.set("room", room.as_str());
            }
            self.alias.put_on(&mut variables);
            self.numbered(saying, None, &mut variables);
            // The reader has seen to it that all that it needs is captured before.
            let out = self.out(saying, &variables, None).ok();
            says.extend(out.map(|out| Say {
                out,
                means: Meant::Aside,
            }));
            self.opening += 1;
        }
        says
    }

    /// What socket.io itself says, and what the client answers. `Err`: it is not let in, and why.
    pub(super) fn shake(
        &mut self,
        version: Version,
        packet: &Packet,
    ) -> Result<Option<Vec<Say>>, String> {
        let aside = |text: String| {
            let out = Out::Text(text);
            let means = Meant::Aside;
            vec![Say { out, means }]
        };
        Ok(Some(match (version, packet) {
            (Version::Four, Packet::Open(_)) => {
                let auth = self.dialect.connect.auth.clone();
                let mut variables = self.variables();
                self.alias.put_on(&mut variables);
                let auth = auth.and_then(|auth| auth.write(&variables).ok());
                aside(format!("40{}", auth.unwrap_or_default()))
            }
            (Version::Two, Packet::Open(open)) => {
                self.pings = Some(socketio::ping_every(open));
                if let Some(sid) = open.get("sid") {
                    self.link.insert("sid".into(), sid.clone());
                }
                Vec::new()
            }
            (_, Packet::Connect(answer)) => {
                if let Some(sid) = answer.get("sid") {
                    self.link.insert("sid".into(), sid.clone());
                }
                self.shaken = true;
                self.go_on()
            }
            (_, Packet::Refused(why)) => return Err(socketio::reason(why)),
            (Version::Four, Packet::Ping) => aside("3".into()),
            (Version::Two, Packet::Ping) | (_, Packet::Pong | Packet::Over | Packet::Other) => {
                Vec::new()
            }
            (_, Packet::Event(..) | Packet::Ack(..)) => return Ok(None),
        }))
    }
}
