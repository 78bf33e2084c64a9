export * from './aerie.error.js';
export * from './error-table.js';
export * from './native-guard.js';
export * from './task-kind.js';
