// The charts over time. Dragging over one chooses its period.

import uPlot from "./vendor/uplot/uPlot.esm.js";
import { byId, make } from "./dom.js";
import * as format from "./format.js";

const HEIGHT = 176;
const STACK = uPlot.paths.bars({ size: [0.82, 60], radius: 0.12, gap: 0 });
const LINE = uPlot.paths.spline();

/** 1, 2, 5, 10 and so on. */
const WHOLE = Array.from({ length: 42 }, (_, at) => [1, 2, 5][at % 3] * 10 ** Math.floor(at / 3));

const less = (whole, ...parts) => whole.map((value, place) => value - parts.reduce((sum, one) => sum + one[place], 0));
const nth = (pairs, place) => pairs.map((pair) => (pair ? pair[place] : null));

/** What each chart draws. Stacks have their parts from the ground up. */
const CHARTS = [
  {
    name: "Requests", words: format.compact, stack: true, whole: true, lines: [
      { label: "Failed", colour: "--red", of: (all) => all.errors },
      { label: "Answered", colour: "--blue", of: (all) => less(all.requests, all.errors) },
    ],
  },
  {
    name: "Tokens", words: format.compact, stack: true, whole: true, lines: [
      { label: "Out", colour: "--amber", of: (all) => all.tokens_out },
      { label: "In, new", colour: "--blue", of: (all) => less(all.tokens_in, all.cache_read) },
      { label: "In, cached", colour: "--teal", of: (all) => all.cache_read },
    ],
  },
  {
    name: "Cost", words: format.moneyShort, stack: true, lines: [
      { label: "Cost", colour: "--violet", of: (all) => all.cost },
    ],
  },
  {
    name: "Cache hit rate", words: format.percent, most: 1, lines: [
      { label: "Hit rate", colour: "--teal", fill: true, of: (all) => all.hit_rate },
    ],
  },
  {
    name: "First token", words: format.span, lines: [
      { label: "p95", colour: "--amber", of: (all) => nth(all.first_token, 1) },
      { label: "p50", colour: "--blue", fill: true, of: (all) => nth(all.first_token, 0) },
    ],
  },
  {
    name: "Total latency", words: format.span, lines: [
      { label: "p95", colour: "--amber", of: (all) => nth(all.latency, 1) },
      { label: "p50", colour: "--blue", fill: true, of: (all) => nth(all.latency, 0) },
    ],
  },
];

let drawn = [];
let shown = null;

/** Draws all charts; `chosen(from, to)` is called with a period that was dragged over. */
export function showCharts(answer, chosen) {
  shown = { answer, chosen };
  const step = answer.period.step;
  if (drawn.length && drawn[0].step === step) {
    for (const chart of drawn) chart.plot.setData(values(chart.chart, answer));
  } else {
    redraw();
  }
  for (const { chart, figure } of drawn) describe(figure, chart, answer);
}

/** Draws them anew: other colours, another width, other steps. */
export function redraw() {
  if (!shown) return;
  for (const { plot } of drawn) plot.destroy();
  const { answer, chosen } = shown;
  const figures = CHARTS.map(framed);
  byId("charts").replaceChildren(...figures.map(({ figure }) => figure));
  drawn = figures.map(({ chart, figure, place }) => {
    const plot = new uPlot(options(chart, place, answer, chosen), values(chart, answer), place);
    return { chart, figure, plot, step: answer.period.step };
  });
}

function framed(chart) {
  const keys = chart.lines.length > 1 ? [...chart.lines].reverse().map((line) => {
    const mark = make("i");
    mark.style.background = colour(line.colour);
    return make("span", {}, mark, line.label);
  }) : [];
  const place = make("div", { className: "plot" });
  const figure = make(
    "figure", { className: "chart" },
    make("figcaption", {}, make("b", {}, chart.name), make("span", { className: "keys" }, ...keys)), place,
  );
  return { chart, figure, place };
}

/** Where the columns are, and the lines' values; those of a stack lie on one another. */
function values(chart, answer) {
  const lines = chart.lines.map((line) => line.of(answer.series));
  if (chart.stack) {
    for (let place = 1; place < lines.length; place += 1) {
      lines[place] = lines[place].map((value, at) => value + lines[place - 1][at]);
    }
    lines.reverse(); // the highest is drawn first, the others before it
  }
  return [answer.series.time.map((value) => value / 1000), ...lines];
}

