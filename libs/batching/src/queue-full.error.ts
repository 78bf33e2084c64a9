/** The queue is full. The request was refused at once, and none of it ran. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';

  constructor(
    /** Maximum number of waiting requests. */
    readonly maxQueueSize: number,
    /** When the waiting requests should have run, in milliseconds from now: 1,000 to 60,000. */
    readonly retryAfterMs: number,
  ) {
    super(
      `${String(maxQueueSize)} requests are waiting for this model, which is the limit; ` +
        `try again in ${String(Math.ceil(retryAfterMs / 1000))} s`,
    );
  }
}
