/** Tags as the network has them: numbers, entities always in the scheme BIOES, whose transitions are
 * constrained. A legal sequence is legal in every other scheme, too, once it is converted.
 */

import { refuse } from "./safetensors.js";

/** @typedef {{letter: string, label: string}} Tag the letter is empty for plain tags */

/** The letters of BIOES in other schemes. @type {Record<string, Record<string, string>>} */
const LETTERS = {
  iob1: { B: "I", I: "I", E: "I", S: "I" },
  bio: { B: "B", I: "I", E: "I", S: "B" },
  bioes: { B: "B", I: "I", E: "E", S: "S" },
  bilou: { B: "B", I: "I", E: "L", S: "U" },
};
/** @type {Tag} */
const OUTSIDE = { letter: "O", label: "" };

export class TagVocabulary {
  /** @param {{scheme: string, labels: string[]}} json */
  constructor({ scheme, labels }) {
    const plain = scheme === "plain";
    if (!plain && !Object.hasOwn(LETTERS, scheme)) refuse("its tagging scheme is unknown");
    this.scheme = scheme;
    this.letters = plain ? null : LETTERS[scheme];
    /** @type {Tag[]} by number */
    this.tags = plain
      ? labels.map((label) => ({ letter: "", label }))
      : [OUTSIDE, ...labels.flatMap((label) => [..."BIES"].map((letter) => ({ letter, label })))];
  }

  /** Whether a tag may follow another. @param {Tag} [before] none: at the beginning
   * @param {Tag} [after] none: at the end */
  mayFollow(before = OUTSIDE, after = OUTSIDE) {
    if (this.letters === null) return true;
    const isOpen = "BI".includes(before.letter);
    const needsOpen = "IE".includes(after.letter);
    return needsOpen ? isOpen && before.label === after.label : !isOpen;
  }

  /** A legal sequence of numbers -> tags of the scheme. @param {number[]} numbers */
  decode(numbers) {
    const tags = numbers.map((number) => this.tags[number]);
    return tags.map((tag, index) => this.#written(tag, tags[index - 1] ?? OUTSIDE));
  }

  /** @param {Tag} tag @param {Tag} before */
  #written({ letter, label }, before) {
    if (this.letters === null || letter === "O") return letter || label;
    // In IOB1 an entity begins with B- only directly after another with its label.
    const adjoins = "BS".includes(letter) && "ES".includes(before.letter) && before.label === label;
    const written = adjoins && this.scheme === "iob1" ? "B" : this.letters[letter];
    return label ? `${written}-${label}` : written;
  }
}
