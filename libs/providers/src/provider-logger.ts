/** What providers write their log lines with; pino's loggers fit. No line holds a key or an address. */
export interface ProviderLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
