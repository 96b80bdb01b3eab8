// Finds what a step is about, waits until a user could do it, and says where it is. It stands in a world of its own: nothing that the page overrides
// is seen here, and nothing here is seen by the page. It never clicks or types: that is real input, from outside.
if (globalThis.glare) return; // a document that takes the place of an empty one may have its world
const realm = Math.random().toString(36).slice(2); // what is told is of this document
const MOST = 5; // so many are named
const LONGEST = 80; // so long is a name that is shown
const TICK = 100; // what no event tells of (a value, a style sheet) is looked at this often, in ms
const FRAME = 500; // a frame is not waited for longer
const STOOD = 50; // what stood so long where it is now was not on its way when it was looked at

const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const describe = (el) => {
  const role = roleOf(el);
  const word = wordOf.get(role) ?? (matches(el, "input, textarea, select") ? "field" : undefined);
  const name = word ? nameOf(el) : "";
  if (word && (name || !textIn(el).trim())) return { what: word, name: short(name) };
  const its = attribute(el, "id");
  const id = its ? `#${its}` : (attribute(el, "class") ?? "").split(/\s+/).filter(Boolean).slice(0, 2).map((name) => `.${name}`).join("");
  return { what: short(tag(el) + id), name: short(clean(textIn(el).slice(0, 4 * LONGEST))) };
};

let roots = []; // the document and its open shadow roots, as they were seen last
const everything = () => {
  const all = [];
  roots = [document];
  for (let at = 0; at < roots.length; at++) {
    for (const el of at ? roots[at].querySelectorAll("*") : selectAll(document, "*")) {
      all.push(el);
      const inner = shadow(el);
      if (inner) roots.push(inner);
    }
  }
  return all;
};

const isControl = (el) => matches(el, "input:not([type=hidden]), textarea, select, meter, progress, output, button") || isFree(el);
const isOf = (el, word) =>
  rolesOf[word].includes(roleOf(el)) && !(word === "field" && matches(el, "input[type=range], input[type=color]"));

const unread = new Set(["script", "style", "template", "noscript", "head", "title"]);
const texts = (root) => {
  // The innermost elements that show this text: those of whose elements none does. Each element's text is made once, of its parts'.
  const made = new Map();
  const textOf = (el) => {
    const had = made.get(el);
    if (had !== undefined) return had;
    let text = "";
    if (!unread.has(tag(el))) {
      if (tag(el) === "input" && ["button", "submit", "reset"].includes(el.type)) text = el.value;
      else for (const child of shadow(el)?.childNodes ?? nodes(el)) {
        if (child.nodeType === Node.TEXT_NODE) text += child.data;
        else if (child.nodeType === Node.ELEMENT_NODE) {
          const inner = tag(child) === "br" ? "\n" : textOf(child);
          text += inner && isBlock(child) ? `\n${inner}\n` : inner;
        }
      }
    }
    made.set(el, text);
    return text;
  };
  return textOf;
};

// Whether a text is said in another one, not as a part of a longer word or number (`connected` in `disconnected`). Where a script puts no spaces between
// words, anywhere.
const kinds = [/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u, /\p{N}/u];
const joined = (a, b) => kinds.some((kind) => kind.test(a ?? "") && kind.test(b ?? ""));
const says = (whole, part) => {
  for (let at = whole.indexOf(part); at >= 0; at = whole.indexOf(part, at + 1)) {
    const end = at + part.length;
    if (!joined(whole[at - 1], part[0]) && !joined(whole[end - 1], whole[end])) return true;
  }
  return false;
};

const byText = (wanted, all) => {
  const text = clean(wanted);
  const textOf = texts();
  const has = new Set();
  for (const el of all) {
    if (!unread.has(tag(el)) && says(clean(textOf(el)), text)) has.add(el);
  }
  const inner = [...has].filter((el) => ![...(shadow(el)?.children ?? children(el))].some((child) => has.has(child)));
  const exact = inner.filter((el) => clean(textOf(el)) === text);
  return exact.length ? exact : inner;
};

class Mistake extends Error {}

// All that a target can mean.
const found = (target, all) => {
  const [[kind, value]] = Object.entries(target);
  switch (kind) {
    case "role": {
      const [word, name] = value;
      const wanted = clean(name);
      return all.filter((el) => isOf(el, word) && nameOf(el) === wanted);
    }
    case "label": {
      const wanted = clean(value);
      return all.filter((el) => isControl(el) && (labelsOf(el).includes(wanted) || clean(attribute(el, "aria-label") ?? "") === wanted ||
        clean(refs(el, "aria-labelledby").map((ref) => contentOf(ref, new Set())).join(" ")) === wanted));
    }
    case "text":
      return byText(value, all);
    default:
      try {
        return [...selectAll(document, value)];
      } catch {
        throw new Mistake(`not a CSS selector: ${value}`);
      }
  }
};

