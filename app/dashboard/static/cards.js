// The stat cards.

import { byId, make } from "./dom.js";
import * as format from "./format.js";
import { page } from "./state.js";

/** Characters of a number that has no room in large type. */
const LONG = 8;
const part = (value, whole) => (whole ? value / whole : null);

const CARDS = [
  {
    label: "Requests", value: (all) => format.number(all.requests),
    note: (all, period) => {
      if (page === "session") return `in ${format.span(period.end - period.begin)}`;
      const hours = Math.max(1, (period.end - period.begin) / 3_600_000);
      const rare = all.requests < hours;
      return `${format.rate((all.requests / hours) * (rare ? 24 : 1))} ${rare ? "a day" : "an hour"}`;
    },
  },
  {
    label: "Tokens in", value: (all) => format.compact(all.tokens_in), exact: (all) => format.number(all.tokens_in),
    note: (all) => `${format.compact(all.cache_read)} cached`,
  },
  {
    label: "Tokens out", value: (all) => format.compact(all.tokens_out), exact: (all) => format.number(all.tokens_out),
    note: (all) => `${format.compact(all.reasoning)} reasoning`,
  },
  {
    label: "Cost", value: (all) => format.money(all.cost),
    note: (all) => (all.unpriced
      ? `${format.compact(all.unpriced)} without a price`
      : `${format.money(part(all.cost, all.requests))} a request`),
  },
  {
    label: "Cache hit rate", value: (all) => format.percent(all.hit_rate),
    note: (all) => (all.estimated ? `${format.compact(all.estimated)} not counted` : "of the input"),
  },
  {
    label: "Errors", value: (all) => format.number(all.errors), bad: (all) => all.errors > 0,
    note: (all) => `${format.percent(part(all.errors, all.requests))} of requests`,
  },
  { label: "First token", pair: (all) => all.first_token, note: () => "until the first content" },
  { label: "Total latency", pair: (all) => all.latency, note: () => "until the last word" },
];

/** Fills the cards. */
export function showCards(answer) {
  byId("cards").replaceChildren(...CARDS.map((card) => drawn(card, answer.totals, answer.period)));
}

function drawn(card, all, period) {
  const name = card.label.toLowerCase().replaceAll(" ", "-");
  const words = value(card, all);
  const classes = ["value", card.bad?.(all) ? "bad" : "", String(words[0]).length > LONG && !card.pair ? "much" : ""];
  return make(
    "div", { className: "card", "data-card": name },
    make("dt", {}, card.label),
    make("dd", { className: classes.filter(Boolean).join(" "), title: card.exact?.(all) }, ...words),
    make("dd", { className: "note" }, card.note(all, period)),
  );
}

function value(card, all) {
  if (!card.pair) return [card.value(all)];
  const [half, most] = card.pair(all) ?? [null, null];
  return [
    make("span", {}, make("abbr", { title: "Median: half of them were faster" }, "p50"), format.span(half)),
    make("span", {}, make("abbr", { title: "95 of 100 were faster" }, "p95"), format.span(most)),
  ];
}
