export * from './backoff.js';
export * from './bounded-wait.js';
export * from './clock.js';
export * from './logger.js';
export * from './push-stream.js';
export * from './serialized-error.js';
export * from './text-file.js';
