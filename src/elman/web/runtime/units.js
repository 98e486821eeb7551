/** The units a text can be read in, as a model file names them. */

import { Characters } from "./characters.js";
import { refuse } from "./safetensors.js";
import { Subwords } from "./subwords.js";
import { Words } from "./words.js";

/** @typedef {import("./unit.js").Unit} Unit */

/** @type {Record<string, new (json: any) => Unit>} */
const UNITS = { character: Characters, word: Words, subword: Subwords };

/** @param {any} json @returns {Unit} */
export function unitFrom(json) {
  if (!Object.hasOwn(UNITS, json?.name)) refuse("its vocabulary is of no known unit");
  return new UNITS[json.name](json);
}
