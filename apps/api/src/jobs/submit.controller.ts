import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { EmbedBodyDto } from '../predictions/dto/embed.dto.js';
import { PredictBodyDto } from '../predictions/dto/predict.dto.js';
import { JobOptionsDto } from './dto/job-options.dto.js';
import { JobAcceptedDto } from './dto/job.dto.js';
import { SubmitService } from './submit.service.js';

const withOptions = (body: object) => ({ allOf: [body, { $ref: getSchemaPath(JobOptionsDto) }] });

/** Work that is done later. */
@ApiTags('jobs')
@ApiExtraModels(JobOptionsDto, PredictBodyDto, EmbedBodyDto)
@Controller('api/v1')
export class SubmitController {
  readonly #submit: SubmitService;

  constructor(submit: SubmitService) {
    this.#submit = submit;
  }

  @Post('predict/async')
  @HttpCode(202)
  @ReadsBody('image')
  @RateLimited('predict')
  @ApiOperation({
    summary: 'Classify a picture as a job',
    description: 'The body of predict, with options beside it.',
  })
  @ApiBody({ schema: withOptions({ $ref: getSchemaPath(PredictBodyDto) }) })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'One job for each key.' })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=N` answers 200 with the result if it is there in N s.',
  })
  @ApiAcceptedResponse({ type: JobAcceptedDto })
  @ApiErrors('UNAUTHORIZED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR')
  @ApiErrors('IDEMPOTENCY_MISMATCH', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE', 'SHUTTING_DOWN')
  predict(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('predict', request, response);
  }

  @Post('embed/async')
  @HttpCode(202)
  @ReadsBody('json')
  @RateLimited('embed')
  @ApiOperation({
    summary: 'Embed texts as a job',
    description: 'The body of embed, with options beside it.',
  })
  @ApiBody({ schema: withOptions({ $ref: getSchemaPath(EmbedBodyDto) }) })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'One job for each key.' })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=N` answers 200 with the result if it is there in N s.',
  })
  @ApiAcceptedResponse({ type: JobAcceptedDto })
  @ApiErrors('UNAUTHORIZED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR')
  @ApiErrors('IDEMPOTENCY_MISMATCH', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE', 'SHUTTING_DOWN')
  embed(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('embed', request, response);
  }
}
