import { AerieError } from '@aerie/contracts';
import type { GenerationRequest } from '@aerie/generation';
import type { Clock } from '@aerie/runtime';

/** Time limits for the parts of an answer. */
export interface StreamLimits {
  readonly name: string;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** A deadline passed. */
export interface Expiry {
  readonly error: AerieError;
  /** Whether the upstream exceeded its own time limit rather than the caller's. */
  readonly isUpstreams: boolean;
}

/** Enforces the time limits of one answer. Time during which its reader is busy does not count as silence. */
export class StreamWatch {
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  readonly #onExpired: (expiry: Expiry) => void;
  #cancelWhole: (() => void) | null = null;
  #cancelPart: (() => void) | null = null;
  #hasBegun = false;

  constructor(clock: Clock, limits: StreamLimits, onExpired: (expiry: Expiry) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  start({ firstTokenTimeoutMs, timeoutMs }: GenerationRequest): void {
    const { name, firstTokenTimeoutMs: own } = this.#limits;
    const limitMs = Math.min(own, firstTokenTimeoutMs ?? own);
    const first = `the upstream of ${name} did not begin its response within ${String(limitMs)} ms`;
    this.#cancelPart = this.#schedule(limitMs, first, limitMs === own);
    if (timeoutMs === undefined) return;
    this.#cancelWhole = this.#schedule(
      timeoutMs,
      `the answer took longer than ${String(timeoutMs)} ms`,
      false,
    );
  }

  /** A part of the stream has arrived. @param isAnswer whether it shows that an answer is under way. */
  progress(isAnswer: boolean): void {
    this.#hasBegun ||= isAnswer;
    if (this.#hasBegun) this.resume();
  }

  /** The reader is busy. */
  hold(): void {
    if (this.#hasBegun) this.#cancelPart?.();
  }

  /** The reader waits for more. */
  resume(): void {
    const { name, idleTimeoutMs } = this.#limits;
    this.#cancelPart?.();
    const silence = `the upstream of ${name} sent nothing for ${String(idleTimeoutMs)} ms in the middle of its response`;
    this.#cancelPart = this.#schedule(idleTimeoutMs, silence, true);
  }

  stop(): void {
    this.#cancelWhole?.();
    this.#cancelPart?.();
  }

  #schedule(timeoutMs: number, message: string, isUpstreams: boolean): () => void {
    return this.#clock.schedule(timeoutMs, () => {
      this.#onExpired({ error: new AerieError('TIMEOUT', message), isUpstreams });
    });
  }
}
