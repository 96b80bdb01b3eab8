//! A line of engine.io, as its real client has it: polling first and then the upgrade, or a WebSocket at once. What the packets say, pings
//! too, is for whoever drives the peer; here is only how they travel.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::try_join3;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::http::{Grips, Http};
use super::{CLOSE, LinkTask, Socket, ToSend, http_request, socket_request};
use crate::carrier::engine;
use crate::hand::Happening;
use crate::terms::{Data, Engine, Start};

/// Why a line of engine.io ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// This side has closed it.
    Closed,
    /// The other side has, or it went wrong.
    Lost,
}

/// A line in the making.
pub(super) struct Line<'a> {
    pub(super) task: &'a LinkTask,
    pub(super) grips: &'a Grips,
    pub(super) path: &'a str,
    pub(super) version: Engine,
    /// This side is about to close: how its last poll ends does not matter.
    pub(super) closing: AtomicBool,
}

impl Line<'_> {
    /// To the end of the line.
    pub(super) async fn run(&self, start: Start, orders: &mut UnboundedReceiver<ToSend>) -> Over {
        let ended = match start {
            Start::WebSocket => self.socket_at_once(orders).await,
            start => self.poll_first(start == Start::Upgrade, orders).await,
        };
        match ended {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    fn url(&self, transport: &str, sid: Option<&str>) -> String {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        let mut url = format!(
            "{}{joint}EIO={}&transport={transport}",
            self.path,
            self.version.number()
        );
        if transport == "polling" && self.version == Engine::V3 {
            // Binary packets as text: a body of bytes would need another reader.
            url.push_str("&b64=1");
        }
        if let Some(sid) = sid {
            url.push_str(&format!("&sid={sid}"));
        }
        url
    }

    fn request(
        &self,
        sid: Option<&str>,
        body: Option<String>,
    ) -> Result<http::Request<Full<Bytes>>, Over> {
        let url = self.url("polling", sid);
        let (method, mut headers) = match body {
            None => ("GET", Vec::new()),
            Some(_) => {
                let kind = "text/plain;charset=UTF-8".to_owned();
                ("POST", vec![("content-type".to_owned(), kind)])
            }
        };
        headers.extend(self.task.headers.iter().cloned());
        http_request(&self.task.origin, method, &url, headers, body).map_err(|_| Over::Lost)
    }

    /// Tells of a packet, unless it only serves the transport.
    fn hear(&self, packet: &[u8], binary: bool) -> Result<(), Over> {
        if packet == engine::CLOSE {
            return Err(Over::Lost);
        }
        if engine::is_of_transport(packet) {
            return Ok(());
        }
        let encoded = match self.version {
            Engine::V3 => packet.strip_prefix(b"b4"),
            Engine::V4 => packet.strip_prefix(b"b"),
        };
        let data = match (encoded, binary) {
            (_, true) => Data::Bytes(STANDARD.encode(packet.strip_prefix(&[4]).unwrap_or(packet))),
            (Some(encoded), _) => Data::Bytes(String::from_utf8_lossy(encoded).into_owned()),
            (None, _) => Data::Text(String::from_utf8_lossy(packet).into_owned()),
        };
        let link = self.task.link;
        self.task.teller.tell(Happening::LinkMessage { link, data });
        Ok(())
    }

    fn hear_all(&self, body: &[u8]) -> Result<(), Over> {
        let places = engine::split(self.version, body).map_err(|_| Over::Lost)?;
        for place in places {
            self.hear(&body[place.at], place.binary)?;
        }
        Ok(())
    }

    async fn poll_first(
        &self,
        upgrade: bool,
        orders: &mut UnboundedReceiver<ToSend>,
    ) -> Result<std::convert::Infallible, Over> {
        let shaken = async {
            let mut http = self.call().await?;
            let said = exchange(&mut http, self.request(None, None)?).await?;
            let first = engine::split(self.version, &said).map_err(|_| Over::Lost)?;
            let first = first.first().map(|place| &said[place.at.clone()]);
            let (sid, offers) = first.and_then(engine::opened).ok_or(Over::Lost)?;
            Ok::<_, Over>((http, said, sid, offers))
        };
        let (http, said, sid, offers) = tokio::select! {
            // Only a close can come before the line is open, or the end of the peer.
            _ = orders.recv() => return Err(Over::Closed),
            shaken = shaken => shaken?,
        };
        self.task.opened();
        self.hear_all(&said)?;
        // `true` from when the server has answered the probe: what stands comes to its end, and nothing new is asked.
        let (pause, paused) = watch::channel(false);
        let polls = self.poll(http, &sid, paused.clone());
        let posts = self.post(&sid, &mut *orders, paused);
        let probe = async {
            if !(upgrade && offers) {
                return std::future::pending().await;
            }
            match self.probe(&sid).await {
                Some(socket) => {
                    pause.send_replace(true);
                    Ok(socket)
                }
                // The line stays where it is.
                None => std::future::pending().await,
            }
        };
        let ((), (), mut socket) = try_join3(polls, posts, probe).await?;
        let upgraded = socket.send(Message::text("5")).await;
        upgraded.map_err(|_| Over::Lost)?;
        self.speak(socket, orders).await
    }

    async fn call(&self) -> Result<Http, Over> {
        (Http::call(&self.task.origin, self.grips).await).map_err(|_| Over::Lost)
    }

    async fn poll(
        &self,
        mut http: Http,
        sid: &str,
        paused: watch::Receiver<bool>,
    ) -> Result<(), Over> {
        while !*paused.borrow() {
            let said = exchange(&mut http, self.request(Some(sid), None)?).await;
            if self.closing.load(Ordering::Relaxed) {
                return std::future::pending().await;
            }
            self.hear_all(&said?)?;
        }
        Ok(())
    }

    /// Brings up what is ordered, all that waits at once. What comes when it pauses stays in the queue.
    async fn post(
        &self,
        sid: &str,
        orders: &mut UnboundedReceiver<ToSend>,
        mut paused: watch::Receiver<bool>,
    ) -> Result<(), Over> {
        let mut http: Option<Http> = None;
        loop {
            let order = tokio::select! {
                biased;
                _ = paused.wait_for(|paused| *paused) => return Ok(()),
                order = orders.recv() => order,
            };
            let (mut packets, mut closes) = (Vec::new(), false);
            let mut next = Some(order);
            while let Some(order) = next {
                match order {
                    Some(ToSend::Text(text)) => packets.push(text.into_bytes()),
                    Some(ToSend::Binary(bytes)) => {
                        let mark = match self.version {
                            Engine::V3 => "b4",
                            Engine::V4 => "b",
                        };
                        packets.push(format!("{mark}{}", STANDARD.encode(bytes)).into_bytes());
                    }
                    Some(ToSend::Close(_)) | None => {
                        packets.push(engine::CLOSE.to_vec());
                        closes = true;
                        break;
                    }
                }
                next = orders.recv().now_or_never().flatten().map(Some);
            }
            let body = engine::join(
                self.version,
                packets.iter().map(|packet| (&packet[..], false)),
            );
            let body = String::from_utf8_lossy(&body).into_owned();
            let posting = async {
                let mut open = match http.take().filter(Http::is_open) {
                    Some(open) => open,
                    None => self.call().await?,
                };
                exchange(&mut open, self.request(Some(sid), Some(body))?).await?;
                Ok::<_, Over>(open)
            };
            if closes {
                self.closing.store(true, Ordering::Relaxed);
                let _ = timeout(CLOSE, posting).await;
                return Err(Over::Closed);
            }
            http = Some(posting.await?);
        }
    }

    async fn dial(&self, sid: Option<&str>) -> Option<Socket> {
        let request = socket_request(
            &self.task.origin,
            &self.url("websocket", sid),
            &[],
            &self.task.headers,
        )
        .ok()?;
        let stream = self.task.origin.call().await.ok()?;
        let grip = self.grips.take(&stream).ok()?;
        let (socket, _) = client_async(request, stream).await.ok()?;
        self.grips.keep(grip);
        Some(socket)
    }

    /// A WebSocket on which the server has answered the probe.
    async fn probe(&self, sid: &str) -> Option<Socket> {
        let mut socket = self.dial(Some(sid)).await?;
        socket.send(Message::text("2probe")).await.ok()?;
        let answer = socket.next().await?.ok()?;
        (answer == Message::text("3probe")).then_some(socket)
    }

    async fn socket_at_once(
        &self,
        orders: &mut UnboundedReceiver<ToSend>,
    ) -> Result<std::convert::Infallible, Over> {
        let opened = async {
            let mut socket = self.dial(None).await?;
            let first = socket.next().await?.ok()?.into_data();
            engine::opened(&first)?;
            Some((socket, first))
        };
        let (socket, first) = tokio::select! {
            _ = orders.recv() => return Err(Over::Closed),
            opened = opened => opened.ok_or(Over::Lost)?,
        };
        self.task.opened();
        self.hear(&first, false)?;
        self.speak(socket, orders).await
    }

    /// Packets both ways on the WebSocket.
    async fn speak(
        &self,
        mut socket: Socket,
        orders: &mut UnboundedReceiver<ToSend>,
    ) -> Result<std::convert::Infallible, Over> {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order @ (ToSend::Text(_) | ToSend::Binary(_))) => {
                        self.write(&mut socket, order).await?;
                    }
                    Some(ToSend::Close(_)) | None => {
                        let closing = async {
                            let _ = socket.close(None).await;
                            while let Some(Ok(_)) = socket.next().await {}
                        };
                        let _ = timeout(CLOSE, closing).await;
                        return Err(Over::Closed);
                    }
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(text.as_bytes(), false)?,
                    Some(Ok(Message::Binary(bytes))) => self.hear(&bytes, true)?,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Over::Lost),
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    async fn write(&self, socket: &mut Socket, order: ToSend) -> Result<(), Over> {
        let message = match order {
            ToSend::Text(text) => Message::text(text),
            ToSend::Binary(bytes) if self.version == Engine::V3 => {
                Message::binary([&[4], &bytes[..]].concat())
            }
            ToSend::Binary(bytes) => Message::binary(bytes),
            ToSend::Close(_) => return Ok(()),
        };
        socket.send(message).await.map_err(|_| Over::Lost)
    }
}

/// An answer that is none ends the line.
async fn exchange(http: &mut Http, request: http::Request<Full<Bytes>>) -> Result<Vec<u8>, Over> {
    let said = http.exchange(request).await.ok_or(Over::Lost)?;
    match said.status {
        200..=299 => Ok(said.body),
        _ => Err(Over::Lost),
    }
}
