/**
 * Sends SIGTERM under load, and shows what happens to accepted and late requests and how long the exit takes.
 *
 *   node bench/drain.mjs [--clients 16] [--image /12mp.jpg] [--drain-delay 0]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closedLoop } from './support/closed-loop.mjs';
import { requestBytes } from './support/http-connection.mjs';
import { startImageServer } from './support/images.mjs';
import { startAerie } from './support/server.mjs';
import { histogram } from './support/statistics.mjs';
import { conclude } from './support/verdict.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '16' },
    image: { type: 'string', default: '/12mp.jpg' },
    'drain-delay': { type: 'string', default: '0' },
  },
});
const LOAD_MS = 4000;
const GRACE_MS = 2000;
const drainDelayMs = Number(values['drain-delay']) * 1000;

/** @param {import('./support/closed-loop.mjs').Outcome} outcome */
function describe({ status, failure, sent, body }) {
  if (status >= 200 && status < 300) return 'served';
  if (status === 503 && body?.includes('SHUTTING_DOWN')) return '503 SHUTTING_DOWN';
  if (status > 0) return `${status} ${body?.toString('utf8', 0, 200) ?? ''}`;
  return sent ? `cut off (${failure})` : 'connection refused';
}

const images = await startImageServer();
const server = await startAerie({ imageHost: images.host, env: { DRAIN_DELAY: values['drain-delay'] } });
const abort = new AbortController();
try {
  const url = server.url('/api/v1/predict');
  const bytes = requestBytes({ url, body: JSON.stringify({ image_url: images.url(values.image) }) });
  /** @type {(import('./support/closed-loop.mjs').Outcome)[]} */
  const outcomes = [];
  const began = performance.now();
  const loading = closedLoop({
    url,
    bytes,
    clients: Number(values.clients),
    signal: abort.signal,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  await delay(LOAD_MS);
  const termAt = performance.now() - began;
  server.child.kill('SIGTERM');
  const { code, signal } = await server.exited;
  const exitMs = performance.now() - began - termAt;
  await delay(500);
  abort.abort();
  await loading;

  const after = outcomes.filter(({ atMs }) => atMs >= termAt);
  // In flight at SIGTERM: sent before it, answered after it.
  const inFlight = after.filter(({ atMs, latencyMs }) => atMs - latencyMs < termAt);
  const late = after.filter(({ atMs, latencyMs }) => atMs - latencyMs >= termAt);
  const longestMs = Math.max(0, ...inFlight.map(({ atMs }) => atMs - termAt));
  const figures = {
    before: histogram(outcomes.filter(({ atMs }) => atMs < termAt).map(describe)),
    inFlight: histogram(inFlight.map(describe)),
    late: histogram(late.map(describe)),
    exitMs,
    longestMs,
    exit: signal ?? code,
  };
  console.log(`before SIGTERM:      ${JSON.stringify(figures.before)}`);
  console.log(`in flight:            ${JSON.stringify(figures.inFlight)}`);
  console.log(`sent later:          ${JSON.stringify(figures.late)}`);
  console.log(
    `exit (${String(figures.exit)}) after ${exitMs.toFixed(0)} ms; last request in flight ended after ${longestMs.toFixed(0)} ms\n`,
  );
  const limitMs = drainDelayMs + longestMs + GRACE_MS;
  const only = (/** @type {Record<string, number>} */ counts, /** @type {string[]} */ ...kinds) =>
    Object.keys(counts).every((kind) => kinds.includes(kind));
  conclude('drain', figures, [
    { target: 'every accepted request was served', met: only(figures.inFlight, 'served') },
    {
      target: 'late requests were served, got 503 SHUTTING_DOWN or were refused',
      met: only(figures.late, 'served', '503 SHUTTING_DOWN', 'connection refused'),
    },
    { target: `exit after ${exitMs.toFixed(0)} ms, within ${limitMs.toFixed(0)}`, met: exitMs <= limitMs },
  ]);
} finally {
  abort.abort();
  await server.stop();
  images.stop();
}
