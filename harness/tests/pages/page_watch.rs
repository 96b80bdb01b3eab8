//! What is seen of a user's page, and that the page does not see it.

use crate::site_support::{LONG, Site, Visitor, button};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{
    Arrival, PageError, PageEvent, Role, Route, Seen, Sight, Target, UserPage, Wanted,
};
use glare::signaling::DescriptionKind;
use glare::terms::Machine;
use rstest::rstest;
use serde_json::Value;

async fn probed(stack: Stack, watched: bool) -> (Value, Vec<Seen>) {
    let site = Site::page(include_str!("page/probe.html")).await;
    let wanted = Wanted {
        route: Route::Direct,
        ..Wanted::new(stack)
    };
    let pool = Pool::global().unwrap();
    let mut visitor: Visitor = match watched {
        true => Visitor::wanted(pool, wanted).await,
        false => UserPage::start_unwatched(pool, wanted)
            .await
            .unwrap()
            .into(),
    };
    visitor.page.open(&site.url("/"), LONG).await.unwrap();
    let report = site.report().await;
    // All that was told before this came before it.
    visitor
        .page
        .open("data:text/html,<title>done</title>", LONG)
        .await
        .unwrap();
    visitor
        .hears(
            |event| matches!(event, PageEvent::Navigated { url, .. } if url.starts_with("data:")),
        )
        .await;
    let seen = visitor
        .heard
        .into_iter()
        .filter_map(|told| match told.event {
            PageEvent::Saw(seen) => Some(seen),
            _ => None,
        });
    let seen = seen.collect();
    visitor.page.finish().await;
    (report, seen)
}

/// Where two reports differ: path and both values.
fn differences(path: &str, one: &Value, other: &Value, all: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let null = Value::Null;
                let (x, y) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                differences(&format!("{path}/{key}"), x, y, all);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (x, y)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}/{at}"), x, y, all);
            }
        }
        _ if one != other => all.push(format!("{path}: {one} with, {other} without")),
        _ => {}
    }
}

#[rstest]
#[tokio::test]
async fn a_page_is_the_same_with_the_observer_as_without(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let ((with, seen), (without, nothing)) =
        tokio::join!(probed(stack, true), probed(stack, false));
    for (section, said) in without.as_object().unwrap() {
        let said = said.to_string();
        assert!(!said.starts_with("\"failed"), "{section}: {said}");
    }
    let mut all = Vec::new();
    differences("", &with, &without, &mut all);
    assert!(
        all.is_empty(),
        "{} differences\n{}",
        all.len(),
        all.join("\n")
    );
    assert_eq!(nothing, [], "nothing is seen without");
    // And it saw all the while: the connections of every section, what was overridden and frozen included.
    let made = |label: &str| {
        seen.iter().any(
            |seen| matches!(seen, Seen::ChannelAdded { channel, .. } if channel.label == label),
        )
    };
    for label in ["my x", "y", "chat", "overridden", "frozen"] {
        assert!(made(label), "no channel {label}: {seen:#?}");
    }
}

const PAIR: &str = r#"<!doctype html><title>pair</title><button>Connect</button><button>Close</button>
<script>
  let a, b, dc;
  const buttons = document.querySelectorAll("button");
  buttons[0].onclick = async () => {
    [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
    a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
    b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
    dc = a.createDataChannel("chat");
    b.ondatachannel = (e) => { e.channel.binaryType = "arraybuffer"; e.channel.onmessage = ({ data }) => e.channel.send(data); };
    dc.onopen = () => { dc.send("grüße"); dc.send(new Uint8Array(3)); dc.send("x".repeat(5000)); };
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription);
  };
  buttons[1].onclick = () => { dc.close(); a.close(); b.close(); };
</script>"#;

fn saw(event: &PageEvent) -> Option<&Seen> {
    match event {
        PageEvent::Saw(seen) => Some(seen),
        _ => None,
    }
}

