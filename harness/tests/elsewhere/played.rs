//! Browsers elsewhere: a driver in another network namespace is used in the place of this machine's.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::browser_support::{Tap, actor_at};
use crate::cli_support::{Ran, Stand, eventually, run, scenarios};
use crate::netns_support::{Elsewhere, wanted};
use glare::names::Stack;
use glare::peer::browser::{Pool, Remotes};
use glare::run::Run;
use rstest::rstest;

/// Played with the driver at this URL. There is no other: what it would be is named, and is none.
fn elsewhere(stand: &Stand, driver: &str, elsewhere: &Elsewhere, more: &[&str]) -> Command {
    let mut command = stand.command(&["run"]);
    if elsewhere.stack == Stack::Chromium {
        command.args(["--browser-arg", "chromium=--no-sandbox"]);
    }
    command
        .args(["--webdriver", &format!("{}={driver}", elsewhere.stack)])
        .args(["--advertise", &elsewhere.here.to_string()])
        .args(more)
        .env("GLARE_STACKS", format!("native,{}", elsewhere.stack));
    for program in ["CHROMIUM", "CHROMEDRIVER", "FIREFOX", "GECKODRIVER"] {
        command.env(format!("GLARE_{program}"), "/none");
    }
    command
}

fn project(scenario: &str) -> String {
    scenarios().join(scenario).display().to_string()
}

/// Firefox by itself, and behind a geckodriver where there is one.
#[rstest]
#[case(Stack::Chromium, false)]
#[case(Stack::Firefox, false)]
#[case(Stack::Firefox, true)]
fn pairs_connect_through_the_namespace_with_the_same_log(
    #[case] stack: Stack,
    #[case] geckodriver: bool,
) {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted(stack) {
        return;
    }
    let driver = match geckodriver {
        false => Elsewhere::of(stack),
        true => match Elsewhere::behind_geckodriver() {
            Some(driver) => driver,
            None => return,
        },
    };
    let happy = project("rooms/happy-path.yaml");
    let [alice, bob] = ["alice", "bob"].map(|peer| format!("{peer}={stack}"));
    let casts = ["--cast", &alice, "--cast", &bob];
    for more in [&[][..], &["--tls"]] {
        let arguments: Vec<&str> = casts.iter().chain(more).copied().chain([&*happy]).collect();
        let stand = Stand::new();
        // Compared with the snapshot that all casts have.
        run(&mut elsewhere(&stand, &driver.url(), &driver, &arguments))
            .ends(0)
            .says("3 passed")
            .says(&format!("{alice},{bob}"))
            .says(&format!("{alice},bob=native"))
            .says(&format!("alice=native,{bob}"));
        assert_eq!(driver.sessions(), 0, "sessions are deleted");
    }
}

#[test]
fn a_browser_that_can_only_be_asked_to_end_is_not_killed() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted(Stack::Chromium) {
        return;
    }
    let driver = Elsewhere::of(Stack::Chromium);
    let killed = project("closing/browser-killed.yaml");
    let arguments = ["--cast", "bob=chromium,alice=native", &killed];
    run(&mut elsewhere(
        &Stand::new(),
        &driver.url(),
        &driver,
        &arguments,
    ))
    // Nothing else was selected.
    .ends(6)
    .says("1 unsupported")
    .says("can only be asked to end");
}

#[test]
fn an_interrupted_run_deletes_its_sessions() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted(Stack::Chromium) {
        return;
    }
    let driver = Elsewhere::of(Stack::Chromium);
    let stand = Stand::new();
    // It waits 30 s for a time-out.
    let slow = project("closing/abrupt-drop.yaml");
    let arguments = ["--cast", "alice=chromium,bob=chromium", &slow];
    let mut command = elsewhere(&stand, &driver.url(), &driver, &arguments);
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = piped.spawn().expect("glare starts");
    eventually("a session", || driver.sessions() == 1);
    // SAFETY: a signal to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let output = child.wait_with_output().expect("it ends");
    let ran = Ran::of(&command, output);
    ran.ends(5).complains("interrupted");
    assert_eq!(driver.sessions(), 0);
}

/// They are at one address, and cookies know no ports.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_at_one_address_do_not_see_each_others_cookies() {
    let _alone = crate::OWN_BROWSERS.lock().await;
    if !wanted(Stack::Chromium) {
        return;
    }
    let driver = Elsewhere::of(Stack::Chromium);
    let here = driver.here.into();
    let url = driver.url().parse().expect("a URL");
    let remotes = Remotes::new(BTreeMap::from([(Stack::Chromium, url)]), here)
        .with_argument(Stack::Chromium, "--no-sandbox");
    let own = Run::start().expect("a run");
    let pool = Pool::with_remotes(own.clone(), remotes).expect("a pool");
    let seat = pool.seat(Stack::Chromium).await.expect("a seat");
    assert_eq!(seat.address(), here);
    drop(seat);
    let a = actor_at(&pool, Stack::Chromium, Tap::at(here).await).await;
    let b = actor_at(&pool, Stack::Chromium, Tap::at(here).await).await;
    a.fetches("/cookie").await;
    assert!(a.fetches("/seen").await.contains("tasty=yes"));
    assert_eq!(b.fetches("/seen").await, "");
    drop((a, b));
    pool.shutdown().await;
    assert_eq!(driver.sessions(), 0);
    own.end().expect("nothing is left");
}

