import { serveThread } from '@aerie/runtime';
import { BatchRunner, type BatchSession } from './batch-runner.js';
import { loadReplica } from './load-replica.js';
import type { ReadyReplica, ReplicaReply, ReplicaThreadData, RunMessage } from './protocol.js';

/** Entry of a replica's thread: loads the model, then serves batches until it is told to close. */
await serveThread<ReplicaThreadData, RunMessage, ReplicaReply, ReadyReplica>(
  async ({ data, guard, post }) => {
    const { session, kernel, ready } = await guard.run(() => loadReplica(data));
    const guarded: BatchSession = {
      run: (feeds) => guard.run(() => session.run(feeds)),
      release: () => guard.run(() => session.release()),
    };
    const runner = new BatchRunner(guarded, kernel, post);
    return { ready, receive: (message) => void runner.run(message), close: () => runner.close() };
  },
);
