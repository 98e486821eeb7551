/** A classifier on the server. */

import { ModelApi } from "../api.js";

/** @typedef {import("../../views/classification.js").ClassificationClient} ClassificationClient */

const LATEST = 40; // words after which the running answer is asked for

/** @implements {ClassificationClient} */
export class HttpClassifier extends ModelApi {
  /** @param {string} text */
  async predict(text) {
    const prefixes = prefixesOf(text);
    const { predictions } = await this.post("predict", {
      texts: prefixes.map((each) => each.text),
    });
    const words = prefixes.map(({ word }, n) => ({ word, classes: predictions[n].classes }));
    return { classes: predictions.at(-1).classes, words };
  }
}

/** The last words of a text, each with the text up to its end. @param {string} text */
function prefixesOf(text) {
  const words = [...text.matchAll(/\S+/g)].slice(-LATEST);
  return words.map(({ 0: word, index }) => ({ word, text: text.slice(0, index + word.length) }));
}
