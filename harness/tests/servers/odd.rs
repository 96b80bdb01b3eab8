//! Messages that are not as a client says them, to servers that read them without looking first.

use std::sync::PoisonError;

use crate::cli_support::Stand;
use crate::{ONE, breaks_alone, changed_server, folder, wanted};

/// A server of its own that speaks Socket.IO, with acknowledgements.
const ACKS: &str = r#"const { WebSocketServer } = require('ws')
const rooms = new Map()
let born = 0
new WebSocketServer({ port: process.argv[2], host: '127.0.0.1' }).on('connection', line => {
  const me = { id: `n${++born}`, line }
  let room
  const others = () => [...rooms.get(room) ?? []].filter(one => one !== me)
  const tell = (to, ...event) => to.line.send('42' + JSON.stringify(event))
  const leaves = () => {
    for (const one of others()) tell(one, 'gone', { id: me.id })
    rooms.get(room)?.delete(me)
    room = undefined
  }
  const asked = {
    join: wants => {
      if (typeof wants?.room !== 'string') return { no: 'room' }
      if (room) return { no: 'inside' }
      room = wants.room
      if (!rooms.has(room)) rooms.set(room, new Set())
      const inside = others().map(one => one.id)
      for (const one of others()) tell(one, 'came', { id: me.id })
      rooms.get(room).add(me)
      return { yes: inside }
    },
    leave: () => room ? (leaves(), { left: true }) : { no: 'outside' },
  }
  line.send('0' + JSON.stringify({ sid: me.id, upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000 }))
  line.on('message', packet => {
    const text = `${packet}`
    if (text.startsWith('40')) {
      line.send('40' + JSON.stringify({ sid: me.id }))
      return tell(me, 'hello', { id: me.id })
    }
    const [, number, json] = /^42(\d*)(\[.*)$/s.exec(text) ?? []
    let word, wants
    try { [word, wants] = JSON.parse(json) } catch { return }
    const ack = number ? answer => line.send(`43${number}` + JSON.stringify([answer])) : undefined
    if (word === 'say') others().filter(one => one.id === wants?.to).forEach(one => tell(one, 'said', { from: me.id, data: wants.data }))
    else if (Object.hasOwn(asked, word)) ack?.(asked[word](wants))
    else ack?.({ no: 'word' })
  })
  line.on('close', () => { if (room) leaves() })
  line.on('error', () => {})
})
"#;

const ACKS_SPOKEN: &str = r#"dialect: acks
framing: socket.io-4
connect:
  path: /socket.io/?EIO=4&transport=websocket
  then:
    - hear: [hello, { id: "{self}" }]
announces-joining-within: 1s
announces-leaving-within: 1s
say:
  create: join
  join: { message: [join, { room: "{room}" }], ack: true }
  leave: { message: [leave], ack: true }
  offer: { message: [say, { to: "{peer}", data: { offer: "{sdp}" } }] }
  answer: { message: [say, { to: "{peer}", data: { answer: "{sdp}" } }] }
  candidate: { message: [say, { to: "{peer}", data: { candidate: "{candidate}" } }] }
  end-of-candidates: { message: [say, { to: "{peer}", data: { candidate: null } }] }
hear:
  joined: { ack: [{ yes: "{with}" }] }
  left: { ack: [{ left: true }], of: leave }
  refused: { ack: [{ no: "{reason}" }] }
  peer-joined: { message: [came, { id: "{peer}" }] }
  peer-left: { message: [gone, { id: "{peer}" }] }
  offer: { message: [said, { from: "{peer}", data: { offer: "{sdp}" } }] }
  answer: { message: [said, { from: "{peer}", data: { answer: "{sdp}" } }] }
  candidate: { message: [said, { from: "{peer}", data: { candidate: "{candidate}" } }] }
  end-of-candidates: { message: [said, { from: "{peer}", data: { candidate: null } }] }
"#;

/// An event of Socket.IO may come without what goes with it, and without the wish for an acknowledgement.
#[test]
fn an_event_may_come_without_what_goes_with_it() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (broken, right, wrong) in [
        (&[][..], "", ""),
        (&["7.114", "7.118"], "wants?.", "wants."),
        (&["7.121", "7.122"], "ack?.(asked", "ack(asked"),
    ] {
        assert!(ACKS.contains(right), "{right}");
        let text = match right {
            "" => ACKS.to_owned(),
            right => ACKS.replace(right, wrong),
        };
        let stand = Stand::new();
        stand.write("server.js", &text);
        stand.write("d.yaml", ACKS_SPOKEN);
        breaks_alone(&stand, &["7.114", "7.118", "7.121", "7.122"], broken);
    }
}

