/**
 * The counts of a tagger: a linear model of hashed features of words in context. The features, and
 * their order, are those of src/elman/text/context_features.py.
 *
 * Shapes: T words of a sentence, K tags.
 */

import { refuse } from "./safetensors.js";
import { hashOf, shapeOf } from "./subword_hashing.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{lower: string, shape: string}} Form */

const FEATURES = 22;
const AFFIXES = 4;
/** @type {Form} beyond the ends of a sentence */
const NO_WORD = { lower: "", shape: shapeOf("") };

/** @param {string[]} words @param {number} place @returns {string[]} */
export function featuresOf(words, place) {
  /** @param {number} offset @returns {Form} */
  const at = (offset) => {
    const word = words[place + offset];
    return word === undefined ? NO_WORD : { lower: word.toLowerCase(), shape: shapeOf(word) };
  };
  const [before, here, after] = [at(-1), at(0), at(1)];
  const found = [`word[0]=${here.lower}`, `shape[0]=${here.shape}`];
  const characters = Array.from(here.lower);
  for (let length = 1; length <= AFFIXES; length++) {
    found.push(`prefix${length}=${characters.slice(0, length).join("")}`);
    found.push(`suffix${length}=${characters.slice(-length).join("")}`);
  }
  for (const offset of [-2, -1, 1, 2]) {
    const { lower, shape } = at(offset);
    found.push(`word[${offset}]=${lower}`, `shape[${offset}]=${shape}`);
  }
  found.push(`words[-1]=${before.lower} ${here.lower}`, `words[1]=${here.lower} ${after.lower}`);
  found.push(`shapes[-1]=${before.shape} ${here.shape}`, `shapes[1]=${here.shape} ${after.shape}`);
  return found;
}

/** Adds the scores of its features to each word's. */
export class LinearTagger {
  /** @param {Bundle} bundle @param {string} name @param {{features: number, buckets: number}} about
   * @param {number} tags K */
  constructor(bundle, name, { features, buckets }, tags) {
    if (features !== FEATURES) refuse("its counts are malformed");
    this.buckets = buckets;
    this.weight = bundle.take(`${name}.weight`, buckets, tags);
    this.bias = bundle.take(`${name}.bias`, tags);
  }

  /** @param {Float32Array[]} logits (T, K), changed in place @param {string[]} words (T,) */
  addTo(logits, words) {
    const tags = this.bias.length;
    logits.forEach((scores, place) => {
      for (let tag = 0; tag < tags; tag++) scores[tag] += this.bias[tag];
      for (const feature of featuresOf(words, place)) {
        const row = (hashOf(feature) % this.buckets) * tags;
        for (let tag = 0; tag < tags; tag++) scores[tag] += this.weight[row + tag];
      }
    });
  }
}
