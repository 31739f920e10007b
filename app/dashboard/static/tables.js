// The tables: tabs, heads that sort, rows that filter or unfold, pages.

import { byId, make, refill } from "./dom.js";
import * as format from "./format.js";
import { ask, sessionPage } from "./server.js";
import { change, current, filter, page } from "./state.js";

const name = (key, label, more = {}) => ({ key, label, words: format.text, kind: "name", ...more });
const moment = (key, label) => ({ key, label, words: format.when, kind: "time" });
const count = (key, label, words = format.compact, more = {}) => ({ key, label, words, kind: "number", ...more });

const MEASURED = [
  count("requests", "Requests", format.number, { bar: true }),
  count("errors", "Errors", format.number, { bad: true }),
  count("tokens_in", "Tokens in"),
  count("tokens_out", "Tokens out"),
  count("hit_rate", "Cache hits", format.percent),
  count("cost", "Cost", format.money, { of: (row) => (row.cost === 0 && row.unpriced ? null : row.cost) }),
  count("first_token", "First token p50 / p95", format.pair),
  count("latency", "Latency p50 / p95", format.pair),
];
const WHO = [
  name("model", "Model", { filters: ["vendor", "model"] }),
  name("vendor", "Vendor", { filters: ["vendor"] }),
];
const SESSION = page === "session" ? name("agent_id", "Subagent") : name("session_id", "Session", { session: true });
const STATUS = { key: "status", label: "Status", words: format.text, kind: "status" };

const TABLES = {
  models: { label: "Models", columns: [...WHO, ...MEASURED] },
  vendors: { label: "Vendors", columns: [name("vendor", "Vendor", { filters: ["vendor"] }), count("models", "Models"), ...MEASURED] },
  sessions: {
    label: "Sessions", columns: [
      SESSION, moment("ended", "Last exchange"), name("model", "Model most used"),
      name("client", "Client key", { filters: ["client"] }), ...MEASURED.slice(0, 6),
    ],
  },
  clients: { label: "Client keys", columns: [name("client", "Client key", { filters: ["client"] }), count("sessions", "Sessions"), ...MEASURED] },
  kinds: { label: "Kinds", columns: [name("kind", "Kind", { filters: ["kind"] }), ...MEASURED] },
  places: { label: "Machines", columns: [name("place", "Folder", { filters: ["place"] }), count("sessions", "Sessions"), ...MEASURED] },
  errors: {
    label: "Errors", unfolds: true, columns: [
      moment("time", "Time"), name("error_type", "Error", { filters: ["error"], fields: ["error_type"] }), STATUS,
      name("vendor", "Vendor", { filters: ["vendor"] }), name("model", "Model"), SESSION,
      name("message", "What was said", { sorts: false, long: true }),
    ],
  },
  exchanges: {
    label: "Exchanges", unfolds: true, columns: [
      moment("time", "Time"), name("kind", "Kind", { filters: ["kind"] }),
      name("model", "Model", { filters: ["vendor", "model"] }), STATUS, SESSION,
      count("tokens_in", "Tokens in", format.compact, { of: tokensIn }), count("output_tokens", "Tokens out"),
      count("cost_usd", "Cost", format.money), count("first_token_ms", "First token", format.span),
      count("latency_ms", "Latency", format.span),
    ],
  },
  times: { label: "Over time", columns: [{ ...moment("time", "From"), words: format.moment }, ...MEASURED] },
};
const USUAL = { exchanges: "time", errors: "time", times: "time", sessions: "ended" };

/** What an unfolded row says, in groups. */
const DETAILS = {
  Exchange: {
    request_id: format.text, session_id: format.text, agent_id: format.text, client: format.text, kind: format.text, place: format.text,
  },
  Model: { alias: format.text, vendor: format.text, model: format.text, protocol: format.text, stream: format.yes },
  Outcome: {
    status: format.text, error_type: format.text, by_vendor: format.yes, stop_reason: format.text, retries: format.number,
    fallbacks: format.number, tools_offered: format.number, tools_called: format.number, images: format.number,
  },
  Tokens: {
    input_tokens: format.number, cache_read_tokens: format.number, cache_write_tokens: format.number, output_tokens: format.number,
    reasoning_tokens: format.number, estimated: format.yes, cost_usd: format.money,
  },
  Time: { time: format.moment, first_token_ms: format.span, latency_ms: format.span, upstream_ms: format.span },
};

