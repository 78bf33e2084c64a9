import { openOrtBinding } from '@aerie/engine';
import { MemoryLogger } from '@aerie/test-support';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GenerationEngine } from './generation-engine.js';
import type { GenerationRecord } from './generation-engine-options.js';
import type { GenerationEvent, GenerationRequest } from './generation-request.js';

/** The real weights, in the built thread: `npm run build` comes first. */
const binding = await openOrtBinding({ choice: 'auto', logger: new MemoryLogger() });
const directory = fileURLToPath(new URL('../../../models/smollm2-135m-instruct', import.meta.url));
const PATIENCE_MS = 120_000;

const STORY: GenerationRequest = {
  kind: 'chat',
  messages: [
    {
      role: 'user',
      content: 'Write a story about a brave little owl in a lighthouse by the northern sea, please.',
    },
  ],
  maxTokens: 24,
  temperature: 0.9,
  seed: 42,
};

function filler(index: number, maxTokens: number): GenerationRequest {
  const content = `Tell me about number ${index}. `.repeat(1 + index * 3);
  return { kind: 'chat', messages: [{ role: 'user', content }], maxTokens, temperature: 0.8 };
}

async function drain(stream: AsyncIterable<GenerationEvent>): Promise<void> {
  const events: GenerationEvent[] = [];
  for await (const event of stream) events.push(event);
}

