import { ApiErrors } from '@aerie/http';
import type { AnyRoute } from '@aerie/inference';
import { Controller, HttpCode, Post, Req, Res, type Type, applyDecorators } from '@nestjs/common';
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
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { JobOptionsDto } from './dto/job-options.dto.js';
import { JobAcceptedDto } from './dto/job.dto.js';
import { SubmitService } from './submit.service.js';

const withOptions = (body: object) => ({ allOf: [body, { $ref: getSchemaPath(JobOptionsDto) }] });

/** Documentation that all submissions share. */
const Submits = (body: Type): MethodDecorator =>
  applyDecorators(
    HttpCode(202),
    ApiBody({ schema: withOptions({ $ref: getSchemaPath(body) }) }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Submissions with the same key share one job.',
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`wait=N` responds with 200 and the result if the job finishes within N seconds.',
    }),
    ApiAcceptedResponse({ type: JobAcceptedDto }),
    ApiErrors('UNAUTHORIZED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR'),
    ApiErrors('IDEMPOTENCY_MISMATCH', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE', 'SHUTTING_DOWN'),
  );

/** The controller that submits work for a route as jobs. */
export function submitControllerOf({ name, bucket, upload, dto, docs }: AnyRoute): Type {
  @ApiTags('jobs')
  @ApiExtraModels(JobOptionsDto, dto)
  @Controller('api/v1')
  class SubmitController {
    readonly #submit: SubmitService;

    constructor(submit: SubmitService) {
      this.#submit = submit;
    }

    @Post(`${name}/async`)
    @ReadsBody(upload === undefined ? 'json' : 'image')
    @RateLimited(bucket)
    @ApiOperation({
      summary: docs.jobSummary,
      description: `Takes the body of ${name} and the options of jobs.`,
    })
    @Submits(dto)
    [name](@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
      return this.#submit.submit(name, request, response);
    }
  }
  return SubmitController;
}
