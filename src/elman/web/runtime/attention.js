/**
 * Where a decoder looks: a weighted mean of what an encoder saw, the weights by likeness.
 *
 * Shapes: S source time, W width, N heads, E = W / N, the width of a head.
 */

import { Linear, logSoftmax } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{keys: Float32Array[], values: Float32Array[]}} Memory (S, W) each */

const HEAD_WIDTH = 64;

export class Attention {
  /** @param {Bundle} bundle @param {string} name @param {number} width @param {string} kind */
  constructor(bundle, name, width, kind) {
    const additive = kind === "additive";
    this.heads = additive ? 1 : Math.max(1, Math.floor(width / HEAD_WIDTH));
    while (width % this.heads) this.heads--;
    /** @param {string} part */
    const part = (part) => Linear.from(bundle, `${name}.${part}`, width, width);
    this.query = part("query");
    this.key = part("key");
    this.value = part("value");
    this.out = part("out");
    this.weigh = additive ? Linear.from(bundle, `${name}.weigh`, width, 1) : null;
  }

  /** @param {Float32Array[]} seen (S, W) @returns {Memory} */
  remember(seen) {
    return {
      keys: seen.map((vector) => this.key.of(vector)),
      values: seen.map((vector) => this.value.of(vector)),
    };
  }

  /**
   * @param {Float32Array} asked (W,)
   * @param {Memory} memory
   * @returns {[Float32Array, Float64Array]} what was seen (W,), and how much each source symbol
   *   counted (S,), the mean of all heads
   */
  look(asked, { keys, values }) {
    const query = this.query.of(asked);
    const seen = new Float32Array(query.length);
    const mean = new Float64Array(keys.length);
    const size = query.length / this.heads;
    for (let head = 0; head < this.heads; head++) {
      const [from, to] = [head * size, (head + 1) * size];
      const likeness = keys.map((key) => this.#likeness(query, key, from, to));
      logSoftmax(likeness).forEach((logShare, place) => {
        const share = Math.exp(logShare);
        mean[place] += share / this.heads;
        for (let i = from; i < to; i++) seen[i] += share * values[place][i];
      });
    }
    return [this.out.of(seen), mean];
  }

  /** @param {Float32Array} query @param {Float32Array} key @param {number} from
   * @param {number} to of a head */
  #likeness(query, key, from, to) {
    if (this.weigh) return this.weigh.of(query.map((asked, i) => Math.tanh(asked + key[i])))[0];
    let sum = 0;
    for (let i = from; i < to; i++) sum += query[i] * key[i];
    return sum / Math.sqrt(to - from);
  }
}
