import { randomUUID } from 'node:crypto';
import { AerieError } from '@aerie/contracts';
import type { InferenceCall, ServedBy } from '@aerie/inference';
import type { Request, Response } from 'express';

/** What one request carries through the server. */
export class RequestContext {
  /** From X-Request-ID when it is well formed, else made here. */
  readonly id: string;
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  /** What answered, once known. */
  servedBy: ServedBy | undefined;
  /** The API key's fingerprint, once a guard has checked it. */
  apiKeyId: string | undefined;
  readonly #request: Request;
  readonly #response: Response;
  readonly #timeoutMs: number;
  #controller: AbortController | undefined;

  constructor(request: Request, response: Response, timeoutMs: number) {
    this.id = requestId(request.headers['x-request-id']);
    this.#request = request;
    this.#response = response;
    this.#timeoutMs = timeoutMs;
  }

  /** By `performance.now()`: when the request's time is up. */
  get deadline(): number {
    return this.startedAt + this.#timeoutMs;
  }

  /** Aborts when the caller leaves (CANCELED) or the request's time is up (TIMEOUT). */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /** What keeps this caller on one version of a traffic split. */
  get stickyKey(): string {
    return this.apiKeyId ?? this.#request.get('x-variant-key') ?? this.#request.ip ?? '';
  }

  /** The call for a use case. */
  call(model?: string, version?: string): InferenceCall {
    return {
      signal: this.signal,
      deadline: this.deadline,
      stickyKey: this.stickyKey,
      ...(model === undefined ? {} : { model }),
      ...(version === undefined ? {} : { version }),
    };
  }

  /** Tells the caller and the log what answered. */
  served<T>({ reply, servedBy }: { readonly reply: T; readonly servedBy: ServedBy }): T {
    this.servedBy = servedBy;
    this.#response.setHeader('X-Model-Name', servedBy.model);
    this.#response.setHeader('X-Model-Version', servedBy.version);
    return reply;
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        const limit = `${String(this.#timeoutMs / 1000)} s`;
        controller.abort(
          new AerieError('TIMEOUT', `The request was not done within ${limit} (REQUEST_TIMEOUT).`),
        );
      },
      Math.max(0, this.deadline - performance.now()),
    );
    timer.unref();
    this.#response.once('close', () => {
      clearTimeout(timer);
      if (!this.#response.writableFinished) {
        controller.abort(new AerieError('CANCELED', 'The caller left before the reply.'));
      }
    });
    return controller;
  }
}

const WELL_FORMED_ID = /^[\w-]{1,64}$/;

function requestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && WELL_FORMED_ID.test(header) ? header : randomUUID();
}

declare module 'express-serve-static-core' {
  interface Request {
    context: RequestContext;
  }
}
