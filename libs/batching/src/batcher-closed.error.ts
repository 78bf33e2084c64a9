/** The batcher accepts no more requests: it is draining or closed. */
export class BatcherClosedError extends Error {
  override readonly name = 'BatcherClosedError';

  constructor() {
    super('the batcher is draining or closed and accepts no more requests');
  }
}
