//! What a server does in a moment that one run sees, and the next does not: what is said of it is the same each time.

use crate::changed::{command, example};
use crate::cli_support::Ran;
use crate::{alone, wanted};

/// What `no-rooms` with these changes is found to be.
fn asked(cases: &[&str], changes: &[(&str, &str)]) -> Ran {
    let _alone = alone();
    let stand = example("no-rooms").with(changes).stand();
    let command = command();
    let mut flags = vec!["validate", "--server", &command, "--dialect", "d.yaml"];
    for number in cases {
        flags.extend(["--case", number]);
    }
    stand.glare(&flags)
}

const FREES: &str = "line.on('close', () => lines.delete(name))";
const LATE: &str = "line.on('close', () => setTimeout(() => lines.delete(name), 300))";
const TAKEN: &str = "return line.close(4009, 'name is taken')";

/// Nobody promised how soon the name of who has closed his line is free, where nobody is told of him.
#[test]
fn who_is_back_before_his_name_is_free_is_refused_which_is_a_fact() {
    if !wanted("examples") {
        return;
    }
    let told = "the server refused that, as it does while a name is in use (`same-id: reject`)";
    let by_a_word = [
        (
            FREES,
            "line.on('close', () => setTimeout(() => lines.delete(name), 300)); line.send('{\"welcome\":true}')",
        ),
        (TAKEN, "return line.send('{\"taken\":\"in use\"}')"),
        (
            "path: /?name={me|url}\n",
            "path: /?name={me|url}\n  then:\n    - hear: { welcome: true }\n      refused: { taken: \"{reason}\" }\n",
        ),
    ];
    for changes in [&[(FREES, LATE)][..], &by_a_word] {
        let ran = asked(&["10.2"], changes);
        assert!(ran.out.contains("1 fact in "), "{}", ran.out);
        assert!(ran.out.contains(told), "{}", ran.out);
    }
    // Who comes back to a server that ends all lines of his is not too soon.
    let never = (
        FREES,
        "line.on('close', () => lines.set(name, { send () {} }))",
    );
    let dead = (TAKEN, "return line.close(1011, 'what?')");
    let ran = asked(&["10.2"], &[never, dead]);
    assert!(ran.out.contains("1 broken in "), "{}", ran.out);
    // Nor is who never gets his name again.
    let ran = asked(&["10.2"], &[never]);
    assert!(ran.out.contains("1 broken in "), "{}", ran.out);
    assert!(ran.out.contains("and so later, too"), "{}", ran.out);
}

/// A line that is let in and ended at once is refused, too.
#[test]
fn a_second_line_that_is_ended_once_it_stands_is_refused() {
    if !wanted("examples") {
        return;
    }
    let cases = ["1.2", "1.3"];
    let ran = asked(&cases, &[]);
    assert!(ran.out.contains("2 holds in "), "{}", ran.out);
    let ran = asked(
        &cases,
        &[(
            "if (lines.has(name)) return line.close(4009, 'name is taken')\n",
            "",
        )],
    );
    assert!(ran.out.contains("2 broken in "), "{}", ran.out);
    assert!(
        ran.out
            .contains("the server let bob in a second time, which it had to refuse"),
        "{}",
        ran.out
    );
}

/// A server that writes behind its close frame in some of its processes.
#[test]
fn what_stands_behind_a_close_frame_now_and_then_is_looked_for_more_than_once() {
    if !wanted("examples") {
        return;
    }
    let errors = "line.on('error', () => {})";
    let behind = |when: &str| {
        format!(
            "line.on('error', () => {{ if ({when}) line._socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d])) }})"
        )
    };
    let counts = "const lines = new Map()\nconst { readFileSync, writeFileSync } = require('fs')\nlet nth = 0\ntry { nth = Number(readFileSync('nth')) } catch {}\nwriteFileSync('nth', String(nth + 1))\n";
    for (when, says) in [
        ("nth % 2 === 0", "1 broken in "),
        ("nth % 2 === 1", "1 broken in "),
        (
            "nth === 0",
            "once, and in none of 5 runs more: the server broke RFC 6455, section 5.5.1",
        ),
        (
            "nth === 2",
            "once, and in none of 5 runs more: the server broke RFC 6455, section 5.5.1",
        ),
        ("false", "1 holds in "),
    ] {
        let changes = [
            ("const lines = new Map()\n", counts),
            (errors, &behind(when)),
        ];
        let ran = asked(&["8.13"], &changes);
        assert!(ran.out.contains(says), "{when}\n{}", ran.out);
    }
}
