import { describe, expect, it } from '@jest/globals';
import { collectGarbage } from './collect-garbage.js';

function makeGarbage(): void {
  new Uint8Array(64 << 20).fill(1);
}

describe('collecting garbage', () => {
  it('gives the memory of unreachable buffers back at once', () => {
    const before = process.memoryUsage().arrayBuffers;
    makeGarbage();
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(64 << 20);
    collectGarbage();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });
});