const MACHINES = Number(document.body.dataset.places);
const unfolded = new Set();
let answer = null;
let built = null;

function tokensIn(row) {
  return row.input_tokens === null ? null : row.input_tokens + row.cache_read_tokens + row.cache_write_tokens;
}

/** The tables that this page has. */
function names() {
  if (page === "session") return ["exchanges", "errors", "models", "kinds", "times"];
  return Object.keys(TABLES).filter((one) => one !== "places" || MACHINES > 1);
}

export const tableName = () => (names().includes(current().table) ? current().table : names()[0]);

/** Asks for the table that is open. */
export async function loadTable(query, signal) {
  const wanted = tableName();
  answer = { ...(await ask("table", { ...query, table: wanted, sort: sort(), down: String(down()) }, signal)), wanted };
  return answer;
}

const sort = () => current().sort ?? USUAL[tableName()] ?? "requests";
const down = () => (current().down ?? "true") !== "false";

/** The tabs, once. */
export function buildTabs() {
  const tabs = names().map((one) => make("button", {
    type: "button", id: `tab-${one}`, role: "tab", "aria-controls": "panel", "data-table": one,
  }, TABLES[one].label));
  const list = byId("tabs");
  list.replaceChildren(...tabs);
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=tab]");
    if (one) open(one.dataset.table);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const goal = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (goal === undefined || at < 0) return;
    event.preventDefault();
    const next = tabs[(goal + tabs.length) % tabs.length];
    next.focus();
    open(next.dataset.table);
  });
  markTabs();
}

