/**
 * An encoder: token ids or words in, a vector for each out, in one direction or both.
 *
 * Shapes: T time, W width of a direction.
 */

import { Stack } from "./network.js";
import { wordsOf } from "./segmentation.js";
import { HashedVocabulary, ngrams } from "./subword_hashing.js";
import { BOUNDARY } from "./tokenizer.js";
import { tokenizerFrom } from "./tokenizers.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").Architecture} Architecture */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {{blocks: Architecture, directions: number}} EncoderConfig */
/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */
/** @typedef {number | string} Token an id, or a word where words are hashed */

/** The most tokens that are read of a text: the first and the last half of them.
 * @type {Record<string, number>} */
const MAX_TOKENS = { character: 2000, subword: 600, word: 400 };

/** Splits texts into the tokens of an encoder. */
export class EncoderTokenizer {
  /** @param {any} json */
  constructor(json) {
    this.name = json?.name;
    this.hashed = this.name === "word" ? new HashedVocabulary(json) : null;
    this.tokenizer = this.hashed ? null : tokenizerFrom(json);
    this.size = (this.hashed ?? /** @type {Tokenizer} */ (this.tokenizer)).size;
  }

  /** The tokens that are read of a text. @param {string} text @returns {Token[]} */
  tokens(text) {
    /** @type {Token[]} */
    let found;
    if (this.tokenizer) {
      found = [BOUNDARY, ...this.tokenizer.encode(text), BOUNDARY];
    } else {
      found = wordsOf(text);
      if (found.length === 0) found = [""];
    }
    return this.cut(found);
  }

  /** The first and last of too many tokens. @template Each @param {Each[]} found
   * @returns {Each[]} */
  cut(found) {
    const longest = MAX_TOKENS[this.name];
    if (found.length <= longest) return found;
    return [...found.slice(0, longest / 2), ...found.slice(-longest / 2)];
  }
}

/** Embedding and a stack of blocks for each direction. */
export class Encoder {
  /** @type {Map<string, Float32Array>} */
  #words = new Map();

  /** @param {Bundle} bundle @param {string} name @param {EncoderConfig} config
   * @param {EncoderTokenizer} tokenizer */
  constructor(bundle, name, { blocks, directions }, tokenizer) {
    this.width = blocks.hidden_size;
    this.hashed = tokenizer.hashed;
    const own = this.hashed ? "embedding.own" : "embedding";
    this.own = bundle.take(`${name}.${own}.weight`, tokenizer.size, this.width);
    this.ngrams = this.hashed
      ? bundle.take(`${name}.embedding.ngrams.weight`, this.hashed.buckets, this.width)
      : this.own;
    this.stacks = Array.from(
      { length: directions },
      (_, direction) => new Stack(bundle, `${name}.stacks.${direction}`, blocks),
    );
  }

  /** @param {Token} token @returns {Float32Array} (W,) */
  embed(token) {
    if (typeof token === "number") {
      return this.own.slice(token * this.width, (token + 1) * this.width);
    }
    let vector = this.#words.get(token);
    if (vector === undefined) this.#words.set(token, (vector = this.#word(token)));
    return vector;
  }

  /** A word's own vector plus the weighted sum of those of its N n-grams, 1 / sqrt(N) each, and of
   * its shape (the last), 1. @param {string} word */
  #word(word) {
    const vocabulary = /** @type {HashedVocabulary} */ (this.hashed);
    const index = vocabulary.index(word);
    const vector = this.own.slice(index * this.width, (index + 1) * this.width);
    const hashes = ngrams(word, vocabulary.buckets);
    const weight = (hashes.length - 1) ** -0.5;
    hashes.forEach((hash, i) => {
      const share = i < hashes.length - 1 ? weight : 1;
      for (let k = 0; k < this.width; k++) {
        vector[k] += share * this.ngrams[hash * this.width + k];
      }
    });
    return vector;
  }

  /** The vectors (T, W) of each direction, row t that of token t. @param {Token[]} tokens
   * @returns {Float32Array[][]} */
  encode(tokens) {
    return this.stacks.map((stack, direction) => {
      const order = direction ? tokens.toReversed() : tokens;
      let state = stack.initialState();
      const vectors = order.map((token) => {
        const [y, after] = stack.step(this.embed(token), state);
        state = after;
        return y;
      });
      return direction ? vectors.reverse() : vectors;
    });
  }
}
