/** The spaces between words: default rules, and marks where a text differs from them. */

import { CLOSE, firstOf, Kind, kindOf } from "./segmentation.js";
import { BOUNDARY, FIRST_BYTE, FIRST_OWN, utf8Decoder } from "./tokenizer.js";

/** @typedef {import("./tokenizer.js").Decoder} Decoder */

export const END_OF_SPELLING = FIRST_OWN;
/** No space here, where there would be one by default. */
export const JOIN = FIRST_OWN + 1;
/** A space here, where there would be none by default (or more than one). */
export const SPACE = FIRST_OWN + 2;
export const FIRST_TOKEN = FIRST_OWN + 3;

/**
 * The mark before each token: JOIN, SPACE, or 0 where the default holds.
 *
 * @param {string[]} tokens
 * @param {boolean[]} afterSpace whether the text has a space before it
 */
export function marks(tokens, afterSpace) {
  const kinds = withApostropheSides(withQuoteSides(tokens.map(kindOf)), afterSpace);
  return tokens.map((token, index) => {
    const isSame = index > 0 && firstOf(token) === firstOf(tokens[index - 1]);
    const byDefault = index > 0 && !isClose(kinds[index - 1], kinds[index], isSame);
    if (afterSpace[index] === byDefault) return 0;
    return afterSpace[index] ? SPACE : JOIN;
  });
}

/** Whether no space is due between two tokens. @param {number} before their kinds
 * @param {number} here @param {boolean} isSame whether they begin alike */
function isClose(before, here, isSame) {
  return Boolean(
    before & Kind.CLOSE_AFTER ||
    here & Kind.CLOSE_BEFORE ||
    (before & Kind.WORD && here & Kind.APOSTROPHE) ||
    before & here & Kind.IDEOGRAPH ||
    (here & Kind.PUNCTUATION && isSame),
  );
}

/** The quotes of a line open and close alternately. @param {number[]} kinds */
function withQuoteSides(kinds) {
  let isOpen = false;
  return kinds.map((kind) => {
    if (kind & Kind.LINE) isOpen = false;
    if (!(kind & Kind.QUOTE)) return kind;
    isOpen = !isOpen;
    return kind | (isOpen ? Kind.CLOSE_AFTER : Kind.CLOSE_BEFORE);
  });
}

/** An apostrophe opens after any space, bracket or quote. @param {number[]} kinds
 * @param {boolean[]} afterSpace */
function withApostropheSides(kinds, afterSpace) {
  return kinds.map((kind, index) => {
    const opens = index === 0 || afterSpace[index] || kinds[index - 1] & Kind.CLOSE_AFTER;
    return opens && kind & Kind.APOSTROPHE ? kind | Kind.CLOSE_AFTER : kind;
  });
}

/** Ids of words -> text, one at a time. @implements {Decoder} */
export class SpacingDecoder {
  #before = CLOSE; // the kind of the token before
  #first = ""; // its first character
  #quoteIsOpen = false;
  #isSpelling = false;
  #isJoined = false;
  #utf8 = utf8Decoder();

  /** @param {string[]} tokens */
  constructor(tokens) {
    this.tokens = tokens;
  }

  /** @param {number} id */
  feed(id) {
    if (id >= FIRST_BYTE && id < FIRST_OWN) {
      const byte = Uint8Array.of(id - FIRST_BYTE);
      return this.#spell(this.#utf8.decode(byte, { stream: true }));
    }
    return this.#endSpelling() + this.#read(id);
  }

  finish() {
    const text = this.#endSpelling();
    this.#start();
    return text;
  }

  copy() {
    const other = new SpacingDecoder(this.tokens);
    other.#before = this.#before;
    other.#first = this.#first;
    other.#quoteIsOpen = this.#quoteIsOpen;
    other.#isSpelling = this.#isSpelling;
    other.#isJoined = this.#isJoined;
    return other;
  }

  /** Whether a word that came next would have a space before it. */
  wordBringsSpace() {
    return !(this.#before & Kind.CLOSE_AFTER);
  }

  #start() {
    this.#before = CLOSE;
    this.#first = "";
    this.#quoteIsOpen = this.#isSpelling = this.#isJoined = false;
  }

  /** @param {number} id */
  #read(id) {
    const wasJoined = this.#isJoined;
    this.#isJoined = id === JOIN;
    if (id === JOIN) {
      // As after an apostrophe, another one does not open; after a seam, it does.
      this.#before = wasJoined ? CLOSE : CLOSE | Kind.APOSTROPHE;
      this.#quoteIsOpen &&= !wasJoined;
      return "";
    }
    if (id === SPACE) {
      this.#before = CLOSE;
      return " ";
    }
    if (id === BOUNDARY) this.#start();
    const token = this.tokens[id];
    return token ? this.#gap(token) + token : "";
  }

  /** @param {string} text */
  #spell(text) {
    this.#isJoined = false;
    if (!text) return "";
    const gap = this.#isSpelling ? "" : this.#gap(text);
    this.#isSpelling = true;
    return gap + text;
  }

  #endSpelling() {
    const rest = this.#utf8.decode();
    const text = rest ? this.#spell(rest) : "";
    this.#isSpelling = false;
    return text;
  }

  /** The default space before a token, which then is the token before. @param {string} token */
  #gap(token) {
    let kind = kindOf(token);
    if (kind & Kind.QUOTE) {
      this.#quoteIsOpen = !this.#quoteIsOpen;
      kind |= this.#quoteIsOpen ? Kind.CLOSE_AFTER : Kind.CLOSE_BEFORE;
    } else if (kind & Kind.LINE) {
      this.#quoteIsOpen = false;
    }
    const before = this.#before;
    const close = isClose(before, kind, firstOf(token) === this.#first);
    if (kind & Kind.APOSTROPHE) {
      const isAfterOpen = before & Kind.CLOSE_AFTER && !(before & Kind.APOSTROPHE);
      if (isAfterOpen || !close) kind |= Kind.CLOSE_AFTER;
    }
    this.#before = kind;
    this.#first = firstOf(token);
    return close ? "" : " ";
  }
}
