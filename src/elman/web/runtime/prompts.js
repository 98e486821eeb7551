/** Prompts: where the text that is read ends, and what is written has to begin. */

import { Subwords } from "./subwords.js";
import { decode } from "./unit.js";
import { Words } from "./words.js";

/** @typedef {import("./unit.js").Unit} Unit */
/** @typedef {import("./unit.js").Decoder} Decoder */

/**
 * What to read of a prompt, and its end, which the next symbol brings again: words and subwords
 * bring the space before them, and a word begun is written to its end.
 *
 * @param {string} prompt
 * @param {Unit} unit
 * @returns {[string, string]}
 */
export function parted(prompt, unit) {
  if (unit instanceof Words) {
    // After a word several spaces are taken for a slip.
    const trimmed = prompt.endsWith(" ") ? `${prompt.replace(/ +$/, "")} ` : prompt;
    const [context, typed] = unit.splitTyped(trimmed);
    if (typed) {
      const begun = prompt.slice(context.length);
      return beginsWords(context, begun, typed, unit) ? [context, begun] : [prompt, ""];
    }
    if (context.length < trimmed.length) return [context, " "];
  } else if (unit instanceof Subwords && prompt.endsWith(" ")) {
    return [prompt.slice(0, -1), " "];
  }
  return [prompt, ""];
}

/**
 * Whether what was typed is no word, but a part of some that would be one symbol there.
 *
 * @param {string} context
 * @param {string} begun
 * @param {string} typed
 * @param {Words} unit
 */
function beginsWords(context, begun, typed, unit) {
  const longer = unit.tokens.find((token) => token.startsWith(typed));
  if (longer === undefined || unit.symbols.has(typed)) return false;
  const before = begun.endsWith(typed) ? begun.slice(0, -typed.length) : begun;
  return unit.encode(context + before + longer).length === unit.encode(context).length + 1;
}

/** A decoder that stands where symbols end. @param {Unit} unit @param {number[]} symbols */
export function decoderAfter(unit, symbols) {
  const decoder = unit.decoder();
  for (const symbol of symbols) decoder.feed(symbol);
  return decoder;
}

/** Whether a symbol's text, where a decoder stands, begins with `lead`. @param {Decoder} decoder
 * @param {number} symbol @param {string} lead */
export function begins(decoder, symbol, lead) {
  const probe = decoder.copy();
  return (probe.feed(symbol) + probe.finish()).startsWith(lead);
}

/** What each symbol spells by itself. @param {Unit} unit @returns {string[]} */
export function spellings(unit) {
  return Array.from({ length: unit.size }, (_, symbol) => decode(unit, [symbol]));
}
