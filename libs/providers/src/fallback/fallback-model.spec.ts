import { describe, expect, it, jest } from '@jest/globals';
import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, LanguageModel, TextStream } from '@aerie/generation';
import { FakeClock, MemoryLogger } from '@aerie/test-support';
import { CHAT, collect, outcomeOf } from '../testing/new-test-provider.js';
import { FallbackModel } from './fallback-model.js';

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
const text = (said: string): GenerationEvent => ({ type: 'text', index: 0, text: said, tokens: 1 });
const error = (code: AerieError['code'], message: string = code): AerieError => new AerieError(code, message);

/** A model that gives out what it is told, and throws errors; it remembers its requests. */
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
  const [first, ...others] = models.map((model, i) => ({ name: 'abc'.charAt(i), model }));
  if (first === undefined) throw new Error('expected a model');
  return { sut: new FallbackModel({ candidates: [first, ...others], logger, clock }), logger, clock };
}

describe('FallbackModel', () => {
  it('asks nobody else while the first one answers', async () => {
    const spare = scripted(text('b'));
    const { sut, logger } = setUp(scripted(text('a'), text('!')).model, spare.model);
    const onServed = jest.fn<(name: string) => void>();
    const stream = sut.generate(CHAT, undefined, onServed);
    expect(stream.servedBy).toBeNull();
    expect(await collect(stream)).toEqual([text('a'), text('!')]);
    expect([stream.servedBy, stream.usage, onServed.mock.calls]).toEqual(['a', usage, [['a']]]);
    expect([spare.requests, logger.lines]).toEqual([[], []]);
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
      expect(stream.servedBy).toBe('c');
      expect(logger.lines.map(({ fields }) => fields)).toEqual([
        { model: 'a', code, fallback: 'b' },
        { model: 'b', code, fallback: 'c' },
      ]);
    },
  );

  it('falls back from a model that refuses to start a stream at all', async () => {
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
    expect([stream.servedBy, spare.requests]).toEqual(['a', []]);
  });

  it('does not fall back for a caller who has left', async () => {
    const controller = new AbortController();
    const spare = scripted(text('b'));
    const leaving: LanguageModel = {
      generate: () => {
        controller.abort();
        throw error('TIMEOUT');
      },
    };
    const { sut } = setUp(leaving, spare.model);
    expect((await outcomeOf(sut.generate(CHAT, controller.signal))).error?.code).toBe('TIMEOUT');
    expect(spare.requests).toEqual([]);
  });

  it('tells what the first model said when none can serve, although a fallback refuses the request', async () => {
    const { sut } = setUp(
      scripted(error('UPSTREAM_ERROR', 'the first')).model,
      scripted(error('CONTEXT_LENGTH_EXCEEDED')).model,
      scripted(error('TIMEOUT')).model,
    );
    expect((await outcomeOf(sut.generate(CHAT))).error?.message).toBe('the first');
  });

  it('gives a fallback the time that is left, and none when none is', async () => {
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

  it('leaves the model that serves when its reader leaves', async () => {
    const serving = scripted(text('a'), text('b'));
    const { sut } = setUp(serving.model);
    for await (const event of sut.generate(CHAT)) {
      expect(event).toEqual(text('a'));
      break;
    }
    expect(serving.left).toHaveBeenCalledTimes(1);
  });
});
