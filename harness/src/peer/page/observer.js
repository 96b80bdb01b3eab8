// Sees the page's connections, in the page's own world, and changes nothing that the page can see. What it stands on is taken before the page's first
// script runs, and nothing that the page can replace is called afterwards: no iterator, no method of a prototype, no property that is not its own.
// It hangs on no promise that the page gets: that would handle a rejection which the page does not. So a call that throws is seen, a promise that is
// rejected is the page's own matter.
"use strict";
const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const of = (method) => (self, ...args) => apply(method, self, args);
const getterOf = (owner, name) => {
  const get = owner && getOwnPropertyDescriptor(owner, name)?.get;
  return get ? (self) => apply(get, self, []) : () => undefined;
};
const getter = (owner, name) => getterOf(globalThis[owner]?.prototype, name);
const bus = performance;
const dispatch = of(EventTarget.prototype.dispatchEvent);
const listen = of(EventTarget.prototype.addEventListener);
const prevent = of(Event.prototype.preventDefault);
const Told = CustomEvent;
const stringify = JSON.stringify;
const find = of(String.prototype.indexOf);
const cut = of(String.prototype.slice);
const take = of(WeakMap.prototype.get);
const keep = of(WeakMap.prototype.set);
const encode = of(TextEncoder.prototype.encode);
const encoder = new TextEncoder();

// A document that takes the place of an empty one may have its world: once is enough.
if (!dispatch(bus, new Told("SECRET there", { __proto__: null, cancelable: true }))) return;
listen(bus, "SECRET there", (event) => prevent(event));

const tell = (said) => {
  try {
    dispatch(bus, new Told("SECRET", { __proto__: null, detail: stringify(said) }));
  } catch {
    // The page's stack is used up.
  }
};

const domName = getter("DOMException", "name");
const domMessage = getter("DOMException", "message");
const typeErrors = TypeError.prototype;
const refused = (conn, call, error) => {
  let text = "an error of the page's own";
  try {
    text = `${domName(error)}: ${domMessage(error)}`;
  } catch {
    if (typeof error === "object" && error !== null && getPrototypeOf(error) === typeErrors) {
      text = `TypeError: ${getOwnPropertyDescriptor(error, "message")?.value}`;
    }
  }
  tell({ __proto__: null, saw: "refused", conn, call, error: text });
};

// What stands in a function's place is a proxy of it: its name, length and properties are the function's own. What it is as text is asked of the function.
// All documents of an origin share what they know, since each can ask the other's functions.
const natives = (() => {
  for (const near of [globalThis.parent, globalThis.opener]) {
    try {
      if (!near || near === globalThis) continue;
      const known = { __proto__: null, natives: null };
      dispatch(near.performance, new Told("SECRET natives", { __proto__: null, detail: known }));
      if (known.natives) return known.natives;
    } catch {
      // Of another origin.
    }
  }
  return new WeakMap();
})();
const detailOf = getter("CustomEvent", "detail");
listen(bus, "SECRET natives", (event) => {
  detailOf(event).natives = natives;
});
const replace = (owner, name, handler) => {
  const described = owner && getOwnPropertyDescriptor(owner, name);
  if (typeof described?.value !== "function") return;
  const native = described.value;
  described.value = new Proxy(native, handler);
  keep(natives, described.value, native);
  defineProperty(owner, name, described);
};
replace(Function.prototype, "toString", {
  __proto__: null,
  apply: (target, self, args) => apply(target, (typeof self === "function" && take(natives, self)) || self, args),
});

// `before` sees the call and may keep something, `after` sees what came of it.
const watchCall = (owner, name, before, after) =>
  replace(globalThis[owner]?.prototype, name, {
    __proto__: null,
    apply(target, self, args) {
      let kept;
      let result;
      try {
        kept = before?.(self, args);
      } catch {
        // The page's stack is used up, which is for the call itself to say.
      }
      try {
        result = apply(target, self, args);
      } catch (error) {
        refused(connOf(self), name, error);
        throw error;
      }
      try {
        after?.(self, args, result, kept);
      } catch {
        // As before.
      }
      return result;
    },
  });

const conns = new WeakMap(); // connection → what is known of it
const channels = new WeakMap(); // channel → its numbers
let connCount = 0;
let channelCount = 0;
const isObject = (self) => (typeof self === "object" && self !== null) || typeof self === "function";
const known = (map, self) => (isObject(self) ? take(map, self) : undefined);
const connOf = (self) => (known(conns, self) ?? known(channels, self))?.conn ?? null;

