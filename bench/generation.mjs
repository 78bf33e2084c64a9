/**
 * Text generation side by side with llama.cpp's own server and with transformers.js: the same weights, the same prompts,
 * the same machine, one run, alternating rounds.
 *
 *   node bench/generation.mjs [--rounds 5] [--streams 1,4,8] [--tokens 64] [--only llama-server] [--reuse]
 *
 * The first run sets up the peers in bench/.work: it builds llama-server from source, which takes a while.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { PROMPTS } from './support/generation-prompts.mjs';
import { generationReport, printGenerationReport } from './support/generation-report.mjs';
import { startGenerationServer } from './support/generation-server.mjs';
import { prepareLlamaServer, startLlamaServer } from './support/llama-server.mjs';
import { short } from './support/report.mjs';
import { median } from './support/statistics.mjs';
import { streamChat } from './support/streaming-client.mjs';
import { prepareTransformersJs, startTransformersJs } from './support/transformers-js.mjs';
import { conclude } from './support/verdict.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    streams: { type: 'string', default: '1,4,8' },
    tokens: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    reuse: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const tokens = Number(values.tokens);
const streamCounts = values.streams.split(',').map(Number);
const cores = availableParallelism();
/** As many as Aerie's slots. */
const SLOTS = 8;
/** Texts per measurement: with fewer streams the groups of prompts follow one another. */
const TEXTS = { most: 16, least: 4 };
/** The token that ends a text, which is forbidden so that every text has the same length. */
const END_OF_TEXT = '2';

/** @typedef {import('./support/generation-report.mjs').GenerationSample} GenerationSample */
/** @typedef {{ name: string, run: (prompts: readonly string[]) => Promise<GenerationSample>, stop: () => unknown, mostStreamsOnly?: boolean }} Contestant */

/**
 * @param {import('./support/process.mjs').Service} server
 * @param {object} fields Parameters that only this server understands.
 * @returns {Contestant}
 */
const overHttp = (server, fields) => ({
  name: server.name,
  stop: () => server.stop(),
  run: async (prompts) => {
    const url = server.url('/v1/chat/completions');
    const began = performance.now();
    const replies = await Promise.all(
      prompts.map((content) =>
        streamChat(url, {
          model: 'smollm2-135m-instruct',
          messages: [{ role: 'user', content }],
          max_tokens: tokens,
          temperature: 0,
          ...fields,
        }),
      ),
    );
    const seconds = (performance.now() - began) / 1000;
    const short = replies.find((reply) => reply.tokens !== tokens);
    if (short !== undefined)
      throw new Error(`${server.name} gave ${short.tokens} tokens where ${tokens} were requested.`);
    return {
      seconds,
      tokens: replies.reduce((sum, reply) => sum + reply.tokens, 0),
      firstTokenMs: replies.map(({ firstTokenMs }) => firstTokenMs),
      promptTokens: replies.map(({ promptTokens }) => promptTokens),
      texts: replies.map(({ text }) => text),
    };
  },
});

/** @param {string} name @param {'fp32' | 'q4'} dtype @param {boolean} [together] @returns {Promise<Contestant>} */
async function transformersJs(name, dtype, together = false) {
  prepareTransformersJs();
  const peer = await startTransformersJs({ threads: cores, dtype });
  return {
    name,
    mostStreamsOnly: true,
    stop: () => peer.stop(),
    run: async (prompts) => {
      const { promptTokens, ...result } = await peer.generate(prompts, tokens, together);
      return { ...result, firstTokenMs: [], promptTokens: prompts.map(() => promptTokens) };
    },
  };
}

/** @type {Readonly<Record<string, () => Promise<Contestant>>>} */
const START = {
  aerie: async () =>
    overHttp(await startGenerationServer({ reuse: values.reuse }), { logit_bias: { [END_OF_TEXT]: -100 } }),
  'llama-server': async () => {
    prepareLlamaServer();
    const server = await startLlamaServer({ threads: cores, slots: SLOTS });
    return overHttp(server, { ignore_eos: true, cache_prompt: values.reuse });
  },
  'transformers.js': () => transformersJs('transformers.js', 'fp32'),
  'transformers.js, q4': () => transformersJs('transformers.js, q4', 'q4'),
  'transformers.js, q4, in one batch': () => transformersJs('transformers.js, q4, in one batch', 'q4', true),
};

/** Checks that all contestants count the same prompt tokens. @param {readonly Contestant[]} contestants */
async function checkSameWork(contestants) {
  const answers = [];
  for (const { name, run } of contestants) answers.push({ name, ...(await run(PROMPTS)) });
  const [first, ...others] = answers;
  for (const { name, promptTokens } of others) {
    if (String(promptTokens) === String(first?.promptTokens)) continue;
    throw new Error(`${first?.name} reads ${first?.promptTokens} prompt tokens, ${name} ${promptTokens}.`);
  }
  for (const { name, texts } of answers) console.log(`${name}: ${JSON.stringify(texts[0]?.slice(0, 100))}`);
}

/**
 * Sends the prompts in groups of `streams`, each group at once.
 *
 * @param {Contestant} contestant
 * @param {number} streams
 */
async function measure(contestant, streams) {
  const texts = Math.min(TEXTS.most, Math.max(TEXTS.least, streams * 2));
  const samples = [];
  for (let at = 0; at < texts; at += streams) {
    const group = Array.from({ length: streams }, (_, index) => PROMPTS[(at + index) % PROMPTS.length] ?? '');
    samples.push(await contestant.run(group));
  }
  const total = (/** @type {'tokens' | 'seconds'} */ key) =>
    samples.reduce((sum, each) => sum + each[key], 0);
  return {
    perSecond: total('tokens') / total('seconds'),
    firstTokenMs: median(samples.flatMap(({ firstTokenMs }) => firstTokenMs)),
  };
}

/** @type {Contestant[]} */
const contestants = [];
try {
  for (const [name, start] of Object.entries(START)) {
    if (name.startsWith(values.only)) contestants.push(await start());
  }
  await checkSameWork(contestants);
  /** @type {import('./support/generation-report.mjs').Measurement[]} */
  const measurements = [];
  for (let round = 0; round < rounds; round++) {
    for (const streams of streamCounts) {
      const order = contestants.filter(({ mostStreamsOnly }) => !mostStreamsOnly || streams === SLOTS);
      if (round % 2 === 1) order.reverse();
      for (const contestant of order) {
        const measured = await measure(contestant, streams);
        measurements.push({ round, streams, name: contestant.name, ...measured });
        const first = Number.isNaN(measured.firstTokenMs)
          ? ''
          : `, first token ${short(measured.firstTokenMs)} ms`;
        console.log(
          `round ${round + 1}: ${streams} streams: ${contestant.name}: ${short(measured.perSecond)} tokens/s${first}`,
        );
      }
    }
  }
  const report = generationReport(measurements);
  printGenerationReport(report);
  const machine = { cpu: cpus()[0]?.model, cores, node: process.version };
  console.log(`\n${cores} cores of ${machine.cpu}, Node ${machine.node}; ${rounds} rounds.`);
  conclude('generation', { machine, rounds, tokens, measurements, ...report }, report.targets);
} finally {
  await Promise.all(contestants.map((contestant) => contestant.stop()));
}
