//! What a server does in a moment that one run sees, and the next does not: what is said of it is the same each time.

use crate::changed::{Changed, example};
use crate::table::asking;

const FREES: &str = "line.on('close', () => lines.delete(name))";
const LATE: &str = "line.on('close', () => setTimeout(() => lines.delete(name), 300))";
const TAKEN: &str = "return line.close(4009, 'name is taken')";

/// Nobody promised how soon the name of who has closed his line is free, where nobody is told of him.
#[test]
fn who_is_back_before_his_name_is_free_is_refused_which_is_a_fact() {
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
    // Who comes back to a server that ends all lines of his is not too soon.
    let never = (
        FREES,
        "line.on('close', () => lines.set(name, { send () {} }))",
    );
    let dead = (TAKEN, "return line.close(1011, 'what?')");
    let server = example("no-rooms");
    asking(&["10.2"])
        .is(&["fact"], told, &server.with(&[(FREES, LATE)]))
        .is(&["fact"], told, &server.with(&by_a_word))
        .breaks(&["10.2"], &server.with(&[never, dead]))
        // Nor is who never gets his name again.
        .is(&["broken"], "and so later, too", &server.with(&[never]))
        .ask_alone();
}

/// A line that is let in and ended at once is refused, too.
#[test]
fn a_second_line_that_is_ended_once_it_stands_is_refused() {
    let server = example("no-rooms");
    asking(&["1.2", "1.3"])
        .holds(&server)
        .is(
            &["broken"],
            "the server let bob in a second time, which it had to refuse",
            &server.does(
                "if (lines.has(name)) return line.close(4009, 'name is taken')\n",
                "",
            ),
        )
        .ask_alone();
}

/// A server that writes behind its close frame in some of its processes, of which this is the nth.
fn behind_its_close(when: &str) -> Changed {
    let behind = format!(
        "line.on('error', () => {{ if ({when}) line._socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d])) }})"
    );
    let counts = "const lines = new Map()\nconst { readFileSync, writeFileSync } = require('fs')\nlet nth = 0\ntry { nth = Number(readFileSync('nth')) } catch {}\nwriteFileSync('nth', String(nth + 1))\n";
    example("no-rooms")
        .does("const lines = new Map()\n", counts)
        .does("line.on('error', () => {})", &behind)
}

#[test]
fn what_stands_behind_a_close_frame_now_and_then_is_looked_for_more_than_once() {
    let once = "once, and in none of 5 runs more: the server broke RFC 6455, section 5.5.1";
    asking(&["8.13"])
        .breaks(&["8.13"], &behind_its_close("nth % 2 === 0"))
        .breaks(&["8.13"], &behind_its_close("nth % 2 === 1"))
        .is(&["fact"], once, &behind_its_close("nth === 0"))
        .is(&["fact"], once, &behind_its_close("nth === 2"))
        .holds(&behind_its_close("false"))
        .ask_alone();
}

/// It is no matter of another case where the one that asks for it sees it in one of its runs, be that the last.
#[test]
fn another_case_looks_as_often_as_the_one_that_asks_for_it() {
    asking(&["8.1"])
        .holds(&behind_its_close("false"))
        .holds(&behind_its_close("nth === 0 || nth === 5"))
        .ask_alone();
}
