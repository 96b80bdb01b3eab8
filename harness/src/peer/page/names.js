// What things are and what they are called, for one who uses the page: roles (WAI-ARIA 1.2, HTML-AAM) and names (Accessible Name and Description
// Computation 1.2), as far as a step needs them. The browsers' own trees are the measure: a test holds both side by side.
// A form's fields hide what the form has under their names (`<input name="getAttribute">`), and images and forms what the document has. So all is
// asked by way of the prototypes, which in this world are the browser's own.
const from = (owner, name) => {
  for (let at = owner.prototype; at; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return found;
  }
  throw new Error(`no ${name}`);
};
const method = (owner, name) => {
  const { value } = from(owner, name);
  return (self, ...args) => Reflect.apply(value, self, args);
};
const property = (owner, name) => {
  const { get } = from(owner, name);
  return (self) => Reflect.apply(get, self, []);
};
const attribute = method(Element, "getAttribute");
const hasAttribute = method(Element, "hasAttribute");
const matches = method(Element, "matches");
const tag = property(Element, "localName");
const children = property(Element, "children");
const nodes = property(Node, "childNodes");
const textIn = property(Node, "textContent");
const shadow = property(Element, "shadowRoot");
const box = method(Element, "getBoundingClientRect");
const boxes = method(Element, "getClientRects");
const visible = method(Element, "checkVisibility");
const rootOf = method(Node, "getRootNode");
const above = property(Node, "parentElement");
const slot = property(Element, "assignedSlot");
const editable = property(HTMLElement, "isContentEditable");
const isFree = (el) => el instanceof HTMLElement && editable(el);
const selectAll = method(Document, "querySelectorAll");
const byId = method(Document, "getElementById");

const clean = (text) => text.replace(/[\s\u200b]+/g, " ").trim();

const rolesOf = {
  button: ["button"],
  link: ["link"],
  field: ["textbox", "searchbox", "combobox", "spinbutton"],
  checkbox: ["checkbox", "switch"],
  radio: ["radio"],
  option: ["option"],
  tab: ["tab"],
  menuitem: ["menuitem", "menuitemcheckbox", "menuitemradio"],
  heading: ["heading"],
  dialog: ["dialog", "alertdialog"],
  image: ["img", "image"],
  list: ["list"],
  listitem: ["listitem"],
  alert: ["alert"],
  status: ["status"],
  log: ["log"],
};
const wordOf = new Map(Object.entries(rolesOf).flatMap(([word, roles]) => roles.map((role) => [role, word])));

const inputRoles = {
  button: "button", submit: "button", reset: "button", image: "button",
  checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton",
  hidden: "", file: "", color: "",
};
const tagRoles = {
  button: "button", summary: "button", option: "option", textarea: "textbox",
  h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading",
  ul: "list", ol: "list", menu: "list", li: "listitem", dialog: "dialog", output: "status",
  nav: "navigation", main: "main", form: "form", table: "table", tr: "row", td: "cell", th: "columnheader",
  article: "article", aside: "complementary", fieldset: "group", figure: "figure", progress: "progressbar", meter: "meter",
  p: "paragraph",
};

const implicitRole = (el) => {
  switch (tag(el)) {
    case "a":
    case "area":
      return hasAttribute(el, "href") ? "link" : "";
    case "input": {
      const known = inputRoles[el.type];
      if (known !== undefined) return known;
      if (hasAttribute(el, "list")) return "combobox";
      return el.type === "search" ? "searchbox" : "textbox";
    }
    case "select":
      return el.multiple || el.size > 1 ? "listbox" : "combobox";
    case "img":
      return attribute(el, "alt") === "" && !hasAttribute(el, "aria-label") ? "" : "img";
    default:
      return tagRoles[tag(el)] ?? (isFree(el) && !(above(el) && isFree(above(el))) ? "textbox" : "");
  }
};

const known = new Set([
  ...wordOf.keys(), "listbox", "slider", "progressbar", "meter", "group", "region", "main", "navigation", "banner", "contentinfo", "complementary",
  "form", "search", "table", "row", "cell", "gridcell", "columnheader", "rowheader", "rowgroup", "grid", "tablist", "tabpanel", "menu", "menubar", "tree",
  "treeitem", "toolbar", "tooltip", "radiogroup", "separator", "article", "figure", "paragraph", "timer", "marquee", "note", "math", "feed",
]);
const roleOf = (el) => {
  const said = attribute(el, "role");
  if (said !== null) {
    for (const role of said.toLowerCase().split(/\s+/)) {
      if (role === "none" || role === "presentation") return "";
      if (known.has(role)) return role;
    }
  }
  return implicitRole(el);
};

// Not there for anybody: no box, or hidden by style.
const isShown = (el) => {
  if (!visible(el, { visibilityProperty: true, contentVisibilityAuto: true })) {
    return getComputedStyle(el).display === "contents" && [...children(el)].some(isShown);
  }
  const { width, height } = box(el);
  return (width > 0 && height > 0) || (tag(el) !== "input" && [...children(el)].some(isShown));
};

const parentOf = (el) => slot(el) ?? above(el) ?? rootOf(el).host ?? null;
const isHidden = (el) => {
  for (let at = el; at; at = parentOf(at)) {
    if (attribute(at, "aria-hidden") === "true" || hasAttribute(at, "inert")) return true;
  }
  return !isShown(el);
};

