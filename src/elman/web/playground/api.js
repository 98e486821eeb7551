/** Calls of the HTTP API. A refusal is an ApiError with a sentence for people. */

/** @typedef {{name: string, task: string, labels: (string | number)[],
 *   details: Record<string, any>}} Model */

let key = ""; // in memory only: gone with the page

/** @param {string} typed */
export function useKey(typed) {
  key = typed;
}

export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} path @param {object} [body] @param {RequestInit} [options] */
async function request(path, body, options) {
  /** @type {Record<string, string>} */
  const headers = body ? { "content-type": "application/json" } : {};
  if (key) headers.authorization = `Bearer ${key}`;
  const method = body ? "POST" : "GET";
  const init = { method, headers, body: body && JSON.stringify(body), ...options };
  const response = await fetch(path, init);
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: {} }));
  const cause = [error.location, error.cause].filter(Boolean).join(": ");
  const message = [cause, error.hint].filter(Boolean).join(". ");
  throw new ApiError(response.status, message || `The server answers ${response.status}.`);
}

/** @returns {Promise<Model[]>} */
export async function models() {
  return (await (await request("models")).json()).models;
}

/** One model on the server. */
export class ModelApi {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
  }

  /** @param {string} operation @param {object} body @returns {Promise<any>} */
  async post(operation, body) {
    return (await request(this.#path(operation), body)).json();
  }

  /** @param {string} resource @returns {Promise<any>} */
  async get(resource) {
    return (await request(this.#path(resource))).json();
  }

  /** Also while the page is closed. @param {string} resource */
  async delete(resource) {
    await request(this.#path(resource), undefined, { method: "DELETE", keepalive: true });
  }

  /** The data of server-sent events. @param {string} operation @param {object} body
   * @param {AbortSignal} signal @returns {AsyncGenerator<any>} */
  async *events(operation, body, signal) {
    const response = await request(this.#path(operation), body, { signal });
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let pending = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (pending + value).split("\n\n");
      pending = events.pop() ?? "";
      for (const event of events) {
        const data = JSON.parse(event.slice(event.indexOf("data: ") + 6));
        if (data.error) throw new ApiError(503, data.error.cause);
        yield data;
      }
    }
  }

  /** @param {string} resource */
  #path(resource) {
    return `models/${this.model.name}/${resource}`;
  }
}
