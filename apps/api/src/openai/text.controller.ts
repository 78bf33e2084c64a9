import { type RequestContext, Context, ProtocolController, ProtocolErrors } from '@aerie/http';
import type { CompleteAnswer } from '@aerie/inference';
import { Body, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AnswerStreamer } from '../chat/answer-streamer.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { ApiContentResponse } from '../http/content.js';
import { TEXT_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { OPENAI } from './openai.protocol.js';
import {
  chatChunkSchema,
  chatReplySchema,
  completionChunkSchema,
  completionReplySchema,
} from './reply-schemas.js';
import { modelOf } from './request-fields.js';
import { chunkFormat, replyOf } from './text-reply.js';
import {
  chatSchema,
  completionSchema,
  readChatRequest,
  readCompletionRequest,
  type TextRequest,
} from './text-request.js';
import { openApiSchema } from './zod-fields.js';

/** OpenAI's chat completions and completions. */
@ApiTags('openai')
@ProtocolController(OPENAI)
export class OpenAiTextController {
  readonly #streamer: AnswerStreamer;

  constructor(@Inject(AnswerStreamer) streamer: AnswerStreamer) {
    this.#streamer = streamer;
  }

  @Post('chat/completions')
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited('chat')
  @ApiOperation({ summary: "OpenAI's chat completions" })
  @ApiBody({ schema: openApiSchema(chatSchema) })
  @ApiContentResponse({
    'application/json': openApiSchema(chatReplySchema),
    'text/event-stream': openApiSchema(chatChunkSchema),
  })
  @ProtocolErrors(OPENAI, ...TEXT_ERRORS, 'UNSUPPORTED_PARAMETER')
  async chat(
    @Body() body: object,
    @Context() context: RequestContext,
    @Res() response: Response,
  ): Promise<void> {
    await this.#answer(readChatRequest(body), context, response);
  }

  @Post('completions')
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited('chat')
  @ApiOperation({ summary: "OpenAI's completions" })
  @ApiBody({ schema: openApiSchema(completionSchema) })
  @ApiContentResponse({
    'application/json': openApiSchema(completionReplySchema),
    'text/event-stream': openApiSchema(completionChunkSchema),
  })
  @ProtocolErrors(OPENAI, ...TEXT_ERRORS, 'UNSUPPORTED_PARAMETER')
  async complete(
    @Body() body: object,
    @Context() context: RequestContext,
    @Res() response: Response,
  ): Promise<void> {
    await this.#answer(readCompletionRequest(body), context, response);
  }

  async #answer(request: TextRequest, context: RequestContext, response: Response): Promise<void> {
    const { model, version } = modelOf(request.model);
    const answer = {
      request: request.generation,
      call: context.longCall(model, version),
      stream: request.stream,
      format: chunkFormat(request),
      reply: (complete: CompleteAnswer) => replyOf(request, complete),
    };
    await this.#streamer.answer(answer, response);
  }
}
