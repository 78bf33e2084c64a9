import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { writeJsonLines } from './json-lines.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An output that accepts one line at a time. */
const slowOutput = () => new PassThrough({ highWaterMark: 1 });

describe('writeJsonLines', () => {
  it('writes each value in a line, and ends', async () => {
    const output = slowOutput();
    const written = writeJsonLines(values(3), output);
    expect(await text(output)).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
    await written;
  });

  it('writes as fast as its reader reads, and leaves no listeners behind', async () => {
    const output = slowOutput();
    const made = { count: 0 };
    const written = writeJsonLines(values(1_000, made), output);
    await turn();
    expect(made.count).toBeLessThan(100);
    let read = 0;
    let listeners = 0;
    for await (const _chunk of output) {
      read++;
      listeners = Math.max(listeners, output.listenerCount('close'), output.listenerCount('error'));
    }
    await written;
    expect(read).toBe(1_000);
    expect(listeners).toBeLessThan(10);
  });

  it('ends the values when the reader leaves', async () => {
    const output = slowOutput();
    const made = { count: 0, ended: false };
    const written = writeJsonLines(values(1_000, made), output);
    await turn();
    output.destroy();
    await written;
    expect([made.ended, made.count < 100]).toEqual([true, true]);
  });

  it('breaks off the output if a value fails', async () => {
    const output = slowOutput();
    async function* failing() {
      yield await Promise.resolve({ n: 0 });
      throw new Error('away');
    }
    const reading = text(output);
    await expect(writeJsonLines(failing(), output)).rejects.toThrow('away');
    await expect(reading).rejects.toThrow('away');
    expect(output.destroyed).toBe(true);
  });
});

async function* values(count: number, made: { count: number; ended?: boolean } = { count: 0 }) {
  try {
    for (let n = 0; n < count; n++) {
      made.count++;
      yield await Promise.resolve({ n });
    }
  } finally {
    made.ended = true;
  }
}
