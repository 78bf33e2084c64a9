import type { FinishedBatch, InferenceSession, Kernel } from '../kernel.js';
import type { FaultKind, StageTimes } from '../replica-pool.js';

/** A batch that ran, and the time of each stage. */
export interface TimedBatch extends FinishedBatch<unknown> {
  readonly times: StageTimes;
}

/** Runs one batch: items to tensors, the model, tensors to results. */
export async function runBatch(
  session: Pick<InferenceSession, 'run'>,
  kernel: Kernel<unknown, unknown>,
  items: readonly unknown[],
  fault: FaultKind | null,
): Promise<TimedBatch> {
  const startedAt = performance.now();
  const { feeds, state } = kernel.prepare(items);
  const preparedAt = performance.now();
  if (fault !== null) commitFault(fault);
  const outputs = feeds === null ? {} : await session.run(feeds);
  const computedAt = performance.now();
  const finished = kernel.finish(outputs, state);
  if (finished.results.length !== items.length) {
    throw new Error(
      `The kernel returned ${String(finished.results.length)} results for ${String(items.length)} items.`,
    );
  }
  const times = {
    preprocessMs: preparedAt - startedAt,
    computeMs: computedAt - preparedAt,
    postprocessMs: performance.now() - computedAt,
  };
  return { ...finished, times };
}

/** Applies a fault to this thread or the whole process, for tests of the failure paths. */
function commitFault(kind: FaultKind): void {
  switch (kind) {
    case 'throw':
      throw new Error('Injected fault: throw');
    case 'hang':
      blockForEver();
      break;
    case 'die':
      // In a worker thread this ends the thread only.
      process.exit(1);
      break;
    case 'crash':
      // process.abort() is refused in worker threads; a crash in native code ends with this signal.
      process.kill(process.pid, 'SIGABRT');
      blockForEver();
  }
}

/** No other thread has this memory, so none can wake this thread. */
function blockForEver(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
