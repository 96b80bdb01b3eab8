//! A call of two that is over when one of them goes, of which the other is told before his line is closed; and lines on which something must be said
//! every so often.

use crate::changed::{Changed, example};
use crate::table::asking;

const SERVER: &str = "const { WebSocketServer } = require('ws')
const calls = new Map()
new WebSocketServer({ port: process.argv[2], host: '127.0.0.1' }).on('connection', (line, request) => {
  const name = decodeURIComponent(request.url.slice(1))
  const say = (message, to = line) => to.send(JSON.stringify(message))
  const over = () => {
    const call = line.call
    if (!call) return
    calls.delete(call.id)
    for (const other of call.lines) {
      other.call = undefined
      if (other !== line) { say({ over: call.id }, other); other.close(4100) }
    }
  }
  line.name = name
  line.on('error', () => {})
  line.on('close', over)
  line.on('message', text => {
    let message
    try { message = JSON.parse(text) } catch {}
    if (typeof message?.enter === 'string') {
      if (line.call) return say({ no: 'inside' })
      const call = calls.get(message.enter) ?? { id: message.enter, lines: [] }
      if (call.lines.length === 2) return say({ no: 'full' })
      calls.set(call.id, call)
      line.call = call
      say({ in: call.id, with: call.lines.map(({ name }) => name) })
      for (const other of call.lines) say({ came: name }, other)
      call.lines.push(line)
    } else if (message?.leave) {
      if (!line.call) return say({ no: 'outside' })
      over()
      say({ left: true })
    } else if (message?.to !== undefined) {
      const to = line.call?.lines.find(other => other !== line && other.name === message.to)
      if (to) say({ from: name, say: message.say ?? null }, to)
    } else say({ what: 'word' })
  })
})
";

const DIALECT: &str = "dialect: over
connect: { path: \"/{me|url}\" }
room-size: 2
refusals: { full: full, inside: inside, outside: outside }
say:
  create: join
  join: { message: { enter: \"{room}\" } }
  leave: { message: { leave: true } }
  offer: { message: { to: \"{peer}\", say: { offer: \"{sdp}\" } } }
  answer: { message: { to: \"{peer}\", say: { answer: \"{sdp}\" } } }
  candidate: { message: { to: \"{peer}\", say: { candidate: \"{candidate}\" } } }
  end-of-candidates: { message: { to: \"{peer}\", say: { candidate: null } } }
  fence: { message: { fence: true } }
hear:
  joined: { message: { in: \"{room}\", with: \"{with}\" } }
  left: { message: { left: true } }
  refused: { message: { no: \"{reason}\" } }
  fenced: { message: { what: word } }
  error: { message: { what: \"{reason}\" } }
  peer-joined: { message: { came: \"{peer}\" } }
  kicked: { message: { over: \"{_}\" } }
  offer: { message: { from: \"{peer}\", say: { offer: \"{sdp}\" } } }
  answer: { message: { from: \"{peer}\", say: { answer: \"{sdp}\" } } }
  candidate: { message: { from: \"{peer}\", say: { candidate: \"{candidate}\" } } }
  end-of-candidates: { message: { from: \"{peer}\", say: { candidate: null } } }
";

/// The room ends with either, as a call does: nobody promised otherwise.
#[test]
fn who_was_told_that_the_call_is_over_may_lose_his_line() {
    let right = Changed::of(SERVER, DIALECT);
    let untold = right.does("say({ over: call.id }, other); ", "");
    asking(&["2.10", "3.9", "3.13", "3.19", "8.1", "8.3", "8.4", "8.13"])
        .breaks_nothing(&right)
        // Whoever hears nothing of it has lost his line for nothing.
        .asking(&["8.1"])
        .breaks(&["8.1"], &untold)
        // What one says in his call is no reason to end those of others.
        .asking(&["7.1"])
        .breaks_nothing(&right)
        .breaks(
            &["7.1"],
            &right.does(
                "try { message = JSON.parse(text) } catch {}",
                "try { message = JSON.parse(text) } catch {
      for (const { id, lines } of calls.values()) for (const other of lines) if (other !== line) { say({ over: id }, other); other.close(4100) }
    }",
            ),
        )
        .ask();
}

/// Whether those inside hear who comes is nobody's promise here: a server may tell its host alone.
#[test]
fn who_comes_need_be_told_to_all_only_where_that_is_promised() {
    let meeting = example("meeting");
    let to_host = meeting.does(
        "tell(room, { came: me.name }, me)",
        "if (me !== hostOf(room)) say({ came: me.name }, hostOf(room).line)",
    );
    asking(&["3.1"])
        .holds(&meeting)
        .breaks(&["3.1"], &to_host)
        .is(
            &["fact"],
            "not so",
            &to_host.unsaid("announces-joining-within"),
        )
        .ask();
}

/// Strangers say it as well.
#[test]
fn whoever_strains_a_server_says_what_is_to_be_said_every_so_often() {
    asking(&["9.10"])
        .holds(
            &example("keepalive")
                .does("> 5000", "> 2500")
                .promises("endures: true\n"),
        )
        .ask();
}
