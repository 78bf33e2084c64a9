import { openOrtBinding } from '@aerie/engine';
import { MemoryLogger } from '@aerie/test-support';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GenerationEngine } from './generation-engine.js';
import type { GenerationRequest } from './generation-request.js';
import type { SamplingParams } from './sampling/sampling-params.js';

/** The real weights, in the built thread: `npm run build` comes first. */
const binding = await openOrtBinding({ choice: 'auto', logger: new MemoryLogger() });
const directory = fileURLToPath(new URL('../../../models/smollm2-135m-instruct', import.meta.url));
const PATIENCE_MS = 120_000;

type Messages = readonly { readonly role: string; readonly content: string }[];

const QUESTIONS = [
  'What is the capital of Norway?',
  'What is the capital of France?',
  'Why is the sky blue, and why is it red in the evening when the sun goes down behind the hills?',
];
const user = (content: string): Messages => [{ role: 'user', content }];
const PROMPTS: readonly Messages[] = [
  ...QUESTIONS.map(user),
  // The second turn of a conversation: the answer was generated, and is a prompt now.
  [...user('Name three colors.'), { role: 'assistant', content: 'Red, green and blue.' }, ...user('Why?')],
  [{ role: 'system', content: 'You are a careful librarian. '.repeat(16) }, ...user('Where are the maps?')],
];

const ask = (messages: Messages, sampling: SamplingParams): GenerationRequest => ({
  kind: 'chat',
  messages,
  maxTokens: 8,
  ignoreEos: true,
  topLogprobs: 1,
  ...sampling,
});
const open = (prefixCacheBytes?: number): Promise<GenerationEngine> =>
  GenerationEngine.open({
    name: 'smollm2',
    directory,
    modelPath: `${directory}/1/model.onnx`,
    binding,
    intraOpThreads: 2,
    startTimeoutMs: PATIENCE_MS,
    stallTimeoutMs: 10_000,
    ...(prefixCacheBytes === undefined ? {} : { prefixCacheBytes }),
  });

/** Text and log probabilities of its tokens, which differ in the last bits before the text does. */
async function read(engine: GenerationEngine, request: GenerationRequest): Promise<string> {
  const pieces: unknown[] = [];
  for await (const event of engine.generate(request)) {
    if (event.type === 'text')
      pieces.push(
        event.text,
        event.logprobs?.map(({ logprob }) => logprob),
      );
  }
  return JSON.stringify(pieces);
}

async function readAll(
  engine: GenerationEngine,
  requests: readonly GenerationRequest[],
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const request of requests) texts.push(await read(engine, request));
  return texts;
}

describe.each<[string, SamplingParams]>([
  ['at temperature 0', { temperature: 0 }],
  ['with a seed', { temperature: 1, seed: 42 }],
])('a request %s gets the text and the log probabilities that it gets alone and uncached', (_, sampling) => {
  const requests = PROMPTS.map((messages) => ask(messages, sampling));
  let engine: GenerationEngine;
  let expected: readonly string[];

  beforeAll(async () => {
    const uncached = await open(0);
    expected = await readAll(uncached, requests);
    await uncached.close();
    engine = await open();
  }, PATIENCE_MS);

  afterAll(() => engine.close());

  it(
    'after draws that began alike',
    async () => {
      for (const messages of PROMPTS) {
        const similar = [
          ...messages.slice(0, -1),
          ...user(`${messages.at(-1)?.content.slice(0, -8) ?? ''} seas?`),
        ];
        await read(engine, ask(similar, { temperature: 0.9 }));
      }
      expect(await readAll(engine, requests)).toEqual(expected);
    },
    PATIENCE_MS,
  );

  it(
    'after itself',
    async () => {
      expect(await readAll(engine, requests)).toEqual(expected);
    },
    PATIENCE_MS,
  );

  it(
    'after the same prompt as a draw',
    async () => {
      await readAll(
        engine,
        PROMPTS.map((messages) => ask(messages, { temperature: 0.9 })),
      );
      expect(await readAll(engine, requests)).toEqual(expected);
    },
    PATIENCE_MS,
  );

  it(
    'among all others, and among draws',
    async () => {
      const draws = QUESTIONS.map((question) =>
        read(engine, ask(user(`${question} Be brief.`), { temperature: 0.9 })),
      );
      expect(await Promise.all(requests.map((request) => read(engine, request)))).toEqual(expected);
      await Promise.all(draws);
    },
    PATIENCE_MS,
  );
});