const fromContent = new Set([
  "button", "link", "heading", "option", "tab", "menuitem", "menuitemcheckbox", "menuitemradio", "checkbox", "radio", "switch", "cell", "gridcell",
  "columnheader", "rowheader", "row", "tooltip", "treeitem",
]);

const refs = (el, named) =>
  (attribute(el, named) ?? "")
    .split(/\s+/)
    .map((id) => (id ? (rootOf(el) === document ? byId(document, id) : rootOf(el).getElementById?.(id)) : null))
    .filter(Boolean);

const pseudo = (el, which) => {
  const content = getComputedStyle(el, which).content;
  // `"text"`, or `"text" / "spoken"`
  const quoted = /^"((?:[^"\\]|\\.)*)"(?:\s*\/\s*"((?:[^"\\]|\\.)*)")?$/.exec(content);
  return quoted ? (quoted[2] ?? quoted[1]).replace(/\\(.)/g, "$1") : "";
};

const isBlock = (el) => {
  const { display } = getComputedStyle(el);
  return !display.startsWith("inline") && display !== "contents" && display !== "none" ? true : display === "inline-block" || display === "inline-flex";
};

const MOST_NODES = 2000;

// What stands in an element, as a name is made of it.
const contentOf = (el, seen) => {
  let text = pseudo(el, "::before");
  const inside = shadow(el) ? shadow(el).childNodes : tag(el) === "slot" && el.assignedNodes().length ? el.assignedNodes() : nodes(el);
  for (const child of inside) {
    if (seen.size > MOST_NODES) break;
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const inner = tag(child) === "br" ? " " : alternative(child, seen, true);
      text += isBlock(child) ? ` ${inner} ` : inner;
    }
  }
  return text + pseudo(el, "::after");
};

const valueOf = (el) => {
  switch (roleOf(el)) {
    case "textbox":
    case "searchbox":
    case "spinbutton":
      return el.value ?? textIn(el);
    case "combobox":
    case "listbox":
      return el.selectedOptions ? [...el.selectedOptions].map((option) => option.label).join(" ") : (el.value ?? "");
    case "slider":
    case "progressbar":
    case "meter":
      return attribute(el, "aria-valuetext") ?? String(el.value ?? attribute(el, "aria-valuenow") ?? "");
    default:
      return null;
  }
};

// The text that stands for an element within another's name.
const alternative = (el, seen, within) => {
  if (seen.has(el)) return "";
  seen.add(el);
  if (within && !(visible(el, { visibilityProperty: true }) || getComputedStyle(el).display === "contents")) return "";
  if (within && attribute(el, "aria-hidden") === "true") return "";
  if (["script", "style", "template", "noscript"].includes(tag(el))) return "";
  const label = attribute(el, "aria-label");
  if (label && clean(label) && !(within && valueOf(el) !== null)) return label;
  if (within) {
    const value = valueOf(el);
    if (value !== null) return value;
  }
  const own = native(el, seen);
  if (own) return own;
  if (within || fromContent.has(roleOf(el))) {
    const content = contentOf(el, seen);
    if (clean(content)) return content;
  }
  return within ? "" : (attribute(el, "title") ?? "");
};

const native = (el, seen) => {
  switch (tag(el)) {
    case "input":
      if (["button", "submit", "reset"].includes(el.type)) {
        return attribute(el, "value") ?? { submit: "Submit", reset: "Reset", button: "" }[el.type];
      }
      if (el.type === "image") return el.alt || attribute(el, "title") || "Submit";
      return "";
    case "img":
    case "area":
      return attribute(el, "alt") ?? "";
    case "fieldset":
    case "figure":
    case "table": {
      const which = { fieldset: "legend", figure: "figcaption", table: "caption" }[tag(el)];
      const first = [...children(el)].find((child) => tag(child) === which);
      return first ? contentOf(first, seen) : "";
    }
    case "svg": {
      const title = [...children(el)].find((child) => tag(child) === "title");
      return title ? textIn(title) : "";
    }
    default:
      return "";
  }
};

// The text that a label says of its control: what is in it but the control itself.
const labelText = (label, control) => clean(contentOf(label, new Set([control])));
const labelsOf = (el) => [...(el.labels ?? [])].map((label) => attribute(label, "aria-label") ?? labelText(label, el)).filter(Boolean);

const nameOf = (el) => {
  const by = refs(el, "aria-labelledby").map((ref) => {
    const seen = new Set();
    const label = attribute(ref, "aria-label");
    return clean(label && clean(label) ? label : (ref !== el && valueOf(ref)) || native(ref, seen) || contentOf(ref, seen));
  });
  if (by.some(Boolean)) return clean(by.join(" "));
  const label = clean(attribute(el, "aria-label") ?? "");
  if (label) return label;
  const labels = labelsOf(el);
  if (labels.length && el.type !== "hidden") return clean(labels.join(" "));
  const text = clean(alternative(el, new Set(), false));
  if (text) return text;
  return clean(attribute(el, "title") || attribute(el, "placeholder") || attribute(el, "aria-placeholder") || "");
};
