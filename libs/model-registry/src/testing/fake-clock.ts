import type { Clock } from '@aerie/batching';
import { ManualTime } from '@aerie/test-support';

/** A clock that stands still until it is told to advance. */
export class FakeClock extends ManualTime implements Clock {
  schedule(delayMs: number, callback: () => void): () => void {
    return this.arm(delayMs, callback);
  }

  defer(callback: () => void): void {
    queueMicrotask(callback);
  }

  /** Lets time pass, firing what is due on the way, and lets what follows from it settle. */
  async advance(ms: number): Promise<void> {
    const steps = this.pass(ms);
    while (steps.next().done !== true) await settle();
  }
}

/** Lets everything that waits for nothing but promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
