import { describe, expect, it } from '@jest/globals';
import { Coalescer } from './coalescer.js';

describe('Coalescer', () => {
  it('makes one call for items that arrive together, and gives each its own result', async () => {
    const calls: number[][] = [];
    const doubled = new Coalescer<number, number>(
      async (items) => {
        calls.push([...items]);
        return items.map((item) => item * 2);
      },
      { maxItems: 10, maxCalls: 1 },
    );
    expect(await Promise.all([1, 2, 3].map((item) => doubled.add(item)))).toEqual([2, 4, 6]);
    expect(calls).toEqual([[1, 2, 3]]);
  });

  it('returns the results of items added together, even if they take several calls', async () => {
    const calls: number[][] = [];
    const doubled = new Coalescer<number, number>(
      async (items) => {
        calls.push([...items]);
        if (items.includes(9)) throw new Error('no nine');
        return items.map((item) => item * 2);
      },
      { maxItems: 2, maxCalls: 1 },
    );
    const both = [doubled.addAll([1, 2, 3]), doubled.addAll([4, 5])];
    expect(await Promise.all(both)).toEqual([
      [2, 4, 6],
      [8, 10],
    ]);
    expect(calls).toEqual([[1, 2], [3, 4], [5]]);
    expect(await doubled.addAll([])).toEqual([]);
    await expect(doubled.addAll([6, 7, 9])).rejects.toThrow('no nine');
  });

  it('never puts two items with the same key into one call, and keeps their order', async () => {
    const calls: string[][] = [];
    const seen = new Coalescer<string, string>(
      async (items) => {
        calls.push([...items]);
        return items;
      },
      { maxItems: 10, maxCalls: 2, keyOf: (item) => item[0] ?? '' },
    );
    await Promise.all(['a1', 'b1', 'a2', 'a3'].map((item) => seen.add(item)));
    expect(calls).toEqual([['a1', 'b1'], ['a2'], ['a3']]);
  });

  it('fails only the items of the failed call', async () => {
    const failing = new Coalescer<string, string>(
      async (items) => {
        if (items.includes('bad')) throw new Error('no');
        return items;
      },
      { maxItems: 1, maxCalls: 1 },
    );
    const settled = await Promise.allSettled([failing.add('bad'), failing.add('good')]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
