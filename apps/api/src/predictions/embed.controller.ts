import { EmbedService } from '@aerie/inference';
import { Body, Controller, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { Context } from '../http/request-context.decorator.js';
import type { RequestContext } from '../http/request-context.js';
import { EmbedBodyDto, EmbedReplyDto } from './dto/embed.dto.js';
import { ModelQueryDto } from './dto/model-query.dto.js';
import { TextLimitPipe } from './text-limit.pipe.js';

/** Vectors for texts. */
@ApiTags('predictions')
@Controller(['api/v1/embed', 'embed'])
export class EmbedController {
  readonly #embeddings: EmbedService;

  constructor(embeddings: EmbedService) {
    this.#embeddings = embeddings;
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
    @Body(TextLimitPipe) body: EmbedBodyDto,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
  ): Promise<EmbedReplyDto> {
    const texts = typeof body.text === 'string' ? [body.text] : body.text;
    const call = context.call(body.model ?? query.model, query.model_version);
    return context.served(await this.#embeddings.embed(texts, body.truncate, call));
  }
}
