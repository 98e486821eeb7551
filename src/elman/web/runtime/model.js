/** Loads a model file for its task. */

import { TASKS } from "../tasks.js";
import { Bundle, refuse } from "./safetensors.js";

/** @typedef {Awaited<ReturnType<typeof loadModel>>} Model */

/** @param {ArrayBuffer} buffer a whole model file */
export async function loadModel(buffer) {
  const bundle = new Bundle(buffer);
  const { task } = bundle.about;
  if (!Object.hasOwn(TASKS, task)) refuse("its task is unknown");
  const Model = await TASKS[task].runtime();
  const model = new Model(bundle);
  bundle.finish();
  return { task: TASKS[task], model };
}

/** The model behind an address. @param {string} address */
export async function fetchModel(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be read (${response.status}).`);
  return loadModel(await response.arrayBuffer());
}
