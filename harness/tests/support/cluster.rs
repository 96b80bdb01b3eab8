//! A server of several nodes, as a process of the test binary for each: WebSocket at the nodes, rooms of two at the bus. Replies come at once; what
//! goes to others takes [`LATE`] milliseconds at the bus. Who was on a node that ends is out, and nobody is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// What the process is: `bus`, `auth`, or `node`.
pub const PART: &str = "CLUSTER_PART";
/// Where the bus listens: its port.
pub const BUS: &str = "CLUSTER_BUS";
/// How long the bus takes for what goes to others (milliseconds).
pub const LATE: &str = "CLUSTER_LATE";
/// What the bus does when somebody says `die`, or a node when somebody says `fall`: they end.
const DIE: &str = "die";
const FALL: &str = "fall";

/// How it is spoken.
pub const DIALECT: &str = r#"
dialect: cluster
connect: { path: "/?id={me|url}" }
room-size: 2
announces-joining-within: 3s
announces-leaving-within: 3s
answers-within: 2s
news-once: true
frees-empty-rooms: true
refusals: { full: full, inside: inside, outside: outside }
garbage: word
echoes: false
broadcasts: false
say:
  create: join
  join: { message: { type: join, room: "{room}" } }
  leave: { message: { type: leave } }
  offer: { message: { type: offer, sdp: "{sdp}" } }
  answer: { message: { type: answer, sdp: "{sdp}" } }
  candidate: { message: { type: candidate, candidate: "{candidate}" } }
  end-of-candidates: { message: { type: candidate, candidate: null } }
  fence: { message: { type: fence } }
hear:
  joined: { message: { type: joined, room: "{room}", with: "{with}" } }
  left: { message: { type: left } }
  refused: { message: { type: refused, why: "{reason}" } }
  fenced: { message: { type: error, why: "no fence" } }
  peer-joined: { message: { type: came, who: "{peer}" } }
  peer-left: { message: { type: went, who: "{peer}" } }
  offer: { message: { type: offer, from: "{peer}", sdp: "{sdp}" } }
  answer: { message: { type: answer, from: "{peer}", sdp: "{sdp}" } }
  candidate: { message: { type: candidate, from: "{peer}", candidate: "{candidate}" } }
  end-of-candidates: { message: { type: candidate, from: "{peer}", candidate: null } }
  error: { message: { type: error, why: "{reason}" } }
"#;

/// Runs the part that the environment names; does nothing where it names none.
pub fn run() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let port = number("PORT").expect("PORT");
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("the port");
        match part.as_str() {
            "bus" => bus(listener).await,
            "auth" => auth(listener).await,
            _ => node(listener).await,
        }
    });
}

fn number(name: &str) -> Option<u16> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whoever is in a room: his name, his node and his number there.
type Member = (String, usize, u64);

#[derive(Default)]
struct Rooms {
    inside: HashMap<String, Vec<Member>>,
    nodes: HashMap<usize, UnboundedSender<(Instant, Value)>>,
}

impl Rooms {
    fn room_of(&self, node: usize, key: u64) -> Option<String> {
        let mut rooms = self.inside.iter();
        let found = rooms.find(|(_, all)| all.iter().any(|m| (m.1, m.2) == (node, key)));
        found.map(|(room, _)| room.clone())
    }

    /// Says it to somebody on some node, when it is time.
    fn tell(&self, node: usize, key: u64, late: u64, message: Value) {
        if let Some(node) = self.nodes.get(&node) {
            let at = Instant::now() + Duration::from_millis(late);
            drop(node.send((at, json!({ "key": key, "hear": message }))));
        }
    }

    fn tell_others(&self, room: &str, node: usize, key: u64, late: u64, message: &Value) {
        for (_, other, number) in self.inside.get(room).into_iter().flatten() {
            if (*other, *number) != (node, key) {
                self.tell(*other, *number, late, message.clone());
            }
        }
    }

    fn out(&mut self, me: &str, node: usize, key: u64, late: u64) -> bool {
        let Some(room) = self.room_of(node, key) else {
            return false;
        };
        self.tell_others(
            &room,
            node,
            key,
            late,
            &json!({ "type": "went", "who": me }),
        );
        if let Some(inside) = self.inside.get_mut(&room) {
            inside.retain(|m| (m.1, m.2) != (node, key));
        }
        self.inside.retain(|_, inside| !inside.is_empty());
        true
    }

