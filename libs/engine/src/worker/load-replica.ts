import { AerieError } from '@aerie/contracts';
import { serializeError } from '@aerie/runtime';
import type { CreateKernel, InferenceSession, Kernel } from '../kernel.js';
import type { ProviderFailure, ReadyReplica, ReplicaThreadData } from './protocol.js';
import { runBatch } from './run-batch.js';
import type { CreateSession } from './session-module.js';

/** A model and its kernel, loaded into this thread. */
export interface LoadedReplica {
  readonly session: InferenceSession;
  readonly kernel: Kernel<unknown, unknown>;
  readonly ready: ReadyReplica;
}

/** Imports the modules, creates the session with the first provider that works and the kernel on it, and tries them. */
export async function loadReplica(data: ReplicaThreadData): Promise<LoadedReplica> {
  const createSession = await importFunction<CreateSession>(data.sessionModuleUrl, 'createSession');
  const createKernel = await importFunction<CreateKernel<unknown, unknown, unknown>>(
    data.kernel.moduleUrl,
    'createKernel',
  );
  const { session, deviceId, failedProviders } = await createFirstSession(createSession, data);
  const kernel = await createKernel({ session, options: data.kernel.options });
  if (data.trialItems.length > 0) await tryOut(session, kernel, data.trialItems);
  const { inputs, outputs, provider } = session;
  return { session, kernel, ready: { inputs, outputs, provider, deviceId, failedProviders } };
}

async function createFirstSession(
  createSession: CreateSession,
  { attempts, modelPath, intraOpThreads, dynamicQuantization }: ReplicaThreadData,
): Promise<{
  session: InferenceSession;
  deviceId: number | null;
  failedProviders: readonly ProviderFailure[];
}> {
  const failedProviders: ProviderFailure[] = [];
  let lastError: unknown = new Error('There is no execution provider to try. This is a bug.');
  for (const provider of attempts) {
    try {
      const session = await createSession({ modelPath, intraOpThreads, dynamicQuantization, provider });
      return { session, deviceId: provider.deviceId, failedProviders };
    } catch (error) {
      lastError = error;
      failedProviders.push({ provider: provider.name, error: serializeError(error) });
    }
  }
  throw lastError;
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

async function importFunction<F>(url: string, name: string): Promise<F> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const exported = module[name];
  if (typeof exported !== 'function') throw new Error(`${url} exports no function "${name}".`);
  return exported as F;
}
