import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { ModelRegistry } from '@aerie/model-registry';
import { Inject, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { DrainService } from '../http/drain/drain.service.js';
import { SERVER_VERSION } from '../server/version.js';
import { QueueIndicator } from '../jobs/queue.indicator.js';
import { GpuIndicator } from './gpu.indicator.js';
import type { HealthDto } from './health.dto.js';
import { ModelsIndicator } from './models.indicator.js';
import { ProcessIndicator } from './process.indicator.js';

const STATUS = {
  ok: 'healthy',
  degraded: 'degraded',
  error: 'unhealthy',
  shutting_down: 'unhealthy',
} as const;

/** What the three health routes answer. */
@Injectable()
export class HealthService {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly models: ModelsIndicator,
    private readonly gpu: GpuIndicator,
    private readonly process: ProcessIndicator,
    private readonly queue: QueueIndicator,
    private readonly registry: ModelRegistry,
    private readonly drain: DrainService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async read(): Promise<HealthDto> {
    const { status, details } = await this.#run();
    const gpu = details.gpu as { readonly available?: boolean } | undefined;
    return {
      status: STATUS[status],
      model_loaded: this.registry.health().loaded,
      gpu_available: gpu?.available ?? false,
      version: SERVER_VERSION,
      details,
    };
  }

  /** Why no traffic should come: a stop was asked for, or an eager version is not loaded and warmed. Null when ready. */
  get blocker(): AerieError | null {
    if (this.drain.draining) return new AerieError('SHUTTING_DOWN', 'The server is shutting down.');
    const { ready, models } = this.registry.health();
    if (ready) return null;
    const missing = models.filter(({ eager, state }) => eager && state !== 'ready');
    const names = missing.map(({ name, version, state }) => `${name}@${version} (${state})`).join(', ');
    return new AerieError('MODEL_NOT_LOADED', `Not every model is ready yet: ${names}.`);
  }

  /**
   * Forward progress, not just a reply: false when a model has had work for so long (LIVENESS_TIMEOUT) and no batch of
   * it finished.
   */
  get alive(): boolean {
    const limit = this.settings.models.livenessTimeoutMs;
    return this.registry.health().models.every(({ stalledForMs }) => (stalledForMs ?? 0) < limit);
  }

  /** Terminus throws when a check is down; the body is the same either way. */
  async #run(): Promise<HealthCheckResult> {
    try {
      return await this.checks.check([
        () => this.models.check(),
        () => this.gpu.check(),
        () => this.queue.check(),
        () => this.process.eventLoop(),
        () => this.process.memory(),
        () => this.process.disk(),
      ]);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
