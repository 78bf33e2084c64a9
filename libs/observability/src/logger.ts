import { type Logger as PinoLogger, pino } from 'pino';

/** A structured logger: one JSON line a message on standard output. */
export type Logger = PinoLogger;

/** What every line carries. */
export interface LoggerOptions {
  readonly name: string;
  readonly level: string;
}

/** The process's logger. Lines carry time, level, pid and name; images and texts are never logged. */
export function createLogger({ name, level }: LoggerOptions): Logger {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