/// What a message holds beside its word may be missing, or nothing that holds anything.
#[test]
fn what_comes_with_a_word_may_be_anything() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let flat = "{ enter: \"{room}\", as: \"{me}\" }";
    let spoken = swap(
        &spoken,
        flat,
        "{ enter: { room: \"{room}\", as: \"{me}\" } }",
    );
    let asks =
        "if (typeof message?.enter === 'string' && typeof message.as === 'string') enter(message)";
    let looks = "if (typeof message?.enter?.room === 'string' && typeof message.enter.as === 'string') enter({ enter: message.enter.room, as: message.enter.as })";
    let text = swap(&text, asks, looks);
    // What is no other word is one that comes in; and what is said is an object.
    let takes = "if (message && !message.back && !message.to && !message.leave && !message.glare) { if ('room' in message.enter) enter({ enter: message.enter.room, as: message.enter.as }) }";
    let other = "const other = others().find";
    let reads =
        "if ('offer' in message.say) line.offered = true\n      const other = others().find";
    let joins = ["7.113", "7.114", "7.115", "7.116"];
    let offers = ["7.117", "7.118", "7.119", "7.120"];
    for (broken, text) in [
        (&[][..], text.clone()),
        (&joins, swap(&text, looks, takes)),
        (&offers, swap(&text, other, reads)),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, &[joins, offers].concat(), broken);
    }
}

/// What `server.js` of the example `numbered` answers, and what it answers in its place where the numbers of two who ask at once get mixed up, or
/// where an answer has one that nobody has said.
const NUMBERED: &str = "say(line, { id, result: methods[message.method](message.params) })";
const MIXED_UP: &str = "latest = id; const result = methods[message.method](message.params); setTimeout(() => say(line, { id: latest, result }), 5)";
const ONE_MORE: &str = "say(line, { id: message.method === 'leave' ? id + 1 : id, result: methods[message.method](message.params) })";

#[test]
fn an_answer_under_the_number_of_another_request_is_noticed() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/numbered");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let (text, spoken) = (read("server.js"), read("dialect.yaml"));
    assert!(text.contains(NUMBERED));
    for (answers, broken) in [
        (NUMBERED, &[][..]),
        (MIXED_UP, &["6.17"]),
        (ONE_MORE, &["2.13"]),
    ] {
        let stand = Stand::new();
        let text = text.replace(NUMBERED, answers);
        stand.write("server.js", &format!("let latest\n{text}"));
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, &["2.13", "6.17"], broken);
    }
}

/// What answers a request there, be it granted or refused.
const ANSWERING: &str = r#"      say(line, { id, result: methods[message.method](message.params) })
    } catch (error) { say(line, { id, error: String(error) }) }"#;
/// The same where a line has one number, that of its last request.
const LAST_OF_THE_LINE: &str = r#"      line.latest = id
      const result = methods[message.method](message.params)
      setTimeout(() => say(line, { id: line.latest, result }), 5)
    } catch (error) { setTimeout(() => say(line, { id: line.latest, error: String(error) }), 5) }"#;
/// The same where what is refused is answered before what is granted.
const NO_BEFORE_YES: &str = r#"      const result = methods[message.method](message.params)
      setTimeout(() => say(line, { id, result }), 20)
    } catch (error) { say(line, { id, error: String(error) }) }"#;

