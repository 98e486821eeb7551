/** Loads a model file for its task. */

import { TASKS } from "../tasks.js";
import { Bundle, refuse } from "./safetensors.js";

/** @typedef {Awaited<ReturnType<typeof loadModel>>} Model */

/** @param {ArrayBuffer} buffer a whole model file
 * @param {import("./cells.js").CellProgram} cell the program of its cell */
export async function loadModel(buffer, cell) {
  const bundle = new Bundle(buffer, cell);
  const { task } = bundle.about;
  if (!Object.hasOwn(TASKS, task)) refuse("its task is unknown");
  const Model = await TASKS[task].runtime();
  const model = new Model(bundle);
  bundle.finish();
  return { task: TASKS[task], model };
}

/** The model behind an address, and behind another the program of its cell.
 * @param {string} address @param {string} cell */
export async function fetchModel(address, cell) {
  const [model, program] = await Promise.all([address, cell].map(fetched));
  return loadModel(await model.arrayBuffer(), await program.json());
}

/** @param {string} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be read (${response.status}).`);
  return response;
}
