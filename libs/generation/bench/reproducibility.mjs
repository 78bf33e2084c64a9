/**
 * Checks that greedy and seeded requests give the same text, bit for bit, under any load and whatever is cached: alone,
 * among eight others, and joining others in flight, repeatedly; and many greedy prompts, each sent repeatedly between
 * draws that begin alike. Exits with 1 if a text differs.
 * Usage: node libs/generation/bench/reproducibility.mjs [--times 10] [--prompts 20] [--tokens 48] [--threads 2]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openOrtBinding } from '@aerie/engine';
import { GenerationEngine } from '@aerie/generation';

const { values: args } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    prompts: { type: 'string', default: '20' },
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
  greedy: ask('Name ten rivers and the seas they reach.', { temperature: 0 }),
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

const QUESTIONS = [
  (name) => `What is the capital of ${name}?`,
  (name) => `Where does the name ${name} come from?`,
  (name) => `Write one sentence about ${name}, its people and its weather in the long winter of the north.`,
  (name) => `${LONG.slice(0, 200)} Did the keeper ever sail to ${name}?`,
];
const NAMES =
  'Norway France Japan Peru Kenya Chile Egypt Spain Nepal Cuba Iceland Ghana Italy Oman Fiji Malta Laos Gabon Qatar Haiti Togo Benin Yemen Tonga Samoa';
const PROMPTS = NAMES.split(' ')
  .flatMap((name) => QUESTIONS.map((question) => question(name)))
  .slice(0, Number(args.prompts));

/** Sends every prompt greedily, each round beginning with another, `streams` at a time, each beside a draw. */
async function readGreedy(engine, round, streams) {
  const results = new Map();
  const first = (round * 13) % PROMPTS.length;
  const left = [...PROMPTS.slice(first), ...PROMPTS.slice(0, first)];
  const next = async () => {
    for (let prompt = left.pop(); prompt !== undefined; prompt = left.pop()) {
      const draw = read(engine, ask(`${prompt} Be brief.`, { temperature: 0.9, maxTokens: 4 }));
      results.set(prompt, await read(engine, ask(prompt, { temperature: 0 })));
      await draw;
    }
  };
  await Promise.all(Array.from({ length: streams }, next));
  return results;
}

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
const expected = await readGreedy(engine, 0, 1);
for (let round = 1; round < times; round++) {
  const streams = round % 2 === 0 ? 1 : 4;
  const results = await readGreedy(engine, round, streams);
  const same = PROMPTS.filter((prompt) => results.get(prompt) === expected.get(prompt)).length;
  failures += PROMPTS.length - same;
  console.log(`greedy prompts, ${streams} at a time: ${same} of ${PROMPTS.length} identical`);
}
await engine.close();
process.exitCode = failures === 0 ? 0 : 1;
