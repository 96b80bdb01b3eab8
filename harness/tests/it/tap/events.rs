//! Event streams through the tap: each event is a message of a line.

use glare::tap::{Cut, Delivery, LinkChange, Passing, Refused, Verdict};
use glare::terms::{Carrier, Corruption, Direction, Ending, Rule, Side, Silence};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::ends::*;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

pub fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

/// Reads one chunk; `None` at the last.
async fn read_chunk(stream: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(read(stream, 1).await);
    }
    let line = String::from_utf8(line).unwrap();
    let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
    let text = read(stream, size + 2).await;
    (size > 0).then(|| String::from_utf8(text[..size].to_vec()).unwrap())
}

/// A stream that stands: the peer's end and the server's, and `Up` is taken from what was seen.
async fn standing(bench: &mut Bench) -> (TcpStream, TcpStream) {
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    let request = format!(
        "GET /events?me=a HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip, br\r\nAccept: text/event-stream\r\n\r\n"
    );
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    // Nothing in a compressed stream could be judged.
    let plain = request.replace("Accept-Encoding: gzip, br\r\n", "");
    assert_eq!(read_head(&mut server).await, plain);
    server.write_all(HEAD.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut peer).await, HEAD);
    let path = "/events?me=a".to_owned();
    let up = Seen::Link(1, LinkChange::Up { path });
    assert_eq!(bench.next().await, up);
    (peer, server)
}

fn down_by(by: Side, ending: Ending) -> Seen {
    Seen::Link(1, LinkChange::Down { by, ending })
}

fn by_text(passing: &Passing<'_>) -> Verdict {
    match passing.text.unwrap_or_default() {
        text if text.contains("hold") => Verdict::Hold,
        text if text.contains("drop") => Verdict::Drop,
        text if text.contains("slow") => Verdict::Delay(Duration::from_millis(300)),
        text if text.contains("twice") => Verdict::Duplicate,
        text if text.contains("spoil") => Verdict::Corrupt(Corruption::Letter),
        text if text.contains("garble") => Verdict::Corrupt(Corruption::NotJson),
        _ => Verdict::Pass,
    }
}

#[tokio::test]
async fn events_pass_byte_for_byte_and_each_is_judged() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let long = "x".repeat(100_000);
    for stream in [
        chunk("data: 1\n\n"),
        chunk(": comment\r\n\r\nevent: offer\r\nid: 3\r\ndata: a\r\ndata: b\r\n\r\ndata: 2\n\n"),
        chunk("retry: 10\n\n"),
        format!("{}{}", chunk(&format!("data: {long}")), chunk("\n\n")),
    ] {
        server.write_all(stream.as_bytes()).await.unwrap();
        assert!(read(&mut peer, stream.len()).await == stream.as_bytes());
    }
    for data in ["1", "a\nb", "2", &long] {
        let seen = bench.next().await;
        let hold = seen.hold();
        let expected = Seen::Message {
            link: 1,
            direction: Direction::Down,
            carrier: Carrier::Event,
            data: data.as_bytes().to_vec(),
            head: String::new(),
            truncated: false,
            swallowed: false,
            hold,
        };
        assert!(seen == expected, "{data:.20}");
    }
    // A peer that goes away is felt by the server.
    drop(peer);
    assert_eq!(bench.next().await, down_by(Side::Peer, Ending::Eof));
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
}

#[tokio::test]
async fn an_event_goes_on_before_its_chunk_is_whole() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let text = event("1") + &event("2");
    let stream = chunk(&text);
    let (first, rest) = stream.split_at(4 + event("1").len());
    server.write_all(first.as_bytes()).await.unwrap();
    assert_eq!(read_chunk(&mut peer).await, Some(event("1")));
    server.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(read_chunk(&mut peer).await, Some(event("2")));
}

#[tokio::test]
async fn once_a_stream_has_ended_its_connection_carries_further_requests() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let last = chunk("data: 1\n\n") + "0\r\n\r\n";
    server.write_all(last.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, last.len()).await, last.as_bytes());
    assert_eq!(bench.next().await.short(), "down 1");
    assert_eq!(bench.next().await, down_by(Side::Server, Ending::Eof));
    let host = bench.tap.address();
    let request = format!("POST /say HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi");
    peer.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(
        read(&mut server, request.len()).await,
        request.as_bytes(),
        "on the same connection"
    );
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    server.write_all(answer).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer);
    assert_eq!(bench.next().await.short(), "POST /say [hi]");
    assert_eq!(bench.next().await.short(), "POST /say 204 []");
}

