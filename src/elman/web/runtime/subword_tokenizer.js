/**
 * Subwords: byte-pair encoding over bytes. Id 257 + i belongs to the i-th merge that makes a new
 * token, so the merges alone are the whole vocabulary.
 */

import { NO_SPACE, SPACE } from "./segmentation.js";
import { ByteDecoder, bytesOf, FIRST_BYTE, firstSpellings } from "./tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */

// The text is split before merging: first by GPT-2's rule as Python's `re` applies it, then as the
// tokenizers library does. The two disagree on what is a digit and what is white space.
const PRETOKENS = new RegExp(
  `'(?:s|t|re|ve|m|ll|d)| ?[\\p{L}\\p{Nl}\\p{No}]+| ?\\p{Nd}+| ?[^${SPACE}\\p{L}\\p{N}]+` +
    `|[${SPACE}]+(?!${NO_SPACE})|[${SPACE}]+`,
  "gu",
);
const WHITE = "\\p{White_Space}";
const FINE_PRETOKENS = new RegExp(
  `'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^${WHITE}\\p{L}\\p{N}]+` +
    `|${WHITE}+(?!\\P{White_Space})|${WHITE}+`,
  "gu",
);
const ID_RANGE = 2 ** 24; // above the largest id, so that a pair of ids is one number

/** @implements {Tokenizer} */
export class SubwordTokenizer {
  /** @param {{merges: [number, number][]}} json */
  constructor({ merges }) {
    this.spellings = firstSpellings();
    /** @type {Map<string, number>} */
    const known = new Map(this.spellings.map((bytes, id) => [String(bytes), id]));
    /** By pair of ids: the rank of the merge, and the id it makes.
     * @type {Map<number, [number, number]>} */
    this.merges = new Map();
    merges.forEach(([left, right], rank) => {
      const joined = [...this.spellings[left], ...this.spellings[right]];
      let id = known.get(String(joined));
      if (id === undefined) {
        id = this.spellings.push(joined) - 1;
        known.set(String(joined), id);
      }
      this.merges.set(left * ID_RANGE + right, [rank, id]);
    });
    this.size = this.spellings.length;
  }

  /** @param {string} text @returns {number[]} */
  encode(text) {
    const cuts = text.toWellFormed().match(PRETOKENS) ?? [];
    return cuts.flatMap((cut) => cut.match(FINE_PRETOKENS) ?? []).flatMap((cut) => this.#merged(cut));
  }

  decoder() {
    return new ByteDecoder(this.spellings);
  }

  /** Apply the merge of lowest rank, leftmost first, until none fits. @param {string} cut */
  #merged(cut) {
    const ids = bytesOf(cut).map((byte) => FIRST_BYTE + byte);
    while (true) {
      let best = /** @type {[number, number]} */ ([Infinity, 0]);
      let index = -1;
      for (let i = 0; i + 1 < ids.length; i++) {
        const found = this.merges.get(ids[i] * ID_RANGE + ids[i + 1]);
        if (found !== undefined && found[0] < best[0]) [best, index] = [found, i];
      }
      if (index < 0) return ids;
      ids.splice(index, 2, best[1]);
    }
  }
}
