//! Messages that are not as a client says them, to servers that read them without looking first.

use crate::changed::{Changed, example};
use crate::table::asking;

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
    let acks = Changed::of(ACKS, ACKS_SPOKEN);
    asking(&["7.114", "7.118", "7.121", "7.122"])
        .holds(&acks)
        .breaks(&["7.114", "7.118"], &acks.does("wants?.", "wants."))
        .breaks(&["7.121", "7.122"], &acks.does("ack?.(asked", "ack(asked"))
        .ask();
}

/// What a message holds beside its word may be missing, or nothing that holds anything.
#[test]
fn what_comes_with_a_word_may_be_anything() {
    let looks = "if (typeof message?.enter?.room === 'string' && typeof message.enter.as === 'string') enter({ enter: message.enter.room, as: message.enter.as })";
    let tickets = example("tickets")
        .says(
            "{ enter: \"{room}\", as: \"{me}\" }",
            "{ enter: { room: \"{room}\", as: \"{me}\" } }",
        )
        .does(
            "if (typeof message?.enter === 'string' && typeof message.as === 'string') enter(message)",
            looks,
        );
    let joins = ["7.113", "7.114", "7.115", "7.116"];
    let offers = ["7.117", "7.118", "7.119", "7.120"];
    asking(&[joins, offers].concat())
        .holds(&tickets)
        // What is no other word is one that comes in.
        .breaks(
            &joins,
            &tickets.does(
                looks,
                "if (message && !message.back && !message.to && !message.leave && !message.glare) { if ('room' in message.enter) enter({ enter: message.enter.room, as: message.enter.as }) }",
            ),
        )
        // What is said is an object.
        .breaks(
            &offers,
            &tickets.does(
                "const other = others().find",
                "if ('offer' in message.say) line.offered = true\n      const other = others().find",
            ),
        )
        .ask();
}

#[test]
fn an_answer_under_the_number_of_another_request_is_noticed() {
    let numbered = example("numbered").begins("let latest\n");
    let answers = "say(line, { id, result: methods[message.method](message.params) })";
    asking(&["2.13", "6.17"])
        .holds(&numbered)
        // The numbers of two who ask at once get mixed up.
        .breaks(
            &["6.17"],
            &numbered.does(
                answers,
                "latest = id; const result = methods[message.method](message.params); setTimeout(() => say(line, { id: latest, result }), 5)",
            ),
        )
        // An answer has a number that nobody has said.
        .breaks(
            &["2.13"],
            &numbered.does(
                answers,
                "say(line, { id: message.method === 'leave' ? id + 1 : id, result: methods[message.method](message.params) })",
            ),
        )
        .ask();
}

