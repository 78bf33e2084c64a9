import { AerieError } from '@aerie/contracts';
import type { CreateKernel, InferenceSession, Kernel } from '../kernel.js';
import { openSession } from './open-session.js';
import type { ReadyReplica, ReplicaThreadData } from './protocol.js';
import { runBatch } from './run-batch.js';

/** A model and its kernel, loaded into this thread. */
export interface LoadedReplica {
  readonly session: InferenceSession;
  readonly kernel: Kernel<unknown, unknown>;
  readonly ready: ReadyReplica;
}

/**
 * Opens the session, creates the kernel on it, and tries them. The session stays for the other replicas' threads, where
 * the binding can share it.
 */
export async function loadReplica({
  kernel,
  trialItems,
  ...data
}: ReplicaThreadData): Promise<LoadedReplica> {
  const { createKernel } = (await import(kernel.moduleUrl)) as {
    readonly createKernel: CreateKernel<unknown, unknown, unknown>;
  };
  const { session, deviceId, failedProviders } = await openSession(data);
  try {
    const created = await createKernel({ session, options: kernel.options });
    if (trialItems.length > 0) await tryOut(session, created, trialItems);
    session.handOver();
    const { inputs, outputs, provider, handles } = session;
    const ready = { inputs, outputs, provider, deviceId, failedProviders, handles };
    return { session, kernel: created, ready };
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function tryOut(
  session: InferenceSession,
  kernel: Kernel<unknown, unknown>,
  items: readonly unknown[],
): Promise<void> {
  try {
    const { results } = await runBatch(session, kernel, items, null);
    for (const result of results) if (!result.ok) throw new Error(`an item was refused: ${result.message}`);
  } catch (error) {
    if (error instanceof AerieError) throw error;
    throw new AerieError('MODEL_NOT_LOADED', "the model's trial run failed", { cause: error });
  }
}
