//! One connection: a task that carries out its commands one after the other.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use futures_util::FutureExt;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::transport::RTCSctpTransportState;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;
use webrtc::data_channel::RTCDataChannelInit;
use webrtc::error::Error;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCIceCandidateInit, SettingEngineBuilder, StatsSelector,
};

use crate::hand::{Command, HandError, Happening, Reply};
use crate::peer::teller::Teller;
use crate::signaling::{Candidate, Description, DescriptionKind};
use crate::terms::{ChannelOptions, Data};

use super::description::{self, Signaling};
use super::events::{Events, Handler};
use super::refusal::{answered, bounded, refuse, refused};
use super::runtime::{NudgedRuntime, Wire};
use super::work::Work;
use super::{addresses, candidates, stats};

/// How often connectivity checks are sent while connecting.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How many checks a pair gets. With the interval cut to a tenth the default of 7 would give up after 140 ms; with these,
/// "failed" comes by its own timer, as before.
const CHECKS: u16 = 1000;

/// How often a connection at rest asks whether the other is still there: every sixth turn of the `runtime`'s grid, so just below six. The
/// crate's own 2 s cost a quarter more of the time that a pair at rest takes. "Disconnected" still comes after 5 s of silence.
const KEEPALIVE: Duration = Duration::from_millis(2900);

/// How long an SCTP association may take before a channel is made all the same.
const ASSOCIATES_WITHIN: Duration = Duration::from_secs(2);

/// How often it is asked for meanwhile; it takes a few milliseconds.
const ASKED_EVERY: Duration = Duration::from_millis(2);

pub(super) struct Connection {
    conn: u32,
    pc: Option<Arc<dyn PeerConnection>>,
    events: Arc<Events>,
    wire: Arc<Wire>,
    /// The one address to gather; all that do if `None`.
    address: Option<IpAddr>,
    /// `restartIce` was called, and no offer since has been set.
    restart: bool,
}

/// A connection's queue, and its task, which closes the connection and ends when every sender of the queue is gone.
pub(super) fn start(
    conn: u32,
    teller: Arc<Teller>,
    cut: Arc<AtomicBool>,
    address: Option<IpAddr>,
) -> (UnboundedSender<Work>, impl Future<Output = ()> + Send) {
    let (sender, mut orders) = unbounded_channel();
    let events = Events::new(conn, teller, sender.downgrade());
    let connection = Connection {
        conn,
        pc: None,
        events,
        wire: Wire::new(cut),
        address,
        restart: false,
    };
    (sender, async move { connection.run(&mut orders).await })
}

impl Connection {
    async fn run(mut self, orders: &mut UnboundedReceiver<Work>) {
        while let Some(order) = orders.recv().await {
            match order {
                Work::Do(command, reply) => {
                    // What a stranger's description makes the crate panic at is an error like another.
                    let done = AssertUnwindSafe(self.perform(command)).catch_unwind().await;
                    let done = done.unwrap_or_else(|_| {
                        Err(refuse("OperationError", "the stack panicked (see stderr)"))
                    });
                    // Nobody waits for the answer of a call that was dropped.
                    let _ = reply.send(done);
                    self.wire.nudge();
                }
                Work::NegotiationNeeded => self.negotiation_needed().await,
            }
        }
        // Nobody is left to tell of a failure.
        let _ = self.close().await;
    }

