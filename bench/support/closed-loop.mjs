import { ConnectionError, HttpConnection } from './http-connection.mjs';
import { histogram, latencySummary } from './statistics.mjs';

/**
 * The outcome of one request.
 *
 * @typedef {object} Outcome
 * @property {number} status HTTP status; 0 when the connection failed.
 * @property {string} failure Code of a failed connection, else ''.
 * @property {boolean} sent Whether the request had been sent when its connection failed.
 * @property {number} latencyMs
 * @property {number} atMs End of the request, in milliseconds since the loop began.
 * @property {Buffer | undefined} body Body of an unsuccessful response.
 */

/** Pause after a failed connection, which prevents a busy loop against a stopped server. */
const RECONNECT_DELAY_MS = 20;

/**
 * N clients that each send the next request as soon as the last response has arrived.
 *
 * @param {object} options
 * @param {URL} options.url
 * @param {Buffer} options.bytes The whole request, head and body.
 * @param {number} options.clients
 * @param {AbortSignal} options.signal Ends the loop; a request on its way is still waited for.
 * @param {(outcome: Outcome) => void} options.onOutcome
 */
export async function closedLoop({ url, bytes, clients, signal, onOutcome }) {
  const began = performance.now();
  const client = async () => {
    const connection = new HttpConnection({ host: url.hostname, port: Number(url.port) });
    while (!signal.aborted) {
      const sentAt = performance.now();
      /** @type {Omit<Outcome, 'latencyMs' | 'atMs'>} */
      let result;
      try {
        const { status, body } = await connection.send(bytes);
        result = { status, failure: '', sent: true, body: status >= 200 && status < 300 ? undefined : body };
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        result = { status: 0, failure: error.code, sent: error.sent, body: undefined };
      }
      const now = performance.now();
      onOutcome({ ...result, latencyMs: now - sentAt, atMs: now - began });
      if (result.failure !== '') await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY_MS));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/**
 * Runs the loop for a warm-up and then for a measured time. A request counts if it ends within the measured time.
 *
 * @param {object} options
 * @param {URL} options.url
 * @param {Buffer} options.bytes
 * @param {number} options.clients
 * @param {number} options.warmUpSeconds
 * @param {number} options.seconds
 */
export async function measureLoad({ url, bytes, clients, warmUpSeconds, seconds }) {
  const [fromMs, toMs] = [warmUpSeconds * 1000, (warmUpSeconds + seconds) * 1000];
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort();
  }, toMs);
  /** @type {Outcome[]} */
  const outcomes = [];
  await closedLoop({
    url,
    bytes,
    clients,
    signal: abort.signal,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  clearTimeout(timer);
  const counted = outcomes.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  // Failures count from the first request on: a warm-up that fails is a failure too.
  const failed = outcomes.filter(({ status }) => status < 200 || status > 299);
  return {
    requests: counted.length,
    seconds,
    perSecond: counted.length / seconds,
    ...latencySummary(counted.map(({ latencyMs }) => latencyMs)),
    failed: failed.length,
    failures: histogram(failed.map(({ status, failure }) => failure || status)),
    firstFailure: failed[0]?.body?.toString('utf8', 0, 500) ?? '',
  };
}

/** @typedef {Awaited<ReturnType<typeof measureLoad>>} LoadResult */
