//! HTTP/1.1 heads (RFC 9112): what the tap must know of them. Their bytes stay as they are.

use std::ops::Range;

use bytes::BytesMut;
use httparse::{Header, Status};
use thiserror::Error;

use super::body::Framing;
use super::forward::with_port;
use crate::terms::LINE;

/// The longest head (bytes).
const LONGEST: usize = 64 * 1024;
pub(super) const MOST_HEADERS: usize = 256;

/// Why a head is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum HeadError {
    #[error("the head is longer than {LONGEST} bytes or has more than {MOST_HEADERS} headers")]
    TooLong,
    #[error("the head is not HTTP/1.1: {0}")]
    Syntax(httparse::Error),
    #[error("`{0}` says nothing that the tap can follow")]
    Framing(&'static str),
    #[error("the target must be a path")]
    Target,
    #[error("a proxy is asked by `http://host/path` or by `CONNECT host:port`")]
    ProxyTarget,
}

const EVENTS: &[u8] = b"text/event-stream";

/// What every request for a WebSocket has, and what is drawn anew for each (RFC 6455, section 4.1): nobody chose it.
const MECHANICAL: [&str; 4] = [
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
];

/// So much of a request is told (bytes), as of a message.
const TOLD: usize = 4096;

/// A subprotocol that is longer is a token: pages cannot send it otherwise.
const LONGEST_PROTOCOL: usize = 32;

/// A request's head.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its bytes, with the empty line.
    pub(super) raw: BytesMut,
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) hosts: Vec<Vec<u8>>,
    pub(super) origins: Vec<Vec<u8>>,
    pub(super) framing: Framing,
    /// `Expect: 100-continue`
    pub(super) expects: bool,
    /// It asks for a WebSocket.
    pub(super) upgrade: bool,
    /// It asks for an event stream and nothing else, as `EventSource` does.
    pub(super) events: bool,
    /// Which line of the peer's hand it is a poll for, if the hand says so.
    pub(super) line: Option<String>,
    /// Of a request to a proxy the `host:port` that it is for.
    pub(super) authority: Option<String>,
    /// Where its `Sec-WebSocket-Extensions` lines stand.
    extensions: Vec<Range<usize>>,
}

impl Request {
    /// Takes out the one header that does not pass: with an extension agreed on (compression), the tap could not read the messages.
    pub(super) fn strip_extensions(&mut self) {
        for line in self.extensions.drain(..).rev() {
            let tail = self.raw.split_off(line.end);
            self.raw.truncate(line.start);
            self.raw.unsplit(BytesMut::from(&tail[..]));
        }
    }
}

impl Request {
    /// What it asks for, for a record: `GET /ws?room=lobby`, and a line for each header that somebody chose.
    pub(super) fn told(&self) -> String {
        let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut space);
        // It was parsed before, or it would be none.
        let Ok(Status::Complete(_)) = parsed.parse(&self.raw) else {
            return String::new();
        };
        let path = parsed.path.unwrap_or_default();
        let mut told = format!("{} {path}", self.method);
        for header in parsed.headers.iter() {
            let name = header.name.to_ascii_lowercase();
            if MECHANICAL.contains(&name.as_str()) {
                continue;
            }
            let value = String::from_utf8_lossy(header.value);
            let value = match name.as_str() {
                "sec-websocket-protocol" => without_tokens(&value),
                _ => value.into_owned(),
            };
            told.push_str(&format!("\n{name}: {value}"));
        }
        told.truncate(told.floor_char_boundary(TOLD));
        told
    }

    /// Takes out what asks for a content coding: in a stream that is compressed no message could be found.
    pub(super) fn strip_codings(&mut self) {
        self.leave_out(["accept-encoding"].into_iter());
    }

    /// Puts in headers, each in the place of its own of that name (which is the same in capitals: RFC 9110, section 5.1).
    pub(super) fn put(&mut self, headers: &[(String, String)]) {
        if headers.is_empty() {
            return;
        }
        self.leave_out(headers.iter().map(|(name, _)| name.as_str()));
        let end = self.raw.split_off(self.raw.len() - 2);
        for (name, value) in headers {
            self.raw
                .extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        self.raw.unsplit(end);
    }
}

