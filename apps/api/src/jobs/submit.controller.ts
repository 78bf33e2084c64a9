import { ModelQueryDto } from '@aerie/fields';
import { ApiErrors } from '@aerie/http';
import type { AnyRoute } from '@aerie/inference';
import { Controller, HttpCode, Post, Req, Res, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { type ApiSchema, requestBodyOf, routeContent, schemaOf } from '../http/content.js';
import { INFERENCE_ERRORS, TEXT_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { ApiSubmission } from './api-submission.decorator.js';
import { JobOptionsDto } from './dto/job-options.dto.js';
import { SubmitService } from './submit.service.js';

/** The controller that submits work for a route as jobs. */
export function submitControllerOf(route: AnyRoute): Type {
  const { name, bucket, upload, docs } = route;
  const content = routeContent(route);
  const withOptions = Object.fromEntries<ApiSchema>(
    Object.entries(content).map(([type, dto]) => [type, { allOf: [schemaOf(dto), schemaOf(JobOptionsDto)] }]),
  );

  @ApiTags('jobs')
  @ApiExtraModels(JobOptionsDto, ...Object.values(content))
  @Controller('api/v1')
  class SubmitController {
    readonly #submit: SubmitService;

    constructor(submit: SubmitService) {
      this.#submit = submit;
    }

    @Post(`${name}/async`)
    @HttpCode(202)
    @ReadsBody(upload === undefined ? 'json' : 'image')
    @RateLimited(bucket)
    @ApiOperation({
      summary: docs.jobSummary,
      description: `Takes the body of ${name} and the options of jobs.`,
      requestBody: requestBodyOf(withOptions),
    })
    @ApiQuery({ type: ModelQueryDto })
    @ApiSubmission('`wait=N` waits up to N seconds for the result.')
    @ApiOkResponse({ type: docs.reply, description: 'The result, with `Prefer: wait=N`.' })
    @ApiErrors(...(route.kind === 'text-generation' ? TEXT_ERRORS : INFERENCE_ERRORS))
    [name](@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
      return this.#submit.submit(name, request, response);
    }
  }
  return SubmitController;
}
