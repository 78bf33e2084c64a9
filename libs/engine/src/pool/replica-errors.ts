import { AerieError } from '@aerie/contracts';

/** The thread ended in the middle of a batch. */
export function replicaDied(name: string, cause: Error): AerieError {
  return new AerieError(
    'WORKER_LOST',
    `The replica of "${name}" that ran this request stopped; send it again`,
    {
      cause,
    },
  );
}

/** The batch took longer than any batch should. */
export function replicaStalled(name: string, stallTimeoutMs: number): AerieError {
  const message = `The replica of "${name}" did not finish within ${String(stallTimeoutMs)} ms and was replaced; send the request again`;
  return new AerieError('WORKER_LOST', message);
}

/** The kernel or the session threw. Details are for the log: they may hold paths. */
export function batchFailed(name: string, cause: unknown): AerieError {
  return new AerieError('INTERNAL', `"${name}" failed to process the request`, { cause });
}

/** The pool takes no more batches. */
export function poolClosed(name: string): AerieError {
  return new AerieError('MODEL_NOT_LOADED', `"${name}" was unloaded; send the request again`);
}

/** The first replica did not come up. */
export function modelNotLoaded(name: string, cause: unknown): AerieError {
  return new AerieError('MODEL_NOT_LOADED', `"${name}" could not be loaded`, { cause });
}
