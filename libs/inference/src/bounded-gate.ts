import { AerieError } from '@aerie/contracts';

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets a fixed number of calls run at once and a fixed number wait, first come, first served.
 * Further ones are refused at once: a queue without a limit only turns overload into timeouts.
 */
export class BoundedGate {
  readonly #name: string;
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #waiters = new Set<Waiter>();
  #running = 0;

  /** @param name what is limited, for the message, such as `image decoding` */
  constructor(name: string, limit: number, maxWaiting: number) {
    this.#name = name;
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Runs `work` when it is its turn.
   *
   * @throws AerieError OVERLOADED at once if too many already wait; the signal's reason if it aborts first.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running >= this.#limit) await this.#turn(signal);
    else this.#running++;
    try {
      // It may have aborted between its admission and this line.
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#leave();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= this.#maxWaiting) {
      const message = `Too many requests wait for ${this.#name}: the limit is ${String(this.#maxWaiting)}. Try again shortly.`;
      throw new AerieError('OVERLOADED', message);
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        enter: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Passes the place to the next in the queue, or frees it. */
  #leave(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiters.delete(next);
    next.enter();
  }
}
