import { describe, expect, it, jest } from '@jest/globals';
import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, LanguageModel, TextStream } from '@aerie/generation';
import { PushStream, type StreamOutcome, untilAborted } from '@aerie/runtime';
import { FakeClock, MemoryLogger, settle } from '@aerie/test-support';
import { CHAT, collect, outcomeOf } from '../testing/new-test-model.js';
import { FallbackModel } from './fallback-model.js';

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
const text = (said: string): GenerationEvent => ({ type: 'text', index: 0, text: said, tokens: 1 });
const error = (code: AerieError['code'], message: string = code): AerieError => new AerieError(code, message);

/** A model that yields scripted events or throws scripted errors, and records its requests. */
function scripted(...script: readonly (GenerationEvent | AerieError)[]) {
  const requests: GenerationRequest[] = [];
  const left = jest.fn<() => void>();
  async function* answer(): AsyncGenerator<GenerationEvent, undefined> {
    try {
      for (const step of script) {
        await Promise.resolve();
        if (step instanceof AerieError) throw step;
        yield step;
      }
    } finally {
      left();
    }
  }
  const model: LanguageModel = {
    generate: (request) => {
      requests.push(request);
      return Object.assign(answer(), { usage }) as TextStream;
    },
  };
  return { model, requests, left };
}

function setUp(...models: readonly LanguageModel[]) {
  const logger = new MemoryLogger();
  const clock = new FakeClock();
  const release = jest.fn<(name: string) => void>();
  const onEnd = jest.fn<(outcome: StreamOutcome, elapsedMs: number) => void>();
  const [first, ...others] = models.map((model, i) => {
    const name = 'abc'.charAt(i);
    const lease = { name, version: '1', model, release: () => release(name) };
    return { name, acquire: () => Promise.resolve(lease) };
  });
  if (first === undefined) throw new Error('expected a model');
  const sut = new FallbackModel({ candidates: [first, ...others], logger, onEnd, clock });
  return { sut, logger, clock, release, onEnd };
}

