import { serializeError, type SerializedError } from '@aerie/runtime';
import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';
import type { SessionFactory, SessionOptions } from './session-factory.js';

/** A session for several threads. */
export interface SharedSession {
  readonly session: bigint;
  readonly provider: string;
  readonly deviceId: number | null;
}

/** An execution provider that failed to create a session. */
export interface ProviderFailure {
  readonly provider: string;
  readonly error: SerializedError;
}

/** Options for {@link openSession}. */
export interface OpenSessionOptions extends Omit<SessionOptions, 'provider'> {
  /** Module of the binding; see {@link SessionFactory}. */
  readonly sessionFactoryUrl: string;
  /** Execution providers to try, in order. */
  readonly attempts: readonly ProviderAttempt[];
  /** A session that another thread has handed over; null creates one. */
  readonly attachTo: SharedSession | null;
}

/** A session, and how it came about. */
export interface OpenedSession {
  readonly session: InferenceSession;
  /** GPU of the session; null on the CPU. */
  readonly deviceId: number | null;
  /** Execution providers that were tried before the one that worked. */
  readonly failedProviders: readonly ProviderFailure[];
}

/** Attaches to the session of another thread, or creates one with the first execution provider that works. */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession> {
  const { sessionFactoryUrl, attempts, attachTo, ...sessionOptions } = options;
  const { createSession, attachSession } = (await import(sessionFactoryUrl)) as SessionFactory;
  if (attachTo !== null && attachSession !== undefined) {
    const { session, provider, deviceId } = attachTo;
    return { session: attachSession(session, provider), deviceId, failedProviders: [] };
  }
  const failedProviders: ProviderFailure[] = [];
  let lastError: unknown = new Error('There is no execution provider to try. This is a bug.');
  for (const provider of attempts) {
    try {
      const session = await createSession({ ...sessionOptions, provider });
      return { session, deviceId: provider.deviceId, failedProviders };
    } catch (error) {
      lastError = error;
      failedProviders.push({ provider: provider.name, error: serializeError(error) });
    }
  }
  throw lastError;
}
