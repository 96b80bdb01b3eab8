//! What a server writes wrongly is told once and passes as it is; what a step or a peer does is not the server's.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use glare::tap::{Cut, LinkChange, Refused, Verdict};
use glare::terms::Direction;
use glare::terms::Rule;
use glare::terms::{Corruption, RawFrame};
use tokio::io::AsyncWriteExt;

use super::ends::*;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn rule(seen: &Seen) -> Rule {
    match seen {
        Seen::Violation(1, Direction::Down, violation) => violation.rule,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wrong_bytes_pass_as_they_are_and_are_told_before_anybody_has_them() {
    let wasteful = [&[0x81, 126, 0, 2][..], b"{}"].concat();
    for (bytes, broken) in [
        (vec![0xc1, 2, b'{', b'}'], Rule::ReservedBit),
        (frame(0x81, b"{}", KEY), Rule::Mask),
        (frame(0x83, b"{}", None), Rule::Opcode),
        (frame(0x09, b"", None), Rule::Control),
        (frame(0x80, b"{}", None), Rule::Fragments),
        (wasteful, Rule::Length),
        (frame(0x81, b"{\xff}", None), Rule::Utf8),
        (frame(0x88, b"\x03", None), Rule::ClosePayload),
        (frame(0x88, b"\x03\xed", None), Rule::CloseCode),
        (
            [frame(0x88, b"\x03\xe8", None), down("late")].concat(),
            Rule::AfterClose,
        ),
    ] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = bench.pair().await;
        server.write_all(&bytes).await.unwrap();
        assert_eq!(read(&mut peer, bytes.len()).await, bytes, "{broken:?}");
        // What was told is there already: a message and the end of the link may stand beside it.
        let mut told = Vec::new();
        while let Ok(seen) = bench.seen.try_recv() {
            if matches!(seen, Seen::Violation(..)) {
                told.push(rule(&seen));
            }
        }
        assert_eq!(told, [broken]);
    }
}

#[tokio::test]
async fn a_flood_of_faults_is_told_once() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let flood = frame(0x81, b"\xff", None).repeat(1000);
    server.write_all(&flood).await.unwrap();
    read(&mut peer, flood.len()).await;
    let mut told = 0;
    for _ in 0..1001 {
        told += usize::from(matches!(bench.next().await, Seen::Violation(..)));
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn what_a_step_makes_of_a_message_accuses_nobody() {
    let verdict = |passing: &glare::tap::Passing<'_>| match passing.direction {
        Direction::Down => Verdict::Corrupt(Corruption::NotUtf8),
        Direction::Up => Verdict::Pass,
    };
    let mut bench = Bench::judging(verdict).await;
    let (mut peer, mut server) = bench.pair().await;
    server.write_all(&down("right")).await.unwrap();
    assert_eq!(read(&mut peer, 7).await, frame(0x81, b"\xffight", None));
    for raw in RawFrame::ALL {
        soon(bench.tap.inject(1, raw)).await;
        read(&mut server, raw.bytes().len()).await;
    }
    // The server closes with the code for that, as it must.
    server
        .write_all(&frame(0x88, b"\x03\xea", None))
        .await
        .unwrap();
    read(&mut peer, 4).await;
    soon(bench.tap.cut(None, Cut::Reset)).await;
    while let Ok(seen) = bench.seen.try_recv() {
        assert!(!matches!(seen, Seen::Violation(..)), "{seen:?}");
    }
}

#[tokio::test]
async fn what_a_client_writes_wrongly_is_told_as_the_clients() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let unmasked = down("no mask");
    peer.write_all(&unmasked).await.unwrap();
    assert_eq!(read(&mut server, unmasked.len()).await, unmasked);
    match bench.next().await {
        Seen::Violation(1, Direction::Up, violation) => assert_eq!(violation.rule, Rule::Mask),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_client_says_after_its_close_passes_and_is_no_fault() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let sent = [frame(0x88, b"\x03\xe8", KEY), up("late")].concat();
    peer.write_all(&sent).await.unwrap();
    assert_eq!(read(&mut server, sent.len()).await, sent);
    assert!(matches!(bench.next().await, Seen::Link(..)));
    assert_eq!(bench.next().await.short(), "up late");
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_foreign_accept_is_told_before_the_link_is() {
    let mut bench = Bench::new().await;
    let mut peer = bench.connect().await;
    let request = upgrade(bench.tap.address());
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    let foreign = String::from_utf8_lossy(ACCEPTED).replace("s3pP", "S3pP");
    server.write_all(foreign.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut peer).await, foreign);
    assert_eq!(rule(&bench.next().await), Rule::Accept);
    assert!(matches!(
        bench.next().await,
        Seen::Link(1, LinkChange::Up { .. })
    ));
}

/// Answers one request with these bytes, which must arrive unchanged; what was judged of them.
async fn answered(bench: &mut Bench, answer: &[u8]) -> Vec<Seen> {
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    let request = format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    assert_eq!(bench.next().await.short(), "GET /a []");
    server.write_all(answer).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer);
    let mut seen = vec![bench.next().await];
    while matches!(seen.last(), Some(Seen::Violation(..))) {
        seen.push(bench.next().await);
    }
    seen
}

