import { type Clock, backgroundClock } from '@aerie/runtime';
import type { FatalLogger } from './end-start.js';

/** Signals that ask a process to stop. The last two are what a terminal sends when it closes, and by Ctrl-\. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

/** Signals that would open a debugger's port, or end the process without a line. */
const REFUSED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const;

/** How a process stops. */
export interface StopOptions {
  /** Events of the process that ask for it: signals, or `disconnect`. */
  readonly events: readonly (NodeJS.Signals | 'disconnect')[];
  /** What is still at work this long after the first of them is cut off, milliseconds. */
  readonly deadlineMs: number;
  readonly logger: FatalLogger;
  /** Finishes what is under way; called once. @param event the first that came */
  readonly stop: (event: string) => Promise<void>;
  readonly clock?: Clock;
}

/** Ends the process when an event asks for it: with 0 once `stop` is done, else by SIGKILL. */
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
    // Native code cannot be interrupted: process.exit would wait for a model's run. A signal does not.
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

/** Keeps signals that are not for this process from ending it, or from opening a debugger's port. */
export function refuseSignals(logger: { warn(fields: object, message: string): void }): void {
  for (const signal of REFUSED_SIGNALS) {
    process.on(signal, () => {
      logger.warn({ signal }, 'the signal has no meaning here; a debugger needs a start with --inspect');
    });
  }
}
