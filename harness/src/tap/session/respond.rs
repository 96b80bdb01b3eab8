//! The way of a response from the server to the peer: gathered, decoded for those who judge it, passed on as it came.

use std::borrow::Cow;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::timeout;

use super::super::MESSAGE_CAP;
use super::super::answer::Refusal;
use super::super::body::Body;
use super::super::head::{self, Response};
use super::super::policy::{LinkChange, Refused};
use super::super::violation::Violation;
use super::{End, Passed, Session};
use crate::coding;
use crate::terms::Direction;
use crate::terms::Rule;

/// So much of what a refusal says is waited for, and so long: the peer need not wait for more.
const REFUSAL: usize = 16 * 1024;
const REFUSAL_WITHIN: Duration = Duration::from_secs(1);

/// What a response answers.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    /// A request with this line, `POST /create`: the answer is judged.
    Request(&'a str),
    /// The request for the WebSocket of this number, which it refuses.
    Upgrade(u32),
    /// A request of a line that requests carry together, which has judged what there was to judge.
    Line,
}

/// The standard's name of a status, or the server's own.
pub(super) fn phrase(status: u16, own: String) -> String {
    let known = http::StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(known) => known.to_owned(),
        None => own,
    }
}

impl Session {
    /// Passes on a response, judged or told.
    pub(super) async fn pass_on(&mut self, response: Response, to: To<'_>) -> Result<(), End> {
        let codings = response.codings;
        let mut raw = response.raw;
        let head_length = raw.len();
        let mut body = Body::new(response.framing);
        let mut data = Vec::new();
        if let To::Upgrade(number) = to {
            let gathering = self.gather_answer(&mut body, &mut raw, &mut data, REFUSAL);
            // Both are safe to cancel, and what is missing then comes below.
            let gathered = timeout(REFUSAL_WITHIN, gathering).await.unwrap_or(Ok(()));
            let whole = self.is_whole(&body);
            let said = self.decoded(number, "the refusal", &codings, &data, whole);
            let refused = Refused::Answered {
                status: response.status,
                phrase: phrase(response.status, response.phrase),
                body: said.into_owned(),
            };
            let policy = &self.shared.policy;
            policy.link(number, LinkChange::Refused(refused));
            gathered?;
        }
        if !response.events {
            self.gather_answer(&mut body, &mut raw, &mut data, MESSAGE_CAP)
                .await?;
        }
        let whole = self.is_whole(&body);
        let passed = match to {
            To::Request(line) => {
                let head = format!("{line} {}", response.status);
                let what = format!("the answer to {line}");
                let said = self.decoded(0, &what, &codings, &data, whole);
                let passed = self.judge(Direction::Down, &head, &said, !whole).await?;
                if !passed.corrupt(&mut raw, &said)
                    && let Some(corrupted) = &passed.corrupted
                    && let Some(mut plain) = head::plain(&raw[..head_length], corrupted.len())
                {
                    plain.extend_from_slice(corrupted);
                    raw = plain;
                }
                passed
            }
            To::Upgrade(_) | To::Line => Passed {
                reply: None,
                corrupted: None,
            },
        };
        // Who was waited for may be gone; who is not waited for finds out by writing.
        let gone = passed.reply.is_some() && self.peer.is_gone().await;
        let delivered = !gone && self.peer.send(&raw).await.is_ok();
        passed.tell(&self.shared, Direction::Down, delivered);
        if !delivered {
            return Err(End::PeerReset);
        }
        self.pass_rest(&mut body).await
    }

    /// Passes on what is still to come of a body.
    pub(super) async fn pass_rest(&mut self, body: &mut Body) -> Result<(), End> {
        let (mut raw, mut data) = (BytesMut::new(), Vec::new());
        while !body.is_done() {
            raw.clear();
            data.clear();
            self.take_body(body, &mut raw, &mut data)?;
            let sent = self.peer.send(&raw).await;
            sent.map_err(|_| End::PeerReset)?;
            // Ended by the stream, or cut short: the peer sees the same.
            if !body.is_done() && self.fill_from_server().await? == 0 {
                return Err(End::Quiet);
            }
        }
        Ok(())
    }

    /// Takes a response's body, to its end or until so much of the response is here.
    pub(super) async fn gather_answer(
        &mut self,
        body: &mut Body,
        raw: &mut BytesMut,
        data: &mut Vec<u8>,
        cap: usize,
    ) -> Result<(), End> {
        while !body.is_done() && raw.len() <= cap {
            self.take_body(body, raw, data)?;
            if !body.is_done() && self.fill_from_server().await? == 0 {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn is_whole(&self, body: &Body) -> bool {
        let ended = || self.server.as_ref().is_some_and(|(_, server)| server.ended);
        body.is_done() || (body.ends_with_stream() && ended())
    }

    /// What a body says. What cannot be decoded is told, and stays as it is.
    pub(super) fn decoded<'a>(
        &self,
        link: u32,
        what: &str,
        codings: &str,
        data: &'a [u8],
        whole: bool,
    ) -> Cow<'a, [u8]> {
        if !whole {
            return Cow::Borrowed(data);
        }
        match coding::decode(codings, data, MESSAGE_CAP) {
            Ok(said) => said,
            Err(error) => {
                let violation = Violation::new(Rule::Coding, format!("{what} {error}"));
                (self.shared.policy).violation(link, Direction::Down, &violation);
                Cow::Borrowed(data)
            }
        }
    }

    /// Takes from the server's inbox what belongs to the body.
    fn take_body(
        &mut self,
        body: &mut Body,
        raw: &mut BytesMut,
        data: &mut Vec<u8>,
    ) -> Result<(), End> {
        let Some((_, server)) = &mut self.server else {
            return Err(End::Quiet);
        };
        let taken = (body.take(&server.inbox, data)).map_err(|error| {
            End::Refused(Refusal::new(
                502,
                format!("the server's answer is none: {error}"),
            ))
        })?;
        raw.unsplit(server.inbox.split_to(taken));
        Ok(())
    }
}
