/**
 * Fakes that specs of several packages share. Only specs and `src/testing/` import them. They are never built and not an
 * npm package, because no program needs them.
 */
export * from './fake-clock.js';
export * from './fake-threads.js';
export * from './memory-logger.js';
export * from './refused-fields.js';
