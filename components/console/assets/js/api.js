// Calls of the Open API. What was asked for is answered, or there is a `Refusal` that says why not.

import * as session from "./session.js";

const LIMIT_MS = 20_000;
// Calls that this server does not have. It is asked once.
const missing = new Set();

export class Refusal extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export async function call(path, parameters = {}, { signal, key = session.key() } = {}) {
  if (missing.has(path)) throw new Refusal("RouteNotFound", "this server does not have the call", 404);
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response;
  try {
    response = await fetch(`${path}?app_key=${encodeURIComponent(key)}`, {
      method: "POST",
      body: JSON.stringify(parameters),
      headers: { "content-type": "application/json" },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "error",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal("NoAnswer", limit.aborted ? "no answer within 20 seconds" : "the server cannot be reached", 0);
  }
  const answer = await response.json().catch(() => null);
  if (answer?.error) {
    if (answer.error.code === "RouteNotFound") missing.add(path);
    throw new Refusal(answer.error.code, answer.error.message, response.status);
  }
  if (!response.ok || answer === null) throw new Refusal("NoAnswer", `an answer that is none (status ${response.status})`, response.status);
  return answer.data;
}

// The same, and null where the server does not have the call.
export async function callIfThere(path, parameters, options) {
  try {
    return await call(path, parameters, options);
  } catch (error) {
    if (error.code === "RouteNotFound") return null;
    throw error;
  }
}

// Several questions at once, but not all: a server on a small machine answers others meanwhile.
export async function inTurn(questions, ask, width = 4) {
  const answers = new Array(questions.length);
  let next = 0;
  const worker = async () => {
    while (next < questions.length) {
      const at = next++;
      answers[at] = await ask(questions[at], at);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return answers;
}
