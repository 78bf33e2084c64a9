import { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, LanguageModel } from '@aerie/generation';
import { AnswerAssembler } from './answer/answer-assembler.js';
import { parseChunk, parseFailure } from './answer/completion-chunk.js';
import { ProviderStream, type StreamScope } from './answer/provider-stream.js';
import { type Expiry, StreamWatch } from './answer/stream-watch.js';
import {
  CircuitBreaker,
  type CircuitFailure,
  type CircuitPermit,
  type CircuitState,
} from './circuit/circuit-breaker.js';
import { type ProviderClock, systemClock, wait } from './provider-clock.js';
import {
  type ProviderOptions,
  type ProviderPorts,
  resolveProviderOptions,
  type ResolvedProviderOptions,
} from './provider-options.js';
import { type OpenAiRequest, toOpenAiRequest } from './upstream/openai-request.js';
import { retryDelayMs } from './upstream/retry-delay.js';
import { MalformedStreamError, readSse } from './upstream/sse-reader.js';
import { TransportError, UpstreamClient, type UpstreamResponse } from './upstream/upstream-client.js';
import {
  connectionFailed,
  type FailureContext,
  translateStatus,
  translateStreamFailure,
  type TranslatedFailure,
} from './upstream/upstream-errors.js';

/** How a provider is, for health and metrics. */
export interface ProviderStatus {
  readonly state: CircuitState;
  /** Requests under way. */
  readonly running: number;
  /** The failure that its circuit saw last; it holds neither key nor address. */
  readonly lastError: CircuitFailure | null;
}

/** One request on its way. */
interface Exchange extends StreamScope {
  readonly answer: AnswerAssembler;
  readonly watch: StreamWatch;
  /** Set when time ran out. */
  expiry: Expiry | null;
}

/** A response that is an answer, and the permit that its outcome is to be told to. */
interface OpenedAnswer {
  readonly response: UpstreamResponse;
  readonly permit: CircuitPermit;
}

/** Most of an error's body that is read, in bytes. */
const MAX_FAILURE_BYTES = 64 * 1024;

/**
 * A model of another server that speaks OpenAI's API.
 *
 * @example
 * const model = new OpenAiProvider(
 *   { name: 'gpt-4', baseUrl: 'https://api.openai.com/v1', apiKey, upstreamModel: 'gpt-4' },
 *   { logger },
 * );
 * for await (const event of model.generate({ kind: 'chat', messages }, signal)) ...
 */
export class OpenAiProvider implements LanguageModel {
  readonly #options: ResolvedProviderOptions;
  readonly #ports: Required<ProviderPorts>;
  readonly #client: UpstreamClient;
  readonly #breaker: CircuitBreaker;
  readonly #streams = new Set<ProviderStream>();
  #isClosed = false;