#[tokio::test]
async fn a_stream_that_its_head_gives_a_length_goes_on_in_chunks() {
    let mut bench = Bench::judging(by_text).await;
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    // By the answer's type alone.
    let request = format!("POST /ask HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    let body = event("1") + &event("drop") + &event("2");
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n{body}",
        body.len()
    );
    server.write_all(answer.as_bytes()).await.unwrap();
    let head = read_head(&mut peer).await;
    assert!(
        head.ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n"),
        "{head}"
    );
    assert!(!head.to_lowercase().contains("content-length"), "{head}");
    assert_eq!(read_chunk(&mut peer).await, Some(event("1")));
    assert_eq!(read_chunk(&mut peer).await, Some(event("2")));
    assert_eq!(read_chunk(&mut peer).await, None);
    assert_eq!(bench.next().await.short(), "POST /ask []");
    assert_eq!(bench.next().await.short(), "POST /ask 200 []");
    assert!(matches!(
        bench.next().await,
        Seen::Link(1, LinkChange::Up { .. })
    ));
    for data in ["down 1", "down drop", "down 2"] {
        assert_eq!(bench.next().await.short(), data);
    }
    assert_eq!(bench.next().await, down_by(Side::Server, Ending::Eof));
}

#[tokio::test]
async fn faults_strike_one_event_among_others() {
    let mut bench = Bench::judging(by_text).await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let spoiled = r#"{"type":"spoil"}"#;
    // All in one chunk, and each in one of its own.
    for apart in [false, true] {
        let events = [
            event("1"),
            event("drop"),
            event("hold"),
            "event: x\r\ndata: twice\r\n\r\n".into(),
            event(spoiled),
            "id: 4\ndata: garble\ndata: it\n\n".to_owned(),
            event("2"),
        ];
        let stream = match apart {
            false => chunk(&events.concat()),
            true => events.iter().map(|event| chunk(event)).collect(),
        };
        server.write_all(stream.as_bytes()).await.unwrap();
        for expected in [
            event("1"),
            events[3].clone(),
            events[3].clone(),
            event(r#"{"type":"spojl"}"#).replace("spojl", &corrupted(spoiled)),
            "id: 4\ndata: #arble\ndata: it\n\n".into(),
            event("2"),
        ] {
            assert_eq!(read_chunk(&mut peer).await, Some(expected));
        }
        let seen: Vec<_> = [
            bench.next().await,
            bench.next().await,
            bench.next().await,
            bench.next().await,
            bench.next().await,
            bench.next().await,
            bench.next().await,
        ]
        .into();
        let hold = seen[2].hold();
        assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
        assert_eq!(read_chunk(&mut peer).await, Some(event("hold")));
        assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);
    }
    let asked = Instant::now();
    server
        .write_all(chunk(&(event("slow") + &event("behind"))).as_bytes())
        .await
        .unwrap();
    assert_eq!(read_chunk(&mut peer).await, Some(event("slow")));
    assert!(asked.elapsed() >= Duration::from_millis(300));
    assert_eq!(read_chunk(&mut peer).await, Some(event("behind")));
}

/// The word that a corrupted letter makes of `spoil`.
fn corrupted(text: &str) -> String {
    let bytes = Corruption::Letter.apply(text.as_bytes());
    let text = String::from_utf8(bytes).unwrap();
    text[9..14].to_owned()
}

#[tokio::test]
async fn an_event_goes_in_front_of_one_that_is_held_for_it() {
    let mut bench = Bench::choosing(|passing, _| match passing.data {
        b"first" => Verdict::Hold,
        b"second" => Verdict::Then(1 << 32, None),
        _ => Verdict::Pass,
    })
    .await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let text = event("first") + &event("second") + &event("third");
    server.write_all(chunk(&text).as_bytes()).await.unwrap();
    for expected in ["second", "first", "third"] {
        assert_eq!(read_chunk(&mut peer).await, Some(event(expected)));
    }
}