const trustedOf = (() => {
  const described = getOwnPropertyDescriptor(new Event("x"), "isTrusted") ?? getOwnPropertyDescriptor(Event.prototype, "isTrusted");
  return described?.get ? of(described.get) : () => true;
})();
// What the page itself dispatches has not happened.
const on = (self, type, then) =>
  listen(self, type, (event) => {
    if (trustedOf(event)) then(event);
  });

const machines = [
  ["signaling", "signalingstatechange", getter("RTCPeerConnection", "signalingState")],
  ["ice-gathering", "icegatheringstatechange", getter("RTCPeerConnection", "iceGatheringState")],
  ["ice", "iceconnectionstatechange", getter("RTCPeerConnection", "iceConnectionState")],
  ["connection", "connectionstatechange", getter("RTCPeerConnection", "connectionState")],
];

const localOf = getter("RTCPeerConnection", "localDescription");
const remoteOf = getter("RTCPeerConnection", "remoteDescription");
const typeOf = getter("RTCSessionDescription", "type");
const sdpOf = getter("RTCSessionDescription", "sdp");
const fingerprintIn = (sdp) => {
  const at = find(sdp, "a=fingerprint:");
  if (at < 0) return null;
  const end = find(sdp, "\r", at);
  return cut(sdp, at + 14, end < 0 || end > at + 300 ? at + 300 : end);
};
const describe = (description, local, its) => {
  if (!description) return;
  const sdp = sdpOf(description);
  const before = local ? its.local : its.remote;
  if (sdp === before) return;
  if (local) its.local = sdp;
  else its.remote = sdp;
  tell({ __proto__: null, saw: "description", conn: its.conn, local, kind: typeOf(description), fingerprint: fingerprintIn(sdp) });
};

const candidateOf = getter("RTCPeerConnectionIceEvent", "candidate");
const candidateText = getter("RTCIceCandidate", "candidate");
const candidateMid = getter("RTCIceCandidate", "sdpMid");
const candidateLine = getter("RTCIceCandidate", "sdpMLineIndex");
const candidateUser = getter("RTCIceCandidate", "usernameFragment");
const failureCode = getter("RTCPeerConnectionIceErrorEvent", "errorCode");
const failureText = getter("RTCPeerConnectionIceErrorEvent", "errorText");
const channelOf = getter("RTCDataChannelEvent", "channel");
const trackOf = getter("RTCTrackEvent", "track");
const kindOf = getter("MediaStreamTrack", "kind");

const watchConnection = (pc) => {
  const conn = ++connCount;
  const its = { __proto__: null, conn, local: null, remote: null, asked: false, closed: false };
  keep(conns, pc, its);
  tell({ __proto__: null, saw: "connection", conn });
  for (let at = 0; at < machines.length; at++) {
    const machine = machines[at][0];
    const state = machines[at][2];
    on(pc, machines[at][1], () => {
      if (machine === "signaling") {
        describe(localOf(pc), true, its);
        describe(remoteOf(pc), false, its);
      }
      tell({ __proto__: null, saw: "state", conn, machine, state: state(pc) });
    });
  }
  on(pc, "icecandidate", (event) => {
    const candidate = candidateOf(event);
    tell({
      __proto__: null,
      saw: "candidate",
      conn,
      candidate: candidate && {
        __proto__: null,
        candidate: candidateText(candidate),
        sdpMid: candidateMid(candidate),
        sdpMLineIndex: candidateLine(candidate),
        usernameFragment: candidateUser(candidate),
      },
    });
  });
  on(pc, "icecandidateerror", (event) =>
    tell({ __proto__: null, saw: "candidate-error", conn, code: failureCode(event), text: failureText(event) }),
  );
  on(pc, "negotiationneeded", () => tell({ __proto__: null, saw: "negotiation-needed", conn }));
  on(pc, "datachannel", (event) => watchChannel(conn, channelOf(event), true));
  on(pc, "track", (event) => tell({ __proto__: null, saw: "track", conn, kind: kindOf(trackOf(event)), remote: true }));
};

const labelOf = getter("RTCDataChannel", "label");
const waitingOf = getter("RTCDataChannel", "bufferedAmount");
const dataOf = getter("MessageEvent", "data");
const blobSize = getter("Blob", "size");
const bufferSize = getter("ArrayBuffer", "byteLength");
const viewSize = getterOf(getPrototypeOf(Uint8Array.prototype), "byteLength");
const dataViewSize = getter("DataView", "byteLength");
const sizers = [blobSize, bufferSize, viewSize, dataViewSize];
const LONGEST = 1000;

const sizeOf = (data) => {
  if (typeof data === "string") return viewSize(encode(encoder, data));
  for (let at = 0; at < sizers.length; at++) {
    try {
      const size = sizers[at](data);
      if (typeof size === "number") return size;
    } catch {
      // It is none of these.
    }
  }
  return null;
};

