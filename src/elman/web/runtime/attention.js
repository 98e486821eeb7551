/**
 * Attention of a decoder to the encoder's outputs: a mean weighted by similarity.
 *
 * Shapes: S source time, W width, N heads, E = W / N, the width of a head.
 */

import { Linear, logSoftmax } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{keys: Float32Array[], values: Float32Array[]}} KeyValues (S, W) each */

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
    this.score = additive ? Linear.from(bundle, `${name}.weigh`, width, 1) : null;
  }

  /** Project the encoder's outputs once, for all steps. @param {Float32Array[]} encoded (S, W)
   * @returns {KeyValues} */
  projectKv(encoded) {
    return {
      keys: encoded.map((vector) => this.key.of(vector)),
      values: encoded.map((vector) => this.value.of(vector)),
    };
  }

  /**
   * @param {Float32Array} x (W,) the query's input
   * @param {KeyValues} source
   * @returns {[Float32Array, Float64Array]} the output (W,), and the weights of the source tokens
   *   (S,), the mean over heads
   */
  attend(x, { keys, values }) {
    const query = this.query.of(x);
    const mixed = new Float32Array(query.length);
    const mean = new Float64Array(keys.length);
    const size = query.length / this.heads;
    for (let head = 0; head < this.heads; head++) {
      const [from, to] = [head * size, (head + 1) * size];
      const scores = keys.map((key) => this.#similarity(query, key, from, to));
      logSoftmax(scores).forEach((logWeight, index) => {
        const weight = Math.exp(logWeight);
        mean[index] += weight / this.heads;
        for (let i = from; i < to; i++) mixed[i] += weight * values[index][i];
      });
    }
    return [this.out.of(mixed), mean];
  }

  /** @param {Float32Array} query @param {Float32Array} key @param {number} from
   * @param {number} to of a head */
  #similarity(query, key, from, to) {
    if (this.score) return this.score.of(query.map((value, i) => Math.tanh(value + key[i])))[0];
    let sum = 0;
    for (let i = from; i < to; i++) sum += query[i] * key[i];
    return sum / Math.sqrt(to - from);
  }
}