fn with_length(codings: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{codings}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn an_encoded_body_is_judged_by_what_it_says_and_passes_as_it_is() {
    let mut bench = Bench::new().await;
    let body = gzip("hello");
    let (first, rest) = body.split_at(7);
    let chunked = [
        b"HTTP/1.1 200 OK\r\ncontent-encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n",
        first,
        format!("\r\n{:x}\r\n", rest.len()).as_bytes(),
        rest,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    for answer in [with_length("Content-Encoding: gzip\r\n", &body), chunked] {
        let seen = answered(&mut bench, &answer).await;
        let short: Vec<String> = seen.iter().map(Seen::short).collect();
        assert_eq!(short, ["GET /a 200 [hello]"]);
    }
}

#[tokio::test]
async fn an_encoded_body_is_corrupted_where_it_can_be_read() {
    let corrupt = |passing: &glare::tap::Passing<'_>| match passing.direction {
        Direction::Down => Verdict::Corrupt(Corruption::NotJson),
        Direction::Up => Verdict::Pass,
    };
    let bench = Bench::judging(corrupt).await;
    let host = bench.tap.address();
    let encoded = with_length("Content-Encoding: gzip\r\n", &gzip("{}"));
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec();
    for answer in [encoded, chunked] {
        let mut peer = bench.connect().await;
        let request = format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n");
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut server = bench.accept().await;
        read_head(&mut server).await;
        server.write_all(&answer).await.unwrap();
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n#}";
        assert_eq!(read(&mut peer, plain.len()).await, plain);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_is_told_by_name() {
    let mut bench = Bench::new().await;
    let bomb = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..40 {
            encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        encoder.finish().unwrap()
    };
    for (coding, body, detail) in [
        (
            "zstd",
            &b"(\xb5/\xfd"[..],
            "the answer to GET /a is encoded as \"zstd\", which glare cannot decode",
        ),
        (
            "gzip",
            b"hello",
            "is said to be encoded as \"gzip\", and is not",
        ),
        (
            "gzip",
            &bomb,
            "is longer than 16777216 bytes once it is decoded",
        ),
    ] {
        let answer = with_length(&format!("Content-Encoding: {coding}\r\n"), body);
        let seen = answered(&mut bench, &answer).await;
        let Seen::Violation(0, Direction::Down, violation) = &seen[0] else {
            panic!("{seen:?}");
        };
        assert_eq!(violation.rule, Rule::Coding);
        assert!(violation.detail.contains(detail), "{violation:?}");
        assert_eq!(seen[1].data(), body, "judged as it is");
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_what_it_says_even_if_it_never_ends() {
    let answers: [(&[u8], u16, &str, &[u8]); 4] = [
        (
            b"HTTP/1.1 401 X\r\nContent-Length: 9\r\n\r\nno token\n",
            401,
            "Unauthorized",
            b"no token\n",
        ),
        (
            b"HTTP/1.1 499 Went Away\r\nContent-Length: 0\r\n\r\n",
            499,
            "Went Away",
            b"",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\nbeginning",
            403,
            "Forbidden",
            b"beginning",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            200,
            "OK",
            b"hi",
        ),
    ];
    for (answer, status, phrase, body) in answers {
        let mut bench = Bench::new().await;
        let mut peer = bench.connect().await;
        let request = upgrade(bench.tap.address());
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut server = bench.accept().await;
        read_head(&mut server).await;
        server.write_all(answer).await.unwrap();
        let refused = Refused::Answered {
            status,
            phrase: phrase.into(),
            body: body.to_vec(),
        };
        assert_eq!(
            bench.next().await,
            Seen::Link(1, LinkChange::Refused(refused))
        );
    }
}

#[tokio::test]
async fn a_projects_header_stands_in_the_place_of_the_peers() {
    let headers = [
        ("Origin", "https://app.test"),
        ("authorization", "Bearer 12345"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let bench = Bench::with(
        |_| Verdict::Pass,
        |options| options.headers = Arc::new(headers),
    )
    .await;
    let host = bench.tap.address();
    let own = bench.tap.origin();
    let lines = format!("ORIGIN: {own}\r\nAuthorization: Basic\r\nX: y\r\nauthorization:\r\n");
    let put = "X: y\r\nOrigin: https://app.test\r\nauthorization: Bearer 12345\r\n\r\n";
    for (first, last) in [
        ("POST /create HTTP/1.1\r\n", "Content-Length: 0\r\n"),
        (
            "GET /ws HTTP/1.1\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
        ),
    ] {
        let mut peer = bench.connect().await;
        let request = format!("{first}Host: {host}\r\n{last}{lines}\r\n");
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut server = bench.accept().await;
        let expected = format!("{first}Host: {host}\r\n{last}{put}");
        assert_eq!(read_head(&mut server).await, expected);
    }
}
