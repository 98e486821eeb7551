/**
 * The interface of every tokenizer, and the bytes below all of them.
 *
 * Token ids: 0 is BOUNDARY, 1..256 are the bytes 0..255, the rest are the tokenizer's own.
 */

/**
 * Turns token ids into text, one at a time.
 *
 * @typedef {object} Decoder
 * @property {(id: number) => string} feed the text that this id completes
 * @property {() => string} finish the text still pending at the end
 * @property {() => Decoder} copy a decoder in the same state, between characters
 */

/**
 * Splits text into tokens of a fixed vocabulary.
 *
 * @typedef {object} Tokenizer
 * @property {number} size
 * @property {(text: string) => number[]} encode
 * @property {() => Decoder} decoder
 */

export const BOUNDARY = 0;
export const FIRST_BYTE = 1;
export const FIRST_OWN = 257;

const UTF8 = new TextEncoder();

/** @param {string} text @returns {number[]} its UTF-8 */
export function bytesOf(text) {
  return Array.from(UTF8.encode(text));
}

/** The bytes of BOUNDARY and of the 256. @returns {number[][]} */
export function firstSpellings() {
  return [[], ...Array.from({ length: 256 }, (_, byte) => [byte])];
}

export function utf8Decoder() {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

/** Token ids -> text. @param {Tokenizer} tokenizer @param {number[]} ids */
export function decode(tokenizer, ids) {
  const decoder = tokenizer.decoder();
  return ids.map((id) => decoder.feed(id)).join("") + decoder.finish();
}

/** A decoder where every id stands for fixed bytes. @implements {Decoder} */
export class ByteDecoder {
  #utf8 = utf8Decoder();

  /** @param {number[][]} spellings */
  constructor(spellings) {
    this.spellings = spellings;
  }

  /** @param {number} id */
  feed(id) {
    return this.#utf8.decode(Uint8Array.from(this.spellings[id]), { stream: true });
  }

  finish() {
    return this.#utf8.decode();
  }

  copy() {
    return new ByteDecoder(this.spellings);
  }
}
