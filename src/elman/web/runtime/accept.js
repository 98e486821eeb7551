/** Accepting a suggested word. */

import { WordTokenizer } from "./word_tokenizer.js";

const WORDS = new WordTokenizer({ tokens: [] }); // finds the unfinished word, whatever the model's

/** Complete the unfinished last word of a text, or append a word. Letters that were typed otherwise
 * than the word has them, such as dont of don't, are replaced. @param {string} text
 * @param {string} word @returns {string} the text, with a space at its end */
export function accept(text, word) {
  const typed = WORDS.splitTyped(text)[1];
  const before = text.slice(0, text.length - typed.length);
  const gap = typed || before === "" || /[\s([{“‘'"]$/.test(before) ? "" : " ";
  return `${before}${gap}${word} `;
}
