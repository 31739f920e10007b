// What the server is asked, and what it says of itself.

const home = new URL(".", import.meta.url).pathname.replace(/static\/$/, "");

export class Failure extends Error {}

/** An answer of the server. Throws Failure in words for people. */
export async function ask(view, query, signal) {
  let response;
  try {
    response = await fetch(`${home}data/${view}?${new URLSearchParams(query)}`, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("The server does not answer.");
  }
  const answer = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (response.status === 401 || response.status === 403) {
    location.reload(); // the page asks for the key
    return new Promise(() => {});
  }
  if (!response.ok || !answer) throw new Failure(answer?.error?.message ?? `The server answered ${response.status} and no more.`);
  return answer;
}

/** The address of a session's page. */
export const sessionPage = (session) => `${home}session?${new URLSearchParams({ session })}`;

const SLOW = 10_000;

/** Calls `changed(state)` when the log files change, and `told(word)` with what the connection does: live, off. */
export class Live {
  #source = null;
  #timer = null;
  #changed;
  #told;

  constructor(changed, told) {
    this.#changed = changed;
    this.#told = told;
  }

  open() {
    if (this.#source) return;
    this.#source = new EventSource(`${home}live`);
    this.#source.onmessage = (event) => {
      this.#told("live");
      this.#changed(event.data);
    };
    this.#source.onopen = () => this.#told("live");
    this.#source.onerror = () => this.#failed();
  }

  close() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
  }

  /** The browser tries again by itself, unless the server has refused. */
  #failed() {
    this.#told("off");
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    this.close();
    this.#timer = setTimeout(() => {
      this.#changed(null);
      this.open();
    }, SLOW);
  }
}
