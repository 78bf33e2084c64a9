/**
 * Recovery: injects faults into a replica while 16 clients predict, and shows what they cost.
 *
 *   node bench/faults.mjs [throw] [die] [hang] [crash] [--clients 16]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closedLoop } from './support/closed-loop.mjs';
import { requestBytes } from './support/http-connection.mjs';
import { startImageServer } from './support/images.mjs';
import { startAerie } from './support/server.mjs';
import { histogram } from './support/statistics.mjs';
import { conclude } from './support/verdict.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: 'string', default: '16' } },
});
const kinds = positionals.length > 0 ? positionals : ['throw', 'die', 'hang'];
const clients = Number(values.clients);
const TARGET = { model: 'efficientnet-lite0', version: '2' };
const [WARM_UP_MS, BASELINE_MS, MAX_RECOVERY_MS, WINDOW_MS] = [2000, 5000, 40_000, 1000];
/** Share of the throughput before that counts as recovered. */
const RECOVERED = 0.9;

const images = await startImageServer();
const server = await startAerie({ imageHost: images.host, env: { FAULT_INJECTION: 'true' } });
const abort = new AbortController();
/** @type {(import('./support/closed-loop.mjs').Outcome)[]} */
const outcomes = [];
const began = performance.now();
const now = () => performance.now() - began;
const succeeded = (/** @type {number} */ from, /** @type {number} */ to) =>
  outcomes.filter(({ status, atMs }) => status === 200 && atMs >= from && atMs < to).length;

/** @param {import('./support/closed-loop.mjs').Outcome} outcome */
function describe({ status, failure, body }) {
  if (failure !== '') return failure;
  const code = /"error"\s*:\s*"(\w+)"/.exec(body?.toString() ?? '')?.[1];
  return `${status} ${code ?? 'without a code'}`;
}

/** @param {string} kind */
async function inject(kind) {
  const reply = await fetch(server.url('/api/v1/faults'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...TARGET, kind }),
  });
  if (!reply.ok) throw new Error(`The fault request got ${reply.status}: ${await reply.text()}`);
}

/** @param {string} kind */
async function observe(kind) {
  const from = now();
  await delay(BASELINE_MS);
  const baseline = (succeeded(from, now()) * 1000) / BASELINE_MS;
  const at = now();
  await inject(kind);
  // Recovered: a whole second after the last failure was as good as before.
  let recoveredMs;
  while (recoveredMs === undefined && now() - at < MAX_RECOVERY_MS + WINDOW_MS) {
    await delay(WINDOW_MS / 10);
    const windowFrom = now() - WINDOW_MS;
    const lastFailure = outcomes.findLast(({ status, atMs }) => status !== 200 && atMs >= at)?.atMs ?? at;
    const good = succeeded(windowFrom, now()) * (1000 / WINDOW_MS) >= RECOVERED * baseline;
    // A hang causes no failures at first, so one client's whole timeout must pass before "recovered".
    const struck = kind === 'hang' ? lastFailure > at : true;
    if (good && struck && windowFrom >= lastFailure) recoveredMs = windowFrom - at;
  }
  const end = now();
  const failed = outcomes.filter(({ status, atMs }) => status !== 200 && atMs >= at);
  const failures = histogram(failed.map(describe));
  const perSecond = [];
  for (let second = at - 2000; second + 1000 <= end; second += 1000)
    perSecond.push(succeeded(second, second + 1000));
  console.log(`\n${kind}: ${baseline.toFixed(1)}/s before; failures: ${JSON.stringify(failures)}`);
  console.log(`  successful responses per second, from 2 s before:  ${perSecond.join(' ')}`);
  console.log(
    `  ${recoveredMs === undefined ? 'NOT recovered' : `recovered after ${(recoveredMs / 1000).toFixed(1)} s`}`,
  );
  return { kind, baseline, failures, failed: failed.length, perSecond, recoveredMs };
}

try {
  const url = server.url('/api/v1/predict');
  const bytes = requestBytes({ url, body: JSON.stringify({ image_url: images.url('/640.jpg') }) });
  const loading = closedLoop({
    url,
    bytes,
    clients,
    signal: abort.signal,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  await delay(WARM_UP_MS);
  const results = [];
  for (const kind of kinds) results.push(await observe(kind));
  abort.abort();
  await loading;
  /** Failures that a caller may see for each kind. A crash ends the process and its connections. @type {Record<string, RegExp>} */
  const allowed = { throw: /^500 INTERNAL$/, crash: /^(503 WORKER_LOST|E[A-Z]+)$/ };
  conclude(
    'faults',
    results,
    results.flatMap(({ kind, failures, failed, recoveredMs }) => {
      const pattern = allowed[kind] ?? /^503 WORKER_LOST$/;
      return [
        { target: `${kind}: throughput recovered`, met: recoveredMs !== undefined },
        {
          target: `${kind}: ${failed} failed, all as ${String(pattern)}`,
          met: Object.keys(failures).every((failure) => pattern.test(failure)),
        },
      ];
    }),
  );
} finally {
  abort.abort();
  await server.stop();
  images.stop();
}