const isThere = (target) => ("role" in target ? (el) => !isHidden(el) : isShown);

const likeness = (a, b) => {
  a = a.toLowerCase();
  b = b.toLowerCase();
  if (a === b) return 1;
  if (a && b && (a.includes(b) || b.includes(a))) return 0.9;
  const pairs = (text) => new Set([...text].map((char, at) => char + (text[at + 1] ?? "")));
  const [p, q] = [pairs(a), pairs(b)];
  let both = 0;
  for (const pair of p) if (q.has(pair)) both++;
  return (2 * both) / (p.size + q.size || 1);
};

// What is there instead: what is called alike, before all what is of the same kind.
const near = (target, all) => {
  const [[kind, value]] = Object.entries(target);
  const [word, name] = kind === "role" ? value : [null, String(value)];
  if (kind === "selector") return {};
  const seen = [];
  for (const el of all) {
    if (seen.length === 400) break;
    const its = wordOf.get(roleOf(el)) ?? (isControl(el) ? "field" : null);
    const same = kind === "label" ? isControl(el) : kind === "text" ? true : word === its;
    if ((!its && kind !== "text") || isHidden(el)) continue;
    if (kind === "text" && [...children(el)].some((child) => textIn(child).trim())) continue;
    const called = kind === "text" ? clean(textIn(el)) : nameOf(el);
    if (kind === "text" && !called) continue;
    const like = likeness(called, name);
    // What a page says of itself is looked for most.
    const live = kind === "text" && (["status", "alert"].includes(attribute(el, "role")) || attribute(el, "aria-live") !== null);
    if (same || like > 0.6) seen.push([like + (same ? 0.5 : 0) + (live ? 0.5 : 0), el]);
  }
  return { near: seen.sort(([a], [b]) => b - a).slice(0, MOST).map(([, el]) => describe(el)), more: Math.max(0, seen.length - MOST) };
};

const hidden = property(Document, "hidden");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
// Whether one is painted in time: a busy machine may take long, a window that nobody sees never does.
const frame = () =>
  new Promise((done) => {
    const late = setTimeout(() => done(hidden(document)), FRAME);
    requestAnimationFrame(() => {
      clearTimeout(late);
      done(true);
    });
  });

const telling = ["input", "change", "transitionend", "animationend", "scroll", "resize", "load", "focusin", "focusout", "toggle", "click", "keyup"];
// Until the page is another than it was, or a tick has passed.
const change = (ms) =>
  new Promise((done) => {
    const observer = new MutationObserver(() => finish());
    const finish = () => {
      observer.disconnect();
      clearTimeout(timer);
      for (const type of telling) removeEventListener(type, finish, true);
      done();
    };
    const timer = setTimeout(finish, Math.max(0, Math.min(TICK, ms)));
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    for (const root of roots.length ? roots : [document]) observer.observe(root, all);
    for (const type of telling) addEventListener(type, finish, { capture: true, once: true, passive: true });
  });

const isDisabled = (el) => {
  if (matches(el, ":disabled")) return true;
  for (let at = el; at; at = parentOf(at)) if (attribute(at, "aria-disabled") === "true") return true;
  return false;
};

const typed = new Set(["text", "search", "email", "url", "tel", "password", "number"]);
const isEditable = (el) => {
  if (attribute(el, "aria-readonly") === "true") return false;
  switch (tag(el)) {
    case "input":
      return typed.has(el.type) && !el.readOnly;
    case "textarea":
      return !el.readOnly;
    case "select":
      return !el.multiple;
    default:
      return isFree(el);
  }
};

