import { type Logger as PinoLogger, pino } from 'pino';

/** A structured logger: one JSON line a message on standard output. */
export type Logger = PinoLogger;

/** What every line carries. */
export interface LoggerOptions {
  readonly name: string;
  readonly level: string;
}

/** Lines are written together: one system call for many requests. Nothing waits longer than this, milliseconds. */
const FLUSH_MS = 50;
const BUFFER_BYTES = 4096;
/** Pino's number of the level: after such a line the process may be gone. */
const FATAL = 60;

/**
 * The process's logger. Lines carry time, level, pid and name; images and texts are never logged.
 * Lines are gathered for a moment; what is still held is written when the process exits, and a fatal line goes out at once.
 */
export function createLogger({ name, level }: LoggerOptions): Logger {
  const output = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, method, levelNumber) {
          method.apply(this, args);
          if (levelNumber >= FATAL) output.flushSync();
        },
      },
    },
    output,
  );
}
