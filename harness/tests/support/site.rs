//! A small web site for tests of users' pages, and the page that visits it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{
    Arrival, PageError, PageEvent, PageEvents, Role, Route, Sight, Target, Told, UserPage, Wanted,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::timeout;

/// Long enough for a busy machine; no test waits for it to pass.
pub const LONG: Duration = Duration::from_secs(30);
/// For what is to fail.
pub const BRIEF: Duration = Duration::from_millis(700);

/// So many tests with pages are under way at once: on two cores more of them only wait for each other.
static PLACES: Semaphore = Semaphore::const_new(3);

/// A place among them. A test that asks again has it already.
pub async fn turn() -> Arc<SemaphorePermit<'static>> {
    static TAKEN: Mutex<Vec<(String, Weak<SemaphorePermit<'static>>)>> = Mutex::new(Vec::new());
    // The runner names a thread after the test that it runs.
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let taken = || {
        let mut taken = TAKEN.lock().unwrap();
        taken.retain(|(_, place)| place.strong_count() > 0);
        let own = taken.iter().find(|(of, _)| *of == test);
        own.and_then(|(_, place)| place.upgrade())
    };
    if let Some(place) = taken() {
        return place;
    }
    let place = Arc::new(PLACES.acquire().await.unwrap());
    TAKEN.lock().unwrap().push((test, Arc::downgrade(&place)));
    place
}

/// Serves pages by their paths, each as HTML, and keeps what it was asked. `/held` never answers, `/file` is to be downloaded, `/report` takes what a
/// page has to say (`POST`), `/broken` is a status without a page.
pub struct Site {
    pub origin: String,
    asked: Arc<Mutex<Vec<String>>>,
    reports: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
    server: tokio::task::JoinHandle<()>,
    place: Option<Arc<SemaphorePermit<'static>>>,
}

impl Site {
    pub async fn of(pages: &[(&str, &str)]) -> Self {
        let place = turn().await;
        let mut site = Self::listening(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), pages);
        site.place = Some(place);
        site
    }

    /// There, as a server or as a proxy.
    pub fn listening(listener: std::net::TcpListener, pages: &[(&str, &str)]) -> Self {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let pages: HashMap<String, String> = (pages.iter())
            .map(|(path, body)| ((*path).to_owned(), (*body).to_owned()))
            .collect();
        let (pages, asked) = (Arc::new(pages), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&asked);
        let (reporter, reports) = mpsc::unbounded_channel();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(
                    socket,
                    Arc::clone(&pages),
                    Arc::clone(&seen),
                    reporter.clone(),
                ));
            }
        });
        Self {
            origin,
            asked,
            reports: reports.into(),
            place: None,
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

    /// The next thing that a page has to say.
    pub async fn report(&self) -> serde_json::Value {
        let report = timeout(LONG, async { self.reports.lock().await.recv().await });
        let report = report.await.expect("a report in time").expect("a report");
        serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}"))
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
    reporter: mpsc::UnboundedSender<String>,
) {
    let mut seen = Vec::new();
    let end = loop {
        match seen.windows(4).position(|end| end == b"\r\n\r\n") {
            Some(at) => break at + 4,
            None if !matches!(socket.read_buf(&mut seen).await, Ok(more) if more > 0) => return,
            None => {}
        }
    };
    let head = String::from_utf8_lossy(&seen[..end]).to_string();
    let size = (head.to_lowercase().lines())
        .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
        .unwrap_or(0);
    while seen.len() < end + size {
        if !matches!(socket.read_buf(&mut seen).await, Ok(more) if more > 0) {
            return;
        }
    }
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
    if path == "/report" {
        let _ = reporter.send(String::from_utf8_lossy(&seen[end..]).to_string());
    }
    let (status, extra, body) = match (pages.get(path), path) {
        (Some(body), _) => ("200 OK", "", body.clone()),
        (None, "/file") => (
            "200 OK",
            "Content-Disposition: attachment; filename=\"notes.txt\"\r\n",
            "notes".to_owned(),
        ),
        (None, "/broken") => ("500 Internal Server Error", "", String::new()),
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

impl From<Arrival> for Visitor {
    fn from(Arrival { page, events, .. }: Arrival) -> Self {
        Self {
            page,
            events,
            heard: Vec::new(),
        }
    }
}

impl Visitor {
    pub async fn new(stack: Stack) -> Self {
        Self::of(Pool::global().unwrap(), stack).await
    }

    pub async fn of(pool: &Pool, stack: Stack) -> Self {
        let wanted = Wanted {
            route: Route::Direct,
            ..Wanted::new(stack)
        };
        Self::wanted(pool, wanted).await
    }

    pub async fn wanted(pool: &Pool, wanted: Wanted) -> Self {
        UserPage::start(pool, wanted).await.unwrap().into()
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

    /// Waits until the browser has told that the page is there: what a document shows can be seen before.
    pub async fn is_at(&mut self, url: &str) {
        while self.page.url() != url {
            self.hears(|_| true).await;
        }
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
