/**
 * Numbers in step, then ahead: what a window of values becomes, and what is said of those to come.
 *
 * Shapes: R values read, C of them step by step, H the horizon, W width. The simple forecasts are
 * seven, the levels of the quantiles five: the ends of the 95 % and the 80 % interval, and between
 * them the median. Values are of 64 bits, what networks read of 32.
 */

import { Stack } from "./network.js";
import { Linear, logSoftmax } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{season: number, horizon: number, context_length: number, steps: number, logarithm: boolean,
 *   networks: number, cell: string, hidden_size: number, layers: number}} Forecasting */
/** @typedef {{steps: Float32Array[], simple: Float32Array[], naive: number[], scale: number}} Scaled
 *   the inputs of each step (C + H), the simple forecasts (H, 7) less the seasonal naive one in
 *   units of the scale, that one (H,), and the scale */

const PARTS = ["norm", "convolution", "gate", "residual", "mlp"];
const INPUTS = 4;
const SIMPLE = 7;
const RECENT = 3; // seasonal differences that say where the level is now, at least
const TIMID = 0.3; // how readily a network departs from the simple forecasts
const LEAST = 1e-3; // of a window's scale, as a share of the spread
const ROUNDING = 1e-6; // of the spread, as a share of the values
const TINY = 2 ** -126;

/** One network: a scaled window -> five quantiles of each step ahead (H, 5), less the seasonal
 * naive forecast. */
class Member {
  /** @param {Bundle} bundle @param {string} name @param {Forecasting} told */
  constructor(bundle, name, { hidden_size: width, layers, cell, horizon }) {
    this.horizon = horizon;
    this.into = Linear.from(bundle, `${name}.into`, INPUTS, width);
    const architecture = { vocabulary: 1, cell, hidden_size: width, layers, components: PARTS, tied: false };
    this.stack = new Stack(bundle, `${name}.stack`, architecture);
    this.out = Linear.from(bundle, `${name}.out`, width, SIMPLE + 5);
  }

  /** @param {Scaled} scaled */
  says({ steps, simple }) {
    let state = this.stack.initialState();
    const vectors = steps.map((step) => {
      const [y, after] = this.stack.step(this.into.of(step), state);
      state = after;
      return y;
    });
    return vectors.slice(-this.horizon).map((vector, ahead) => {
      const said = this.out.of(vector);
      const trust = logSoftmax(said.subarray(0, SIMPLE)).map(Math.exp);
      const [shift, ...widths] = said.subarray(SIMPLE);
      const middle = trust.reduce((sum, share, i) => sum + share * simple[ahead][i], TIMID * shift);
      const [inner, outer, above, beyond] = widths.map(softplus);
      const [low, high] = [middle - inner, middle + above];
      return [low - outer, low, middle, high, high + beyond];
    });
  }
}

export class ForecastNetwork {
  /** @param {Bundle} bundle @param {string} name @param {Forecasting} told */
  constructor(bundle, name, told) {
    this.told = told;
    this.members = Array.from(
      { length: told.networks },
      (_, member) => new Member(bundle, `${name}.members.${member}`, told),
    );
  }

  /** The quantiles of the values ahead (H, 5), ascending. @param {number[]} history (R,) */
  quantiles(history) {
    const scaled = this.#scaled(this.told.logarithm ? history.map(Math.log) : history);
    const each = this.members.map((member) => member.says(scaled));
    return scaled.naive.map((naive, ahead) =>
      each[0][ahead].map((_, level) => {
        const said = mean(each.map((rows) => rows[ahead][level]));
        const value = naive + scaled.scale * said;
        return this.told.logarithm ? Math.exp(value) : value;
      }),
    );
  }

  /** A window as networks read it. @param {number[]} values (R,) @returns {Scaled} */
  #scaled(values) {
    const { season, steps, horizon } = this.told;
    const differences = values.slice(season).map((value, i) => value - values[i]);
    const level = mean(values.slice(-season));
    const off = mean(values.map((value) => Math.abs(value - level)));
    const spread = off + ROUNDING * mean(values.map(Math.abs)) + TINY;
    const scale = mean(differences.map(Math.abs)) + LEAST * spread;
    const forecasts = this.#simple(values, differences, level);
    const naive = forecasts.map(([first]) => first);
    const simple = forecasts.map((row, ahead) =>
      Float32Array.from(row, (value) => (value - naive[ahead]) / scale),
    );
    const changes = differences.slice(-steps);
    const past = values
      .slice(-steps)
      .map((value, i) => Float32Array.of((value - level) / spread, changes[i] / scale, 0, 0));
    const future = naive.map((value, i) =>
      Float32Array.of((value - level) / spread, simple[i][1], 1, (i + 1) / horizon),
    );
    return { steps: [...past, ...future], simple, naive, scale };
  }

  /** What needs no learning (H, 7): the last season again, the usual season, the last value; and
   * with what has changed lately, with the change from season to season, or with the present level
   * added to them. @param {number[]} values @param {number[]} differences @param {number} level */
  #simple(values, differences, level) {
    const { season, horizon } = this.told;
    const seasons = Math.floor(values.length / season);
    const whole = values.slice(-seasons * season);
    const change = mean(differences);
    const lately = mean(differences.slice(-Math.max(RECENT, Math.floor(season / 4))));
    return Array.from({ length: horizon }, (_, ahead) => {
      const place = ahead % season;
      const turn = Math.floor(ahead / season) + 1;
      const naive = whole[(seasons - 1) * season + place];
      const usual = mean(whole.filter((_, step) => step % season === place));
      return [
        naive,
        usual,
        values[values.length - 1],
        naive + lately,
        naive + change * turn,
        usual + change * (turn + (seasons - 1) / 2),
        usual - mean(whole) + level,
      ];
    });
  }
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param {number} x */
function softplus(x) {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}
