import { AerieError } from '@aerie/contracts';
import { sleep } from '@aerie/runtime';
import { parseFailure } from '../answer/completion-chunk.js';
import type { CircuitBreaker, CircuitPermit } from '../circuit/circuit-breaker.js';
import type { UpstreamPorts, ResolvedUpstreamOptions } from '../upstream-options.js';
import { type UpstreamExchange, settle } from './upstream-exchange.js';
import type { OpenAiRequest } from './openai-request.js';
import { retryPauseMs } from './retry-pause.js';
import { TransportError, type UpstreamClient, type UpstreamResponse } from './upstream-client.js';
import {
  connectionFailed,
  type FailureContext,
  translateStatus,
  type TranslatedFailure,
} from './upstream-errors.js';

/** Dependencies of an {@link AnswerOpener}. */
export interface AnswerOpenerParts {
  readonly options: ResolvedUpstreamOptions;
  readonly ports: Required<UpstreamPorts>;
  readonly client: UpstreamClient;
  readonly breaker: CircuitBreaker;
}

/** A successful response, and the permit to which its outcome must be reported. */
export interface OpenedAnswer {
  readonly response: UpstreamResponse;
  readonly permit: CircuitPermit;
}

/** Maximum bytes to read of an error's body. */
const MAX_FAILURE_BYTES = 64 * 1024;

/** Sends requests until an answer begins, as often as the options and the circuit allow. */
export class AnswerOpener {
  readonly #parts: AnswerOpenerParts;

  constructor(parts: AnswerOpenerParts) {
    this.#parts = parts;
  }

  /**
   * Tries until an answer begins. Nothing has been read by then, so a retry repeats nothing.
   *
   * @throws AerieError of the last attempt, or the signal's reason.
   */
  async open(request: OpenAiRequest, exchange: UpstreamExchange): Promise<OpenedAnswer> {
    const { maxRetryAfterMs, retries } = this.#parts.options;
    const body = JSON.stringify(request.body);
    let refusal: AerieError | null = null;
    for (let attempts = 1; ; attempts++) {
      this.#parts.client.checkRoom();
      const permit = this.#admit(refusal);
      const outcome = await this.#attempt(request.path, body, exchange).catch((error: unknown) => {
        settle(permit, error, exchange);
        throw error;
      });
      if (!('error' in outcome)) return { response: outcome, permit };
      const { error, isRetryable } = outcome;
      refusal = error;
      settle(permit, error, exchange);
      const delayMs = retryPauseMs({
        attempts,
        retryAfterMs: error.retryAfterMs,
        maxRetryAfterMs,
        random: this.#parts.ports.random(),
      });
      const isLast = !isRetryable || attempts > retries || delayMs === null;
      this.#logFailure(outcome, { attempts, ...(isLast ? {} : { retryInMs: delayMs }) });
      if (isLast) throw error;
      await sleep(delayMs, exchange.signal, this.#parts.ports.clock);
    }
  }

  /** Context for describing a failure without secrets. */
  failureContext(): FailureContext {
    const { options, client } = this.#parts;
    const secrets = { apiKey: options.apiKey, hostname: client.hostname };
    return { name: options.name, secrets, epochMs: Date.now() };
  }

  /** @throws the previous attempt's error if the circuit has opened since, because that error says more. */
  #admit(refusal: AerieError | null): CircuitPermit {
    try {
      return this.#parts.breaker.admit();
    } catch (error) {
      throw refusal ?? error;
    }
  }

  /** @throws the signal's reason. */
  async #attempt(
    path: string,
    body: string,
    { signal }: UpstreamExchange,
  ): Promise<UpstreamResponse | (TranslatedFailure & { readonly reason: string })> {
    try {
      const response = await this.#parts.client.post(path, body, signal);
      if (response.status === 200) return response;
      const text = await readFailureText(response);
      const failure = translateStatus(
        response.status,
        response.headers,
        parseFailure(text),
        this.failureContext(),
      );
      return { ...failure, reason: `status ${String(response.status)}` };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { name, connectTimeoutMs } = this.#parts.options;
      const translated = error.isConnectTimeout
        ? new AerieError(
            'TIMEOUT',
            `the upstream of ${name} took no connection within ${String(connectTimeoutMs)} ms`,
          )
        : connectionFailed(name, 'before');
      return { error: translated, isRetryable: true, isOperators: false, reason: error.code };
    }
  }

  #logFailure(
    { error, isOperators, reason }: TranslatedFailure & { readonly reason: string },
    fields: object,
  ): void {
    const line = { code: error.code, reason, ...fields };
    const { logger } = this.#parts.ports;
    if (isOperators)
      logger.error(line, 'an upstream refuses this server: check its key, account, address and model');
    else logger.warn(line, 'a request to an upstream failed');
  }
}

/** The body of an error response, up to {@link MAX_FAILURE_BYTES}. */
async function readFailureText(response: UpstreamResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body()) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MAX_FAILURE_BYTES) {
      response.destroy();
      break;
    }
  }
  return Buffer.concat(pieces).toString('utf8');
}
