//! Steps that begin together, without a stage.

use std::sync::mpsc::channel;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Builder;
use tokio::sync::mpsc::unbounded_channel;

use crate::stage::together::ready;

/// A case of several, on the thread that drives them all: what it looks at must not take away what wakes that thread for the others.
#[test]
fn whoever_looks_whether_an_order_has_ended_lets_no_other_case_sleep_for_ever() {
    const ORDERS: usize = 20_000;
    let (told, over) = channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut cases = FuturesUnordered::new();
            for _ in 0..4 {
                let (ended, mut orders) = unbounded_channel();
                // More threads than cores: some are stopped in the middle of telling.
                for _ in 0..16 {
                    let ended = ended.clone();
                    std::thread::spawn(move || {
                        for order in 0..ORDERS {
                            let _ = ended.send(order);
                            if order % 7 == 0 {
                                std::thread::yield_now();
                            }
                        }
                    });
                }
                drop(ended);
                cases.push(async move {
                    loop {
                        while ready(&mut orders).is_some() {}
                        if orders.recv().await.is_none() {
                            return;
                        }
                    }
                });
            }
            while cases.next().await.is_some() {}
        });
        told.send(())
    });
    let asleep = "every order has ended, and nobody takes it in";
    over.recv_timeout(Duration::from_secs(60)).expect(asleep);
}
