/**
 * Words: tokens with a default spacing between them, and marks where a text departs from it.
 *
 * Ids: 257 END_OF_SPELLING, 258 JOIN, 259 SPACE, then the tokens. A token outside the vocabulary
 * is spelled: its UTF-8 bytes, then END_OF_SPELLING.
 */

import { END_OF_SPELLING, FIRST_TOKEN, marks, SPACE, SpacingDecoder } from "./spacing.js";
import { Kind, kindOf, pieces, SPACE as WHITE } from "./segmentation.js";
import { bytesOf, FIRST_BYTE } from "./tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */

/** @implements {Tokenizer} */
export class WordTokenizer {
  /** @param {{tokens: string[]}} json */
  constructor({ tokens }) {
    /** The text of each id. */
    this.tokens = [...Array(FIRST_TOKEN).fill(""), ...tokens];
    this.ids = new Map(tokens.map((token, index) => [token, FIRST_TOKEN + index]));
    this.ids.set(" ", SPACE);
    this.size = this.tokens.length;
  }

  /** @param {string} text @returns {number[]} */
  encode(text) {
    const found = pieces(text);
    const tokens = found.map(bare);
    const before = marks(tokens, found.map(isAfterSpace));
    return tokens.flatMap((token, index) => [
      ...(before[index] ? [before[index]] : []),
      ...(this.ids.has(token) ? [/** @type {number} */ (this.ids.get(token))] : spelled(token)),
    ]);
  }

  decoder() {
    return new SpacingDecoder(this.tokens);
  }

  /** Whether an id is a word, rather than punctuation or a mark. @param {number} id */
  isWord(id) {
    return id >= FIRST_TOKEN && (kindOf(this.tokens[id]) & Kind.WORD) > 0;
  }

  /**
   * Split a text into its context and the letters of an unfinished last word, or "".
   *
   * The context omits the one space that the next word's token writes itself.
   *
   * @param {string} text
   * @returns {[string, string]}
   */
  splitTyped(text) {
    const found = pieces(/** @type {RegExpExecArray} */ (LAST.exec(text))[0]);
    const [last, last_but_one] = [found.at(-1) ?? "", found.at(-2) ?? ""];
    let typed = "";
    if (isWordly(last)) typed = last;
    else if (/^['’\-‐‑]$/.test(last) && isWordly(last_but_one)) typed = last_but_one + last;
    let context = text.slice(0, text.length - typed.length);
    if (context.endsWith(" ") && this.#wordBringsSpace(context.slice(0, -1))) {
      context = context.slice(0, -1);
    }
    return [context, typed];
  }

  /** @param {string} context */
  #wordBringsSpace(context) {
    const decoder = this.decoder();
    const line = context.slice(context.lastIndexOf("\n") + 1);
    for (const id of this.encode(line)) decoder.feed(id);
    return decoder.wordBringsSpace();
  }
}

const LAST = new RegExp(`[^${WHITE}]*$`);

/** @param {string} token */
function isWordly(token) {
  return token !== "" && (kindOf(token) & Kind.WORD) > 0;
}

/** @param {string} token @returns {number[]} */
function spelled(token) {
  return [...bytesOf(token).map((byte) => FIRST_BYTE + byte), END_OF_SPELLING];
}

/** @param {string} piece */
function isAfterSpace(piece) {
  return piece.length > 1 && piece.startsWith(" ");
}

/** @param {string} piece */
function bare(piece) {
  return isAfterSpace(piece) ? piece.slice(1) : piece;
}
