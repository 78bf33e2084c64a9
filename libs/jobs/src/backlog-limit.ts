import { AerieError } from '@aerie/contracts';
import type { Backlog } from '@aerie/queue';

/** Jobs that were let in and are on their way to the store. */
export interface Admission {
  /** So many of them are stored. */
  stored(jobs: number): void;
  /** The rest will not be. Idempotent. */
  close(): void;
}

/** Waiting jobs of one kind, as far as they are known here. */
interface Known {
  /** When they were counted last. */
  pending: number;
  /** Stored here since that count began. */
  stored: number;
  /** Let in here and not stored yet. */
  underWay: number;
  /** Epoch milliseconds of the last count. */
  countedAt: number;
  counting: boolean;
}

const COUNT_INTERVAL_MS = 1_000;
/** A worker has done something by then. */
const RETRY_AFTER_MS = 5_000;

/**
 * Bounds the jobs that wait. They are counted in the background, so that no submit waits for a count: several processes
 * together may go over by what they let in within about a second.
 */
export class BacklogLimit {
  readonly #count: (task: string) => Promise<Pick<Backlog, 'pending'>>;
  readonly #maxPending: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /**
   * @param count of the store
   * @param maxPending MAX_PENDING_JOBS, of each kind
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
   * Lets jobs in, all or none. They are counted as waiting until the admission is closed.
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
        // Those stored meanwhile may be counted or not: they are, to be on the safe side.
        known.stored -= storedBefore;
      })
      // The queue is away, which submits find out by themselves.
      .catch(() => undefined)
      .finally(() => {
        known.counting = false;
      });
  }

  #full(task: string, waiting: number, jobs: number): AerieError {
    const max = String(this.#maxPending);
    const message =
      jobs > this.#maxPending
        ? `${String(jobs)} jobs at once are more than may wait, ${max} (MAX_PENDING_JOBS). Submit fewer.`
        : `${String(waiting)} ${task} jobs wait already, of ${max} that may (MAX_PENDING_JOBS). Try again later.`;
    return new AerieError('OVERLOADED', message, { retryAfterMs: RETRY_AFTER_MS });
  }
}