  /** @throws Error when the base URL is none. Nothing is connected before the first request. */
  constructor(options: ProviderOptions, ports: ProviderPorts) {
    const clock: ProviderClock = ports.clock ?? systemClock;
    this.#options = resolveProviderOptions(options);
    this.#ports = { logger: ports.logger, clock, random: ports.random ?? Math.random };
    this.#client = new UpstreamClient(this.#options, clock);
    this.#breaker = new CircuitBreaker(options.name, options.circuit ?? {}, clock, (state) => {
      const line = { model: options.name, circuit: state };
      if (state === 'closed') ports.logger.info(line, 'a provider answers again');
      else ports.logger.warn(line, `the circuit of a provider is ${state}`);
    });
  }

  /**
   * Starts an answer with its first read. The stream throws AerieErrors: what the upstream refused as INVALID_INPUT or
   * CONTEXT_LENGTH_EXCEEDED, what it does not know as UNSUPPORTED_PARAMETER, RATE_LIMITED and OVERLOADED, TIMEOUT,
   * CANCELED, SHUTTING_DOWN, and UPSTREAM_ERROR for the rest.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): ProviderStream {
    const answer = new AnswerAssembler(this.#options.name, request.n ?? 1);
    const stream = new ProviderStream(
      {
        answer,
        write: (scope) => this.#write(request, answer, scope),
        onOver: (over) => this.#streams.delete(over),
      },
      signal,
    );
    this.#streams.add(stream);
    if (this.#isClosed) stream.fail(shuttingDown());
    return stream;
  }

  status(): ProviderStatus {
    return {
      state: this.#breaker.state,
      running: this.#client.running,
      lastError: this.#breaker.lastFailure,
    };
  }

  /** Ends the answers that are under way with SHUTTING_DOWN, and every connection. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#streams) stream.fail(shuttingDown());
    await this.#client.close();
  }

  async *#write(
    request: GenerationRequest,
    answer: AnswerAssembler,
    scope: StreamScope,
  ): AsyncGenerator<GenerationEvent, undefined> {
    const upstreamRequest = toOpenAiRequest(request, this.#options);
    const watch = new StreamWatch(this.#ports.clock, this.#options, (expiry) => {
      exchange.expiry = expiry;
      scope.fail(expiry.error);
    });
    const exchange: Exchange = { ...scope, answer, watch, expiry: null };
    watch.start(request);
    try {
      yield* this.#readAnswer(await this.#open(upstreamRequest, exchange), exchange);
    } catch (error) {
      if (exchange.expiry !== null) this.#logBroken(exchange.expiry.error.message, 'TIMEOUT');
      throw error;
    } finally {
      watch.stop();
    }
  }

  /** Tries until an answer begins. Nothing of it was read yet, so trying again repeats nothing. */
  async #open(request: OpenAiRequest, exchange: Exchange): Promise<OpenedAnswer> {
    const { maxRetryAfterMs, retries } = this.#options;
    const body = JSON.stringify(request.body);
    let refusal: AerieError | null = null;
    for (let attempts = 1; ; attempts++) {
      this.#client.checkRoom();
      const permit = this.#admit(refusal);
      const outcome = await this.#attempt(request.path, body, exchange).catch((error: unknown) => {
        this.#settle(permit, error, exchange);
        throw error;
      });
      if (!('error' in outcome)) return { response: outcome, permit };
      const { error, isRetryable } = outcome;
      refusal = error;
      this.#settle(permit, error, exchange);
      const delayMs = retryDelayMs({
        attempts,
        retryAfterMs: error.retryAfterMs,
        maxRetryAfterMs,
        random: this.#ports.random(),
      });
      const isLast = !isRetryable || attempts > retries || delayMs === null;
      this.#logFailure(outcome, { attempts, ...(isLast ? {} : { retryInMs: delayMs }) });
      if (isLast) throw error;
      await wait(this.#ports.clock, delayMs, exchange.signal);
    }
  }

  /** @throws the error of the attempt before when the circuit has opened since: it says more. */
  #admit(refusal: AerieError | null): CircuitPermit {
    try {
      return this.#breaker.admit();
    } catch (error) {
      throw refusal ?? error;
    }
  }

  /** @throws the signal's reason. */
  async #attempt(
    path: string,
    body: string,
    { signal }: Exchange,
  ): Promise<UpstreamResponse | (TranslatedFailure & { readonly reason: string })> {
    try {
      const response = await this.#client.post(path, body, signal);
      if (response.status === 200) return response;
      const text = await readFailureText(response);
      const failure = translateStatus(
        response.status,
        response.headers,
        parseFailure(text),
        this.#failureContext(),
      );
      return { ...failure, reason: `status ${String(response.status)}` };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { name, connectTimeoutMs } = this.#options;
      const translated = error.isConnectTimeout
        ? new AerieError(
            'TIMEOUT',
            `the provider of ${name} took no connection within ${String(connectTimeoutMs)} ms`,
          )
        : connectionFailed(name, 'before');
      return { error: translated, isRetryable: true, isOperators: false, reason: error.code };
    }
  }

  async *#readAnswer(
    { response, permit }: OpenedAnswer,
    exchange: Exchange,
  ): AsyncGenerator<GenerationEvent, undefined> {
    const { answer, watch } = exchange;
    try {
      for await (const { event, data } of readSse(response.body())) {
        if (data === '[DONE]') break;
        const chunk = parseChunk(data);
        if (chunk.type === 'failure' || event === 'error') {
          const said = chunk.type === 'failure' ? chunk.failure : parseFailure(data);
          throw translateStreamFailure(said, this.#failureContext()).error;
        }
        if (chunk.type === 'unreadable') throw new MalformedStreamError('an event is no part of an answer');
        const isAnswer = chunk.pieces.some(({ isProgress }) => isProgress);
        watch.progress(isAnswer);
        for (const said of answer.take(chunk.pieces, chunk.usage)) {
          permit.succeeded();
          watch.hold();
          yield said;
          watch.resume();
        }
      }
      const finish = answer.end();
      permit.succeeded();
      response.release();
      watch.stop();
      yield finish;
    } catch (error) {
      const translated = exchange.signal.aborted ? error : this.#translateBroken(error);
      this.#settle(permit, translated, exchange);
      response.destroy();
      throw translated;
    } finally {
      // The reader left at a yield: after the answer, that changes nothing.
      permit.released();
      if (exchange.signal.aborted) response.destroy();
    }
  }

  /** What went wrong in the middle of an answer, as its reader gets it. */
  #translateBroken(error: unknown): unknown {
    const { name } = this.#options;
    if (error instanceof TransportError) {
      this.#logBroken(error.code);
      return connectionFailed(name, 'during');
    }
    if (error instanceof MalformedStreamError) {
      this.#logBroken(error.message);
      return new AerieError('UPSTREAM_ERROR', `the provider of ${name} sent something that is no answer`);
    }
    if (error instanceof AerieError) this.#logBroken(error.message, error.code);
    return error;
  }

  /** Tells the circuit what an attempt has shown of the upstream. */
  #settle(permit: CircuitPermit, error: unknown, { expiry, signal }: Exchange): void {
    // Whoever left, or had less time than the provider may take, has learned nothing of it.
    const isCallers = signal.aborted && expiry?.isProviders !== true;
    if (isCallers || !(error instanceof AerieError)) {
      permit.released();
      return;
    }
    switch (error.code) {
      case 'UPSTREAM_ERROR':
      case 'TIMEOUT':
        permit.failed(error);
        return;
      case 'INVALID_INPUT':
      case 'CONTEXT_LENGTH_EXCEEDED':
        permit.succeeded();
        return;
      default:
        permit.released();
    }
  }

  #failureContext(): FailureContext {
    const { name, apiKey } = this.#options;
    return { name, secrets: { apiKey, hostname: this.#client.hostname }, epochMs: Date.now() };
  }

  #logFailure(
    { error, isOperators, reason }: TranslatedFailure & { readonly reason: string },
    fields: object,
  ): void {
    const line = { model: this.#options.name, code: error.code, reason, ...fields };
    const { logger } = this.#ports;
    if (isOperators)
      logger.error(line, 'a provider refuses this server: check its key, account, address and model');
    else logger.warn(line, 'a request to a provider failed');
  }

  #logBroken(reason: string, code = 'UPSTREAM_ERROR'): void {
    this.#ports.logger.warn({ model: this.#options.name, code, reason }, 'an answer of a provider broke off');
  }
}

/** What a response that is an error says, as far as it is read. */
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

function shuttingDown(): AerieError {
  return new AerieError('SHUTTING_DOWN', 'the server is shutting down');
}
