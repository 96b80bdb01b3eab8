// A page's loop of long polls.
"use strict";
const tell = (...words) => console.log(JSON.stringify(words));
const poll = async () => {
  for (;;) {
    const answer = await fetch(process.argv[2]);
    for (const message of await answer.json()) tell("said", message);
  }
};
poll().catch((error) => tell("error", String(error)));
process.stdin.on("end", () => process.exit(0)).resume();
