import { FakeClock } from '@aerie/test-support';
import type {
  BatchItem,
  BatchOutcome,
  Completed,
  DynamicBatcherOptions,
  SubmitOptions,
} from '../batcher-options.js';
import { DynamicBatcher } from '../dynamic-batcher.js';

/** A batch that runs until the test ends it. */
export interface HeldBatch {
  readonly items: readonly string[];
  /** Ends the batch with `<item>!` for each item. */
  finish(): void;
  fail(error: Error): void;
  /** Ends the batch with these results. */
  finishWith(results: readonly string[]): void;
}

/** A batcher with a clock and replicas that the test controls. */
export interface BatcherBench {
  readonly batcher: DynamicBatcher<string, string, string>;
  readonly clock: FakeClock;
  /** Batches in the order of their starts, also those that have ended. */
  readonly batches: HeldBatch[];
  /** Submits `texts`, each with its length as cost. A rejection that the test does not look at is no crash. */
  submit(texts: string | readonly string[], options?: SubmitOptions): Promise<Completed<string, string>>;
}

export type BenchOptions = Partial<DynamicBatcherOptions<string, string, string>> & {
  readonly capacity?: number;
};

/** A bench with room for 100 requests, batches of 4 and one replica, unless told otherwise. */
export function createBench({ capacity = 1, ...options }: BenchOptions = {}): BatcherBench {
  const clock = new FakeClock();
  const batches: HeldBatch[] = [];
  const runBatch = (items: readonly string[]): Promise<BatchOutcome<string, string>> =>
    new Promise((resolve, reject) => {
      const report = `batch ${String(batches.length)}`;
      const finishWith = (results: readonly string[]): void => {
        resolve({ results, report });
      };
      const finish = (): void => {
        finishWith(items.map((item) => `${item}!`));
      };
      batches.push({ items, finish, fail: reject, finishWith });
    });
  const batcher = new DynamicBatcher({ maxBatchSize: 4, maxQueueSize: 100, runBatch, clock, ...options });
  batcher.setCapacity(capacity);
  return {
    batcher,
    clock,
    batches,
    submit: (texts, submitOptions) => {
      const list = typeof texts === 'string' ? [texts] : texts;
      const items = list.map((input): BatchItem<string> => ({ input, cost: input.length }));
      const completed = batcher.submit(items, submitOptions);
      completed.catch(() => undefined);
      return completed;
    },
  };
}