const message = (its, sent, data, size) =>
  tell({
    __proto__: null,
    saw: "message",
    conn: its.conn,
    channel: its.channel,
    sent,
    size,
    text: typeof data === "string" && data.length <= LONGEST ? data : null,
  });

const channelStates = [["open", "open"], ["closing", "closing"], ["close", "closed"], ["error", "error"]];
const watchChannel = (conn, dc, remote) => {
  if (known(channels, dc)) return;
  const channel = ++channelCount;
  const its = { __proto__: null, conn, channel };
  keep(channels, dc, its);
  tell({ __proto__: null, saw: "channel-added", conn, channel, label: labelOf(dc), remote });
  for (let at = 0; at < channelStates.length; at++) {
    const state = channelStates[at][1];
    on(dc, channelStates[at][0], () => tell({ __proto__: null, saw: "channel-state", conn, channel, state }));
  }
  on(dc, "message", (event) => {
    const data = dataOf(event);
    message(its, false, data, sizeOf(data) ?? 0);
  });
};

// Two names of one constructor are two names of its proxy.
const native = getOwnPropertyDescriptor(globalThis, "RTCPeerConnection")?.value;
if (typeof native === "function") {
  const proxy = new Proxy(native, {
    __proto__: null,
    construct(target, args, newTarget) {
      let pc;
      try {
        pc = construct(target, args, newTarget === proxy ? target : newTarget);
      } catch (error) {
        refused(null, "RTCPeerConnection", error);
        throw error;
      }
      watchConnection(pc);
      return pc;
    },
  });
  keep(natives, proxy, native);
  for (const [owner, name] of [[globalThis, "RTCPeerConnection"], [globalThis, "webkitRTCPeerConnection"], [native.prototype, "constructor"]]) {
    const described = getOwnPropertyDescriptor(owner, name);
    if (described?.value === native) {
      described.value = proxy;
      defineProperty(owner, name, described);
    }
  }
}

watchCall("RTCPeerConnection", "createDataChannel", null, (pc, _, dc) => {
  const its = known(conns, pc);
  if (its) watchChannel(its.conn, dc, false);
});
watchCall("RTCPeerConnection", "setRemoteDescription", (pc) => {
  const its = known(conns, pc);
  if (its) its.asked = true;
}, null);
watchCall("RTCPeerConnection", "addIceCandidate", (pc) => {
  const its = known(conns, pc);
  if (its) tell({ __proto__: null, saw: "candidate-given", conn: its.conn, early: !its.asked && !its.closed });
}, null);
watchCall("RTCPeerConnection", "addTrack", null, (pc, args) => {
  const its = known(conns, pc);
  if (its) tell({ __proto__: null, saw: "track", conn: its.conn, kind: kindOf(args[0]), remote: false });
});
watchCall("RTCPeerConnection", "close", null, (pc) => {
  const its = known(conns, pc);
  if (!its || its.closed) return;
  its.closed = true;
  tell({ __proto__: null, saw: "state", conn: its.conn, machine: "connection", state: "closed" });
});
watchCall("RTCDataChannel", "send", (dc) => (known(channels, dc) ? waitingOf(dc) : 0), (dc, args, _, before) => {
  const its = known(channels, dc);
  const data = args[0];
  if (its) message(its, true, data, sizeOf(data) ?? waitingOf(dc) - before);
});
const asked = (display) => (_, args) => {
  const wanted = args[0];
  const wants = (kind) => {
    // Only what is written there as such: to ask otherwise could run the page's own code.
    const said = isObject(wanted) ? getOwnPropertyDescriptor(wanted, kind)?.value : undefined;
    return said !== undefined && said !== false && said !== null;
  };
  tell({ __proto__: null, saw: "media-asked", display, audio: wants("audio"), video: wants("video") || display });
};
watchCall("MediaDevices", "getUserMedia", asked(false), null);
watchCall("MediaDevices", "getDisplayMedia", asked(true), null);

// A page that writes to its console without end would take up whoever listens, and so the pages of others: what is over is counted.
const lines = { __proto__: null, loud: 1000, quiet: 1000 };
let unsaid = 0;
const write = (kind) => ({
  __proto__: null,
  apply(target, self, args) {
    if (lines[kind] > 0) {
      lines[kind]--;
      return apply(target, self, args);
    }
    unsaid++;
    if ((unsaid & (unsaid - 1)) === 0) tell({ __proto__: null, saw: "unsaid", count: unsaid });
    return undefined;
  },
});
for (const name of ["error", "warn", "assert"]) replace(console, name, write("loud"));
for (const name of ["log", "info", "debug", "trace", "table", "dir", "dirxml", "group", "groupCollapsed", "count", "timeLog"]) {
  replace(console, name, write("quiet"));
}
