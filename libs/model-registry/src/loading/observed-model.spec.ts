import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, GenerationUsage, TextStream } from '@aerie/generation';
import { FakeClock } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import type { GenerationOccurrence } from '../generation-event.js';
import { ObservedModel } from './observed-model.js';

const REQUEST: GenerationRequest = { kind: 'text', prompt: 'hi' };
const USAGE: GenerationUsage = { promptTokens: 5, cachedTokens: 0, completionTokens: 3 };

const text = (index: number): GenerationEvent => ({ type: 'text', index, text: 'a', tokens: 1 });

/** An answer whose pieces are 10 ms apart. */
async function* answer(
  clock: FakeClock,
  pieces: readonly (GenerationEvent | Error)[],
): AsyncGenerator<GenerationEvent, undefined> {
  for (const piece of pieces) {
    await clock.advance(10);
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

function newModel(...pieces: readonly (GenerationEvent | Error)[]) {
  const clock = new FakeClock();
  const told: GenerationOccurrence[] = [];
  const stream = Object.assign(answer(clock, pieces), { usage: USAGE }) as unknown as TextStream;
  const sut = new ObservedModel(
    { generate: () => stream },
    (occurrence) => told.push(occurrence),
    () => clock.now(),
  );
  return { sut, told };
}

const end = (outcome: string, totalMs: number) => ({
  type: 'end',
  record: { outcome, usage: USAGE, queueMs: null, totalMs },
});

describe('an answer of a model without its own reports', () => {
  it('is reported from its first piece to its end, with the pauses of each choice', async () => {
    const { sut, told } = newModel(text(0), text(1), text(0));
    for await (const event of sut.generate(REQUEST)) expect(event.type).toBe('text');
    expect(told).toEqual([
      { type: 'first-token', elapsedMs: 10 },
      { type: 'inter-token', elapsedMs: 20 },
      end('completed', 30),
    ]);
  });

  it.each([
    ['failed', new AerieError('UPSTREAM_ERROR', 'no')],
    ['canceled', new AerieError('CANCELED', 'left')],
  ])('is reported as %s if an error ends it', async (outcome, error) => {
    const { sut, told } = newModel(error);
    await expect(sut.generate(REQUEST).next()).rejects.toBe(error);
    expect(told).toEqual([end(outcome, 10)]);
  });

  it('is canceled once when its reader leaves', async () => {
    const { sut, told } = newModel(text(0), text(0));
    const stream = sut.generate(REQUEST);
    await stream.next();
    await stream.return?.();
    await stream.return?.();
    expect(told.slice(1)).toEqual([end('canceled', 10)]);
    expect(stream.usage).toBe(USAGE);
  });
});
