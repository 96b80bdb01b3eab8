//! The splitter and the chunk reader without sockets: whatever the bytes, and however they are cut.

use bytes::BytesMut;
use proptest::prelude::*;

use super::body::{Body, Framing};
use super::frame;
use super::splitter::{Piece, Splitter};
use crate::terms::Carrier;
use crate::terms::Rule;

/// What a stream meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Message(&'static str, Vec<u8>),
    Control(Vec<u8>),
}

/// One frame as an end would write it.
fn encode(opcode: u8, fin: bool, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mut bytes = vec![opcode | if fin { 0x80 } else { 0 }];
    let masked = if key.is_some() { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..126 => bytes.push(masked | length as u8),
        length @ 126..65536 => {
            bytes.push(masked | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(masked | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(key.iter().flatten());
    let start = bytes.len();
    bytes.extend(payload);
    for (i, byte) in bytes[start..].iter_mut().enumerate() {
        *byte ^= key.map_or(0, |key| key[i % 4]);
    }
    bytes
}

/// Feeds the stream in chunks; returns all bytes that came out, and what was understood.
fn split(stream: &[u8], cuts: &[usize], masked: bool, cap: usize) -> (Vec<u8>, Vec<Said>, bool) {
    let mut splitter = Splitter::new(masked, cap);
    let mut inbox = BytesMut::new();
    let (mut out, mut said) = (Vec::new(), Vec::new());
    let mut from = 0;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.sort_unstable();
    for to in cuts.into_iter().chain([stream.len()]) {
        inbox.extend_from_slice(&stream[from..to]);
        from = to;
        while let Some(piece) = splitter.next(&mut inbox) {
            match piece {
                Piece::Control { frame, .. } => {
                    out.extend_from_slice(&frame);
                    said.push(Said::Control(frame.to_vec()));
                }
                Piece::Message {
                    carrier, frames, ..
                } => {
                    let kind = match carrier {
                        Carrier::Text => "text",
                        _ => "binary",
                    };
                    said.push(Said::Message(kind, splitter.payload(&frames).to_vec()));
                    out.extend_from_slice(&frames);
                }
                Piece::Tail { bytes, .. } | Piece::Raw(bytes) => out.extend_from_slice(&bytes),
            }
        }
    }
    out.extend_from_slice(&splitter.rest(&mut inbox));
    (out, said, splitter.violation().is_some())
}

fn messages(said: &[Said]) -> Vec<&Said> {
    said.iter()
        .filter(|said| matches!(said, Said::Message(..)))
        .collect()
}

prop_compose! {
    fn message()(
        binary in any::<bool>(),
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4),
        ping in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        key in any::<[u8; 4]>(),
    ) -> (bool, Vec<Vec<u8>>, Option<Vec<u8>>, [u8; 4]) {
        (binary, parts, ping, key)
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_messages_and_the_same_bytes(
        sent in prop::collection::vec(message(), 1..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        masked in any::<bool>(),
        ping_between in any::<bool>(),
    ) {
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for (binary, parts, ping, key) in &sent {
            let key = masked.then_some(*key);
            for (i, part) in parts.iter().enumerate() {
                let opcode = match (i, binary) { (0, true) => 2, (0, false) => 1, _ => 0 };
                stream.extend(encode(opcode, i + 1 == parts.len(), part, key));
                if let (0, true, Some(ping)) = (i, ping_between || parts.len() == 1, ping) {
                    stream.extend(encode(9, true, ping, key));
                }
            }
            expected.push(Said::Message(if *binary { "binary" } else { "text" }, parts.concat()));
        }
        let (whole, said, violated) = split(&stream, &[], masked, 1 << 20);
        prop_assert!(!violated);
        prop_assert_eq!(&whole, &stream);
        prop_assert_eq!(messages(&said), expected.iter().collect::<Vec<_>>());
        let (out, said, violated) = split(&stream, &cuts, masked, 1 << 20);
        prop_assert!(!violated);
        prop_assert_eq!(messages(&said), expected.iter().collect::<Vec<_>>());
        // A ping between fragments may overtake them when they come in pieces; else not a byte moves.
        if ping_between {
            prop_assert_eq!(out.len(), stream.len());
        } else {
            prop_assert_eq!(out, stream);
        }
    }

    #[test]
    fn garbage_never_panics_and_never_changes(
        stream in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        masked in any::<bool>(),
        cap in 1usize..200,
    ) {
        let (out, _, _) = split(&stream, &cuts, masked, cap);
        prop_assert_eq!(out.len(), stream.len());
    }

    #[test]
    fn near_frames_never_panic_and_never_change(
        frames in prop::collection::vec(
            (any::<bool>(), prop::sample::select(vec![0u8, 1, 2, 8, 9, 10]), prop::collection::vec(any::<u8>(), 0..80)),
            0..12,
        ),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        cap in 1usize..200,
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|(fin, opcode, payload)| encode(*opcode, *fin, payload, None)).collect();
        let (out, _, _) = split(&stream, &cuts, false, cap);
        prop_assert_eq!(out.len(), stream.len());
    }

    #[test]
    fn a_long_message_is_judged_by_its_beginning_and_passes_unchanged(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 200..400), 1..4),
        cuts in prop::collection::vec(any::<usize>(), 4..20),
        key in any::<[u8; 4]>(),
    ) {
        let mut stream = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            stream.extend(encode(if i == 0 { 2 } else { 0 }, i + 1 == parts.len(), part, Some(key)));
        }
        stream.extend(encode(1, true, b"after", Some(key)));
        let (out, said, violated) = split(&stream, &cuts, true, 150);
        prop_assert!(!violated);
        prop_assert_eq!(out, stream);
        prop_assert_eq!(said.len(), 2);
        let Said::Message("binary", data) = &said[0] else { panic!("{said:?}") };
        prop_assert!(parts.concat().starts_with(data));
        prop_assert_eq!(&said[1], &Said::Message("text", b"after".to_vec()));
    }

    #[test]
    fn chunked_bodies_are_followed_however_they_are_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..5),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        trailer in any::<bool>(),
    ) {
        let mut stream = Vec::new();
        for chunk in &chunks {
            stream.extend(format!("{:X};x=y\r\n", chunk.len()).into_bytes());
            stream.extend(chunk);
            stream.extend(b"\r\n");
        }
        stream.extend(b"0\r\n");
        if trailer {
            stream.extend(b"Digest: x\r\n");
        }
        stream.extend(b"\r\n");
        let length = stream.len();
        stream.extend(b"GET / HTTP/1.1\r\n");
        let mut body = Body::new(Framing::Chunked);
        let (mut data, mut used, mut from) = (Vec::new(), 0, 0);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (length + 1)).collect();
        cuts.sort_unstable();
        for to in cuts.into_iter().chain([stream.len()]) {
            if to > from {
                used += body.take(&stream[from..to], &mut data)?;
                from = to;
            }
        }
        prop_assert!(body.is_done());
        prop_assert_eq!(used, length);
        prop_assert_eq!(data, chunks.concat());
    }

    #[test]
    fn garbage_chunks_never_panic(stream in "[0-9a-fA-F;\r\n xG]{0,80}") {
        let _ = Body::new(Framing::Chunked).take(stream.as_bytes(), &mut Vec::new());
    }
}

