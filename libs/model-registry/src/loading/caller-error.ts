import { BatcherClosedError, DeadlineExceededError, QueueFullError } from '@aerie/batching';
import { AerieError } from '@aerie/contracts';
import type { ModelReference } from '../model-selector.js';

/** The error of a failed request as its caller may see it. The reason of the caller's own signal is kept. */
export function toCallerError(
  error: unknown,
  { name, version }: ModelReference,
  signal: AbortSignal | undefined,
): unknown {
  if (error instanceof AerieError || (signal?.aborted === true && error === signal.reason)) return error;
  const model = `model "${name}" version ${version}`;
  if (error instanceof QueueFullError) {
    const { maxQueueSize, retryAfterMs } = error;
    return new AerieError(
      'OVERLOADED',
      `The queue of ${model} is full: at most ${maxQueueSize} requests may wait (MAX_QUEUE_SIZE, or the manifest's batching.max_queue_size). Try again in ${Math.ceil(retryAfterMs / 1000)} s.`,
      { retryAfterMs, cause: error },
    );
  }
  if (error instanceof DeadlineExceededError) {
    const when = error.started ? 'while the model was running' : 'before the model ran';
    return new AerieError(
      'TIMEOUT',
      `The request timed out ${when}, after ${error.elapsedMs.toFixed(0)} ms at ${model}. Allow more time (REQUEST_TIMEOUT), send less at once, or try again later.`,
      { cause: error },
    );
  }
  if (error instanceof BatcherClosedError) {
    return new AerieError(
      'SHUTTING_DOWN',
      `The server is shutting down and accepts no more requests for ${model}.`,
      {
        cause: error,
      },
    );
  }
  return new AerieError(
    'INTERNAL',
    `The ${model} failed to process the request. The server's log has the reason.`,
    {
      cause: error,
    },
  );
}
