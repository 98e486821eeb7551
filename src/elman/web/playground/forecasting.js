/** A forecaster: what comes after the series that it learned, or after numbers that are pasted. */

import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { explainingNumbers } from "./explaining.js";
import { fans } from "../runtime/fan.js";
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
      shown.replaceChildren(...fans(rows, found));
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
