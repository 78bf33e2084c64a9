export type { HealthOptions } from './health-options.js';
export { HealthModule } from './health.module.js';
export type { MetricsReader } from './metrics.controller.js';
export { MetricsModule } from './metrics.module.js';
