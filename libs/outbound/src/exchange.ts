import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

import { BodyCollector } from './body-collector.js';
import { bodyTooLarge } from './fetch-errors.js';
import type { OperationStep } from './operation.js';

/** Bytes of an unwanted body that are read to keep its connection. Beyond that, closing is cheaper. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** The response. */
export interface ExchangeResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty if the body was not wanted. */
  readonly bytes: Buffer;
  /** Whether the body was read to its end, so that the connection can serve again. */
  readonly complete: boolean;
}

/** How to handle a response once its headers have arrived. */
export interface ExchangePlan {
  /** Largest body that is collected. */
  readonly maxBytes: number;
  /** Whether the body of this response is wanted. Throws to refuse the response unread. */
  readonly wantsBody: (status: number, headers: IncomingHttpHeaders) => boolean;
  /** The error if the deadline passes before the response is complete. */
  readonly timedOut: () => Error;
}

const NO_BYTES = Buffer.alloc(0);

/** One request on one connection. Settles exactly once; later events are dropped. */
export class Exchange implements Dispatcher.DispatchHandler, OperationStep {
  readonly #plan: ExchangePlan;
  readonly #resolve: (response: ExchangeResponse) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  /** Null until the headers arrive, and for an unwanted body. */
  #body: BodyCollector | null = null;
  #isDiscarding = false;
  #discardedBytes = 0;
  #settled = false;

  constructor(
    plan: ExchangePlan,
    resolve: (response: ExchangeResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#plan = plan;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether any part of the response has arrived. */
  get hasStarted(): boolean {
    return this.#status !== 0;
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  cancel(reason: unknown): void {
    this.#fail(reason);
  }

  expire(): void {
    if (this.#isDiscarding) this.#finish(false);
    else this.#fail(this.#plan.timedOut());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) this.#abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#settled || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    try {
      if (this.#plan.wantsBody(status, headers)) this.#body = this.#collector(headers);
      else this.#startDiscarding(headers);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#body !== null) {
      if (this.#body.length + chunk.length > this.#plan.maxBytes)
        this.#fail(bodyTooLarge(this.#plan.maxBytes));
      else this.#body.push(chunk);
      return;
    }
    this.#discardedBytes += chunk.length;
    if (this.#discardedBytes > MAX_DISCARDED_BYTES) this.#finish(false);
  }

  onResponseEnd(): void {
    this.#finish(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isDiscarding) this.#finish(false);
    else this.#fail(error);
  }

  #startDiscarding(headers: IncomingHttpHeaders): void {
    this.#isDiscarding = true;
    if (Number(headers['content-length'] ?? 0) > MAX_DISCARDED_BYTES) this.#finish(false);
  }

  #collector(headers: IncomingHttpHeaders): BodyCollector {
    const declared = headers['content-length'];
    if (declared === undefined) return new BodyCollector(null);
    const bytes = Number(declared);
    if (bytes > this.#plan.maxBytes) throw bodyTooLarge(this.#plan.maxBytes, bytes);
    return new BodyCollector(bytes);
  }

  #finish(complete: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    if (!complete) this.#abort();
    const bytes = this.#body?.finish() ?? NO_BYTES;
    this.#resolve({ status: this.#status, headers: this.#headers, bytes, complete });
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#abort();
    this.#reject(error);
  }

  /** Closes the connection, because the rest of the response is not wanted. */
  #abort(): void {
    this.#controller?.abort(new Error('the exchange has ended'));
  }
}
