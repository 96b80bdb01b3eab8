//! What the crate fires, told as happenings: in its order, repeats dropped, nothing after the connection's own `close`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc::WeakUnboundedSender;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceConnectionState, RTCIceGatheringState,
    RTCPeerConnectionIceEvent, RTCPeerConnectionState, RTCSignalingState,
};

use crate::hand::Happening;
use crate::lock::lock;
use crate::peer::teller::Teller;
use crate::terms::Data;
use crate::terms::Machine;

use super::gathering::{Gathering, Step};
use super::refusal::answered;
use super::work::Work;

/// The ear of one connection.
pub(super) struct Events {
    conn: u32,
    teller: Arc<Teller>,
    orders: WeakUnboundedSender<Work>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    closed: bool,
    /// What was last told of each machine.
    states: [Option<String>; 4],
    gathering: Gathering,
    channels: Vec<Channel>,
}

/// A data channel, whoever made it.
#[derive(Clone)]
pub(super) struct Channel {
    label: String,
    pub(super) channel: Arc<dyn DataChannel>,
    open: Arc<AtomicBool>,
}

impl Events {
    pub(super) fn new(
        conn: u32,
        teller: Arc<Teller>,
        orders: WeakUnboundedSender<Work>,
    ) -> Arc<Self> {
        Arc::new(Self {
            conn,
            teller,
            orders,
            heard: Mutex::default(),
        })
    }

    /// From now on nothing is told, and the channels are let go.
    pub(super) fn close(&self) {
        let mut heard = lock(&self.heard);
        heard.closed = true;
        heard.channels.clear();
    }

    /// Changes what is known of the gathering; answers what it was.
    pub(super) fn gathering(&self, change: impl FnOnce(&mut Gathering)) -> Gathering {
        let mut heard = lock(&self.heard);
        let before = heard.gathering.clone();
        change(&mut heard.gathering);
        before
    }

    /// The channel of that label: the first that is open, else the newest.
    pub(super) fn channel(&self, label: &str) -> Option<Arc<dyn DataChannel>> {
        let heard = lock(&self.heard);
        let mut named = heard
            .channels
            .iter()
            .filter(|channel| channel.label == label);
        let found = named
            .clone()
            .find(|channel| channel.open.load(Ordering::Relaxed))
            .or_else(|| named.next_back())?;
        Some(Arc::clone(&found.channel))
    }

    /// Tells what needs no telling apart.
    pub(super) fn tell(&self, happening: Happening) {
        let heard = lock(&self.heard);
        if !heard.closed {
            self.teller.tell(happening);
        }
    }

    /// Takes a channel in and listens to it until it ends.
    pub(super) fn adopt(self: &Arc<Self>, label: String, channel: Arc<dyn DataChannel>) {
        let channel = Channel {
            label,
            channel,
            open: Arc::default(),
        };
        {
            let mut heard = lock(&self.heard);
            if heard.closed {
                return;
            }
            heard.channels.push(channel.clone());
        }
        tokio::spawn(Arc::clone(self).listen(channel));
    }

    async fn listen(self: Arc<Self>, channel: Channel) {
        while let Some(event) = channel.channel.poll().await {
            let state = match event {
                DataChannelEvent::OnOpen => {
                    channel.open.store(true, Ordering::Relaxed);
                    "open"
                }
                DataChannelEvent::OnClosing => "closing",
                DataChannelEvent::OnError => "error",
                DataChannelEvent::OnClose => break,
                DataChannelEvent::OnMessage(message) => {
                    let data = if message.is_string {
                        Data::Text(String::from_utf8_lossy(&message.data).into_owned())
                    } else {
                        Data::Bytes(STANDARD.encode(&message.data))
                    };
                    self.tell(Happening::ChannelMessage {
                        conn: self.conn,
                        label: channel.label.clone(),
                        data,
                    });
                    continue;
                }
                _ => continue,
            };
            self.channel_state(&channel, state);
        }
        // Also where the stack stopped without a word: a channel that is gone is closed.
        channel.open.store(false, Ordering::Relaxed);
        self.channel_state(&channel, "closed");
    }

    fn channel_state(&self, channel: &Channel, state: &str) {
        self.tell(Happening::ChannelState {
            conn: self.conn,
            label: channel.label.clone(),
            state: state.into(),
        });
    }

    fn state(&self, machine: Machine, state: impl ToString) {
        let mut heard = lock(&self.heard);
        self.state_locked(&mut heard, machine, state.to_string());
    }

    fn state_locked(&self, heard: &mut Heard, machine: Machine, state: String) {
        let (last, initial) = match machine {
            Machine::Signaling => (&mut heard.states[0], "stable"),
            Machine::IceGathering => (&mut heard.states[1], "new"),
            Machine::Ice => (&mut heard.states[2], "new"),
            Machine::Connection => (&mut heard.states[3], "new"),
        };
        if heard.closed || last.as_deref().unwrap_or(initial) == state {
            return;
        }
        *last = Some(state.clone());
        self.teller.tell(Happening::State {
            conn: self.conn,
            machine,
            state,
        });
    }

    fn gathered(&self, change: impl FnOnce(&mut Gathering) -> Vec<Step>) {
        let mut heard = lock(&self.heard);
        for step in change(&mut heard.gathering) {
            match step {
                Step::State(state) => {
                    self.state_locked(&mut heard, Machine::IceGathering, state.into());
                }
                Step::Candidate(candidate) if !heard.closed => {
                    self.teller.tell(Happening::Candidate {
                        conn: self.conn,
                        candidate,
                    });
                }
                Step::Candidate(_) => {}
            }
        }
    }
}

/// The handler that the crate calls, on its driver's task: nothing here may wait for the connection.
pub(super) struct Handler(pub(super) Arc<Events>);

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_negotiation_needed(&self) {
        // Through the queue: like a browser's, it is told only if the state is stable once all that was asked before is done.
        if let Some(orders) = self.0.orders.upgrade() {
            let _ = orders.send(Work::NegotiationNeeded);
        }
    }

    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        // The only candidates gathered are our own host candidates, which can always be written.
        if let Ok(init) = event.candidate.to_json() {
            self.0.gathered(|gathering| gathering.found(init.candidate));
        }
    }

    async fn on_signaling_state_change(&self, state: RTCSignalingState) {
        self.0.state(Machine::Signaling, state);
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        self.0.state(Machine::Ice, state);
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.0.gathered(Gathering::complete);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.0.state(Machine::Connection, state);
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let Ok(Ok(label)) = answered("reading a channel's label", channel.label()).await else {
            return;
        };
        self.0.tell(Happening::ChannelAdded {
            conn: self.0.conn,
            label: label.clone(),
        });
        self.0.adopt(label, channel);
    }
}
