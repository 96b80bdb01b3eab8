//! What the page of the chat keeps, when two meet and part again and again.

use std::time::{Duration, Instant};

use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{Arrival, PageError, Role, Route, Sight, Target, UserPage, Wanted};
use glare_signaling_server::{Options, Server};
use serde_json::json;

const LONG: Duration = Duration::from_secs(30);

/// What was seen.
pub struct Kept {
    /// The heap of each page after its tenth round and after the last, in bytes, each after a collection.
    pub heaps: [[f64; 2]; 2],
    /// How long a round took: join, connect, leave.
    pub round: Duration,
}

/// Two meet in the chat and part so often.
pub async fn measure(pool: &Pool, rounds: usize) -> Result<Kept, PageError> {
    let server = Server::start(Options::default()).await.expect("a server");
    let arrive = async |name: &str| {
        let wanted = Wanted {
            route: Route::Direct,
            ..Wanted::new(Stack::Chromium)
        };
        let arrived = UserPage::start(pool, wanted).await;
        let Arrival {
            page, mut events, ..
        } = arrived.expect("a page");
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        let url = format!("http://{}/?userId={name}", server.address());
        page.open(&url, LONG).await.map(|()| page)
    };
    let (alice, bob) = (arrive("alice").await?, arrive("bob").await?);
    click(&alice, "New room").await?;
    alice.fill(&field("Room name"), "lobby", LONG).await?;
    click(&alice, "Create").await?;
    sees(&alice, "Waiting for someone to join").await?;
    let mut heaps = [[0.0; 2]; 2];
    let began = Instant::now();
    for round in 1..=rounds {
        click(&bob, "Join a room").await?;
        bob.fill(&field("Room name"), "lobby", LONG).await?;
        bob.press(None, "Enter", LONG).await?;
        for page in [&alice, &bob] {
            page.see(&field("Message"), &Sight::Present, LONG).await?;
        }
        click(&bob, "Leave").await?;
        sees(&bob, "You have left lobby.").await?;
        sees(&alice, "Waiting for someone to join").await?;
        if round == 10 || round == rounds {
            let at = usize::from(round > 10);
            heaps[0][at] = heap(&alice).await?;
            heaps[1][at] = heap(&bob).await?;
        }
    }
    let round = began.elapsed() / u32::try_from(rounds).unwrap_or(u32::MAX);
    alice.finish().await;
    bob.finish().await;
    Ok(Kept { heaps, round })
}

async fn heap(page: &UserPage) -> Result<f64, PageError> {
    page.devtools("HeapProfiler.collectGarbage", json!({}), LONG)
        .await?;
    let usage = page.devtools("Runtime.getHeapUsage", json!({}), LONG);
    Ok(usage.await?["usedSize"].as_f64().expect("a size"))
}

fn field(name: &str) -> Target {
    Target::Role(Role::Field, name.to_owned())
}

async fn click(page: &UserPage, name: &str) -> Result<(), PageError> {
    let button = Target::Role(Role::Button, name.to_owned());
    page.click(&button, LONG).await
}

async fn sees(page: &UserPage, text: &str) -> Result<(), PageError> {
    let text = Target::Text(text.to_owned());
    page.see(&text, &Sight::Present, LONG).await
}
