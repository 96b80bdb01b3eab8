// A real EventSource of npm: what it hears goes out as lines.
"use strict";
const EventSource = require("eventsource");
const source = new EventSource(process.argv[2]);
const tell = (...words) => console.log(JSON.stringify(words));
source.onopen = () => tell("open");
source.onerror = () => tell("error");
source.onmessage = ({ data }) => tell("said", data);
source.addEventListener("offer", ({ data }) => tell("offer", data));
process.stdin.on("end", () => process.exit(0)).resume();
