import { ModelQueryDto } from '@aerie/fields';
import { type RequestContext, ApiErrors, Context } from '@aerie/http';
import { StreamableGenerateBodyDto, generateRoute } from '@aerie/inference';
import { Body, Controller, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { ApiContentResponse } from '../http/content.js';
import { TEXT_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { AnswerStreamer } from './answer-streamer.js';
import { CONTENT_EVENT, contentFormat } from './chat-formats.js';

/** Text that continues a prompt. */
@ApiTags('chat')
@Controller('api/v1/generate')
export class GenerateController {
  readonly #streamer: AnswerStreamer;

  constructor(@Inject(AnswerStreamer) streamer: AnswerStreamer) {
    this.#streamer = streamer;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited(generateRoute.bucket)
  @MayBeJob(generateRoute.name, { answersItself: true })
  @ApiOperation({ summary: 'Continue a text', description: 'With `stream: true`, sends the events of chat.' })
  @ApiContentResponse({ 'application/json': generateRoute.docs.reply, 'text/event-stream': CONTENT_EVENT })
  @ApiErrors(...TEXT_ERRORS)
  async generate(
    @Body() body: StreamableGenerateBodyDto,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
    @Res() response: Response,
  ): Promise<void> {
    const answer = {
      request: generateRoute.toInput(body),
      call: context.longCall(body.model ?? query.model, query.model_version),
      stream: body.stream,
      format: contentFormat,
      reply: generateRoute.toReply,
    };
    await this.#streamer.answer(answer, response);
  }
}
