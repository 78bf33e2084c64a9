/**
 * What specs of several packages stand their subjects on. Imported by specs and by `src/testing/` only, and never built:
 * it is no package of npm's, for nothing that runs needs it.
 */
export * from './fake-clock.js';
export * from './fake-threads.js';
export * from './memory-logger.js';
