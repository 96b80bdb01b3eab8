//! Descriptions in and out of the crate, the state that they make, and rolling back.

use webrtc::peer_connection::{PeerConnection, RTCSdpType, RTCSessionDescription};

use crate::hand::HandError;
use crate::signaling::{Description, DescriptionKind};

use super::events::Events;
use super::refusal::{answered, bounded, refused};

/// `RTCSignalingState` of a connection that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
    HaveLocalPranswer,
    HaveRemotePranswer,
}

/// The crate does not hand its signaling state out; what is pending says it.
pub(super) async fn signaling(pc: &dyn PeerConnection) -> Result<Signaling, HandError> {
    let kind = |description: Option<RTCSessionDescription>| description.map(|d| d.sdp_type);
    let local = kind(answered("reading", pc.pending_local_description()).await?);
    let remote = kind(answered("reading", pc.pending_remote_description()).await?);
    Ok(match (local, remote) {
        (Some(RTCSdpType::Pranswer), _) => Signaling::HaveLocalPranswer,
        (_, Some(RTCSdpType::Pranswer)) => Signaling::HaveRemotePranswer,
        (Some(RTCSdpType::Offer), _) => Signaling::HaveLocalOffer,
        (_, Some(RTCSdpType::Offer)) => Signaling::HaveRemoteOffer,
        _ => Signaling::Stable,
    })
}

/// The remote descriptions that are applied: the pending and the current one.
pub(super) async fn remote(pc: &dyn PeerConnection) -> Result<Vec<String>, HandError> {
    let pending = answered("reading", pc.pending_remote_description()).await?;
    let current = answered("reading", pc.current_remote_description()).await?;
    Ok(pending.into_iter().chain(current).map(|d| d.sdp).collect())
}

/// Takes the local offer back (RFC 9429, section 4.1.10.2).
pub(super) async fn roll_back(pc: &dyn PeerConnection, events: &Events) -> Result<(), HandError> {
    let rollback = RTCSessionDescription::rollback(None).map_err(|error| refused(&error))?;
    bounded("setLocalDescription", pc.set_local_description(rollback)).await?;
    let current = answered("reading", pc.current_local_description()).await?;
    events.gathering(|gathering| gathering.roll_back(current.as_ref().map(|d| d.sdp.as_str())));
    Ok(())
}

/// The crate's description as ours.
pub(super) fn ours(description: RTCSessionDescription) -> Description {
    Description {
        kind: match description.sdp_type {
            RTCSdpType::Answer => DescriptionKind::Answer,
            RTCSdpType::Pranswer => DescriptionKind::Pranswer,
            RTCSdpType::Rollback => DescriptionKind::Rollback,
            _ => DescriptionKind::Offer,
        },
        sdp: description.sdp,
    }
}

/// Ours as the crate's, read through, so that a bad one is refused before anything changes.
pub(super) fn theirs(description: Description) -> Result<RTCSessionDescription, HandError> {
    let Description { kind, sdp } = description;
    match kind {
        DescriptionKind::Offer => RTCSessionDescription::offer(sdp),
        DescriptionKind::Answer => RTCSessionDescription::answer(sdp),
        DescriptionKind::Pranswer => RTCSessionDescription::pranswer(sdp),
        DescriptionKind::Rollback => RTCSessionDescription::rollback(None),
    }
    .map_err(|error| refused(&error))
}
