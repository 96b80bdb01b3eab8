//! Who logs in wrongly, or by what is somebody else's, and who comes back by another's ticket.

use glare::server::Login;

use crate::changed::{Changed, command, example};
use crate::cli_support::Stand;
use crate::table::asking;
use crate::{alone, beside_others, wanted};

const REFUSES: &str = "if (given !== password(name)) return say({ no: 'wrong password' })";
const OPENING: &str = "    - hear: { welcome: \"{me}\" }\n      refused: { no: \"{reason}\" }\n";
/// Nothing on the line says whether a login is good.
const UNHEARD: [(&str, &str); 2] = [
    (OPENING, ""),
    (
        "dialect: accounts\n",
        "dialect: accounts\nanswers-within: 1s\nignore: [{ message: { welcome: \"{_}\" } }]\n",
    ),
];

/// What is asked here.
const CASES: [&str; 5] = ["1.23", "1.24", "1.25", "1.26", "3.67"];

/// Where each login is made for who logs in.
fn own() -> Login {
    Login::Command("echo secret-of-{me}".to_owned())
}

/// Each of these servers does one thing wrong.
#[test]
fn who_shows_what_is_not_his_own_is_not_let_in() {
    let accounts = example("accounts");
    asking(&CASES)
        .with_password(own())
        .holds(&accounts)
        // A name is taken before the password is looked at.
        .breaks(
            &["1.24"],
            &accounts.does(
                REFUSES,
                "const held = lines.has(name)\n    if (!held) lines.set(name, line)\n    if (held) return say({ no: 'taken' })\n    if (given !== password(name)) return say({ no: 'wrong password' })\n    lines.delete(name)",
            ),
        )
        // The first line of a user is ended before the password of the second is looked at.
        .breaks(
            &["1.25"],
            &accounts.does(REFUSES, &format!("lines.get(name)?.close(4001)\n    {REFUSES}")),
        )
        // A password is looked up, and not whose it is.
        .breaks(
            &["1.26"],
            &accounts.does(
                REFUSES,
                "if (!/^secret-of-(alice|bob|carol|dave|glare.*)$/.test(given)) return say({ no: 'wrong password' })",
            ),
        )
        // A ticket is good for whoever has it.
        .breaks(
            &["3.67"],
            &accounts.does("places.get(ticket)?.name !== line.name", "!places.has(ticket)"),
        )
        // A password is wanted, and not looked at: then another's is as good, and nobody can be asked who logs in wrongly first.
        .asking(&["1.23", "1.25", "1.26", "3.67"])
        .breaks(
            &["1.23", "1.26"],
            &accounts.does(REFUSES, "if (!given) return say({ no: 'wrong password' })"),
        )
        .ask_alone();
}

/// In whatever way a server refuses, it is a refusal.
#[test]
fn a_right_server_is_accused_of_nothing_however_it_refuses() {
    let by_path = [
        (
            ".on('connection', line => {",
            ".on('connection', (line, request) => {",
        ),
        (
            "  line.on('message', text => {\n",
            "  const asked = new URL(request.url, 'http://x').searchParams\n  login({ user: asked.get('user'), password: asked.get('password') })\n  line.on('message', text => {\n",
        ),
        ("    say({ welcome: name })\n", ""),
        (
            "  path: /\n",
            "  path: \"/?user={me|url}&password={password|url}\"\n",
        ),
        (
            "  then:\n    - message: { user: \"{me}\", password: \"{password}\" }\n",
            "",
        ),
        (OPENING, ""),
        ("say({ no: 'taken' })", "line.close(4409, 'taken')"),
    ];
    let late = (
        REFUSES,
        "if (given !== password(name)) return line.close(4401, 'wrong password')",
    );
    let early = (
        "port: process.argv[2],",
        "port: process.argv[2], verifyClient: ({ req }, done) => {\n  const asked = new URL(req.url, 'http://x').searchParams\n  done(asked.get('password') === password(asked.get('user')), 401, 'wrong password')\n},",
    );
    let within = [
        (
            "if (!line.name && typeof message?.user === 'string') login(message)",
            "if (!line.name && message?.user) login(message)\n    if (!line.name && message?.user);",
        ),
        ("    say({ welcome: name })\n", ""),
        (
            "  then:\n    - message: { user: \"{me}\", password: \"{password}\" }\n",
            "",
        ),
        (OPENING, ""),
        (
            "{ enter: \"{room}\" }",
            "{ enter: \"{room}\", user: \"{me}\", password: \"{password}\" }",
        ),
        (
            "{ back: \"{ticket}\" }",
            "{ back: \"{ticket}\", user: \"{me}\", password: \"{password}\" }",
        ),
        ("same-id: reject\n", ""),
        ("  others-ticket", "  taken: taken\n  others-ticket"),
    ];
    let plain = [
        ("wrong-login: wrong password", "wrong-login: true"),
        ("others-login: wrong password", "others-login: true"),
    ];
    let ended = (
        REFUSES,
        "if (given !== password(name)) return line.terminate()",
    );
    let accounts = example("accounts");
    let within = accounts.with(&within);
    asking(&CASES)
        .with_password(own())
        .holds(&accounts.with(&[&UNHEARD[..], &[late]].concat()))
        .holds(&accounts.with(&[&UNHEARD[..], &plain, &[ended]].concat()))
        .holds(&accounts.with(&[&by_path[..], &[late]].concat()))
        .holds(&accounts.with(&[&by_path[..], &[early]].concat()))
        // Who logs in on the way into a room has a line before.
        .asking(&["1.23", "1.26", "3.67"])
        .holds(&within)
        .asking(&["1.24", "1.25"])
        .is(&["unsupported"], "", &within)
        .ask_alone();
}

