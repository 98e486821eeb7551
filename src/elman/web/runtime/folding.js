/** Folds words for matching, as elman.text.folding: without capitals, accents and apostrophes. */

const REMOVED = /['’‘‛ʼ＇`´′\u0300-\u036f]/g;

/** A text in lower case, without accents and apostrophes, composed or not. @param {string} text */
export function fold(text) {
  const lower = text.normalize("NFD").toLowerCase();
  return lower.replaceAll("ß", "ss").replaceAll("ς", "σ").replace(REMOVED, "");
}
