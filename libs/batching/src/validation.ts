import { MAX_TIMER_MS } from '@aerie/runtime';
import type { BatchItem, DynamicBatcherOptions, SubmitOptions } from './batcher-options.js';

function assertRange(name: string, value: number, isValid: boolean, expected: string): void {
  if (!isValid) throw new RangeError(`${name} must be ${expected}, got ${String(value)}`);
}

function assertCount(name: string, value: number, min: number): void {
  assertRange(
    name,
    value,
    Number.isSafeInteger(value) && value >= min,
    `a whole number of at least ${String(min)}`,
  );
}

/** @throws RangeError for an option outside its range. */
export function assertBatcherOptions<I, O, R>(options: DynamicBatcherOptions<I, O, R>): void {
  const { maxBatchSize, maxQueueSize, maxBatchTokens, maxDelayMs = 0 } = options;
  assertCount('maxBatchSize', maxBatchSize, 1);
  assertCount('maxQueueSize', maxQueueSize, 1);
  if (maxBatchTokens !== undefined)
    assertRange('maxBatchTokens', maxBatchTokens, maxBatchTokens > 0, 'above 0');
  assertRange('maxDelayMs', maxDelayMs, maxDelayMs >= 0 && maxDelayMs <= MAX_TIMER_MS, 'from 0 to 2^31-1');
}

/** @throws RangeError unless `capacity` is a whole number of at least 0. */
export function assertCapacity(capacity: number): void {
  assertCount('capacity', capacity, 0);
}

/** @throws RangeError for a request without items, or with an invalid number. */
export function assertSubmit(
  items: readonly BatchItem<unknown>[],
  { deadline, priority = 0 }: SubmitOptions,
): void {
  if (items.length === 0) throw new RangeError('a request must have at least one item, got none');
  for (const { cost } of items) {
    // A single NaN would upset every comparison of the queue.
    assertRange('cost', cost, Number.isFinite(cost) && cost >= 0, 'a finite number of at least 0');
  }
  assertRange('priority', priority, Number.isFinite(priority), 'a finite number');
  if (deadline !== undefined)
    assertRange('deadline', deadline, !Number.isNaN(deadline), 'a time of the clock');
}
