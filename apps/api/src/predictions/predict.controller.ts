import {
  type ImageRequest,
  ModelQueryDto,
  PredictBodyDto,
  PredictService,
  PredictUploadDto,
  predictRestTask,
} from '@aerie/inference';
import { Controller, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { Context } from '../http/request-context.decorator.js';
import type { RequestContext } from '../http/request-context.js';
import { PredictReplyDto } from './dto/predict-reply.dto.js';
import { ImageBody } from './image-body.decorator.js';

/** Predicts labels for images. */
@ApiTags('predictions')
@Controller('api/v1/predict')
export class PredictController {
  readonly #predictions: PredictService;

  constructor(predictions: PredictService) {
    this.#predictions = predictions;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('image')
  @RateLimited('predict')
  @MayBeJob('predict')
  @ApiOperation({
    summary: 'Classify an image',
    description: 'The image is an http(s) URL, a data: URL or an upload.',
  })
  @ApiExtraModels(PredictBodyDto, PredictUploadDto)
  @ApiConsumes('application/json', 'multipart/form-data')
  @ApiBody({
    schema: { oneOf: [{ $ref: getSchemaPath(PredictBodyDto) }, { $ref: getSchemaPath(PredictUploadDto) }] },
  })
  @ApiHeader({
    name: 'X-Variant-Key',
    required: false,
    description: 'Keeps a caller on one version of a traffic split.',
  })
  @ApiOkResponse({ type: PredictReplyDto })
  @ApiErrors(
    'INVALID_INPUT',
    'UNAUTHORIZED',
    'MODEL_NOT_FOUND',
    'MODEL_VERSION_NOT_FOUND',
    'PAYLOAD_TOO_LARGE',
  )
  @ApiErrors('UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR', 'RATE_LIMITED', 'OVERLOADED')
  @ApiErrors('MODEL_NOT_LOADED', 'WORKER_LOST', 'SHUTTING_DOWN', 'TIMEOUT')
  async predict(
    @ImageBody() { source, topK }: ImageRequest,
    @Query() query: ModelQueryDto,
    @Context() context: RequestContext,
  ): Promise<PredictReplyDto> {
    const call = context.call(query.model, query.model_version);
    return predictRestTask.reply(context.served(await this.#predictions.predict(source, topK, call)));
  }
}