impl Request {
    fn leave_out<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut space);
        // It was parsed before, or it would be none.
        let Ok(Status::Complete(_)) = parsed.parse(&self.raw) else {
            return;
        };
        if let Some(kept) = without(&self.raw, parsed.headers, names) {
            self.raw = kept;
        }
    }
}

fn without_tokens(protocols: &str) -> String {
    let protocols = protocols.split(',').map(str::trim);
    let told = protocols.map(|one| match one.len() {
        ..=LONGEST_PROTOCOL => one,
        _ => "<redacted>",
    });
    told.collect::<Vec<_>>().join(", ")
}

/// A head without these headers; `None` if it has none of them.
fn without<'a>(
    raw: &[u8],
    headers: &[Header<'_>],
    names: impl Iterator<Item = &'a str>,
) -> Option<BytesMut> {
    let mut out: Vec<_> = names.flat_map(|name| lines(raw, headers, name)).collect();
    if out.is_empty() {
        return None;
    }
    out.sort_by_key(|line| line.start);
    let mut kept = BytesMut::with_capacity(raw.len() + 256);
    let mut from = 0;
    for line in out {
        kept.extend_from_slice(raw.get(from..line.start).unwrap_or_default());
        from = line.end.max(from);
    }
    kept.extend_from_slice(&raw[from..]);
    Some(kept)
}

/// A request's head for a body of this length that is neither chunked nor encoded.
pub(super) fn request_of_length(raw: &[u8], length: usize) -> Option<BytesMut> {
    let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut space);
    let Ok(Status::Complete(_)) = parsed.parse(raw) else {
        return None;
    };
    let header = format!("Content-Length: {length}");
    let mut names = DELIMITING.to_vec();
    names.push("expect");
    anew(raw, parsed.headers, &names, &header)
}

/// What says how long a body is and how it is encoded.
const DELIMITING: [&str; 3] = ["content-length", "transfer-encoding", "content-encoding"];

fn anew(raw: &[u8], headers: &[Header<'_>], names: &[&str], header: &str) -> Option<BytesMut> {
    let mut head = without(raw, headers, names.iter().copied()).unwrap_or_else(|| raw.into());
    // Lines may end without a carriage return; such a head stays as it is.
    let lines = head.strip_suffix(b"\r\n\r\n")?.len() + 2;
    head.truncate(lines);
    head.extend_from_slice(format!("{header}\r\n\r\n").as_bytes());
    Some(head)
}

/// A response's head for a body of this length that is neither chunked nor encoded.
pub(super) fn plain(raw: &[u8], length: usize) -> Option<BytesMut> {
    delimited(raw, &format!("Content-Length: {length}"))
}

/// A response's head for a body in chunks that is not encoded.
pub(super) fn in_chunks(raw: &[u8]) -> Option<BytesMut> {
    delimited(raw, "Transfer-Encoding: chunked")
}

fn delimited(raw: &[u8], header: &str) -> Option<BytesMut> {
    let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut space);
    let Ok(Status::Complete(_)) = parsed.parse(raw) else {
        return None;
    };
    anew(raw, parsed.headers, &DELIMITING, header)
}

/// A response's head.
#[derive(Debug)]
pub(super) struct Response {
    /// Its bytes, with the empty line.
    pub(super) raw: BytesMut,
    pub(super) status: u16,
    /// What the server calls the status.
    pub(super) phrase: String,
    pub(super) framing: Framing,
    /// `Content-Encoding`, empty if there is none.
    pub(super) codings: String,
    /// A stream of server-sent events, which has no end to wait for.
    pub(super) events: bool,
}

