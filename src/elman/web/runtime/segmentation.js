/**
 * Splits text into words, punctuation and white space, each with at most one space before it.
 *
 * A word is a run of letters, digits and combining marks, with apostrophes, hyphens, the Catalan
 * dot and joiners inside it. In the scripts that leave no space between words each character is a
 * word. Any other character is a token by itself, with the marks that follow it.
 */

/** White space as Python defines it, for a character class. */
export const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const NO_SPACE = `[^${SPACE}]`;
const SPACES = new RegExp(`[${SPACE}]`, "gu");
const INNER = "'’\\-‐‑·\\u200c\\u200d";
const IDEOGRAPHS =
  "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";

const RUN = `(?:(?![${IDEOGRAPHS}])[\\p{L}\\p{N}]|\\p{M})+`;
const PIECES = new RegExp(` ?(?:${RUN}(?:[${INNER}]${RUN})*|${NO_SPACE}\\p{M}*)|[${SPACE}]`, "gu");

const IS_SPACE = new RegExp(`[${SPACE}]`);
const IS_IDEOGRAPH = new RegExp(`[${IDEOGRAPHS}]`, "u");
const IS_LETTER = /[\p{L}\p{N}\p{M}]/u;

/** What a token's first character says about the spaces around it, as bits to combine. */
export const Kind = Object.freeze({
  CLOSE_BEFORE: 1, // no space before it
  CLOSE_AFTER: 2, // no space after it
  PUNCTUATION: 4, // no space between two of the same
  QUOTE: 8, // alternately opening and closing, from each line's beginning
  LINE: 16, // the newline, after which quotes start anew
  IDEOGRAPH: 32, // no space between two of these
  WORD: 64,
  APOSTROPHE: 128, // closes after a word, opens after a space
});

export const CLOSE = Kind.CLOSE_BEFORE | Kind.CLOSE_AFTER;

/** @type {Map<string, number>} */
const PUNCTUATION = new Map();
for (const [kind, marks] of /** @type {[number, string][]} */ ([
  [Kind.CLOSE_BEFORE, ",.!?;:)]}’”»…%‰°′″،؛؟।॥።"],
  [Kind.CLOSE_AFTER, "([{“‘„‚«¿¡#$£@"],
  [Kind.APOSTROPHE, "'"],
  [CLOSE, "—/\\_|~、。，．！？；：「」『』（）《》〈〉【】・"],
])) {
  for (const mark of marks) PUNCTUATION.set(mark, kind);
}

/** The bits of Kind of a token. @param {string} token */
export function kindOf(token) {
  const first = firstOf(token);
  if (first === "\n") return CLOSE | Kind.LINE;
  if (first === '"') return Kind.QUOTE;
  const kind = PUNCTUATION.get(first);
  if (kind !== undefined) return Kind.PUNCTUATION | kind;
  if (IS_SPACE.test(first)) return CLOSE;
  if (IS_IDEOGRAPH.test(first)) return Kind.WORD | Kind.IDEOGRAPH;
  if (IS_LETTER.test(first)) return Kind.WORD;
  // Format characters and skin tones belong to the character that they modify.
  if (/\p{Cf}/u.test(first)) return Kind.PUNCTUATION | CLOSE;
  return Kind.PUNCTUATION | (/\p{Sk}/u.test(first) && first > "\uffff" ? Kind.CLOSE_BEFORE : 0);
}

/** @param {string} token @returns {string} its first character */
export function firstOf(token) {
  return String.fromCodePoint(/** @type {number} */ (token.codePointAt(0)));
}

/** The whole text as tokens, each with the one space before it, if any; other white space stands
 * alone. @param {string} text @returns {string[]} */
export function pieces(text) {
  return text.toWellFormed().match(PIECES) ?? [];
}

/** A text's words and punctuation marks, in order, without white space. @param {string} text */
export function wordsOf(text) {
  return pieces(text)
    .map((piece) => piece.replace(SPACES, ""))
    .filter((piece) => piece);
}

/** Whether it is a letter, a digit or a mark. @param {string} character */
export function isLetter(character) {
  return IS_LETTER.test(character);
}

/** Whether it may stand within a word. @param {string} character */
export function isInWord(character) {
  return isLetter(character) || "'’-‐‑·\u200c\u200d".includes(character);
}

/** Without white space at its beginning. @param {string} text */
export function withoutLeadingSpace(text) {
  return text.replace(new RegExp(`^[${SPACE}]+`), "");
}

/** Without white space at either end. @param {string} text */
export function stripped(text) {
  return text.replace(new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g"), "");
}
