import { createParser } from 'eventsource-parser';

/** An event of a stream. */
export interface SseEvent {
  /** `message` unless the upstream names it. */
  readonly event: string;
  readonly data: string;
}

/** A malformed stream: an event is unreasonably large, or its text is not UTF-8. */
export class MalformedStreamError extends Error {
  override readonly name = 'MalformedStreamError';
}

/** Longest event, in characters. */
const LONGEST_EVENT = 4 * 1024 * 1024;

/**
 * The events of a body, each as soon as it is complete. Reads only on demand, and buffers the result of one read, at
 * most a socket's buffer.
 *
 * @throws MalformedStreamError, or the error of the body.
 */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let events: SseEvent[] = [];
  const problems: string[] = [];
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: ({ event, data }) => {
      if (data !== '') events.push({ event: event ?? 'message', data });
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded')
        problems.push(`an event has more than ${String(LONGEST_EVENT)} characters`);
    },
  });
  for await (const bytes of body) {
    parser.feed(decode(decoder, bytes));
    const ready = events;
    events = [];
    yield* ready;
    const [problem] = problems;
    if (problem !== undefined) throw new MalformedStreamError(problem);
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch {
    throw new MalformedStreamError('the stream is not UTF-8');
  }
}
