import { lookup } from 'node:dns/promises';
import type { IncomingHttpHeaders } from 'node:http';

import { AddressPolicy } from './address-policy.js';
import type { Connection } from './connection.js';
import { ConnectionPool } from './connection-pool.js';
import { Exchange, type ExchangeResponse } from './exchange.js';
import { fetchTimedOut, isConnectionLoss, toFetchError, unreachableAddress } from './fetch-errors.js';
import { HostResolver, type ResolveHost } from './host-resolver.js';
import { Operation } from './operation.js';
import { type OutboundTarget, parseOutboundUrl } from './outbound-url.js';
import { PinnedConnector } from './pinned-connector.js';
import { redirectLocation, requireSuccess, tooManyRedirects, wantsFetchedBody } from './response-rules.js';

/** Options for fetching callers' URLs. */
export interface SafeFetcherOptions {
  /** Hosts that may be private: names, addresses or `*.suffix`, each with or without `:port`. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Time for one whole fetch, including redirects and waiting. Default 10,000. */
  readonly timeoutMs?: number;
  /** Maximum number of connections to all hosts, including idle ones. Default 64. */
  readonly maxConnections?: number;
  /** Maximum number of requests that wait for a connection; further ones are OVERLOADED. Default 256. */
  readonly maxWaiting?: number;
  /** Default `aerie`. */
  readonly userAgent?: string;
  /** All addresses of a name. Default: the system's resolver, which knows the hosts file. */
  readonly resolve?: ResolveHost;
}

/** A fetched body. */
export interface FetchedBytes {
  readonly bytes: Buffer;
}

/** Options for a fetch. */
export interface FetchBytesOptions {
  /** The value of the `Accept` header. */
  readonly accept: string;
  /** Largest body, in bytes. */
  readonly maxBytes: number;
  readonly maxRedirects: number;
  /** When it aborts, the fetch rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** A request with a body, such as a webhook. */
export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Time for the whole exchange. Default: the fetcher's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** The receiver recognizes duplicates, so a request whose keep-alive connection was closed is sent again. */
  readonly repeatable?: boolean;
}

/** The response to a {@link SafeFetcher.post}, without its body. */
export interface PostResult {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly repeatable: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** Largest body of a response, in bytes. */
  readonly maxBytes: number;
  readonly wantsBody: (status: number, headers: IncomingHttpHeaders) => boolean;
}

/**
 * Fetches callers' URLs without giving them access to the private network: only http and https, only
 * public addresses or hosts that the operator allowed, checked on every connection and redirect, limited in time,
 * bytes, redirects and connections.
 *
 * @example
 * const fetcher = new SafeFetcher({ allowedHosts: ['images.internal'] });
 * const { bytes } = await fetcher.fetchBytes('https://example.com/cat.jpg', {
 *   accept: 'image/*', maxBytes: 20_000_000, maxRedirects: 3,
 * });
 */
export class SafeFetcher {
  readonly #timeoutMs: number;
  readonly #userAgent: string;
  readonly #policy: AddressPolicy;
  readonly #pool: ConnectionPool;