/// A door before the driver that wants `me:hunter2`, as grids do. Counts whom it lets in, and whom not.
struct Door {
    address: SocketAddr,
    let_in: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Door {
    fn before(driver: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let this = Self {
            address: listener.local_addr().expect("an address"),
            let_in: Arc::default(),
            refused: Arc::default(),
        };
        let (let_in, refused) = (this.let_in.clone(), this.refused.clone());
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let (let_in, refused) = (let_in.clone(), refused.clone());
                std::thread::spawn(move || opens(caller, driver, &let_in, &refused));
            }
        });
        this
    }
}

fn opens(
    mut caller: TcpStream,
    driver: SocketAddr,
    let_in: &AtomicUsize,
    refused: &AtomicUsize,
) -> Option<()> {
    let mut head = Vec::new();
    let mut some = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = caller.read(&mut some).ok().filter(|count| *count > 0)?;
        head.extend_from_slice(&some[..count]);
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    // me:hunter2
    if !text.contains("\r\nauthorization: basic bwu6ahvudgvymg==\r\n") {
        refused.fetch_add(1, Ordering::SeqCst);
        let no = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return caller.write_all(no).ok();
    }
    let_in.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect(driver).ok()?;
    server.write_all(&head).ok()?;
    let (mut from, mut to) = (server.try_clone().ok()?, caller.try_clone().ok()?);
    std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    drop(std::io::copy(&mut caller, &mut server));
    server.shutdown(Shutdown::Write).ok()
}

#[test]
fn a_password_opens_the_door_and_is_told_nowhere() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted(Stack::Chromium) {
        return;
    }
    let driver = Elsewhere::of(Stack::Chromium);
    let door = Door::before(driver.there);
    let happy = project("rooms/happy-path.yaml");
    let arguments = ["--cast", "alice=chromium,bob=native", &happy];
    let stand = Stand::new();
    let told = |ran: &Ran| format!("{}{}{}", ran.out, ran.err, stand.records());
    for (password, status) in [("hunter2", 0), ("hunter3", 5)] {
        let url = format!("http://me:{password}@{}", door.address);
        let ran = run(&mut elsewhere(&stand, &url, &driver, &arguments)).ends(status);
        let told = told(&ran);
        assert!(!told.contains("hunter"), "{told}");
    }
    assert_eq!(
        driver.sessions(),
        0,
        "who deletes a session must name himself, too"
    );
    // A session, its WebSocket, and its end; then one who is not let in.
    assert_eq!(door.let_in.load(Ordering::SeqCst), 3);
    assert_eq!(door.refused.load(Ordering::SeqCst), 1);
}

#[test]
fn flags_that_cannot_be_right_are_refused_without_telling_a_password() {
    let happy = project("rooms/happy-path.yaml");
    let here = ["--advertise", "127.0.0.1"];
    for (flags, status, word) in [
        (
            &["--webdriver", "chromium=http://127.0.0.1:9"][..],
            2,
            "--advertise",
        ),
        (
            &[
                "--webdriver",
                "http://me:hunter2@127.0.0.1:9",
                here[0],
                here[1],
            ],
            2,
            "chromium=",
        ),
        (
            &[
                "--webdriver",
                "native=http://me:hunter2@127.0.0.1:9",
                here[0],
                here[1],
            ],
            2,
            "chromium= or firefox=",
        ),
        (
            &[
                "--webdriver",
                "chromium=https://me:hunter2@host",
                here[0],
                here[1],
            ],
            2,
            "by http only",
        ),
        (
            &[
                "--webdriver",
                "firefox=wss://me:hunter2@host",
                here[0],
                here[1],
            ],
            2,
            "a Firefox by ws",
        ),
        (
            &[
                "--webdriver",
                "chromium=ws://me:hunter2@host",
                here[0],
                here[1],
            ],
            2,
            "chromium=http://host:9515, its driver",
        ),
        (
            &[
                "--webdriver",
                "firefox=ws://me:hunter2@host",
                "--browser-arg",
                "firefox=-x",
                here[0],
                here[1],
            ],
            2,
            "that firefox runs already",
        ),
        (
            &[
                "--webdriver",
                "chromium=http://127.0.0.1:9",
                "--browser-arg",
                "firefox=-x",
                here[0],
                here[1],
            ],
            2,
            "--browser-arg",
        ),
        (
            &[
                "--webdriver",
                "chromium=http://127.0.0.1:9",
                "--advertise",
                "0.0.0.0",
            ],
            2,
            "others can dial",
        ),
        // RFC 5737: nobody's.
        (
            &[
                "--webdriver",
                "chromium=http://127.0.0.1:9",
                "--advertise",
                "203.0.113.9",
            ],
            4,
            "an address of this machine",
        ),
    ] {
        let arguments: Vec<&str> = ["run", &happy]
            .into_iter()
            .chain(flags.iter().copied())
            .collect();
        let ran = Stand::new().glare(&arguments).ends(status).complains(word);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    // Nobody listens there (a port below those that the system hands out).
    let dead = [
        "run",
        &happy,
        "--cast",
        "alice=chromium,bob=native",
        "--webdriver",
        "chromium=http://me:hunter2@127.0.0.1:9",
    ];
    let mut command = Stand::new().command(&[&dead[..], &here].concat());
    let stand = Stand::new();
    let ran = run(command
        .current_dir(stand.folder.path())
        .env("GLARE_STACKS", "native,chromium"))
    .ends(5)
    .says("no session with chromium at http://127.0.0.1:9: ");
    assert!(
        ran.out.contains("refused") && !ran.out.contains("hunter2"),
        "{}",
        ran.out
    );
}
