/** The page: one model, used as what it is. */

import { classifierView } from "./classifier_view.js";
import { LanguageModel } from "./language.js";
import { languageView } from "./language_view.js";
import { fetched } from "./model.js";

const about = /** @type {HTMLElement} */ (document.getElementById("about"));
const view = /** @type {HTMLElement} */ (document.getElementById("view"));

try {
  const model = await fetched("model.safetensors");
  if (model instanceof LanguageModel) {
    about.textContent = "It writes on, and suggests the next word.";
    view.append(...languageView(model));
  } else {
    about.textContent = "It judges a text as it grows, word by word.";
    view.append(...classifierView(model));
  }
} catch (error) {
  about.textContent = String(error instanceof Error ? error.message : error);
}
