export * from './image-classification/decode-image.js';
export { sniffFormat } from './image-classification/image-header.js';
export type * from './image-classification/types.js';
export type * from './task-definition.js';
export * from './tasks.js';
export type * from './tensor/types.js';
export type * from './text-embedding/types.js';
