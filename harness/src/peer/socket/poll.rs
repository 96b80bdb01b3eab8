//! A line of long polls: one GET after the other, and what each answer brings. Down only.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::time::{Instant, sleep_until};

use super::LinkTask;
use super::http::{Grips, Http};
use crate::carrier::poll::{self, Answer};
use crate::hand::Happening;
use crate::terms::Data;

/// A server that has nothing to say and does not wait is not asked more often than this.
const AGAIN: Duration = Duration::from_millis(50);

/// Polls until an answer is none. The line is open once the first poll is on its way: the server owes no answer before it has something to say.
pub(super) async fn run(
    task: &LinkTask,
    grips: &Grips,
    request: http::Request<Full<Bytes>>,
) -> Option<()> {
    let mut http = Http::call(&task.origin, grips).await.ok()?;
    task.opened();
    loop {
        let begun = Instant::now();
        let said = http.exchange(request.clone()).await?;
        if !matches!(said.status, 200..=299) {
            return None;
        }
        let tell = |text: &[u8]| {
            let data = Data::Text(String::from_utf8_lossy(text).into_owned());
            let link = task.link;
            task.teller.tell(Happening::LinkMessage { link, data });
        };
        match poll::answer(&said.body) {
            Answer::One => tell(&said.body),
            Answer::List(items) => {
                for at in items {
                    tell(&said.body[at]);
                }
            }
            Answer::Nothing => sleep_until(begun + AGAIN).await,
        }
    }
}
