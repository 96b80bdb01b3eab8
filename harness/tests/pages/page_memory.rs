//! What a page keeps of its connections once they are closed (Chromium tells it).

use serde_json::{Value, json};

use crate::site_support::{LONG, Visitor, button, field, turn};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::Sight;
use glare::run::Run;
use glare_signaling_server::{Options, Server};

/// How many connections there are in the page once all that nothing refers to is gone.
async fn connections(visitor: &Visitor) -> u64 {
    let devtools = |method: &'static str, params: Value| async move {
        visitor.page.devtools(method, params, LONG).await.unwrap()
    };
    let prototype = devtools(
        "Runtime.evaluate",
        json!({ "expression": "RTCPeerConnection.prototype" }),
    )
    .await;
    let alive = devtools(
        "Runtime.queryObjects",
        json!({ "prototypeObjectId": prototype["result"]["objectId"] }),
    )
    .await;
    let count = devtools(
        "Runtime.callFunctionOn",
        json!({
            "objectId": alive["objects"]["objectId"],
            "functionDeclaration": "function () { return this.length; }",
            "returnByValue": true,
        }),
    )
    .await;
    count["result"]["value"].as_u64().unwrap()
}

/// Two meet in the chat and part, so often; how many connections each has then.
async fn rounds(times: usize, fault: &str) -> [u64; 2] {
    let _place = turn().await;
    let server = Server::start(Options::default()).await.unwrap();
    let (alice, bob) = (
        Visitor::new(Stack::Chromium).await,
        Visitor::new(Stack::Chromium).await,
    );
    for (visitor, name) in [(&alice, "alice"), (&bob, "bob")] {
        let url = format!("http://{}/?userId={name}{fault}", server.address());
        visitor.page.open(&url, LONG).await.unwrap();
    }
    alice.clicks(&button("New room")).await;
    alice.fills(&field("Room name"), "lobby").await;
    alice.clicks(&button("Create")).await;
    for _ in 0..times {
        alice.sees("Waiting for someone to join").await;
        bob.clicks(&button("Join a room")).await;
        bob.fills(&field("Room name"), "lobby").await;
        bob.page.press(None, "Enter", LONG).await.unwrap();
        for visitor in [&alice, &bob] {
            let message = field("Message");
            let there = visitor.page.see(&message, &Sight::Present, LONG);
            assert_eq!(there.await, Ok(()));
        }
        bob.clicks(&button("Leave")).await;
        bob.sees("You have left lobby.").await;
    }
    alice.sees("Waiting for someone to join").await;
    let left = [connections(&alice).await, connections(&bob).await];
    alice.page.finish().await;
    bob.page.finish().await;
    left
}

#[tokio::test]
async fn nothing_is_kept_of_connections_that_are_closed() {
    assert_eq!(rounds(8, "").await, [0, 0]);
}

#[tokio::test]
async fn a_page_that_keeps_closed_connections_is_seen_to() {
    assert_eq!(rounds(3, "&fault=keeps-closed-connections").await, [3, 3]);
}

/// What the first process of a pool's Firefox holds, in MB.
fn firefox_holds(run: &Run) -> u64 {
    let profile = run.folder().join("firefox-").display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let holds = processes.filter_map(|process| {
        let read = |name| std::fs::read(process.path().join(name)).ok();
        let command = String::from_utf8_lossy(&read("cmdline")?).into_owned();
        // Those of pages and of the graphics are `-contentproc`.
        if !command.contains(&profile) || command.contains("-contentproc") {
            return None;
        }
        let status = String::from_utf8_lossy(&read("status")?).into_owned();
        let held = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        held.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    holds.max().expect("it is there") / 1024
}

/// Each costs a process or two, and what is kept of each makes all that come later slower.
#[tokio::test]
async fn a_firefox_holds_nothing_of_those_who_have_left_it() {
    let _place = turn().await;
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    let mut held = Vec::new();
    for _ in 0..30 {
        let visitor = Visitor::of(&pool, Stack::Firefox).await;
        visitor.page.finish().await;
        held.push(firefox_holds(&run));
    }
    pool.shutdown().await;
    let grown = held[29].saturating_sub(held[9]);
    assert!(grown < 100, "{grown} MB by 20 who left: {held:?}");
}
