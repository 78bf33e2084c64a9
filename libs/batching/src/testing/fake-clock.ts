import { ManualTime } from '@aerie/test-support';
import type { Clock } from '../clock.js';

/** A clock that goes on only when told to. */
export class FakeClock extends ManualTime implements Clock {
  #deferred: (() => void)[] = [];

  schedule(delayMs: number, callback: () => void): () => void {
    return this.arm(delayMs, callback);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Ends the current turn of the event loop: promises settle, deferred work runs, until nothing is left to do. */
  async endTurn(): Promise<void> {
    do {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const callback of deferred) callback();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#deferred.length > 0);
  }

  /** Lets time pass, firing what falls due, then ends the turn. */
  async advance(ms: number): Promise<void> {
    Array.from(this.pass(ms));
    await this.endTurn();
  }
}
