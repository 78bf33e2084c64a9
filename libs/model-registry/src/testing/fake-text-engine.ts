import type { GenerationEvent, GenerationStatus } from '@aerie/generation';
import type { EngineStream, TextEngine } from '../loading/generation-model.js';

/** A stream of a {@link FakeTextEngine}: it has no text, and ends when the spec says so. */
export class FakeStream implements EngineStream {
  readonly usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  ended = false;
  paused = false;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<GenerationEvent, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** A generation engine without a model. */
export class FakeTextEngine implements TextEngine {
  readonly model = { contextLength: 2048, provider: 'cpu' };
  readonly streams: FakeStream[] = [];
  readonly faults: string[] = [];
  closed = false;
  current: GenerationStatus = {
    state: 'ready',
    running: 0,
    waiting: 0,
    kvUsage: 0,
    restarts: 0,
    sinceProgressMs: 0,
    totals: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
  };

  generate(): FakeStream {
    const stream = new FakeStream();
    this.streams.push(stream);
    return stream;
  }

  status(): GenerationStatus {
    return this.current;
  }

  injectFault(kind: string): void {
    this.faults.push(kind);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
