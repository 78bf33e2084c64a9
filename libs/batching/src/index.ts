export * from './batcher-closed.error.js';
export type * from './batcher-options.js';
export * from './deadline-exceeded.error.js';
export * from './dynamic-batcher.js';
export * from './queue-full.error.js';
