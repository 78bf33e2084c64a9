import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the upstream received. */
export interface UpstreamRequest {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly stream?: boolean };
  /** Resolves when the connection is gone or the reply was taken. */
  readonly closed: Promise<void>;
}

type Behavior = (response: ServerResponse, request: UpstreamRequest) => void;

/** A server that speaks OpenAI's API and behaves as the name of the requested model says. */
export class Upstream {
  readonly requests: UpstreamRequest[] = [];
  readonly #behaviors: Readonly<Record<string, Behavior>>;
  readonly #server: Server;
  readonly #waiters = new Set<() => void>();

  constructor(behaviors: Readonly<Record<string, Behavior>>) {
    this.#behaviors = behaviors;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get baseUrl(): string {
    return `http://${this.address}/v1`;
  }

  /** Resolves with the first request, past or future, for a model. */
  async requestFor(model: string): Promise<UpstreamRequest> {
    for (;;) {
      const found = this.requests.find(({ body }) => body.model === model);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const received: UpstreamRequest = {
      url: request.url ?? '',
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(pieces).toString()) as UpstreamRequest['body'],
      closed: new Promise((resolve) => response.once('close', resolve)),
    };
    this.requests.push(received);
    this.#behaviors[received.body.model]?.(response, received);
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}

/** Begins a stream with these pieces of text. */
export function beginAnswer(response: ServerResponse, ...pieces: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of pieces) response.write(event({ choices: [{ index: 0, delta: { content } }] }));
}

/** Ends a stream correctly, with its usage. */
export function endAnswer(response: ServerResponse): void {
  response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
  response.write(event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } }));
  response.end('data: [DONE]\n\n');
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