/// Two requests of one peer are under way on one line: what a right server may make of that is no mix-up.
#[test]
fn answers_to_two_requests_on_one_line_have_a_number_each() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/numbered");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let (text, spoken) = (read("server.js"), read("dialect.yaml"));
    let no = "if (inside.size === 2 || inside.has(name)) throw 'no place'";
    let yes = "if (inside.has(name)) return [...inside.keys()].filter(one => one !== name)\n      if (inside.size === 2) throw 'no place'";
    let told_again = "if (inside.size - inside.has(name) === 2) throw 'no place'\n      inside.delete(name)\n      line.room = undefined";
    for (answers, joins, broken) in [
        (ANSWERING, no, &[][..]),
        (NO_BEFORE_YES, no, &[]),
        (ANSWERING, yes, &[]),
        (ANSWERING, told_again, &[]),
        (LAST_OF_THE_LINE, no, &["6.18"]),
        (LAST_OF_THE_LINE, yes, &["6.18"]),
    ] {
        let stand = Stand::new();
        let text = swap(&swap(&text, ANSWERING, answers), no, joins);
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, &["6.17", "6.18"], broken);
    }
    // Who takes a second request for a breach of the rules may end the line.
    let closes = "if (inside.has(name)) return line.close(1008)\n      if (inside.size === 2) throw 'no place'";
    let stand = Stand::new();
    stand.write("server.js", &swap(&text, no, closes));
    stand.write("d.yaml", &spoken);
    let server = changed_server();
    let flags = ["--server", &server, "--dialect", "d.yaml", "--case", "6.18"];
    let ran = stand.glare(&[&["validate"][..], &flags].concat());
    assert!(ran.out.contains("1 inconclusive"), "{}", ran.out);
    assert!(ran.out.contains("ended carol's line"), "{}", ran.out);
}

#[track_caller]
fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// What `server.js` of the example `long-poll` answers a request with, and what it does there where requests have numbers: the answer is the response, or
/// comes by the poll.
const RESPONDS: &str = "response.end(JSON.stringify(words[what](name, JSON.parse(body))))";
const BY_RESPONSE: &str = "const message = JSON.parse(body), { id } = message, said = words[what](name, message)\n      response.end(JSON.stringify({ id, ...said }))";
const BY_POLL: &str = "const message = JSON.parse(body), { id } = message, said = words[what](name, message)\n      response.end('{}')\n      tell(name, { id, ...said })";

/// The answer to a request by HTTP may be the response to it, or come by a poll: it has the number of that request either way.
#[test]
fn requests_by_http_have_numbers_too() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/long-poll");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let spoken = swap(
        &read("dialect.yaml"),
        "body: { room: \"{room}\" }",
        "body: { id: \"{number}\", room: \"{room}\" }",
    );
    let text = swap(
        &read("server.js"),
        "inside(room).map(([other]) => other)",
        "inside(room).map(([other]) => other).filter(other => other !== name)",
    );
    let joined = "{ http: \"POST /join/{me|url}\", status: 200, body: { others: \"{with}\" } }";
    let by_response = "{ http: \"POST /join/{me|url}\", status: 200, body: { id: \"{number}\", others: \"{with}\" } }";
    let by_poll = "{ message: { id: \"{number}\", others: \"{with}\" } }";
    for (answers, joins) in [(BY_RESPONSE, by_response), (BY_POLL, by_poll)] {
        let spoken = swap(&spoken, joined, joins);
        // The number of whoever asked last, and that of nobody.
        let last = format!(
            "latest = JSON.parse(body).id\n      setTimeout(() => {{ {} }}, 50)",
            swap(answers, "{ id } =", "id = latest, _ =")
        );
        let one_more = swap(answers, "{ id } = message", "id = message.id + 1000");
        for (answers, broken) in [
            (answers, &[][..]),
            (&last, &["6.17", "6.18"]),
            (&one_more, &["6.10", "6.17", "6.18"]),
        ] {
            let stand = Stand::new();
            let text = swap(&text, RESPONDS, answers);
            stand.write("server.js", &format!("let latest\n{text}"));
            stand.write("d.yaml", &spoken);
            breaks_alone(&stand, &["6.10", "6.17", "6.18"], broken);
        }
    }
}
