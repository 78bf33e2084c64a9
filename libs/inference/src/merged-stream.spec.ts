import type { GenerationEvent, GenerationUsage, TextStream } from '@aerie/model-registry';
import { describe, expect, it } from '@jest/globals';
import { MergedStream } from './merged-stream.js';

const END = { done: true, value: undefined } as const;

const text = (index: number, piece: string): GenerationEvent => ({
  type: 'text',
  index,
  text: piece,
  tokens: 1,
});

/** An answer whose events the test controls. */
class ToldStream implements TextStream {
  usage: GenerationUsage = { promptTokens: 3, cachedTokens: 1, completionTokens: 2 };
  reads = 0;
  left = false;
  readonly #told: (GenerationEvent | Error | null)[] = [];
  #wake: () => void = () => undefined;

  /** Null ends it. */
  tell(...told: readonly (GenerationEvent | Error | null)[]): this {
    this.#told.push(...told);
    this.#wake();
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<GenerationEvent, undefined>> {
    this.reads++;
    while (this.#told.length === 0 && !this.left)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    const told = this.#told.shift() ?? null;
    if (told instanceof Error) throw told;
    return told === null ? END : { done: false, value: told };
  }

  async return(): Promise<IteratorResult<GenerationEvent, undefined>> {
    this.left = true;
    this.#wake();
    return END;
  }
}

function newMerged(choicesEach = 1) {
  const streams = [new ToldStream(), new ToldStream()] as const;
  return { first: streams[0], second: streams[1], sut: new MergedStream(streams, choicesEach) };
}

describe('several answers as one', () => {
  it('arrive in order of time, the choices of the second after those of the first', async () => {
    const { first, second, sut } = newMerged(2);
    second.tell(text(0, 'c'), text(1, 'd'));
    expect((await sut.next()).value).toEqual(text(2, 'c'));
    expect((await sut.next()).value).toEqual(text(3, 'd'));
    first.tell(text(1, 'b'), null);
    expect((await sut.next()).value).toEqual(text(1, 'b'));
    second.tell(null);
    await expect(sut.next()).resolves.toEqual(END);
    await expect(sut.next()).resolves.toEqual(END);
  });

  it('are read ahead by at most one event', async () => {
    const { first, second, sut } = newMerged();
    first.tell(text(0, 'a'), text(0, 'b'), text(0, 'c'), null);
    await sut.next();
    await Promise.resolve();
    expect([first.reads, second.reads]).toEqual([2, 1]);
  });

  it('have the sum of their usage', () => {
    expect(newMerged().sut.usage).toEqual({ promptTokens: 6, cachedTokens: 2, completionTokens: 4 });
  });

  it('are all canceled if one fails', async () => {
    const { first, second, sut } = newMerged();
    const failure = new Error('no');
    second.tell(failure);
    await expect(sut.next()).rejects.toBe(failure);
    expect([first.left, second.left]).toEqual([true, true]);
    await expect(sut.next()).resolves.toEqual(END);
  });

  it('are all canceled if the reader leaves, even during a read', async () => {
    const { first, second, sut } = newMerged();
    const read = sut.next();
    await sut.return();
    await expect(read).resolves.toEqual(END);
    expect([first.left, second.left]).toEqual([true, true]);
  });

  it('are served by the model of the first that has begun', () => {
    const { first, second, sut } = newMerged();
    expect(sut.servedBy).toBeNull();
    Object.assign(first, { servedBy: null });
    Object.assign(second, { servedBy: { name: 'other', version: '2' } });
    expect(sut.servedBy).toEqual({ name: 'other', version: '2' });
  });
});
