/** What taking a suggestion makes of a text. */

/** A text with its unfinished last word, if there is one, made this word. @param {string} text
 * @param {string} word */
export function completed(text, word) {
  let letters = word.length;
  while (!text.endsWith(word.slice(0, letters))) letters--;
  const before = text.slice(0, text.length - letters);
  const gap = letters || before === "" || /[\s([{“‘'"]$/.test(before) ? "" : " ";
  return `${before}${gap}${word} `;
}
