import { type Clock, systemClock } from '@aerie/runtime';
import type { GpuInfo } from './gpu-info.js';
import { listGpus } from './list-gpus.js';

/** Options for a {@link GpuMonitor}. */
export interface GpuMonitorOptions {
  /** Default: {@link listGpus}. */
  readonly list?: () => Promise<readonly GpuInfo[]>;
  /** A reading younger than this is answered from memory. Default: 5,000. */
  readonly maxAgeMs?: number;
  readonly clock?: Clock;
}

/** Reads the GPUs for health and metrics: on request, at most once per `maxAgeMs`, and once for concurrent requests. */
export class GpuMonitor {
  readonly #list: () => Promise<readonly GpuInfo[]>;
  readonly #maxAgeMs: number;
  readonly #clock: Clock;
  #reading: { readonly gpus: readonly GpuInfo[]; readonly readAtMs: number } | null = null;
  #inProgress: Promise<readonly GpuInfo[]> | null = null;

  constructor({ list = () => listGpus(), maxAgeMs = 5_000, clock = systemClock }: GpuMonitorOptions = {}) {
    this.#list = list;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** The latest reading, or a new one if that is too old. */
  read(): Promise<readonly GpuInfo[]> {
    if (this.#reading !== null && this.#clock.now() - this.#reading.readAtMs < this.#maxAgeMs) {
      return Promise.resolve(this.#reading.gpus);
    }
    this.#inProgress ??= this.#refresh();
    return this.#inProgress;
  }

  async #refresh(): Promise<readonly GpuInfo[]> {
    try {
      const gpus = await this.#list();
      this.#reading = { gpus, readAtMs: this.#clock.now() };
      return gpus;
    } finally {
      this.#inProgress = null;
    }
  }
}
