import type { Clock } from '../clock.js';

/** Slices of a limit. After a suspension at most one of them is lost. */
const SLICES = 4;

/**
 * One timer whose time passes in slices. When the machine or this process was suspended, the slice that was running
 * ends at once on resuming, whatever it had left; those after it give the watched thread, which stood still as well,
 * time to report.
 */
export class SlicedTimer {
  readonly #clock: Clock;
  #cancel = (): void => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` after `limitMs`, instead of what was armed before. */
  arm(limitMs: number, callback: () => void): void {
    this.disarm();
    this.#schedule(limitMs / SLICES, SLICES, callback);
  }

  disarm(): void {
    this.#cancel();
  }

  #schedule(sliceMs: number, slices: number, callback: () => void): void {
    this.#cancel = this.#clock.schedule(sliceMs, () => {
      if (slices > 1) this.#schedule(sliceMs, slices - 1, callback);
      else callback();
    });
  }
}
