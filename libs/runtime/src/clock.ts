/** The longest delay of a Node timer, in milliseconds. A longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Time and timers. Tests pass a fake clock, which stands still until it is advanced. */
export interface Clock {
  /** Milliseconds since a fixed moment. Never decreases. */
  now(): number;
  /**
   * Calls `callback` once after `delayMs`, at most {@link MAX_TIMER_MS}.
   *
   * @returns a function that cancels the timer; harmless once it has fired
   */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Calls `callback` once, at the end of the current turn of the event loop. */
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
  // The check phase follows the poll phase, so it sees the data of all sockets of this turn. A microtask would
  // run between two sockets.
  defer: (callback) => {
    setImmediate(callback);
  },
};

/** The same clock for background work. Its timers do not keep the process alive. */
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
 * @returns a function that stops it
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
