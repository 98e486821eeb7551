/** A forecaster: what comes after the series that it learned, or after numbers that are pasted. */

import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { fan } from "./fan.js";
import { numbersBox, rowsOf } from "./numbers.js";
import { numberBox } from "./parts.js";

/** @param {import("./page.js").Place} place */
export function forecasterView({ model, said, failed }) {
  const shown = element("div", { ariaLive: "polite" });
  const horizon = numberBox("Steps ahead; empty: all it can", null, 1);
  const numbers = numbersBox("A history, a step a line; empty: what it has learned", show);

  /** @param {string} text */
  async function show(text) {
    try {
      const rows = rowsOf(text);
      const steps = Math.trunc(Number(horizon.input.value));
      const asked = {
        ...(steps > 0 ? { horizon: steps } : {}),
        ...(rows.length ? { history: rows } : {}),
      };
      const found = await ask(model, "forecast", asked);
      const drawn = found.names.flatMap((/** @type {string} */ name, /** @type {number} */ series) => [
        element("h3", {}, name),
        fan(
          rows.map((row) => row[series]),
          found,
          series,
        ),
        table(found, series),
      ]);
      shown.replaceChildren(...drawn);
      said("");
    } catch (error) {
      failed(error);
    }
  }
  void show("");
  return [numbers, element("div", { className: "row" }, horizon.node), shown];
}

/** @param {import("./fan.js").Forecast} found @param {number} series */
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
