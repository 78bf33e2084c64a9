import { type Clock, backgroundClock } from '@aerie/runtime';
import type { FatalLogger } from './end-start.js';

/** Signals that ask a process to stop. A terminal sends the last two when it closes and for Ctrl-\. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

/** Signals that would open a debugger's port, or end the process without a log line. */
const REFUSED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const;

/** How a process stops. */
export interface StopOptions {
  /** Events of the process that ask for it: signals, or `disconnect`. */
  readonly events: readonly (NodeJS.Signals | 'disconnect')[];
  /** Milliseconds after the first event at which the process is killed if it is still running. */
  readonly deadlineMs: number;
  readonly logger: FatalLogger;
  /** Finishes running work; called once. @param event the first one */
  readonly stop: (event: string) => Promise<void>;
  readonly clock?: Clock;
}

/** Ends the process when an event asks for it: with status 0 once `stop` is done, otherwise by SIGKILL. */
export function stopOnSignal({
  events,
  deadlineMs,
  logger,
  stop,
  clock = backgroundClock,
}: StopOptions): void {
  let isStopping = false;
  const begin = (event: string): void => {
    if (isStopping) return;
    isStopping = true;
    // Native code cannot be interrupted, so process.exit would wait for a model's run. A signal does not.
    clock.schedule(deadlineMs, () => {
      logger.fatal({}, 'the drain took longer than DRAIN_TIMEOUT; ending now');
      process.kill(process.pid, 'SIGKILL');
    });
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

/** Keeps signals from ending this process without a log line or from opening a debugger's port. */
export function refuseSignals(logger: { warn(fields: object, message: string): void }): void {
  for (const signal of REFUSED_SIGNALS) {
    process.on(signal, () => {
      logger.warn({ signal }, 'the signal is ignored; start with --inspect to attach a debugger');
    });
  }
}