/// Whether a head may be complete: looking is cheap, parsing again and again for each byte is not. A short one is always tried, so that
/// garbage is answered at once.
fn worth_parsing(inbox: &[u8], seen: &mut usize) -> Result<bool, HeadError> {
    let from = seen.saturating_sub(3);
    *seen = inbox.len();
    let fresh = &inbox[from..];
    let ends = fresh.windows(2).any(|two| two == b"\n\n")
        || fresh.windows(3).any(|three| three == b"\n\r\n");
    if !ends && inbox.len() > LONGEST {
        return Err(HeadError::TooLong);
    }
    Ok(ends || inbox.len() <= 1024)
}

fn syntax(error: httparse::Error) -> HeadError {
    match error {
        httparse::Error::TooManyHeaders => HeadError::TooLong,
        error => HeadError::Syntax(error),
    }
}

/// Where a request's target stands (RFC 9112, section 3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// At the server itself: a path.
    Path,
    /// At a proxy: `http://host/path`, or `host:port` for a tunnel.
    Proxy,
}

/// The headers that are between a browser and its proxy alone.
const TO_A_PROXY: [&str; 2] = ["proxy-connection", "proxy-authorization"];

/// Takes a request to a proxy; it then reads as one to the server itself.
fn to_server(request: &mut Request) -> Result<(), HeadError> {
    if request.method == "CONNECT" {
        // The port is never left out (RFC 9110, section 9.3.6).
        request.authority = Some(request.target.clone());
        return Ok(());
    }
    let scheme = request.target.get(..7);
    let rest = scheme
        .filter(|scheme| scheme.eq_ignore_ascii_case("http://"))
        .map(|_| &request.target[7..]);
    let rest = rest.ok_or(HeadError::ProxyTarget)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() || authority.contains('@') {
        return Err(HeadError::ProxyTarget);
    }
    let path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    let authority = with_port(authority, 80);
    // The target stands between the first two spaces of the first line, or it would have been read otherwise.
    let start = request.raw.iter().position(|byte| *byte == b' ');
    let start = start.ok_or(HeadError::ProxyTarget)? + 1;
    let start = start
        + (request.raw[start..].iter())
            .position(|byte| *byte != b' ')
            .unwrap_or_default();
    let mut raw = BytesMut::with_capacity(request.raw.len());
    raw.extend_from_slice(&request.raw[..start]);
    raw.extend_from_slice(path.as_bytes());
    raw.extend_from_slice(&request.raw[start + request.target.len()..]);
    request.raw = raw;
    request.target = path;
    request.authority = Some(authority);
    request.leave_out(TO_A_PROXY.into_iter());
    Ok(())
}

