//! Sizes, not limits: `cargo test --test browsers figures -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use crate::browser_support::{Tap, actor, actor_at, connect};
use crate::site_support::{LONG, Site, button, field, text};
use glare::hand::{Command, Hand};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{Sight, UserPage, Wanted};
use glare::run::Run;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "measures"]
async fn figures() {
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    for stack in [Stack::Chromium, Stack::Firefox] {
        let began = Instant::now();
        pool.warm_up(stack).await.unwrap();
        eprintln!("{stack}: start {:?}", began.elapsed());
        let began = Instant::now();
        let (a, b) = tokio::join!(actor(&pool, stack), actor(&pool, stack));
        eprintln!("{stack}: two new pages {:?}", began.elapsed());
        let mut trips = Vec::new();
        for conn in 1..=50 {
            let began = Instant::now();
            a.does(Command::NewConnection { conn }).await;
            trips.push(began.elapsed());
        }
        eprintln!("{stack}: command round trip {:?}", median(trips));
        let (mut borrowing, mut connecting, mut finishing) = (vec![], vec![], vec![]);
        a.hand.finish().await;
        b.hand.finish().await;
        for _ in 0..10 {
            let (one, other) = (Tap::start().await, Tap::start().await);
            let began = Instant::now();
            let (mut a, mut b) =
                tokio::join!(actor_at(&pool, stack, one), actor_at(&pool, stack, other));
            borrowing.push(began.elapsed());
            let began = Instant::now();
            connect(&mut a, &mut b).await;
            connecting.push(began.elapsed());
            let say = |number: u32| Command::Say {
                conn: 1,
                label: "chat".into(),
                data: glare::terms::Data::Text(number.to_string()),
            };
            let began = Instant::now();
            futures_util::future::join_all((0..200).map(|number| a.hand.perform(say(number))))
                .await;
            let said = began.elapsed();
            b.sees_text("199").await;
            eprintln!(
                "{stack}: 200 messages said in {said:?}, seen in {:?}",
                began.elapsed()
            );
            let began = Instant::now();
            tokio::join!(a.hand.finish(), b.hand.finish());
            finishing.push(began.elapsed());
        }
        eprintln!(
            "{stack}: two warm pages {:?}, pair connects {:?}, two finish {:?}",
            median(borrowing),
            median(connecting),
            median(finishing)
        );
    }
    let began = Instant::now();
    pool.shutdown().await;
    eprintln!("shutdown {:?}", began.elapsed());
    run.end().unwrap();
    eprintln!("and end of the run {:?}", began.elapsed());
}

/// What a user's page costs, warm: two of them together, each behind its proxy.
#[tokio::test]
#[ignore = "measures"]
async fn figures_of_users_pages() {
    let page = "<!doctype html><title>t</title><label>Name <input></label><button onclick=\"said.textContent = document.querySelector('input').value\">Say</button><p id=said></p>";
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    for stack in [Stack::Chromium, Stack::Firefox] {
        pool.warm_up(stack).await.unwrap();
        let mut spent: [Vec<Duration>; 6] = Default::default();
        for round in 0..12 {
            let visit = || async {
                let began = Instant::now();
                let arrival = UserPage::start(&pool, Wanted::new(stack)).await.unwrap();
                let proxy = arrival.proxy.unwrap();
                let site = Site::listening(proxy, &[("/", page)]);
                let (page, mut laps) = (arrival.page, vec![began.elapsed()]);
                let mut began = Instant::now();
                let mut lap = |began: &mut Instant| {
                    laps.push(began.elapsed());
                    *began = Instant::now();
                };
                page.open("http://127.0.0.1:9999/", LONG).await.unwrap();
                lap(&mut began);
                page.fill(&field("Name"), "lobby", LONG).await.unwrap();
                lap(&mut began);
                page.click(&button("Say"), LONG).await.unwrap();
                lap(&mut began);
                page.see(&text("lobby"), &Sight::Present, LONG)
                    .await
                    .unwrap();
                lap(&mut began);
                page.finish().await;
                lap(&mut began);
                drop(site);
                laps
            };
            let (a, b) = tokio::join!(visit(), visit());
            // The first finds nothing ready.
            for (at, lap) in a.into_iter().enumerate().chain(b.into_iter().enumerate()) {
                if round > 1 {
                    spent[at].push(lap);
                }
            }
            // What is made ready next is waited for: a case does not end in the moment in which the next one begins.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let words = ["start", "open", "fill of 5", "click", "see", "finish"];
        for (word, times) in words.into_iter().zip(spent) {
            eprintln!("{stack}, a user's page: {word} {:?}", median(times));
        }
    }
    pool.shutdown().await;
    run.end().unwrap();
}
