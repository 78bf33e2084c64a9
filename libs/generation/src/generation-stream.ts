import { PushStream } from '@aerie/runtime';
import type { GenerationEvent, GenerationUsage } from './generation-request.js';
import type { TextStream } from './language-model.js';

/** Unread events at which generation of the text pauses and resumes. */
const HIGH_WATER = 64;
const LOW_WATER = 16;

/** Requests of a stream to its engine. */
export interface StreamControl {
  /** The reader fell behind, or caught up. */
  pause(paused: boolean): void;
  /** The reader stopped reading. */
  cancel(): void;
}

/**
 * A request's events, pushed by the engine. The number of unread events is bounded: generation of this text pauses
 * meanwhile, but not that of other texts.
 */
export class GenerationStream extends PushStream<GenerationEvent> implements TextStream {
  #usage: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

  constructor(control: StreamControl) {
    super({
      highWater: HIGH_WATER,
      lowWater: LOW_WATER,
      onPause: (isPaused) => {
        control.pause(isPaused);
      },
      onEnd: (outcome) => {
        if (outcome === 'canceled') control.cancel();
      },
    });
  }

  get usage(): GenerationUsage {
    return this.#usage;
  }

  override push(event: GenerationEvent): void {
    if (!this.ended) {
      this.#usage =
        event.type === 'finish'
          ? event.usage
          : { ...this.#usage, completionTokens: this.#usage.completionTokens + event.tokens };
    }
    super.push(event);
  }

  /** @internal For the engine: what the request has cost, as the generation thread counts it. */
  setUsage(usage: GenerationUsage): void {
    this.#usage = usage;
  }
}
