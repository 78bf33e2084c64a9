import { SETTINGS, type Settings } from '@aerie/config';
import { EmbedBodyDto, EmbedService, ModelQueryDto, embedRestTask } from '@aerie/inference';
import { Body, Controller, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { Context } from '../http/request-context.decorator.js';
import type { RequestContext } from '../http/request-context.js';
import { EmbedReplyDto } from './dto/embed-reply.dto.js';

/** Embeds texts as vectors. */
@ApiTags('predictions')
@Controller(['api/v1/embed', 'embed'])
export class EmbedController {
  readonly #embeddings: EmbedService;
  readonly #limits: Settings['texts'];

  constructor(embeddings: EmbedService, @Inject(SETTINGS) settings: Settings) {
    this.#embeddings = embeddings;
    this.#limits = settings.texts;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited('embed')
  @MayBeJob('embed')
  @ApiOperation({
    summary: 'Embed one or more texts',
    description: 'Vectors have length 1, so their dot product is the cosine similarity.',
  })
  @ApiOkResponse({ type: EmbedReplyDto })
  @ApiErrors(
    'INVALID_INPUT',
    'UNAUTHORIZED',
    'MODEL_NOT_FOUND',
    'MODEL_VERSION_NOT_FOUND',
    'PAYLOAD_TOO_LARGE',
  )
  @ApiErrors('UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR', 'RATE_LIMITED', 'OVERLOADED')
  @ApiErrors('MODEL_NOT_LOADED', 'WORKER_LOST', 'SHUTTING_DOWN', 'TIMEOUT')
  async embed(
    @Body() body: EmbedBodyDto,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
  ): Promise<EmbedReplyDto> {
    const { texts, truncate } = embedRestTask.toInput(body, this.#limits);
    const call = context.call(body.model ?? query.model, query.model_version);
    return embedRestTask.reply(context.served(await this.#embeddings.embed(texts, truncate, call)));
  }
}