/// What nobody promised is a fact, also where it is that somebody is in another's place.
#[test]
fn what_is_good_for_whoever_has_it_is_a_fact() {
    let any = (REFUSES, "if (!given) return say({ no: 'wrong password' })");
    let unlogged = (
        "  wrong-login: wrong password\n  others-login: wrong password\n",
        "",
    );
    let unlooked = example("accounts").with(&[any, unlogged]);
    // By a ticket one takes the place over, and who had it is put out.
    let bearer = (
        "if (places.get(ticket)?.name !== line.name) return say({ no: 'no ticket of yours' })",
        "if (!places.has(ticket)) return say({ no: 'no ticket of yours' })\n    const before = places.get(ticket).line\n    if (before) before.ticket = undefined\n    before?.close(4001)",
    );
    let unbound = ("  others-ticket: no ticket of yours\n", "");
    asking(&["1.23", "1.26"])
        .with_password(own())
        .is(&["fact"], "", &unlooked)
        .asking(&["1.24"])
        .is(
            &["unsupported"],
            "the dialect `accounts` declares no `refusals: wrong-login`",
            &unlooked,
        )
        .asking(&["3.67"])
        .is(
            &["fact"],
            "the server granted carol's join, which it had to refuse",
            &example("accounts").with(&[bearer, unbound]),
        )
        .ask_alone();
}

/// Where all are given one login, nobody's is another's.
#[test]
fn one_login_for_all_is_nobodys_own() {
    let one = example("accounts").does("`secret-of-${name}`", "'for-all'");
    asking(&["1.23"])
        .with_password(Login::Value("for-all".to_owned()))
        .holds(&one)
        .asking(&["1.26"])
        .is(
            &["unsupported"],
            "carol and bob are given one login by the project file",
            &one,
        )
        .ask_alone();
}

/// A project with this server.
fn project(accounts: &Changed) -> Stand {
    let stand = accounts.stand();
    stand.write(
        "glare.toml",
        &format!(
            "[server]\ncommand = \"\"\"{}\"\"\"\ndialect = \"d.yaml\"\n\n[logins.all]\npassword = {{ command = \"echo secret-of-{{me}}\" }}\n",
            command()
        ),
    );
    stand
}

/// Among steps that begin together, too, it is a refusal that a line is let in and ended for its login.
#[test]
fn who_is_let_in_and_put_out_at_once_is_refused_beside_others_as_well() {
    if !wanted("examples") {
        return;
    }
    let _alone = alone();
    let scenario = "scenario: beside others
peers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire }, dave: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - pretend: { peer: bob, login: wrong }
  - pretend: { peer: carol, login: wrong }
  - together:
      - join: { peer: bob, room: lobby, refused: true }
      - connect: { peer: carol, refused: true }
      - join: { peer: dave, room: lobby }
  - pretend: { peer: bob, login: own }
  - join: { peer: bob, room: lobby }
";
    let unheard = example("accounts").with(&UNHEARD);
    let late = "if (given !== password(name)) return line.close(4401, 'wrong password')";
    let right = project(&unheard.does(REFUSES, late));
    right.write("x.yaml", scenario);
    right.glare(&["run", "x.yaml"]).ends(0).says("1 passed");
    let wrong = project(&unheard.does(REFUSES, "if (!given) return line.close(4401)"));
    wrong.write("x.yaml", scenario);
    wrong
        .glare(&["run", "x.yaml"])
        .ends(1)
        .complains("which it had to refuse");
}

/// The command gives each peer what the project file says, as a run does.
#[test]
fn a_server_that_wants_a_login_is_asked_with_that_of_the_project_file() {
    if !wanted("examples") {
        return;
    }
    let _beside_others = beside_others();
    let stand = project(&example("accounts"));
    let cases = ["validate", "--case", "1.24", "--case", "2.2"];
    stand.glare(&cases).ends(0).says("2 holds");
    // A password that is nobody's.
    let file = std::fs::read_to_string(stand.path("glare.toml")).expect("it is there");
    stand.write("glare.toml", &file.replace("secret-of", "no-secret-of"));
    let ran = stand.glare(&cases);
    ran.ends(5).says("2 inconclusive").says("wrong password");
}

/// Who was not let in dials anew, though the line that was refused has yet to end.
#[test]
fn who_was_refused_asks_again_on_a_line_of_its_own() {
    if !wanted("examples") {
        return;
    }
    let _alone = alone();
    let slowly = (
        REFUSES,
        "if (given !== password(name)) {\n      line._socket.pause()\n      setTimeout(() => line._socket.resume(), 300)\n      return say({ no: 'wrong password' })\n    }",
    );
    let stand = project(&example("accounts").with(&[slowly]));
    stand.write(
        "x.yaml",
        "scenario: again\npeers: { alice: { stack: wire }, bob: { stack: wire } }\nsteps:
  - create: { peer: alice, room: lobby }
  - pretend: { peer: bob, login: wrong }
  - join: { peer: bob, room: lobby, refused: wrong-login }
  - pretend: { peer: bob, login-of: alice }
  - join: { peer: bob, room: lobby, refused: others-login }
  - pretend: { peer: bob, login: own }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: peer-joined, from: bob }
",
    );
    stand.glare(&["run", "x.yaml"]).ends(0).says("1 passed");
}
