import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { DrainService, SERVER_VERSION } from '@aerie/http';
import { ModelRegistry } from '@aerie/model-registry';
import { Inject, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, type HealthIndicatorFunction } from '@nestjs/terminus';
import { HEALTH_CHECKS, HEALTH_OPTIONS, type HealthOptions } from './health-options.js';
import type { HealthDto } from './health.dto.js';

const STATUS = {
  ok: 'healthy',
  degraded: 'degraded',
  error: 'unhealthy',
  shutting_down: 'unhealthy',
} as const;

/** Answers the three health routes. */
@Injectable()
export class HealthService {
  constructor(
    private readonly runner: HealthCheckService,
    @Inject(HEALTH_CHECKS) private readonly checks: HealthIndicatorFunction[],
    @Inject(HEALTH_OPTIONS) private readonly options: HealthOptions,
    private readonly registry: ModelRegistry,
    private readonly drain: DrainService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async read(): Promise<HealthDto> {
    const [{ status, details }, fields] = await Promise.all([this.#run(), this.options.fields?.()]);
    const gpu = details.gpu as { readonly available?: boolean } | undefined;
    return {
      status: this.alive ? STATUS[status] : 'unhealthy',
      model_loaded: this.registry.health().loaded,
      gpu_available: gpu?.available ?? false,
      version: SERVER_VERSION,
      ...fields,
      details,
    };
  }

  /** Why no traffic should be sent: a stop was requested, or something is missing. Null if ready. */
  async blocker(): Promise<AerieError | null> {
    if (this.drain.draining) return new AerieError('SHUTTING_DOWN', 'The server is shutting down.');
    const { ready, models } = this.registry.health();
    if (ready || !this.options.needsModels) return (await this.options.blocker?.()) ?? null;
    const missing = models.filter(({ eager, state }) => eager && state !== 'ready');
    const names = missing.map(({ name, version, state }) => `${name}@${version} (${state})`).join(', ');
    return new AerieError('MODEL_NOT_LOADED', `Not every model is ready yet: ${names}.`);
  }

  /**
   * Whether the server makes progress. False if a model has had work for LIVENESS_TIMEOUT without finishing a batch.
   */
  get alive(): boolean {
    const limit = this.settings.models.livenessTimeoutMs;
    return this.registry.health().models.every(({ stalledForMs }) => (stalledForMs ?? 0) < limit);
  }

  /** Terminus throws if a check is down, with the same body. */
  async #run(): Promise<HealthCheckResult> {
    try {
      return await this.runner.check(this.checks);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
