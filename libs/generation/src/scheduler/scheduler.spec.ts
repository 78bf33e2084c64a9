import { describe, expect, it } from '@jest/globals';
import { AerieError } from '@aerie/contracts';
import type { GenerationRequest } from '../generation-request.js';
import { FakeDecoder } from '../testing/fake.decoder.js';
import { TokenBytes } from '../text/token-bytes.js';
import { GenerationTask } from './generation-task.js';
import { Scheduler } from './scheduler.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { StepRecord, StreamUpdate } from './stream-update.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const CHUNK = 8;

function tokensOf(text: string): number[] {
  return Array.from(text, (letter) => LETTERS.indexOf(letter));
}

function textOf(tokens: readonly number[]): string {
  return tokens.map((token) => LETTERS[token]).join('');
}

function expectedText(prompt: string, count: number): string {
  return textOf(FakeDecoder.continuation(tokensOf(prompt), count));
}

function setUp(options: Partial<SchedulerOptions> = {}) {
  const maxSlots = options.maxSlots ?? 4;
  const decoder = new FakeDecoder(Math.max(2, maxSlots));
  const updates: StreamUpdate[] = [];
  const steps: StepRecord[] = [];
  const faults: unknown[] = [];
  const vocab = Object.fromEntries(Array.from(LETTERS, (letter, id) => [letter, id]));
  const sut = new Scheduler({
    decoder,
    environment: {
      eosIds: new Set<number>(),
      contextLength: 64,
      tokenBytes: TokenBytes.from({ model: { vocab } }),
    },
    maxSlots,
    chunkSize: CHUNK,
    kvBudgetTokens: 64 * maxSlots,
    prefixCacheBytes: 10_000,
    encode: ({ request }) => tokensOf(request.kind === 'text' ? request.prompt : ''),
    publish: (newUpdates, newSteps) => {
      updates.push(...newUpdates);
      steps.push(...newSteps);
    },
    onFault: (error) => faults.push(error),
    now: () => 0,
    ...options,
  });
  let id = 0;
  const submit = (prompt: string, request: Partial<GenerationRequest> = {}): number => {
    id++;
    sut.submit(
      new GenerationTask(id, {
        kind: 'text',
        prompt,
        temperature: 0.1,
        maxTokens: 6,
        ...request,
      } as GenerationRequest),
    );
    return id;
  };
  const run = async (): Promise<void> => {
    while (sut.hasWork) await sut.step();
  };
  const textOfTask = (task: number, index = 0): string =>
    updates
      .map((update) =>
        update.id === task &&
        update.type === 'event' &&
        update.event.type === 'text' &&
        update.event.index === index
          ? update.event.text
          : '',
      )
      .join('');
  const endOf = (task: number): Extract<StreamUpdate, { type: 'ended' }> | undefined =>
    updates.filter((update) => update.type === 'ended').find((update) => update.id === task);
  return { sut, decoder, updates, steps, faults, submit, run, textOfTask, endOf };
}

