/** Where a stop that goes wrong is told; a pino logger is one. */
export interface StopLogger {
  error(message: string): void;
  fatal(fields: object, message: string): void;
}

/** How a process stops. */
export interface StopOptions {
  /** Events of the process that ask for it: signals, or `disconnect`. */
  readonly events: readonly (NodeJS.Signals | 'disconnect')[];
  /** What is still at work this long after the first of them is cut off, milliseconds. */
  readonly deadlineMs: number;
  readonly logger: StopLogger;
  /** Finishes what is under way; called once. @param event the first that came */
  readonly stop: (event: string) => Promise<void>;
}

/** Ends the process when an event asks for it: with 0 once `stop` is done, else by SIGKILL. */
export function stopOnSignal({ events, deadlineMs, logger, stop }: StopOptions): void {
  let isStopping = false;
  const begin = (event: string): void => {
    if (isStopping) return;
    isStopping = true;
    // Native code cannot be interrupted: process.exit would wait for a model's run. A signal does not.
    setTimeout(() => {
      logger.error('the drain took longer than DRAIN_TIMEOUT; ending now');
      process.kill(process.pid, 'SIGKILL');
    }, deadlineMs).unref();
    stop(event).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'the stop failed');
        process.kill(process.pid, 'SIGKILL');
      },
    );
  };
  for (const event of events) {
    process.on(event, () => {
      begin(event);
    });
  }
}