    async fn perform(&mut self, command: Command) -> Result<Reply, HandError> {
        match command {
            Command::NewConnection { .. } => self.open().await,
            Command::CreateChannel { label, options, .. } => {
                self.create_channel(label, options).await
            }
            Command::CreateOffer { ice_restart, .. } => self.create_offer(ice_restart).await,
            Command::CreateAnswer { .. } => {
                let pc = self.pc()?;
                let answer = bounded("createAnswer", pc.create_answer(None)).await?;
                Ok(Reply::Description(description::ours(answer)))
            }
            Command::SetLocal { description, .. } => self.set_local(description).await,
            Command::LocalDescription { .. } => {
                let local = answered("reading", self.pc()?.local_description()).await?;
                local
                    .map(|local| Reply::Description(description::ours(local)))
                    .ok_or_else(|| refuse("InvalidStateError", "there is no local description"))
            }
            Command::SetRemote { description, .. } => self.set_remote(description).await,
            Command::AddCandidate { candidate, .. } => self.add_candidate(candidate).await,
            Command::RestartIce { .. } => self.restart_ice().await,
            Command::Say { label, data, .. } => self.say(&label, data).await,
            Command::CloseChannel { label, .. } => {
                let channel = self.channel(&label)?;
                bounded("close", channel.close()).await?;
                Ok(Reply::Done)
            }
            Command::CloseConnection { .. } => self.close().await,
            Command::Stats { .. } => {
                let pc = self.pc()?;
                let report = pc.get_stats(Instant::now(), StatsSelector::None);
                let report = answered("getStats", report).await?;
                Ok(Reply::Stats(stats::json(&report)))
            }
            other => Err(HandError::Unsupported(format!(
                "{other:?} is not for a connection"
            ))),
        }
    }

    fn pc(&self) -> Result<&Arc<dyn PeerConnection>, HandError> {
        self.pc
            .as_ref()
            .ok_or_else(|| refused(&Error::ErrConnectionClosed))
    }

    fn channel(
        &self,
        label: &str,
    ) -> Result<Arc<dyn webrtc::data_channel::DataChannel>, HandError> {
        self.pc()?;
        self.events
            .channel(label)
            .ok_or_else(|| refuse("NotFoundError", format!("there is no channel {label:?}")))
    }

    async fn open(&mut self) -> Result<Reply, HandError> {
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
            .with_ice_timeouts(None, None, Some(KEEPALIVE))
            .build();
        let built = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_runtime(Arc::new(NudgedRuntime(Arc::clone(&self.wire))))
            .with_handler(Arc::new(Handler(Arc::clone(&self.events))))
            .with_udp_addrs(addresses::local(self.address))
            .build();
        self.pc = Some(Arc::new(bounded("making a connection", built).await?));
        Ok(Reply::Done)
    }

    async fn create_channel(
        &self,
        label: String,
        options: ChannelOptions,
    ) -> Result<Reply, HandError> {
        let init = RTCDataChannelInit {
            ordered: options.ordered,
            max_retransmits: options.max_retransmits,
            negotiated: options.negotiated,
            ..Default::default()
        };
        let pc = self.pc()?;
        associated(&**pc).await?;
        let made = pc.create_data_channel(&label, Some(init));
        let channel = bounded("createDataChannel", made).await?;
        self.events.adopt(label, channel);
        Ok(Reply::Done)
    }

    async fn create_offer(&self, ice_restart: bool) -> Result<Reply, HandError> {
        let options = RTCOfferOptions {
            ice_restart: ice_restart || self.restart,
        };
        let offer = bounded("createOffer", self.pc()?.create_offer(Some(options))).await?;
        Ok(Reply::Description(description::ours(offer)))
    }

    async fn set_local(&mut self, given: Option<Description>) -> Result<Reply, HandError> {
        let given = match given {
            Some(given) => given,
            None => self.implicit().await?,
        };
        let pc = Arc::clone(self.pc()?);
        if given.kind == DescriptionKind::Rollback {
            description::roll_back(&*pc, &self.events).await?;
            let current = answered("reading", pc.current_local_description()).await?;
            return Ok(Reply::Description(current.map_or(given, description::ours)));
        }
        let theirs = description::theirs(given.clone())?;
        let before = self
            .events
            .gathering(|gathering| gathering.begin(&given.sdp));
        let set = bounded("setLocalDescription", pc.set_local_description(theirs)).await;
        if let Err(error) = set {
            self.events.gathering(|gathering| *gathering = before);
            return Err(error);
        }
        if given.kind == DescriptionKind::Offer {
            self.restart = false;
        }
        self.restart_again().await?;
        Ok(Reply::Description(given))
    }

    /// The description that the state asks for (W3C WebRTC, section 4.4.1.6).
    async fn implicit(&self) -> Result<Description, HandError> {
        match description::signaling(&**self.pc()?).await? {
            Signaling::HaveRemoteOffer | Signaling::HaveLocalPranswer => {
                bounded("createAnswer", self.pc()?.create_answer(None))
                    .await
                    .map(description::ours)
            }
            Signaling::Stable | Signaling::HaveLocalOffer | Signaling::HaveRemotePranswer => {
                match self.create_offer(false).await? {
                    Reply::Description(offer) => Ok(offer),
                    _ => Err(refuse("OperationError", "no offer was made")),
                }
            }
        }
    }

