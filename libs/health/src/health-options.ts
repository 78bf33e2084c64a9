import type { AerieError } from '@aerie/contracts';
import type { HealthIndicatorFunction } from '@nestjs/terminus';

/** An application's additions to health. */
export interface HealthOptions {
  /** Whether it is unhealthy and not ready until its eager models are. A worker is not, because its jobs wait for them. */
  readonly needsModels: boolean;
  /** Checks in addition to those of models, GPUs, the queue and the process. */
  readonly checks?: readonly HealthIndicatorFunction[];
  /** Another reason why it is not ready, besides a drain and missing models; null if there is none. */
  readonly blocker?: () => Promise<AerieError | null>;
  /** Fields of the body of /health in addition to those of every application. */
  readonly fields?: () => Promise<object>;
}

/** Injection token of the {@link HealthOptions}. */
export const HEALTH_OPTIONS = Symbol('HEALTH_OPTIONS');

/** Injection token of all checks of /health, in the order of its body. */
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');
