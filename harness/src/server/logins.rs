//! What each peer says of itself to be let in, as the project gives it: the same each time, or made anew for each connection.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::mistake::shown;
use crate::run::Run;

/// The name under which stands what is for each peer that has nothing of its own. No peer can be called so.
pub const EVERYBODY: &str = "all";

/// How long a login may take to be made.
const MADE_WITHIN: Duration = Duration::from_secs(30);
/// So much of what makes one is read (bytes).
const MOST: u64 = 64 * 1024;
/// So much of what it complained of is told (characters).
const TOLD: usize = 400;

/// How a value of a login is had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// It is this, each time.
    Value(String),
    /// The first line that this command for `/bin/sh` writes, anew for each connection. `{me}` in it is the peer's id.
    Command(String),
    /// What this request is answered, anew for each connection.
    Http(HttpLogin),
}

impl Login {
    /// Whether it is the same for whoever has it.
    fn is_of_nobody(&self) -> bool {
        let texts = match self {
            Login::Value(_) => return true,
            Login::Command(command) => [Some(command), None],
            Login::Http(request) => [Some(&request.url), request.body.as_ref()],
        };
        !texts
            .into_iter()
            .flatten()
            .any(|text| text.contains("{me}"))
    }
}

/// A request for a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLogin {
    /// `GET` or `POST`.
    pub method: String,
    /// `http://…`; `{me}` in it is the peer's id.
    pub url: String,
    /// Its body, with `{me}`.
    pub body: Option<String>,
    /// Where the value stands in a JSON answer (RFC 6901): `/access_token`. Without it the first line of the answer is the value.
    pub take: Option<String>,
}

/// The logins of a project, by peer and by the name that the dialect has for it.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    /// By peer; [`EVERYBODY`] is for the others.
    pub peers: BTreeMap<String, BTreeMap<String, Login>>,
    /// Where commands run.
    pub folder: PathBuf,
}

impl Logins {
    fn find(&self, peer: &str, name: &str) -> Option<&Login> {
        let own = self.peers.get(peer).and_then(|own| own.get(name));
        own.or_else(|| self.peers.get(EVERYBODY)?.get(name))
    }

    /// The first of these names that this peer is not given.
    pub fn lacking<'n>(&self, peer: &str, names: &'n [String]) -> Option<&'n str> {
        let mut names = names.iter().map(String::as_str);
        names.find(|name| self.find(peer, name).is_none())
    }

    /// Whether this is what some peer says for this name each time.
    pub fn is_somebodys(&self, name: &str, value: &str) -> bool {
        let mut all = self.peers.values().filter_map(|own| own.get(name));
        all.any(|login| matches!(login, Login::Value(own) if own == value))
    }

    /// Whether these two have one login, whoever dials: then neither has one of its own.
    pub fn are_shared(&self, one: &str, other: &str, names: &[String]) -> bool {
        let alike = |name: &String| {
            let (own, others) = (self.find(one, name), self.find(other, name));
            own.is_some_and(|own| own.is_of_nobody() && others == Some(own))
        };
        names.iter().all(alike)
    }

    /// What this peer says for each of these names, on its next connection. `me` is its id on the wire; `words` are names between braces, and
    /// what they become.
    ///
    /// # Errors
    /// One is not given, or could not be made: which, and why.
    pub async fn of(
        &self,
        (peer, me): (&str, &str),
        names: &[String],
        words: &[(String, String)],
        run: &Run,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut given = BTreeMap::new();
        for name in names {
            let login = self.find(peer, name);
            let made = match login {
                None => Err("the project gives none".to_owned()),
                Some(Login::Value(value)) => Ok(value.clone()),
                Some(Login::Command(command)) => {
                    let line = filled(command, &for_shell(me), words);
                    self.run(&line, run).await
                }
                Some(Login::Http(request)) => {
                    let asked = ask(request, me, words);
                    let late = || Err(format!("no answer within {} s", MADE_WITHIN.as_secs()));
                    timeout(MADE_WITHIN, asked).await.unwrap_or_else(|_| late())
                }
            };
            let value = made.map_err(|why| format!("no login `{name}` for {peer}: {why}"))?;
            given.insert(name.clone(), value);
        }
        Ok(given)
    }

    async fn run(&self, line: &str, run: &Run) -> Result<String, String> {
        let mut command = tokio::process::Command::new("/bin/sh");
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let group = run.group(command.as_std_mut());
        let mut child = command
            .spawn()
            .map_err(|error| format!("the command could not be started: {error}"))?;
        group.started(child.id().unwrap_or_default());
        let (out, complaint) = (child.stdout.take(), child.stderr.take());
        let ran = timeout(MADE_WITHIN, async {
            let (out, complaint) = tokio::join!(read(out), read(complaint));
            (child.wait().await, out, complaint)
        });
        let ran = ran.await;
        // What it may have left behind; it blocks while the system does away with that.
        drop(tokio::task::spawn_blocking(move || group.kill()).await);
        let Ok((status, out, complaint)) = ran else {
            return Err(format!(
                "the command took longer than {} s",
                MADE_WITHIN.as_secs()
            ));
        };
        let status = status.map_err(|error| error.to_string())?;
        if !status.success() {
            let last: String = complaint.trim().chars().take(TOLD).collect();
            return Err(format!("the command ended ({status}): {}", shown(&last)));
        }
        first_line(&out).ok_or_else(|| "the command wrote nothing".into())
    }
}

