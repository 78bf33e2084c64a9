import type { Logger } from '@aerie/runtime';

/** A line of a {@link MemoryLogger}. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

/** A logger that keeps its lines. */
export class MemoryLogger implements Logger {
  readonly lines: LoggedLine[] = [];

  /** The lines of one level. */
  of(level: LoggedLine['level']): readonly LoggedLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', message, fields });
  }

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
