import type { EngineLogger } from '../engine-logger.js';

/** Keeps what is logged, by level. */
export class RecordingLogger implements EngineLogger {
  readonly infos: string[] = [];
  readonly warnings: { readonly fields: object; readonly message: string }[] = [];
  readonly errors: { readonly fields: object; readonly message: string }[] = [];

  info(_fields: object, message: string): void {
    this.infos.push(message);
  }

  warn(fields: object, message: string): void {
    this.warnings.push({ fields, message });
  }

  error(fields: object, message: string): void {
    this.errors.push({ fields, message });
  }
}
