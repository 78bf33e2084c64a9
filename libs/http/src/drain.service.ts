import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { type Clock, type Logger, sleep, systemClock } from '@aerie/runtime';
import type { NextFunction, Request, Response } from 'express';

/** How long keep-alive connections stay open for late requests, which then get a 503 instead of a reset. */
const LINGER_MS = 500;
/** Time before the end of DRAIN_TIMEOUT at which texts are ended, so that their error events still reach the clients. */
const CLOSING_MS = 2_000;

/**
 * Takes the server out of service without failing requests. First it is not ready. After DRAIN_DELAY, new requests are
 * refused, requests in flight finish, and keep-alive connections are closed.
 */
export class DrainService {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #inFlight = new Map<ServerResponse, Request>();
  #draining = false;
  #refusing = false;
  #idle: (() => void) | undefined;
  readonly #stopping = new AbortController();

  constructor(settings: Settings, logger: Logger, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Whether a stop was requested: the server is no longer ready, even if it still serves requests. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Aborts when requests are refused, so that long waits and streams end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Counts requests in flight and refuses late ones. */
  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    this.#inFlight.set(response, request);
    response.once('close', () => {
      this.#inFlight.delete(response);
      if (this.#inFlight.size === 0) this.#idle?.();
    });
    if (!this.#refusing) {
      next();
      return;
    }
    response.shouldKeepAlive = false;
    next(
      new AerieError(
        'SHUTTING_DOWN',
        'The server is shutting down. Send the request again, to another server.',
      ),
    );
  };

  /** From now on the server is not ready, but still serves requests. */
  begin(): void {
    this.#draining = true;
    this.#logger.info({ in_flight: this.#inFlight.size }, 'draining');
  }

  /** Resolves when no request is in flight and no connection is left. Called once. */
  async drain(server: Server): Promise<void> {
    const startedAt = this.#clock.now();
    this.begin();
    await this.#sleep(this.#settings.http.drainDelayMs);
    this.#refusing = true;
    this.#stopping.abort();
    const closed = new Promise<void>((resolve) => {
      // Stops only listening: http.Server.close would also close idle connections, with requests on their way.
      NetServer.prototype.close.call(server, () => {
        resolve();
      });
    });
    for (const response of this.#inFlight.keys()) if (!response.headersSent) response.shouldKeepAlive = false;
    const cancelDeadline = this.#clock.schedule(this.#longWorkMs(), () => this.#endLongWork());
    await Promise.all([this.#finished(), this.#sleep(LINGER_MS)]);
    cancelDeadline();
    server.closeAllConnections();
    await closed;
    this.#logger.info({ duration_ms: Math.round(this.#clock.now() - startedAt) }, 'drained');
  }

  #longWorkMs(): number {
    const { drainTimeoutMs } = this.#settings.http;
    return drainTimeoutMs - Math.min(CLOSING_MS, drainTimeoutMs / 2);
  }

  /** Texts that take longer than the drain end with an error instead of a closed connection. */
  #endLongWork(): void {
    const error = new AerieError(
      'SHUTTING_DOWN',
      'The server is shutting down. Send the request again, to another server.',
    );
    for (const { context } of this.#inFlight.values()) context.endLongWork(error);
  }

  async #finished(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  async #sleep(delayMs: number): Promise<void> {
    if (delayMs > 0) await sleep(delayMs, undefined, this.#clock);
  }
}
