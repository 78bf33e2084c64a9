import type { SharedSession, SharedSessions } from '@aerie/engine';
import { type SpawnThread, spawnWorkerThread } from '@aerie/runtime';
import type { GenerationEngineOptions } from './generation-engine-options.js';
import type { FromWorker, LanguageModelInfo, ToWorker, WorkerOptions } from './worker/messages.js';

/** The number by which an engine's sessions know its one thread. */
export const ONLY_THREAD = 0;

/** Threads load built files; sources that run from a checkout (as in specs) point to the last build. */
const WORKER_URL = new URL(
  `${import.meta.url.endsWith('.ts') ? '../dist' : '.'}/worker/generation.worker.js`,
  import.meta.url,
);

/** Starts the generation thread of an engine; one that replaces another attaches to its session, where the binding can. */
export function generationThread(
  options: GenerationEngineOptions,
  sessions: SharedSessions,
): SpawnThread<ToWorker, FromWorker, LanguageModelInfo> {
  return spawnWorkerThread({
    url: WORKER_URL,
    name: `generation ${options.name}`,
    data: () => workerOptionsOf(options, sessions.sessionFor(ONLY_THREAD)),
  });
}

/** The engine's options with their defaults. */
function workerOptionsOf(options: GenerationEngineOptions, attachTo: SharedSession | null): WorkerOptions {
  return {
    modelPath: options.modelPath,
    attachTo,
    sessionFactoryUrl: options.binding.sessionFactoryUrl,
    attempts: options.providers ?? [{ name: 'cpu', deviceId: null }],
    directory: options.directory,
    contextLength: options.contextLength ?? 2048,
    maxSlots: options.maxSlots ?? 8,
    chunkSize: options.chunkSize ?? 64,
    kvBudgetBytes: options.kvBudgetBytes ?? null,
    prefixCacheBytes: options.prefixCacheBytes ?? 256 * 1024 * 1024,
    intraOpThreads: options.intraOpThreads ?? 1,
    allowSpinning: options.allowSpinning ?? false,
    spinMicroseconds: options.spinMicroseconds ?? 20,
    queryGroups: options.queryGroups ?? null,
    faultsAllowed: options.faultsAllowed ?? false,
  };
}
