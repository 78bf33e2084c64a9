import type {
  GenerationEvent,
  GenerationUsage,
  ModelReference,
  ServedTextStream,
  TextStream,
} from '@aerie/model-registry';
import { PushStream } from '@aerie/runtime';

type Streams = readonly (TextStream | ServedTextStream)[];

/**
 * Merges the events of several answers into those of one. The choices of the second answer follow those of the first. If
 * one fails, all end. Each is read ahead by at most one event.
 */
export class MergedStream extends PushStream<GenerationEvent> implements ServedTextStream {
  readonly #streams: Streams;

  /** @param choicesEach choices of each of the streams */
  constructor(streams: Streams, choicesEach: number) {
    super({ source: (stopped) => merge(streams, choicesEach, stopped) });
    this.#streams = streams;
  }

  /** The model that serves the first stream that has begun. */
  get servedBy(): ModelReference | null {
    for (const stream of this.#streams) {
      const served = 'servedBy' in stream ? stream.servedBy : null;
      if (served !== null) return served;
    }
    return null;
  }

  get usage(): GenerationUsage {
    const usages = this.#streams.map(({ usage }) => usage);
    const sum = (tokensOf: (usage: GenerationUsage) => number) =>
      usages.reduce((total, usage) => total + tokensOf(usage), 0);
    return {
      promptTokens: sum(({ promptTokens }) => promptTokens),
      cachedTokens: sum(({ cachedTokens }) => cachedTokens),
      completionTokens: sum(({ completionTokens }) => completionTokens),
    };
  }
}

async function* merge(
  streams: Streams,
  choicesEach: number,
  stopped: AbortSignal,
): AsyncGenerator<GenerationEvent, undefined> {
  const merged = new PushStream<GenerationEvent>({ signal: stopped });
  const copies = streams.map(async (stream, of) => {
    for await (const event of stream) {
      if (!(await merged.write({ ...event, index: of * choicesEach + event.index }))) return;
    }
  });
  Promise.all(copies).then(
    () => {
      merged.end();
    },
    (error: unknown) => {
      merged.end(error);
    },
  );
  try {
    yield* merged;
  } finally {
    await leaveAll(streams);
  }
}

/** Ends streams that are no longer read. */
export async function leaveAll(streams: readonly TextStream[]): Promise<void> {
  await Promise.all(streams.map(async (stream) => stream.return?.()));
}
