/** Tags as a network knows them: numbers, and of entities always the scheme BIOES, whose rules hold
 * from one tag to the next. What keeps to them is legal in every other scheme once it is written so.
 */

import { refuse } from "./safetensors.js";

/** @typedef {{letter: string, label: string}} Tag plain tags have no letter */

/** What the letters of BIOES become in a scheme. @type {Record<string, Record<string, string>>} */
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
    if (!plain && !Object.hasOwn(LETTERS, scheme)) refuse("its tags are of no known scheme");
    this.scheme = scheme;
    this.letters = plain ? null : LETTERS[scheme];
    /** @type {Tag[]} those that have a number, the number being the place here */
    this.tags = plain
      ? labels.map((label) => ({ letter: "", label }))
      : [OUTSIDE, ...labels.flatMap((label) => [..."BIES"].map((letter) => ({ letter, label })))];
  }

  /** Whether one may follow another. @param {Tag} [before] none: at the beginning
   * @param {Tag} [after] none: at the end */
  mayFollow(before = OUTSIDE, after = OUTSIDE) {
    if (this.letters === null) return true;
    const isOpen = "BI".includes(before.letter);
    const needsOpen = "IE".includes(after.letter);
    return needsOpen ? isOpen && before.label === after.label : !isOpen;
  }

  /** Numbers of a sentence, legal ones -> tags of the scheme. @param {number[]} numbers */
  decode(numbers) {
    const tags = numbers.map((number) => this.tags[number]);
    return tags.map((tag, place) => this.#written(tag, tags[place - 1] ?? OUTSIDE));
  }

  /** @param {Tag} tag @param {Tag} before */
  #written({ letter, label }, before) {
    if (this.letters === null || letter === "O") return letter || label;
    // In IOB1 an entity begins with B- only right behind another of its label.
    const adjoins = "BS".includes(letter) && "ES".includes(before.letter) && before.label === label;
    const written = adjoins && this.scheme === "iob1" ? "B" : this.letters[letter];
    return label ? `${written}-${label}` : written;
  }
}
