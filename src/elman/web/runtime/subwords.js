/**
 * Subwords: byte-pair encoding over bytes. Symbol 257 + i is made by the i-th merge that makes
 * something new, so the merges alone are the whole vocabulary.
 */

import { NO_SPACE, SPACE } from "./tokens.js";
import { ByteDecoder, bytesOf, FIRST_BYTE, firstSpellings } from "./unit.js";

/** @typedef {import("./unit.js").Unit} Unit */

// A text is cut before anything is merged: first as Python's `re` sees GPT-2's rule, then as the
// tokenizers library does. They disagree on what is a digit, and on what is white space.
const CUTS = new RegExp(
  `'(?:s|t|re|ve|m|ll|d)| ?[\\p{L}\\p{Nl}\\p{No}]+| ?\\p{Nd}+| ?[^${SPACE}\\p{L}\\p{N}]+` +
    `|[${SPACE}]+(?!${NO_SPACE})|[${SPACE}]+`,
  "gu",
);
const WHITE = "\\p{White_Space}";
const FINER_CUTS = new RegExp(
  `'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^${WHITE}\\p{L}\\p{N}]+` +
    `|${WHITE}+(?!\\P{White_Space})|${WHITE}+`,
  "gu",
);
const ROOM = 2 ** 24; // more than there are symbols

/** @implements {Unit} */
export class Subwords {
  /** @param {{merges: [number, number][]}} json */
  constructor({ merges }) {
    this.spellings = firstSpellings();
    /** @type {Map<string, number>} */
    const known = new Map(this.spellings.map((bytes, symbol) => [String(bytes), symbol]));
    /** Of two symbols: their rank, and what they become. @type {Map<number, [number, number]>} */
    this.merges = new Map();
    merges.forEach(([left, right], rank) => {
      const joined = [...this.spellings[left], ...this.spellings[right]];
      let symbol = known.get(String(joined));
      if (symbol === undefined) {
        symbol = this.spellings.push(joined) - 1;
        known.set(String(joined), symbol);
      }
      this.merges.set(left * ROOM + right, [rank, symbol]);
    });
    this.size = this.spellings.length;
  }

  /** @param {string} text @returns {number[]} */
  encode(text) {
    const cuts = text.toWellFormed().match(CUTS) ?? [];
    return cuts.flatMap((cut) => cut.match(FINER_CUTS) ?? []).flatMap((cut) => this.#merged(cut));
  }

  decoder() {
    return new ByteDecoder(this.spellings);
  }

  /** Always the earliest merge that fits, and of those the one furthest left. @param {string} cut */
  #merged(cut) {
    const symbols = bytesOf(cut).map((byte) => FIRST_BYTE + byte);
    while (true) {
      let best = /** @type {[number, number]} */ ([Infinity, 0]);
      let place = -1;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const found = this.merges.get(symbols[i] * ROOM + symbols[i + 1]);
        if (found !== undefined && found[0] < best[0]) [best, place] = [found, i];
      }
      if (place < 0) return symbols;
      symbols.splice(place, 2, best[1]);
    }
  }
}
