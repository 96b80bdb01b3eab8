//! Real browsers connect, chat, refuse, and are given back.

use crate::browser_support::{actor, chat, connect};
use glare::hand::Hand;
use glare::names::Stack;
use glare::peer::browser::Pool;

async fn pair_connects_and_chats(offers: Stack, answers: Stack) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b) = tokio::join!(actor(pool, offers), actor(pool, answers));
    connect(&mut a, &mut b).await;
    chat(&mut a, &mut b).await;
    a.hand.finish().await;
    b.hand.finish().await;
}

#[tokio::test]
async fn two_pages_of_one_chromium_connect_and_chat() {
    pair_connects_and_chats(Stack::Chromium, Stack::Chromium).await;
}

#[tokio::test]
async fn two_pages_of_one_firefox_connect_and_chat() {
    pair_connects_and_chats(Stack::Firefox, Stack::Firefox).await;
}

#[tokio::test]
async fn chromium_connects_to_firefox() {
    pair_connects_and_chats(Stack::Chromium, Stack::Firefox).await;
}

#[tokio::test]
async fn firefox_connects_to_chromium() {
    pair_connects_and_chats(Stack::Firefox, Stack::Chromium).await;
}