const pointed = method(Document, "elementFromPoint");
const hitAt = (x, y) => {
  let hit = pointed(document, x, y);
  while (hit && shadow(hit)) {
    const inner = shadow(hit).elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
};

const gets = (el, hit) => {
  for (let at = hit; at; at = parentOf(at)) {
    if (at === el || (tag(at) === "label" && at.control === el)) return true;
  }
  return false;
};

// The points at which a user would try: the middle of it, then of each of its lines, as far as they are in view.
const points = (el) => {
  const parts = [box(el), ...[...boxes(el)].slice(0, 10)];
  const all = [];
  for (const { left, top, right, bottom } of parts) {
    const [l, t] = [Math.max(left, 0), Math.max(top, 0)];
    const [r, b] = [Math.min(right, innerWidth), Math.min(bottom, innerHeight)];
    if (r > l && b > t) all.push([Math.min(Math.round((l + r) / 2), Math.ceil(r) - 1), Math.min(Math.round((t + b) / 2), Math.ceil(b) - 1)]);
  }
  return all;
};

const boxOf = (el) => {
  const { x, y, width, height } = box(el);
  return [x, y, width, height].join();
};

const there = property(Node, "isConnected");
const intoView = method(Element, "scrollIntoView");
let tries = 0;
const stood = new WeakMap(); // where something was, since when, and whether a frame has begun after that
// Whether it is where it was some frames ago. If it has just begun to move, input lands elsewhere, which is told, or still on it.
const stands = (el, now) => {
  const had = stood.get(el);
  const here = boxOf(el);
  // What moves does so from frame to frame: on a machine that paints none, time alone shows nothing.
  if (had?.where === here) return had.painted && now - had.since >= STOOD;
  const look = { where: here, since: now, painted: false };
  stood.set(el, look);
  requestAnimationFrame(() => (look.painted = true));
  return false;
};
const isAnimated = () => (roots.length ? roots : [document]).some((root) => root.getAnimations().some(({ playState }) => playState === "running"));
// Where a user can click it, or why he cannot.
const place = async (el, how) => {
  if (!stands(el, performance.now())) {
    const before = boxOf(el);
    let painted = await frame();
    // The first may be the one in which an animation begins, where it was put before.
    if (painted && boxOf(el) === before && isAnimated()) painted = await frame();
    if (!there(el)) return { why: "fleeting" };
    if (boxOf(el) !== before || !painted) return { why: "moving" };
  }
  if (how === "outside") return around(el);
  const middle = box(el);
  const inView = middle.top >= 0 && middle.left >= 0 && middle.bottom <= innerHeight && middle.right <= innerWidth;
  let over = null;
  for (const scroll of [false, true]) {
    if (scroll) {
      // A bar that stays in its place may lie over one end of the page, and not over the other.
      const block = ["center", "end", "start", "nearest"][tries++ % 4];
      intoView(el, { block, inline: "nearest", behavior: "instant" });
      await frame();
    } else if (!inView && points(el).length === 0) continue;
    for (const [x, y] of points(el)) {
      const hit = hitAt(x, y);
      if (hit && gets(el, hit)) return { at: [x, y] };
      over ??= hit;
    }
  }
  return over ? { why: "covered", by: describe(over) } : { why: "off-screen" };
};

// Whether a click there is for nothing else: at what lies around it, or at something that does nothing.
const controls = "a[href], area[href], button, input, select, textarea, label, summary, option, iframe, object, embed, video, audio";
const isBeside = (el, hit, x, y) => {
  const { left, top, right, bottom } = box(el);
  if (!hit || (x >= left && x < right && y >= top && y < bottom)) return false;
  if (hit === el) return true; // what is behind a modal dialog counts as the dialog
  for (let at = hit; at; at = parentOf(at)) {
    if (at === el || matches(at, controls) || isFree(at) || pressed.has(wordOf.get(roleOf(at)))) return false;
  }
  return true;
};
const pressed = new Set(["button", "link", "field", "checkbox", "radio", "option", "tab", "menuitem"]);

// Where a user would click to be rid of something: beside it, where most room is; or what is in the way.
const around = (el) => {
  const { left, top, right, bottom } = box(el);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const sides = [
    [left, [left / 2, y]], [innerWidth - right, [(right + innerWidth) / 2, y]],
    [top, [x, top / 2]], [innerHeight - bottom, [x, (bottom + innerHeight) / 2]],
  ].sort(([a], [b]) => b - a).map(([, at]) => at);
  const [near, wide, high] = [2, innerWidth - 3, innerHeight - 3];
  const corners = [[near, near], [wide, near], [near, high], [wide, high]];
  let over = null;
  for (const at of [...sides, ...corners]) {
    const [x, y] = at.map(Math.floor);
    const hit = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight ? hitAt(x, y) : null;
    if (isBeside(el, hit, x, y)) return { at: [x, y] };
    if (hit && !gets(el, hit)) over ??= hit;
  }
  return { why: "no-outside", by: over && describe(over) };
};

const focused = property(Document, "activeElement");
const readiness = property(Document, "readyState");
const active = () => {
  let at = focused(document);
  while (at && shadow(at)?.activeElement) at = shadow(at).activeElement;
  return at;
};

const graphemes = (text) => [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].map(({ segment }) => segment);

// What is to be typed so that an element holds this text.
const typing = (el, text) => {
  if (tag(el) === "select") {
    const wanted = clean(text);
    const open = [...el.options].filter((option) => !option.disabled && !option.parentElement.disabled);
    const to = open.findIndex((option) => clean(option.label) === wanted || option.value === wanted);
    if (to < 0) return { why: "otherwise", found: open.slice(0, MOST).map(describe) };
    return { steps: to - open.indexOf(el.selectedOptions[0]) };
  }
  const value = el.value ?? textIn(el);
  return { full: value !== "", keys: graphemes(text.replace(/\r\n?/g, "\n")) };
};

const focusOn = (el) => (el instanceof HTMLElement ? method(HTMLElement, "focus")(el) : el.focus());
const focus = (el) => {
  focusOn(el);
  return gets(el, active()) || gets(active(), el);
};

const checked = (el) => {
  if (matches(el, "input[type=checkbox], input[type=radio]")) return el.checked;
  if (tag(el) === "option") return el.selected;
  const said = attribute(el, "aria-checked") ?? attribute(el, "aria-selected") ?? attribute(el, "aria-pressed");
  return said === null ? null : said === "true";
};

const states = {
  enabled: (el) => [!isDisabled(el), isDisabled(el) ? "disabled" : "enabled"],
  disabled: (el) => [isDisabled(el), isDisabled(el) ? "disabled" : "enabled"],
  checked: (el) => [checked(el) === true, checked(el) === null ? "nothing that is checked" : checked(el) ? "checked" : "not checked"],
  unchecked: (el) => [checked(el) === false, checked(el) === null ? "nothing that is checked" : checked(el) ? "checked" : "not checked"],
};
const seen = (el, sight) => {
  if (typeof sight === "string") return states[sight](el);
  const value = el.value ?? (isFree(el) ? textIn(el) : attribute(el, "aria-valuetext") ?? textIn(el));
  return [value === sight.value, `value ${JSON.stringify(short(value))}`];
};

// Where one of these texts is to be read: the innermost elements that have it, and fields that hold it.
const showing = (secrets) => {
  const has = (text) => typeof text === "string" && secrets.some((secret) => text.includes(secret));
  const all = everything().filter((el) => (isControl(el) && has(el.value)) || has(textIn(el)));
  const within = new Set(all.flatMap((el) => [parentOf(el)]));
  return all.filter((el) => !within.has(el)).map(box).map(({ x, y, width, height }) => [x, y, width, height]);
};

// One look: the answer, or why there is none yet.
const look = async ({ deed, target, text, sight, secrets, how }) => {
  if (deed === "showing") return { done: { boxes: showing(secrets), width: innerWidth } };
  if (deed === "loaded") return readiness(document) === "complete" ? { done: {} } : { why: "loading" };
  const all = everything();
  const any = found(target, all);
  const there = any.filter(isThere(target));
  if (deed === "see") {
    if (sight === "absent") {
      const gone = there.length === 0 && readiness(document) !== "loading";
      return gone ? { done: {} } : { why: "otherwise", found: there.slice(0, MOST).map(describe) };
    }
    if (there.length === 0) return any.length ? { why: "hidden" } : { why: "missing", all };
    if (sight === "present") return { done: {} };
    const looks = there.map((el) => [el, ...seen(el, sight)]);
    if (looks.some(([, holds]) => holds)) return { done: {} };
    return { why: "otherwise", found: looks.slice(0, MOST).map(([el, , is]) => ({ ...describe(el), is })) };
  }
  if (there.length === 0) return any.length ? { why: "hidden" } : { why: "missing", all };
  if (there.length > 1) return { why: "many", found: there.slice(0, MOST).map(describe), count: there.length };
  const [el] = there;
  if (isDisabled(el) && how !== "outside") return { why: "disabled" };
  if (deed === "press") return focus(el) ? { done: {}, aim: [el, "keydown"] } : { why: "not-focusable" };
  if (deed === "fill" && !isEditable(el)) return { why: "not-editable" };
  const keys = deed === "fill" ? typing(el, text) : {};
  if (keys.why) return keys;
  if (keys.steps !== undefined) return focus(el) ? { done: keys, aim: [el, "keydown"] } : { why: "not-focusable" };
  const where = await place(el, how);
  const frames = all.some((other) => matches(other, "iframe, frame, object, embed, fencedframe"));
  return where.at ? { done: { ...where, ...keys, frames }, aim: [el, "pointerdown", how] } : where;
};

// Input is on its way when a page may still move, or take the focus elsewhere. So the first event of it says whether it came where it was meant to; if
// not, none of it reaches the page, and it is sent once more. Of two clicks at once the second tells, by what the browser counted.
let aim = null;
let aims = 0;
const isMeant = ({ el, first, how }, event) => {
  const [hit] = event.composedPath();
  if (!(hit instanceof Element)) return false;
  if (how === "outside") return isBeside(el, hit, event.clientX, event.clientY);
  return gets(el, hit) || (first === "keydown" && gets(hit, el));
};
const landed = (event) => {
  if (!aim || !event.isTrusted) return;
  const said = (more) => tell(`${realm} ${JSON.stringify({ saw: "landed", aim: aim.id, hit: aim.hit, ...more })}`);
  if (aim.hit === undefined) {
    // Keys that overtake the click before them would come elsewhere.
    const early = event.type === "keydown";
    if (event.type !== aim.first && !early) return;
    aim.hit = event.type === aim.first && isMeant(aim, event);
    if (!aim.hit || aim.how !== "twice") said();
  }
  if (aim.hit && aim.how === "twice") {
    // What the first click disabled gets no more of the second press than this.
    const deaf = event.type === "pointerdown" && aim.presses === 1 && event.composedPath().some((at) => at instanceof Element && matches(at, ":disabled"));
    if (!deaf && (event.type !== "mousedown" || ++aim.presses < 2)) return;
    said({ apart: !deaf && event.detail < 2 });
  }
  if (aim.hit) {
    aim = null;
    return;
  }
  event.stopImmediatePropagation();
  event.preventDefault();
};
const inputs = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "keydown", "keypress", "keyup"];
for (const type of inputs) addEventListener(type, landed, { capture: true, passive: false });

