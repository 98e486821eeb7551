/** The model in a file, by its task. */

import { Classifier } from "./classifier.js";
import { LanguageModel } from "./language.js";
import { Bundle, refuse } from "./safetensors.js";

/** @param {ArrayBuffer} buffer a whole model file @returns {LanguageModel | Classifier} */
export function opened(buffer) {
  const bundle = new Bundle(buffer);
  const model = modelOf(bundle);
  bundle.finish();
  return model;
}

/** @param {Bundle} bundle */
function modelOf(bundle) {
  switch (bundle.about.task) {
    case "language":
      return new LanguageModel(bundle);
    case "classify":
      return new Classifier(bundle);
    default:
      return refuse("it is of a task that is not known here");
  }
}

/** The model behind an address. @param {string} address */
export async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be read (${response.status}).`);
  return opened(await response.arrayBuffer());
}
