import type { AerieError } from '@aerie/contracts';
import type { HealthIndicatorFunction } from '@nestjs/terminus';

/** What one application adds to health. */
export interface HealthOptions {
  /** Whether it is unhealthy, and not ready, before its eager models are. A worker is not: its jobs wait for them. */
  readonly needsModels: boolean;
  /** Checks beside those of models, GPUs, the queue and the process. */
  readonly checks?: readonly HealthIndicatorFunction[];
  /** Why it is not ready, beside a drain and models that are missing; null when it is. */
  readonly blocker?: () => Promise<AerieError | null>;
  /** Fields of the body of /health beside those that every application has. */
  readonly fields?: () => Promise<object>;
}

/** Injection token of the {@link HealthOptions}. */
export const HEALTH_OPTIONS = Symbol('HEALTH_OPTIONS');

/** Injection token of all checks of /health, in the order of its body. */
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');
