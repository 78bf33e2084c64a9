/**
 * Runs the shipped models through ONNX Runtime's C API for a long time: several threads on shared sessions, shapes that
 * change with every run, runs that are ended at random, replicas that come and go, and forced garbage collections in every
 * thread. Counts answers that differ from the first ones, and prints the resident memory.
 *
 * Usage: node --expose-gc libs/engine/bench/native-stress.mjs [--minutes 1] [--binding native]
 */
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { openOrtBinding, ThreadEngine } from '@aerie/engine';

const { values: args } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, binding: { type: 'string', default: 'native' } },
});
const quiet = { debug() {}, info() {}, warn: console.warn, error: console.error };
const engine = new ThreadEngine({
  faultsAllowed: true,
  logger: { ...quiet, error() {} },
  cores: 2,
  gpus: () => Promise.resolve([]),
  binding: await openOrtBinding({ choice: args.binding, logger: quiet }),
});
const kernel = {
  moduleUrl: new URL('../test-fixtures/collecting.kernel.mjs', import.meta.url).href,
  options: null,
};
const open = (model, version) =>
  engine.open({
    model,
    version,
    modelPath: fileURLToPath(new URL(`../../../models/${model}/${version}/model.onnx`, import.meta.url)),
    kernel,
    replicas: 2,
    device: 'cpu',
    dynamicQuantization: true,
    stallTimeoutMs: 60_000,
    startTimeoutMs: 60_000,
  });

/** The same numbers for the same seed. */
function image(seed) {
  const batch = 1 + (seed % 3);
  const data = new Float32Array(batch * 3 * 224 * 224);
  for (let i = 0; i < data.length; i += 1) data[i] = Math.sin(seed + i * 0.37);
  return { image: { dtype: 'float32', dims: [batch, 3, 224, 224], data } };
}

function text(seed) {
  const [batch, length] = [1 + (seed % 4), 2 + ((seed * 7) % 40)];
  const integers = (value) => ({
    dtype: 'int64',
    dims: [batch, length],
    data: BigInt64Array.from({ length: batch * length }, (_, i) => BigInt(value(i))),
  });
  return {
    input_ids: integers((i) => 1000 + ((seed * 31 + i * 17) % 20_000)),
    attention_mask: integers(() => 1),
    token_type_ids: integers(() => 0),
  };
}

const counts = { runs: 0, wrong: 0, ended: 0, lost: 0, otherErrors: 0 };
const SEEDS = 24;
const endsAt = performance.now() + Number(args.minutes) * 60_000;
const memoryMb = () => Math.round(process.memoryUsage().rss / 1048576);

function digest(outputs) {
  const [output] = Object.values(outputs);
  return Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength).toString('base64');
}

async function drive(pool, feedsOf) {
  const expected = new Map();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const { results } = await pool.run([feedsOf(seed)]);
    expected.set(seed, digest(results[0].value));
  }
  const client = async (number) => {
    for (let round = number; performance.now() < endsAt; round += 1) {
      if (pool.capacity < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      if (pool.capacity < 2) continue;
      const seed = (round * 5 + number) % SEEDS;
      const leaver = new AbortController();
      if (round % 7 === 0) setTimeout(() => leaver.abort(new Error('left')), round % 5);
      if (round % 501 === 0) pool.injectFault('die');
      try {
        const { results } = await pool.run([feedsOf(seed)], { signal: leaver.signal });
        counts.runs += 1;
        if (digest(results[0].value) !== expected.get(seed)) counts.wrong += 1;
      } catch (error) {
        if (error.message === 'left') counts.ended += 1;
        else if (error.code === 'WORKER_LOST') counts.lost += 1;
        else {
          counts.otherErrors += 1;
          console.error(error);
        }
      }
      if (round % 50 === 0) globalThis.gc?.();
    }
  };
  await Promise.all([client(0), client(1)]);
}

const pools = await Promise.all([open('efficientnet-lite0', '2'), open('minilm-l6-v2', '1')]);
await new Promise((resolve) => setTimeout(resolve, 3_000));
const report = setInterval(() => console.log({ ...counts, memoryMb: memoryMb() }), 15_000);
await Promise.all([drive(pools[0], image), drive(pools[1], text)]);
clearInterval(report);
await engine.close();
console.log({ ...counts, memoryMb: memoryMb() });
process.exitCode = counts.wrong + counts.otherErrors > 0 ? 1 : 0;
