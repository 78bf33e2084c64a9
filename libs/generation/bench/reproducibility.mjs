/**
 * Checks that seeded and reproducible requests give the same text, bit for bit, under any load: alone, among eight
 * others, and joining others in flight, repeatedly. Exits with 1 if a text differs.
 * Usage: node libs/generation/bench/reproducibility.mjs [--times 10] [--tokens 48] [--threads 2]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openOrtBinding } from '@aerie/engine';
import { GenerationEngine } from '@aerie/generation';

const { values: args } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    tokens: { type: 'string', default: '48' },
    threads: { type: 'string', default: '2' },
    binding: { type: 'string', default: 'auto' },
  },
});
const times = Number(args.times);
const maxTokens = Number(args.tokens);
const binding = await openOrtBinding({ choice: args.binding, logger: console });
const directory = fileURLToPath(new URL('../../../models/smollm2-135m-instruct', import.meta.url));

const open = () =>
  GenerationEngine.open({
    name: 'reproducibility',
    directory,
    modelPath: `${directory}/1/model.onnx`,
    binding,
    startTimeoutMs: 120_000,
    stallTimeoutMs: 30_000,
    intraOpThreads: Number(args.threads),
    observer: { onNotice: ({ level, message }) => console.error(level, message) },
  });

const ask = (content, sampling) => ({
  kind: 'chat',
  messages: [{ role: 'user', content }],
  maxTokens,
  ignoreEos: true,
  topLogprobs: 1,
  ...sampling,
});
const LONG =
  'It was a quiet harbour town, and the keeper of the light wrote down the weather every night. '.repeat(8);
const REQUESTS = {
  'seeded, temperature 1': ask('Write a story about a brave little owl in a lighthouse.', {
    seed: 42,
    temperature: 1,
  }),
  'reproducible, greedy': ask('Name ten rivers and the seas they reach.', {
    reproducible: true,
    temperature: 0,
  }),
  'seeded, prompt of several chunks': ask(`${LONG}How does it go on?`, {
    seed: 7,
    temperature: 0.8,
    topP: 0.9,
  }),
};

/** Text and log probabilities of its tokens, which differ in the last bits before the text does. */
async function read(engine, request) {
  let text = '';
  const logprobs = [];
  for await (const event of engine.generate(request)) {
    if (event.type !== 'text') continue;
    text += event.text;
    logprobs.push(...(event.logprobs ?? []).map(({ logprob }) => logprob));
  }
  return JSON.stringify({ text, logprobs });
}

function others(round) {
  return Array.from({ length: 8 }, (_, index) => {
    const content = `Tell me about number ${round * 8 + index}. `.repeat(1 + ((index * 5 + round) % 9));
    return ask(content, { temperature: 0.9, maxTokens: 8 + ((index * 7 + round * 3) % 40) });
  });
}

const WAYS = {
  alone: (engine, request) => read(engine, request),
  'among 8 others': async (engine, request, round) => {
    const rest = others(round);
    // At a different place among the arrivals each time.
    const before = rest.slice(0, round % 8).map((other) => read(engine, other));
    const result = read(engine, request);
    const after = rest.slice(round % 8).map((other) => read(engine, other));
    await Promise.all([...before, ...after]);
    return result;
  },
  'joined in mid-flight': async (engine, request, round) => {
    const running = others(round)
      .slice(0, 1 + (round % 7))
      .map((other) => engine.generate({ ...other, maxTokens: 1_000 }));
    for (const stream of running) for (let i = 0; i <= round; i++) await stream.next();
    const result = await read(engine, request);
    await Promise.all(running.map((stream) => stream.return()));
    return result;
  },
};

let engine = await open();
let failures = 0;
for (const [name, request] of Object.entries(REQUESTS)) {
  const expected = await read(engine, request);
  for (const [way, run] of Object.entries(WAYS)) {
    let same = 0;
    for (let round = 0; round < times; round++) if ((await run(engine, request, round)) === expected) same++;
    failures += times - same;
    console.log(`${name}, ${way}: ${same} of ${times} identical`);
  }
  // A new thread with an empty cache.
  await engine.close();
  engine = await open();
  const fresh = (await read(engine, request)) === expected;
  failures += fresh ? 0 : 1;
  console.log(`${name}, in a fresh engine: ${fresh ? 'identical' : 'different'}`);
}
await engine.close();
process.exitCode = failures === 0 ? 0 : 1;
