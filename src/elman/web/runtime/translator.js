/** A translator: the best targets of a text. */

import { BEAM, Writer } from "./rewriting.js";
import { Side } from "./side.js";
import { stripped } from "./tokens.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./rewriting.js").Rewrite} Rewrite */

export class Translator {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { rewriter, vocabularies } = bundle.about;
    this.writer = new Writer(bundle);
    this.source = vocabularies.source ? new Side(vocabularies.source) : this.writer.side;
    this.attends = rewriter.attention !== "none";
  }

  /** The best targets of a text, the best first; of a blank one, none. A turn for each symbol.
   * @param {string} text @param {number} count @param {number} beam
   * @returns {Generator<undefined, Rewrite[]>} */
  *rewrites(text, count, beam = BEAM) {
    const bare = stripped(text);
    return bare ? yield* this.writer.write(this.source.encode(bare), count, beam) : [];
  }

  /** What stands for each symbol that is read. @param {string} text */
  read(text) {
    return this.source.pieces(this.source.encode(stripped(text)));
  }
}
