import { AerieError, toCanceledError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, LanguageModel } from '@aerie/generation';
import { type Clock, systemClock } from '@aerie/runtime';
import { AnswerAssembler } from './answer/answer-assembler.js';
import { parseChunk, parseFailure } from './answer/completion-chunk.js';
import { AnswerStream } from './answer/answer-stream.js';
import { StreamWatch } from './answer/stream-watch.js';
import { CircuitBreaker, type CircuitState } from './circuit/circuit-breaker.js';
import {
  type UpstreamOptions,
  type UpstreamPorts,
  resolveUpstreamOptions,
  type ResolvedUpstreamOptions,
} from './upstream-options.js';
import { AnswerOpener, type OpenedAnswer } from './upstream/answer-opener.js';
import { type UpstreamExchange, settle } from './upstream/upstream-exchange.js';
import { toOpenAiRequest } from './upstream/openai-request.js';
import { MalformedStreamError, readSse } from './upstream/sse-reader.js';
import { TransportError, UpstreamClient } from './upstream/upstream-client.js';
import { connectionFailed, translateStreamFailure } from './upstream/upstream-errors.js';

/** The status of an upstream, for health and metrics. */
export interface UpstreamStatus {
  readonly state: CircuitState;
  /** Running requests. */
  readonly running: number;
}

/**
 * A model on an upstream, another server that speaks OpenAI's API.
 *
 * @example
 * const model = new OpenAiModel(
 *   { name: 'gpt-4', baseUrl: 'https://api.openai.com/v1', apiKey, upstreamModel: 'gpt-4' },
 *   { logger },
 * );
 * for await (const event of model.generate({ kind: 'chat', messages }, signal)) ...
 */
export class OpenAiModel implements LanguageModel {
  readonly #options: ResolvedUpstreamOptions;
  readonly #ports: Required<UpstreamPorts>;
  readonly #client: UpstreamClient;
  readonly #breaker: CircuitBreaker;
  readonly #opener: AnswerOpener;
  readonly #streams = new Set<AnswerStream>();
  #isClosed = false;

  /** Opens no connection before the first request. @throws Error if the base URL is not valid. */
  constructor(options: UpstreamOptions, ports: UpstreamPorts) {
    const clock: Clock = ports.clock ?? systemClock;
    this.#options = resolveUpstreamOptions(options);
    this.#ports = { logger: ports.logger, clock, random: ports.random ?? Math.random };
    this.#client = new UpstreamClient(this.#options, clock);
    this.#breaker = new CircuitBreaker(options.name, options.circuit ?? {}, clock, (state) => {
      const line = { circuit: state };
      if (state === 'closed') ports.logger.info(line, 'an upstream responds again');
      else ports.logger.warn(line, `the circuit of an upstream is ${state}`);
    });
    this.#opener = new AnswerOpener({
      options: this.#options,
      ports: this.#ports,
      client: this.#client,
      breaker: this.#breaker,
    });
  }

  /**
   * The request is sent when the stream is first read. The stream throws AerieErrors: INVALID_INPUT or
   * CONTEXT_LENGTH_EXCEEDED if the upstream refused the request, UNSUPPORTED_PARAMETER if it does not have a parameter,
   * RATE_LIMITED, OVERLOADED, TIMEOUT, CANCELED, SHUTTING_DOWN, and otherwise UPSTREAM_ERROR.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): AnswerStream {
    const answer = new AnswerAssembler(this.#options.name, request.n ?? 1);
    const stream: AnswerStream = new AnswerStream(answer, {
      signal,
      toAbortError: toCanceledError,
      source: (stopped) =>
        this.#write(request, answer, stopped, (expired) => {
          stream.fail(expired);
        }),
      onEnd: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    if (this.#isClosed) stream.fail(shuttingDown());
    return stream;
  }

  status(): UpstreamStatus {
    return { state: this.#breaker.state, running: this.#client.running };
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
    signal: AbortSignal,
    fail: (error: AerieError) => void,
  ): AsyncGenerator<GenerationEvent, undefined> {
    const upstreamRequest = toOpenAiRequest(request, this.#options);
    const watch = new StreamWatch(this.#ports.clock, this.#options, (expiry) => {
      exchange.expiry = expiry;
      fail(expiry.error);
    });
    const exchange: UpstreamExchange = { signal, answer, watch, expiry: null };
    watch.start(request);
    try {
      yield* this.#readAnswer(await this.#opener.open(upstreamRequest, exchange), exchange);
    } catch (error) {
      if (exchange.expiry !== null) this.#logBroken(exchange.expiry.error.message, 'TIMEOUT');
      throw error;
    } finally {
      watch.stop();
    }
  }

  async *#readAnswer(
    { response, permit }: OpenedAnswer,
    exchange: UpstreamExchange,
  ): AsyncGenerator<GenerationEvent, undefined> {
    const { answer, watch } = exchange;
    try {
      for await (const { event, data } of readSse(response.body())) {
        if (data === '[DONE]') break;
        const chunk = parseChunk(data);
        if (chunk.type === 'failure' || event === 'error') {
          const said = chunk.type === 'failure' ? chunk.failure : parseFailure(data);
          throw translateStreamFailure(said, this.#opener.failureContext()).error;
        }
        if (chunk.type === 'unreadable') throw new MalformedStreamError('an event is not part of an answer');
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
      settle(permit, translated, exchange);
      response.destroy();
      throw translated;
    } finally {
      // Counts only if the reader left at a yield before the answer began.
      permit.released();
      if (exchange.signal.aborted) response.destroy();
    }
  }

  /** The error that the reader of an answer gets when the answer breaks off. */
  #translateBroken(error: unknown): unknown {
    const { name } = this.#options;
    if (error instanceof TransportError) {
      this.#logBroken(error.code);
      return connectionFailed(name, 'during');
    }
    if (error instanceof MalformedStreamError) {
      this.#logBroken(error.message);
      return new AerieError('UPSTREAM_ERROR', `the upstream of ${name} sent an invalid response`);
    }
    if (error instanceof AerieError) this.#logBroken(error.message, error.code);
    return error;
  }

  #logBroken(reason: string, code = 'UPSTREAM_ERROR'): void {
    this.#ports.logger.warn({ code, reason }, 'a response of an upstream broke off');
  }
}

function shuttingDown(): AerieError {
  return new AerieError('SHUTTING_DOWN', 'the server is shutting down');
}
