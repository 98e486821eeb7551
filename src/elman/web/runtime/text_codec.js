/** Source or target texts as token ids, and back. */

import { stripped } from "./segmentation.js";
import { BOUNDARY } from "./tokenizer.js";
import { tokenizerFrom } from "./tokenizers.js";

/** How often a phrase may be repeated in a row, by tokenizer.
 * @type {Record<string, number>} */
const REPEATS = { subword: 3, character: 8 };
const NO_CHARACTER = "\ufffd"; // replaces bytes that are not UTF-8

export class TextCodec {
  /** @param {any} json */
  constructor(json) {
    this.tokenizer = tokenizerFrom(json);
    this.repeats = REPEATS[json.name];
    // Subwords include the space before them: encode a text as if it began with one.
    this.prefix = json.name === "subword" ? " " : "";
  }

  /** Token ids of a text, with BOUNDARY at its end. @param {string} text */
  encode(text) {
    return [...this.tokenizer.encode(this.prefix + text), BOUNDARY];
  }

  /** @param {number[]} ids */
  decode(ids) {
    return stripped(this.pieces(ids).join(""));
  }

  /** The text of each id, without invalid bytes. @param {number[]} ids */
  pieces(ids) {
    const decoder = this.tokenizer.decoder();
    const pieces = ids.map((id) => decoder.feed(id));
    if (pieces.length) pieces[pieces.length - 1] += decoder.finish();
    return pieces.map((piece) => piece.replaceAll(NO_CHARACTER, ""));
  }
}
