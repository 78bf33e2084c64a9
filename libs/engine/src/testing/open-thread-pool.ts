import { type Clock, systemClock } from '@aerie/runtime';
import { MemoryLogger } from '@aerie/test-support';
import type { ReplicaPoolOptions } from '../engine.js';
import type { GpuInfo } from '../gpu/gpu-info.js';
import type { ReplicaPool } from '../replica-pool.js';
import { ThreadEngine } from '../thread-engine.js';

/** An item of the doubling kernel (test-fixtures/doubling.kernel.mjs). */
export interface DoublingItem {
  readonly values?: Float32Array;
  readonly refuse?: string;
  readonly unsendable?: boolean;
  readonly misfit?: string;
  /** Holds the thread: [entered, open]. */
  readonly gate?: Int32Array;
}

/** Options of the engine and the pool that a spec may change. */
export interface ThreadPoolSetup {
  readonly pool?: Partial<ReplicaPoolOptions>;
  readonly gpus?: readonly GpuInfo[];
  readonly clock?: Clock;
  readonly faultsAllowed?: boolean;
  readonly signal?: AbortSignal;
}

/** URL of a file in test-fixtures. */
export function fixtureUrl(name: string): string {
  return new URL(`../../test-fixtures/${name}`, import.meta.url).href;
}

/** An engine on real threads whose sessions are stand-ins (test-fixtures/fake-session.mjs). */
export function createThreadEngine({
  gpus = [],
  clock = systemClock,
  faultsAllowed = true,
}: ThreadPoolSetup = {}) {
  const logger = new MemoryLogger();
  const engine = new ThreadEngine({
    faultsAllowed,
    logger,
    cores: 2,
    gpus: () => Promise.resolve(gpus),
    clock,
    binding: { name: 'node', sessionFactoryUrl: fixtureUrl('fake-session.mjs'), control: null },
    platform: { os: 'linux', arch: 'x64' },
  });
  return { engine, logger };
}

/** Options of a pool of one replica with the doubling kernel. */
export function doublingPool(overrides: Partial<ReplicaPoolOptions> = {}): ReplicaPoolOptions {
  return {
    model: 'doubling',
    version: '1',
    modelPath: '/models/doubling/1/model.onnx',
    kernel: { moduleUrl: fixtureUrl('doubling.kernel.mjs'), options: {} },
    replicas: 1,
    device: 'cpu',
    stallTimeoutMs: 60_000,
    startTimeoutMs: 60_000,
    ...overrides,
  };
}

/** An item that holds its thread until it is let go, and the way to let it go. */
export function gatedItem(): { readonly item: DoublingItem; readonly letGo: () => void } {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  return {
    item: { gate },
    letGo: () => {
      Atomics.store(gate, 1, 1);
      Atomics.notify(gate, 1);
    },
  };
}

/** Resolves when the pool's capacity is `capacity`. */
export function capacityOf(pool: ReplicaPool<never, unknown>, capacity: number): Promise<void> {
  if (pool.capacity === capacity) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = pool.onCapacityChange((now) => {
      if (now !== capacity) return;
      stop();
      resolve();
    });
  });
}
