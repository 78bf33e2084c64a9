import { AerieError } from '@aerie/contracts';

/** The thread ended in the middle of a batch. */
export function replicaDied(name: string, cause: Error): AerieError {
  return new AerieError(
    'WORKER_LOST',
    `The replica of "${name}" that ran this request stopped; send the request again`,
    {
      cause,
    },
  );
}

/** The batch took longer than any batch should. */
export function replicaStalled(name: string, stallTimeoutMs: number, cause: Error): AerieError {
  const message = `The replica of "${name}" did not finish within ${String(stallTimeoutMs)} ms and was replaced; send the request again`;
  return new AerieError('WORKER_LOST', message, { cause });
}

/** The batch took longer than any batch should, and was ended. */
export function runOvertime(name: string, stallTimeoutMs: number): AerieError {
  const message = `A run of "${name}" did not finish within ${String(stallTimeoutMs)} ms and was ended; send the request again`;
  return new AerieError('WORKER_LOST', message);
}

/** The kernel or the session threw. Details go only to the log, because they may contain paths. */
export function batchFailed(name: string, cause: unknown): AerieError {
  return new AerieError('INTERNAL', `"${name}" failed to process the request`, { cause });
}

/** The pool accepts no more batches. */
export function poolClosed(name: string): AerieError {
  return new AerieError('MODEL_NOT_LOADED', `"${name}" was unloaded; send the request again`);
}

/** The first replica failed to start. */
export function modelNotLoaded(name: string, cause: unknown): AerieError {
  return new AerieError('MODEL_NOT_LOADED', `"${name}" could not be loaded`, { cause });
}
