/** A forecaster: the values after its training data, or after a typed, pasted or opened history. */

import { numberBox, selectBox } from "../components/controls.js";
import { element } from "../components/elements.js";
import { numbersBox, rowsOf } from "../components/number_rows.js";
import { forecastCharts } from "./forecast_chart.js";
import { latest } from "./page.js";

/** @typedef {import("./forecast_chart.js").Forecast} Forecast
 * @typedef {object} ForecastingClient
 * @property {string[]} names of the series
 * @property {(history: number[][], horizon: number | null) =>
 *   Promise<{history: number[][], forecast: Forecast}>} predict the values after a history (T, S),
 *   or after the training data if it is empty; null: all steps that the model forecasts. The history
 *   in the answer is empty if it is unknown
 */

/** @param {import("./page.js").Page<ForecastingClient>} page */
export function forecastingView(page) {
  const { client } = page;
  const charts = element("div", { id: "forecasts", ariaLive: "polite" });
  const horizon = numberBox("Steps ahead (empty: as many as the model forecasts)", null, 1);

  const predict = latest(page, async (/** @type {string} */ text) => {
    const steps = Math.trunc(Number(horizon.input.value));
    const { history, forecast } = await client.predict(rowsOf(text), steps > 0 ? steps : null);
    charts.replaceChildren(...forecastCharts(history, forecast));
  });
  const label = "A history, one step a line (empty: the end of the training data)";
  const { box, node } = numbersBox(label, (text) => void predict(text));
  const series = selectBox("Series", client.names);
  series.node.hidden = client.names.length < 2;
  const input = () => {
    const history = rowsOf(box.value);
    return { ...(history.length ? { history } : {}), series: series.input.value };
  };
  void predict("");
  const explain = page.panels.explainNumbers?.(input, series.node) ?? [];
  return [node, element("div", { className: "row" }, horizon.node), charts, ...explain];
}