/// So many of the last letters and digits of a login are other ones in a wrong one: of one that is signed the signature is there.
const ALTERED: usize = 12;

/// A login that looks as this one does, and is another, and nobody's.
pub fn altered(login: &str, is_somebodys: impl Fn(&str) -> bool) -> String {
    for by in 1..26 {
        let text = turned(login, by);
        if text != login && !is_somebodys(&text) {
            return text;
        }
    }
    // There is no letter in it, or all that look so are taken.
    let mut text = format!("{login}x");
    while is_somebodys(&text) {
        text.push('x');
    }
    text
}

/// The text with other letters and digits at its end, each so far behind that which was there.
fn turned(text: &str, by: u32) -> String {
    let turn = |c: char| {
        let (first, of) = match c {
            'a'..='z' => ('a', 26),
            'A'..='Z' => ('A', 26),
            _ => ('0', 10),
        };
        let place = (u32::from(c) - u32::from(first) + by) % of;
        char::from_u32(u32::from(first) + place).unwrap_or(c)
    };
    let mut backwards: Vec<char> = text.chars().rev().collect();
    let letters = backwards.iter_mut().filter(|c| c.is_ascii_alphanumeric());
    letters.take(ALTERED).for_each(|c| *c = turn(*c));
    backwards.into_iter().rev().collect()
}

