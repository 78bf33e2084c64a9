/**
 * Tokens per second, time to first token, and where the time of a step goes.
 * Usage: node libs/generation/bench/throughput.mjs [--threads 2] [--spin] [--spin-us 20] [--tokens 64] [--rounds 3] [--chunk 64] [--seeded] [--reuse]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openOrtBinding } from '@aerie/engine';
import { GenerationEngine } from '@aerie/generation';

const { values: args } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    binding: { type: 'string', default: 'auto' },
    tokens: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    chunk: { type: 'string', default: '64' },
    streams: { type: 'string', default: '1,4,8' },
    temperature: { type: 'string', default: '0.7' },
    spin: { type: 'boolean', default: false },
    'spin-us': { type: 'string' },
    reuse: { type: 'boolean', default: false },
    seeded: { type: 'boolean', default: false },
  },
});

const TOPICS = [
  'tides',
  'bread',
  'bridges',
  'owls',
  'glass',
  'chess',
  'maps',
  'rain',
  'clocks',
  'silk',
  'salt',
  'kites',
];
const binding = await openOrtBinding({ choice: args.binding, logger: console });
const directory = fileURLToPath(new URL('../../../models/smollm2-135m-instruct', import.meta.url));

let steps = [];
let firstTokens = [];
let gaps = [];
const engine = await GenerationEngine.open({
  name: 'bench',
  directory,
  modelPath: `${directory}/1/model.onnx`,
  binding,
  startTimeoutMs: 120_000,
  stallTimeoutMs: 30_000,
  intraOpThreads: Number(args.threads),
  allowSpinning: args.spin,
  ...(args['spin-us'] === undefined ? {} : { spinMicroseconds: Number(args['spin-us']) }),
  chunkSize: Number(args.chunk),
  ...(args.reuse ? {} : { prefixCacheBytes: 0 }),
  observer: {
    onStep: (step) => steps.push(step),
    onFirstToken: (ms) => firstTokens.push(ms),
    onInterToken: (ms) => gaps.push(ms),
  },
});

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? NaN;
const high = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)] ?? NaN;
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);

async function run(index) {
  const content = `Tell me a few short facts about ${TOPICS[index % TOPICS.length]} and where they come from, please.`;
  const stream = engine.generate({
    kind: 'chat',
    messages: [{ role: 'user', content }],
    temperature: Number(args.temperature),
    topP: 0.95,
    maxTokens: Number(args.tokens),
    ignoreEos: true,
    ...(args.seeded ? { seed: index } : {}),
  });
  for await (const event of stream) void event;
  return stream.usage;
}

await run(0);
for (const streams of args.streams.split(',').map(Number)) {
  const rates = [];
  steps = [];
  firstTokens = [];
  gaps = [];
  let prompt = 0;
  for (let round = 0; round < Number(args.rounds); round++) {
    const startedAt = performance.now();
    const usages = await Promise.all(Array.from({ length: streams }, (_, index) => run(index + round)));
    const seconds = (performance.now() - startedAt) / 1000;
    rates.push(usages.reduce((sum, usage) => sum + usage.completionTokens, 0) / seconds);
    prompt = usages[0].promptTokens;
  }
  const decode = steps.filter(({ kind, rows }) => kind === 'decode' && rows === streams);
  const prefill = steps.filter(({ kind }) => kind === 'prefill');
  console.log(
    `${streams} streams: ${median(rates).toFixed(0)} tok/s (best ${Math.max(...rates).toFixed(0)}), prompts of ${prompt}; ` +
      `TTFT p50 ${median(firstTokens).toFixed(0)} max ${Math.max(...firstTokens).toFixed(0)} ms; ` +
      `gap p50 ${median(gaps).toFixed(1)} p99 ${high(gaps).toFixed(1)} ms; ` +
      `decode run ${mean(decode.map(({ runMs }) => runMs)).toFixed(2)} + ${mean(decode.map(({ overheadMs }) => overheadMs)).toFixed(2)} ms; ` +
      `prefill ${((prefill.reduce((sum, { tokens }) => sum + tokens, 0) / prefill.reduce((sum, { runMs }) => sum + runMs, 0)) * 1000).toFixed(0)} tok/s`,
  );
}
await engine.close();
