/**
 * Inference outside the caller's thread. {@link ThreadEngine} opens pools of replicas: worker threads that each hold a
 * session and a task's kernel and run one batch at a time. A replica that dies or hangs fails its own batch and is
 * replaced.
 *
 * @packageDocumentation
 */
export type * from './engine.js';
export type * from './gpu/gpu-info.js';
export type * from './kernel.js';
export type * from './ort-binding.js';
export type * from './replica-pool.js';
export type * from './tensor.js';
export type * from './worker/session-factory.js';
export type { ProviderAttempt, ProviderPlatform } from './providers/resolve-providers.js';
export { GpuMonitor, type GpuMonitorOptions } from './gpu/gpu-monitor.js';
export { listGpus, type ListGpusOptions } from './gpu/list-gpus.js';
export { openOrtBinding, type OpenOrtBindingOptions } from './native/open-binding.js';
export { SharedSessions, type ThreadSession } from './shared-sessions.js';
export * from './worker/open-session.js';
export { ThreadEngine, type ThreadEngineOptions } from './thread-engine.js';
