import { randomUUID } from 'node:crypto';
import type { HttpSettings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import type { InferenceCall, ServedBy } from '@aerie/inference';
import { type Clock, backgroundClock } from '@aerie/runtime';
import type { Request, Response } from 'express';
import { callerAddress } from './caller-address.js';

type ContextSettings = Pick<HttpSettings, 'requestTimeoutMs' | 'trustedProxies'>;
type ModelReference = Pick<ServedBy, 'model' | 'version'>;

/** The state of one request. */
export class RequestContext {
  /** From X-Request-ID if that is well formed, otherwise generated. */
  readonly id: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** The model that answered, once known. */
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

  /** Deadline of the request, by `performance.now()`. */
  get deadline(): number {
    return this.startedAt + this.#settings.requestTimeoutMs;
  }

  /** Aborts when the caller disconnects (CANCELED) or the deadline passes (TIMEOUT). */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /**
   * Aborts when the caller disconnects (CANCELED), or when {@link RequestContext.endLongWork} is called. For work that has
   * its own limits and may take longer than REQUEST_TIMEOUT.
   */
  get longSignal(): AbortSignal {
    this.#longController ??= this.#watchForLeaving();
    return this.#longController.signal;
  }

  /** Aborts {@link RequestContext.longSignal}. */
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

  /** Key that keeps this caller on one version of a traffic split. */
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

  /** Reports the answering model to the caller and the log. Call this before the headers are sent. */
  servedByModel({ model, version }: ModelReference): void {
    this.servedBy = { model, version };
    this.#response.setHeader('X-Model-Name', model);
    this.#response.setHeader('X-Model-Version', version);
  }

  /** Reports the model that answered to the caller and the log. */
  served<T>({ reply, servedBy }: { readonly reply: T; readonly servedBy: ServedBy }): T {
    this.servedByModel(servedBy);
    this.servedBy = servedBy;
    return reply;
  }

  #watchForLeaving(): AbortController {
    const controller = new AbortController();
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) {
        controller.abort(new AerieError('CANCELED', 'The caller disconnected before the response.'));
      }
    });
    return controller;
  }

  #watch(): AbortController {
    const controller = this.#watchForLeaving();
    const cancel = this.#clock.schedule(Math.max(0, this.deadline - this.#clock.now()), () => {
      const limit = `${String(this.#settings.requestTimeoutMs / 1000)} s`;
      controller.abort(
        new AerieError('TIMEOUT', `The request did not finish within ${limit} (REQUEST_TIMEOUT).`),
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
