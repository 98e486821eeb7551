/** A translator on the server. */

import { ModelApi } from "../api.js";

/** @typedef {import("../../views/translation.js").TranslationClient} TranslationClient */

/** @implements {TranslationClient} */
export class HttpTranslator extends ModelApi {
  maxLength = 2000;

  /** @param {string} text @param {number} count */
  async predict(text, count) {
    const { hypotheses } = await this.post("translate", { texts: [text], count, attention: true });
    return hypotheses[0].map((/** @type {any} */ each) => ({
      ...each,
      pieces: each.tokens,
      attention: each.attention ? { weights: each.attention, source: each.source_tokens } : null,
    }));
  }
}
