/**
 * The ceiling: decodes and runs without HTTP, in several threads.
 *
 *   node bench/bare/node-loop.mjs predict <image> | embed <batch size>  [--threads 2] [--seconds 5]
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: 'string', default: '2' }, seconds: { type: 'string', default: '5' } },
});
const [kind, what] = positionals;
const seconds = Number(values.seconds);

/** Both threads begin together, once each has loaded its model and warmed up. */
const barrier = new SharedArrayBuffer(4);
const threads = Number(values.threads);
const counts = await Promise.all(
  Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./node-worker.mjs', import.meta.url), {
      workerData: { kind, what, seconds, threads, barrier },
    });
    return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  }),
);
const items = counts.reduce((sum, count) => sum + count, 0);
process.stdout.write(`${JSON.stringify({ perSecond: items / seconds, items, threads })}\n`);
