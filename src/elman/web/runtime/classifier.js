/**
 * A classifier: the probabilities of classes from max and mean pooling over time.
 *
 * Shapes: R the encoder's width (all directions), T tokens, K classes.
 */

import { Linear, logSoftmax, logSumExp } from "./products.js";
import { Encoder, EncoderTokenizer } from "./encoder.js";

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
    const { vocabulary, encoder, labels, members, calibration } = bundle.about;
    this.tokenizer = new EncoderTokenizer(vocabulary);
    /** @type {(string | number | boolean)[]} */
    this.labels = labels;
    this.temperature = calibration.temperature;
    this.unidirectional = encoder.directions === 1;
    this.members = Array.from(
      { length: members },
      (_, member) => new Member(bundle, `members.${member}`, encoder, this.tokenizer, labels.length),
    );
  }

  /** @param {string} text */
  async predict(text) {
    const words = this.running(text).flatMap(({ token, probabilities }) =>
      typeof token === "string" ? [{ word: token, classes: this.#named(probabilities) }] : [],
    );
    return { classes: this.#named(this.probabilities(text)), words };
  }

  /** @param {number[]} probabilities (K,) */
  #named(probabilities) {
    return this.labels.map((label, k) => ({ label: String(label), probability: probabilities[k] }));
  }

  /** The probability of each class (K,). @param {string} text @returns {number[]} */
  probabilities(text) {
    return /** @type {number[]} */ (this.#probabilities(this.tokenizer.tokens(text)).at(-1));
  }

  /** Each token and the probabilities after it; none if the model is bidirectional.
   * @param {string} text @returns {{token: Token, probabilities: number[]}[]} */
  running(text) {
    const tokens = this.unidirectional ? this.tokenizer.tokens(text) : [];
    const found = tokens.length ? this.#probabilities(tokens) : [];
    return found.map((probabilities, i) => ({ token: tokens[i], probabilities }));
  }

  /** @param {Token[]} tokens @returns {number[][]} (T, K) */
  #probabilities(tokens) {
    const each = this.members.map((member) => member.logProbabilities(tokens));
    return tokens.map((_, time) => {
      const summed = this.labels.map((_, label) =>
        logSumExp(each.map((logPs) => logPs[time][label])),
      );
      const logPs = logSoftmax(summed.map((logP) => logP / this.temperature));
      return Array.from(logPs, Math.exp);
    });
  }
}
