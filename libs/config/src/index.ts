export * from './configuration.error.js';
export { environmentSchema } from './environment.schema.js';
export { SECRETS, loadSettings, redactSettings } from './load-settings.js';
export * from './process/settings-or-exit.js';
export * from './process/stop-on-signal.js';
export type { RateLimit } from './parsers.js';
export type * from './settings.js';
export * from './settings.module.js';
export * from './secret-reader.js';
