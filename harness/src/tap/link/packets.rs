//! Packets that are a stream within frames: a frame may hold several, or a part of one. Where it holds exactly one it goes on as it came; else
//! each packet goes on in a frame of its own, so that what happens to one happens to no other.

use super::super::MESSAGE_CAP;
use crate::carrier::Packets;

/// One direction's.
#[derive(Debug)]
pub(super) struct Borders {
    packets: Packets,
    /// The beginning of a packet, whose rest is still to come.
    begun: Vec<u8>,
    /// What comes is no stream of packets: it goes on as it comes.
    lost: bool,
}

/// What stands in the place of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It itself.
    Itself,
    /// These packets, each for itself; none if it only begins one.
    Packets(Vec<Vec<u8>>),
    /// What has come since the last packet, which is none: why. So is all that follows.
    Lost(Vec<u8>, String),
}

impl Borders {
    pub(super) fn new(packets: Packets) -> Self {
        Self {
            packets,
            begun: Vec::new(),
            lost: false,
        }
    }

    /// The payload of the next message.
    pub(super) fn cut(&mut self, payload: &[u8]) -> Cut {
        if self.lost {
            return Cut::Itself;
        }
        let mut stream = std::mem::take(&mut self.begun);
        let fresh = stream.is_empty();
        stream.extend_from_slice(payload);
        let places = match self.packets.split(&stream, MESSAGE_CAP) {
            Ok(places) => places,
            Err(why) => {
                self.lost = true;
                return Cut::Lost(stream, why);
            }
        };
        let itself = fresh && places.len() == 1 && places[0].end == stream.len();
        if itself || stream.is_empty() {
            return Cut::Itself;
        }
        let end = places.last().map_or(0, |place| place.end);
        let packets = places.into_iter().map(|at| stream[at].to_vec()).collect();
        self.begun = stream.split_off(end);
        Cut::Packets(packets)
    }

    /// What has begun and will not be whole any more: nothing comes behind it.
    pub(super) fn rest(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.begun)).filter(|begun| !begun.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &[u8] = b"\xc0\x00";
    const SAID: &[u8] = b"\x30\x04\x00\x01ab";

    #[test]
    fn what_is_one_packet_is_itself_and_what_is_not_is_cut() {
        let mut borders = Borders::new(Packets::Mqtt);
        assert_eq!(borders.cut(SAID), Cut::Itself);
        assert_eq!(borders.cut(b""), Cut::Itself);
        let both = [PING, SAID].concat();
        let expected = Cut::Packets(vec![PING.to_vec(), SAID.to_vec()]);
        assert_eq!(borders.cut(&both), expected);
        // Byte by byte, with frames of nothing between.
        for byte in &SAID[..SAID.len() - 1] {
            assert_eq!(borders.cut(&[*byte]), Cut::Packets(vec![]));
            assert_eq!(borders.cut(b""), Cut::Packets(vec![]));
        }
        assert_eq!(borders.cut(b"b"), Cut::Packets(vec![SAID.to_vec()]));
        // A whole one and the beginning of the next.
        let begun = [PING, &SAID[..3]].concat();
        assert_eq!(borders.cut(&begun), Cut::Packets(vec![PING.to_vec()]));
        assert_eq!(borders.rest(), Some(SAID[..3].to_vec()));
        assert_eq!(borders.rest(), None);
        assert_eq!(borders.cut(PING), Cut::Itself);
    }

    #[test]
    fn what_is_no_packet_is_told_once_with_all_that_came_of_it() {
        let mut borders = Borders::new(Packets::Mqtt);
        assert_eq!(borders.cut(b"\x30"), Cut::Packets(vec![]));
        let Cut::Lost(stream, why) = borders.cut(b"\xff\xff\xff\xff\x01") else {
            panic!("a length of five bytes");
        };
        assert_eq!(stream, b"\x30\xff\xff\xff\xff\x01");
        assert!(why.contains("does not end after four bytes"), "{why}");
        assert_eq!(borders.cut(PING), Cut::Itself);
        // A length that nobody could keep is not waited for.
        let mut borders = Borders::new(Packets::Mqtt);
        let huge = borders.cut(b"\x30\xff\xff\xff\x7f");
        assert!(matches!(huge, Cut::Lost(_, _)), "{huge:?}");
    }
}
