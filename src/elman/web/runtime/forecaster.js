/**
 * A forecaster: the next values, as a median and two intervals.
 *
 * Shapes: T steps, S series, R context length, H the horizon.
 */

import { ForecastNetwork } from "./forecast_network.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("../views/forecast_chart.js").Forecast} Forecast */
/** @typedef {import("../views/forecasting.js").ForecastingClient} ForecastingClient */

/** @implements {ForecastingClient} */
export class Forecaster {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { forecasting, names, counts } = bundle.about;
    /** @type {string[]} */
    this.names = names;
    this.network = new ForecastNetwork(bundle, "network", forecasting, counts);
    const length = this.network.historyLength;
    const last = bundle.takeDoubles("last", length, names.length);
    /** The last values of the training data (R, S). */
    this.last = Array.from({ length }, (_, step) =>
      Array.from(last.subarray(step * names.length, (step + 1) * names.length)),
    );
    bundle.takeDoubles("scale", names.length);
    /** Factors of the widths of the 80 % and the 95 % interval. */
    this.widths = bundle.takeDoubles("widths", 2);
  }

  /** @param {number[][]} rows of a history, or none: the end of the training data
   * @param {number | null} horizon */
  async predict(rows, horizon) {
    const history = rows.length ? rows : this.last;
    const whole = this.forecast(history);
    const steps = horizon ?? whole.median.length;
    if (steps > whole.median.length)
      throw new RangeError(`The model forecasts at most ${whole.median.length} steps ahead.`);
    const { names, dates, ...values } = whole;
    const cut = Object.entries(values).map(([name, each]) => [name, each.slice(0, steps)]);
    return { history, forecast: { ...whole, ...Object.fromEntries(cut) } };
  }

  /** The values after a history (T, S), each (H, S). @param {number[][]} history
   * @returns {Forecast} */
  forecast(history) {
    this.#check(history);
    const { historyLength } = this.network;
    const each = this.names.map((_, series) =>
      this.#scaled(this.network.quantiles(history.slice(-historyLength).map((row) => row[series]))),
    );
    /** @param {number} level */
    const quantile = (level) => each[0].map((_, ahead) => each.map((rows) => rows[ahead][level]));
    const [low_95, low_80, median, high_80, high_95] = [0, 1, 2, 3, 4].map(quantile);
    return { names: this.names, dates: [], median, low_80, high_80, low_95, high_95 };
  }

  /** Scale both intervals around the median, and sort, so that they stay nested.
   * @param {number[][]} quantiles (H, 5) */
  #scaled(quantiles) {
    const [inner, outer] = this.widths;
    const widths = [outer, inner, 1, inner, outer];
    return quantiles.map((row) =>
      row.map((value, level) => row[2] + (value - row[2]) * widths[level]).sort((a, b) => a - b),
    );
  }

  /** @param {number[][]} history */
  #check(history) {
    const { historyLength, config } = this.network;
    const wrong = history.findIndex((row) => row.length !== this.names.length);
    if (wrong >= 0) {
      const [is, has] = [this.names.length, history[wrong].length];
      throw new RangeError(
        `The model forecasts ${is} series; row ${wrong + 1} has ${has} numbers.`,
      );
    }
    if (history.length < historyLength) {
      throw new RangeError(
        `The history has ${history.length} values; at least ${historyLength} are needed.`,
      );
    }
    if (config.logarithm && history.flat().some((value) => value <= 0)) {
      throw new RangeError("The model was trained on positive numbers; the history has others.");
    }
  }
}