/** Which tab is open. */
export function markTabs() {
  for (const tab of byId("tabs").children) {
    const chosen = tab.dataset.table === tableName();
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) {
      const list = byId("tabs");
      list.scrollLeft = Math.max(0, tab.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2);
    }
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${tableName()}`);
}

const open = (table) => change({ table, sort: null, down: null, page: null });

/** Shows the last answer. */
export function showTable(causes) {
  const table = TABLES[answer.wanted];
  if (built !== answer.wanted) build(table);
  for (const head of byId("panel").querySelectorAll("th[data-key]")) {
    const chosen = head.dataset.key === sort();
    head.setAttribute("aria-sort", chosen ? (down() ? "descending" : "ascending") : "none");
  }
  const most = Math.max(1, ...answer.rows.map((row) => row.requests ?? 0));
  refill(byId("panel").querySelector("tbody"), ...answer.rows.flatMap((row) => drawn(table, row, most)));
  byId("panel").querySelector(".no-rows").hidden = answer.rows.length > 0;
  showCauses(causes);
  showPager();
}

function build(table) {
  built = answer.wanted;
  unfolded.clear();
  const heads = table.columns.map((column) => make(
    "th", { scope: "col", className: column.kind, "data-key": column.sorts === false ? null : column.key },
    column.sorts === false ? column.label : make("button", {
      type: "button", onclick: () => turn(column), "data-focus": `sort-${column.key}`,
    }, column.label),
  ));
  if (table.unfolds) heads.unshift(make("th", { scope: "col", className: "fold" }, make("span", { className: "unseen" }, "Details")));
  byId("panel").replaceChildren(
    make("div", { className: "causes", id: "causes" }),
    make("div", { className: "scroll" }, make(
      "table", {}, make("caption", { className: "unseen" }, table.label), make("thead", {}, make("tr", {}, ...heads)), make("tbody"),
    )),
    make("p", { className: "no-rows", hidden: true }, built === "errors" ? "No errors. All is well." : "Nothing here."),
  );
}

/** Sorts by a column; a second time the other way round. Names begin at their beginning. */
function turn(column) {
  const first = column.kind !== "name" && column.kind !== "status";
  change({ sort: column.key, down: String(sort() === column.key ? !down() : first), page: null });
}

function drawn(table, row, most) {
  const cells = table.columns.map((column, place) => cell(column, row, most, place === 0 && !table.unfolds));
  if (!table.unfolds) return [make("tr", {}, ...cells)];
  const id = row.request_id ?? "";
  const is = unfolded.has(id);
  const details = make("tr", { className: "details", id: `details-${id}`, hidden: !is }, make("td", { colSpan: cells.length + 1 }));
  if (is) details.firstChild.append(...told(row));
  const button = make("button", {
    type: "button", className: "unfold", "aria-expanded": String(is), "aria-controls": details.id, "data-focus": `unfold-${id}`,
    "aria-label": `Details of ${id}`, onclick: () => (is ? unfolded.delete(id) : unfolded.add(id)) && showTable(),
  });
  return [make("tr", { className: row.error_type ? "failed" : "" }, make("td", { className: "fold" }, button), ...cells), details];
}

function cell(column, row, most, heading) {
  const value = column.of ? column.of(row) : row[column.key];
  const words = column.words(value);
  const classes = [column.kind, column.bad && value ? "bad" : "", value === null ? "none" : "", column.long ? "long" : ""];
  const element = make(heading ? "th" : "td", { className: classes.filter(Boolean).join(" "), scope: heading ? "row" : null });
  element.append(...content(column, row, value, words));
  if (column.bar) element.style.setProperty("--share", `${((row.requests ?? 0) / most) * 100}%`);
  if (column.bar) element.classList.add("bar");
  return element;
}

function content(column, row, value, words) {
  if (column.kind === "status") return [badge(row)];
  if (column.session && value) {
    return [make("a", { href: sessionPage(value), title: value, "data-focus": `session-${row.request_id ?? value}` }, value.slice(0, 13))];
  }
  if (column.filters) {
    const fields = column.fields ?? column.filters;
    const set = Object.fromEntries(column.filters.map((one, place) => [one, row[fields[place]] ?? ""]));
    return [make("button", {
      type: "button", className: "choose", title: `Show only ${words}`, onclick: () => filter(set),
      "data-focus": `${column.key}-${row.request_id ?? JSON.stringify(set)}`,
    }, words === format.NONE ? "none" : words)];
  }
  return [make("span", { title: column.long ? words : null }, words)];
}

function badge(row) {
  const left = row.status === "499";
  const kind = row.error_type ? "bad" : left ? "left" : "good";
  return make("span", { className: `badge ${kind}`, title: row.error_type ?? (left ? "The client left" : "Answered") }, row.status ?? format.NONE);
}

function told(row) {
  const groups = Object.entries(DETAILS).map(([title, fields]) => group(title, fields, row)).filter(Boolean);
  const message = row.message ? [make("blockquote", {}, row.message)] : [];
  return [...message, make("div", { className: "groups" }, ...groups)];
}

/** What is known of some fields; nothing when that is nothing. */
function group(title, fields, row) {
  const known = Object.entries(fields).filter(([key]) => row[key] !== null && (key !== "place" || MACHINES > 1));
  if (!known.length) return null;
  const link = (key) => key === "session_id" && page !== "session";
  return make("section", {}, make("h3", {}, title), make("dl", {}, ...known.flatMap(([key, words]) => [
    make("dt", {}, key), make("dd", {}, link(key) ? make("a", { href: sessionPage(row[key]) }, row[key]) : words(row[key])),
  ])));
}

/** Above the errors: which there were, to choose from. */
function showCauses(causes) {
  const place = byId("causes");
  if (built !== "errors" || !causes) return;
  refill(place, ...causes.map((cause) => make("button", {
    type: "button", onclick: () => filter({ error: cause.error_type, vendor: cause.vendor ?? "" }), "data-focus": JSON.stringify(cause),
  }, make("b", {}, format.number(cause.requests)), `${cause.vendor ?? "Rialto"} · ${cause.error_type}`, make("small", {}, cause.status ?? ""))));
}

function showPager() {
  const at = Number(current().page ?? 0);
  const first = at * answer.page_size;
  const last = Math.min(answer.total, first + answer.page_size);
  const go = (label, goal, able) => make("button", {
    type: "button", disabled: !able, "data-focus": label, onclick: () => change({ page: goal ? String(goal) : null }),
  }, label);
  refill(
    byId("pager"), make("span", {}, answer.total ? `${format.number(first + 1)} – ${format.number(last)} of ${format.number(answer.total)}` : ""),
    ...(answer.total > answer.page_size ? [go("Previous", at - 1, at > 0), go("Next", at + 1, last < answer.total)] : []),
  );
}
