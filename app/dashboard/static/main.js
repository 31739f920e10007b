// The page: asks, shows, and asks again when something has changed.

import { showCards } from "./cards.js";
import { showCharts } from "./charts.js";
import { byId } from "./dom.js";
import { buildFilters, clear, markFilters, showPeriod } from "./filters.js";
import * as format from "./format.js";
import { ask, Failure, Live } from "./server.js";
import { change, conditions, current, filtered, page, wish } from "./state.js";
import { buildTabs, loadTable, markTabs, showTable } from "./tables.js";

/** Milliseconds: between two looks at the least, after a failure, while the files are read for the first time, and for
 * time itself to go on. */
const PAUSE = 1500;
const FAILED = 5000;
const READING = 600;
const MINUTE = 30_000;

let asked = null;
let answer = null;
let latest = null;
let choices = null;
let chosen = -Infinity;
let took = 0;
let shown = -Infinity;
let paused = false;
let timer = null;
let due = Infinity;
let failed = false;

/** Asks for everything that is shown. What was asked before and is still on its way is forgotten. */
async function refresh() {
  clearTimeout(timer);
  due = Infinity;
  asked?.abort();
  const request = asked = new AbortController();
  const began = performance.now();
  byId("data").setAttribute("aria-busy", "true");
  try {
    const overview = ask("overview", conditions(), request.signal);
    const table = loadTable(wish(), request.signal);
    table.catch(() => {}); // it is awaited below, unless the overview fails first
    show(await overview);
    await table;
    showTable(answer.causes);
    took = performance.now() - began;
    failed = false;
    if (performance.now() > chosen + MINUTE) await offerChoices(request.signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    fail(error);
  }
  if (request !== asked) return;
  asked = null;
  byId("data").setAttribute("aria-busy", "false");
  const reading = answer && answer.reading.done < answer.reading.size;
  const behind = latest && answer && latest !== answer.state;
  later(failed ? FAILED : behind ? pause() : reading ? READING : MINUTE);
}

/** What can be chosen from; it seldom changes. */
async function offerChoices(signal) {
  choices = await ask("choices", {}, signal);
  chosen = performance.now();
  markFilters(choices);
}

/** Asks after a while, or earlier when that was already due. Hidden and paused pages wait. */
function later(milliseconds) {
  if (paused || document.hidden) return;
  const at = performance.now() + milliseconds;
  if (at >= due) return;
  due = at;
  clearTimeout(timer);
  timer = setTimeout(refresh, milliseconds);
}

/** A server that answers slowly is asked less often. */
const pause = () => Math.max(PAUSE, 3 * took);

function show(overview) {
  answer = overview;
  shown = performance.now();
  byId("problem").hidden = !overview.reading.problem;
  byId("problem-words").textContent = overview.reading.problem;
  showReading(overview.reading);
  const empty = overview.totals.requests === 0;
  showNothing(empty, overview);
  byId("data").hidden = empty;
  byId("data").classList.remove("loading", "stale");
  if (!empty) {
    showCards(overview);
    showCharts(overview, showPeriod);
  }
  showFooter(overview);
}

function fail(error) {
  failed = true;
  byId("problem").hidden = false;
  byId("problem-words").textContent = error instanceof Failure ? error.message : `${error.name}: ${error.message}`;
  byId("data").classList.add("stale");
  if (!(error instanceof Failure)) console.error(error);
}

function showReading({ done, size }) {
  const reading = done < size;
  byId("reading").hidden = !reading;
  byId("progress").value = size ? done / size : 1;
  byId("progress-words").textContent = reading ? `${format.percent(done / size)} of ${format.compact(size / 1e6)} MB, the latest first` : "";
}

function showNothing(empty, overview) {
  byId("nothing").hidden = !empty;
  if (!empty) return;
  const reading = overview.reading.done < overview.reading.size;
  const never = overview.known === 0 && !reading;
  byId("nothing-title").textContent = never ? "No exchange yet" : page === "session" && !reading ? "No such exchange" : "Nothing found";
  byId("nothing-words").textContent = never
    ? "As soon as a client has its first answer, it appears here by itself."
    : filtered() ? "No exchange of this period fits the filters." : "There was no exchange in this period.";
  byId("everything").hidden = never || (page === "session" && !filtered());
}

function showFooter({ known, unreadable, totals, period }) {
  const bad = unreadable ? ` · ${format.number(unreadable)} lines cannot be read` : "";
  byId("footer").textContent = `${format.number(known)} exchanges in the log files${bad}`;
  if (page !== "session") return;
  byId("session-id").textContent = current().session ?? "";
  document.title = `Session ${(current().session ?? "").slice(0, 13)} · Rialto`;
  byId("session-about").textContent = totals.requests ? `began ${format.moment(period.begin)}` : "";
}

/** The button tells whether the page follows the files, and stops it. */
function showLive(word) {
  const button = byId("live");
  const words = paused ? "Paused" : { live: "Live", off: "Connecting" }[word];
  const action = paused ? "go on with the updates" : "pause the updates";
  if (byId("live-word").textContent === words && button.title === action) return;
  button.dataset.state = paused ? "paused" : word;
  byId("live-word").textContent = byId("live-status").textContent = words;
  button.setAttribute("aria-pressed", String(paused));
  button.setAttribute("aria-label", `${words}: ${action}`);
  button.title = action;
}

const live = new Live(changed, (word) => showLive(word));

/** The files have changed, unless the answer that is shown knows it already; one that is on its way says so itself. */
function changed(state) {
  latest = state ?? latest;
  if (!asked && (failed || state === null || state !== answer?.state)) later(Math.max(0, shown + pause() - performance.now()));
}

function follow() {
  if (paused || document.hidden) {
    live.close();
    clearTimeout(timer);
    due = Infinity;
    return;
  }
  live.open();
  refresh();
}

byId("live").addEventListener("click", () => {
  paused = !paused;
  showLive("off");
  follow();
});
byId("retry").addEventListener("click", refresh);
byId("everything").addEventListener("click", () => {
  clear();
  change({ range: "all", from: null, to: null });
});
document.addEventListener("visibilitychange", follow);
document.addEventListener("state", () => {
  markTabs();
  markFilters(choices);
  refresh();
});

buildFilters();
buildTabs();
markFilters(null);
showLive("off");
live.open();
refresh();
