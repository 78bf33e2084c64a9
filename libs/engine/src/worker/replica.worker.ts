import { parentPort, workerData } from 'node:worker_threads';
import { NativeGuard } from '@aerie/contracts';
import { serializeError } from '@aerie/runtime';
import type { InferenceSession } from '../kernel.js';
import { BatchRunner } from './batch-runner.js';
import { loadReplica } from './load-replica.js';
import type { MessageFromReplica, MessageToReplica, ReplicaThreadData } from './protocol.js';

/** Entry point of a replica's thread: loads the model, then runs batches until it is closed. */
if (parentPort === null) throw new Error('replica.worker.js runs only in a worker thread.');
const port = parentPort;
const answers = {
  postMessage(message: MessageFromReplica, transfer?: readonly ArrayBuffer[]): void {
    port.postMessage(message, transfer);
  },
};

const data = workerData as ReplicaThreadData;
const guard = new NativeGuard(data.guard);
let runner: BatchRunner | null = null;

port.on('message', (message: MessageToReplica) => {
  switch (message.type) {
    case 'run':
      void runner?.run(message);
      break;
    case 'close':
      // A kernel's own handles must not keep the thread, so it does not end by itself.
      void runner?.close().finally(() => process.exit(0));
      break;
    case 'exit':
      // Messages arrive between two turns of the loop, so nothing native is running.
      process.exit(0);
  }
});

try {
  const { session, kernel, ready } = await guard.run(() => loadReplica(data));
  const guarded: InferenceSession = {
    inputs: session.inputs,
    outputs: session.outputs,
    provider: session.provider,
    run: (feeds) => guard.run(() => session.run(feeds)),
    release: () => guard.run(() => session.release()),
  };
  runner = new BatchRunner(guarded, kernel, answers);
  answers.postMessage(ready);
} catch (error) {
  // The pool ends the thread.
  answers.postMessage({ type: 'start-failed', error: serializeError(error) });
}
