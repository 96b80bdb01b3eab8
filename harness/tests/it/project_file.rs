//! `glare.toml`: what it says, and what is said of its mistakes.

use std::path::Path;
use std::time::Duration;

use glare::project::Project;
use glare::record::{Recorder, What};
use glare::scenario::Scenario;
use glare::server::{AppFrom, Ready, ServerSpec};
use glare::terms::ServerLife;

fn variable(name: &str) -> Option<String> {
    match name {
        "KEY" => Some("a-long-secret".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn read(text: &str) -> Result<Project, String> {
    Project::read(Path::new("there/glare.toml"), text, variable)
        .map_err(|mistakes| mistakes.render(false))
}

#[test]
fn an_empty_one_is_the_reference_server_and_its_folder_of_scenarios() {
    let project = read("").expect("no mistakes");
    assert_eq!(project.scenarios, [Path::new("there/scenarios")]);
    assert!(matches!(project.server, ServerSpec::Embedded { .. }));
    assert_eq!(project.dialect.name(), "reference");
}

#[test]
fn all_of_it_is_taken_in() {
    let project = read(
        r#"
scenarios = ["a", "b/c.yaml"]
[server]
command = "serve {port}"
ready = "http:/health"
ready-within = 7
env = { LOG = "info", TOKEN = "x ${KEY} y" }
[headers]
authorization = "Bearer ${KEY}"
"#,
    )
    .expect("no mistakes");
    assert_eq!(
        project.scenarios,
        [Path::new("there/a"), Path::new("there/b/c.yaml")]
    );
    let ServerSpec::Command(spec) = &project.server else {
        panic!("{:?}", project.server)
    };
    assert_eq!(spec.command, "serve {port}");
    assert_eq!(spec.folder.as_deref(), Some(Path::new("there")));
    assert_eq!(spec.ready, Ready::Http("/health".into()));
    assert_eq!(spec.within, Duration::from_secs(7));
    let env = [("LOG", "info"), ("TOKEN", "x a-long-secret y")].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(spec.env, env);
    assert_eq!(
        project.headers,
        [("authorization".into(), "Bearer a-long-secret".into())]
    );
    assert_eq!(project.secrets, ["a-long-secret"]);
}

#[test]
fn nodes_and_what_is_beside_them_are_taken_in() {
    let project = read(
        r#"
[server]
command = "serve {port} {node} {redis} ${node}"
nodes = 2
one-process = true
[[beside]]
name = "redis"
command = "redis-server --port {port}"
ready = "line:Ready"
ready-within = 3
env = { A = "${KEY}" }
"#,
    )
    .expect("no mistakes");
    assert_eq!(project.server.nodes(), 2);
    let ServerSpec::Command(spec) = &project.server else {
        panic!("{:?}", project.server)
    };
    let [redis] = spec.beside.as_slice() else {
        panic!("{:?}", spec.beside)
    };
    assert_eq!((redis.name.as_str(), redis.spec.nodes), ("redis", 1));
    assert!(spec.one_process && !redis.spec.one_process);
    assert_eq!(redis.spec.ready, Ready::Line("Ready".into()));
    assert_eq!(redis.spec.within, Duration::from_secs(3));
    assert_eq!(redis.spec.env, [("A".into(), "a-long-secret".into())]);
    assert_eq!(redis.spec.folder.as_deref(), Some(Path::new("there")));
    // A shell's own variable is no mistake.
    assert!(read("[server]\ncommand = \"x ${node}\"").is_ok());
}

#[test]
fn mistakes_have_their_place_and_say_what_to_do() {
    for (text, line, words) in [
        ("[server]\ncomand = \"x\"", 2, "unknown field `comand`"),
        ("scenarios = 7", 1, "invalid type"),
        ("[server", 1, "unclosed table"),
        ("[server]\ncommand = \" \"", 2, "the command is empty"),
        (
            "[server]\ncommand = \"x\"\nready = \"soon\"",
            3,
            "`http:/path`",
        ),
        (
            "[server]\ncommand = \"x\"\nready-within = 0",
            3,
            "1 to 3600",
        ),
        ("[server]\ndialect = \"nowhere.yaml\"", 2, "cannot be read"),
        (
            "[server]\none-process = true",
            2,
            "`one-process` is about the processes of a `command`",
        ),
        ("[headers]\n\"a b\" = \"x\"", 2, "no header's name"),
        ("[headers]\nHost = \"x\"", 2, "for the peer to send"),
        ("[headers]\nA-b = \"x\"\na-b = \"y\"", 3, "here twice"),
        (
            "[headers]\nSec-WebSocket-Key = \"x\"",
            2,
            "for the peer to send",
        ),
        (
            "[headers]\na = \"x\\r\\nb: c\"",
            2,
            "no header can have this value",
        ),
        ("[headers]\na = \"${NOPE}\"", 2, "export NOPE="),
        ("[secrets]\na = \"${NOPE}\"", 2, "export NOPE="),
        ("[secrets]\na = \"abc\"", 2, "too short to be struck out"),
        ("[headers]\na = \"${EMPTY}\"", 2, "export EMPTY="),
        ("[headers]\na = \"${KEY\"", 2, "`${` without its `}`"),
        ("[server]\ncommand = \"x\"\nnodes = 0", 3, "1 to 8"),
        ("[server]\ncommand = \"x\"\nnodes = 100", 3, "1 to 8"),
        ("[server]\ncommand = \"x\"\nnodes = -1", 3, "1 to 8"),
        ("[server]\ncommand = \"x {node}\"", 2, "add `nodes = 2`"),
        ("[server]\nnodes = 2", 2, "processes of a `command`"),
        (
            "[server]\nurl = \"http://127.0.0.1:1\"\nnodes = 2",
            3,
            "processes of a `command`",
        ),
        (
            "[[beside]]\nname = \"a\"\ncommand = \"x\"",
            2,
            "for one that a `command` starts",
        ),
        (
            "[server]\ncommand = \"x\"\n[[beside]]\nname = \"port\"\ncommand = \"x\"",
            4,
            "means something else",
        ),
        (
            "[server]\ncommand = \"x\"\n[[beside]]\nname = \"A b\"\ncommand = \"x\"",
            4,
            "cannot be a name",
        ),
        (
            "[server]\ncommand = \"x\"\n[[beside]]\nname = \"a\"\ncommand = \"x\"\n[[beside]]\nname = \"a\"\ncommand = \"x\"",
            7,
            "here twice",
        ),
        (
            "[server]\ncommand = \"x\"\n[[beside]]\nname = \"a\"\ncommand = \" \"",
            5,
            "the command is empty",
        ),
        (
            "[server]\ncommand = \"x\"\n[[beside]]\nname = \"a\"",
            3,
            "missing field `command`",
        ),
    ] {
        let told = read(text).expect_err(text);
        assert!(told.contains(words), "{text}\n{told}");
        assert!(
            told.contains(&format!("glare.toml:{line}:")),
            "{text}\n{told}"
        );
        assert!(!told.contains("a-long-secret"), "{told}");
    }
}

#[test]
fn a_projects_secrets_are_struck_out_where_events_are_recorded() {
    let recorder = Recorder::with_secrets(None, vec!["a-long-secret".to_owned()].into());
    let text = "key=a-long-secret, and \"a-long-secret\"".to_owned();
    let life = ServerLife::Line { text };
    let seq = recorder.record(What::Server { life }, &[]);
    let event = recorder.event(seq).expect("recorded");
    let told = format!("{:?}", event.what);
    assert!(
        told.contains("<redacted>") && !told.contains("long"),
        "{told}"
    );
}

#[test]
fn a_server_at_a_url_is_somebody_elses_until_it_is_said_to_be_ones_own() {
    let text = "[server]\nurl = \"http://${KEY}:8080/below/\"\nready-within = 3\n";
    let project = read(text).expect("no mistakes");
    let spec = project.server.elsewhere().expect("a URL").clone();
    assert_eq!(spec.url.to_string(), "http://a-long-secret:8080/below");
    assert_eq!(spec.within, Duration::from_secs(3));
    assert!(!spec.owned);
    let own = project.owning_the_server();
    assert!(own.server.elsewhere().expect("a URL").owned);
}

#[test]
fn a_secret_that_a_scenario_fills_in_is_one_of_the_project_files() {
    let project = read("[secrets]\npassword = \"${KEY} & more\"\n").expect("no mistakes");
    assert_eq!(project.filled["password"], "a-long-secret & more");
    for form in [
        "a-long-secret & more",
        "a-long-secret%20%26%20more",
        "a-long-secret+%26+more",
    ] {
        assert!(
            project.secrets.iter().any(|one| one == form),
            "{:?}",
            project.secrets
        );
    }
    let scenario = |secret: &str| {
        let text = format!(
            "scenario: x\npeers: {{ alice: {{ app: / }} }}\nsteps:\n  - fill: {{ peer: alice, field: Name, secret: {secret} }}\n"
        );
        Scenario::read(Path::new("x.yaml"), &text).expect("no mistakes")
    };
    assert_eq!(project.has_secrets_of([&scenario("password")]), Ok(()));
    assert_eq!(
        project.has_secrets_of([&scenario("pasword")]),
        Err("x.yaml: the project file has no secret `pasword`; did you mean `password`?".into())
    );
    let told = crate::cli_support::Stand::new();
    told.write("x.yaml", "scenario: x\npeers: { alice: { app: / } }\nsteps:\n  - fill: { peer: alice, field: Name, secret: key }\n");
    told.glare(&["run", "x.yaml"])
        .ends(3)
        .complains("no secret `key`; add it to [secrets] in glare.toml");
}

#[test]
fn pages_come_from_a_command_or_from_where_they_are() {
    let project = read(
        "[app]\ncommand = \"vite --port {port}\"\nready = \"line:ready in\"\nready-within = 9\nenv = { SIGNALING = \"ws://{server}\" }\nnames = [\"localhost:8080\", \"Signal.test:443\"]\n",
    )
    .expect("no mistakes");
    let app = project.app.expect("an app");
    assert_eq!(app.names, ["localhost:8080", "signal.test:443"]);
    let AppFrom::Command(spec) = &app.from else {
        panic!("{app:?}");
    };
    assert_eq!(spec.command, "vite --port {port}");
    assert_eq!(spec.ready, Ready::Line("ready in".into()));
    assert_eq!(spec.within, Duration::from_secs(9));
    let project = read("[app]\nurl = \"http://localhost:5173/app\"\n").expect("no mistakes");
    assert!(matches!(
        project.app.map(|app| app.from),
        Some(AppFrom::Url(_, None))
    ));
    for (text, word) in [
        ("[app]\n", "says nowhere where its pages come from"),
        (
            "[app]\ncommand = \"x\"\nurl = \"http://x\"\n",
            "is started by its `command` or runs already at its `url`",
        ),
        (
            "[app]\nurl = \"https://x\"\n",
            "https needs `tls-ca`, whom to trust",
        ),
        (
            "[app]\nurl = \"https://x\"\ntls-ca = \"none.pem\"\n",
            "none.pem: No such file",
        ),
        (
            "[app]\nurl = \"http://x\"\ntls-ca = \"none.pem\"\n",
            "`tls-ca` says something about TLS, which is not spoken",
        ),
        (
            "[app]\ncommand = \"x\"\ntls-name = \"localhost\"\n",
            "`tls-name` says something about TLS, which is not spoken",
        ),
        (
            "[app]\nurl = \"http://x\"\nnames = [\"localhost\"]\n",
            "is not how a page calls a server",
        ),
        (
            "[app]\nurl = \"http://x\"\nnames = [\"http://localhost:80\"]\n",
            "is not how a page calls a server",
        ),
    ] {
        let told = read(text).expect_err(text);
        assert!(told.contains(word), "{text}\n{told}");
    }
}

#[test]
fn pages_come_by_https_from_whom_the_project_file_trusts() {
    let stand = crate::cli_support::Stand::new();
    let authority = glare::tls::Authority::new().expect("an authority");
    stand.write("cert.pem", authority.pem());
    let read = |more: &str| {
        let text =
            format!("[app]\nurl = \"https://localhost:5173/a\"\ntls-ca = \"cert.pem\"\n{more}");
        let path = stand.write("glare.toml", &text);
        Project::load(&path).map_err(|mistakes| mistakes.render(false))
    };
    for more in ["", "tls-name = \"pages.test\"\n"] {
        let project = read(more).expect("no mistakes");
        let app = project.app.expect("an app");
        assert!(matches!(app.from, AppFrom::Url(_, Some(_))), "{app:?}");
        assert!(project.security.is_none(), "that of the server is its own");
    }
    let name = read("tls-name = \"no name\"\n").expect_err("no name");
    assert!(name.contains("glare.toml:4:"), "{name}");
    stand.write("cert.pem", "nothing of the kind");
    let none = read("").expect_err("no certificate");
    assert!(none.contains("cert.pem: no certificates in PEM"), "{none}");
}
