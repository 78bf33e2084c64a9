import type { FaultKind } from '../replica-pool.js';

/** Applies a fault to this thread or the whole process, for tests of the failure paths. */
export function commitFault(kind: FaultKind): void {
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
