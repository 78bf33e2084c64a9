export * from './aerie.error.js';
export * from './capitalized.js';
export * from './error-table.js';
export * from './field-problems.js';
export type * from './rate-limit-bucket.js';
export * from './sampling-fields.js';
export * from './shorten.js';
export * from './validation-error.js';
