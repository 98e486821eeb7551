/**
 * A classifier: a text's classes from the largest and the mean of each element over time.
 *
 * Shapes: R the width of what is read (all directions), K classes.
 */

import { Linear, logSoftmax, logSumExp } from "./products.js";
import { Reader, ReaderUnit } from "./reader.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./reader.js").Symbol} Symbol */

const BELOW_ALL = -1e4; // below every vector's elements

/** One of several networks that answer together. */
class Member {
  /** @param {Bundle} bundle @param {string} name @param {any} reading @param {ReaderUnit} unit
   * @param {number} classes */
  constructor(bundle, name, reading, unit, classes) {
    this.reader = new Reader(bundle, `${name}.reader`, reading, unit);
    this.width = reading.blocks.hidden_size * reading.directions;
    this.output = Linear.from(bundle, `${name}.output`, 2 * this.width, classes);
  }

  /** The logs of the probabilities (K,) after each symbol; in both directions they are those of
   * one text only after the last. @param {Symbol[]} symbols @returns {Float64Array[]} */
  answers(symbols) {
    const directions = this.reader.read(symbols);
    const pooled = new Float32Array(2 * this.width).fill(BELOW_ALL, 0, this.width);
    const total = new Float64Array(this.width);
    return symbols.map((_, time) => {
      directions.forEach((vectors, direction) => {
        const first = direction * this.reader.width;
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

export class Classifier {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { vocabulary, reader, labels, members, calibration } = bundle.about;
    this.unit = new ReaderUnit(vocabulary);
    /** @type {(string | number | boolean)[]} */
    this.labels = labels;
    this.temperature = calibration.temperature;
    this.inOneDirection = reader.directions === 1;
    this.members = Array.from(
      { length: members },
      (_, member) => new Member(bundle, `members.${member}`, reader, this.unit, labels.length),
    );
  }

  /** The probability of each class (K,). @param {string} text @returns {number[]} */
  probabilities(text) {
    return /** @type {number[]} */ (this.#answers(this.unit.symbols(text)).at(-1));
  }

  /** The running answer: each symbol, and the probabilities after it. There is none before the end
   * of a text that is read from both sides. @param {string} text
   * @returns {{symbol: Symbol, probabilities: number[]}[]} */
  running(text) {
    const symbols = this.inOneDirection ? this.unit.symbols(text) : [];
    const answers = symbols.length ? this.#answers(symbols) : [];
    return answers.map((probabilities, i) => ({ symbol: symbols[i], probabilities }));
  }

  /** @param {Symbol[]} symbols @returns {number[][]} (T, K) */
  #answers(symbols) {
    const each = this.members.map((member) => member.answers(symbols));
    return symbols.map((_, time) => {
      const together = this.labels.map((_, label) =>
        logSumExp(each.map((answers) => answers[time][label])),
      );
      const spread = logSoftmax(together.map((logP) => logP / this.temperature));
      return Array.from(spread, Math.exp);
    });
  }
}
