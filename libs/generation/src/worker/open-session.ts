import type { CreateSession, InferenceSession, ProviderFailure } from '@aerie/engine';
import { type NativeGuard, serializeError } from '@aerie/runtime';
import type { WorkerOptions } from './messages.js';

/** Options for opening a session. */
export type OpenSessionOptions = Pick<
  WorkerOptions,
  'sessionModuleUrl' | 'modelPath' | 'providers' | 'intraOpThreads' | 'allowSpinning' | 'spinMicroseconds'
>;

/** A session, and the execution providers that failed before it. */
export interface OpenedSession {
  readonly session: InferenceSession;
  readonly failedProviders: readonly ProviderFailure[];
}

/** Opens the model with the first execution provider that works. The guard is held inside the session's calls. */
export async function openSession(options: OpenSessionOptions, guard: NativeGuard): Promise<OpenedSession> {
  const { sessionModuleUrl, modelPath, providers, intraOpThreads, allowSpinning, spinMicroseconds } = options;
  const createSession = await importCreateSession(sessionModuleUrl);
  const failedProviders: ProviderFailure[] = [];
  let lastError: unknown = new Error('there is no execution provider to try. This is a bug.');
  for (const provider of providers) {
    try {
      const session = await guard.run(() =>
        createSession({ modelPath, provider, intraOpThreads, allowSpinning, spinMicroseconds }),
      );
      return { session: guarded(session, guard), failedProviders };
    } catch (error) {
      lastError = error;
      failedProviders.push({ provider: provider.name, error: serializeError(error) });
    }
  }
  throw lastError;
}

async function importCreateSession(url: string): Promise<CreateSession> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const { createSession } = module;
  if (typeof createSession !== 'function') throw new Error(`${url} exports no function "createSession"`);
  return createSession as CreateSession;
}

function guarded(session: InferenceSession, guard: NativeGuard): InferenceSession {
  const { inputs, outputs, provider } = session;
  return {
    inputs,
    outputs,
    provider,
    run: (feeds, into) => guard.run(() => session.run(feeds, into)),
    release: () => guard.run(() => session.release()),
  };
}
