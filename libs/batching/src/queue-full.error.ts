/** The queue is full: the request was refused at once, and none of it ran. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';

  constructor(
    /** Maximum number of waiting requests. */
    readonly maxQueueSize: number,
    /** When the waiting requests should have run, in milliseconds from now: 1,000 to 60,000. */
    readonly retryAfterMs: number,
  ) {
    super(
      `at most ${String(maxQueueSize)} requests may wait for this model and as many do; ` +
        `try again in ${String(Math.ceil(retryAfterMs / 1000))} s`,
    );
  }
}