describe('GenerationEngine with SmolLM2', () => {
  let engine: GenerationEngine;
  const records: GenerationRecord[] = [];

  beforeAll(async () => {
    engine = await GenerationEngine.open({
      name: 'smollm2',
      directory,
      modelPath: `${directory}/1/model.onnx`,
      binding,
      intraOpThreads: 2,
      maxQueue: 20,
      faultsAllowed: true,
      startTimeoutMs: PATIENCE_MS,
      stallTimeoutMs: 5_000,
      observer: { onEnd: (record) => records.push(record) },
    });
  }, PATIENCE_MS);

  afterAll(async () => {
    await engine.close();
  });

  async function read(request: GenerationRequest, signal?: AbortSignal): Promise<string> {
    let text = '';
    for await (const event of engine.generate(request, signal)) if (event.type === 'text') text += event.text;
    return text;
  }

  it(
    "answers greedily with the model's knowledge",
    async () => {
      const text = await read({
        kind: 'text',
        prompt: 'The capital of France is',
        temperature: 0,
        maxTokens: 4,
      });
      expect(text).toContain('Paris');
    },
    PATIENCE_MS,
  );

  it(
    'generates the same text for a seeded request alone, among seven others, and joining later',
    async () => {
      const alone = await read(STORY);
      expect(alone.length).toBeGreaterThan(20);
      const others = Array.from({ length: 7 }, (_, index) => read(filler(index, 12 + index * 3)));
      expect(await read(STORY)).toBe(alone);
      await Promise.all(others);

      const running = Array.from({ length: 4 }, (_, index) => engine.generate(filler(index + 9, 40)));
      for (const stream of running) await stream.next();
      expect(await read(STORY)).toBe(alone);
      for (const stream of running) await stream.return();
    },
    PATIENCE_MS,
  );

  it(
    'reuses a conversation, and counts the reused tokens',
    async () => {
      const first = [{ role: 'user', content: 'Name three colors.' }];
      const answer = await read({ kind: 'chat', messages: first, maxTokens: 12, temperature: 0 });
      const messages = [...first, { role: 'assistant', content: answer }, { role: 'user', content: 'Why?' }];
      const stream = engine.generate({ kind: 'chat', messages, maxTokens: 2 });
      await drain(stream);
      expect(stream.usage.cachedTokens).toBeGreaterThan(35);
      expect(stream.usage.completionTokens).toBeLessThanOrEqual(2);
    },
    PATIENCE_MS,
  );

  it(
    'never shows a stop string, and ends there',
    async () => {
      const request = {
        kind: 'text',
        prompt: 'one two three four five six',
        temperature: 0,
        maxTokens: 12,
      } as const;
      const whole = await read(request);
      // From the middle of one word to the middle of another, so that it lies across tokens.
      const stop = whole.slice(6, 13);
      const events: GenerationEvent[] = [];
      for await (const event of engine.generate({ ...request, stop: [stop] })) events.push(event);
      const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
      expect(text).toBe(whole.slice(0, whole.indexOf(stop)));
      expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
    },
    PATIENCE_MS,
  );

  it(
    'refuses a prompt longer than the context, with both numbers',
    async () => {
      const prompt = 'word '.repeat(2100);
      await expect(read({ kind: 'text', prompt })).rejects.toMatchObject({
        code: 'CONTEXT_LENGTH_EXCEEDED',
        message: expect.stringMatching(/2101 tokens.*2048 tokens/),
      });
    },
    PATIENCE_MS,
  );

  it(
    'ends a request whose caller leaves, and counts its tokens',
    async () => {
      const leaving = new AbortController();
      const before = records.length;
      const stream = engine.generate({ ...STORY, maxTokens: 1000, ignoreEos: true }, leaving.signal);
      await stream.next();
      leaving.abort();
      await expect(stream.next()).rejects.toMatchObject({ code: 'CANCELED' });
      await read({ kind: 'text', prompt: 'after', maxTokens: 1 });
      const record = records[before];
      expect(record).toMatchObject({ outcome: 'canceled', usage: { promptTokens: 48 } });
      expect(record?.usage.completionTokens).toBeGreaterThanOrEqual(1);
      expect(record?.usage.completionTokens).toBeLessThan(50);
    },
    PATIENCE_MS,
  );

  it(
    'refuses requests beyond its queue, and says when to retry',
    async () => {
      const streams = Array.from({ length: 28 }, () => engine.generate(filler(0, 50)));
      expect(() => engine.generate(filler(0, 50))).toThrow(
        expect.objectContaining({ code: 'OVERLOADED', retryAfterMs: expect.any(Number) }),
      );
      for (const stream of streams) await stream.return();
      expect(
        await read({ kind: 'text', prompt: 'The capital of France is', temperature: 0, maxTokens: 4 }),
      ).toContain('Paris');
    },
    PATIENCE_MS,
  );

  it(
    'times out waiting for a first token',
    async () => {
      await expect(read({ ...filler(30, 5), firstTokenTimeoutMs: 20 })).rejects.toMatchObject({
        code: 'TIMEOUT',
      });
    },
    PATIENCE_MS,
  );

  it(
    'fails only the running texts when a run throws',
    async () => {
      engine.injectFault('throw');
      await expect(read(STORY)).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await read({ ...STORY, maxTokens: 2 })).not.toBe('');
    },
    PATIENCE_MS,
  );

  it.each(['die', 'hang'] as const)(
    'replaces a thread that has to %s: running texts are lost, later ones are served',
    async (fault) => {
      const { restarts } = engine.status();
      const running = engine.generate({ ...STORY, maxTokens: 500, ignoreEos: true });
      await running.next();
      engine.injectFault(fault);
      await expect(drain(running)).rejects.toMatchObject({ code: 'WORKER_LOST' });
      expect(engine.status().state).toBe('restarting');
      expect(
        await read({ kind: 'text', prompt: 'The capital of France is', temperature: 0, maxTokens: 4 }),
      ).toContain('Paris');
      expect(engine.status()).toMatchObject({ state: 'ready', restarts: restarts + 1 });
    },
    PATIENCE_MS,
  );

  it('reports a model that does not load', async () => {
    const nowhere = { name: 'none', directory: '/nowhere', modelPath: '/nowhere/model.onnx' };
    const limits = { startTimeoutMs: PATIENCE_MS, stallTimeoutMs: 5_000 };
    const opening = GenerationEngine.open({ ...nowhere, ...limits, binding });
    await expect(opening).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
  });
});
