/** What the server is asked. A refusal is an Error with a sentence for people. */

/** @typedef {{name: string, task: string, operations: string[], labels: (string | number)[],
 *   about: Record<string, unknown>}} Model */

let key = ""; // in memory alone: gone with the page

/** @param {string} typed */
export function useKey(typed) {
  key = typed;
}

export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} path @param {object} [body] @param {RequestInit} [more] */
async function fetched(path, body, more) {
  /** @type {Record<string, string>} */
  const headers = body ? { "content-type": "application/json" } : {};
  if (key) headers.authorization = `Bearer ${key}`;
  const method = body ? "POST" : "GET";
  const asked = { method, headers, body: body && JSON.stringify(body), ...more };
  const response = await fetch(path, asked);
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: {} }));
  const said = [error.location, error.cause].filter(Boolean).join(": ");
  const message = [said, error.hint].filter(Boolean).join(". ");
  throw new Refused(response.status, message || `The server answers ${response.status}.`);
}

/** @returns {Promise<Model[]>} */
export async function models() {
  return (await (await fetched("models")).json()).models;
}

/** @param {Model} model @param {string} operation @param {object} body
 * @returns {Promise<any>} */
export async function ask(model, operation, body) {
  return (await fetched(`models/${model.name}/${operation}`, body)).json();
}

/** @param {Model} model @param {string} what @returns {Promise<any>} */
export async function look(model, what) {
  return (await fetched(`models/${model.name}/${what}`)).json();
}

/** Also when the page is closed. @param {Model} model @param {string} what */
export async function close(model, what) {
  await fetched(`models/${model.name}/${what}`, undefined, { method: "DELETE", keepalive: true });
}

/** A text as it is written, in server-sent events.
 * @param {Model} model @param {object} body @param {AbortSignal} signal
 * @returns {AsyncGenerator<string>} */
export async function* written(model, body, signal) {
  const response = await fetched(`models/${model.name}/generate`, body, { signal });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = JSON.parse(event.slice(event.indexOf("data: ") + 6));
      if (data.error) throw new Refused(503, data.error.cause);
      if (data.text) yield data.text;
    }
  }
}

/** Ask about the newest only: one question at a time, and of those that came meanwhile the last.
 * @template Question
 * @param {(question: Question) => Promise<void>} answer */
export function newest(answer) {
  /** @type {Question[]} */
  let waiting = [];
  let busy = false;
  return async (/** @type {Question} */ question) => {
    waiting = [question];
    if (busy) return;
    busy = true;
    try {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await answer(next);
    } finally {
      busy = false;
    }
  };
}
