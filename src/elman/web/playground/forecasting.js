/** A forecaster: what comes after the series that it learned, or after numbers that are pasted. */

import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { explainingNumbers } from "./explaining.js";
import { fan } from "../runtime/fan.js";
import { numbersBox, rowsOf } from "../runtime/numbers.js";
import { numberBox } from "../runtime/parts.js";

/** @param {import("./page.js").Place} place */
export function forecasterView(place) {
  const { model, said, failed } = place;
  const shown = element("div", { ariaLive: "polite" });
  const horizon = numberBox("Steps ahead; empty: all it can", null, 1);
  const { box, node } = numbersBox("A history, a step a line; empty: what it has learned", show);
  const names = /** @type {string[]} */ (model.about.series);
  const series = element("select", {}, ...names.map((name) => element("option", {}, name)));
  const chosen = element("label", { className: "slider", hidden: names.length < 2 }, "Series", series);

  /** @param {string} text */
  async function show(text) {
    try {
      const rows = rowsOf(text);
      const steps = Math.trunc(Number(horizon.input.value));
      const asked = {
        ...(steps > 0 ? { horizon: steps } : {}),
        ...history(rows),
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
  const explained = explainingNumbers(
    place,
    () => ({ ...history(rowsOf(box.value)), series: series.value }),
    chosen,
  );
  void show("");
  return [node, element("div", { className: "row" }, horizon.node), shown, ...explained];
}

/** What it goes on from, where anything is given. @param {number[][]} rows */
function history(rows) {
  return rows.length ? { history: rows } : {};
}

/** @param {import("../runtime/fan.js").Forecast} found @param {number} series */
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
