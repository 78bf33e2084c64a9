/**
 * Preloaded into the server (`--import`). Samples the delay of the event loop every millisecond and answers each line that
 * it gets with the samples since the last one. It runs in the supervisor and in each HTTP process, not in threads.
 */
import cluster from 'node:cluster';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const NS_PER_MS = 1e6;
const port = Number(process.env['BENCH_PROBE_PORT'] ?? 0);

if (isMainThread && port > 0) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.unref();
  socket.on('error', () => undefined);
  socket.on('connect', () => {
    socket.write(`${JSON.stringify({ pid: process.pid, role: cluster.isWorker ? 'worker' : 'primary' })}\n`);
  });
  socket.on('data', () => {
    const at = (/** @type {number} */ percent) => delays.percentile(percent) / NS_PER_MS;
    const seen = {
      samples: delays.count,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      maxMs: delays.max / NS_PER_MS,
    };
    delays.reset();
    socket.write(`${JSON.stringify(seen)}\n`);
  });
}
