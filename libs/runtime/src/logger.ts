/** Writes structured log lines: fields first, then one sentence. Pino's loggers implement it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger whose lines all begin with `fields`. */
export function withFields(logger: Logger, fields: object): Logger {
  return {
    debug: (more, message) => {
      logger.debug({ ...fields, ...more }, message);
    },
    info: (more, message) => {
      logger.info({ ...fields, ...more }, message);
    },
    warn: (more, message) => {
      logger.warn({ ...fields, ...more }, message);
    },
    error: (more, message) => {
      logger.error({ ...fields, ...more }, message);
    },
  };
}
