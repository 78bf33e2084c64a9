import type { ProviderLogger } from '../provider-logger.js';

/** Keeps the log lines. */
export class MemoryLogger implements ProviderLogger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, fields });
  }
}
