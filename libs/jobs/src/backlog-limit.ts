import { AerieError } from '@aerie/contracts';
import type { Backlog } from '@aerie/queue';

/** Admitted jobs that are on their way to the store. */
export interface Admission {
  /** Reports how many of them were stored. */
  stored(jobs: number): void;
  /** Reports that the rest will not be stored. Idempotent. */
  close(): void;
}

/** Waiting jobs of one task, as far as this process knows. */
interface Known {
  /** The last count of the store. */
  pending: number;
  /** Jobs stored by this process since that count began. */
  stored: number;
  /** Jobs admitted by this process and not stored yet. */
  underWay: number;
  /** Epoch milliseconds of the last count. */
  countedAt: number;
  counting: boolean;
}

const COUNT_INTERVAL_MS = 1_000;
/** Retry-After of refused jobs; by then, workers have taken some. */
const RETRY_AFTER_MS = 5_000;

/**
 * Limits the number of waiting jobs. They are counted in the background, so that no submission waits for a count. Several
 * processes together may exceed the limit by the submissions of about a second.
 */
export class BacklogLimit {
  readonly #count: (task: string) => Promise<Pick<Backlog, 'pending'>>;
  readonly #maxPending: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /**
   * @param count counts the waiting jobs in the store
   * @param maxPending MAX_PENDING_JOBS, for each task
   * @param now clock, epoch milliseconds
   */
  constructor(
    count: (task: string) => Promise<Pick<Backlog, 'pending'>>,
    maxPending: number,
    now: () => number,
  ) {
    this.#count = count;
    this.#maxPending = maxPending;
    this.#now = now;
  }

  /**
   * Admits all of the jobs or none. They count as waiting until the admission is closed.
   *
   * @throws AerieError OVERLOADED
   */
  admit(task: string, jobs = 1): Admission {
    const known = this.#knownOf(task);
    this.#recount(task, known);
    const waiting = known.pending + known.stored + known.underWay;
    if (waiting + jobs > this.#maxPending) throw this.#full(task, waiting, jobs);
    known.underWay += jobs;
    let left = jobs;
    return {
      stored: (stored) => {
        left -= stored;
        known.underWay -= stored;
        known.stored += stored;
      },
      close: () => {
        known.underWay -= left;
        left = 0;
      },
    };
  }

  #knownOf(task: string): Known {
    let known = this.#known.get(task);
    if (known === undefined) {
      known = { pending: 0, stored: 0, underWay: 0, countedAt: Number.NEGATIVE_INFINITY, counting: false };
      this.#known.set(task, known);
    }
    return known;
  }

  #recount(task: string, known: Known): void {
    const now = this.#now();
    if (known.counting || now - known.countedAt < COUNT_INTERVAL_MS) return;
    const storedBefore = known.stored;
    known.countedAt = now;
    known.counting = true;
    this.#count(task)
      .then(({ pending }) => {
        known.pending = pending;
        // The count may or may not include jobs stored meanwhile. They are added, to be on the safe side.
        known.stored -= storedBefore;
      })
      // The queue is unreachable, which submissions notice themselves.
      .catch(() => undefined)
      .finally(() => {
        known.counting = false;
      });
  }

  #full(task: string, waiting: number, jobs: number): AerieError {
    const max = String(this.#maxPending);
    const message =
      jobs > this.#maxPending
        ? `${String(jobs)} jobs at once exceed the limit of ${max} waiting jobs (MAX_PENDING_JOBS). Submit fewer.`
        : `${String(waiting)} ${task} jobs are waiting, the limit is ${max} (MAX_PENDING_JOBS). Try again later.`;
    return new AerieError('OVERLOADED', message, { retryAfterMs: RETRY_AFTER_MS });
  }
}
