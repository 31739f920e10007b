// What the page shows, kept in its address: it can be sent to somebody, and the way back works.

export const RANGES = { "15m": "15 min", "1h": "1 h", "6h": "6 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", all: "All" };
export const FILTERS = ["vendor", "model", "client", "kind", "place", "outcome", "error", "text"];
const KNOWN = ["range", "from", "to", "session", ...FILTERS, "table", "sort", "down", "page"];

export const page = document.body.dataset.page;
const USUAL = page === "session"
  ? { range: "all", table: "exchanges", sort: "time", down: "false" }
  : { range: "24h", table: "models" };

let state = read();

function read() {
  const given = new URLSearchParams(location.search);
  const found = Object.fromEntries([...given].filter(([name]) => KNOWN.includes(name)));
  return { ...(given.has("table") && page === "session" ? { range: "all" } : USUAL), ...found };
}

export const current = () => state;

/** Changes some of it (null takes a name away) and tells everybody. */
export function change(changes, { replace = false } = {}) {
  state = Object.fromEntries(Object.entries({ ...state, ...changes }).filter(([, value]) => value !== null));
  const address = `${location.pathname}?${new URLSearchParams(state)}`;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  document.dispatchEvent(new Event("state"));
}

/** A filter is set, or taken away; the table begins again at its first page. */
export const filter = (changes, how) => change({ ...changes, page: null }, how);

/** What the server is asked, besides the table. */
export function conditions() {
  const asked = Object.entries(state).filter(([name]) => !["table", "sort", "down", "page"].includes(name));
  return { ...Object.fromEntries(asked), zone: String(-new Date().getTimezoneOffset()) };
}

/** What the server is asked for the table. */
export function wish() {
  const names = ["table", "sort", "down", "page"].filter((name) => name in state);
  return { ...conditions(), ...Object.fromEntries(names.map((name) => [name, state[name]])) };
}

export const filtered = () => FILTERS.some((name) => name in state);

addEventListener("popstate", () => {
  state = read();
  document.dispatchEvent(new Event("state"));
});
