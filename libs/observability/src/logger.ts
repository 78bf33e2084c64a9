import { type Logger, pino } from 'pino';

/** A structured logger: one JSON line per message on standard output. */
export type PinoLogger = Logger;

/** Fields of every line. */
export interface LoggerOptions {
  readonly name: string;
  readonly level: string;
}

/** Milliseconds for which lines are buffered, so that one system call writes those of many requests. */
const FLUSH_MS = 50;
const BUFFER_BYTES = 4096;
/** Pino's number of the level. The process may end right after such a line. */
const FATAL = 60;

/**
 * The process's logger. Lines carry time, level, pid and name; images and texts are never logged.
 * Lines are buffered briefly; the buffer is written when the process exits, and a fatal line is written at once.
 */
export function createLogger({ name, level }: LoggerOptions): PinoLogger {
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
