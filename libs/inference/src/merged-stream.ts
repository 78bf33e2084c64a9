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
 * The events of several answers as they come, as those of one answer: the choices of the second follow on those of the
 * first. One that fails ends all of them. Each is read ahead by one event, no more.
 */
export class MergedStream extends PushStream<GenerationEvent> implements ServedTextStream {
  readonly #streams: Streams;

  /** @param choicesEach choices of each of the streams */
  constructor(streams: Streams, choicesEach: number) {
    super({ source: (stopped) => merge(streams, choicesEach, stopped) });
    this.#streams = streams;
  }

  /** What serves the first of them that has begun. */
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

/** Ends streams that nobody reads any more. */
export async function leaveAll(streams: readonly TextStream[]): Promise<void> {
  await Promise.all(streams.map(async (stream) => stream.return?.()));
}
