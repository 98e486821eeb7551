/**
 * The linear part of a classifier: weights of hashed word and character n-grams; Python's
 * src/elman/counts/sparse_linear.py has the formula and the format.
 *
 * Shapes: D features, K classes.
 */

import { bytesOf } from "./tokenizer.js";
import { refuse } from "./safetensors.js";
import { wordsOf } from "./segmentation.js";
import { crc32, ngramHashes } from "./subword_hashing.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */

const NEWLINE = "\n".codePointAt(0) ?? 0;

/** The scores of one text that grows word by word. */
class RunningScores {
  /** @type {Set<number>} the features so far, by index */
  #seen = new Set();
  #before = crc32([NEWLINE]);

  /** @param {SparseLinear} linear */
  constructor(linear) {
    this.linear = linear;
    /** The sums of the weights (K,) and the number of words and pairs, and of character n-grams. */
    this.blocks = [0, 1].map(() => ({ sums: new Float64Array(linear.bias.length), count: 0 }));
  }

  /** Reads one more word. @param {string} word */
  add(word) {
    const bytes = [NEWLINE, ...bytesOf(word.toLowerCase())];
    const hash = crc32(bytes);
    for (const feature of [hash, crc32(bytes, this.#before)]) this.#count(feature & ~1);
    this.#before = hash;
    if (this.linear.characters) for (const each of ngramHashes(word)) this.#count(each | 1);
  }

  /** @param {number} feature */
  #count(feature) {
    const { linear } = this;
    const index = linear.indexOf(feature);
    if (index < 0 || this.#seen.has(index)) return;
    this.#seen.add(index);
    const block = this.blocks[feature & 1];
    block.count++;
    block.sums.forEach((sum, k) => {
      block.sums[k] = sum + linear.steps[index * block.sums.length + k] * linear.scale[k];
    });
  }

  /** The scores (K,) of the text so far. */
  scores() {
    return Array.from(this.linear.bias, (bias, k) =>
      this.blocks.reduce((score, { sums, count }) => score + sums[k] / Math.sqrt(count || 1), bias),
    );
  }
}

export class SparseLinear {
  /** @param {Bundle} bundle @param {{features: number, characters: boolean}} about
   * @param {number} classes K */
  constructor(bundle, { features, characters }, classes) {
    this.characters = characters;
    this.keys = bundle.takeIntegers("counts.keys", features);
    this.steps = bundle.takeIntegers("counts.steps", features, classes);
    this.scale = bundle.take("counts.scale", classes);
    this.bias = bundle.take("counts.bias", classes);
    for (let index = 1; index < features; index++) {
      if (this.keys[index] <= this.keys[index - 1]) refuse("the features of its counts are not sorted");
    }
  }

  /** The index of a feature, or -1. @param {number} feature a signed integer */
  indexOf(feature) {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.keys[middle] < feature) low = middle + 1;
      else high = middle;
    }
    return this.keys[low] === feature ? low : -1;
  }

  /** The scores (K,) after each of the words. @param {Iterable<string>} words */
  running(words) {
    const text = new RunningScores(this);
    return Array.from(words, (word) => {
      text.add(word);
      return text.scores();
    });
  }

  /** The scores (K,) of a text. @param {string} text */
  scores(text) {
    return this.running(wordsOf(text)).at(-1) ?? Array.from(this.bias);
  }
}
