/**
 * The forecasting network: a window of values in, quantiles of the next values out.
 *
 * Shapes: R context length, C of them as steps, H horizon, W width. There are seven simple forecasts
 * and five quantiles: the ends of the 95 % and 80 % intervals and the median. Values are float64,
 * network inputs float32.
 */

import { Stack } from "./network.js";
import { Linear, logSoftmax } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{season: number, horizon: number, context_length: number, steps: number, logarithm: boolean,
 *   networks: number, cell: string, hidden_size: number, layers: number}} ForecastConfig */
/** @typedef {{steps: Float32Array[], simple: Float32Array[], naive: number[], scale: number}} Scaled
 *   the inputs of each step (C + H), the simple forecasts (H, 7) minus the seasonal naive one,
 *   divided by the scale; the seasonal naive forecast (H,), and the scale */

const COMPONENTS = ["norm", "convolution", "gate", "residual", "mlp"];
const INPUTS = 4;
const BASE_FORECASTS = 7;
const MIN_RECENT = 3; // the fewest seasonal differences that estimate the current level
const CORRECTION_SCALE = 0.3; // scale of the network's correction to the simple forecasts
const MIN_SCALE = 1e-3; // as a share of the spread
const MIN_SPREAD = 1e-6; // the least spread, as a share of the values
const TINY = 2 ** -126;

/** @typedef {{window: number, shares: {network: number}}} Counts the linear forecast in a model file */

/** A forecast that is a linear function of the last values: last + M (values - last). */
class LinearForecast {
  /** @param {Bundle} bundle @param {string} name @param {Counts} counts @param {number} horizon */
  constructor(bundle, name, { window, shares }, horizon) {
    this.window = window;
    this.share = 1 - shares.network;
    this.matrix = bundle.take(`${name}.matrix`, horizon * window);
  }

  /** The forecast (H,). @param {number[]} values (at least `window`) */
  of(values) {
    const last = values[values.length - 1];
    const differences = values.slice(-this.window).map((value) => value - last);
    return Array.from({ length: this.matrix.length / this.window }, (_, ahead) =>
      differences.reduce((sum, each, i) => sum + each * this.matrix[ahead * this.window + i], last),
    );
  }
}

/** One network of the ensemble: a scaled window -> five quantiles (H, 5) minus the seasonal naive
 * forecast. */
class Member {
  /** @param {Bundle} bundle @param {string} name @param {ForecastConfig} config */
  constructor(bundle, name, { hidden_size: width, layers, cell, horizon }) {
    this.horizon = horizon;
    this.into = Linear.from(bundle, `${name}.into`, INPUTS, width);
    const architecture = { vocabulary: 1, cell, hidden_size: width, layers, components: COMPONENTS, tied: false };
    this.stack = new Stack(bundle, `${name}.stack`, architecture);
    this.out = Linear.from(bundle, `${name}.out`, width, BASE_FORECASTS + 5);
  }

  /** @param {Scaled} scaled */
  quantiles({ steps, simple }) {
    let state = this.stack.initialState();
    const vectors = steps.map((step) => {
      const [y, after] = this.stack.step(this.into.of(step), state);
      state = after;
      return y;
    });
    return vectors.slice(-this.horizon).map((vector, ahead) => {
      const output = this.out.of(vector);
      const weights = logSoftmax(output.subarray(0, BASE_FORECASTS)).map(Math.exp);
      const [shift, ...widths] = output.subarray(BASE_FORECASTS);
      const middle = weights.reduce(
        (sum, weight, i) => sum + weight * simple[ahead][i],
        CORRECTION_SCALE * shift,
      );
      const [inner, outer, above, beyond] = widths.map(softplus);
      const [low, high] = [middle - inner, middle + above];
      return [low - outer, low, middle, high, high + beyond];
    });
  }
}

export class ForecastNetwork {
  /** @param {Bundle} bundle @param {string} name @param {ForecastConfig} config
   * @param {Counts | null} [counts] of the model file, if it has them */
  constructor(bundle, name, config, counts = null) {
    this.config = config;
    this.counts = counts && new LinearForecast(bundle, `${name}.counts`, counts, config.horizon);
    /** The values before a forecast that it depends on. */
    this.historyLength = Math.max(config.context_length, this.counts?.window ?? 0);
    this.members = Array.from(
      { length: config.networks },
      (_, member) => new Member(bundle, `${name}.members.${member}`, config),
    );
  }

  /** The quantiles of the next values (H, 5), ascending. @param {number[]} history (R,) */
  quantiles(history) {
    const values = this.config.logarithm ? history.map(Math.log) : history;
    const scaled = this.#scaled(values.slice(-this.config.context_length));
    const each = this.members.map((member) => member.quantiles(scaled));
    const { counts } = this;
    const linear = counts?.of(values);
    return scaled.naive.map((naive, ahead) => {
      const quantiles = each[0][ahead].map(
        (_, level) => naive + scaled.scale * mean(each.map((rows) => rows[ahead][level])),
      );
      const moved = counts && linear ? counts.share * (linear[ahead] - quantiles[2]) : 0;
      return quantiles.map((value) =>
        this.config.logarithm ? Math.exp(value + moved) : value + moved,
      );
    });
  }

  /** Scale a window for the networks. @param {number[]} values (R,) @returns {Scaled} */
  #scaled(values) {
    const { season, steps, horizon } = this.config;
    const differences = values.slice(season).map((value, i) => value - values[i]);
    const level = mean(values.slice(-season));
    const deviation = mean(values.map((value) => Math.abs(value - level)));
    const spread = deviation + MIN_SPREAD * mean(values.map(Math.abs)) + TINY;
    const scale = mean(differences.map(Math.abs)) + MIN_SCALE * spread;
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

  /** Simple forecasts (H, 7): seasonal naive, mean season, last value; the first with the recent
   * change, the first two with the trend, the second at the current level.
   * @param {number[]} values @param {number[]} differences @param {number} level */
  #simple(values, differences, level) {
    const { season, horizon } = this.config;
    const seasons = Math.floor(values.length / season);
    const whole = values.slice(-seasons * season);
    const change = mean(differences);
    const recent = mean(differences.slice(-Math.max(MIN_RECENT, Math.floor(season / 4))));
    return Array.from({ length: horizon }, (_, ahead) => {
      const index = ahead % season;
      const cycle = Math.floor(ahead / season) + 1;
      const naive = whole[(seasons - 1) * season + index];
      const typical = mean(whole.filter((_, step) => step % season === index));
      return [
        naive,
        typical,
        values[values.length - 1],
        naive + recent,
        naive + change * cycle,
        typical + change * (cycle + (seasons - 1) / 2),
        typical - mean(whole) + level,
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
