/**
 * Delay of the HTTP process's event loop, idle and while 16 clients predict without pause, and the latency of
 * /health/live meanwhile.
 *
 *   node bench/event-loop.mjs [--clients 16] [--seconds 15] [--idle-seconds 5] [--image /640.jpg]
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EventLoopMonitor } from './support/event-loop-monitor.mjs';
import { ConnectionError, HttpConnection, requestBytes } from './support/http-connection.mjs';
import { startImageServer } from './support/images.mjs';
import { BENCH } from './support/paths.mjs';
import { runForJson } from './support/process.mjs';
import { short, table } from './support/report.mjs';
import { startAerie } from './support/server.mjs';
import { latencySummary } from './support/statistics.mjs';
import { conclude } from './support/verdict.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '15' },
    'idle-seconds': { type: 'string', default: '5' },
    image: { type: 'string', default: '/640.jpg' },
  },
});
const WARM_UP_SECONDS = 2;
const POLL_INTERVAL_MS = 10;
const MAX_ADDED_DELAY_MS = 20;
const MAX_LIVE_MS = 50;

/** Requests /health/live repeatedly. @param {URL} url @param {number} seconds */
async function pollLive(url, seconds) {
  const connection = new HttpConnection({ host: url.hostname, port: Number(url.port) });
  const bytes = requestBytes({ url });
  const latenciesMs = [];
  let failed = 0;
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    const sentAt = performance.now();
    try {
      if ((await connection.send(bytes)).status !== 200) failed++;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      failed++;
    }
    latenciesMs.push(performance.now() - sentAt);
    await delay(POLL_INTERVAL_MS);
  }
  connection.close();
  return { ...latencySummary(latenciesMs), requests: latenciesMs.length, failed };
}

const monitor = new EventLoopMonitor();
const env = await monitor.listen();
const images = await startImageServer();
const server = await startAerie({ imageHost: images.host, env });
try {
  const probe = monitor.httpProcess();
  const live = server.url('/health/live');
  const watch = async (/** @type {number} */ seconds) => {
    await probe.read();
    const health = await pollLive(live, seconds);
    return { loop: await probe.read(), health };
  };
  await delay(WARM_UP_SECONDS * 1000);
  console.log(`Idle for ${values['idle-seconds']} s ...`);
  const idle = await watch(Number(values['idle-seconds']));

  console.log(`${values.clients} clients predict for ${values.seconds} s ...`);
  const body = JSON.stringify({ image_url: images.url(values.image) });
  const args = ['--url', server.url('/api/v1/predict').href, '--body', body, '--concurrency', values.clients];
  const times = ['--warm-up', String(WARM_UP_SECONDS), '--seconds', values.seconds];
  const loading = runForJson(process.execPath, [join(BENCH, 'load.mjs'), ...args, ...times]);
  await delay(WARM_UP_SECONDS * 1000);
  const busy = await watch(Number(values.seconds));
  const load = await loading;

  const row = (/** @type {string} */ what, /** @type {Record<string, number>} */ from) => [
    what,
    ...['p50Ms', 'p90Ms', 'p99Ms', 'maxMs'].map((key) => short(from[key])),
  ];
  const rows = [
    row('event loop, idle', idle.loop),
    row('event loop, under load', busy.loop),
    row('/health/live, idle', idle.health),
    row('/health/live, under load', busy.health),
    row('predict', load),
  ];
  console.log(`\n${table([['ms', 'p50', 'p90', 'p99', 'max'], ...rows])}\n`);
  console.log(`${short(load.perSecond)} predictions a second, ${load.failed} failed.`);
  const added = busy.loop.p99Ms - idle.loop.p99Ms;
  conclude('event-loop', { idle, busy, load }, [
    {
      target: `p99 of the event loop's delay: ${short(added)} ms above idle, at most ${MAX_ADDED_DELAY_MS}`,
      met: added <= MAX_ADDED_DELAY_MS,
    },
    {
      target: `p99 of /health/live: ${short(busy.health.p99Ms)} ms, under ${MAX_LIVE_MS}`,
      met: busy.health.p99Ms < MAX_LIVE_MS,
    },
    {
      target: `no request failed: ${load.failed + idle.health.failed + busy.health.failed}`,
      met: load.failed + idle.health.failed + busy.health.failed === 0,
    },
  ]);
} finally {
  await server.stop();
  images.stop();
  monitor.close();
}
