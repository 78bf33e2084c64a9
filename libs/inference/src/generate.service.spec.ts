import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, ModelRegistry, TextStream } from '@aerie/model-registry';
import { describe, expect, it, jest } from '@jest/globals';
import { GenerateService } from './generate.service.js';

const USAGE = { promptTokens: 5, cachedTokens: 2, completionTokens: 3 };
const LIMITS = { chatModel: null, firstTokenTimeoutMs: 30, timeoutMs: 300 };
const REQUEST: GenerationRequest = { kind: 'text', prompt: 'hi' };

const text = (index: number, piece: string): GenerationEvent => ({
  type: 'text',
  index,
  text: piece,
  tokens: 1,
});
const finish = (index: number): GenerationEvent => ({
  type: 'finish',
  index,
  finishReason: 'stop',
  usage: USAGE,
});

class FakeTextStream implements TextStream {
  readonly usage = USAGE;
  left = false;
  readonly #events: (GenerationEvent | Error)[];

  constructor(events: readonly (GenerationEvent | Error)[]) {
    this.#events = [...events];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<GenerationEvent, undefined>> {
    const event = this.#events.shift();
    if (event instanceof Error) throw event;
    return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
  }

  async return(): Promise<IteratorResult<GenerationEvent, undefined>> {
    this.left = true;
    return { done: true, value: undefined };
  }
}

function newService(events: readonly (GenerationEvent | Error)[], limits: Partial<typeof LIMITS> = {}) {
  const stream = new FakeTextStream(events);
  const generate = jest.fn((_request: GenerationRequest, _signal?: AbortSignal) => stream);
  const use = jest.fn(
    async (_kind: unknown, _selector: unknown, _signal: unknown, work: (model: unknown) => unknown) =>
      work({ name: 'chat', version: '1', model: { generate }, contextLength: 2048 }),
  );
  const registry = { use } as unknown as Pick<ModelRegistry, 'use'>;
  return { sut: new GenerateService(registry, { ...LIMITS, ...limits }), stream, generate, use };
}

describe('an answer with a fallback', () => {
  it('names the requested model until the first event, then the model that serves', async () => {
    const { sut, stream } = newService([text(0, 'a'), finish(0)]);
    Object.assign(stream, { servedBy: null });
    await sut.stream(REQUEST, {}, async (answer) => {
      expect([answer.model, answer.version]).toEqual(['chat', '1']);
      Object.assign(stream, { servedBy: { name: 'other', version: '2' } });
      expect([answer.model, answer.version]).toEqual(['other', '2']);
    });
  });

  it('finally names the model that served', async () => {
    const { sut, stream } = newService([text(0, 'a'), finish(0)]);
    Object.assign(stream, { servedBy: { name: 'other', version: '2' } });
    expect(await sut.complete(REQUEST, {})).toMatchObject({ model: 'other', version: '2' });
  });
});

describe('a complete answer', () => {
  it('joins the pieces of each choice', async () => {
    const events = [text(1, 'B'), text(0, 'A'), text(0, 'a'), finish(0), text(1, 'b'), finish(1)];
    const { sut } = newService(events);
    const answer = await sut.complete(REQUEST, {});
    expect(answer).toMatchObject({ model: 'chat', version: '1', usage: USAGE });
    expect(answer.choices).toEqual([
      { index: 0, text: 'Aa', finishReason: 'stop', logprobs: null },
      { index: 1, text: 'Bb', finishReason: 'stop', logprobs: null },
    ]);
  });

  it('has the log probabilities if there are any', async () => {
    const logprobs = [{ token: 'A', bytes: [65], logprob: -1, top: [] }];
    const { sut } = newService([{ type: 'text', index: 0, text: 'A', tokens: 1, logprobs }, finish(0)]);
    expect((await sut.complete(REQUEST, {})).choices[0]?.logprobs).toEqual(logprobs);
  });

  it('fails with the error of the text', async () => {
    const { sut, stream } = newService([text(0, 'A'), new AerieError('WORKER_LOST', 'gone')]);
    await expect(sut.complete(REQUEST, {})).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(stream.left).toBe(true);
  });
});

describe('several texts requested at once', () => {
  it('are one answer whose choices follow each other', async () => {
    const { sut, generate } = newService([]);
    generate.mockImplementation(() => new FakeTextStream([text(1, 'b'), text(0, 'a'), finish(0), finish(1)]));
    const work = [
      { ...REQUEST, n: 2 },
      { ...REQUEST, prompt: 'ho', n: 2 },
    ];
    const { choices, usage } = await sut.complete(work, {});
    expect(choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'a'],
      [3, 'b'],
    ]);
    expect(usage.completionTokens).toBe(6);
    expect(generate.mock.calls.map(([request]) => request)).toMatchObject([
      { prompt: 'hi' },
      { prompt: 'ho' },
    ]);
  });

  it('are all canceled when one is refused', async () => {
    const { sut, stream, generate } = newService([finish(0)]);
    const full = new AerieError('OVERLOADED', 'full');
    generate.mockReturnValueOnce(stream).mockImplementationOnce(() => {
      throw full;
    });
    await expect(sut.complete([REQUEST, REQUEST], {})).rejects.toBe(full);
    expect(stream.left).toBe(true);
  });
});

describe('a streamed answer', () => {
  it('gets the time limits, the priority and the signal of the call', async () => {
    const { sut, generate } = newService([finish(0)]);
    const { signal } = new AbortController();
    await sut.stream(REQUEST, { signal, priority: 3 }, async () => undefined);
    const limits = { firstTokenTimeoutMs: 30, timeoutMs: 300, priority: 3 };
    expect(generate).toHaveBeenCalledWith({ ...REQUEST, ...limits }, signal);
  });

  it('is canceled when its consumer fails', async () => {
    const { sut, stream } = newService([text(0, 'A'), finish(0)]);
    const failure = new Error('the caller left');
    await expect(sut.stream(REQUEST, {}, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(stream.left).toBe(true);
  });

  it.each([
    [{}, null, undefined],
    [{}, 'gpt-4', 'gpt-4'],
    [{ model: 'smollm2' }, 'gpt-4', 'smollm2'],
  ])('of the call %p with CHAT_MODEL %p comes from the model %p', async (call, chatModel, expected) => {
    const { sut, use } = newService([finish(0)], { chatModel } as never);
    await sut.stream(REQUEST, call, async () => undefined);
    expect((use.mock.calls[0]?.[1] as { model?: string }).model).toBe(expected);
  });
});
