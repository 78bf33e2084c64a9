export type * from './engine.js';
export type * from './kernel.js';
export type * from './replica-pool.js';
export type * from './tensor.js';
