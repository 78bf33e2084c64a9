import type { ThrottlerStorage } from '@nestjs/throttler';

const BUCKET = 'queue-page';
const LIMIT = 10;
const WINDOW_MS = 60_000;

interface Tries {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * Limits password attempts. After ten wrong ones from an address within a minute, none is checked until the minute is
 * over, not even the right one. This process counts at once, so that concurrent attempts do not evade the limit. The
 * storage of the rate limits counts too, so that attempts at other processes and servers do not evade it.
 */
export class WrongPasswords {
  readonly #storage: ThrottlerStorage;
  readonly #tries = new Map<string, Tries>();

  constructor(storage: ThrottlerStorage) {
    this.#storage = storage;
  }

  /** How long the address has to wait, in milliseconds; 0 if it does not. */
  waitMs(address: string): number {
    const tries = this.#tries.get(address);
    return tries === undefined || tries.count < LIMIT ? 0 : Math.max(0, tries.until - Date.now());
  }

  async count(address: string): Promise<void> {
    this.#record(address, 1, WINDOW_MS);
    const { totalHits, timeToExpire } = await this.#storage.increment(
      `${BUCKET}:${address}`,
      WINDOW_MS,
      LIMIT,
      0,
      BUCKET,
    );
    if (totalHits >= LIMIT) this.#record(address, LIMIT, timeToExpire * 1000);
  }

  #record(address: string, count: number, windowMs: number): void {
    const now = Date.now();
    for (const [other, { until }] of this.#tries) if (until <= now) this.#tries.delete(other);
    const tries = this.#tries.get(address) ?? { count: 0, until: now + windowMs };
    this.#tries.set(address, { ...tries, count: tries.count + count });
  }
}
