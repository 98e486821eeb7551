/**
 * A language model: reads, generates, and suggests the next word.
 *
 * Shapes: V vocabulary.
 */

import { KeyboardSession } from "./keyboard_session.js";
import { languageNetwork } from "./mixture.js";
import { logSoftmax } from "./products.js";
import { begins, decoderAfter, splitPrompt } from "./prompts.js";
import { randomNumbers } from "./rng.js";
import { sample } from "./sampling.js";
import { complete, PrefixSearch } from "./suggestions.js";
import { sliced } from "./time_slicing.js";
import { BOUNDARY } from "./tokenizer.js";
import { tokenizerFrom } from "./tokenizers.js";
import { WordTokenizer } from "./word_tokenizer.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./mixture.js").LanguageState} LanguageState */
/** @typedef {import("./suggestions.js").Suggestion} Suggestion */
/** @typedef {import("../views/language_modeling.js").GenerationOptions} GenerationOptions */
/** @typedef {import("../views/language_modeling.js").LanguageModelingClient} LanguageModelingClient */
/** @typedef {[Float32Array, LanguageState]} Output logits (V,) and the state after them */

const WORDS = new WordTokenizer({ tokens: [] }); // finds unfinished words for any other tokenizer

/** @implements {LanguageModelingClient} */
export class LanguageModel {
  maxLength = Infinity; // tokens to generate at once

  /** @type {PrefixSearch | null} */
  #search = null;

  /** @param {Bundle} bundle */
  constructor(bundle) {
    this.tokenizer = tokenizerFrom(bundle.about.vocabulary);
    this.network = languageNetwork(bundle);
    this.userCounts = new Map(Object.entries(bundle.about.learned));
  }

  async openKeyboard() {
    return new KeyboardSession(this);
  }

  /** @param {string} prompt @param {GenerationOptions} options @param {AbortSignal} signal */
  stream(prompt, { seed, ...options }, signal) {
    return sliced(this.generate(prompt, { ...options, random: randomNumbers(seed) }), signal);
  }

  /** The tokens of a text from its beginning; an empty one is the beginning of a line.
   * @param {string} text */
  tokens(text) {
    return [BOUNDARY, ...this.tokenizer.encode(text || "\n")];
  }

  /** @param {number[]} tokens one or more @param {LanguageState} state @returns {Output} */
  read(tokens, state = this.network.initialState()) {
    /** @type {Float32Array} */
    let logits = new Float32Array(0);
    for (const token of tokens) [logits, state] = this.network.step(token, state);
    return [logits, state];
  }

  /**
   * Generate text after a prompt, token by token. The prompt is not repeated; an incomplete UTF-8
   * character at the end is omitted.
   *
   * @param {string} prompt
   * @param {object} options
   * @param {number} options.length the most tokens to generate
   * @param {() => number} options.random uniform in [0, 1), called once a token
   * @param {number} [options.temperature]
   * @param {number} [options.topP]
   * @returns {Generator<string, void>}
   */
  *generate(prompt, { length, random, temperature = 1, topP = 1 }) {
    let [context, prefix] = splitPrompt(prompt, this.tokenizer);
    const tokens = this.tokens(context);
    const decoder = decoderAfter(this.tokenizer, tokens);
    let [logits, state] = this.read(tokens);
    if (prefix) {
      const first = prefix;
      logits = logits.map((logit, i) => (begins(decoder, i, first) ? logit : -Infinity));
    }
    for (let step = 0; step < length; step++) {
      const token = sample(logits, { temperature, topP }, random());
      if (token === BOUNDARY) break;
      const text = decoder.feed(token);
      yield text.startsWith(prefix) ? text.slice(prefix.length) : text;
      if (text) prefix = "";
      [logits, state] = this.network.step(token, state);
    }
  }

  /**
   * The likeliest next words. The letters of an unfinished last word must begin them.
   *
   * @param {string} text
   * @param {number} count
   * @returns {Suggestion[]}
   */
  suggest(text, count) {
    const words = this.tokenizer instanceof WordTokenizer ? this.tokenizer : WORDS;
    const [context, typed] = words.splitTyped(text);
    const [logits, state] = this.read(this.tokens(context));
    if (words === this.tokenizer) {
      const probabilities = logSoftmax(logits).map(Math.exp);
      return complete(words, probabilities, typed, this.userCounts, count);
    }
    this.#search ??= new PrefixSearch(this.network, this.tokenizer);
    const prefix = text.slice(context.length);
    return this.#search.complete(logits, state, prefix, this.userCounts, count);
  }
}
