export * from './configuration.error.js';
export { environmentSchema } from './environment.schema.js';
export * from './load-settings.js';
export type { RateLimit } from './parsers.js';
export type * from './settings.js';
export * from './settings.module.js';
