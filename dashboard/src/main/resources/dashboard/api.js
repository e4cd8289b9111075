/* Client of the server's HTTP interface: four reads and one event stream. */

const DEADLINE_MS = 10_000;
const SILENCE_MS = 15_000; // a status event arrives about once a second
const RETRY_MS = 3_000;

const address = (path) => new URL(path, document.baseURI);

async function read(path) {
  const response = await fetch(address(path), {
    headers: { accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail || problem.title || `the server answered ${response.status} to ${path}`);
  }
  return response.json();
}

export const readStatus = () => read("v1/status");

/** Every metric with its unit and meaning, and all possible charts. */
export const readCatalogue = () => read("v1/metrics/catalogue");

/** Rows after a step; -1 requests all of them, including the evaluation before training. */
export const readSeries = async (since) => (await read(`v1/metrics/series?since=${since}`)).rows ?? [];

export const readRecentRollouts = async (limit) => (await read(`v1/rollouts/recent?limit=${limit}`)).groups ?? [];

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a partial event from a server that died while writing it
  }
}

/**
 * Follows the server's events for as long as the page lives.
 * The browser reconnects by itself after a broken connection; this adds what it does not do:
 * a refused connection is tried again, and a silent one is replaced.
 *
 * @param {{step: Function, status: Function, open: Function, lost: Function}} on
 */
export function followEvents(on) {
  let source = null;
  let heard = 0;
  let retry = 0;

  const alive = () => { heard = Date.now(); };

  const handle = (name) => (event) => {
    alive();
    const data = parse(event.data);
    if (data) on[name](data);
  };

  const connect = () => {
    clearTimeout(retry);
    source?.close();
    alive();
    source = new EventSource(address("v1/events"));
    source.addEventListener("open", () => { alive(); on.open(); });
    source.addEventListener("step", handle("step"));
    source.addEventListener("status", handle("status"));
    source.addEventListener("error", () => {
      on.lost();
      if (source.readyState === EventSource.CLOSED) retryLater();
    });
  };

  const retryLater = () => {
    clearTimeout(retry);
    retry = setTimeout(connect, RETRY_MS);
  };

  setInterval(() => {
    if (Date.now() - heard < SILENCE_MS) return;
    on.lost();
    connect();
  }, RETRY_MS);

  connect();
}
