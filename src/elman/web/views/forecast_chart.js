/** A forecast as a chart: the history, the median, and the 80 % and 95 % intervals. */

import { element } from "../components/elements.js";
import { svg } from "../components/svg.js";
import { rounded } from "../explanation/trace.js";

/** @typedef {Record<"median" | "low_80" | "high_80" | "low_95" | "high_95", number[][]> &
 *   {names: string[], dates: string[]}} Forecast (H, S) each: H steps ahead of S series */

const [WIDTH, HEIGHT, LEFT] = [720, 260, 48];
const MAX_HISTORY = 120; // values of the history

/** The chart and the table of each series, under its name. @param {number[][]} history (T, S), or
 * empty if it is unknown @param {Forecast} forecast @returns {Node[]} */
export function forecastCharts(history, forecast) {
  return forecast.names.flatMap((name, series) => {
    const past = history.map((row) => row[series]);
    const chart = forecastChart(past, forecast, series);
    return [element("h3", {}, name), chart, table(forecast, series)];
  });
}

/** @param {number[]} history @param {Forecast} forecast @param {number} series
 * @param {number[]} [actual] the values after the history, if they are known */
export function forecastChart(history, forecast, series, actual = []) {
  const past = history.slice(-MAX_HISTORY).filter(Number.isFinite);
  const of = (/** @type {number[][]} */ rows) => rows.map((row) => row[series]);
  const median = of(forecast.median);
  const all = [...past, ...of(forecast.low_95), ...of(forecast.high_95), ...actual];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const steps = past.length + median.length;
  const x = (/** @type {number} */ step) =>
    LEFT + ((WIDTH - LEFT - 8) * step) / Math.max(1, steps - 1);
  const y = (/** @type {number} */ value) =>
    8 + ((HEIGHT - 24) * (high - value)) / (high - low || 1);
  const points = (/** @type {number[]} */ values, /** @type {number} */ from) =>
    values.map((value, step) => `${x(from + step)},${y(value)}`);
  const interval = (
    /** @type {number[]} */ below,
    /** @type {number[]} */ above,
    /** @type {string} */ kind,
  ) =>
    svg("polygon", {
      class: kind,
      points: [...points(below, past.length), ...points(above, past.length).reverse()].join(" "),
    });
  const label = (/** @type {number} */ value) =>
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, rounded(value));
  const joined = [...past.slice(-1), ...median];
  const from = steps - joined.length;
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "forecast", role: "img" },
    svg("title", {}, `From ${rounded(median[0])} to ${rounded(median[median.length - 1])}`),
    label(low),
    label(high),
    interval(of(forecast.low_95), of(forecast.high_95), "interval-95"),
    interval(of(forecast.low_80), of(forecast.high_80), "interval-80"),
    svg("polyline", { class: "history", points: points(past, 0).join(" ") }),
    svg("polyline", { class: "actual", points: points(actual, past.length).join(" ") }),
    svg("polyline", { class: "median", points: points(joined, from).join(" ") }),
  );
}

/** @param {Forecast} forecast @param {number} series */
function table(forecast, series) {
  const cell = (/** @type {string} */ text) => element("td", {}, text);
  const rows = forecast.median.map((row, step) => {
    const [low, high] = [forecast.low_80[step][series], forecast.high_80[step][series]];
    const interval = `${low.toPrecision(4)} to ${high.toPrecision(4)}`;
    const when = element("th", { scope: "row" }, forecast.dates[step] ?? `+${step + 1}`);
    return element("tr", {}, when, cell(row[series].toPrecision(4)), cell(interval));
  });
  const head = ["step", "median", "80 % interval"].map((each) =>
    element("th", { scope: "col" }, each),
  );
  const numbers = element("table", {}, element("tr", {}, ...head), ...rows);
  return element("details", {}, element("summary", {}, "As a table"), numbers);
}