  constructor(options: SafeFetcherOptions = {}) {
    const maxConnections = options.maxConnections ?? 64;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#userAgent = options.userAgent ?? 'aerie';
    this.#policy = new AddressPolicy(options.allowedHosts ?? []);
    const resolver = new HostResolver(options.resolve ?? resolveWithSystem, maxConnections);
    const connector = new PinnedConnector(this.#policy, resolver);
    this.#pool = new ConnectionPool(connector, maxConnections, options.maxWaiting ?? 256);
  }

  /**
   * Fetches the body at `url`.
   *
   * @throws AerieError INVALID_INPUT for every failure of the URL or its host, OVERLOADED if no connection became
   *   free, SHUTTING_DOWN after {@link SafeFetcher.close}; the signal's reason if it aborts
   */
  async fetchBytes(url: string, options: FetchBytesOptions): Promise<FetchedBytes> {
    const request: OutboundRequest = {
      method: 'GET',
      repeatable: true,
      headers: { 'user-agent': this.#userAgent, accept: options.accept, 'accept-encoding': 'identity' },
      body: null,
      maxBytes: options.maxBytes,
      wantsBody: wantsFetchedBody,
    };
    let target = parseOutboundUrl(url, this.#policy);
    const operation = new Operation(this.#timeoutMs, options.signal);
    try {
      for (let redirects = 0; ; redirects += 1) {
        const response = await this.#exchange(target, request, operation);
        const location = redirectLocation(response);
        if (location === null) return fetchedBytes(response, target);
        if (redirects === options.maxRedirects) throw tooManyRedirects(options.maxRedirects);
        target = parseOutboundUrl(location, this.#policy, target.url);
      }
    } finally {
      operation.end();
    }
  }

  /**
   * Sends `body` to `url`. Redirects are not followed. Every status is a valid response, and its body is dropped.
   *
   * @throws like {@link SafeFetcher.fetchBytes}, but not because of the status
   */
  async post(url: string, options: PostOptions): Promise<PostResult> {
    const target = parseOutboundUrl(url, this.#policy);
    const operation = new Operation(options.timeoutMs ?? this.#timeoutMs, options.signal);
    const headers = { 'user-agent': this.#userAgent, ...options.headers };
    try {
      const request: OutboundRequest = {
        method: 'POST',
        repeatable: options.repeatable ?? false,
        headers,
        body: options.body,
        maxBytes: 0,
        wantsBody: () => false,
      };
      const response = await this.#exchange(target, request, operation);
      return { status: response.status, headers: response.headers };
    } finally {
      operation.end();
    }
  }

  /** Ends running requests with SHUTTING_DOWN and closes every connection. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #exchange(
    target: OutboundTarget,
    request: OutboundRequest,
    operation: Operation,
  ): Promise<ExchangeResponse> {
    for (;;) {
      operation.throwIfAborted();
      const connection = await this.#pool.acquire(target, operation);
      const { exchange, response } = this.#start(connection, target, request, operation);
      try {
        const whole = await response;
        connection.markServed();
        if (whole.complete) this.#pool.release(connection);
        else this.#pool.discard(connection);
        return whole;
      } catch (error) {
        const wasReused = connection.wasReused;
        this.#pool.discard(connection);
        // The peer closed an idle keep-alive connection, not in response to this request, so a new one is tried.
        if (wasReused && request.repeatable && !exchange.hasStarted && isConnectionLoss(error)) continue;
        throw operation.isAborted(error) ? error : toFetchError(error, target.host);
      }
    }
  }

  #start(
    connection: Connection,
    target: OutboundTarget,
    request: OutboundRequest,
    operation: Operation,
  ): { readonly exchange: Exchange; readonly response: Promise<ExchangeResponse> } {
    let exchange!: Exchange;
    const response = new Promise<ExchangeResponse>((resolve, reject) => {
      exchange = new Exchange(
        {
          maxBytes: request.maxBytes,
          wantsBody: request.wantsBody,
          timedOut: () =>
            connection.isResolving ? unreachableAddress() : fetchTimedOut(target.host, operation.timeoutMs),
        },
        resolve,
        reject,
      );
      operation.enter(exchange);
      const { method, headers, body } = request;
      if (!exchange.isSettled)
        connection.client.dispatch({ path: target.path, method, headers, body }, exchange);
    });
    return { exchange, response };
  }
}

function fetchedBytes(response: ExchangeResponse, { host }: OutboundTarget): FetchedBytes {
  requireSuccess(response, host);
  return {
    bytes: response.bytes,
  };
}

/** `getaddrinfo`, which, unlike c-ares, uses the machine's hosts file and search domains. */
const resolveWithSystem: ResolveHost = (host) => lookup(host, { all: true });
