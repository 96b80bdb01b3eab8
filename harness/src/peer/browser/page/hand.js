// The hand of a browser peer: does what it is told with the browser's own WebSocket, EventSource, fetch and RTCPeerConnection,
// and tells what happens. It decides nothing.
"use strict";
(() => {
  const links = new Map(); // number → { send(data), close(code, reason) }
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

  const heard = (link, data) => tell({ saw: "link-message", link, data: encode(data) });

  // A line that only the server speaks on.
  const deaf = (link, what) => () => {
    throw new Unsupported(
      `link ${link} is a line of ${what}, on which only the server speaks: say it by an HTTP request`,
    );
  };

  // Tells the end of a line, once; `close` is what ends it.
  const ending = (link, close) => {
    let over = false;
    return (code) => {
      if (over) return;
      over = true;
      close();
      tell({ saw: "link-closed", link, code, reason: "" });
    };
  };

  // What a poll's answer brings: the items of a JSON array, each as it is written, or all of it.
  const messages = (body) => {
    if (body.trim() === "") return [];
    try {
      if (!Array.isArray(JSON.parse(body))) return [body];
    } catch {
      return [body];
    }
    const items = [];
    let [depth, inside, from] = [0, false, 0];
    for (let at = 0; at < body.length; at++) {
      const char = body[at];
      if (inside) {
        if (char === "\\") at++;
        else if (char === '"') inside = false;
      } else if (char === '"') inside = true;
      else if ("[{".includes(char)) {
        if (++depth === 1) from = at + 1;
      } else if ("]}".includes(char)) {
        if (--depth === 0) items.push(body.slice(from, at).trim());
      } else if (char === "," && depth === 1) {
        items.push(body.slice(from, at).trim());
        from = at + 1;
      }
    }
    return items.filter((item) => item !== "");
  };

  const pause = (time) => new Promise((done) => setTimeout(done, time));

  const carriers = {
    "web-socket": ({ link, path, protocols }) => {
      const ws = new WebSocket(at(location.origin.replace(/^http/, "ws"), path), protocols);
      ws.binaryType = "arraybuffer";
      ws.onopen = () => tell({ saw: "link-opened", link });
      ws.onmessage = ({ data }) => heard(link, data);
      ws.onclose = ({ code, reason }) => tell({ saw: "link-closed", link, code, reason });
      return {
        send: (data) => ws.send(data),
        close: (code, reason) => (code == null ? ws.close() : ws.close(code, reason)),
      };
    },
    events: ({ link, path, via }) => {
      const source = new EventSource(at(location.origin, path));
      // Closed before it can dial again.
      const over = ending(link, () => source.close());
      source.onopen = () => tell({ saw: "link-opened", link });
      source.onerror = (event) => event instanceof MessageEvent || over(1006);
      for (const name of new Set(["message", ...via.names]))
        source.addEventListener(name, (event) => {
          if (event instanceof MessageEvent) heard(link, event.data);
        });
      return { send: deaf(link, "server-sent events"), close: () => over(1005) };
    },
    "long-poll": ({ link, path }) => {
      const url = at(location.origin, path);
      const stop = new AbortController();
      const over = ending(link, () => stop.abort());
      const headers = { "glare-line": String(link) };
      const init = { headers, mode: "same-origin", cache: "no-store", signal: stop.signal };
      const poll = async () => {
        // The first is on its way when this is told.
        const first = fetch(url, init);
        tell({ saw: "link-opened", link });
        for (let next = first; ; next = fetch(url, init)) {
          const begun = performance.now();
          const answer = await next;
          const body = await answer.text();
          if (stop.signal.aborted || !answer.ok) return over(1006);
          const came = messages(body);
          for (const message of came) heard(link, message);
          if (came.length === 0) await pause(50 - (performance.now() - begun));
          if (stop.signal.aborted) return;
        }
      };
      poll().catch(() => over(1006));
      return { send: deaf(link, "long polls"), close: () => over(1005) };
    },
    // How packets of engine.io travel; what they say, pings too, is for whoever drives this peer.
    "socket-io": ({ link, path, via }) => {
      const old = via.engine === "v3";
      const base = at(location.origin, path);
      const address = (transport, sid) =>
        `${base}${base.includes("?") ? "&" : "?"}EIO=${old ? 3 : 4}&transport=${transport}` +
        (old && transport === "polling" ? "&b64=1" : "") +
        (sid ? `&sid=${sid}` : "");
      const stop = new AbortController();
      let [ws, sid, paused, posting, waiting] = [null, null, false, null, []];
      const over = ending(link, () => {
        stop.abort();
        if (ws) ws.close();
      });
      const hear = (packet) => {
        if (typeof packet !== "string") {
          const bytes = new Uint8Array(packet);
          return heard(link, old && bytes[0] === 4 ? bytes.slice(1) : bytes);
        }
        if (packet === "1") return over(1006);
        if (["6", "3probe"].includes(packet)) return;
        const mark = old ? "b4" : "b";
        if (!packet.startsWith(mark)) return heard(link, packet);
        tell({ saw: "link-message", link, data: { bytes: packet.slice(mark.length) } });
      };
      const split = (body) => {
        if (!old) return body.split("\x1e");
        const packets = [];
        for (let at = 0; at < body.length; ) {
          const colon = body.indexOf(":", at);
          const length = /^[0-9]{1,9}$/.test(body.slice(at, colon)) ? Number(body.slice(at, colon)) : -1;
          const packet = body.substr(colon + 1, length);
          if (colon < 0 || length < 0 || packet.length !== length) throw new Error("no packet");
          packets.push(packet);
          at = colon + 1 + length;
        }
        return packets;
      };
      const join = (packets) =>
        old ? packets.map((one) => `${one.length}:${one}`).join("") : packets.join("\x1e");
      const exchange = async (body) => {
        const answer = await fetch(address("polling", sid), {
          method: body === undefined ? "GET" : "POST",
          headers: body === undefined ? {} : { "content-type": "text/plain;charset=UTF-8" },
          body,
          mode: "same-origin",
          cache: "no-store",
          signal: stop.signal,
        });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        return answer.text();
      };
      const post = async () => {
        while (waiting.length > 0 && !paused) {
          const packets = waiting.splice(0).map((data) => {
            if (typeof data === "string") return data;
            return `${old ? "b4" : "b"}${encode(data).bytes}`;
          });
          await exchange(join(packets));
        }
      };
      const put = (data) => {
        if (typeof data === "string" || !old) return ws.send(data);
        const bytes = new Uint8Array(data.length + 1);
        bytes[0] = 4;
        bytes.set(data, 1);
        ws.send(bytes);
      };
      const socket = () => {
        const made = new WebSocket(address("websocket", sid).replace(/^http/, "ws"));
        made.binaryType = "arraybuffer";
        return made;
      };
      const speak = (made) => {
        ws = made;
        ws.onmessage = ({ data }) => hear(data);
        ws.onclose = () => over(1006);
        for (const data of waiting.splice(0)) put(data);
      };
      // `polls` ends when it is paused: what stands comes to its end first.
      const upgrade = (polls) => {
        const made = socket();
        stop.signal.addEventListener("abort", () => made.close());
        made.onopen = () => made.send("2probe");
        made.onmessage = async ({ data }) => {
          if (data !== "3probe") return;
          paused = true;
          await Promise.all([polls(), posting]);
          made.send("5");
          speak(made);
        };
      };
      const poll = async () => {
        const first = split(await exchange());
        const open = JSON.parse(first[0].slice(1));
        sid = open.sid;
        tell({ saw: "link-opened", link });
        first.forEach(hear);
        let polls;
        if (via.start === "upgrade" && (open.upgrades ?? []).includes("websocket")) upgrade(() => polls);
        polls = (async () => {
          while (!paused && !stop.signal.aborted) split(await exchange()).forEach(hear);
        })();
        await polls;
      };
      if (via.start === "web-socket") {
        const made = socket();
        ws = made;
        made.onclose = () => over(1006);
        made.onmessage = ({ data }) => {
          tell({ saw: "link-opened", link });
          hear(data);
          speak(made);
        };
      } else poll().catch(() => over(1006));
      return {
        send: (data) => {
          if (stop.signal.aborted) return;
          if (!sid && !(ws && ws.onopen === null && ws.readyState === 1))
            throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
          if (ws) return put(data);
          waiting.push(data);
          posting = Promise.resolve(posting).then(post);
          posting.catch(() => over(1006));
        },
        close: () => {
          const bye = { method: "POST", body: join(["1"]), mode: "same-origin", keepalive: true };
          if (sid && !ws && !stop.signal.aborted) fetch(address("polling", sid), bye).catch(() => {});
          over(1005);
        },
      };
    },
  };

  // Each takes effect before its first await, so commands take effect in the order in which they come: those of a connection that `behind` holds,
  // behind it.
  const verbs = {
    "open-link": (command) => {
      links.set(command.link, carriers[command.via.by](command));
    },
    "send-text": ({ link, text }) => found(links, link, "link").send(text),
    "send-binary": ({ link, bytes }) => found(links, link, "link").send(decode({ bytes })),
    "close-link": ({ link, code, reason }) => found(links, link, "link").close(code, reason),
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
    for (const link of links.values()) link.close();
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
