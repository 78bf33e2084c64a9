import { FakeClock } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import type { BatchOutcome } from './batcher-options.js';
import { DynamicBatcher } from './dynamic-batcher.js';

const BATCH_SIZE = 6;
const TOKENS = 60;
const QUEUE_SIZE = 12;

/** Numbers below `limit`, the same for the same seed (mulberry32). */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

interface Input {
  readonly id: string;
  readonly cost: number;
}

describe('a batcher under random load', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'runs no item twice and settles every request once (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const clock = new FakeClock();
      const runs = new Map<string, number>();
      const gone = new Set<string>();
      const violations: string[] = [];
      const running: (() => void)[] = [];
      let capacity = 0;
      const runBatch = (items: readonly Input[]): Promise<BatchOutcome<string, number>> => {
        for (const { id } of items) {
          runs.set(id, (runs.get(id) ?? 0) + 1);
          if (gone.has(id.split(':')[0] ?? '')) violations.push(`${id} ran after its request had settled`);
        }
        const largest = Math.max(...items.map(({ cost }) => cost));
        if (items.length > BATCH_SIZE) violations.push(`a batch of ${String(items.length)}`);
        if (items.length > 1 && items.length * largest > TOKENS)
          violations.push('a batch above the token budget');
        if (running.length >= capacity) violations.push('more batches than capacity');
        return new Promise((resolve, reject) => {
          const fails = random(10) === 0;
          running.push(() => {
            if (fails) reject(new Error('failed'));
            else resolve({ results: items.map(({ id }) => id), report: seed });
          });
        });
      };
      const batcher = new DynamicBatcher<Input, string, number>({
        maxBatchSize: BATCH_SIZE,
        maxBatchTokens: TOKENS,
        maxQueueSize: QUEUE_SIZE,
        maxDelayMs: seed % 2 === 0 ? 5 : 0,
        runBatch,
        clock,
      });
      const settled: Promise<void>[] = [];
      const settledCounts = new Map<string, number>();
      const endings = new Set<string>();
      const callers: AbortController[] = [];

      const submit = (request: string): void => {
        const caller = new AbortController();
        callers.push(caller);
        const items = Array.from({ length: random(4) === 0 ? 1 + random(30) : 1 }, (_, index) => {
          const cost = random(70);
          return { input: { id: `${request}:${String(index)}`, cost }, cost };
        });
        const deadline = random(3) === 0 ? { deadline: clock.now() + random(60) } : {};
        const done = (ending: string): void => {
          endings.add(ending);
          gone.add(request);
          settledCounts.set(request, (settledCounts.get(request) ?? 0) + 1);
        };
        settled.push(
          batcher.submit(items, { signal: caller.signal, priority: random(3), ...deadline }).then(
            ({ results }) => {
              done('completed');
              const expected = items.map(({ input }) => input.id);
              if (results.join() !== expected.join()) violations.push(`results of ${request} out of order`);
            },
            (error: unknown) => {
              done((error as Error).name);
            },
          ),
        );
      };

      for (let step = 0; step < 600; step++) {
        const action = random(10);
        if (action < 4) submit(String(step));
        else if (action < 7) running.splice(random(Math.max(1, running.length)), 1)[0]?.();
        else if (action === 7) callers[random(Math.max(1, callers.length))]?.abort();
        else if (action === 8) batcher.setCapacity((capacity = Math.max(running.length, random(4))));
        else await clock.advance(random(10));
        // Some steps share a turn of the event loop.
        if (random(2) === 0) await clock.endTurn();
        const { queuedRequests } = batcher;
        if (queuedRequests > QUEUE_SIZE) violations.push(`${String(queuedRequests)} requests queued`);
      }

      await clock.endTurn();
      batcher.setCapacity((capacity = Math.max(4, running.length)));
      const drained = batcher.drain();
      await clock.endTurn();
      while (running.length > 0) {
        running.shift()?.();
        await clock.endTurn();
      }
      await drained;
      await Promise.all(settled);

      expect(violations).toEqual([]);
      expect([...runs.values()].filter((count) => count !== 1)).toEqual([]);
      expect([...settledCounts.values()].filter((count) => count !== 1)).toEqual([]);
      expect(settledCounts.size).toBe(settled.length);
      expect(batcher).toMatchObject({ queuedRequests: 0, runningBatches: 0, stalledForMs: null });
      expect([...endings].sort()).toEqual(
        ['completed', 'Error', 'AbortError', 'DeadlineExceededError', 'QueueFullError'].sort(),
      );
      expect(clock.armed).toEqual([]);
    },
  );
});
