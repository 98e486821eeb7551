/** A describer on the server. */

import { ModelApi } from "../api.js";

/** @typedef {import("../../views/description.js").DescriptionClient} DescriptionClient */

/** @implements {DescriptionClient} */
export class HttpDescriber extends ModelApi {
  vectorSize = null;

  /** @param {number[][]} vectors */
  async *predict(vectors) {
    const { hypotheses } = await this.post("describe", { vectors });
    for (const [best] of hypotheses) yield best;
  }
}
