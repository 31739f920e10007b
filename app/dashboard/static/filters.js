// The period and the filters: from the address into the controls, and back.

import { byId, make } from "./dom.js";
import * as format from "./format.js";
import { change, current, filter, filtered, FILTERS, page, RANGES } from "./state.js";

const ALL = "-";
const NO_NAME = "";
const PATIENCE = 250;
const controls = () => document.querySelectorAll("[data-filter]");

/** Listens to the controls, once. */
export function buildFilters() {
  for (const control of controls()) {
    const name = control.dataset.filter;
    if (name === "text") listen(control);
    else control.addEventListener("change", () => filter({ [name]: control.value === ALL ? null : control.value.slice(name === "outcome" ? 0 : 1) }));
  }
  byId("clear").addEventListener("click", clear);
  byId("more").addEventListener("click", () => unfold(byId("more").getAttribute("aria-expanded") === "false"));
  unfold(filtered());
  if (page === "overview") buildRanges();
}

/** Takes all filters away. */
export const clear = () => filter(Object.fromEntries(FILTERS.map((name) => [name, null])));

/** On a narrow screen the filters are folded while there is none. */
const unfold = (open) => byId("more").setAttribute("aria-expanded", String(open));

/** What is typed counts after a short pause. */
function listen(control) {
  let timer = null;
  control.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => filter({ text: control.value.trim() || null }, { replace: true }), PATIENCE);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    control.focus();
  });
}

function buildRanges() {
  const radios = Object.entries(RANGES).map(([value, words]) => make(
    "label", {}, make("input", { type: "radio", name: "range", value, onchange: () => change({ range: value, from: null, to: null, page: null }) }),
    make("span", {}, words),
  ));
  byId("ranges").replaceChildren(...radios);
  byId("custom-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { from, to } = event.target.elements;
    const moment = (control) => (control.value ? String(new Date(control.value).getTime()) : null);
    change({ range: null, from: moment(from), to: moment(to), page: null });
    byId("custom").open = false;
  });
  document.addEventListener("click", (event) => {
    if (!byId("custom").contains(event.target)) byId("custom").open = false;
  });
  byId("custom").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    byId("custom").open = false;
    byId("custom").querySelector("summary").focus();
  });
}

/** Shows a period that was dragged over in a chart. */
export const showPeriod = (from, to) => change({ range: null, from: String(from), to: String(to), page: null });

/** The controls say what the address says; `choices` are the values to choose from. */
export function markFilters(choices) {
  const state = current();
  for (const control of controls()) {
    const name = control.dataset.filter;
    if (name === "text") {
      if (document.activeElement !== control) control.value = state.text ?? "";
    } else if (name === "outcome") {
      control.value = state.outcome ?? ALL;
    } else {
      fill(control, choices?.[name] ?? [], state[name]);
    }
    control.classList.toggle("set", name in state);
  }
  byId("clear").hidden = !filtered();
  showChips(state);
  if (page === "overview") markPeriod(state);
}

/** An option for each value; one that does not occur but is asked for is kept. Values have a mark in front: one is empty. */
function fill(select, values, wanted) {
  const names = values.map((value) => value ?? NO_NAME);
  if (wanted !== undefined && !names.includes(wanted)) names.unshift(wanted);
  const options = [[ALL, "All"], ...names.map((value) => [`=${value}`, value || "none"])];
  const same = select.options.length === options.length && options.every(([value], place) => select.options[place].value === value);
  if (!same) select.replaceChildren(...options.map(([value, words]) => make("option", { value }, words)));
  select.value = wanted === undefined ? ALL : `=${wanted}`;
}

/** Filters without a control of their own. */
function showChips(state) {
  const chips = ["error"].filter((name) => name in state).map((name) => make("button", {
    type: "button", className: "chip", "aria-label": `Take the filter ${state[name]} away`, onclick: () => filter({ [name]: null }),
  }, state[name], make("span", { "aria-hidden": "true" }, "×")));
  byId("chips").replaceChildren(...chips);
}

function markPeriod(state) {
  const custom = "from" in state || "to" in state;
  for (const radio of document.querySelectorAll("[name=range]")) radio.checked = !custom && radio.value === state.range;
  byId("custom").classList.toggle("set", custom);
  const moment = (name) => (state[name] ? format.moment(Number(state[name])) : "");
  byId("custom-words").textContent = custom ? `${moment("from") || "start"} – ${moment("to") || "now"}` : "Custom";
  const local = (value) => {
    const date = new Date(Number(value));
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  };
  for (const control of byId("custom-form").elements) {
    if (control.name && document.activeElement !== control) control.value = state[control.name] ? local(state[control.name]) : "";
  }
}
