export * from './field.decorators.js';
export * from './model-query.dto.js';
export { type FieldSource, readDto } from './read-dto.js';
