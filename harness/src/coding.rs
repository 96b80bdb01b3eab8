//! Content codings (RFC 9110, section 8.4): what a body says beneath its `Content-Encoding`. The one place where bodies are decoded, for the
//! tap and for peers that are no browsers.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use thiserror::Error;

/// What a peer that is no browser says it can read.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br";

/// A header that names more codings than this is not followed: each layer could be a bomb of its own.
const LAYERS: usize = 4;

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CodingError {
    /// A coding that is not known here.
    #[error("is encoded as {0:?}, which glare cannot decode")]
    Unknown(String),
    /// It is not what it says.
    #[error("is said to be encoded as {0:?}, and is not")]
    Malformed(String),
    /// It unfolds to more than it may.
    #[error("is longer than {0} bytes once it is decoded")]
    TooLong(usize),
    /// One coding around another, too often.
    #[error("is encoded more than {LAYERS} times over")]
    TooDeep,
}

#[derive(Clone, Copy)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
}

/// What the body says. `codings` is the value of its `Content-Encoding` headers, empty without one; `limit` is the most that comes of it
/// (bytes). An empty body says nothing in every coding: answers to HEAD and those with status 304 name one too.
///
/// # Errors
/// See [`CodingError`].
pub(crate) fn decode<'a>(
    codings: &str,
    body: &'a [u8],
    limit: usize,
) -> Result<Cow<'a, [u8]>, CodingError> {
    let mut layers = Vec::new();
    for name in codings.split(',').map(str::trim) {
        layers.push((name, coding(name)?));
    }
    layers.retain(|(_, coding)| !matches!(coding, Coding::Identity));
    if layers.len() > LAYERS {
        return Err(CodingError::TooDeep);
    }
    let mut body = Cow::Borrowed(body);
    // The last was put on last.
    for (name, coding) in layers.into_iter().rev() {
        if body.is_empty() {
            break;
        }
        let decoded = peel(coding, &body, limit);
        body = Cow::Owned(decoded.map_err(|wrong| match wrong {
            Wrong::TooLong => CodingError::TooLong(limit),
            Wrong::Malformed => CodingError::Malformed(name.to_owned()),
        })?);
    }
    Ok(body)
}

fn coding(name: &str) -> Result<Coding, CodingError> {
    match name.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Coding::Identity),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        "deflate" => Ok(Coding::Deflate),
        "br" => Ok(Coding::Brotli),
        _ => Err(CodingError::Unknown(name.chars().take(64).collect())),
    }
}

enum Wrong {
    Malformed,
    TooLong,
}

fn peel(coding: Coding, body: &[u8], limit: usize) -> Result<Vec<u8>, Wrong> {
    match coding {
        Coding::Identity => Ok(body.to_vec()),
        Coding::Gzip => read(MultiGzDecoder::new(body), limit),
        // With the frame of zlib it should be; many servers leave it out, and browsers take both.
        Coding::Deflate => match read(ZlibDecoder::new(body), limit) {
            Err(Wrong::Malformed) => read(DeflateDecoder::new(body), limit),
            decoded => decoded,
        },
        Coding::Brotli => read(brotli_decompressor::Decompressor::new(body, 4096), limit),
    }
}

fn read(decoder: impl Read, limit: usize) -> Result<Vec<u8>, Wrong> {
    let mut decoded = Vec::new();
    let read: io::Result<usize> = decoder.take(limit as u64 + 1).read_to_end(&mut decoded);
    match read {
        Ok(_) if decoded.len() > limit => Err(Wrong::TooLong),
        Ok(_) => Ok(decoded),
        Err(_) => Err(Wrong::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    /// `hello hello hello` in a brotli stream of one raw block (RFC 7932, section 9.2), written by hand.
    const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn a_body_is_read_in_every_coding_that_is_accepted() {
        for (codings, body) in [
            ("", b"hello".to_vec()),
            ("identity", b"hello".to_vec()),
            ("gzip", gzip(b"hello")),
            ("X-GZip", gzip(b"hello")),
            ("deflate", zlib(b"hello")),
            ("deflate", deflate(b"hello")),
            ("br", BROTLI.to_vec()),
            ("deflate, gzip", gzip(&zlib(b"hello"))),
            ("identity,, gzip ", gzip(b"hello")),
            // As many as are followed.
            (
                "gzip,deflate,gzip,deflate",
                zlib(&gzip(&zlib(&gzip(b"hello")))),
            ),
        ] {
            let decoded = decode(codings, &body, 100);
            assert_eq!(decoded.as_deref(), Ok(&b"hello"[..]), "{codings}");
            assert_eq!(decode(codings, b"", 100).as_deref(), Ok(&b""[..]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_by_name() {
        let cut = &gzip(b"hello hello hello")[..15];
        let deep = "gzip,gzip,gzip,gzip,gzip";
        for (codings, body, error) in [
            ("zstd", &b"x"[..], CodingError::Unknown("zstd".into())),
            ("gzip, aes", b"x", CodingError::Unknown("aes".into())),
            ("gzip", b"hello", CodingError::Malformed("gzip".into())),
            ("gzip", cut, CodingError::Malformed("gzip".into())),
            (
                "deflate",
                b"hello",
                CodingError::Malformed("deflate".into()),
            ),
            ("br", b"\xff\xff", CodingError::Malformed("br".into())),
            (deep, b"x", CodingError::TooDeep),
        ] {
            assert_eq!(decode(codings, body, 100), Err(error), "{codings}");
        }
        let long = "x".repeat(70_000);
        let Err(CodingError::Unknown(name)) = decode(&long, b"x", 100) else {
            panic!("an unknown coding");
        };
        assert_eq!(name.len(), 64);
    }

    #[test]
    fn a_bomb_goes_off_at_the_limit() {
        let bomb = gzip(&gzip(&vec![0; 64 << 20]));
        assert!(bomb.len() < 2000);
        assert_eq!(
            decode("gzip, gzip", &bomb, 1 << 20),
            Err(CodingError::TooLong(1 << 20))
        );
        // To the byte.
        let exact = gzip(&[0; 100]);
        assert!(decode("gzip", &exact, 100).is_ok());
        assert_eq!(decode("gzip", &exact, 99), Err(CodingError::TooLong(99)));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(
            body in prop::collection::vec(any::<u8>(), 0..300),
            coding in prop::sample::select(vec!["gzip", "deflate", "br", "br, gzip"]),
        ) {
            let _ = decode(coding, &body, 10_000);
        }
    }
}
