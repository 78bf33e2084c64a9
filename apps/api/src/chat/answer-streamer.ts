import { SETTINGS, type GenerationSettings, type Settings } from '@aerie/config';
import { type RequestContext, logFailure, toAerieError } from '@aerie/http';
import {
  type CompleteAnswer,
  GenerateService,
  type GenerationEvent,
  type InferenceCall,
  type OpenAnswer,
  type TextWork,
} from '@aerie/inference';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { settlesWithin } from '@aerie/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SseStream } from '../http/sse/sse-stream.js';
import type { AnswerFormat, AnswerFormatFactory } from './answer-format.js';

/** An answer to stream. */
export interface StreamedAnswer {
  readonly request: TextWork;
  readonly call: InferenceCall;
  readonly format: AnswerFormatFactory;
}

/** An answer, streamed or as one body. */
export interface EitherAnswer extends StreamedAnswer {
  readonly stream: boolean;
  /** Creates the body of a reply that is not streamed. */
  readonly reply: (answer: CompleteAnswer) => object;
}

type Step = IteratorResult<GenerationEvent, undefined>;

/** Streams answers as server-sent events in any format. */
@Injectable()
export class AnswerStreamer {
  readonly #generate: GenerateService;
  readonly #settings: GenerationSettings;
  readonly #logger: PinoLogger;

  constructor(
    @Inject(GenerateService) generate: GenerateService,
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: PinoLogger,
  ) {
    this.#generate = generate;
    this.#settings = settings.generation;
    this.#logger = logger;
  }

  /** Answers `response` with events or one reply, as `answer` says. @throws errors before the first piece */
  async answer(answer: EitherAnswer, response: Response): Promise<void> {
    if (answer.stream) {
      await this.stream(answer, response);
      return;
    }
    const complete = await this.#generate.complete(answer.request, answer.call);
    (response.req as Request).context.servedByModel(complete);
    response.json(answer.reply(complete));
  }

  /**
   * Answers `response` with events. A failure before the first piece of text is thrown, for an ordinary error response; a
   * later one is an event. The response begins with the first piece, or after a ping interval without one.
   */
  async stream({ request, call, format }: StreamedAnswer, response: Response): Promise<void> {
    const { context } = response.req as Request;
    await this.#generate.stream(request, call, async (answer) => {
      const { pingIntervalMs, streamStallTimeoutMs } = this.#settings;
      const first = answer.events.next();
      // Awaited below. If something fails before, nothing else would handle its rejection.
      first.catch(() => undefined);
      if (await settlesWithin(first, pingIntervalMs)) await first;
      context.servedByModel({ model: answer.model, version: answer.version });
      const sse = new SseStream(response, {
        pingIntervalMs,
        stallTimeoutMs: streamStallTimeoutMs,
        onCut: () =>
          this.#logger.info({ id: context.id }, 'a client read nothing from its stream and was disconnected'),
      });
      sse.open();
      try {
        await this.#write(answer, first, format(answer), sse, context);
      } finally {
        sse.end();
      }
    });
  }

  async #write(
    { events }: OpenAnswer,
    first: Promise<Step>,
    format: AnswerFormat,
    sse: SseStream,
    context: RequestContext,
  ): Promise<void> {
    const send = async (frames: readonly string[]): Promise<void> => {
      for (const frame of frames) await sse.send(frame);
    };
    try {
      await send(format.begin());
      for (let step = await first; step.done !== true; step = await events.next()) {
        await send(format.event(step.value));
      }
      await send(format.end(events.usage));
    } catch (thrown) {
      const error = toAerieError(thrown);
      logFailure(this.#logger, error, context);
      // A caller that has disconnected gets no error.
      await send(format.fail(error)).catch(() => undefined);
    }
  }
}
