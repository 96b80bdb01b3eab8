//! A server that runs already, by its URL.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::cli_support::{GLARE, Stand, scenarios};
use glare_signaling_server::{Certificate, Options, Server as Reference};

/// The reference server, started by the test and not by glare.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let mut child = Command::new(GLARE)
            .args(["serve", "--port", "0"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("glare starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut line).expect("a line");
        let at = line
            .find("http")
            .unwrap_or_else(|| panic!("no URL in {line:?}"));
        let url = line[at..]
            .split_whitespace()
            .next()
            .expect("a URL")
            .to_owned();
        Self { child, url }
    }

    fn port(&self) -> &str {
        self.url.rsplit(':').next().expect("a port")
    }

    /// It was not ended by anybody.
    #[track_caller]
    fn still_runs(&mut self) {
        assert!(self.child.try_wait().expect("it can be asked").is_none());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn project(scenario: &str) -> String {
    scenarios().join(scenario).display().to_string()
}

#[test]
fn a_case_passes_against_a_server_that_runs_already_as_often_as_one_likes() {
    let mut server = Server::start(&[]);
    let stand = Stand::new();
    let rooms = project("rooms/happy-path.yaml");
    let refused = project("rooms/name-taken.yaml");
    // At once and one after the other: the names on the wire are each case's own, those in the log are the scenario's.
    let both = [
        "run",
        &rooms,
        &refused,
        "--server-url",
        &server.url,
        "--repeat",
        "4",
    ];
    stand.glare(&both).ends(0).says("2 passed");
    stand.glare(&both).ends(0).says("2 passed");
    let text = stand.records();
    assert!(
        text.contains(r#"lobby-"#),
        "names on the wire are the case's own"
    );
    server.still_runs();
}

#[test]
fn a_host_by_name_and_a_path_below_it_reach_the_server() {
    let server = Server::start(&[]);
    let happy = project("rooms/happy-path.yaml");
    let url = format!("http://localhost:{}/", server.port());
    Stand::new()
        .glare(&["run", &happy, "--server-url", &url])
        .ends(0);
    // The reference server has no such path, and says so: it was asked below it.
    let below = format!("{}/below", server.url);
    Stand::new()
        .glare(&["run", &happy, "--server-url", &below, "--logs"])
        .ends(1);
}

#[test]
fn what_needs_the_servers_process_is_unsupported() {
    let mut server = Server::start(&[]);
    for (scenario, step) in [
        ("rooms/restart-mid-join.yaml", "`restart`"),
        ("rooms/pause-mid-join.yaml", "`pause`"),
    ] {
        let path = project(scenario);
        Stand::new()
            .glare(&[
                "run",
                &path,
                "--server-url",
                &server.url,
                "--i-own-this-server",
            ])
            .ends(6)
            .says("1 unsupported")
            .says(step)
            .says("glare has started");
    }
    server.still_runs();
}

#[test]
fn what_is_nasty_needs_its_owner() {
    let mut server = Server::start(&[]);
    let garbage = project("reference/garbage-from-a-third.yaml");
    let arguments = ["run", &garbage, "--server-url", &server.url];
    Stand::new()
        .glare(&arguments)
        .ends(6)
        .says("1 unsupported")
        .says("--i-own-this-server");
    let owned: Vec<&str> = arguments
        .iter()
        .copied()
        .chain(["--i-own-this-server"])
        .collect();
    // Law 5 is asked by strangers, who have to name the server as peers do.
    Stand::new()
        .glare(&owned)
        .ends(0)
        .says("1 passed")
        .says("5 held");
    server.still_runs();
}

#[test]
fn strangers_stay_away_without_its_owner() {
    let server = Server::start(&[]);
    let vanishes = project("rooms/vanishes-unasked.yaml");
    Stand::new()
        .glare(&["run", &vanishes, "--server-url", &server.url])
        .ends(0)
        .says("5 vacuous, 6 vacuous");
    Stand::new()
        .glare(&[
            "run",
            &vanishes,
            "--server-url",
            &server.url,
            "--i-own-this-server",
        ])
        .ends(0)
        .says("5 held");
}

#[test]
fn a_fault_of_the_server_is_found_there_as_well() {
    let server = Server::start(&["--fault", "ghost-on-disconnect"]);
    Stand::new()
        .glare(&[
            "run",
            &project("rooms/mid-join-disconnect.yaml"),
            "--server-url",
            &server.url,
        ])
        .ends(1);
}

#[test]
fn a_server_that_is_not_there_is_an_environment_without_it() {
    // Bound and not listening: refused, and nobody else can take the port meanwhile.
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = closed.local_addr().expect("an address");
    let url = format!("http://{address}");
    let happy = project("rooms/happy-path.yaml");
    Stand::new()
        .glare(&["run", &happy, "--server-url", &url, "--ready-within", "1"])
        .ends(4)
        .complains(&format!("the server at {url} could not be reached in 1 s"))
        .complains(&format!("dialled {address}: Connection refused"));
    Stand::new()
        .glare(&[
            "run",
            &happy,
            "--server-url",
            "http://no-such-host.invalid",
            "--ready-within",
            "1",
        ])
        .ends(4)
        .complains("no address of no-such-host.invalid");
}

#[test]
fn a_server_with_tls_is_trusted_by_its_certificate_and_its_name() {
    let authority = glare::tls::Authority::new().expect("an authority");
    let stand = Stand::new();
    let identity = authority.identity(&["localhost"]).expect("a certificate");
    stand.write("ca.pem", authority.pem());
    let certificate = Certificate::from_pem(identity.certificate(), identity.key());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime
        .block_on(Reference::start(Options {
            certificate: Some(certificate.expect("PEM")),
            ..Options::default()
        }))
        .expect("a server");
    let port = server.address().port();
    let happy = project("rooms/happy-path.yaml");
    let named = format!("https://localhost:{port}");
    stand
        .glare(&["run", &happy, "--server-url", &named])
        .ends(2)
        .complains("--tls-ca");
    let run = [
        "run",
        &happy,
        "--tls-ca",
        "ca.pem",
        "--ready-within",
        "2",
        "--server-url",
    ];
    let at = |url: &str| stand.glare(&run.iter().copied().chain([url]).collect::<Vec<_>>());
    at(&named).ends(0).says("1 passed");
    // The certificate names no address.
    at(&format!("https://127.0.0.1:{port}"))
        .ends(4)
        .complains("no TLS with it");
    at(&named.replace("https", "http")).ends(2);
}

#[test]
fn a_project_file_names_it_too() {
    let mut server = Server::start(&[]);
    let stand = Stand::new();
    let happy = project("rooms/happy-path.yaml");
    stand.write(
        "glare.toml",
        &format!("[server]\nurl = \"{}\"\n", server.url),
    );
    stand.glare(&["run", &happy]).ends(0).says("1 passed");
    stand.write(
        "glare.toml",
        "[server]\nurl = \"ws://host\"\ncommand = \"x\"\n",
    );
    stand
        .glare(&["run", &happy])
        .ends(3)
        .complains("expected http://host:port")
        .complains("take one of them out");
    stand.write("glare.toml", "[server]\nurl = \"https://host\"\n");
    stand
        .glare(&["run", &happy])
        .ends(3)
        .complains("add `tls-ca");
    server.still_runs();
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let happy = project("rooms/happy-path.yaml");
    for (flags, word) in [
        (
            &["--server-url", "http://127.0.0.1:1", "--server", "x"][..],
            "cannot be used with",
        ),
        (
            &[
                "--server-url",
                "http://127.0.0.1:1",
                "--fault",
                "silent-refusal",
            ],
            "cannot be used with",
        ),
        (&["--i-own-this-server"], "there is no --server-url"),
        (&["--tls-ca", "x.pem"], "add --tls"),
        (
            &["--server-url", "http://me:hunter2@127.0.0.1:1"],
            "authorization",
        ),
        (
            &["--server-url", "http://me:hun@ter2@127.0.0.1:1"],
            "authorization",
        ),
        (&["--server-url", "ftp://me:hunter2@127.0.0.1"], "ftp"),
    ] {
        let arguments: Vec<&str> = ["run", &happy]
            .into_iter()
            .chain(flags.iter().copied())
            .collect();
        let ran = Stand::new().glare(&arguments).ends(2).complains(word);
        assert!(!(ran.out + &ran.err).contains("ter2"), "{}", ran.err);
    }
}

/// What the server is asked names it, not the tap.
#[test]
fn requests_name_the_server_and_the_path_below_which_it_lives() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = std::thread::spawn(move || {
        loop {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut text = Vec::new();
            let mut some = [0; 4096];
            while !text.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut some) {
                    Ok(count) if count > 0 => text.extend_from_slice(&some[..count]),
                    _ => break,
                }
            }
            // The first connection only looks whether there is somebody.
            if !text.is_empty() {
                return String::from_utf8(text).expect("a head");
            }
        }
    });
    let url = format!("http://localhost:{port}/below");
    let stand = Stand::new();
    let file = stand.write(
        "x.yaml",
        "scenario: x\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n",
    );
    stand
        .glare(&["run", &file.display().to_string(), "--server-url", &url])
        .ends(1);
    let head = asked.join().expect("a request");
    assert!(head.starts_with("GET /below/?userId=alice-"), "{head}");
    assert!(
        head.to_lowercase()
            .contains(&format!("\r\nhost: localhost:{port}\r\n")),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains(&format!("\r\norigin: http://localhost:{port}\r\n")),
        "{head}"
    );
}
