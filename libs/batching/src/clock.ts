/** Where the batcher takes its time from, so that tests can hand it theirs. */
export interface Clock {
  /** Milliseconds since a fixed moment; never goes back. */
  now(): number;
  /** Calls `callback` once after `delayMs` (0 to 2^31-1). Returns the way to call it off. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Calls `callback` once, after whatever else the current turn of the event loop has in store. */
  defer(callback: () => void): void;
}

/** The process's monotonic clock: `performance.now()`, and timers that keep the process alive while armed. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  // The check phase comes right after the poll phase: it sees everything that the sockets of this turn brought,
  // where a microtask would run between two sockets.
  defer: (callback) => {
    setImmediate(callback);
  },
};
