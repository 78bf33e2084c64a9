import { parentPort, workerData } from 'node:worker_threads';
import { BatchRunner } from './batch-runner.js';
import { loadReplica } from './load-replica.js';
import type { MessageFromReplica, MessageToReplica, ReplicaThreadData } from './protocol.js';
import { serializeFailure } from './serialized-failure.js';

/** Entry of a replica's thread: loads the model, then serves batches until it is told to close. */
if (parentPort === null) throw new Error('replica.worker.js runs in a worker thread only.');
const port = parentPort;
const answers = {
  postMessage(message: MessageFromReplica, transfer?: readonly ArrayBuffer[]): void {
    port.postMessage(message, transfer);
  },
};

try {
  const { session, kernel, ready } = await loadReplica(workerData as ReplicaThreadData);
  const runner = new BatchRunner(session, kernel, answers);
  port.on('message', (message: MessageToReplica) => {
    switch (message.type) {
      case 'run':
        void runner.run(message);
        break;
      case 'close':
        // A kernel's own handles must not keep the thread, so it does not end by itself.
        void runner.close().finally(() => process.exit(0));
    }
  });
  answers.postMessage(ready);
} catch (error) {
  // Nothing is left to keep the thread, unless a kernel's module holds a handle: the pool ends it then.
  answers.postMessage({ type: 'start-failed', error: serializeFailure(error) });
}