describe('Scheduler', () => {
  it('generates the same text for each of many requests as alone, while they join and leave', async () => {
    const { submit, run, sut, textOfTask } = setUp({ maxSlots: 3 });
    const prompts = ['hello', 'aquitelongpromptofmanychunks', 'x', 'another', 'zebra', 'mountainriver', 'q'];
    const tasks: number[] = [];
    for (const [place, prompt] of prompts.entries()) {
      tasks.push(submit(prompt, { maxTokens: 3 + place * 2 }));
      await sut.step();
    }
    await run();
    expect(tasks.map((task) => textOfTask(task))).toEqual(
      prompts.map((prompt, place) => expectedText(prompt, 3 + place * 2)),
    );
  });

  it('prefills at fixed boundaries, and decodes running texts between the chunks of a long prompt', async () => {
    const { submit, run, sut, decoder } = setUp();
    submit('short', { maxTokens: 30 });
    await sut.step();
    decoder.runs.length = 0;
    submit('abcdefghijklmnopqrstu');
    for (let i = 0; i < 3; i++) await sut.step();
    expect(decoder.runs.map((each) => (each.kind === 'prefill' ? each.tokens.length : each.kind))).toEqual([
      8,
      'decode',
      8,
      'decode',
      5,
      'decode',
    ]);
    await run();
  });

  it('prefills several short prompts in one step, up to the size of a chunk', async () => {
    const { submit, sut, decoder } = setUp();
    for (const prompt of ['abc', 'bcd', 'cde']) submit(prompt);
    await sut.step();
    expect(decoder.runs.map(({ kind }) => kind)).toEqual(['prefill', 'prefill', 'decode']);
  });

  it('lets a short prompt go before the rest of a long one', async () => {
    const { submit, sut, decoder } = setUp();
    submit('a'.repeat(40));
    await sut.step();
    submit('xyz');
    await sut.step();
    expect(
      decoder.runs
        .filter(({ kind }) => kind === 'prefill')
        .map((run) => run.kind === 'prefill' && run.tokens.length),
    ).toEqual([8, 3]);
  });

  it.each<[string, Partial<GenerationRequest>, boolean]>([
    ['a draw', {}, false],
    ['a seed', { seed: 1 }, true],
    ['reproducible', { reproducible: true }, true],
    ['temperature 0', { temperature: 0 }, true],
    ['top_p 0', { topP: 0 }, true],
    ['top_k 1', { topK: 1 }, true],
  ])(
    'asks the decoder for reproducible logits where the request needs them: %s',
    async (_, request, expected) => {
      const { submit, run, decoder } = setUp();
      submit('abc', request);
      await run();
      const decodes = decoder.runs.filter((each) => each.kind === 'decode');
      expect(new Set(decodes.map(({ reproducible }) => reproducible))).toEqual(new Set([expected]));
    },
  );

  it('reuses a prefix that an earlier request computed, and reports it', async () => {
    const { submit, run, textOfTask, endOf, decoder } = setUp();
    const system = 'thesystempromptisshared';
    const first = submit(system + 'one');
    await run();
    decoder.runs.length = 0;
    const second = submit(system + 'two');
    await run();
    expect(endOf(first)?.usage.cachedTokens).toBe(0);
    expect(endOf(second)?.usage.cachedTokens).toBe(23);
    expect(decoder.runs[0]).toMatchObject({ kind: 'prefill', tokens: tokensOf('two') });
    expect(textOfTask(second)).toBe(expectedText(system + 'two', 6));
  });

  it('lets requests that arrive together share what the first one computes', async () => {
    const { submit, run, endOf, textOfTask } = setUp();
    const prompts = ['shared', 'sharing', 'sharks'];
    const tasks = prompts.map((prompt) => submit(prompt));
    await run();
    expect(tasks.map((task) => endOf(task)?.usage.cachedTokens)).toEqual([0, 4, 4]);
    expect(tasks.map((task) => textOfTask(task))).toEqual(prompts.map((prompt) => expectedText(prompt, 6)));
  });

  it.each([{ seed: 1 }, { temperature: 0 }])(
    'reuses only whole prefilled chunks for a request with %o',
    async (sampling) => {
      const { submit, run, textOfTask, endOf } = setUp();
      const prompt = 'thesystempromptisshared';
      const first = submit(prompt, { ...sampling, maxTokens: 20 });
      await run();
      const second = submit(prompt + textOfTask(first), { ...sampling, maxTokens: 4 });
      await run();
      expect(endOf(second)?.usage.cachedTokens).toBe(16);
      const third = submit(prompt + textOfTask(first), { maxTokens: 4 });
      await run();
      expect(endOf(third)?.usage.cachedTokens).toBe(40);
      expect(textOfTask(third)).toBe(textOfTask(second));
    },
  );

  it('prefills a reproducible request in the same runs after any other', async () => {
    const { submit, run, decoder } = setUp();
    const prompt = 'thesystempromptisshared';
    const sizesOf = async (request: Partial<GenerationRequest>): Promise<readonly number[]> => {
      decoder.runs.length = 0;
      submit(prompt, request);
      await run();
      return decoder.runs.flatMap((each) => (each.kind === 'prefill' ? [each.tokens.length] : []));
    };
    submit('thesystemis');
    await run();
    expect(await sizesOf({ temperature: 0 })).toEqual([8, 7]);
    expect(await sizesOf({ temperature: 0 })).toEqual([7]);
    expect(await sizesOf({})).toEqual([1]);
    expect(await sizesOf({ temperature: 0 })).toEqual([7]);
  });

  it('shares one prefill among the choices of a request', async () => {
    const { submit, run, textOfTask, decoder, endOf } = setUp();
    const task = submit('hello', { n: 3 });
    await run();
    expect(decoder.runs.filter(({ kind }) => kind === 'prefill')).toHaveLength(1);
    for (const index of [0, 1, 2]) expect(textOfTask(task, index)).toBe(expectedText('hello', 6));
    expect(endOf(task)).toMatchObject({ error: null, usage: { promptTokens: 5, completionTokens: 18 } });
  });

  it('ends a request canceled in the queue, in prefill, or while decoding, and frees its rows', async () => {
    const { submit, run, sut, endOf, textOfTask } = setUp({ maxSlots: 2 });
    const decoding = submit('abc', { maxTokens: 50 });
    await sut.step();
    const prefilling = submit('a'.repeat(40));
    const queued = submit('xyz');
    await sut.step();
    for (const task of [decoding, prefilling, queued]) sut.cancel(task);
    const after = submit('after');
    await run();
    for (const task of [decoding, prefilling, queued]) expect(endOf(task)?.error?.code).toBe('CANCELED');
    expect(endOf(decoding)?.usage).toMatchObject({ promptTokens: 3, completionTokens: 3 });
    expect(textOfTask(after)).toBe(expectedText('after', 6));
    expect(sut.running).toBe(0);
  });

  it('drops the results of a step for a request that is canceled while the model runs', async () => {
    const { submit, run, sut, decoder, endOf } = setUp();
    const task = submit('abc', { maxTokens: 50 });
    decoder.beforeRun = ({ kind }) => {
      if (kind === 'decode') sut.cancel(task);
    };
    await run();
    expect(endOf(task)).toMatchObject({ error: { code: 'CANCELED' }, usage: { completionTokens: 1 } });
  });

  it('pauses a request while others continue, and resumes it unchanged', async () => {
    const { submit, run, sut, textOfTask, endOf } = setUp();
    const held = submit('held', { maxTokens: 12 });
    await sut.step();
    sut.setPaused(held, true);
    const other = submit('other', { maxTokens: 9 });
    await run();
    expect(endOf(other)).toBeDefined();
    expect(endOf(held)).toBeUndefined();
    sut.setPaused(held, false);
    await run();
    expect(textOfTask(held)).toBe(expectedText('held', 12));
  });

  it('admits by priority, and in order of arrival within one', async () => {
    const { submit, run, updates } = setUp({ maxSlots: 1 });
    const tasks = [submit('a'), submit('b', { priority: 1 }), submit('c'), submit('d', { priority: 1 })];
    await run();
    const order = updates.filter(({ type }) => type === 'started').map(({ id }) => id);
    expect(order).toEqual([tasks[1], tasks[3], tasks[0], tasks[2]]);
  });

  it('lets a request wait if its tokens might not fit the budget together with the running ones', async () => {
    const { submit, sut, run, textOfTask } = setUp({ kvBudgetTokens: 64 });
    submit('abc', { maxTokens: 40 });
    const waiting = submit('def', { maxTokens: 40 });
    await sut.step();
    expect([sut.running, sut.waiting]).toEqual([1, 1]);
    await run();
    expect(textOfTask(waiting)).toBe(expectedText('def', 40));
  });

  it('ends with length at max_tokens and when the context is full', async () => {
    const { submit, run, updates, endOf } = setUp();
    submit('abc', { maxTokens: 2 });
    const full = submit('a'.repeat(60), { maxTokens: 1000 });
    await run();
    const finishes = updates.flatMap((update) =>
      update.type === 'event' && update.event.type === 'finish' ? [update.event.finishReason] : [],
    );
    expect(finishes).toEqual(['length', 'length']);
    expect(endOf(full)?.usage.completionTokens).toBe(4);
  });

  it('fails the running requests when a run throws, and serves the next ones', async () => {
    const { submit, run, decoder, endOf, textOfTask, faults } = setUp();
    const failing = submit('abc');
    const failure = new Error('broken kernel');
    decoder.beforeRun = () => {
      decoder.beforeRun = () => undefined;
      throw failure;
    };
    await run();
    const next = submit('next');
    await run();
    expect(endOf(failing)?.error?.code).toBe('INTERNAL');
    expect(faults).toEqual([failure]);
    expect(textOfTask(next)).toBe(expectedText('next', 6));
  });

  it('refuses a prompt that cannot be encoded without disturbing others', async () => {
    const refusal = new AerieError('CONTEXT_LENGTH_EXCEEDED', 'too long');
    const { submit, run, endOf } = setUp({
      encode: ({ id }) => {
        if (id === 1) throw refusal;
        return [1, 2];
      },
    });
    const tasks = [submit('bad'), submit('good')];
    await run();
    expect(tasks.map((task) => endOf(task)?.error?.code)).toEqual(['CONTEXT_LENGTH_EXCEEDED', undefined]);
  });
});
