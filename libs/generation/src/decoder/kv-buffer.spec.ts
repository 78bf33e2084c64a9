import { describe, expect, it } from '@jest/globals';
import { capacityFor, KvBuffer } from './kv-buffer.js';

const SHAPE = { layers: 2, heads: 2, headSize: 4, maxRows: 3, maxTokens: 300 };

/** A run's outputs for `rows` rows of `count` tokens. Each value encodes its position. */
function outputs(
  rows: number,
  count: number,
  value: (row: number, head: number, token: number) => number,
): Float32Array[] {
  return Array.from({ length: SHAPE.layers * 2 }, (_, index) =>
    Float32Array.from({ length: rows * SHAPE.heads * count * SHAPE.headSize }, (__, at) => {
      const token = Math.floor(at / SHAPE.headSize) % count;
      const head = Math.floor(at / (SHAPE.headSize * count)) % SHAPE.heads;
      const row = Math.floor(at / (SHAPE.headSize * count * SHAPE.heads));
      return index * 10_000 + value(row, head, token);
    }),
  );
}

/** The values of layer 1 that a row's head holds for each token. */
function held(kv: KvBuffer, row: number, head: number): number[] {
  const view = kv.view(1, 1, row, 1);
  return Array.from(
    { length: kv.lengths[row] ?? 0 },
    (_, token) => view[(head * kv.capacity + token) * SHAPE.headSize] ?? NaN,
  );
}

function filled(): KvBuffer {
  const kv = new KvBuffer(SHAPE);
  kv.fit(5);
  for (const [row, count] of [3, 5, 2].entries()) {
    kv.append(
      row,
      outputs(1, count, (_, head, token) => row * 1000 + head * 100 + token),
      0,
      count,
    );
  }
  return kv;
}

describe('KvBuffer', () => {
  it('appends chunks and single tokens at each row’s own length', () => {
    const kv = filled();
    const step = outputs(3, 1, (row, head) => row * 1000 + head * 100 + 77);
    for (const row of [0, 1, 2]) kv.append(row, step, row, 1);
    expect(held(kv, 0, 1)).toEqual([30100, 30101, 30102, 30177]);
    expect(held(kv, 2, 0)).toEqual([32000, 32001, 32077]);
  });

  it('keeps every row when the capacity grows and shrinks', () => {
    const kv = filled();
    const before = [0, 1, 2].map((row) => [held(kv, row, 0), held(kv, row, 1)]);
    for (const tokens of [200, 300, 90, 10]) {
      kv.fit(tokens);
      expect([0, 1, 2].map((row) => [held(kv, row, 0), held(kv, row, 1)])).toEqual(before);
    }
  });

  it('copies, swaps, exports and imports rows', () => {
    const kv = filled();
    kv.swapRows(0, 1);
    expect([held(kv, 0, 1).length, held(kv, 1, 1)]).toEqual([5, [30100, 30101, 30102]]);
    kv.copyRow(1, 2);
    expect(held(kv, 2, 1)).toEqual([30100, 30101, 30102]);
    const block = kv.exportBlock(0, 1, 3);
    kv.clear(2);
    kv.importBlock(2, block, 3, 2);
    expect([held(kv, 2, 0), held(kv, 2, 1)]).toEqual([
      [31001, 31002],
      [31101, 31102],
    ]);
  });

  it('passes the first rows as one piece, in the layout the model reads', () => {
    const kv = filled();
    expect(kv.view(0, 0, 0, 2)).toHaveLength(2 * SHAPE.heads * kv.capacity * SHAPE.headSize);
    expect(kv.view(1, 1, 1, 1)[0]).toBe(31000);
  });

  it('uses no memory after the last row has ended', () => {
    const kv = filled();
    for (const row of [0, 1, 2]) kv.clear(row);
    expect([kv.capacity, kv.usedBytes()]).toEqual([0, 0]);
  });

  it('offers capacities in multiples of 16 that grow by a quarter', () => {
    const capacities = [1, 64, 65, 100, 500, 2000].map(capacityFor);
    expect(capacities).toEqual([64, 64, 80, 112, 608, 2368]);
    expect(capacities.every((capacity) => capacity % 16 === 0)).toBe(true);
  });
});
