import type { GenerationEngineOptions } from './generation-engine-options.js';
import type { WorkerOptions } from './worker/messages.js';

/** Options for the generation thread: the engine's options with their defaults. */
export function workerOptionsOf(options: GenerationEngineOptions): WorkerOptions {
  return {
    modelPath: options.modelPath,
    sessionModuleUrl: options.sessionModuleUrl,
    providers: options.providers ?? [{ name: 'cpu', deviceId: null }],
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
