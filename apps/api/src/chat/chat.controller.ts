import { ModelQueryDto } from '@aerie/fields';
import { type RequestContext, ApiErrors, Context } from '@aerie/http';
import { ChatBodyDto, StreamableChatBodyDto, chatRoute } from '@aerie/inference';
import { Body, Controller, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { ApiContentResponse } from '../http/content.js';
import { TEXT_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { AnswerStreamer } from './answer-streamer.js';
import { CONTENT_EVENT, contentFormat, plainFormat } from './chat-formats.js';

/** Conversations with a language model. */
@ApiTags('chat')
@Controller(['api/v1/chat', 'chat'])
export class ChatController {
  readonly #streamer: AnswerStreamer;

  constructor(@Inject(AnswerStreamer) streamer: AnswerStreamer) {
    this.#streamer = streamer;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited(chatRoute.bucket)
  @MayBeJob(chatRoute.name, { answersItself: true })
  @ApiOperation({
    summary: 'Chat, as JSON events or as one JSON body',
    description:
      'Events: `{"content": "..."}` for each piece, then `{"done": true, "finish_reason", "usage"}`; on failure `{"error": {"code", "message"}}`. `stream: false`: one JSON body.',
  })
  @ApiContentResponse({ 'application/json': chatRoute.docs.reply, 'text/event-stream': CONTENT_EVENT })
  @ApiErrors(...TEXT_ERRORS)
  async chat(
    @Body() body: StreamableChatBodyDto,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
    @Res() response: Response,
  ): Promise<void> {
    const answer = {
      request: chatRoute.toInput(body),
      call: context.longCall(body.model ?? query.model, query.model_version),
      stream: body.stream,
      format: contentFormat,
      reply: chatRoute.toReply,
    };
    await this.#streamer.answer(answer, response);
  }

  @Post('stream')
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited(chatRoute.bucket)
  @ApiOperation({
    summary: 'Chat, as plain text events',
    description: 'The pieces of text as `data:`, then `data: [DONE]`; on failure `event: error`.',
  })
  @ApiContentResponse({ 'text/event-stream': { type: 'string' } })
  @ApiErrors(...TEXT_ERRORS)
  async stream(
    @Body() body: ChatBodyDto,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
    @Res() response: Response,
  ): Promise<void> {
    const call = context.longCall(body.model ?? query.model, query.model_version);
    await this.#streamer.stream({ request: chatRoute.toInput(body), call, format: plainFormat }, response);
  }
}
