/**
 * Words as an encoder embeds them: frequent ones by an index of their own, all of them by hashed
 * character n-grams. So no word is unknown.
 */

import { bytesOf } from "./tokenizer.js";

const LENGTHS = [2, 3, 4, 5];
const MAX_WORD_LENGTH = 30; // characters of a word that are used: the first and the last half of them

/** Digits that are not decimal: superscript, subscript, circled. Unicode adds no more of them. */
const OTHER_DIGITS =
  "²³¹\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c" +
  "\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792" +
  "\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}";
const IS_DIGIT = new RegExp(`[\\p{Nd}${OTHER_DIGITS}]`, "u");

/** Words with an index of their own; 0 is the index of all others. */
export class HashedVocabulary {
  /** @param {{words: string[], buckets: number}} json */
  constructor({ words, buckets }) {
    this.buckets = buckets;
    this.indices = new Map(words.map((word, index) => [word, index + 1]));
    this.size = words.length + 1;
  }

  /** @param {string} word */
  index(word) {
    return this.indices.get(word.toLowerCase()) ?? 0;
  }
}

/** The buckets of a word's n-grams and then of its shape.
 * @param {string} word @param {number} buckets @returns {number[]} */
export function ngrams(word, buckets) {
  return ngramHashes(word).map((hash) => hash % buckets);
}

/** The CRC-32 of a word's n-grams and then of its shape.
 * @param {string} word @returns {number[]} */
export function ngramHashes(word) {
  let characters = Array.from(word);
  if (characters.length > MAX_WORD_LENGTH) {
    characters = [...characters.slice(0, MAX_WORD_LENGTH / 2), ...characters.slice(-MAX_WORD_LENGTH / 2)];
  }
  const marked = Array.from(`<${characters.join("").toLowerCase()}>`);
  const grams = LENGTHS.flatMap((length) =>
    Array.from({ length: Math.max(0, marked.length - length + 1) }, (_, start) =>
      marked.slice(start, start + length).join(""),
    ),
  );
  return [...grams, shape(characters)].map((gram) => hashOf(gram));
}

/** The CRC-32 of a text's UTF-8 bytes. @param {string} text */
export function hashOf(text) {
  return crc32(bytesOf(text));
}

/** A word's shape, as `shape` has it. @param {string} word */
export function shapeOf(word) {
  return shape(Array.from(word));
}

/** The kinds of the characters, each run of a kind once: ' Xx' for 'Paris'.
 * @param {string[]} characters */
function shape(characters) {
  const kinds = characters.map(kindOfCharacter);
  return ` ${kinds.filter((kind, index) => kind !== kinds[index - 1]).join("")}`;
}

/** @param {string} character */
function kindOfCharacter(character) {
  if (/\p{Uppercase}/u.test(character)) return "X";
  if (/\p{L}/u.test(character)) return "x";
  return IS_DIGIT.test(character) ? "d" : character;
}

const CRC32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The checksum of bytes, or of those before, whose checksum is given, and these.
 * @param {Iterable<number>} bytes @param {number} [before] */
export function crc32(bytes, before = 0) {
  let rest = before ^ 0xffffffff;
  for (const byte of bytes) rest = CRC32[(rest ^ byte) & 255] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