describe('FallbackModel', () => {
  it('asks no other model while the first one answers', async () => {
    const spare = scripted(text('b'));
    const { sut, logger, release, onEnd } = setUp(scripted(text('a'), text('!')).model, spare.model);
    const stream = sut.generate(CHAT);
    expect(stream.servedBy).toBeNull();
    expect(await collect(stream)).toEqual([text('a'), text('!')]);
    expect([stream.servedBy, stream.usage]).toEqual([{ name: 'a', version: '1' }, usage]);
    expect([spare.requests, logger.lines]).toEqual([[], []]);
    expect([release.mock.calls, onEnd.mock.calls]).toEqual([[['a']], [['completed', 0]]]);
  });

  it.each([
    'UPSTREAM_ERROR',
    'TIMEOUT',
    'RATE_LIMITED',
    'OVERLOADED',
    'MODEL_NOT_LOADED',
    'WORKER_LOST',
  ] as const)(
    'goes through its models in order when they fail with %s before they begin, and logs it',
    async (code) => {
      const third = scripted(text('c'));
      const { sut, logger } = setUp(scripted(error(code)).model, scripted(error(code)).model, third.model);
      const stream = sut.generate(CHAT);
      expect(await outcomeOf(stream)).toEqual({ text: 'c', error: null });
      expect(stream.servedBy).toEqual({ name: 'c', version: '1' });
      expect(logger.lines.map(({ fields }) => fields)).toEqual([
        { model: 'a', code, fallback: 'b' },
        { model: 'b', code, fallback: 'c' },
      ]);
    },
  );

  it('falls back from a model that does not start a stream at all', async () => {
    const refusing: LanguageModel = {
      generate: () => {
        throw error('OVERLOADED');
      },
    };
    const { sut } = setUp(refusing, scripted(text('b')).model);
    expect((await outcomeOf(sut.generate(CHAT))).text).toBe('b');
  });

  it.each([
    'INVALID_INPUT',
    'CONTEXT_LENGTH_EXCEEDED',
    'UNSUPPORTED_PARAMETER',
    'CANCELED',
    'SHUTTING_DOWN',
  ] as const)('does not fall back from %s', async (code) => {
    const spare = scripted(text('b'));
    const { sut } = setUp(scripted(error(code)).model, spare.model);
    expect((await outcomeOf(sut.generate(CHAT))).error?.code).toBe(code);
    expect(spare.requests).toEqual([]);
  });

  it('does not fall back once an answer has begun', async () => {
    const spare = scripted(text('b'));
    const { sut } = setUp(scripted(text('a'), error('UPSTREAM_ERROR')).model, spare.model);
    const stream = sut.generate(CHAT);
    expect(await outcomeOf(stream)).toMatchObject({ text: 'a', error: { code: 'UPSTREAM_ERROR' } });
    expect([stream.servedBy?.name, spare.requests]).toEqual(['a', []]);
  });

  it('does not fall back for a caller that has left', async () => {
    const controller = new AbortController();
    const spare = scripted(text('b'));
    const leaving: LanguageModel = {
      generate: () => {
        controller.abort();
        throw error('TIMEOUT');
      },
    };
    const { sut } = setUp(leaving, spare.model);
    expect((await outcomeOf(sut.generate(CHAT, controller.signal))).error?.code).toBe('CANCELED');
    expect(spare.requests).toEqual([]);
  });

  it('reports the error of the first model if none can serve, even if a fallback refuses the request', async () => {
    const { sut } = setUp(
      scripted(error('UPSTREAM_ERROR', 'the first')).model,
      scripted(error('CONTEXT_LENGTH_EXCEEDED')).model,
      scripted(error('TIMEOUT')).model,
    );
    expect((await outcomeOf(sut.generate(CHAT))).error?.message).toBe('the first');
  });

  it('gives a fallback the remaining time, and tries none if no time is left', async () => {
    const spare = scripted(text('b'));
    const slow: LanguageModel = {
      generate: () => {
        clock.jump(300);
        throw error('TIMEOUT');
      },
    };
    const { sut, clock } = setUp(slow, spare.model);
    await collect(sut.generate({ ...CHAT, timeoutMs: 1_000, firstTokenTimeoutMs: 301 }));
    expect(spare.requests).toEqual([{ ...CHAT, timeoutMs: 700, firstTokenTimeoutMs: 1 }]);
    expect((await outcomeOf(sut.generate({ ...CHAT, firstTokenTimeoutMs: 300 }))).error?.code).toBe(
      'TIMEOUT',
    );
    expect(spare.requests).toHaveLength(1);
  });

  it('stops the model that serves when the reader leaves', async () => {
    const serving = scripted(text('a'), text('b'));
    const { sut, release, onEnd } = setUp(serving.model);
    for await (const event of sut.generate(CHAT)) {
      expect(event).toEqual(text('a'));
      break;
    }
    expect(serving.left).toHaveBeenCalledTimes(1);
    expect([release.mock.calls, onEnd.mock.calls]).toEqual([[['a']], [['canceled', 0]]]);
  });

  it('releases the model if the reader leaves before the first token, and tries no other', async () => {
    const spare = scripted(text('b'));
    const silent: LanguageModel = {
      generate: (_request, signal) => Object.assign(new PushStream<GenerationEvent>({ signal }), { usage }),
    };
    const { sut, logger, release, onEnd } = setUp(silent, spare.model);
    const stream = sut.generate(CHAT);
    const waiting = stream.next();
    await settle();
    await stream.return();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    expect([release.mock.calls, onEnd.mock.calls]).toEqual([[['a']], [['canceled', 0]]]);
    expect([spare.requests, logger.lines]).toEqual([[], []]);
  });

  it('stops waiting for a model that is not ready when the reader leaves', async () => {
    const { logger, clock, release } = setUp(scripted().model);
    const signals: AbortSignal[] = [];
    const loading = {
      name: 'loading',
      acquire: (signal: AbortSignal) => {
        signals.push(signal);
        return untilAborted(new Promise<never>(() => undefined), signal);
      },
    };
    const stream = new FallbackModel({ candidates: [loading], logger, clock }).generate(CHAT);
    const waiting = stream.next();
    await settle();
    await stream.return();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    expect([signals.map(({ aborted }) => aborted), release.mock.calls]).toEqual([[true], []]);
  });

  it('falls back from a model that cannot be made ready', async () => {
    const { sut, logger, clock } = setUp(scripted(text('b')).model);
    const missing = { name: 'missing', acquire: () => Promise.reject(error('MODEL_NOT_LOADED')) };
    const spare = {
      name: 'spare',
      acquire: async () => ({ name: 'spare', version: '2', model: sut, release: () => undefined }),
    };
    const stream = new FallbackModel({ candidates: [missing, spare], logger, clock }).generate(CHAT);
    expect((await outcomeOf(stream)).text).toBe('b');
    expect(stream.servedBy).toEqual({ name: 'spare', version: '2' });
  });
});
