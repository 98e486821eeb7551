/**
 * A classifier: the probabilities of classes from max and mean pooling over time.
 *
 * Shapes: R the encoder's width (all directions), T tokens, K classes.
 */

import { Linear, logSoftmax, logSumExp } from "./products.js";
import { Encoder, EncoderTokenizer } from "./encoder.js";
import { SparseLinear } from "./sparse_linear.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./encoder.js").Token} Token */
/** @typedef {import("../views/classification.js").ClassificationClient} ClassificationClient */

const BELOW_ALL = -1e4; // below all elements of a vector

/** One network of the ensemble. */
class Member {
  /** @param {Bundle} bundle @param {string} name @param {any} config
   * @param {EncoderTokenizer} tokenizer @param {number} classes */
  constructor(bundle, name, config, tokenizer, classes) {
    this.encoder = new Encoder(bundle, `${name}.encoder`, config, tokenizer);
    this.width = config.blocks.hidden_size * config.directions;
    this.output = Linear.from(bundle, `${name}.output`, 2 * this.width, classes);
  }

  /** Log-probabilities (K,) after each token. With two directions only the last are meaningful.
   * @param {Token[]} tokens @returns {Float64Array[]} */
  logProbabilities(tokens) {
    const directions = this.encoder.encode(tokens);
    const pooled = new Float32Array(2 * this.width).fill(BELOW_ALL, 0, this.width);
    const total = new Float64Array(this.width);
    return tokens.map((_, time) => {
      directions.forEach((vectors, direction) => {
        const first = direction * this.encoder.width;
        vectors[time].forEach((value, i) => {
          pooled[first + i] = Math.max(pooled[first + i], value);
          total[first + i] += value;
        });
      });
      total.forEach((sum, i) => (pooled[this.width + i] = sum / (time + 1)));
      return logSoftmax(this.output.of(pooled));
    });
  }
}

/** @implements {ClassificationClient} */
export class Classifier {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { vocabulary, encoder, labels, members, calibration, counts } = bundle.about;
    this.tokenizer = new EncoderTokenizer(vocabulary);
    /** @type {(string | number | boolean)[]} */
    this.labels = labels;
    this.calibration = calibration;
    this.linear = counts ? new SparseLinear(bundle, counts, labels.length) : null;
    this.unidirectional = encoder.directions === 1;
    this.members = Array.from(
      { length: members },
      (_, member) => new Member(bundle, `members.${member}`, encoder, this.tokenizer, labels.length),
    );
  }

  /** @param {string} text */
  async predict(text) {
    const words = this.running(text).map(({ word, probabilities }) => ({
      word,
      classes: this.#named(probabilities),
    }));
    return { classes: this.#named(this.probabilities(text)), words };
  }

  /** @param {number[]} probabilities (K,) */
  #named(probabilities) {
    return this.labels.map((label, k) => ({ label: String(label), probability: probabilities[k] }));
  }

  /** The probability of each class (K,). @param {string} text @returns {number[]} */
  probabilities(text) {
    const logits = /** @type {number[]} */ (this.#logits(this.tokenizer.tokens(text)).at(-1));
    return this.#probabilities(logits, this.linear?.scores(text));
  }

  /** Each word and the probabilities after it; none if the model is bidirectional, or if its tokens
   * are not words. @param {string} text @returns {{word: string, probabilities: number[]}[]} */
  running(text) {
    if (!this.unidirectional || !this.tokenizer.hashed) return [];
    const words = /** @type {string[]} */ (this.tokenizer.tokens(text));
    const scores = this.linear?.running(words);
    return this.#logits(words).map((logits, i) => ({
      word: words[i],
      probabilities: this.#probabilities(logits, scores?.[i]),
    }));
  }

  /** Logits of the network after each token. @param {Token[]} tokens @returns {number[][]} (T, K) */
  #logits(tokens) {
    const each = this.members.map((member) => member.logProbabilities(tokens));
    return tokens.map((_, time) =>
      this.labels.map((_, label) => logSumExp(each.map((logPs) => logPs[time][label]))),
    );
  }

  /** @param {number[]} logits (K,) of the network @param {number[]} [scores] (K,) of the linear part
   * @returns {number[]} (K,) */
  #probabilities(logits, scores) {
    const { temperature, counts_weight: weight } = this.calibration;
    const both = logits.map((logit, k) => logit / temperature + weight * (scores?.[k] ?? 0));
    return Array.from(logSoftmax(both), Math.exp);
  }
}