#[test]
fn a_ping_amid_a_message_goes_with_it_or_ahead_of_it() {
    let first = encode(1, false, b"he", None);
    let ping = encode(9, true, b"?", None);
    let last = encode(0, true, b"llo", None);
    let stream = [first.clone(), ping.clone(), last.clone()].concat();
    assert_eq!(split(&stream, &[], false, 1000).0, stream);
    let late = split(&stream, &[first.len() + ping.len()], false, 1000).0;
    assert_eq!(late, [ping, first, last].concat());
}

#[test]
fn a_close_frame_says_its_code_and_keeps_its_place_after_a_cut_message() {
    let start = encode(1, false, b"never", Some([1, 2, 3, 4]));
    let close = frame::close(4001, "bye", Some([9, 8, 7, 6]));
    let mut splitter = Splitter::new(true, 1000);
    let mut inbox = BytesMut::from(&[start.clone(), close.clone()].concat()[..]);
    let Some(Piece::Raw(cut)) = splitter.next(&mut inbox) else {
        panic!("the unfinished message comes first");
    };
    assert_eq!(cut, start);
    let Some(Piece::Control { frame, close: said }) = splitter.next(&mut inbox) else {
        panic!("then the close frame");
    };
    assert_eq!(frame, close);
    assert_eq!(said, Some((Some(4001), "bye".to_owned())));
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    let close = frame::close(1000, &"ü".repeat(100), None);
    assert_eq!(close.len(), 2 + 2 + 122);
    assert_eq!(frame::close_payload(&close[2..]).1, "ü".repeat(61));
}

