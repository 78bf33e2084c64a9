import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the stand-in got. */
export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** Resolves when the connection is gone or the reply was taken. */
  readonly closed: Promise<void>;
}

/** How one request is answered. */
export type Reply = (response: ServerResponse, received: Received) => void;

/** A server that stands in for an upstream and answers as scripted, including failures. */
export class StandInUpstream {
  readonly requests: Received[] = [];
  readonly #server: Server;
  readonly #replies: Reply[] = [];
  readonly #waiters: (() => void)[] = [];
  #connections = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const received = {
          url: request.url ?? '',
          headers: request.headers,
          body: JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>,
          closed: new Promise<void>((resolve) => response.once('close', resolve)),
        };
        this.requests.push(received);
        const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0];
        reply?.(response, received);
        for (const wake of this.#waiters.splice(0)) wake();
      });
    });
    this.#server.on('connection', () => (this.#connections += 1));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/v1`;
  }

  /** Connections made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The next answers, in order; the last one is repeated. */
  answer(...replies: Reply[]): void {
    this.#replies.splice(0, this.#replies.length, ...replies);
  }

  /** Resolves when this many requests have arrived. */
  async untilRequests(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** The data of an event with a piece of an answer. */
export function piece(text: string, more: object = {}): string {
  return data({ choices: [{ index: 0, delta: { content: text }, finish_reason: null, ...more }] });
}

/** The data of the event that ends a choice. */
export function finish(reason: string, index = 0): string {
  return data({ choices: [{ index, delta: {}, finish_reason: reason }] });
}

export const GREETING = data({
  choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
});
export const DONE = 'data: [DONE]\n\n';
export const USAGE = data({
  choices: [],
  usage: {
    prompt_tokens: 7,
    completion_tokens: 3,
    total_tokens: 10,
    prompt_tokens_details: { cached_tokens: 4 },
  },
});

export function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** Sends a whole stream. */
export function stream(...events: readonly (string | Buffer)[]): Reply {
  return (response) => {
    beginStream(response, ...events);
    response.end();
  };
}

/** Sends the beginning of a stream. */
export function beginStream(response: ServerResponse, ...events: readonly (string | Buffer)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(event);
}

/** Answers with an error of OpenAI's shape. */
export function refuse(status: number, error: object | string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof error === 'string' ? error : JSON.stringify({ error }));
  };
}

/** A short, correct answer. */
export const HELLO = stream(GREETING, piece('Hel'), piece('lo'), finish('stop'), USAGE, DONE);
