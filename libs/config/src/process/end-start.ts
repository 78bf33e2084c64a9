import { ConfigurationError, problemText } from '../configuration.error.js';

/** Exit status for a configuration that cannot be used (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIGURATION = 78;

/** A logger whose line has been written when the call returns, such as pino's. */
export interface FatalLogger {
  fatal(fields: object, message: string): void;
}

/**
 * Ends a process that cannot start, with one log line. The exit status is 78, without a stack, for a wrong setting, else 1.
 *
 * @param what the thing that cannot start, such as `the server`
 */
export function endStart(what: string, error: unknown, logger: FatalLogger): never {
  if (error instanceof ConfigurationError) {
    const { problems } = error;
    logger.fatal({ problems }, `${what} cannot start: ${problems.map(problemText).join('; ')}`);
    process.exit(EXIT_CONFIGURATION);
  }
  const reason = error instanceof Error ? error.message : String(error);
  logger.fatal({ err: error }, `${what} cannot start: ${reason}`);
  process.exit(1);
}
