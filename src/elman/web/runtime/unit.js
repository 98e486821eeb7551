/**
 * What every unit of text has in common, and the bytes that lie under all of them.
 *
 * Symbols: 0 is BOUNDARY, 1..256 are the bytes 0..255, what follows is the unit's own.
 */

/**
 * Turns symbols into text one at a time.
 *
 * @typedef {object} Decoder
 * @property {(symbol: number) => string} feed the text that a symbol completes
 * @property {() => string} finish what is still pending at the end
 * @property {() => Decoder} copy another that stands where this one does, between characters
 */

/**
 * A vocabulary.
 *
 * @typedef {object} Unit
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

/** Symbols -> text. @param {Unit} unit @param {number[]} symbols */
export function decode(unit, symbols) {
  const decoder = unit.decoder();
  return symbols.map((symbol) => decoder.feed(symbol)).join("") + decoder.finish();
}

/** Decodes a unit whose every symbol stands for fixed bytes. @implements {Decoder} */
export class ByteDecoder {
  #utf8 = utf8Decoder();

  /** @param {number[][]} spellings */
  constructor(spellings) {
    this.spellings = spellings;
  }

  /** @param {number} symbol */
  feed(symbol) {
    return this.#utf8.decode(Uint8Array.from(this.spellings[symbol]), { stream: true });
  }

  finish() {
    return this.#utf8.decode();
  }

  copy() {
    return new ByteDecoder(this.spellings);
  }
}
