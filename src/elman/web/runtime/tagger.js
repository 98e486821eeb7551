/** A tagger: each word's tag, from all that stands before and behind it. */

import { CRF } from "./crf.js";
import { wordsOf } from "./lexicon.js";
import { Linear } from "./products.js";
import { Reader, ReaderUnit } from "./reader.js";
import { TagVocabulary } from "./tags.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{tags: string[], probability: number}} Tagged */

export class Tagger {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { vocabulary, reader, tags } = bundle.about;
    const width = reader.blocks.hidden_size * reader.directions;
    this.vocabulary = new TagVocabulary(tags);
    this.reader = new Reader(bundle, "reader", reader, new ReaderUnit(vocabulary));
    this.output = Linear.from(bundle, "output", width, this.vocabulary.tags.length);
    this.crf = new CRF(bundle, "crf", this.vocabulary);
  }

  /** A text's words and marks, and the best tags of them. @param {string} text */
  tag(text) {
    const words = wordsOf(text);
    return { words, ...this.tagWords(words) };
  }

  /** The best tags of a sentence, and the probability of them all. @param {string[]} words
   * @returns {Tagged} */
  tagWords(words) {
    if (words.length === 0) return { tags: [], probability: 1 };
    const directions = this.reader.read(words);
    const logits = words.map((_, time) =>
      this.output.of(Float32Array.from(directions.flatMap((vectors) => [...vectors[time]]))),
    );
    const { tags, logP } = this.crf.best(logits);
    return { tags: this.vocabulary.decode(tags), probability: Math.exp(logP) };
  }
}