/// Takes a request's head from the beginning of `inbox`, if it is complete. `seen` is how much an earlier call has looked at.
pub(super) fn request(
    inbox: &mut BytesMut,
    seen: &mut usize,
    form: Form,
) -> Result<Option<Request>, HeadError> {
    if !worth_parsing(inbox, seen)? {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let Status::Complete(length) = parsed.parse(inbox).map_err(syntax)? else {
        return Ok(None);
    };
    if length > LONGEST {
        return Err(HeadError::TooLong);
    }
    let target = parsed.path.unwrap_or_default().to_owned();
    if form == Form::Path && !target.starts_with('/') && target != "*" {
        return Err(HeadError::Target);
    }
    let headers = parsed.headers;
    let request = Request {
        raw: BytesMut::new(),
        method: parsed.method.unwrap_or_default().to_owned(),
        target,
        hosts: values(headers, "host"),
        origins: values(headers, "origin"),
        framing: framing(headers)?.unwrap_or(Framing::Empty),
        expects: has_token(headers, "expect", "100-continue"),
        upgrade: has_token(headers, "upgrade", "websocket")
            && has_token(headers, "connection", "upgrade"),
        events: parsed.method == Some("GET")
            && matches!(values(headers, "accept").as_slice(), [one] if one.eq_ignore_ascii_case(EVENTS)),
        line: values(headers, LINE)
            .first()
            .map(|line| String::from_utf8_lossy(line).into_owned()),
        authority: None,
        extensions: lines(inbox, headers, "sec-websocket-extensions"),
    };
    *seen = 0;
    let raw = inbox.split_to(length);
    let mut request = Request { raw, ..request };
    if form == Form::Proxy {
        to_server(&mut request)?;
    }
    if request.line.is_some() && !request.upgrade {
        // Between the hand and the tap alone.
        request.leave_out([LINE].into_iter());
    }
    Ok(Some(request))
}

/// Takes a response's head from the beginning of `inbox`, if it is complete. `bodiless`: it answers a HEAD.
pub(super) fn response(
    inbox: &mut BytesMut,
    seen: &mut usize,
    bodiless: bool,
) -> Result<Option<Response>, HeadError> {
    if inbox.is_empty() || !worth_parsing(inbox, seen)? {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let Status::Complete(length) = parsed.parse(inbox).map_err(syntax)? else {
        return Ok(None);
    };
    if length > LONGEST {
        return Err(HeadError::TooLong);
    }
    let status = parsed.code.unwrap_or_default();
    let framing = if bodiless || matches!(status, 100..200 | 204 | 304) {
        Framing::Empty
    } else {
        framing(parsed.headers)?.unwrap_or(Framing::UntilClose)
    };
    let events = values(parsed.headers, "content-type")
        .iter()
        .any(|value| value.to_ascii_lowercase().starts_with(EVENTS));
    let codings = values(parsed.headers, "content-encoding").join(&b","[..]);
    let codings = String::from_utf8_lossy(&codings).into_owned();
    let phrase = parsed.reason.unwrap_or_default().to_owned();
    *seen = 0;
    Ok(Some(Response {
        raw: inbox.split_to(length),
        status,
        phrase,
        framing,
        codings,
        events,
    }))
}

fn named<'a>(headers: &'a [Header<'a>], name: &str) -> impl Iterator<Item = &'a Header<'a>> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
}

pub(super) fn values(headers: &[Header<'_>], name: &str) -> Vec<Vec<u8>> {
    named(headers, name)
        .map(|header| header.value.trim_ascii().to_vec())
        .collect()
}

pub(super) fn has_token(headers: &[Header<'_>], name: &str, token: &str) -> bool {
    named(headers, name)
        .flat_map(|header| header.value.split(|byte| *byte == b','))
        .any(|value| value.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Where the lines of a header stand in the head's bytes.
fn lines(head: &[u8], headers: &[Header<'_>], name: &str) -> Vec<Range<usize>> {
    named(headers, name)
        .map(|header| {
            let start = header.name.as_ptr() as usize - head.as_ptr() as usize;
            let value = header.value.as_ptr() as usize - head.as_ptr() as usize;
            // An empty value has no place of its own: the line's end is looked for from its beginning.
            let from = if header.value.is_empty() {
                start
            } else {
                value
            };
            let end = head[from..].iter().position(|byte| *byte == b'\n');
            start..from + end.map_or(0, |end| end + 1)
        })
        .collect()
}

/// How the body is delimited (RFC 9112, section 6.3). What two readers could read in two ways is refused.
fn framing(headers: &[Header<'_>]) -> Result<Option<Framing>, HeadError> {
    let lengths = values(headers, "content-length");
    let codings = values(headers, "transfer-encoding");
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(None),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Framing::Chunked)),
        (_, [_, ..]) => Err(HeadError::Framing("transfer-encoding")),
        ([length, others @ ..], []) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let number = std::str::from_utf8(length)
                .ok()
                .and_then(|l| l.parse().ok());
            match number {
                Some(number) if digits && others.iter().all(|other| other == length) => {
                    Ok(Some(Framing::Length(number)))
                }
                _ => Err(HeadError::Framing("content-length")),
            }
        }
    }
}
