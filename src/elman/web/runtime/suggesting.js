/**
 * The likeliest next words after a context, given the letters already typed.
 *
 * Shapes: V vocabulary.
 */

import { logSoftmax, logSumExp } from "./products.js";
import { spellings } from "./prompts.js";
import { isInWord, isLetter, withoutLeadingSpace } from "./tokens.js";
import { BOUNDARY } from "./unit.js";

/** @typedef {import("./unit.js").Unit} Unit */
/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./network.js").SymbolNetwork} SymbolNetwork */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {{word: string, probability: number}} Suggestion */
/** @typedef {Map<string, number>} Learned how often each word was seen that a user has taught */
/** @typedef {{text: string, logP: number, logits: Float32Array, state: NetworkState}} Spelling */

const LEARNED_SHARE = 0.1; // of belief that goes to the words a user has taught
const BEAM = 12; // spellings followed at once
const LONGEST = 24; // symbols of a spelled word, besides the letters typed
const LONGEST_TYPED = 100; // letters; nothing that goes on for longer is a word

/**
 * The words of a vocabulary and those a user taught, best first.
 *
 * @param {Words} unit
 * @param {Float64Array} probabilities (V,) of the next symbol
 * @param {string} typed
 * @param {Learned} learned
 * @param {number} count
 * @returns {Suggestion[]}
 */
export function complete(unit, probabilities, typed, learned, count) {
  /** @type {Suggestion[]} */
  const found = [];
  unit.tokens.forEach((word, symbol) => {
    if (word.startsWith(typed) && unit.isWord(symbol)) {
      found.push({ word, probability: probabilities[symbol] });
    }
  });
  if (learned.size === 0) return found.sort(best).slice(0, count);
  const total = sum(learned.values());
  for (const word of learned.keys()) {
    const isNew = word.startsWith(typed) && !unit.symbols.has(word);
    if (isNew) found.push({ word, probability: 0 });
  }
  for (const each of found) {
    const taught = (learned.get(each.word) ?? 0) / total;
    each.probability = (1 - LEARNED_SHARE) * each.probability + LEARNED_SHARE * taught;
  }
  return found.sort(best).slice(0, count);
}

/** The same for units smaller than a word: spellings are followed to the words' ends. */
export class Speller {
  /** @param {SymbolNetwork} network @param {Unit} unit */
  constructor(network, unit) {
    this.network = network;
    this.pieces = spellings(unit);
    const sound = this.pieces.map((text) => text !== "" && !text.includes("\ufffd"));
    this.ends = this.pieces.map(
      (text, symbol) => symbol === BOUNDARY || (sound[symbol] && !isInWord(Array.from(text)[0])),
    );
    this.inside = this.pieces.map(
      (text, symbol) => sound[symbol] && Array.from(text).every(isInWord),
    );
  }

  /**
   * The likeliest words that begin with what was typed, with their shares among all those found.
   *
   * @param {Float32Array} logits (V,) after the context
   * @param {NetworkState} state likewise
   * @param {string} lead what the symbols to come must spell first
   * @param {Learned} learned
   * @param {number} count
   * @returns {Suggestion[]}
   */
  complete(logits, state, lead, learned, count) {
    const typed = withoutLeadingSpace(lead);
    const letters = Array.from(lead).length;
    const steps = Array.from(typed).length <= LONGEST_TYPED ? letters + LONGEST : 0;
    /** @type {Map<string, number>} */
    const found = new Map();
    /** @type {Spelling[]} */
    let beam = [{ text: "", logP: 0, logits, state }];
    for (let step = 0; step < steps && beam.length > 0; step++) {
      const candidates = beam.flatMap((spelling) => this.#goOn(spelling, lead, found));
      candidates.sort((a, b) => b.logP - a.logP);
      // No longer spelling can overtake the words found, once its beginning is below them.
      const bar = [...found.values()].sort((a, b) => b - a)[count - 1] ?? -Infinity;
      beam = candidates
        .slice(0, BEAM)
        .filter(({ logP }) => logP > bar)
        .map((candidate) => this.#readOn(candidate));
    }
    const fitting = [...learned].filter(([word]) => word.startsWith(typed));
    return shares(found, fitting, sum(learned.values())).slice(0, count);
  }

  /**
   * The ways to go on from a spelling; where it is a word, it is noted among those found.
   *
   * @param {Spelling} spelling
   * @param {string} lead
   * @param {Map<string, number>} found
   */
  #goOn(spelling, lead, found) {
    const spread = logSoftmax(spelling.logits);
    const word = withoutLeadingSpace(spelling.text);
    if (spelling.text.startsWith(lead) && isWord(word)) {
      const ending = spelling.logP + logSumExp(spread.filter((_, symbol) => this.ends[symbol]));
      found.set(word, logSumExp([found.get(word) ?? -Infinity, ending]));
    }
    const open = this.#mayFollow(spelling.text, lead);
    return Array.from(spread, (logP, symbol) => ({ spelling, symbol, logP: spelling.logP + logP }))
      .filter(({ symbol }) => open[symbol])
      .sort((a, b) => b.logP - a.logP)
      .slice(0, BEAM);
  }

  /** The symbols that keep a spelling within one word that begins as it must.
   * @param {string} text @param {string} lead */
  #mayFollow(text, lead) {
    if (text.length >= lead.length && withoutLeadingSpace(text)) return this.inside;
    const space = lead ? lead.slice(0, lead.length - withoutLeadingSpace(lead).length) : " ";
    return this.pieces.map((piece) => {
      const longer = text + piece;
      const fits = piece !== "" && (longer.startsWith(lead) || lead.startsWith(longer));
      const rest = longer.startsWith(space) ? longer.slice(space.length) : longer;
      return fits && Array.from(rest).every(isInWord);
    });
  }

  /** @param {{spelling: Spelling, symbol: number, logP: number}} candidate @returns {Spelling} */
  #readOn({ spelling, symbol, logP }) {
    const [logits, state] = this.network.step(symbol, spelling.state);
    return { text: spelling.text + this.pieces[symbol], logP, logits, state };
  }
}

/**
 * Log-probabilities of spellings, with what was taught, as shares among these words, best first.
 *
 * @param {Map<string, number>} found
 * @param {[string, number][]} fitting
 * @param {number} total
 * @returns {Suggestion[]}
 */
function shares(found, fitting, total) {
  const weighed = new Map(
    [...found].map(([word, logP]) => [word, logP + Math.log(1 - LEARNED_SHARE)]),
  );
  for (const [word, n] of fitting) {
    const taught = Math.log((LEARNED_SHARE * n) / total);
    weighed.set(word, logSumExp([weighed.get(word) ?? -Infinity, taught]));
  }
  const whole = logSumExp([...weighed.values()]);
  return [...weighed]
    .map(([word, logP]) => ({ word, probability: Math.exp(logP - whole) }))
    .sort(best);
}

/** The likelier first; among equals the one whose code points come first.
 * @param {Suggestion} a @param {Suggestion} b */
function best(a, b) {
  return b.probability - a.probability || compared(Array.from(a.word), Array.from(b.word));
}

/** @param {string[]} a @param {string[]} b */
function compared(a, b) {
  const place = a.findIndex((character, i) => character !== b[i]);
  if (place < 0) return a.length - b.length;
  if (place >= b.length) return 1;
  return Number(a[place].codePointAt(0)) - Number(b[place].codePointAt(0));
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
