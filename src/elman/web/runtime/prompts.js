/** Prompts: how much of one the network reads, and what the generated text must begin with. */

import { SubwordTokenizer } from "./subword_tokenizer.js";
import { decode } from "./tokenizer.js";
import { WordTokenizer } from "./word_tokenizer.js";

/** @typedef {import("./tokenizer.js").Tokenizer} Tokenizer */
/** @typedef {import("./tokenizer.js").Decoder} Decoder */

/**
 * Split a prompt into the part to read and a prefix that the generated text repeats: tokens of
 * words and subwords include the space before them, and an unfinished word is completed.
 *
 * @param {string} prompt
 * @param {Tokenizer} tokenizer
 * @returns {[string, string]}
 */
export function splitPrompt(prompt, tokenizer) {
  if (tokenizer instanceof WordTokenizer) {
    // Several spaces after a word count as one.
    const trimmed = prompt.endsWith(" ") ? `${prompt.replace(/ +$/, "")} ` : prompt;
    const [context, typed] = tokenizer.splitTyped(trimmed);
    if (typed) {
      const begun = prompt.slice(context.length);
      return beginsWords(context, begun, typed, tokenizer) ? [context, begun] : [prompt, ""];
    }
    if (context.length < trimmed.length) return [context, " "];
  } else if (tokenizer instanceof SubwordTokenizer && prompt.endsWith(" ")) {
    return [prompt.slice(0, -1), " "];
  }
  return [prompt, ""];
}

/**
 * Whether the typed letters are not a word, but begin one that would be a single token there.
 *
 * @param {string} context
 * @param {string} begun
 * @param {string} typed
 * @param {WordTokenizer} tokenizer
 */
function beginsWords(context, begun, typed, tokenizer) {
  const longer = tokenizer.tokens.find((token) => token.startsWith(typed));
  if (longer === undefined || tokenizer.ids.has(typed)) return false;
  const before = begun.endsWith(typed) ? begun.slice(0, -typed.length) : begun;
  return (
    tokenizer.encode(context + before + longer).length === tokenizer.encode(context).length + 1
  );
}

/** A decoder that has read some ids. @param {Tokenizer} tokenizer @param {number[]} ids */
export function decoderAfter(tokenizer, ids) {
  const decoder = tokenizer.decoder();
  for (const id of ids) decoder.feed(id);
  return decoder;
}

/** Whether the text of an id, after what the decoder has read, begins with `prefix`.
 * @param {Decoder} decoder @param {number} id @param {string} prefix */
export function begins(decoder, id, prefix) {
  const probe = decoder.copy();
  return (probe.feed(id) + probe.finish()).startsWith(prefix);
}

/** The text of each id by itself. @param {Tokenizer} tokenizer @returns {string[]} */
export function spellings(tokenizer) {
  return Array.from({ length: tokenizer.size }, (_, id) => decode(tokenizer, [id]));
}