/// Two requests of one peer are under way on one line: what a right server may make of that is no mix-up.
#[test]
fn answers_to_two_requests_on_one_line_have_a_number_each() {
    let numbered = example("numbered");
    let answering = r#"      say(line, { id, result: methods[message.method](message.params) })
    } catch (error) { say(line, { id, error: String(error) }) }"#;
    // What is refused is answered before what is granted.
    let no_before_yes = numbered.does(
        answering,
        r#"      const result = methods[message.method](message.params)
      setTimeout(() => say(line, { id, result }), 20)
    } catch (error) { say(line, { id, error: String(error) }) }"#,
    );
    // A line has one number, that of its last request.
    let last_of_the_line = numbered.does(
        answering,
        r#"      line.latest = id
      const result = methods[message.method](message.params)
      setTimeout(() => say(line, { id: line.latest, result }), 5)
    } catch (error) { setTimeout(() => say(line, { id: line.latest, error: String(error) }), 5) }"#,
    );
    let no = "if (inside.size === 2 || inside.has(name)) throw 'no place'";
    let yes = "if (inside.has(name)) return [...inside.keys()].filter(one => one !== name)\n      if (inside.size === 2) throw 'no place'";
    let told_again = "if (inside.size - inside.has(name) === 2) throw 'no place'\n      inside.delete(name)\n      line.room = undefined";
    // Who takes a second request for a breach of the rules may end the line.
    let closes = "if (inside.has(name)) return line.close(1008)\n      if (inside.size === 2) throw 'no place'";
    // Nor is it promised that who clicks twice is answered twice.
    let passes_over =
        "if (inside.has(name)) return undefined\n      if (inside.size === 2) throw 'no place'";
    let unanswered = numbered
        .unsaid("answers-within")
        .does(no, passes_over)
        .does("say(line, { id, result: methods[message.method](message.params) })", "const result = methods[message.method](message.params)\n      if (result !== undefined) say(line, { id, result })");
    asking(&["6.17", "6.18"])
        .holds(&numbered)
        .holds(&no_before_yes)
        .holds(&numbered.does(no, yes))
        .holds(&numbered.does(no, told_again))
        .breaks(&["6.18"], &last_of_the_line)
        .breaks(&["6.18"], &last_of_the_line.does(no, yes))
        .asking(&["6.18"])
        .is(
            &["fact"],
            "the server closed its signaling connection (close code 1008)",
            &numbered.unsaid("answers-within").does(no, closes),
        )
        .is(&["fact"], "join did not happen", &unanswered)
        .ask();
}

/// JSON-RPC: to say something to a peer is a request as any other.
#[test]
fn what_is_relayed_is_answered_once_and_under_its_own_number() {
    let numbered = example("numbered");
    let answers = "say(line, { id, result: methods[message.method](message.params) })";
    let answering = |instead: &str| {
        let done = "const result = methods[message.method](message.params), offers = message.params?.what?.offer\n      ";
        numbered.does(answers, &format!("{done}{instead}"))
    };
    asking(&["6.19"])
        .holds(&numbered)
        // It may come when who it is for has it, and has spoken himself.
        .holds(&answering("setTimeout(() => say(line, { id, result }), offers ? 50 : 0)"))
        .breaks(&["6.19"], &answering("if (!offers) say(line, { id, result })"))
        .breaks(
            &["6.19"],
            &answering("say(line, { id, result })\n      if (offers) say(line, { id, result })"),
        )
        // Two that one peer has said are answered under the number of the later one.
        .breaks(
            &["6.19"],
            &answering("line.latest = id; setTimeout(() => say(line, { id: line.latest, result }), offers ? 50 : 0)"),
        )
        .asking(&["4.31", "6.19"])
        // To be refused is to be answered, and to be told that nobody is there.
        .holds(&numbered.promises("absent-peer: error\n"))
        .ask();
}

/// Who keeps what is under way by its number finds nothing under a text (JSON-RPC 2.0, section 5).
#[test]
fn a_number_that_is_answered_as_a_text_is_another() {
    let answers = "say(line, { id, result: methods[message.method](message.params) })";
    let as_text = |id: &str| {
        example("numbered").does(answers, &answers.replace("{ id,", &format!("{{ id: {id},")))
    };
    let told = "an answer under a text that looks like the number of its request";
    let refused = example("numbered").does(
        "say(line, { id, error: String(error) })",
        "say(line, { id: id === null ? id : String(id), error: String(error) })",
    );
    asking(&["6.10", "6.17", "6.18"])
        .is(&["broken"], told, &as_text("String(id)"))
        .holds(&as_text("Number(id)"))
        .asking(&["6.18"])
        .is(&["broken"], told, &refused)
        // It is meant so.
        .asking(&["6.10", "6.17", "6.18"])
        .holds(&as_text("String(id)").says(
            "{ id: \"{number}\", result",
            "{ id: \"{number|json}\", result",
        ))
        .ask();
}

