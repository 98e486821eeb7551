/** The model in a file, by its task. */

import { Classifier } from "./classifier.js";
import { Describer } from "./describer.js";
import { Forecaster } from "./forecaster.js";
import { LanguageModel } from "./language.js";
import { Bundle, refuse } from "./safetensors.js";
import { Tagger } from "./tagger.js";
import { Translator } from "./translator.js";

/** The one closed table of tasks. */
const MODELS = {
  language: LanguageModel,
  classify: Classifier,
  tag: Tagger,
  translate: Translator,
  describe: Describer,
  forecast: Forecaster,
};

/** @typedef {InstanceType<typeof MODELS[keyof typeof MODELS]>} Model */

/** @param {ArrayBuffer} buffer a whole model file @returns {Model} */
export function opened(buffer) {
  const bundle = new Bundle(buffer);
  const { task } = bundle.about;
  if (!Object.hasOwn(MODELS, task)) refuse("it is of a task that is not known here");
  const model = new MODELS[/** @type {keyof typeof MODELS} */ (task)](bundle);
  bundle.finish();
  return model;
}

/** The model behind an address. @param {string} address */
export async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be read (${response.status}).`);
  return opened(await response.arrayBuffer());
}
