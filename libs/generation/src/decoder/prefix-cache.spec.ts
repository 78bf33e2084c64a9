import { describe, expect, it } from '@jest/globals';
import { PrefixCache } from './prefix-cache.js';

const BLOCK = 8;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Ends of blocks of equal size, the last beyond the tokens or at their end. */
const endsOf = (tokens: readonly number[]): number[] =>
  Array.from({ length: Math.ceil(tokens.length / BLOCK) }, (_, index) => (index + 1) * BLOCK);

/** A cache whose blocks hold the tokens they stand for, 4 bytes each. */
function setUp(maxBytes = 1_000_000) {
  const sut = new PrefixCache(endsOf, maxBytes);
  const store = (tokens: readonly number[], exactTokens = 0): void => {
    sut.store(tokens, exactTokens, (start, count) => Float32Array.from(tokens.slice(start, start + count)));
  };
  const matched = (tokens: readonly number[], exactOnly = false): number[] =>
    sut.match(tokens, exactOnly).flatMap(({ block, count }) => [...block.subarray(0, count)]);
  return { sut, store, matched };
}

describe('PrefixCache', () => {
  it('finds the longest known prefix, including parts of blocks', () => {
    const { store, matched } = setUp();
    store(range(0, 21));
    expect(matched([...range(0, 19), 99, 100])).toEqual(range(0, 16));
    expect(matched([...range(0, 20), 99, 100])).toEqual(range(0, 20));
    expect(matched([...range(0, 6), 99, 100])).toEqual(range(0, 6));
    expect(matched(range(50, 30))).toEqual([]);
  });

  it('never covers the whole prompt, because the last token must run for its logits', () => {
    const { store, matched } = setUp();
    store(range(0, 24));
    expect(matched(range(0, 24))).toEqual(range(0, 23));
    expect(matched(range(0, 16), true)).toEqual([]);
  });

  it('returns only whole exact blocks for exact requests', () => {
    const { store, matched } = setUp();
    store(range(0, 30), 16);
    expect(matched(range(0, 40), true)).toEqual(range(0, 16));
    expect(matched(range(0, 40), false)).toEqual(range(0, 30));
  });

  it('replaces a block by its exact form', () => {
    const { store, matched } = setUp();
    store(range(0, 16), 0);
    expect(matched(range(0, 17), true)).toEqual([]);
    store(range(0, 16), 16);
    expect(matched(range(0, 17), true)).toEqual(range(0, 16));
  });

  it('stays within its limit, and drops the least recently used blocks, ends of conversations first', () => {
    const { sut, store, matched } = setUp(4 * BLOCK * 4);
    store(range(0, 16));
    store(range(100, 16));
    matched(range(0, 17));
    store(range(200, 8));
    expect(sut.bytes).toBe(4 * BLOCK * 4);
    expect(matched(range(0, 17))).toEqual(range(0, 16));
    expect(matched(range(100, 17))).toEqual(range(100, 8));
  });

  it('keeps nothing with a limit of 0', () => {
    const { store, matched } = setUp(0);
    store(range(0, 16));
    expect(matched(range(0, 17))).toEqual([]);
  });
});
