import { serializeError } from '@aerie/runtime';
import type { CreateKernel, InferenceSession, Kernel } from '../kernel.js';
import type { ProviderFailure, ReadyReplica, ReplicaThreadData } from './protocol.js';
import type { CreateSession } from './session-module.js';

/** A model and its kernel, loaded into this thread. */
export interface LoadedReplica {
  readonly session: InferenceSession;
  readonly kernel: Kernel<unknown, unknown>;
  readonly ready: ReadyReplica;
}

/** Imports the modules, creates the session with the first provider that works, and the kernel on it. */
export async function loadReplica(data: ReplicaThreadData): Promise<LoadedReplica> {
  const createSession = await importFunction<CreateSession>(data.sessionModuleUrl, 'createSession');
  const createKernel = await importFunction<CreateKernel<unknown, unknown, unknown>>(
    data.kernel.moduleUrl,
    'createKernel',
  );
  const { session, deviceId, failedProviders } = await createFirstSession(createSession, data);
  const kernel = await createKernel({ session, options: data.kernel.options });
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

async function importFunction<F>(url: string, name: string): Promise<F> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const exported = module[name];
  if (typeof exported !== 'function') throw new Error(`${url} exports no function "${name}".`);
  return exported as F;
}