/// Without numbers an answer is to what was said first.
#[test]
fn what_is_relayed_is_answered_by_its_order_where_it_has_no_number() {
    let answers = "say(line, { id, result: methods[message.method](message.params) })";
    for (say, hear) in [
        // What is taken says its kind, or is one word for all.
        (
            "Object.keys(message.params.what)[0]",
            ["offer", "answer", "candidate"],
        ),
        ("1", ["1", "1", "1"]),
    ] {
        let answering = |instead: &str| {
            let done = "const result = methods[message.method](message.params)\n      if (message.method !== 'relay') return say(line, { id, result })\n      ";
            let mut changed = example("numbered").does(answers, &format!("{done}{instead}"));
            for (kind, word) in [
                ("offer", hear[0]),
                ("answer", hear[1]),
                ("candidate", hear[2]),
                ("end-of-candidates", hear[2]),
            ] {
                changed = changed.says(
                    &format!("{{ id: \"{{number}}\", result: true }}, of: {kind} }}"),
                    &format!("{{ took: {word} }}, of: {kind} }}"),
                );
            }
            changed
        };
        let took = format!("say(line, {{ took: {say} }})");
        let offers = "message.params.what.offer";
        asking(&["6.19"])
            .holds(&answering(&took))
            .breaks(&["6.19"], &answering(&format!("if (!{offers}) {took}")))
            .breaks(
                &["6.19"],
                &answering(&format!("{took}\n      if ({offers}) {took}")),
            )
            .ask();
    }
}

/// A version stands before the word, and is the same in all: it used to be that which was spoilt in the word's place.
#[test]
fn a_word_that_every_object_has_is_asked_of_who_says_a_version_first() {
    let versioned = example("numbered").says(
        "{ id: \"{number}\", method",
        "{ id: \"{number}\", jsonrpc: \"2.0\", method",
    );
    let looks = "if (!Object.hasOwn(methods, message.method)) throw";
    let by_prototype =
        format!("if (methods[message.method] === Object.prototype) process.exit(1)\n      {looks}");
    asking(&["7.37"])
        .holds(&versioned)
        .breaks(&["7.37"], &versioned.does(looks, &by_prototype))
        .ask();
}

/// The answer to a request by HTTP may be the response to it, or come by a poll: it has the number of that request either way.
#[test]
fn requests_by_http_have_numbers_too() {
    let polled = example("long-poll")
        .says(
            "body: { room: \"{room}\" }",
            "body: { id: \"{number}\", room: \"{room}\" }",
        )
        .does(
            "inside(room).map(([other]) => other)",
            "inside(room).map(([other]) => other).filter(other => other !== name)",
        )
        .begins("let latest\n");
    let mut table = asking(&["6.10", "6.17", "6.18"]);
    for (answers, joined) in [
        (
            "const message = JSON.parse(body), { id } = message, said = words[what](name, message)\n      response.end(JSON.stringify({ id, ...said }))",
            "{ http: \"POST /join/{me|url}\", status: 200, body: { id: \"{number}\", others: \"{with}\" } }",
        ),
        (
            "const message = JSON.parse(body), { id } = message, said = words[what](name, message)\n      response.end('{}')\n      tell(name, { id, ...said })",
            "{ message: { id: \"{number}\", others: \"{with}\" } }",
        ),
    ] {
        let polled = polled.says(
            "{ http: \"POST /join/{me|url}\", status: 200, body: { others: \"{with}\" } }",
            joined,
        );
        let answering = |answers: &str| {
            let right = "response.end(JSON.stringify(words[what](name, JSON.parse(body))))";
            polled.does(right, answers)
        };
        // The number of whoever asked last, and that of nobody.
        let last = answers.replace("{ id } =", "id = latest, _ =");
        let last =
            format!("latest = JSON.parse(body).id\n      setTimeout(() => {{ {last} }}, 50)");
        let one_more = answers.replace("{ id } = message", "id = message.id + 1000");
        table = table
            .holds(&answering(answers))
            .breaks(&["6.17", "6.18"], &answering(&last))
            .breaks(&["6.10", "6.17", "6.18"], &answering(&one_more));
    }
    table.ask();
}
