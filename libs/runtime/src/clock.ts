/** The longest delay that a timer of Node takes, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Time and timers. A test passes its own clock in, which stands still until it is told to advance. */
export interface Clock {
  /** Milliseconds since a fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once after `delayMs`; a delay above {@link MAX_TIMER_MS} is cut to that.
   *
   * @returns cancels the timer; harmless once it has fired
   */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Calls `callback` once, after everything else that the current turn of the event loop brings. */
  defer(callback: () => void): void;
}

/** The machine's monotonic clock. Its timers keep the process alive while they are armed. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = arm(delayMs, callback);
    return () => {
      clearTimeout(timer);
    };
  },
  // The check phase follows the poll phase: it sees everything that the sockets of this turn brought, where a
  // microtask would run between two sockets.
  defer: (callback) => {
    setImmediate(callback);
  },
};

/** The same clock for background work: its timers alone do not keep the process alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  schedule: (delayMs, callback) => {
    const timer = arm(delayMs, callback);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * Calls `callback` every `intervalMs`, the first time after one interval.
 *
 * @returns stops it
 */
export function every(clock: Clock, intervalMs: number, callback: () => void): () => void {
  let cancel = clock.schedule(intervalMs, tick);
  function tick(): void {
    cancel = clock.schedule(intervalMs, tick);
    callback();
  }
  return () => {
    cancel();
  };
}

function arm(delayMs: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
}
