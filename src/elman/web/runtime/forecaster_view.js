/** A forecaster on the page: what comes after the series that it learned, or after numbers that are
 * pasted. */

import { element } from "./elements.js";
import { fans } from "./fan.js";
import { numbersBox, rowsOf } from "./numbers.js";

/** @param {import("./forecaster.js").Forecaster} model */
export function forecasterView(model) {
  const shown = element("div", { id: "forecasts", ariaLive: "polite" });
  const { node } = numbersBox("A history, a step a line; empty: what it has learned", show);

  /** @param {string} text */
  function show(text) {
    const rows = rowsOf(text);
    const history = rows.length ? rows : model.last;
    try {
      shown.replaceChildren(...fans(history, model.forecast(history)));
    } catch (error) {
      const cause = String(error instanceof Error ? error.message : error);
      shown.replaceChildren(element("p", { role: "alert" }, cause));
    }
  }
  show("");
  return [node, shown];
}
