//! A driver, or a Firefox that needs none, in a network namespace of its own, as on another machine.
//!
//! The namespace has no name: it lives as long as the driver does, whose process group is a run's, so that it goes with the test, however
//! that ends. The wire between the namespaces goes with either.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use glare::names::Stack;
use glare::peer::browser::Programs;
use glare::run::{Group, Run};

use crate::browser_support::firefox;
use crate::cli_support::eventually;

/// Ports of a driver and of Firefox's own BiDi. In the new namespace nobody else has them.
const PORT: u16 = 9515;
const BIDI: u16 = 9300;

/// What the driver's process does first, when the wire is there.
const BEGIN: &str = r#"read -r go && ip address add "$1/30" dev eth0 && ip link set eth0 up && ip link set lo up && ip route add default via "$2" && shift 2 && exec "$@""#;

/// Which program is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chromedriver,
    Firefox,
    Geckodriver,
}

/// A driver or browser in its namespace.
pub struct Elsewhere {
    pub stack: Stack,
    kind: Kind,
    run: Run,
    group: Group,
    driver: Child,
    /// This side's address.
    pub here: Ipv4Addr,
    /// That of the driver or browser.
    pub there: SocketAddr,
    wire: String,
    /// Firefox's.
    tunnel: Option<TcpListener>,
}

/// Whether the tests with a namespace are to be played. Where they are not it is said, past what the test runner keeps to itself; where
/// they should be and cannot, the test fails.
pub fn wanted(stack: Stack) -> bool {
    let stacks = glare::suite::stacks().expect("GLARE_STACKS");
    let why = if std::env::var("GLARE_NETNS").is_ok_and(|value| value == "off") {
        "GLARE_NETNS=off"
    } else if !stacks.contains(&stack) {
        "GLARE_STACKS"
    } else {
        return true;
    };
    let line = format!("LEFT OUT: {stack} in another network namespace ({why})\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
    false
}

fn ip(arguments: &[&str]) {
    let done = Command::new("ip").args(arguments).output();
    let done = done.unwrap_or_else(|error| {
        panic!("no program `ip` ({error}): install iproute2, or leave these tests out by GLARE_NETNS=off")
    });
    assert!(
        done.status.success(),
        "`ip {}` failed: {}; a network namespace needs root (CAP_NET_ADMIN, CAP_SYS_ADMIN): \
         run the tests as root, or leave these out by GLARE_NETNS=off",
        arguments.join(" "),
        String::from_utf8_lossy(&done.stderr).trim(),
    );
}

impl Elsewhere {
    /// Starts a chromedriver there, or a Firefox.
    pub fn of(stack: Stack) -> Self {
        let run = Run::start().expect("a run");
        match stack {
            Stack::Firefox => {
                let words = firefox::command(run.folder(), BIDI);
                Self::start(run, Kind::Firefox, |_, _| words)
            }
            _ => {
                let programs = Programs::find(stack).expect("a browser and its driver");
                let driver = programs.driver.expect("a driver").display().to_string();
                Self::start(run, Kind::Chromedriver, |here, _| {
                    vec![
                        driver,
                        format!("--port={PORT}"),
                        format!("--allowed-ips={here}"),
                    ]
                })
            }
        }
    }

    /// Starts the geckodriver that GLARE_GECKODRIVER names; if it names none that is said, past what the test runner keeps to itself.
    pub fn behind_geckodriver() -> Option<Self> {
        let Ok(driver) = std::env::var("GLARE_GECKODRIVER") else {
            let line = b"LEFT OUT: Firefox behind a geckodriver elsewhere (GLARE_GECKODRIVER names none)\n";
            drop(std::io::stderr().write_all(line));
            return None;
        };
        let run = Run::start().expect("a run");
        Some(Self::start(run, Kind::Geckodriver, |_, there| {
            vec![
                driver,
                format!("--port={PORT}"),
                format!("--host={there}"),
                format!("--websocket-port={BIDI}"),
            ]
        }))
    }

    fn start(run: Run, kind: Kind, words: impl FnOnce(Ipv4Addr, Ipv4Addr) -> Vec<String>) -> Self {
        // Two addresses of those for tests between networks (RFC 2544), apart from other tests that run now.
        let pair = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + rand::random_range(0..1 << 15) * 4;
        let [here, there] = [1, 2].map(|own| Ipv4Addr::from(pair + own));
        let wire = format!("glare{:08x}", rand::random::<u32>());

        let mut command = Command::new("unshare");
        command
            .args(["--net", "sh", "-c", BEGIN, "sh"])
            .args([there.to_string(), here.to_string()])
            .args(words(here, there))
            .current_dir(run.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let group = run.group(&mut command);
        let mut driver = command.spawn().expect("unshare (package util-linux)");
        group.started(driver.id());
        let go = driver.stdin.take().expect("a pipe");
        let (stack, port) = match kind {
            Kind::Chromedriver => (Stack::Chromium, PORT),
            Kind::Geckodriver => (Stack::Firefox, PORT),
            Kind::Firefox => (Stack::Firefox, BIDI),
        };
        let mut this = Self {
            stack,
            kind,
            run,
            group,
            driver,
            here,
            there: (there, port).into(),
            wire,
            tunnel: None,
        };
        this.begin(go);
        this
    }

    fn begin(&mut self, mut go: std::process::ChildStdin) {
        let own = namespace("self").expect("this process has one");
        let pid = self.driver.id().to_string();
        eventually("the namespace", || {
            if let Some(status) = self.driver.try_wait().expect("it can be asked") {
                panic!(
                    "`unshare --net` failed ({status}): a network namespace needs root; \
                     run the tests as root, or leave these out by GLARE_NETNS=off"
                );
            }
            namespace(&pid).is_some_and(|other| other != own)
        });
        let wire = self.wire.as_str();
        let pair = ["type", "veth", "peer", "name", "eth0", "netns", &pid];
        ip(&[&["link", "add", wire], &pair[..]].concat());
        ip(&["address", "add", &format!("{}/30", self.here), "dev", wire]);
        ip(&["link", "set", wire, "up"]);
        writeln!(go, "go").expect("it reads");
        let there = self.there;
        if self.stack == Stack::Firefox {
            self.tunnel = Some(forward(&pid, there.ip()));
        }
        eventually("the driver or browser", || match self.kind {
            Kind::Firefox => firefox::has_session(there).is_some(),
            _ => TcpStream::connect_timeout(&there, Duration::from_secs(1)).is_ok(),
        });
    }

    /// `http://198.18.x.y:9515`, or `ws://198.18.x.y:9300`
    pub fn url(&self) -> String {
        match self.kind {
            Kind::Firefox => format!("ws://{}", self.there),
            _ => format!("http://{}", self.there),
        }
    }

    /// This side's end of the wire.
    pub fn wire(&self) -> PathBuf {
        Path::new("/sys/class/net").join(&self.wire)
    }

    /// How many sessions it has: chromedriver's own command; geckodriver and Firefox are ready for one if they have none.
    pub fn sessions(&self) -> usize {
        match self.kind {
            Kind::Chromedriver => self.asked("/sessions").as_array().expect("a list").len(),
            Kind::Geckodriver => usize::from(self.asked("/status")["ready"] != true),
            Kind::Firefox => firefox::has_session(self.there).expect("it answers").into(),
        }
    }

    /// What the driver says there.
    fn asked(&self, path: &str) -> serde_json::Value {
        let mut socket = TcpStream::connect(self.there).expect("the driver");
        let bounded = socket.set_read_timeout(Some(Duration::from_secs(20)));
        bounded.expect("a bound");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.there);
        socket.write_all(request.as_bytes()).expect("it reads");
        // It keeps the connection, whatever is asked for: the head says how long the answer is.
        let mut answer = BufReader::new(socket);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).expect("an answer");
            match line.to_lowercase().split_once(':') {
                Some(("content-length", count)) => length = count.trim().parse().expect("a number"),
                _ if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).expect("a body");
        let mut body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        body["value"].take()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.group.kill();
        drop(self.driver.wait());
        // It would keep the namespace.
        if let Some(tunnel) = self.tunnel.take() {
            // SAFETY: an open descriptor. Whoever accepts there gets an error.
            unsafe { libc::shutdown(tunnel.as_raw_fd(), libc::SHUT_RDWR) };
        }
        let wire = self.wire();
        drop(self.run.end());
        if !std::thread::panicking() {
            eventually("the end of the wire", || !wire.exists());
        }
    }
}

