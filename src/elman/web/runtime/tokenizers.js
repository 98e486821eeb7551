/** The tokenizers by the name that a model file gives. */

import { CharacterTokenizer } from "./character_tokenizer.js";
import { refuse } from "./safetensors.js";
import { SubwordTokenizer } from "./subword_tokenizer.js";
import { WordTokenizer } from "./word_tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */

/** @type {Record<string, new (json: any) => Tokenizer>} */
const TOKENIZERS = {
  character: CharacterTokenizer,
  word: WordTokenizer,
  subword: SubwordTokenizer,
};

/** @param {any} json @returns {Tokenizer} */
export function tokenizerFrom(json) {
  if (!Object.hasOwn(TOKENIZERS, json?.name)) refuse("its tokenizer is unknown");
  return new TOKENIZERS[json.name](json);
}