/// One word for a shell. A scenario chooses the names of peers, and must not have anything run by that.
fn for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The text with what stands for the names between braces.
fn filled(text: &str, me: &str, words: &[(String, String)]) -> String {
    let mut text = text.replace("{me}", me);
    for (name, value) in words {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

async fn read(from: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        drop(from.take(MOST).read_to_end(&mut bytes).await);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(request: &HttpLogin, me: &str, words: &[(String, String)]) -> Result<String, String> {
    let encoded: String = url::form_urlencoded::byte_serialize(me.as_bytes()).collect();
    let text = filled(&request.url, &encoded.replace('+', "%20"), words);
    let url = Url::parse(&text).map_err(|error| format!("{}: {error}", shown(&text)))?;
    let (host, port) = match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) if url.scheme() == "http" => (host.to_owned(), port),
        _ => return Err(format!("{}: expected http://host:port/path", shown(&text))),
    };
    let broken = |error: std::io::Error| format!("{host}:{port}: {error}");
    // As it stands within a text of JSON.
    let quoted = serde_json::Value::from(me).to_string();
    let quoted = quoted.trim_matches('"');
    let body = request.body.as_ref();
    let body = body.map(|body| filled(body, quoted, words));
    let body = body.unwrap_or_default();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let head = format!(
        "{} {path} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        request.method,
        body.len()
    );
    let mut socket = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .map_err(broken)?;
    let asked = async {
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(body.as_bytes()).await
    };
    asked.await.map_err(broken)?;
    let mut socket = BufReader::new(socket.take(MOST));
    let mut status = String::new();
    socket.read_line(&mut status).await.map_err(broken)?;
    let mut line = String::new();
    while socket.read_line(&mut line).await.map_err(broken)? > 2 {
        line.clear();
    }
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.map_err(broken)?;
    let answer = String::from_utf8_lossy(&answer);
    let code = status.split(' ').nth(1).unwrap_or_default();
    if !code.starts_with('2') {
        return Err(format!("{host}:{port} answered {:?}", status.trim_end()));
    }
    let Some(place) = &request.take else {
        return first_line(&answer).ok_or_else(|| "the answer is empty".into());
    };
    let json: serde_json::Value =
        serde_json::from_str(&answer).map_err(|error| format!("the answer is no JSON: {error}"))?;
    match json.pointer(place) {
        Some(serde_json::Value::String(value)) if !value.is_empty() => Ok(value.clone()),
        Some(serde_json::Value::Number(value)) => Ok(value.to_string()),
        _ => Err(format!("the answer has no text at {place}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_login_looks_as_the_right_one_does() {
        let altered_of = |login| altered(login, |_| false);
        assert_eq!(altered_of("secret"), "tfdsfu");
        assert_eq!(
            altered_of("eyJh.eyJz.aZ9-_bcdefghijk"),
            "eyJh.eyJz.aA0-_cdefghijkl"
        );
        assert_eq!(altered_of("--"), "--x");
        assert_ne!(altered_of(""), "");
    }

    #[test]
    fn a_wrong_login_is_nobodys_however_many_there_are() {
        assert_eq!(altered("a", |text| text == "b"), "c");
        assert_eq!(altered("9", |text| ["0", "1"].contains(&text)), "2");
        // All of one digit are taken, and one that is longer.
        let taken = |text: &str| text.len() < 2 || text == "9x";
        assert_eq!(altered("9", taken), "9xx");
    }

    #[test]
    fn what_all_are_given_is_nobodys_own() {
        let of = |values: &[(&str, Login)]| -> BTreeMap<String, Login> {
            values
                .iter()
                .map(|(name, login)| ((*name).to_owned(), login.clone()))
                .collect()
        };
        let all = of(&[("token", Login::Value("x".into()))]);
        let bob = of(&[("token", Login::Value("y".into()))]);
        let minted = of(&[("token", Login::Command("./mint {me}".into()))]);
        let for_anybody = of(&[("token", Login::Command("./mint".into()))]);
        let names = ["token".to_owned()];
        let logins = |peers: [(&str, &BTreeMap<String, Login>); 2]| Logins {
            peers: peers.map(|(peer, of)| (peer.to_owned(), of.clone())).into(),
            folder: PathBuf::new(),
        };
        let one = logins([(EVERYBODY, &all), ("bob", &bob)]);
        assert!(one.are_shared("alice", "carol", &names));
        assert!(!one.are_shared("alice", "bob", &names));
        let one = logins([(EVERYBODY, &minted), ("bob", &bob)]);
        assert!(
            !one.are_shared("alice", "carol", &names),
            "each is made for who says it"
        );
        // However often it is made anew, nothing in it says for whom.
        let one = logins([(EVERYBODY, &for_anybody), ("bob", &bob)]);
        assert!(one.are_shared("alice", "carol", &names));
        assert!(!one.are_shared("alice", "bob", &names));
    }
}
