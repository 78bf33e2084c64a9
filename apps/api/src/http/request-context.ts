import { randomUUID } from 'node:crypto';
import type { HttpSettings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import type { InferenceCall, ServedBy } from '@aerie/inference';
import { type Clock, backgroundClock } from '@aerie/runtime';
import type { Request, Response } from 'express';
import { callerAddress } from './caller-address.js';

type ContextSettings = Pick<HttpSettings, 'requestTimeoutMs' | 'trustedProxies'>;
type ModelReference = Pick<ServedBy, 'model' | 'version'>;

/** What one request carries through the server. */
export class RequestContext {
  /** From X-Request-ID when it is well formed, else made here. */
  readonly id: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** What answered, once known. */
  servedBy: (ModelReference & { readonly stats?: ServedBy['stats'] }) | undefined;
  /** Why the request failed, once it has. */
  failure: AerieError | undefined;
  /** The API key's fingerprint, once a guard has checked it. */
  apiKeyId: string | undefined;
  readonly #request: Request;
  readonly #response: Response;
  readonly #settings: ContextSettings;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #longController: AbortController | undefined;

  constructor(
    request: Request,
    response: Response,
    settings: ContextSettings,
    clock: Clock = backgroundClock,
  ) {
    this.id = requestId(request.headers['x-request-id']);
    this.startedAt = clock.now();
    this.#request = request;
    this.#response = response;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** By `performance.now()`: when the request's time is up. */
  get deadline(): number {
    return this.startedAt + this.#settings.requestTimeoutMs;
  }

  /** Aborts when the caller leaves (CANCELED) or the request's time is up (TIMEOUT). */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /**
   * Aborts when the caller leaves (CANCELED), or when {@link RequestContext.endLongWork} is called: for work that has
   * limits of its own and may take longer than REQUEST_TIMEOUT.
   */
  get longSignal(): AbortSignal {
    this.#longController ??= this.#watchForLeaving();
    return this.#longController.signal;
  }

  /** Ends what hangs on {@link RequestContext.longSignal}. */
  endLongWork(reason: AerieError): void {
    this.#longController?.abort(reason);
  }

  /** The caller's address, see {@link callerAddress}. */
  get address(): string {
    const { socket, headers } = this.#request;
    const forwardedFor = headers['x-forwarded-for'];
    return callerAddress(
      socket.remoteAddress,
      typeof forwardedFor === 'string' ? forwardedFor : undefined,
      this.#settings.trustedProxies,
    );
  }

  /** What keeps this caller on one version of a traffic split. */
  get stickyKey(): string {
    return this.apiKeyId ?? this.#request.get('x-variant-key') ?? this.address;
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

  /** A call without the limit of REQUEST_TIMEOUT. */
  longCall(model?: string, version?: string): InferenceCall {
    return {
      signal: this.longSignal,
      stickyKey: this.stickyKey,
      ...(model === undefined ? {} : { model }),
      ...(version === undefined ? {} : { version }),
    };
  }

  /** Tells the caller and the log what answers. To be called before the headers are sent. */
  servedByModel({ model, version }: ModelReference): void {
    this.servedBy = { model, version };
    this.#response.setHeader('X-Model-Name', model);
    this.#response.setHeader('X-Model-Version', version);
  }

  /** Tells the caller and the log what answered. */
  served<T>({ reply, servedBy }: { readonly reply: T; readonly servedBy: ServedBy }): T {
    this.servedByModel(servedBy);
    this.servedBy = servedBy;
    return reply;
  }

  #watchForLeaving(): AbortController {
    const controller = new AbortController();
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) {
        controller.abort(new AerieError('CANCELED', 'The caller left before the reply.'));
      }
    });
    return controller;
  }

  #watch(): AbortController {
    const controller = this.#watchForLeaving();
    const cancel = this.#clock.schedule(Math.max(0, this.deadline - this.#clock.now()), () => {
      const limit = `${String(this.#settings.requestTimeoutMs / 1000)} s`;
      controller.abort(
        new AerieError('TIMEOUT', `The request was not done within ${limit} (REQUEST_TIMEOUT).`),
      );
    });
    this.#response.once('close', cancel);
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
