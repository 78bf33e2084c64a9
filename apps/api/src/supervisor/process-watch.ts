import { type Clock, every, systemClock } from '@aerie/runtime';

/** How often an HTTP process says that it is alive, milliseconds. */
export const HEARTBEAT_MS = 1_000;
/** A process that was silent for longer is stopped, or its event loop is blocked: nobody is answered. Milliseconds. */
const SILENCE_MS = 7_000;
/** Time until a process accepts connections; its event loop is blocked for much of it. Milliseconds. */
const START_MS = 120_000;
/** A check that comes so much late says that this process itself was stopped, and the others with it. Milliseconds. */
const LATE_MS = 2 * HEARTBEAT_MS;

/** A process, as far as it is watched. */
interface Watched {
  readonly onSilent: (silentMs: number) => void;
  /** When it was heard last, or started. */
  heardAt: number;
  limitMs: number;
}

/** Notices processes that do not answer: stopped by a signal, with a blocked event loop, or never ready. */
export class ProcessWatch {
  readonly #clock: Clock;
  readonly #processes = new Map<number, Watched>();
  #checkedAt: number;
  readonly #stop: () => void;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#checkedAt = clock.now();
    this.#stop = every(clock, HEARTBEAT_MS, () => {
      this.#check();
    });
  }

  /** @param onSilent called once, when the process with this id is not to be waited for any longer */
  started(id: number, onSilent: (silentMs: number) => void): void {
    this.#processes.set(id, { onSilent, heardAt: this.#clock.now(), limitMs: START_MS });
  }

  /** It accepts connections, and sends heartbeats from now on. */
  listening(id: number): void {
    const process = this.#processes.get(id);
    if (process === undefined) return;
    process.heardAt = this.#clock.now();
    process.limitMs = SILENCE_MS;
  }

  heard(id: number): void {
    const process = this.#processes.get(id);
    if (process?.limitMs === SILENCE_MS) process.heardAt = this.#clock.now();
  }

  exited(id: number): void {
    this.#processes.delete(id);
  }

  stop(): void {
    this.#stop();
  }

  #check(): void {
    const now = this.#clock.now();
    const lateMs = now - this.#checkedAt - HEARTBEAT_MS;
    this.#checkedAt = now;
    for (const [id, process] of this.#processes) {
      // A suspended machine stops everyone alike: what could not be heard meanwhile does not count.
      if (lateMs > LATE_MS) process.heardAt = Math.min(now, process.heardAt + lateMs + HEARTBEAT_MS);
      const silentMs = now - process.heardAt;
      if (silentMs <= process.limitMs) continue;
      this.#processes.delete(id);
      process.onSilent(silentMs);
    }
  }
}
