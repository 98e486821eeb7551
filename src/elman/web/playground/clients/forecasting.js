/** A forecaster on the server. */

import { ModelApi } from "../api.js";

/** @typedef {import("../../views/forecasting.js").ForecastingClient} ForecastingClient */

/** @implements {ForecastingClient} */
export class HttpForecaster extends ModelApi {
  names = /** @type {string[]} */ (this.model.details.series);

  /** @param {number[][]} history @param {number | null} horizon */
  async predict(history, horizon) {
    const body = { ...(history.length ? { history } : {}), ...(horizon ? { horizon } : {}) };
    return { history, forecast: await this.post("forecast", body) };
  }
}