    fn take(&mut self, node: usize, line: &Value, late: u64) {
        let key = line["key"].as_u64().unwrap_or_default();
        let me = line["me"].as_str().unwrap_or_default().to_owned();
        let mut said = line["say"].clone();
        let answer = match said["type"].as_str().unwrap_or_default() {
            "gone" => {
                self.out(&me, node, key, late);
                return;
            }
            "join" => {
                let room = said["room"].as_str().unwrap_or_default().to_owned();
                let inside = self.inside.get(&room).cloned().unwrap_or_default();
                if self.room_of(node, key).is_some() {
                    json!({ "type": "refused", "why": "inside" })
                } else if inside.len() == 2 {
                    json!({ "type": "refused", "why": "full" })
                } else {
                    let with: Vec<&String> = inside.iter().map(|m| &m.0).collect();
                    let answer = json!({ "type": "joined", "room": room, "with": with });
                    let all = self.inside.entry(room.clone()).or_default();
                    all.push((me.clone(), node, key));
                    self.tell_others(
                        &room,
                        node,
                        key,
                        late,
                        &json!({ "type": "came", "who": me }),
                    );
                    answer
                }
            }
            "leave" => match self.out(&me, node, key, late) {
                true => json!({ "type": "left" }),
                false => json!({ "type": "refused", "why": "outside" }),
            },
            "offer" | "answer" | "candidate" => match self.room_of(node, key) {
                Some(room) => {
                    said["from"] = me.into();
                    self.tell_others(&room, node, key, late, &said);
                    return;
                }
                None => json!({ "type": "error", "why": "outside" }),
            },
            DIE => std::process::exit(3),
            "fence" => json!({ "type": "error", "why": "no fence" }),
            _ => json!({ "type": "error", "why": "what?" }),
        };
        self.tell(node, key, 0, answer);
    }
}

/// What the nodes share.
async fn bus(listener: TcpListener) {
    let late = u64::from(number(LATE).unwrap_or(0));
    let rooms = Arc::new(Mutex::new(Rooms::default()));
    let mut number = 0;
    loop {
        let (socket, _) = listener.accept().await.expect("a node");
        number += 1;
        let (node, rooms) = (number, rooms.clone());
        let (read, mut write) = socket.into_split();
        let (lines, mut due) = unbounded_channel::<(Instant, Value)>();
        rooms.lock().expect("no panic").nodes.insert(node, lines);
        // What is due at once overtakes what is not; each has its own order.
        let (now, mut at_once) = unbounded_channel::<Value>();
        let (later, mut after) = unbounded_channel::<(Instant, Value)>();
        let (out, mut lines) = unbounded_channel::<Value>();
        tokio::spawn(async move {
            while let Some((at, line)) = due.recv().await {
                match at <= Instant::now() {
                    true => drop(now.send(line)),
                    false => drop(later.send((at, line))),
                }
            }
        });
        let direct = out.clone();
        tokio::spawn(async move {
            while let Some(line) = at_once.recv().await {
                drop(direct.send(line));
            }
        });
        tokio::spawn(async move {
            while let Some((at, line)) = after.recv().await {
                sleep_until(at).await;
                drop(out.send(line));
            }
        });
        tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                if write
                    .write_all(format!("{line}\n").as_bytes())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            let mut said = BufReader::new(read).lines();
            while let Ok(Some(line)) = said.next_line().await {
                let line: Value = serde_json::from_str(&line).expect("a node writes JSON");
                rooms.lock().expect("no panic").take(node, &line, late);
            }
            let mut rooms = rooms.lock().expect("no panic");
            rooms.nodes.remove(&node);
            for inside in rooms.inside.values_mut() {
                inside.retain(|member| member.1 != node);
            }
            rooms.inside.retain(|_, inside| !inside.is_empty());
        });
    }
}

type Lines = Arc<Mutex<HashMap<u64, UnboundedSender<String>>>>;

