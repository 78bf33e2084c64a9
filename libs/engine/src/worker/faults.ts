import type { FaultKind } from '../replica-pool.js';

/** Does to this thread, or to the whole process, what the fault says. For tests of the failure paths. */
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
      // process.abort() is refused in worker threads; the signal is what a crash in native code ends with.
      process.kill(process.pid, 'SIGABRT');
      blockForEver();
  }
}

/** Nobody else has this memory, so nobody can wake the thread. */
function blockForEver(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
