/** A language model on the server, and its keyboards. */

import { SessionExpired } from "../../views/keyboard.js";
import { ApiError, ModelApi } from "../api.js";

/** @typedef {import("../../views/keyboard.js").KeyboardState} KeyboardState
 * @typedef {import("../../views/language_modeling.js").GenerationOptions} GenerationOptions
 * @typedef {import("../../views/language_modeling.js").LanguageModelingClient} LanguageModelingClient
 */

/** @implements {LanguageModelingClient} */
export class HttpLanguageModel extends ModelApi {
  maxLength = 2000; // tokens to generate at once

  /** @param {object} [memory] words saved before */
  async openKeyboard(memory) {
    return new HttpKeyboard(this, await this.post("keyboards", memory ? { memory } : {}));
  }

  /** @param {string} prompt @param {GenerationOptions} options @param {AbortSignal} signal */
  async *stream(prompt, { topP, ...options }, signal) {
    const body = { prompt, ...options, top_p: topP };
    for await (const { text } of this.events("generate", body, signal)) if (text) yield text;
  }
}

/** A keyboard on the server. It counts the user's words. */
class HttpKeyboard {
  maxLength = 2000; // characters of the text

  /** @param {ModelApi} api @param {any} opened */
  constructor(api, opened) {
    this.api = api;
    this.path = `keyboards/${opened.keyboard}`;
    this.state = stateOf(opened);
    this.userWords = {
      list: async () => (await api.get(`${this.path}/user-words`)).words,
      save: () => /** @type {Promise<object>} */ (api.get(`${this.path}/memory`)),
      forget: (/** @type {string} */ word) => this.#post("forget", { word }),
      forgetAll: () => this.#post("forget-all", {}),
    };
  }

  /** @param {string} text @param {number} [accept] the index of a suggestion */
  write(text, accept) {
    return this.#post("write", accept === undefined ? { text } : { text, accept });
  }

  async clear() {
    await this.#post("clear", {});
  }

  async close() {
    await this.api.delete(this.path);
  }

  /** @param {string} operation @param {object} body */
  async #post(operation, body) {
    try {
      return stateOf(await this.api.post(`${this.path}/${operation}`, body));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404)
        throw new SessionExpired(error.message);
      throw error;
    }
  }
}

/** @param {any} json @returns {KeyboardState} */
function stateOf({ text, suggestions, keystrokes, keystrokes_saved, user_words }) {
  return {
    text,
    suggestions: suggestions.map((/** @type {any} */ each) => ({ ...each, ofUser: each.user_word })),
    counts: { keystrokes, saved: keystrokes_saved, words: user_words },
  };
}