/// One process of the server.
async fn node(listener: TcpListener) {
    let bus = number(BUS).expect("the bus");
    println!("node {} is up", std::env::var("NUMBER").unwrap_or_default());
    let bus = TcpStream::connect(("127.0.0.1", bus))
        .await
        .expect("the bus");
    let (read, mut write) = bus.into_split();
    let (to_bus, mut lines) = unbounded_channel::<Value>();
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            if write
                .write_all(format!("{line}\n").as_bytes())
                .await
                .is_err()
            {
                break;
            }
        }
    });
    let clients = Lines::default();
    let heard = clients.clone();
    tokio::spawn(async move {
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let line: Value = serde_json::from_str(&line).expect("the bus writes JSON");
            let key = line["key"].as_u64().unwrap_or_default();
            if let Some(client) = heard.lock().expect("no panic").get(&key) {
                drop(client.send(line["hear"].to_string()));
            }
        }
    });
    let mut key = 0;
    loop {
        let (socket, _) = listener.accept().await.expect("a client");
        key += 1;
        tokio::spawn(client(socket, key, clients.clone(), to_bus.clone()));
    }
}

/// Who may come in: anybody, or who says a token that is fresh (`TOKENS`: a folder with a file for each, which is used up).
fn is_let_in(query: &str) -> bool {
    let Ok(folder) = std::env::var("TOKENS") else {
        return true;
    };
    let mut parts = query.split('&');
    let token = parts.find_map(|part| part.strip_prefix("token="));
    let token = token.filter(|token| !token.is_empty() && !token.contains(['/', '.']));
    token.is_some_and(|token| {
        std::fs::remove_file(std::path::Path::new(&folder).join(token)).is_ok()
    })
}

async fn client(socket: TcpStream, key: u64, clients: Lines, bus: UnboundedSender<Value>) {
    let mut me = String::new();
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is what the library says it is"
    )]
    let callback = |request: &Request, response: Response| {
        let query = request.uri().query().unwrap_or_default().to_owned();
        if !is_let_in(&query) {
            let mut refusal = ErrorResponse::new(Some("token expired".into()));
            *refusal.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Err(refusal);
        }
        let id = query.split('&').find_map(|part| part.strip_prefix("id="));
        me = id.unwrap_or_default().to_owned();
        Ok(response)
    };
    let Ok(line) = tokio_tungstenite::accept_hdr_async(socket, callback).await else {
        return;
    };
    let (say, mut said) = unbounded_channel::<String>();
    clients.lock().expect("no panic").insert(key, say.clone());
    let (mut sink, mut stream) = line.split();
    loop {
        tokio::select! {
            Some(text) = said.recv() => {
                if sink.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            message = stream.next() => {
                let Some(Ok(message)) = message else { break };
                let Message::Text(text) = message else { continue };
                match serde_json::from_str::<Value>(&text) {
                    Ok(said) if said["type"] == FALL => std::process::exit(4),
                    Ok(said) if said["type"] == "gone" => {}
                    Ok(said) => drop(bus.send(json!({ "key": key, "me": me, "say": said }))),
                    Err(_) => drop(say.send(json!({ "type": "error", "why": "no JSON" }).to_string())),
                }
            }
        }
    }
    clients.lock().expect("no panic").remove(&key);
    drop(bus.send(json!({ "key": key, "me": me, "say": { "type": "gone" } })));
}

/// Gives out tokens over HTTP: `{"user": …}` is answered `{"access_token": …}`, of which there is a file in `TOKENS` from then on.
async fn auth(listener: TcpListener) {
    let folder = std::path::PathBuf::from(std::env::var("TOKENS").expect("TOKENS"));
    let mut number = 0;
    loop {
        let (mut socket, _) = listener.accept().await.expect("somebody");
        let mut request = BufReader::new(&mut socket);
        let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
        while request
            .read_line(&mut line)
            .await
            .is_ok_and(|read| read > 2)
        {
            let lower = line.to_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            head.push_str(&std::mem::take(&mut line));
        }
        let mut body = vec![0; length];
        if tokio::io::AsyncReadExt::read_exact(&mut request, &mut body)
            .await
            .is_err()
        {
            continue;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&body) else {
            continue;
        };
        number += 1;
        let user = body["user"].as_str().unwrap_or_default();
        let token = format!("{user}-by-http-{number}");
        std::fs::write(folder.join(&token), "").expect("a file");
        let (status, answer) = match head.starts_with("POST /token ") {
            true => ("200 OK", json!({ "access_token": token }).to_string()),
            false => ("404 Not Found", String::new()),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
            answer.len()
        );
        drop(socket.write_all(answer.as_bytes()).await);
    }
}
