/** The deadline of a request passed before its results were complete. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';

  constructor(
    /** Time the request had spent in the batcher, in milliseconds; 0 if it arrived too late to be accepted. */
    readonly elapsedMs: number,
    /** Whether any item of the request had been started. */
    readonly started: boolean,
  ) {
    super(
      `the deadline passed after ${elapsedMs.toFixed(0)} ms, ` +
        (started ? 'while the model was running' : 'before the model ran'),
    );
  }
}
