/** A translator: the best targets of a text. */

import { TargetSearch, BEAM } from "./target_search.js";
import { stripped } from "./segmentation.js";
import { TextCodec } from "./text_codec.js";
import { finished } from "./time_slicing.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./target_search.js").Target} Target */
/** @typedef {import("../views/translation.js").TranslationClient} TranslationClient */

/** @implements {TranslationClient} */
export class Translator {
  maxLength = 10_000;

  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { encoder_decoder, vocabularies } = bundle.about;
    this.search = new TargetSearch(bundle);
    this.source = vocabularies.source ? new TextCodec(vocabularies.source) : this.search.target;
    this.attends = encoder_decoder.attention !== "none";
  }

  /** @param {string} text @param {number} count @param {AbortSignal} signal */
  async predict(text, count, signal) {
    const targets = await finished(this.targets(text, count), signal);
    const source = this.source.pieces(this.source.encode(stripped(text)));
    return targets.map((each) => ({
      ...each,
      attention: this.attends ? { weights: each.attention, source } : null,
    }));
  }

  /** The best targets of a text, best first; none of a blank one. Yields after each token.
   * @param {string} text @param {number} count @param {number} beam
   * @returns {Generator<undefined, Target[]>} */
  *targets(text, count, beam = BEAM) {
    const bare = stripped(text);
    return bare ? yield* this.search.run(this.source.encode(bare), count, beam) : [];
  }
}
