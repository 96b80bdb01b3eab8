// The hand of a browser peer: does what it is told with the browser's own WebSocket, fetch and RTCPeerConnection, and
// tells what happens. It decides nothing.
"use strict";
(() => {
  const links = new Map(); // number → WebSocket
  const conns = new Map(); // number → { pc, channels: label → RTCDataChannel, closed, abandon }
  let line; // to the harness, which gave the address to this page only
  let silent = false;
  let batch = [];

  class Unsupported extends Error {}

  const tell = (happening) => {
    batch.push(happening);
    if (batch.length === 1) queueMicrotask(flush);
  };

  const flush = () => {
    if (batch.length > 0 && !silent) line.send(JSON.stringify({ told: batch }));
    batch = [];
  };

  const encode = (data) => {
    if (typeof data === "string") return { text: data };
    let bytes = "";
    for (const byte of new Uint8Array(data)) bytes += String.fromCharCode(byte);
    return { bytes: btoa(bytes) };
  };

  const decode = (data) =>
    "text" in data ? data.text : Uint8Array.from(atob(data.bytes), (char) => char.charCodeAt(0));

  const found = (map, key, what) => {
    const value = map.get(key);
    if (value === undefined) throw new Unsupported(`no ${what} ${key}`);
    return value;
  };

  // Host and scheme are never the caller's: everything goes to the peer's own tap.
  const at = (origin, path) => {
    if (!path.startsWith("/")) throw new Unsupported(`not a path: ${path}`);
    return origin + path;
  };

  const description = (made) => ({ description: { type: made.type, sdp: made.sdp } });

  const watchChannel = (conn, channels, dc) => {
    const label = dc.label;
    channels.set(label, dc);
    dc.binaryType = "arraybuffer";
    const state = (state) => () => tell({ saw: "channel-state", conn, label, state });
    dc.onopen = state("open");
    dc.onclosing = state("closing");
    dc.onclose = state("closed");
    dc.onerror = state("error");
    dc.onmessage = ({ data }) => tell({ saw: "channel-message", conn, label, data: encode(data) });
  };

  const watchConnection = (conn, pc, channels) => {
    const state = (machine, property) => () =>
      tell({ saw: "state", conn, machine, state: pc[property] });
    pc.onsignalingstatechange = state("signaling", "signalingState");
    pc.onicegatheringstatechange = state("ice-gathering", "iceGatheringState");
    pc.oniceconnectionstatechange = state("ice", "iceConnectionState");
    pc.onconnectionstatechange = state("connection", "connectionState");
    pc.onnegotiationneeded = () => tell({ saw: "negotiation-needed", conn });
    pc.onicecandidate = ({ candidate }) => {
      tell({ saw: "candidate", conn, candidate: candidate && candidate.toJSON() });
      conns.get(conn).finds();
    };
    pc.ondatachannel = (event) => {
      tell({ saw: "channel-added", conn, label: event.channel.label });
      watchChannel(conn, channels, event.channel);
    };
  };

  // If Chromium takes an offer back when it has begun to gather and found nothing yet, it never gathers again. So its remote offer waits for
  // the first candidate, and what is asked of that connection meanwhile waits behind it. Where nothing is ever found: no longer than this.
  const FINDS_WITHIN = 1000;
  const mayNeverGather = ({ pc, found }, { type }) =>
    navigator.userAgent.includes("Chrom") &&
    type === "offer" &&
    pc.signalingState === "have-local-offer" &&
    !found;
  const whenFound = (entry) =>
    new Promise((resolve) => {
      const before = entry.finds;
      entry.finds = () => {
        before();
        resolve();
      };
      setTimeout(resolve, FINDS_WITHIN);
    });

  const pcOf = (conn) => found(conns, conn, "connection").pc;
  const channelOf = (conn, label) =>
    found(found(conns, conn, "connection").channels, label, "channel");

  // Each takes effect before its first await, so commands take effect in the order in which they come: those of a connection that `behind` holds,
  // behind it.
  const verbs = {
    "open-link": ({ link, path, protocols }) => {
      const ws = new WebSocket(at(location.origin.replace(/^http/, "ws"), path), protocols);
      links.set(link, ws);
      ws.binaryType = "arraybuffer";
      ws.onopen = () => tell({ saw: "link-opened", link });
      ws.onmessage = ({ data }) => tell({ saw: "link-message", link, data: encode(data) });
      ws.onclose = ({ code, reason }) => tell({ saw: "link-closed", link, code, reason });
    },
    "send-text": ({ link, text }) => found(links, link, "link").send(text),
    "close-link": ({ link, code, reason }) => {
      const ws = found(links, link, "link");
      if (code == null) ws.close();
      else ws.close(code, reason);
    },
    fetch: async ({ method, path, headers, body }) => {
      const answer = await fetch(at(location.origin, path), {
        method,
        headers,
        body: body ?? undefined,
        mode: "same-origin",
        cache: "no-store",
      });
      return { response: { status: answer.status, body: await answer.text() } };
    },
    "new-connection": ({ conn }) => {
      const pc = new RTCPeerConnection({ iceServers: [] });
      const channels = new Map();
      // Browsers never settle what is pending when a connection closes (W3C WebRTC, section 4.4.1.2, chained operations).
      let abandon;
      const closed = new Promise((_, reject) => {
        abandon = () => reject(new Unsupported(`connection ${conn} was closed meanwhile`));
      });
      closed.catch(() => {});
      const entry = { pc, channels, closed, abandon, found: false, behind: null };
      entry.finds = () => (entry.found = true);
      conns.set(conn, entry);
      watchConnection(conn, pc, channels);
    },
    "create-channel": ({ conn, label, options }) => {
      const { pc, channels } = found(conns, conn, "connection");
      const init = { ordered: options.ordered };
      if (options.maxRetransmits != null) init.maxRetransmits = options.maxRetransmits;
      if (options.negotiated != null) Object.assign(init, { negotiated: true, id: options.negotiated });
      watchChannel(conn, channels, pc.createDataChannel(label, init));
    },
    "create-offer": async ({ conn, iceRestart }) =>
      description(await pcOf(conn).createOffer({ iceRestart })),
    "create-answer": async ({ conn }) => description(await pcOf(conn).createAnswer()),
    "set-local": async ({ conn, description: given }) => {
      const pc = pcOf(conn);
      await (given ? pc.setLocalDescription(given) : pc.setLocalDescription());
      return pc.localDescription ? description(pc.localDescription) : description(given);
    },
    "local-description": ({ conn }) => {
      const local = pcOf(conn).localDescription;
      if (!local) throw new Unsupported(`connection ${conn} has no local description`);
      return description(local);
    },
    "set-remote": ({ conn, description }) => {
      const entry = found(conns, conn, "connection");
      const { pc } = entry;
      if (!mayNeverGather(entry, description)) return pc.setRemoteDescription(description);
      const waits = whenFound(entry).then(() => (entry.behind = null));
      entry.behind = waits;
      return waits.then(() => pc.setRemoteDescription(description));
    },
    "add-candidate": ({ conn, candidate }) => pcOf(conn).addIceCandidate(candidate ?? undefined),
    "restart-ice": ({ conn }) => pcOf(conn).restartIce(),
    say: ({ conn, label, data }) => channelOf(conn, label).send(decode(data)),
    "close-channel": ({ conn, label }) => channelOf(conn, label).close(),
    "close-connection": ({ conn }) => {
      pcOf(conn).close();
      // After what the browser itself may still settle.
      setTimeout(conns.get(conn).abandon);
    },
    stats: async ({ conn }) => ({ stats: Object.fromEntries(await pcOf(conn).getStats()) }),
  };

  const carryOut = async (command) => {
    try {
      const verb = verbs[command.do];
      if (!verb) throw new Unsupported(`no command ${command.do}`);
      const conn = conns.get(command.conn);
      const open = conn && conn.pc.signalingState !== "closed";
      const behind = command.do === "close-connection" ? null : conn?.behind;
      const result = behind ? behind.then(() => verb(command)) : verb(command);
      return JSON.stringify((await (open ? Promise.race([result, conn.closed]) : result)) ?? "done");
    } catch (error) {
      return JSON.stringify(
        error instanceof Unsupported
          ? { unsupported: error.message }
          : { refused: { name: String(error?.name), message: String(error?.message ?? error) } },
      );
    }
  };

  // Everything closed, silently, and nothing kept for whoever has this page next.
  const end = () => {
    silent = true;
    for (const { pc } of conns.values()) pc.close();
    for (const ws of links.values()) ws.close();
    localStorage.clear();
    sessionStorage.clear();
    return JSON.stringify("done");
  };

  // A message is [number, command], and `null` for the end. Commands begin in the order in which they come.
  const obey = async ({ data }) => {
    const [number, command] = JSON.parse(data);
    const answer = command === null ? end() : await carryOut(command);
    flush();
    line.send(JSON.stringify({ answer: [number, answer] }));
    if (command === null) line.close();
  };

  // A call that does not get through is made again, and the trace says so.
  const call = (failed) => {
    line = new WebSocket(location.hash.slice(1));
    line.onmessage = obey;
    line.onopen = () => {
      line.onclose = null;
      const text = `the line to the harness came up at attempt ${failed + 1}`;
      if (failed > 0) tell({ saw: "console", level: "warn", text });
    };
    line.onclose = () => failed < 200 && setTimeout(call, 100, failed + 1);
  };
  call(0);
})();
