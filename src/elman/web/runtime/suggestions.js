/**
 * The likeliest next words after a context, given the letters already typed.
 *
 * Shapes: V vocabulary.
 */

import { fold } from "./folding.js";
import { logSoftmax, logSumExp } from "./products.js";
import { spellings } from "./prompts.js";
import { isInWord, isLetter, withoutLeadingSpace } from "./segmentation.js";
import { BOUNDARY } from "./tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */
/** @typedef {import("./word_tokenizer.js").WordTokenizer} WordTokenizer */
/** @typedef {import("./mixture.js").LanguageNetwork} LanguageNetwork */
/** @typedef {import("./mixture.js").LanguageState} LanguageState */
/** @typedef {{word: string, probability: number}} Suggestion */
/** @typedef {Map<string, number>} UserCounts how often the user has written each word */
/** @typedef {{text: string, logP: number, logits: Float32Array, state: LanguageState}} Spelling */

const USER_WEIGHT = 0.1; // probability that goes to the user's own words
const FOLDED = 0.01; // probability that a word is typed without capitals, accents or apostrophes
const BEAM = 12; // spellings searched at once
const MAX_SPELLING = 24; // tokens of a spelled word, besides the letters typed
const MAX_TYPED_LETTERS = 100; // letters; anything longer is not a word

/**
 * The words of the vocabulary and of the user that begin with the typed letters, likeliest first;
 * then, up to the count, those that do once both are folded.
 *
 * @param {WordTokenizer} tokenizer
 * @param {Float64Array} probabilities (V,) of the next id
 * @param {string} typed
 * @param {UserCounts} userCounts
 * @param {number} count
 * @returns {Suggestion[]}
 */
export function complete(tokenizer, probabilities, typed, userCounts, count) {
  const total = sum(userCounts.values());
  /** @param {(word: string) => boolean} fits */
  const matching = (fits) => {
    /** @type {Suggestion[]} */
    const found = [];
    tokenizer.tokens.forEach((word, id) => {
      if (fits(word) && tokenizer.isWord(id)) found.push({ word, probability: probabilities[id] });
    });
    for (const word of userCounts.keys()) {
      if (fits(word) && !tokenizer.ids.has(word)) found.push({ word, probability: 0 });
    }
    for (const each of total ? found : []) {
      const ofUser = (userCounts.get(each.word) ?? 0) / total;
      each.probability = (1 - USER_WEIGHT) * each.probability + USER_WEIGHT * ofUser;
    }
    return found.sort(best).slice(0, count);
  };
  const exact = matching((word) => word.startsWith(typed));
  const key = fold(typed);
  if (exact.length === count || !key) return exact;
  const folded = matching((word) => !word.startsWith(typed) && fold(word).startsWith(key));
  return [...exact, ...folded].slice(0, count);
}

/**
 * How spellings are compared with the prefix: as they are, or folded.
 *
 * @typedef {object} Matching
 * @property {(text: string) => string} key
 * @property {string[]} pieces the key of what each id spells
 */

/** The same for tokens smaller than a word: a beam search over spellings, to the end of a word. */
export class PrefixSearch {
  /** @param {LanguageNetwork} network @param {Tokenizer} tokenizer */
  constructor(network, tokenizer) {
    this.network = network;
    this.pieces = spellings(tokenizer);
    const sound = this.pieces.map((text) => text !== "" && !text.includes("\ufffd"));
    this.ends = this.pieces.map(
      (text, id) => id === BOUNDARY || (sound[id] && !isInWord(Array.from(text)[0])),
    );
    this.inside = this.pieces.map((text, id) => sound[id] && Array.from(text).every(isInWord));
    /** @type {Matching} */
    this.exact = { key: (text) => text, pieces: this.pieces };
    /** @type {Matching} */
    this.folded = { key: fold, pieces: this.pieces.map(fold) };
  }

  /**
   * The likeliest words that begin with the typed letters, with probabilities over all those found.
   * Where they are improbable, also those that do once both are folded.
   *
   * @param {Float32Array} logits (V,) after the context
   * @param {LanguageState} state likewise
   * @param {string} prefix what the next ids must spell first
   * @param {UserCounts} userCounts
   * @param {number} count
   * @returns {Suggestion[]}
   */
  complete(logits, state, prefix, userCounts, count) {
    const typed = withoutLeadingSpace(prefix);
    const found = this.#words(logits, state, prefix, count, this.exact);
    const key = fold(typed);
    const folded = key !== "" && sum([...found.values()].map(Math.exp)) < FOLDED;
    if (folded) {
      for (const [word, logP] of this.#words(logits, state, prefix, count, this.folded)) {
        if (!word.startsWith(typed)) found.set(word, logP + Math.log(FOLDED));
      }
    }
    const total = sum(userCounts.values());
    const matching = /** @type {[string, number][]} */ ([]);
    for (const [word, n] of userCounts) {
      const share = (USER_WEIGHT * n) / total;
      if (word.startsWith(typed)) matching.push([word, share]);
      else if (folded && fold(word).startsWith(key)) matching.push([word, share * FOLDED]);
    }
    return mixture(found, matching).slice(0, count);
  }

