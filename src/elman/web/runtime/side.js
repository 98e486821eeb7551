/** Texts of one side of what is rewritten, in a unit of text. */

import { stripped } from "./tokens.js";
import { BOUNDARY } from "./unit.js";
import { unitFrom } from "./units.js";

/** How often a phrase may stand in a row, by the unit it is written in.
 * @type {Record<string, number>} */
const REPEATS = { subword: 3, character: 8 };
const NO_CHARACTER = "\ufffd"; // what bytes become that make none

export class Side {
  /** @param {any} json */
  constructor(json) {
    this.unit = unitFrom(json);
    this.repeats = REPEATS[json.name];
    // Subwords bring the space before them, so a text is read as if one stood before it.
    this.lead = json.name === "subword" ? " " : "";
  }

  /** A text as symbols, BOUNDARY at its end. @param {string} text */
  encode(text) {
    return [...this.unit.encode(this.lead + text), BOUNDARY];
  }

  /** @param {number[]} symbols */
  decode(symbols) {
    return stripped(this.pieces(symbols).join(""));
  }

  /** What each symbol writes, without what is no character. @param {number[]} symbols */
  pieces(symbols) {
    const decoder = this.unit.decoder();
    const pieces = symbols.map((symbol) => decoder.feed(symbol));
    if (pieces.length) pieces[pieces.length - 1] += decoder.finish();
    return pieces.map((piece) => piece.replaceAll(NO_CHARACTER, ""));
  }
}
