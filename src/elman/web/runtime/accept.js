/** Accepting a suggested word. */

/** Complete the unfinished last word of a text, or append a word. @param {string} text
 * @param {string} word @returns {string} the text, with a space at its end */
export function accept(text, word) {
  let letters = word.length;
  while (!text.endsWith(word.slice(0, letters))) letters--;
  const before = text.slice(0, text.length - letters);
  const gap = letters || before === "" || /[\s([{“‘'"]$/.test(before) ? "" : " ";
  return `${before}${gap}${word} `;
}
