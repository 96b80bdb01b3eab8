//! Files that a person wrote.

use std::path::Path;
use std::sync::Arc;

use super::MAX_BYTES;
use crate::input;
use crate::mistake::Mistakes;
use crate::source::{Source, Span};

/// The text of a file that a person wrote.
///
/// # Errors
/// It is not there, too long, or not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, Mistakes> {
    use std::io::Read;
    let mut bytes = Vec::new();
    input::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            Mistakes::unreadable(path, format!("this file cannot be read: {error}"))
        })?;
    // A file that is cut because it is too long may be cut within a character; its length is the mistake then.
    if bytes.len() > MAX_BYTES {
        return Ok(" ".repeat(bytes.len()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let line = text[..valid].matches('\n').count() + 1;
        let mut mistakes = Mistakes::new(Source {
            path: path.to_owned(),
            text: Arc::from(text),
        });
        mistakes
            .add(
                &Span {
                    bytes: valid..valid + '\u{fffd}'.len_utf8(),
                    line: u32::try_from(line).unwrap_or(u32::MAX),
                },
                "this is not UTF-8",
            )
            .expect("a byte that begins no character");
        mistakes
    })
}
