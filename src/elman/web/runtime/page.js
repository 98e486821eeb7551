/** The page: one model, used as what it is. */

import { Classifier } from "./classifier.js";
import { classifierView } from "./classifier_view.js";
import { Describer } from "./describer.js";
import { describerView } from "./describer_view.js";
import { Forecaster } from "./forecaster.js";
import { forecasterView } from "./forecaster_view.js";
import { languageView } from "./language_view.js";
import { fetched } from "./model.js";
import { Tagger } from "./tagger.js";
import { taggerView } from "./tagger_view.js";
import { Translator } from "./translator.js";
import { translatorView } from "./translator_view.js";

const about = /** @type {HTMLElement} */ (document.getElementById("about"));
const view = /** @type {HTMLElement} */ (document.getElementById("view"));

/** What is said of a model, and shown of it. @param {import("./model.js").Model} model
 * @returns {[string, Node[]]} */
function shown(model) {
  if (model instanceof Classifier) {
    return ["It judges a text as it grows, word by word.", classifierView(model)];
  }
  if (model instanceof Tagger) return ["It tags words as they are typed.", taggerView(model)];
  if (model instanceof Translator) return ["It rewrites a text.", translatorView(model)];
  if (model instanceof Describer) return ["It describes vectors in words.", describerView(model)];
  if (model instanceof Forecaster) return ["It forecasts numbers.", forecasterView(model)];
  return ["It writes on, and suggests the next word.", languageView(model)];
}

try {
  const [does, parts] = shown(await fetched("model.safetensors"));
  about.textContent = does;
  view.append(...parts);
} catch (error) {
  about.textContent = String(error instanceof Error ? error.message : error);
}