/// Firefox takes BiDi on its loopback only: what comes to the driver's address is passed on, as a tunnel would.
fn forward(process: &str, at: IpAddr) -> TcpListener {
    let namespace = std::fs::File::open(format!("/proc/{process}/ns/net")).expect("a namespace");
    let (ready, begun) = std::sync::mpsc::channel();
    // A thread of its own: it never comes back from there. Sockets that it makes are of the namespace, whoever uses them.
    std::thread::spawn(move || {
        // SAFETY: an open descriptor, and no memory.
        let entered = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
        assert_eq!(entered, 0, "setns: {}", std::io::Error::last_os_error());
        drop(namespace);
        let listener = TcpListener::bind((at, BIDI)).expect("a port");
        let other = listener.try_clone().expect("a copy");
        ready.send(other).expect("somebody waits");
        for caller in listener.incoming() {
            let Ok(caller) = caller else { return };
            if let Ok(browser) = TcpStream::connect((Ipv4Addr::LOCALHOST, BIDI)) {
                let both = [(&caller, &browser), (&browser, &caller)];
                for (from, to) in both.map(|(a, b)| (a.try_clone(), b.try_clone())) {
                    let (mut from, mut to) = (from.expect("a copy"), to.expect("a copy"));
                    std::thread::spawn(move || {
                        drop(std::io::copy(&mut from, &mut to));
                        drop(to.shutdown(Shutdown::Write));
                    });
                }
            }
        }
    });
    begun.recv().expect("it listens")
}

/// Which network namespace a process is in.
fn namespace(process: &str) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{process}/ns/net")).ok()
}
