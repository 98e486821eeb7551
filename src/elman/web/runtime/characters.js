/** Characters: 257.. are those seen in training; any other is spelled as its UTF-8 bytes. */

import { ByteDecoder, bytesOf, FIRST_BYTE, FIRST_OWN, firstSpellings } from "./unit.js";

/** @typedef {import("./unit.js").Unit} Unit */

/** @implements {Unit} */
export class Characters {
  /** @param {{characters: string}} json */
  constructor({ characters }) {
    const own = Array.from(characters);
    this.symbols = new Map(own.map((character, place) => [character, FIRST_OWN + place]));
    this.spellings = [...firstSpellings(), ...own.map(bytesOf)];
    this.size = this.spellings.length;
  }

  /** @param {string} text @returns {number[]} */
  encode(text) {
    return Array.from(text.toWellFormed()).flatMap(
      (character) =>
        this.symbols.get(character) ?? bytesOf(character).map((byte) => FIRST_BYTE + byte),
    );
  }

  decoder() {
    return new ByteDecoder(this.spellings);
  }
}
