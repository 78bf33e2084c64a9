export * from './generation-metrics.js';
export * from './job-metrics.js';
export * from './logger.js';
export * from './metrics.js';
export * from './metrics-snapshot.js';
export * from './nest-logger.js';
export * from './observability.module.js';
