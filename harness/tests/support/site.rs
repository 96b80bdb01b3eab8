//! A small web site for tests of users' pages, and the page that visits it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{
    Arrival, PageError, PageEvent, PageEvents, Role, Route, Sight, Target, Told, UserPage, Wanted,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for a busy machine; no test waits for it to pass.
pub const LONG: Duration = Duration::from_secs(30);
/// For what is to fail.
pub const BRIEF: Duration = Duration::from_millis(700);

/// Serves pages by their paths, each as HTML; counts what was asked for. `/held` never answers, `/file` is to be downloaded.
pub struct Site {
    pub origin: String,
    asked: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Site {
    pub async fn of(pages: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let pages: HashMap<String, String> = (pages.iter())
            .map(|(path, body)| ((*path).to_owned(), (*body).to_owned()))
            .collect();
        let (pages, asked) = (Arc::new(pages), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&asked);
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&pages), Arc::clone(&seen)));
            }
        });
        Self {
            origin,
            asked,
            server,
        }
    }

    /// One page, at `/`.
    pub async fn page(body: &str) -> Self {
        Self::of(&[("/", body)]).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The request lines so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    mut socket: TcpStream,
    pages: Arc<HashMap<String, String>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut seen = vec![0; 16384];
    let mut length = 0;
    while !seen[..length].windows(4).any(|end| end == b"\r\n\r\n") {
        match socket.read(&mut seen[length..]).await {
            Ok(more) if more > 0 => length += more,
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&seen[..length]).to_string();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(line);
    // A proxy is asked for whole URLs.
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => &target,
    };
    let path = path.split('?').next().unwrap_or_default();
    if path == "/held" {
        std::future::pending::<()>().await;
    }
    let (status, extra, body) = match (pages.get(path), path) {
        (Some(body), _) => ("200 OK", "", body.clone()),
        (None, "/file") => (
            "200 OK",
            "Content-Disposition: attachment; filename=\"notes.txt\"\r\n",
            "notes".to_owned(),
        ),
        (None, _) => ("404 Not Found", "", "nothing here".to_owned()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = socket.write_all(answer.as_bytes()).await;
}

/// A page with what it tells.
pub struct Visitor {
    pub page: UserPage,
    pub events: PageEvents,
    pub heard: Vec<Told>,
}

impl Visitor {
    pub async fn new(stack: Stack) -> Self {
        Self::of(Pool::global().unwrap(), stack).await
    }

    pub async fn of(pool: &Pool, stack: Stack) -> Self {
        let wanted = Wanted {
            stack,
            route: Route::Direct,
            own_browser: false,
        };
        let Arrival { page, events, .. } = UserPage::start(pool, wanted).await.unwrap();
        Self {
            page,
            events,
            heard: Vec::new(),
        }
    }

    /// At the site's first page.
    pub async fn at(stack: Stack, site: &Site) -> Self {
        let visitor = Self::new(stack).await;
        visitor.page.open(&site.url("/"), LONG).await.unwrap();
        visitor
    }

    pub async fn clicks(&self, target: &Target) {
        self.page.click(target, LONG).await.unwrap();
    }

    pub async fn fills(&self, target: &Target, text: &str) {
        self.page.fill(target, text, LONG).await.unwrap();
    }

    pub async fn sees(&self, text: &str) {
        let target = Target::Text(text.to_owned());
        self.page.see(&target, &Sight::Present, LONG).await.unwrap();
    }

    pub async fn cannot_click(&self, target: &Target) -> PageError {
        self.page.click(target, BRIEF).await.unwrap_err()
    }

    /// The first event that fits, from now on.
    pub async fn hears(&mut self, fits: impl Fn(&PageEvent) -> bool) -> PageEvent {
        let found = timeout(LONG, async {
            loop {
                let told = self.events.recv().await?;
                self.heard.push(told.clone());
                if fits(&told.event) {
                    return Some(told.event);
                }
            }
        })
        .await;
        match found {
            Ok(Some(event)) => event,
            other => panic!("not heard ({other:?}); heard: {:#?}", self.heard),
        }
    }
}

pub fn button(name: &str) -> Target {
    Target::Role(Role::Button, name.to_owned())
}

pub fn field(name: &str) -> Target {
    Target::Role(Role::Field, name.to_owned())
}

pub fn selector(selector: &str) -> Target {
    Target::Selector(selector.to_owned())
}

pub fn text(text: &str) -> Target {
    Target::Text(text.to_owned())
}