#[tokio::test]
async fn a_silent_stream_swallows_and_a_mended_one_goes_on() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let silence = Silence {
        up: false,
        down: true,
    };
    assert_eq!(soon(bench.tap.silence(Some(1), silence)).await, 1);
    server
        .write_all(chunk(&event("lost")).as_bytes())
        .await
        .unwrap();
    assert!(bench.next().await.swallowed());
    assert_eq!(soon(bench.tap.mend(None)).await, 1);
    server
        .write_all(chunk(&event("heard")).as_bytes())
        .await
        .unwrap();
    assert_eq!(read_chunk(&mut peer).await, Some(event("heard")));
}

#[tokio::test]
async fn a_stalled_stream_keeps_what_the_server_writes() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    assert_eq!(soon(bench.tap.stall(Some(1))).await, 1);
    server
        .write_all(chunk(&event("late")).as_bytes())
        .await
        .unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(200), bench.seen.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    soon(bench.tap.mend(Some(1))).await;
    assert_eq!(read_chunk(&mut peer).await, Some(event("late")));
}

#[tokio::test]
async fn a_cut_ends_a_stream_quietly_or_by_a_reset() {
    for quietly in [true, false] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = standing(&mut bench).await;
        let (how, ending) = match quietly {
            true => {
                let reason = "over".into();
                (Cut::Close { code: 1001, reason }, Ending::Eof)
            }
            false => (Cut::Reset, Ending::Reset),
        };
        assert_eq!(soon(bench.tap.cut(Some(1), how)).await, 1);
        let ends = [read_to_end(&mut peer).await, read_to_end(&mut server).await];
        match quietly {
            true => assert_eq!(ends.map(Result::unwrap), [b"0\r\n\r\n".to_vec(), vec![]]),
            false => assert!(ends.iter().all(Result::is_err), "{ends:?}"),
        }
        assert_eq!(bench.next().await, down_by(Side::Tap, ending));
    }
}

#[tokio::test]
async fn a_request_for_a_stream_that_brings_none_is_refused() {
    let mut bench = Bench::new().await;
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    let request =
        format!("GET /events HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno me";
    server.write_all(answer.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer.as_bytes());
    let refused = Refused::Answered {
        status: 403,
        phrase: "Forbidden".into(),
        body: b"no me".to_vec(),
    };
    assert_eq!(
        bench.next().await,
        Seen::Link(1, LinkChange::Refused(refused))
    );
}

#[tokio::test]
async fn what_a_hostile_server_streams_is_bounded_and_named() {
    // An event without an end, in chunks of which each would fit.
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = standing(&mut bench).await;
    let part = chunk(&"x".repeat(1 << 20));
    let writing = tokio::spawn(async move {
        for _ in 0..24 {
            server.write_all(part.as_bytes()).await.unwrap();
        }
        server
    });
    let mut said = 0;
    while said < 24 << 20 {
        said += read_chunk(&mut peer).await.unwrap().len();
    }
    writing.await.unwrap();
    let Seen::Violation(1, Direction::Down, violation) = bench.next().await else {
        panic!("no violation");
    };
    assert_eq!(violation.rule, Rule::Endless);
    assert!(matches!(
        bench.next().await,
        Seen::Message {
            truncated: true,
            carrier: Carrier::Event,
            ..
        }
    ));

    for (stream, rule) in [
        ("zz\r\n", Rule::Body),
        ("fffffffffffffffff\r\n", Rule::Body),
        ("9\r\ndata: \u{e9}", Rule::Body),
    ] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = standing(&mut bench).await;
        // Half a letter at the end of the last.
        let mut bytes = stream.as_bytes().to_vec();
        if bytes.pop() == Some(0xa9) {
            bytes.extend(b"\n\n\r\n");
        } else {
            bytes.push(b'\n');
        }
        server.write_all(&bytes).await.unwrap();
        assert_eq!(read(&mut peer, bytes.len()).await, bytes, "{stream:?}");
        let Seen::Violation(1, Direction::Down, violation) = bench.next().await else {
            panic!("no violation");
        };
        assert_eq!(violation.rule, rule, "{stream:?}");
    }
}
