import { describe, expect, it } from '@jest/globals';
import type { InferenceSession, NamedTensors } from '@aerie/engine';
import { ExternalKvDecoder } from './external-kv.decoder.js';

const VOCABULARY = 4;
const CACHE = ['key', 'value'] as const;

/** A graph of one layer and one head, whose logits are `logitOf` the number of its rows, and which counts those rows. */
function setUp(logitOf: (rows: number) => number) {
  const rowsRun: number[] = [];
  const session: InferenceSession = {
    inputs: [
      ...['input_ids', 'position_ids'].map((name) => ({ name, dtype: 'int64', shape: ['B', 'S'] }) as const),
      { name: 'attn_bias', dtype: 'float32', shape: ['B', 1, 'SG', 'T'] },
      ...CACHE.map(
        (part) => ({ name: `past.0.${part}`, dtype: 'float32', shape: ['B', 1, 'T', 1] }) as const,
      ),
    ],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['B', 1, VOCABULARY] }],
    provider: 'cpu',
    handles: null,
    handOver: () => undefined,
    run: async (feeds, into) => {
      const rows = feeds.input_ids?.dims[0] ?? 0;
      rowsRun.push(rows);
      const outputs = into as NamedTensors;
      (outputs.logits?.data as Float32Array).fill(logitOf(rows));
      return outputs;
    },
    release: async () => undefined,
  };
  const sut = new ExternalKvDecoder(session, { groups: 1, maxRows: 4, maxTokens: 32 });
  const rowsOf = async (rows: number, reproducible: boolean): Promise<number | undefined> => {
    for (let row = 0; row < rows; row++) await sut.prefill(row, [1, 2]);
    await sut.decode({ tokens: Array.from({ length: rows }, () => 3), reproducible });
    return rowsRun.at(-1);
  };
  return { sut, rowsOf };
}

describe('ExternalKvDecoder', () => {
  it('computes a reproducible row beside another where a single row gives other logits', async () => {
    const { sut, rowsOf } = setUp((rows) => (rows === 1 ? 1 : 1 + 2 ** -20));
    await sut.tryOut();
    expect(await rowsOf(1, true)).toBe(2);
    expect(await rowsOf(1, false)).toBe(1);
    expect(await rowsOf(3, true)).toBe(3);
  });

  it('computes a reproducible row alone where that gives the same logits', async () => {
    const { sut, rowsOf } = setUp(() => 1);
    expect(await rowsOf(1, true)).toBe(2);
    await sut.tryOut();
    expect(await rowsOf(1, true)).toBe(1);
  });

  it('is empty after it has been tried out', async () => {
    const { sut } = setUp(() => 1);
    await sut.tryOut();
    expect([...sut.lengths]).toEqual([0, 0, 0, 0]);
    expect(sut.usedBytes()).toBe(0);
  });
});