  /**
   * The log-probability of each word found that begins with the prefix.
   *
   * @param {Float32Array} logits (V,) after the context
   * @param {LanguageState} state likewise
   * @param {string} prefix
   * @param {number} count
   * @param {Matching} matching
   */
  #words(logits, state, prefix, count, matching) {
    const typed = withoutLeadingSpace(prefix);
    const letters = Array.from(prefix).length;
    const steps = Array.from(typed).length <= MAX_TYPED_LETTERS ? letters + MAX_SPELLING : 0;
    /** @type {Map<string, number>} */
    const found = new Map();
    /** @type {Spelling[]} */
    let beam = [{ text: "", logP: 0, logits, state }];
    for (let step = 0; step < steps && beam.length > 0; step++) {
      const candidates = beam.flatMap((spelling) =>
        this.#continuations(spelling, prefix, matching, found),
      );
      candidates.sort((a, b) => b.logP - a.logP);
      // No longer spelling can overtake the words found, once its beginning is below them.
      const bar = [...found.values()].sort((a, b) => b - a)[count - 1] ?? -Infinity;
      beam = candidates
        .slice(0, BEAM)
        .filter(({ logP }) => logP > bar)
        .map((candidate) => this.#step(candidate));
    }
    return found;
  }

  /**
   * The continuations of a spelling; a spelling that is a word is added to `found`.
   *
   * @param {Spelling} spelling
   * @param {string} prefix
   * @param {Matching} matching
   * @param {Map<string, number>} found
   */
  #continuations(spelling, prefix, matching, found) {
    const logPs = logSoftmax(spelling.logits);
    const word = withoutLeadingSpace(spelling.text);
    if (matching.key(spelling.text).startsWith(matching.key(prefix)) && isWord(word)) {
      const ending = spelling.logP + logSumExp(logPs.filter((_, id) => this.ends[id]));
      found.set(word, logSumExp([found.get(word) ?? -Infinity, ending]));
    }
    const open = this.#allowed(spelling.text, prefix, matching);
    return Array.from(logPs, (logP, id) => ({ spelling, id, logP: spelling.logP + logP }))
      .filter(({ id }) => open[id])
      .sort((a, b) => b.logP - a.logP)
      .slice(0, BEAM);
  }

  /** Which ids keep a spelling within one word that begins with the prefix.
   * @param {string} text @param {string} prefix @param {Matching} matching */
  #allowed(text, prefix, { key, pieces }) {
    const [start, wanted] = [key(text), key(prefix)];
    if (start.length >= wanted.length && withoutLeadingSpace(text)) return this.inside;
    const space = prefix
      ? prefix.slice(0, prefix.length - withoutLeadingSpace(prefix).length)
      : " ";
    return this.pieces.map((piece, id) => {
      const [longer, made] = [text + piece, start + pieces[id]];
      const fits = piece !== "" && (made.startsWith(wanted) || wanted.startsWith(made));
      const rest = longer.startsWith(space) ? longer.slice(space.length) : longer;
      return fits && Array.from(rest).every(isInWord);
    });
  }

  /** @param {{spelling: Spelling, id: number, logP: number}} candidate @returns {Spelling} */
  #step({ spelling, id, logP }) {
    const [logits, state] = this.network.step(id, spelling.state);
    return { text: spelling.text + this.pieces[id], logP, logits, state };
  }
}

/**
 * Mix log-probabilities of spellings with the user's words, normalise, likeliest first.
 *
 * @param {Map<string, number>} found
 * @param {[string, number][]} matching words of the user, each with its probability
 * @returns {Suggestion[]}
 */
function mixture(found, matching) {
  const mixed = new Map([...found].map(([word, logP]) => [word, logP + Math.log(1 - USER_WEIGHT)]));
  for (const [word, share] of matching) {
    mixed.set(word, logSumExp([mixed.get(word) ?? -Infinity, Math.log(share)]));
  }
  const all = logSumExp([...mixed.values()]);
  return [...mixed].map(([word, logP]) => ({ word, probability: Math.exp(logP - all) })).sort(best);
}

/** The likelier first; among equals the one whose code points come first.
 * @param {Suggestion} a @param {Suggestion} b */
function best(a, b) {
  return b.probability - a.probability || compared(Array.from(a.word), Array.from(b.word));
}

/** @param {string[]} a @param {string[]} b */
function compared(a, b) {
  const index = a.findIndex((character, i) => character !== b[i]);
  if (index < 0) return a.length - b.length;
  if (index >= b.length) return 1;
  return Number(a[index].codePointAt(0)) - Number(b[index].codePointAt(0));
}

/** Whether letters stand at both ends. @param {string} text */
function isWord(text) {
  const characters = Array.from(text);
  return text !== "" && isLetter(characters[0]) && isLetter(characters[characters.length - 1]);
}

/** @param {Iterable<number>} values */
function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
