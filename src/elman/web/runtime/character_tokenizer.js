/** Characters: ids from 257 are those seen in training, any other is spelled as its UTF-8 bytes. */

import { ByteDecoder, bytesOf, FIRST_BYTE, FIRST_OWN, firstSpellings } from "./tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */

/** @implements {Tokenizer} */
export class CharacterTokenizer {
  /** @param {{characters: string}} json */
  constructor({ characters }) {
    const own = Array.from(characters);
    this.ids = new Map(own.map((character, index) => [character, FIRST_OWN + index]));
    this.spellings = [...firstSpellings(), ...own.map(bytesOf)];
    this.size = this.spellings.length;
  }

  /** @param {string} text @returns {number[]} */
  encode(text) {
    return Array.from(text.toWellFormed()).flatMap(
      (character) => this.ids.get(character) ?? bytesOf(character).map((byte) => FIRST_BYTE + byte),
    );
  }

  decoder() {
    return new ByteDecoder(this.spellings);
  }
}
