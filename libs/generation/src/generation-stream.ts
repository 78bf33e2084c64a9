import type { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationUsage } from './generation-request.js';

/** Events that may wait for a reader before the text is held; it goes on when few are left. */
const HIGH_WATER = 64;
const LOW_WATER = 16;

/** What a stream tells its engine. */
export interface StreamControl {
  /** The reader fell behind, or caught up. */
  pause(paused: boolean): void;
  /** The reader stopped reading. */
  cancel(): void;
}

interface Reader {
  readonly resolve: (result: IteratorResult<GenerationEvent, undefined>) => void;
  readonly reject: (error: AerieError) => void;
}

/**
 * A request's events, to be read once with `for await`. What is not read is bounded: generation of this text is held
 * meanwhile, without holding others. Leaving the loop early cancels the request; a failure is thrown as an AerieError,
 * after the events that came before it.
 */
export class GenerationStream implements AsyncIterableIterator<GenerationEvent, undefined> {
  readonly #control: StreamControl;
  readonly #events: GenerationEvent[] = [];
  #reader: Reader | null = null;
  #end: { readonly error: AerieError | null } | null = null;
  #paused = false;
  #usage: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

  constructor(control: StreamControl) {
    this.#control = control;
  }

  /** What the request has cost so far; complete once the events are over. */
  get usage(): GenerationUsage {
    return this.#usage;
  }

  /** Whether nothing more is coming. Events may still be unread. */
  get ended(): boolean {
    return this.#end !== null;
  }

  /** Whether the reader is so far behind that generation is held. */
  get paused(): boolean {
    return this.#paused;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<GenerationEvent, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) {
      if (this.#paused && this.#events.length <= LOW_WATER && this.#end === null) this.#setPaused(false);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end !== null) {
      const { error } = this.#end;
      this.#end = { error: null };
      return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    if (this.#reader !== null) return Promise.reject(new Error('a stream has one reader. This is a bug.'));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<GenerationEvent, undefined>> {
    if (this.#end === null) this.#control.cancel();
    this.#events.length = 0;
    this.#end = { error: null };
    return Promise.resolve({ done: true, value: undefined });
  }

  /** @internal For the engine: a further event. */
  push(event: GenerationEvent): void {
    if (this.#end !== null) return;
    this.#usage =
      event.type === 'finish'
        ? event.usage
        : { ...this.#usage, completionTokens: this.#usage.completionTokens + event.tokens };
    const reader = this.#takeReader();
    if (reader !== null) {
      reader.resolve({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    if (!this.#paused && this.#events.length >= HIGH_WATER) this.#setPaused(true);
  }

  /** @internal For the engine: what the request has cost, as the generation thread counts it. */
  setUsage(usage: GenerationUsage): void {
    this.#usage = usage;
  }

  /** @internal For the engine: nothing more comes. */
  end(error: AerieError | null): void {
    if (this.#end !== null) return;
    const reader = this.#takeReader();
    this.#end = { error: reader === null ? error : null };
    if (reader === null) return;
    if (error === null) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  #takeReader(): Reader | null {
    const reader = this.#reader;
    this.#reader = null;
    return reader;
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#control.pause(paused);
  }
}
