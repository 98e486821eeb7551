/** A tagger: the tag of each word, from the words before and after it. */

import { LinearTagger } from "./context_features.js";
import { CRF } from "./crf.js";
import { Encoder, EncoderTokenizer } from "./encoder.js";
import { Linear } from "./products.js";
import { wordsOf } from "./segmentation.js";
import { TagVocabulary } from "./tags.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {{tags: string[], probability: number}} Tagged */
/** @typedef {import("../views/tagging.js").TaggingClient} TaggingClient */

/** @implements {TaggingClient} */
export class Tagger {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { vocabulary, encoder, tags, counts } = bundle.about;
    const width = encoder.blocks.hidden_size * encoder.directions;
    this.vocabulary = new TagVocabulary(tags);
    this.encoder = new Encoder(bundle, "encoder", encoder, new EncoderTokenizer(vocabulary));
    this.output = Linear.from(bundle, "output", width, this.vocabulary.tags.length);
    const size = this.vocabulary.tags.length;
    this.counts = counts && new LinearTagger(bundle, "counts", counts, size);
    this.crf = new CRF(bundle, counts ? ["crf", "counts.crf"] : ["crf"], this.vocabulary);
  }

  /** @param {string} text */
  async predict(text) {
    return this.tag(text);
  }

  /** The words and punctuation of a text and their best tags. @param {string} text */
  tag(text) {
    const words = wordsOf(text);
    return { words, ...this.tagWords(words) };
  }

  /** The best tags of a sentence and their joint probability. @param {string[]} words
   * @returns {Tagged} */
  tagWords(words) {
    if (words.length === 0) return { tags: [], probability: 1 };
    const directions = this.encoder.encode(words);
    const logits = words.map((_, time) =>
      this.output.of(Float32Array.from(directions.flatMap((vectors) => [...vectors[time]]))),
    );
    this.counts?.addTo(logits, words);
    const { tags, logP } = this.crf.best(logits);
    return { tags: this.vocabulary.decode(tags), probability: Math.exp(logP) };
  }
}
