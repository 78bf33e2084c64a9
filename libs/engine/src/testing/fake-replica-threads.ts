import { type FakeThread, FakeThreads } from '@aerie/test-support';
import type { ReadyReplica, ReplicaReply, RunMessage } from '../worker/protocol.js';

/** A replica's thread that does what the spec tells it. */
export type FakeReplicaThread = FakeThread<RunMessage, ReplicaReply, ReadyReplica>;

/** The threads of a pool, with the number of each one's replica. */
export class FakeReplicaThreads extends FakeThreads<RunMessage, ReplicaReply, ReadyReplica> {
  readonly replicas: number[] = [];

  readonly spawnReplica =
    (index: number): typeof this.spawn =>
    (listener) => {
      this.replicas.push(index);
      return this.spawn(listener);
    };
}

/** A model as threads of specs find it. */
export const READY_REPLICA: ReadyReplica = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch'] }],
  outputs: [],
  provider: 'cpu',
  deviceId: null,
  failedProviders: [],
  handles: null,
};

/** Answers the running batch with one `value` per item. */
export function answer(thread: FakeReplicaThread, value: unknown): void {
  const results = (thread.posted.at(-1)?.items ?? []).map(() => ({ ok: true as const, value }));
  thread.say({ type: 'done', results, times: { preprocessMs: 0, computeMs: 0, postprocessMs: 0 } });
}
