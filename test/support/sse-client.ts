import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A stream of server-sent events, read with the parser that official clients use. */
export class SseClient {
  readonly status: number;
  readonly headers: Headers;
  /** Number of comments received so far. */
  readonly comments: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #events: EventSourceMessage[] = [];
  readonly #parser = createParser({
    onEvent: (event) => this.#events.push(event),
    onComment: (comment) => this.comments.push(comment),
  });
  #over = false;

  private constructor(response: Response) {
    if (response.body === null) throw new Error('The reply has no body.');
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = response.body.getReader();
  }

  /** Resolves when the headers are there. */
  static async post(url: string, body: object, signal?: AbortSignal): Promise<SseClient> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
    return new SseClient(response);
  }

  /** Resolves when the headers are there. */
  static async get(url: string, signal?: AbortSignal): Promise<SseClient> {
    return new SseClient(await fetch(url, signal === undefined ? {} : { signal }));
  }

  /** The next event; null at the end. Rejects if the connection breaks. */
  async next(): Promise<EventSourceMessage | null> {
    while (this.#events.length === 0 && !this.#over) await this.#read();
    return this.#events.shift() ?? null;
  }

  /** All remaining events. */
  async rest(): Promise<readonly EventSourceMessage[]> {
    while (!this.#over) await this.#read();
    return this.#events.splice(0);
  }

  /** Waits until a comment has arrived. */
  async comment(): Promise<void> {
    while (this.comments.length === 0 && !this.#over) await this.#read();
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (value !== undefined) this.#parser.feed(this.#decoder.decode(value, { stream: true }));
    this.#over = done;
  }
}
