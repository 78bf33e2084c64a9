import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { AerieError } from '@aerie/contracts';
import type { Clock } from '@aerie/runtime';
import { Pool } from 'undici';
import type { ResolvedUpstreamOptions } from '../upstream-options.js';
import { type Endpoint, parseEndpoint } from './endpoint.js';

/** A request that got no response, or whose response broke off. Unlike its cause, it contains no address. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  /** @param code such as ECONNREFUSED. */
  constructor(readonly code: string) {
    super(`the transport failed with ${code}`);
  }

  get isConnectTimeout(): boolean {
    return this.code === 'UND_ERR_CONNECT_TIMEOUT';
  }
}

/** A response whose headers have arrived. Its body must be read to its end, released or destroyed. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body. Reads at most 64 KiB ahead. @throws TransportError */
  body(): AsyncIterable<Uint8Array>;
  /** Drops the rest of the body. If little is left, the connection can be reused. */
  release(): void;
  /** Closes the connection, which tells the upstream to stop. */
  destroy(): void;
}

/** Bytes and time that the rest of a body may take to keep its connection. */
const MAX_REST_BYTES = 16 * 1024;
const MAX_REST_MS = 1_000;

type ClientOptions = Pick<
  ResolvedUpstreamOptions,
  'name' | 'baseUrl' | 'apiKey' | 'connectTimeoutMs' | 'maxConnections'
>;

/** Connections to one upstream, each used by one request at a time. Does not follow redirects or decode bodies. */
export class UpstreamClient {
  readonly #name: string;
  readonly #apiKey: string | null;
  readonly #endpoint: Endpoint;
  readonly #maxConnections: number;
  readonly #clock: Clock;
  readonly #pool: Pool;
  #running = 0;

  constructor({ name, baseUrl, apiKey, connectTimeoutMs, maxConnections }: ClientOptions, clock: Clock) {
    this.#name = name;
    this.#apiKey = apiKey;
    this.#endpoint = parseEndpoint(baseUrl);
    this.#maxConnections = maxConnections;
    this.#clock = clock;
    this.#pool = new Pool(this.#endpoint.origin, {
      connections: maxConnections,
      connect: { timeout: connectTimeoutMs },
      // Time limits are enforced by the StreamWatch of each answer.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16 * 1024,
    });
  }

  get hostname(): string {
    return this.#endpoint.hostname;
  }

  /** Running requests. */
  get running(): number {
    return this.#running;
  }

  /** @throws AerieError OVERLOADED if the maximum number of requests is running. */
  checkRoom(): void {
    if (this.#running < this.#maxConnections) return;
    throw new AerieError(
      'OVERLOADED',
      `${String(this.#running)} requests to the upstream of ${this.#name} are running and the limit is ${String(this.#maxConnections)}; try again later`,
      { retryAfterMs: 1_000 },
    );
  }

  /**
   * Sends one request. Aborting the signal closes its connection at once, even after the headers have arrived.
   *
   * @throws TransportError, or the signal's reason.
   */
  async post(path: string, body: string, signal: AbortSignal): Promise<UpstreamResponse> {
    this.checkRoom();
    this.#running++;
    try {
      const {
        statusCode,
        headers,
        body: stream,
      } = await this.#pool.request({
        method: 'POST',
        path: this.#endpoint.basePath + path + this.#endpoint.query,
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          'accept-encoding': 'identity',
          'user-agent': 'aerie',
          ...(this.#apiKey === null ? {} : { authorization: `Bearer ${this.#apiKey}` }),
        },
        body,
        signal,
      });
      // There is no other listener between two reads, and an error without a listener ends the process.
      stream.on('error', () => undefined);
      stream.once('close', () => {
        this.#running--;
      });
      return toResponse(statusCode, headers, stream, signal, this.#clock);
    } catch (error) {
      this.#running--;
      signal.throwIfAborted();
      throw toTransportError(error);
    }
  }

  /** Closes every connection; running requests fail. */
  async close(): Promise<void> {
    if (!this.#pool.destroyed) await this.#pool.destroy();
  }
}

function toResponse(
  status: number,
  headers: IncomingHttpHeaders,
  stream: Readable,
  signal: AbortSignal,
  clock: Clock,
): UpstreamResponse {
  return {
    status,
    headers,
    async *body() {
      try {
        // The caller destroys the body, because it may want to reuse the connection.
        yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
      } catch (error) {
        signal.throwIfAborted();
        throw toTransportError(error);
      }
    },
    release() {
      if (stream.closed) return;
      const cancel = clock.schedule(MAX_REST_MS, () => stream.destroy());
      stream.once('close', cancel);
      let rest = 0;
      stream.on('data', (bytes: Uint8Array) => {
        rest += bytes.length;
        if (rest > MAX_REST_BYTES) stream.destroy();
      });
    },
    destroy() {
      stream.destroy();
    },
  };
}

function toTransportError(error: unknown): TransportError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return new TransportError(typeof code === 'string' ? code : 'UNKNOWN');
}