globalThis.glare = async (asked) => {
  const ask = JSON.parse(asked);
  aim = null;
  const until = performance.now() + ask.within;
  for (;;) {
    const began = performance.now();
    let seen;
    try {
      seen = await look(ask);
    } catch (error) {
      // What a page's own elements throw here (a property of a form that one of its fields is named after).
      seen = error instanceof Mistake ? { mistake: error.message } : { why: "broken", by: { what: error.name, name: short(error.message) } };
    }
    const now = performance.now();
    if (seen.done || seen.mistake || now >= until) {
      const { all, aim: aimed, ...answer } = seen;
      if (aimed) {
        aim = { id: `${realm}-${++aims}`, el: aimed[0], first: aimed[1], how: aimed[2], presses: 0 };
        answer.aim = aim.id;
      }
      if (all) Object.assign(answer, near(ask.target, all));
      return JSON.stringify({ ...answer, ...(seen.done ? {} : glareAnswered()), at: seen.done?.at, url: location.href.slice(0, 300), ...(seen.done ?? {}) });
    }
    await change(until - now);
    // A page that never rests is not looked at without a pause.
    await pause(Math.min(2 * (now - began), 200));
  }
};

// The status of the answer that this document came in, and what was asked for, where that is an error (RFC 9110, section 15): whoever looks for something
// else is to know it. A browser may show a document of its own in the place of an empty one.
globalThis.glareAnswered = () => {
  const [{ responseStatus: status, name } = {}] = performance.getEntriesByType("navigation");
  return status >= 400 ? { status, asked: name.slice(0, 300) } : {};
};

// What the observer tells, from the page's world to the harness; so much of it, and then so much a second.
const budgets = { many: { left: 1000, rate: 200 }, few: { left: 2000, rate: 200 } };
let [missed, since] = [0, performance.now()];
const pass = (kind, said) => {
  const now = performance.now();
  for (const budget of Object.values(budgets)) budget.left = Math.min(budget.left + ((now - since) / 1000) * budget.rate, 2000);
  since = now;
  const budget = budgets[kind];
  if (budget.left < 1) {
    missed++;
    return;
  }
  budget.left--;
  if (missed) tell(`${realm} {"saw":"flood","count":${missed}}`);
  missed = 0;
  tell(`${realm} ${said}`);
};
performance.addEventListener("SECRET", ({ detail }) => {
  if (typeof detail === "string") pass(detail.startsWith('{"saw":"message"') ? "many" : "few", detail);
});
tell(`${realm} ${JSON.stringify({ saw: "document", top: window === window.top, url: location.href })}`);
