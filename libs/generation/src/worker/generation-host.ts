import { serializeError } from '@aerie/runtime';
import { GenerationTask } from '../scheduler/generation-task.js';
import { Scheduler } from '../scheduler/scheduler.js';
import type { SchedulerOptions } from '../scheduler/scheduler-options.js';
import type { FromWorker, GenerationFault, ToWorker } from './messages.js';

/** Options for a {@link GenerationHost}. */
export interface GenerationHostOptions {
  readonly scheduler: Omit<SchedulerOptions, 'publish' | 'onFault'>;
  readonly post: (message: FromWorker) => void;
  /** Makes the next run fail; null if faults are not allowed. */
  readonly injectFault: ((fault: GenerationFault) => void) | null;
}

/** Drives the scheduler inside the generation thread: takes messages, steps while there is work, then waits for more. */
export class GenerationHost {
  readonly #options: GenerationHostOptions;
  readonly #scheduler: Scheduler;
  #loop: Promise<void> = Promise.resolve();
  #running = false;
  #received = 0;
  #closed = false;

  constructor(options: GenerationHostOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler({
      ...options.scheduler,
      publish: (updates, steps) => {
        options.post({ type: 'step', updates, steps, state: this.#state() });
      },
      onFault: (error) => {
        options.post({ type: 'fault', error: serializeError(error) });
      },
    });
  }

  /** Handles one message. It takes effect before the model's next run. */
  receive(message: ToWorker): void {
    switch (message.type) {
      case 'generate':
        this.#received++;
        this.#scheduler.submit(new GenerationTask(message.id, message.request));
        break;
      case 'cancel':
        this.#scheduler.cancel(message.id);
        break;
      case 'pause':
        this.#scheduler.setPaused(message.id, message.paused);
        break;
      case 'fault':
        this.#options.injectFault?.(message.kind);
        break;
    }
    if (!this.#running) this.#loop = this.#run();
  }

  /** Resolves when there is no work left, or the host is closed and its last run has ended. */
  idle(): Promise<void> {
    return this.#loop;
  }

  /** Ends the work after the current run. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#loop;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#scheduler.hasWork && !this.#closed) await this.#scheduler.step();
    this.#running = false;
    this.#options.post({ type: 'step', updates: [], steps: [], state: this.#state() });
  }

  #state(): Extract<FromWorker, { type: 'step' }>['state'] {
    const { hasWork, running, waiting, kvUsage } = this.#scheduler;
    return { hasWork, running, waiting, kvUsage, received: this.#received };
  }
}
