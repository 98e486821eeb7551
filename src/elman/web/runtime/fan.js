/** A forecast drawn: what was, the median of what will be, and where 80 % and 95 % of it lie. */

import { svg } from "../drawing/svg.js";
import { shortly } from "../drawing/trace.js";
import { element } from "./elements.js";

/** @typedef {Record<"median" | "low_80" | "high_80" | "low_95" | "high_95", number[][]> &
 *   {names: string[], dates: string[]}} Forecast */

const [WIDTH, HEIGHT, LEFT] = [720, 260, 48];
const SHOWN = 120; // values of the history

/** Each series drawn and in numbers, under its name. @param {number[][]} rows of the history, if it
 * is known @param {Forecast} forecast @returns {Node[]} */
export function fans(rows, forecast) {
  return forecast.names.flatMap((name, series) => {
    const past = rows.map((row) => row[series]);
    return [element("h3", {}, name), fan(past, forecast, series), table(forecast, series)];
  });
}

/** @param {number[]} history @param {Forecast} forecast @param {number} series
 * @param {number[]} [came] what came after the history */
export function fan(history, forecast, series, came = []) {
  const past = history.slice(-SHOWN).filter(Number.isFinite);
  const of = (/** @type {number[][]} */ rows) => rows.map((row) => row[series]);
  const median = of(forecast.median);
  const all = [...past, ...of(forecast.low_95), ...of(forecast.high_95), ...came];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const steps = past.length + median.length;
  const x = (/** @type {number} */ step) => LEFT + ((WIDTH - LEFT - 8) * step) / Math.max(1, steps - 1);
  const y = (/** @type {number} */ value) => 8 + ((HEIGHT - 24) * (high - value)) / (high - low || 1);
  const points = (/** @type {number[]} */ values, /** @type {number} */ from) =>
    values.map((value, step) => `${x(from + step)},${y(value)}`);
  const band = (/** @type {number[]} */ below, /** @type {number[]} */ above, /** @type {string} */ kind) =>
    svg("polygon", {
      class: kind,
      points: [...points(below, past.length), ...points(above, past.length).reverse()].join(" "),
    });
  const label = (/** @type {number} */ value) =>
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, shortly(value));
  const joined = [...past.slice(-1), ...median];
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "fan", role: "img" },
    svg("title", {}, `From ${shortly(median[0])} to ${shortly(median[median.length - 1])}`),
    label(low),
    label(high),
    band(of(forecast.low_95), of(forecast.high_95), "band-95"),
    band(of(forecast.low_80), of(forecast.high_80), "band-80"),
    svg("polyline", { class: "past-values", points: points(past, 0).join(" ") }),
    svg("polyline", { class: "came", points: points(came, past.length).join(" ") }),
    svg("polyline", {
      class: "median",
      points: points(joined, steps - joined.length).join(" "),
    }),
  );
  return drawing;
}

/** @param {Forecast} found @param {number} series */
function table(found, series) {
  const cell = (/** @type {string} */ text) => element("td", {}, text);
  const rows = found.median.map((row, step) => {
    const [low, high] = [found.low_80[step][series], found.high_80[step][series]];
    const between = `${low.toPrecision(4)} to ${high.toPrecision(4)}`;
    const when = element("th", { scope: "row" }, found.dates[step] ?? `+${step + 1}`);
    return element("tr", {}, when, cell(row[series].toPrecision(4)), cell(between));
  });
  const head = ["step", "median", "80 %"].map((each) => element("th", { scope: "col" }, each));
  const all = element("table", {}, element("tr", {}, ...head), ...rows);
  return element("details", {}, element("summary", {}, "In numbers"), all);
}
