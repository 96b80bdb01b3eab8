//! A line of server-sent events, as `EventSource` has it (HTML, section 9.2): down only. It does not dial again.

use bytes::Bytes;
use http_body_util::Full;

use super::http::{Grips, Http};
use super::{BODY, LinkTask};
use crate::carrier::events::{self, Borders};
use crate::hand::Happening;
use crate::terms::Data;

/// Reads to the end of the stream, or of what can be read of it.
pub(super) async fn run(
    task: &LinkTask,
    grips: &Grips,
    request: http::Request<Full<Bytes>>,
    names: &[String],
) -> Option<()> {
    let mut http = Http::call(&task.origin, grips).await.ok()?;
    let response = http.ask(request).await.ok()?;
    let is_stream = response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|kind| {
            let kind = kind.as_bytes().to_ascii_lowercase();
            kind.starts_with(b"text/event-stream")
        });
    if response.status() != 200 || !is_stream {
        return None;
    }
    task.opened();
    let mut body = response.into_body();
    let (mut said, mut borders, mut ends) = (Vec::new(), Borders::default(), Vec::new());
    while let Some(bytes) = http.more(&mut body).await {
        let bytes = bytes.ok()?;
        borders.look(&bytes, said.len(), &mut ends);
        said.extend_from_slice(&bytes);
        let mut from = 0;
        for end in ends.drain(..) {
            let block = &said[std::mem::replace(&mut from, end)..end];
            let Some(event) = events::event(block) else {
                continue;
            };
            let heard = matches!(event.name.as_str(), "" | "message");
            if heard || names.contains(&event.name) {
                // What is no UTF-8 is replaced, as the standard says.
                let text = String::from_utf8_lossy(&event.data).into_owned();
                task.teller.tell(Happening::LinkMessage {
                    link: task.link,
                    data: Data::Text(text),
                });
            }
        }
        said.drain(..from);
        if said.len() > BODY {
            return None;
        }
    }
    Some(())
}
