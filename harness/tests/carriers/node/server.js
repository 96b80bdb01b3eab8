// A socket.io server of the major version that is asked for: what is said to a name goes to whoever has it.
"use strict";
const [major, transports] = process.argv.slice(2);
const http = require("http").createServer();
const { Server } = major === "2" ? { Server: require("socket.io-2") } : require("socket.io-4");
const options = { transports: transports.split(","), pingInterval: 2000, pingTimeout: 20000 };
const io = new Server(http, options);
io.on("connection", (socket) => {
  socket.join(socket.handshake.query.me);
  socket.on("say", (to, text, heard) => {
    io.to(to).emit("said", text);
    if (heard) heard("heard");
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
// Whoever has started this has gone.
process.stdin.on("end", () => process.exit(0)).resume();
