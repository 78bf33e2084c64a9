import { type Clock, every, systemClock } from '@aerie/runtime';

/** Interval of an HTTP process's heartbeats, milliseconds. */
export const HEARTBEAT_MS = 1_000;
/** Silence, in milliseconds, after which a process counts as stopped or blocked. */
const SILENCE_MS = 7_000;
/** Time until a process must accept connections, milliseconds. Its event loop is blocked for much of it. */
const START_MS = 120_000;
/** Delay of a check, in milliseconds, which shows that this process was stopped, and the others too. */
const LATE_MS = 2 * HEARTBEAT_MS;

/** A watched process. */
interface Watched {
  readonly onSilent: (silentMs: number) => void;
  /** Time of its last heartbeat, or of its start. */
  heardAt: number;
  limitMs: number;
}

/** Detects processes that do not respond because they are stopped, blocked or never ready. */
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

  /** @param onSilent called once with the id of a process that does not respond */
  started(id: number, onSilent: (silentMs: number) => void): void {
    this.#processes.set(id, { onSilent, heardAt: this.#clock.now(), limitMs: START_MS });
  }

  /** The process accepts connections and sends heartbeats from now on. */
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
      // A suspended machine stops all processes, so silence during that time does not count.
      if (lateMs > LATE_MS) process.heardAt = Math.min(now, process.heardAt + lateMs + HEARTBEAT_MS);
      const silentMs = now - process.heardAt;
      if (silentMs <= process.limitMs) continue;
      this.#processes.delete(id);
      process.onSilent(silentMs);
    }
  }
}