    async fn set_remote(&mut self, given: Description) -> Result<Reply, HandError> {
        let pc = Arc::clone(self.pc()?);
        let offer = given.kind == DescriptionKind::Offer;
        let theirs = description::theirs(given)?;
        if offer && description::signaling(&*pc).await? == Signaling::HaveLocalOffer {
            description::roll_back(&*pc, &self.events).await?;
        }
        bounded("setRemoteDescription", pc.set_remote_description(theirs)).await?;
        self.restart_again().await?;
        Ok(Reply::Done)
    }

    async fn add_candidate(&self, given: Option<Candidate>) -> Result<Reply, HandError> {
        let Some(pc) = &self.pc else {
            return Err(refuse("InvalidStateError", "the connection is closed"));
        };
        let candidate = given.unwrap_or_default();
        let remote = description::remote(&**pc).await?;
        // Without a description the crate refuses by itself, in its own words.
        if !remote.is_empty() {
            candidates::check(&candidate, &remote)?;
        }
        let init = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment,
            url: None,
        };
        bounded("addIceCandidate", pc.add_ice_candidate(init)).await?;
        Ok(Reply::Done)
    }

    /// The crate's own `restart_ice` gathers at once and fires no `negotiationneeded`; the wish is kept here instead.
    async fn restart_ice(&mut self) -> Result<Reply, HandError> {
        let local = answered("reading", self.pc()?.current_local_description()).await?;
        self.restart = local.is_some();
        self.restart_again().await?;
        Ok(Reply::Done)
    }

    async fn restart_again(&self) -> Result<(), HandError> {
        if self.restart && description::signaling(&**self.pc()?).await? == Signaling::Stable {
            self.events
                .tell(Happening::NegotiationNeeded { conn: self.conn });
        }
        Ok(())
    }

    /// The crate may tell it late. It is so only if the connection is at rest and its channels have no section yet (W3C WebRTC, section
    /// 4.7.3), which is all that a peer without media can need.
    async fn negotiation_needed(&self) {
        let Some(pc) = &self.pc else { return };
        let Ok(Signaling::Stable) = description::signaling(&**pc).await else {
            return;
        };
        let local = answered("reading", pc.current_local_description()).await;
        let agreed =
            (local.ok().flatten()).is_some_and(|local| local.sdp.contains("m=application"));
        if !agreed {
            self.events
                .tell(Happening::NegotiationNeeded { conn: self.conn });
        }
    }

    async fn say(&self, label: &str, data: Data) -> Result<Reply, HandError> {
        let channel = self.channel(label)?;
        match data {
            Data::Text(text) => bounded("send", channel.send_text(&text)).await?,
            Data::Bytes(bytes) => {
                let bytes = STANDARD
                    .decode(bytes)
                    .map_err(|error| refuse("InvalidCharacterError", error.to_string()))?;
                bounded("send", channel.send(BytesMut::from(&bytes[..]))).await?;
            }
        }
        Ok(Reply::Done)
    }

    /// As in browsers: nothing is told of one's own close. Letting go of the crate's connection alone would not stop it.
    async fn close(&mut self) -> Result<Reply, HandError> {
        self.events.close();
        if let Some(pc) = self.pc.take() {
            bounded("close", pc.close()).await?;
        }
        Ok(Reply::Done)
    }
}

/// While an SCTP association is being negotiated the crate says what opens a channel into it, where it is lost, and never again. Before there is one, and
/// once it stands, all is well; it tells of neither, so it is asked.
async fn associated(pc: &dyn PeerConnection) -> Result<(), HandError> {
    let until = Instant::now() + ASSOCIATES_WITHIN;
    while let Some(sctp) = answered("reading", pc.sctp()).await? {
        let state = bounded("reading", sctp.state()).await?;
        if state != RTCSctpTransportState::Connecting || Instant::now() >= until {
            break;
        }
        sleep(ASKED_EVERY).await;
    }
    Ok(())
}
