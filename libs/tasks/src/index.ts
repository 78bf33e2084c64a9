export * from './image-classification/classification.task.js';
export * from './image-classification/decode-image.js';
export { sniffFormat } from './image-classification/image-header.js';
export type * from './image-classification/types.js';
export type * from './task-definition.js';
export * from './tensor/tensor.task.js';
export type * from './tensor/types.js';
export * from './text-embedding/embedding.task.js';
export type * from './text-embedding/types.js';
