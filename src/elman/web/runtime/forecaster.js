/**
 * A forecaster: the values to come, as a median and the ends of two intervals.
 *
 * Shapes: T steps, S series, R values read, H the horizon.
 */

import { ForecastNetwork } from "./forecasting.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./fan.js").Forecast} Forecast */

export class Forecaster {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { forecasting, names } = bundle.about;
    /** @type {string[]} */
    this.names = names;
    this.network = new ForecastNetwork(bundle, "network", forecasting);
    const last = bundle.takeDoubles("last", forecasting.context_length, names.length);
    /** The last values it learned from (R, S). */
    this.last = Array.from({ length: forecasting.context_length }, (_, step) =>
      Array.from(last.subarray(step * names.length, (step + 1) * names.length)),
    );
    bundle.takeDoubles("scale", names.length);
    /** By how much the 80 % and the 95 % interval are stretched. */
    this.widths = bundle.takeDoubles("widths", 2);
  }

  /** What comes after a history (T, S), (H, S) of each. @param {number[][]} history
   * @returns {Forecast} */
  forecast(history) {
    this.#check(history);
    const { context_length: read } = this.network.told;
    const each = this.names.map((_, series) =>
      this.#stretched(this.network.quantiles(history.slice(-read).map((row) => row[series]))),
    );
    /** @param {number} level */
    const of = (level) => each[0].map((_, ahead) => each.map((rows) => rows[ahead][level]));
    const [low_95, low_80, median, high_80, high_95] = [0, 1, 2, 3, 4].map(of);
    return { names: this.names, dates: [], median, low_80, high_80, low_95, high_95 };
  }

  /** Both intervals stretched from the median; the wider one stays the wider.
   * @param {number[][]} quantiles (H, 5) */
  #stretched(quantiles) {
    const [inner, outer] = this.widths;
    const widths = [outer, inner, 1, inner, outer];
    return quantiles.map((row) =>
      row.map((value, level) => row[2] + (value - row[2]) * widths[level]).sort((a, b) => a - b),
    );
  }

  /** @param {number[][]} history */
  #check(history) {
    const { context_length: read, logarithm } = this.network.told;
    const wrong = history.findIndex((row) => row.length !== this.names.length);
    if (wrong >= 0) {
      const [is, has] = [this.names.length, history[wrong].length];
      throw new RangeError(`It has learned ${is} series; row ${wrong + 1} has ${has} numbers.`);
    }
    if (history.length < read) {
      throw new RangeError(`${history.length} values, and ${read} are needed to go on from.`);
    }
    if (logarithm && history.flat().some((value) => value <= 0)) {
      throw new RangeError("It has learned from numbers above 0, and here are others.");
    }
  }
}
