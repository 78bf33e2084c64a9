import { statfs } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { SETTINGS, type Settings } from '@aerie/config';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

const MEGABYTE = 1_000_000;
const RESOLUTION_MS = 10;

/** The process itself: event-loop delay, memory, and the disk of the model repository. */
@Injectable()
export class ProcessIndicator implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #indicators: HealthIndicatorService;
  readonly #path: string;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(indicators: HealthIndicatorService, @Inject(SETTINGS) settings: Settings) {
    this.#indicators = indicators;
    this.#path = settings.models.path;
  }

  onApplicationBootstrap(): void {
    this.#delay.enable();
  }

  onApplicationShutdown(): void {
    this.#delay.disable();
  }

  /** Milliseconds beyond the sampling interval, since the last check. */
  eventLoop() {
    const delayMs = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION_MS);
    const data = {
      delay_p50_ms: delayMs(this.#delay.percentile(50)),
      delay_p99_ms: delayMs(this.#delay.percentile(99)),
      delay_max_ms: delayMs(this.#delay.max),
    };
    this.#delay.reset();
    return this.#indicators.check('event_loop').up(data);
  }

  memory() {
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return this.#indicators.check('memory').up({
      rss_mb: Math.round(rss / MEGABYTE),
      heap_used_mb: Math.round(heapUsed / MEGABYTE),
      external_mb: Math.round(external / MEGABYTE),
      array_buffers_mb: Math.round(arrayBuffers / MEGABYTE),
    });
  }

  async disk() {
    const { bsize, blocks, bavail } = await statfs(this.#path);
    return this.#indicators.check('disk').up({
      total_mb: Math.round((bsize * blocks) / MEGABYTE),
      free_mb: Math.round((bsize * bavail) / MEGABYTE),
    });
  }
}
