/** A tagger on the server. */

import { wordsOf } from "../../runtime/segmentation.js";
import { ModelApi } from "../api.js";

/** @typedef {import("../../views/tagging.js").TaggingClient} TaggingClient */

/** @implements {TaggingClient} */
export class HttpTagger extends ModelApi {
  /** @param {string} text */
  async predict(text) {
    const words = wordsOf(text);
    const { sentences } = await this.post("tag", { sentences: [words] });
    const { tags, probability } = sentences[0];
    return { words, tags, probability };
  }
}
