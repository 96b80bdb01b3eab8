//! Who logs in wrongly, or by what is somebody else's, and who comes back by another's ticket.

use crate::changed::{command, example};
use crate::cli_support::{Ran, Stand};
use crate::{alone, wanted};

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

/// A stand with the example and these changes; `logins` is what the project file gives.
fn stand(changes: &[(&str, &str)], logins: &str) -> Stand {
    let stand = example("accounts").with(changes).stand();
    let command = command();
    stand.write(
        "glare.toml",
        &format!(
            "[server]\ncommand = \"\"\"{command}\"\"\"\ndialect = \"d.yaml\"\n\n[logins.all]\npassword = {logins}\n"
        ),
    );
    stand
}

/// What that is found to be.
fn asked(cases: &[&str], changes: &[(&str, &str)], logins: &str) -> Ran {
    let _alone = alone();
    let mut flags = vec!["validate", "--project", "glare.toml"];
    for number in cases {
        flags.extend(["--case", number]);
    }
    stand(changes, logins).glare(&flags)
}

const OWN: &str = "{ command = \"echo secret-of-{me}\" }";

/// How it stands with each case that does not hold.
fn told(ran: &Ran, word: &str) -> Vec<String> {
    let lines = ran.out.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix(word)?;
        Some(
            line.split_whitespace()
                .next()?
                .trim_end_matches([':', ','])
                .to_owned(),
        )
    });
    lines.filter(|number| number.contains('.')).collect()
}

/// Each of these servers does one thing wrong.
#[test]
fn who_shows_what_is_not_his_own_is_not_let_in() {
    if !wanted("examples") {
        return;
    }
    for (number, right, wrong) in [
        // A password is wanted, and not looked at.
        (
            "1.23",
            REFUSES,
            "if (!given) return say({ no: 'wrong password' })",
        ),
        // A name is taken before the password is looked at.
        (
            "1.24",
            REFUSES,
            "const held = lines.has(name)\n    if (!held) lines.set(name, line)\n    if (held) return say({ no: 'taken' })\n    if (given !== password(name)) return say({ no: 'wrong password' })\n    lines.delete(name)",
        ),
        // The first line of a user is ended before the password of the second is looked at.
        (
            "1.25",
            REFUSES,
            &format!("lines.get(name)?.close(4001)\n    {REFUSES}"),
        ),
        // A password is looked up, and not whose it is.
        (
            "1.26",
            REFUSES,
            "if (!/^secret-of-(alice|bob|carol|dave|glare.*)$/.test(given)) return say({ no: 'wrong password' })",
        ),
        // A ticket is good for whoever has it.
        (
            "3.67",
            "places.get(ticket)?.name !== line.name",
            "!places.has(ticket)",
        ),
    ] {
        let ran = asked(&CASES, &[(right, wrong)], OWN);
        let broken = told(&ran, "broken");
        assert!(
            broken.iter().any(|one| one == number),
            "{number}\n{}",
            ran.out
        );
        let others = broken.iter().filter(|one| *one != number).count();
        // Where no password is looked at, another's is as good.
        assert!(
            others == 0 || number == "1.23",
            "{number}: {broken:?}\n{}",
            ran.out
        );
    }
}

/// In whatever way a server refuses, it is a refusal.
#[test]
fn a_right_server_is_accused_of_nothing_however_it_refuses() {
    if !wanted("examples") {
        return;
    }
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
    for (holds, changes) in [
        (5, vec![]),
        (5, [&UNHEARD[..], &[late]].concat()),
        (5, [&UNHEARD[..], &plain, &[ended]].concat()),
        (5, [&by_path[..], &[late]].concat()),
        (5, [&by_path[..], &[early]].concat()),
        // Who logs in on the way into a room has a line before.
        (3, within.to_vec()),
    ] {
        let ran = asked(&CASES, &changes, OWN);
        assert!(
            ran.out.contains(&format!("{holds} holds")),
            "{changes:?}\n{}",
            ran.out
        );
        for word in ["broken", "inconclusive", "fact"] {
            assert_eq!(told(&ran, word), [""; 0], "{changes:?}\n{}", ran.out);
        }
    }
}

/// What nobody promised is a fact, also where it is that somebody is in another's place.
#[test]
fn what_is_good_for_whoever_has_it_is_a_fact() {
    if !wanted("examples") {
        return;
    }
    let any = (REFUSES, "if (!given) return say({ no: 'wrong password' })");
    let unlogged = (
        "  wrong-login: wrong password\n  others-login: wrong password\n",
        "",
    );
    let ran = asked(&["1.23", "1.24", "1.26"], &[any, unlogged], OWN);
    assert_eq!(told(&ran, "fact"), ["1.23", "1.26"], "{}", ran.out);
    assert!(
        ran.out
            .contains("1.24: the dialect `accounts` declares no `refusals: wrong-login`"),
        "{}",
        ran.out
    );
    // By a ticket one takes the place over, and who had it is put out.
    let bearer = (
        "if (places.get(ticket)?.name !== line.name) return say({ no: 'no ticket of yours' })",
        "if (!places.has(ticket)) return say({ no: 'no ticket of yours' })\n    const before = places.get(ticket).line\n    if (before) before.ticket = undefined\n    before?.close(4001)",
    );
    let unbound = ("  others-ticket: no ticket of yours\n", "");
    let ran = asked(&["3.67"], &[bearer, unbound], OWN);
    assert_eq!(told(&ran, "fact"), ["3.67"], "{}", ran.out);
    assert!(
        ran.out
            .contains("the server granted carol's join, which it had to refuse"),
        "{}",
        ran.out
    );
}

/// Where all are given one login, nobody's is another's.
#[test]
fn one_login_for_all_is_nobodys_own() {
    if !wanted("examples") {
        return;
    }
    let one = ("`secret-of-${name}`", "'for-all'");
    let ran = asked(&["1.23", "1.26"], &[one], "\"for-all\"");
    assert!(ran.out.contains("1 holds, 1 unsupported"), "{}", ran.out);
    assert!(
        ran.out
            .contains("1.26: carol and bob are given one login by the project file"),
        "{}",
        ran.out
    );
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
    let stand = stand(&[slowly], OWN);
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