/// What a server's bytes break, and whether the stream can be followed all the same.
fn broken(stream: &[u8]) -> (Option<Rule>, bool) {
    let mut splitter = Splitter::new(false, 1000);
    let mut inbox = BytesMut::from(stream);
    let mut noted = None;
    while splitter.next(&mut inbox).is_some() {
        noted = noted.or(splitter.take_noted());
    }
    noted = noted.or(splitter.take_noted());
    match splitter.violation() {
        Some(malformed) => (Some(malformed.rule()), false),
        None => (noted.map(|noted| noted.rule), true),
    }
}

#[test]
fn what_a_servers_frames_break_is_named() {
    let long = |second: &[u8], payload: usize| [&[0x81], second, &vec![b'x'; payload]].concat();
    for (name, stream, rule, followed) in [
        ("a message", encode(1, true, b"{}", None), None, true),
        (
            "rsv1",
            vec![0xc1, 2, b'{', b'}'],
            Some(Rule::ReservedBit),
            false,
        ),
        (
            "rsv2",
            vec![0xa1, 2, b'{', b'}'],
            Some(Rule::ReservedBit),
            false,
        ),
        (
            "rsv3 of a ping",
            vec![0x99, 0],
            Some(Rule::ReservedBit),
            false,
        ),
        ("opcode 3", vec![0x83, 0], Some(Rule::Opcode), false),
        ("opcode 15", vec![0x8f, 0], Some(Rule::Opcode), false),
        (
            "a mask",
            encode(1, true, b"{}", Some([1, 2, 3, 4])),
            Some(Rule::Mask),
            false,
        ),
        (
            "a masked ping",
            encode(9, true, b"", Some([1, 2, 3, 4])),
            Some(Rule::Mask),
            false,
        ),
        (
            "half a ping",
            encode(9, false, b"", None),
            Some(Rule::Control),
            false,
        ),
        (
            "a long ping",
            encode(9, true, &[0; 126], None),
            Some(Rule::Control),
            false,
        ),
        (
            "a ping of 125",
            encode(9, true, &[0; 125], None),
            None,
            true,
        ),
        (
            "a continuation",
            encode(0, true, b"x", None),
            Some(Rule::Fragments),
            false,
        ),
        (
            "two beginnings",
            [encode(1, false, b"x", None), encode(1, true, b"y", None)].concat(),
            Some(Rule::Fragments),
            false,
        ),
        (
            "125 in 3 bytes",
            long(&[126, 0, 125], 125),
            Some(Rule::Length),
            true,
        ),
        ("126 in 3 bytes", long(&[126, 0, 126], 126), None, true),
        (
            "65535 in 9 bytes",
            long(&[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 65535),
            Some(Rule::Length),
            true,
        ),
        (
            "65536 in 9 bytes",
            long(&[127, 0, 0, 0, 0, 0, 1, 0, 0], 65536),
            None,
            true,
        ),
        (
            "a length of 2^63",
            long(&[127, 0x80, 0, 0, 0, 0, 0, 0, 0], 0),
            Some(Rule::Length),
            false,
        ),
        (
            "a length of 2^63 - 1",
            long(&[127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0),
            Some(Rule::Endless),
            true,
        ),
        (
            "a fragment of a long message in too many bytes",
            [
                encode(1, false, &[b'x'; 2000], None),
                vec![0x80, 126, 0, 1, b'x'],
            ]
            .concat(),
            Some(Rule::Length),
            true,
        ),
    ] {
        assert_eq!(broken(&stream), (rule, followed), "{name}");
    }
}

/// Feeds each part by itself; what came out: `message`, `beginning`, `tail`, `end`, `control`, `raw`, and what is noted.
fn pieces(parts: &[Vec<u8>], cap: usize) -> (Vec<&'static str>, Option<Rule>) {
    let mut splitter = Splitter::new(false, cap);
    let mut inbox = BytesMut::new();
    let (mut found, mut noted) = (Vec::new(), None);
    for part in parts {
        inbox.extend_from_slice(part);
        while let Some(piece) = splitter.next(&mut inbox) {
            noted = noted.or(splitter.take_noted());
            found.push(match piece {
                Piece::Message { truncated, .. } if truncated => "beginning",
                Piece::Message { .. } => "message",
                Piece::Tail { end, .. } if end => "end",
                Piece::Tail { .. } => "tail",
                Piece::Control { .. } => "control",
                Piece::Raw(_) => "raw",
            });
        }
    }
    (found, noted.map(|noted| noted.rule))
}

#[test]
fn a_long_message_ends_with_an_empty_fragment_too() {
    let long = encode(1, false, &[b'x'; 2000], None);
    let parts = [
        long[..1500].to_vec(),
        long[1500..].to_vec(),
        encode(0, false, b"", None),
        encode(0, true, b"", None),
        encode(1, true, b"after", None),
    ];
    let expected = ["beginning", "tail", "tail", "end", "message"];
    assert_eq!(pieces(&parts, 1000), (expected.to_vec(), None));
}

#[test]
fn an_odd_length_behind_the_beginning_of_a_long_message_is_noted() {
    let long = encode(1, false, &[b'x'; 2000], None);
    for (odd, rule) in [
        (&[0x80, 126, 0, 1, b'x'][..], Rule::Length),
        (&[0x80, 127, 0, 0, 0, 2, 0, 0, 0, 0], Rule::Endless),
    ] {
        let parts = [long[..1500].to_vec(), long[1500..].to_vec(), odd.to_vec()];
        assert_eq!(pieces(&parts, 1000).1, Some(rule));
    }
}

#[test]
fn a_message_of_fragments_without_end_is_taken_as_a_long_one() {
    let begin = encode(1, false, b"", None);
    let more = encode(0, false, b"", None);
    // Empty ones: the cap on bytes is far away.
    let parts = [[begin, more.repeat(70_000)].concat(), more];
    let (found, _) = pieces(&parts, 1 << 24);
    assert_eq!(found, ["beginning", "tail"]);
}

#[test]
fn a_message_for_a_socket_that_takes_no_more_is_counted_as_lost() {
    use super::outbox::{Kind, Outbox};
    let mut outbox = Outbox::default();
    let bytes = || BytesMut::from(&b"x"[..]);
    outbox.push(bytes(), Kind::Other, None);
    outbox.die();
    assert_eq!(outbox.take_lost(), 0);
    outbox.push(bytes(), Kind::Message, None);
    let later = std::time::Duration::from_secs(1);
    outbox.push(bytes(), Kind::Beginning, Some(later));
    outbox.push(bytes(), Kind::End, None);
    assert_eq!(outbox.take_lost(), 2);
    assert_eq!(outbox.take_lost(), 0);
}