#[rstest]
#[tokio::test]
async fn connections_channels_and_messages_are_seen_from_both_sides(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(PAIR).await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Connect")).await;
    // The long text is the last of three that come back.
    visitor
        .hears(|event| {
            matches!(
                saw(event),
                Some(Seen::ChannelMessage {
                    conn: 1,
                    sent: false,
                    size: 5000,
                    ..
                })
            )
        })
        .await;
    for conn in [1, 2] {
        if !visitor.heard.iter().any(|told| matches!(saw(&told.event), Some(Seen::State { conn: its, machine: Machine::Connection, state }) if *its == conn && state == "connected")) {
            visitor.hears(|event| matches!(saw(event), Some(Seen::State { conn: its, machine: Machine::Connection, state }) if *its == conn && state == "connected")).await;
        }
    }
    let seen: Vec<Seen> = (visitor.heard.iter())
        .filter_map(|told| saw(&told.event).cloned())
        .collect();
    assert_eq!(seen[0], Seen::Connection { conn: 1 });
    let described = |of: u32, local: bool| {
        let found = seen.iter().find_map(|seen| match seen {
            Seen::Description {
                conn,
                local: its,
                kind,
                fingerprint,
            } if *conn == of && *its == local => Some((*kind, fingerprint.clone())),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no description of {of}: {seen:#?}"))
    };
    assert_eq!(described(1, true), described(2, false));
    assert_eq!(described(1, false), described(2, true));
    assert_eq!(described(1, true).0, DescriptionKind::Offer);
    let fingerprint = described(1, true).1.unwrap();
    assert!(
        fingerprint.starts_with("sha-256 ") && fingerprint.len() == 8 + 95,
        "{fingerprint}"
    );
    assert_ne!(described(1, true).1, described(1, false).1);
    let sides: Vec<_> = (seen.iter())
        .filter_map(|seen| match seen {
            Seen::ChannelAdded {
                conn,
                channel,
                remote,
            } => Some((*conn, channel.label.as_str(), *remote)),
            _ => None,
        })
        .collect();
    assert_eq!(sides, [(1, "chat", false), (2, "chat", true)]);
    for sent in [true, false] {
        for of in [1, 2] {
            let messages: Vec<_> = (seen.iter())
                .filter_map(|seen| match seen {
                    Seen::ChannelMessage {
                        conn,
                        sent: its,
                        size,
                        text,
                        ..
                    } if (*conn, *its) == (of, sent) => Some((*size, text.as_deref())),
                    _ => None,
                })
                .collect();
            assert_eq!(
                messages,
                [(7, Some("grüße")), (3, None), (5000, None)],
                "{of} {sent}"
            );
        }
    }
    let early = seen
        .iter()
        .any(|seen| matches!(seen, Seen::CandidateGiven { early: true, .. }));
    let given = seen
        .iter()
        .any(|seen| matches!(seen, Seen::CandidateGiven { early: false, .. }));
    let found = seen.iter().any(|seen| matches!(seen, Seen::Candidate { conn: 1, candidate: Some(found) } if found.candidate.starts_with("candidate:")));
    assert!(given && found, "{seen:#?}");
    // The answerer's come after its description; the offerer's may come before.
    assert!(
        !early
            || seen.iter().any(|seen| matches!(
                seen,
                Seen::CandidateGiven {
                    conn: 2,
                    early: true
                }
            ))
    );
    visitor.clicks(&button("Close")).await;
    visitor
        .hears(|event| matches!(saw(event), Some(Seen::State { conn: 2, machine: Machine::Connection, state }) if state == "closed"))
        .await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn what_is_lost_with_a_document_and_what_a_frame_makes_is_told(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::of(&[
        ("/", "<!doctype html><title>t</title><a href=/next>Next</a><script>window.pc = new RTCPeerConnection(); pc.createDataChannel('top'); try { pc.createDataChannel('x', { id: 70000 }) } catch {} pc.dispatchEvent(new Event('track')); pc.addIceCandidate({ candidate: 'c', sdpMid: '0' }).catch(() => {})</script><iframe src=/frame></iframe>"),
        ("/frame", "<script>window.pc = new RTCPeerConnection(); pc.createDataChannel('framed'); navigator.mediaDevices.getUserMedia({ audio: true }).then((s) => pc.addTrack(s.getTracks()[0], s))</script>"),
        ("/next", "<!doctype html><title>t</title>next<script>new RTCPeerConnection().createDataChannel('next')</script>"),
    ])
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor
        .hears(|event| matches!(saw(event), Some(Seen::Track { conn: 2, kind, remote: false }) if kind == "audio"))
        .await;
    let heard = |fits: fn(&Seen) -> bool| {
        visitor
            .heard
            .iter()
            .filter_map(|told| saw(&told.event))
            .any(fits)
    };
    assert!(heard(
        |seen| matches!(seen, Seen::ChannelAdded { conn: 1, channel, .. } if channel.label == "top")
    ));
    assert!(heard(
        |seen| matches!(seen, Seen::ChannelAdded { conn: 2, channel, .. } if channel.label == "framed")
    ));
    assert!(heard(|seen| matches!(
        seen,
        Seen::MediaAsked {
            display: false,
            audio: true,
            video: false
        }
    )));
    assert!(
        heard(
            |seen| matches!(seen, Seen::Refused { conn: Some(1), call, error } if call == "createDataChannel" && error.starts_with("TypeError: "))
        ),
        "{:#?}",
        visitor.heard
    );
    assert!(heard(|seen| matches!(
        seen,
        Seen::CandidateGiven {
            conn: 1,
            early: true
        }
    )));
    let forged = heard(|seen| matches!(seen, Seen::Track { conn: 1, .. }));
    assert!(!forged, "the page's own event is nothing that happened");
    visitor
        .clicks(&Target::Role(Role::Link, "Next".into()))
        .await;
    let gone = visitor
        .hears(|event| matches!(event, PageEvent::Navigated { url, .. } if url.ends_with("/next")))
        .await;
    let PageEvent::Navigated { lost, .. } = gone else {
        unreachable!()
    };
    assert_eq!(lost, [1, 2]);
    if !visitor
        .heard
        .iter()
        .any(|told| matches!(saw(&told.event), Some(Seen::Connection { conn: 3 })))
    {
        visitor
            .hears(|event| matches!(saw(event), Some(Seen::Connection { conn: 3 })))
            .await;
    }
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_flood_of_messages_is_counted(#[values(Stack::Chromium, Stack::Firefox)] stack: Stack) {
    let site = Site::page(&PAIR.replace(
        "dc.onopen = () => { dc.send(\"grüße\");",
        "dc.onopen = () => { for (let i = 0; i < 20000; i++) dc.send(String(i)); setTimeout(() => dc.send('last'), 1500);",
    ))
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Connect")).await;
    visitor
        .hears(|event| {
            matches!(
                event,
                PageEvent::Flood {
                    what: "connections",
                    ..
                }
            )
        })
        .await;
    let told = visitor
        .heard
        .iter()
        .filter(|told| matches!(saw(&told.event), Some(Seen::ChannelMessage { .. })))
        .count();
    assert!(told < 10_000, "{told}");
    visitor.page.finish().await;
}

#[tokio::test]
async fn a_page_that_crashes_is_gone_and_the_next_is_not() {
    let pool = Pool::global().unwrap();
    let mut visitor = Visitor::of(pool, Stack::Chromium).await;
    let crashed = visitor
        .page
        .open("chrome://crash/", LONG)
        .await
        .unwrap_err();
    visitor
        .hears(|event| matches!(event, PageEvent::Gone { why } if why == "its page crashed"))
        .await;
    assert!(crashed.to_string().contains("crash"), "{crashed}");
    let gone = visitor.page.reload(LONG).await.unwrap_err();
    assert_eq!(gone.to_string(), "the page is gone: its page crashed");
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_page_behind_a_proxy_keeps_its_origin_and_the_next_one_is_ready(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let run = glare::run::Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    // The site's own listener is never asked: all arrives at the proxy, which answers in its place.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", nobody.local_addr().unwrap());
    for round in 0..3 {
        let arrival = UserPage::start(&pool, Wanted::new(stack)).await.unwrap();
        let Arrival { page, proxy, .. } = arrival;
        let proxy = proxy.expect("a proxy");
        let site = Site::listening(
            proxy,
            &[(
                "/",
                "<!doctype html><title>t</title><p id=p></p><script>p.textContent = `at ${location.origin} ${document.cookie}.`; document.cookie = 'seen=1'</script>",
            )],
        );
        page.open(&format!("{origin}/"), LONG).await.unwrap();
        let at = Target::Text(format!("at {origin} ."));
        page.see(&at, &Sight::Present, LONG)
            .await
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        page.set_offline(true, LONG).await.unwrap();
        let away = page.reload(LONG).await.unwrap_err();
        assert!(matches!(away, PageError::NotLoaded { .. }), "{away}");
        page.set_offline(false, LONG).await.unwrap();
        page.open(&format!("{origin}/"), LONG).await.unwrap();
        assert!(
            site.asked()[0].starts_with(&format!("GET {origin}/ ")),
            "{:?}",
            site.asked()
        );
        page.finish().await;
    }
    pool.shutdown().await;
    run.end().unwrap();
}

#[rstest]
#[tokio::test]
async fn what_a_browser_remarks_on_a_socket_is_no_error_of_the_page(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    // The one is cut as soon as it is open, and nobody listens on the other.
    let cutting = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (cut, refused) = (cutting.local_addr().unwrap(), closed.local_addr().unwrap());
    drop(closed);
    tokio::spawn(async move {
        let (stream, _) = cutting.accept().await.unwrap();
        drop(tokio_tungstenite::accept_async(stream).await.unwrap());
    });
    let site = Site::page(&format!(
        r#"<!doctype html><title>t</title><button>Go</button><script>
        const go = document.querySelector("button");
        if (location.search) go.onclick = () => {{ throw "The connection to ws is mine"; }};
        else go.onclick = () => {{
          new WebSocket("ws://{cut}/").onclose = () => {{
            new WebSocket("ws://{refused}/").onclose = () => {{ location.search = "?next"; }};
          }};
        }};</script>"#
    ))
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Go")).await;
    visitor
        .hears(|event| matches!(event, PageEvent::Navigated { url, .. } if url.ends_with("?next")))
        .await;
    visitor.clicks(&button("Go")).await;
    let own = |event: &PageEvent| matches!(event, PageEvent::Uncaught { text } if text.contains("is mine"));
    visitor.hears(own).await;
    let all = visitor.heard.iter().map(|told| &told.event);
    let others: Vec<_> = all
        .filter(|event| matches!(event, PageEvent::Uncaught { .. }) && !own(event))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    visitor.page.finish().await;
}
