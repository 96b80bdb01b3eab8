// The real client of a major version. Orders come as lines: ["say", to, text], ["bytes", to, n], ["ack", to, text], ["until", transport], ["end"].
// What happens goes out as lines.
"use strict";
const [major, url, transports, me] = process.argv.slice(2);
const io = require(`socket.io-client-${major}`);
const socket = io(url, { transports: transports.split(","), query: { me }, reconnection: false, forceNew: true });
const tell = (...words) => console.log(JSON.stringify(words));
const encode = (data) => (typeof data === "string" ? data : `bytes ${Buffer.from(data).toString("hex")}`);
socket.on("connect", () => tell("connect"));
socket.on("said", (data) => tell("said", encode(data)));
socket.on("connect_error", (error) => tell("connect_error", error.message));
socket.on("disconnect", (why) => tell("disconnect", why));
const verbs = {
  say: (to, text) => socket.emit("say", to, text),
  bytes: (to, n) => socket.emit("say", to, Buffer.alloc(n, 7)),
  ack: (to, text) => socket.emit("say", to, text, (answer) => tell("ack", answer)),
  until: (name) => {
    const { engine } = socket.io;
    if (engine.transport.name === name) tell("is", name);
    else engine.on("upgrade", ({ name }) => tell("is", name));
  },
  end: () => socket.close(),
};
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [verb, ...words] = JSON.parse(line);
    verbs[verb](...words);
  })
  .on("close", () => process.exit(0));