function options(chart, place, answer, chosen) {
  const step = answer.period.step;
  const lines = chart.stack ? [...chart.lines].reverse() : chart.lines;
  const grid = { stroke: colour("--grid"), width: 1 };
  const axis = { stroke: colour("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  return {
    width: Math.max(120, place.clientWidth),
    height: HEIGHT,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "rialto" }, points: { show: !chart.stack, size: 6 }, y: false, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: { time: false, range: (_, low, high) => [low - step / 2000, high + step / 2000] },
      y: { range: (_, low, high) => [0, chart.most ?? (high > 0 ? high * 1.08 : 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 64, splits: (plot, _, low, high) => ticks(low, high, step, plot.width), values: (_, at) => at.map((value) => format.tick(value * 1000, (at[1] - at[0]) * 1000)) },
      { ...axis, grid, size: 56, space: 38, ...(chart.whole ? { incrs: WHOLE } : {}), values: (_, at) => at.map((value) => chart.words(value)) },
    ],
    series: [{}, ...lines.map((line) => ({
      label: line.label,
      stroke: chart.stack ? "transparent" : colour(line.colour),
      width: chart.stack ? 0 : 1.75,
      fill: chart.stack ? colour(line.colour) : line.fill ? `${colour(line.colour)}22` : undefined,
      paths: chart.stack ? STACK : LINE,
      points: { show: (plot, at) => !chart.stack && lonely(plot.data[at]), size: 5 },
    }))],
    hooks: { setCursor: [tooltip(chart, step)], setSelect: [(plot) => select(plot, step, chosen)] },
  };
}

/** Few values make points: a line needs two neighbours. */
const lonely = (line) => line.filter((value) => value !== null).length < 12;

/** Round moments of the local clock, not too many. */
function ticks(low, high, step, width) {
  const lengths = [15, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
  const least = Math.max((high - low) / Math.max(2, Math.floor(width / 84)), step / 1000);
  const length = lengths.find((one) => one >= least) ?? lengths.at(-1);
  const offset = new Date(high * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let at = Math.ceil((low - offset) / length) * length + offset; at <= high; at += length) found.push(at);
  return found;
}

function select(plot, step, chosen) {
  const { left, width } = plot.select;
  if (width < 8) return;
  const edge = (pixel) => Math.round(plot.posToVal(pixel, "x") * 1000);
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  chosen(edge(left), Math.max(edge(left + width), edge(left) + step));
}

/** The numbers of the column under the pointer. */
function tooltip(chart, step) {
  const box = make("div", { className: "tip" });
  return (plot) => {
    if (!box.parentNode) plot.over.append(box);
    const { idx: at, left } = plot.cursor;
    box.hidden = at === null || at === undefined || left < 0 || !plot.over.matches(":hover");
    if (box.hidden) return;
    const lines = [...chart.lines].reverse().map((line) => {
      const mark = make("i");
      mark.style.background = colour(line.colour);
      const value = line.of(shown.answer.series)[at];
      return make("span", {}, mark, line.label, make("b", {}, chart.words(value)));
    });
    box.replaceChildren(make("em", {}, format.column(plot.data[0][at] * 1000, step)), ...lines);
    const right = left > plot.over.clientWidth / 2;
    box.style.left = right ? "" : `${left + 12}px`;
    box.style.right = right ? `${plot.over.clientWidth - left + 12}px` : "";
  };
}

/** What a chart says to those who do not see it. */
function describe(figure, chart, answer) {
  const parts = chart.lines.map((line) => {
    const known = line.of(answer.series).filter((value) => value !== null);
    const most = known.length ? chart.words(Math.max(...known)) : "nothing";
    return `${line.label} at most ${most}`;
  });
  figure.querySelector(".plot").setAttribute("role", "img");
  figure.querySelector(".plot").setAttribute("aria-label", `${chart.name} over time: ${parts.join(", ")}.`);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

let width = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - width) < 2) return;
  width = entry.contentRect.width;
  for (const { plot, figure } of drawn) {
    plot.setSize({ width: Math.max(120, figure.querySelector(".plot").clientWidth), height: HEIGHT });
  }
}).observe(byId("charts"));
document.addEventListener("theme", redraw);
