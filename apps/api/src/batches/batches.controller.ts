import { ApiErrors } from '@aerie/http';
import { ROUTE_NAMES, routeOf } from '@aerie/inference';
import { JobBatchService, type JobBatchView } from '@aerie/jobs';
import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { JSON_LINES_TYPES } from '../http/body/json-lines-body.reader.js';
import { ApiContentResponse, requestBodyOf } from '../http/content.js';
import { RateLimits } from '../http/rate-limit/rate-limits.service.js';
import { BatchReader } from './batch.reader.js';
import {
  BATCH_ITEM,
  BatchBodyDto,
  JobBatchAcceptedDto,
  JobBatchDto,
  JobBatchResultDto,
} from './job-batch.dto.js';
import { writeJsonLines } from './json-lines.js';

/** Job batches: many inputs at once. */
@ApiTags('jobs')
@Controller('api/v1/batches')
export class BatchesController {
  readonly #reader: BatchReader;
  readonly #batches: JobBatchService;
  readonly #rateLimits: RateLimits;

  constructor(reader: BatchReader, batches: JobBatchService, rateLimits: RateLimits) {
    this.#reader = reader;
    this.#batches = batches;
    this.#rateLimits = rateLimits;
  }

  @Post()
  @HttpCode(202)
  @ReadsBody('batch')
  @ApiOperation({
    summary: 'Submit a job batch of up to 10,000 inputs',
    description: 'A JSON array in `items`, or JSON Lines with `?task=`.',
    requestBody: requestBodyOf({
      'application/json': BatchBodyDto,
      ...Object.fromEntries(JSON_LINES_TYPES.map((type) => [type, BATCH_ITEM])),
    }),
  })
  @ApiExtraModels(BatchBodyDto)
  @ApiQuery({ name: 'task', required: false, enum: ROUTE_NAMES, description: 'The task of JSON Lines.' })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'The model of JSON Lines.' })
  @ApiAcceptedResponse({ type: JobBatchAcceptedDto })
  @ApiErrors('UNAUTHORIZED', 'INVALID_INPUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiErrors('VALIDATION_ERROR', 'MODEL_NOT_FOUND', 'RATE_LIMITED', 'OVERLOADED')
  @ApiErrors('QUEUE_UNAVAILABLE', 'STORAGE_FULL')
  async submit(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobBatchAcceptedDto> {
    const { context } = request;
    const submission = this.#reader.read(request);
    const { bucket } = routeOf(submission.task);
    // Each item counts as a request for its task, unless it is not stored.
    const giveBack = await this.#rateLimits.count(bucket, request, response, submission.inputs.length);
    const caller = context.apiKeyId ?? '';
    const batch = await this.#batches.submit(submission, caller, context.stickyKey, giveBack);
    response.setHeader('Location', batch.urls.self);
    return { ...batch, status_url: batch.urls.self };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Counts and progress of a job batch' })
  @ApiOkResponse({ type: JobBatchDto })
  @ApiErrors('UNAUTHORIZED', 'NOT_FOUND', 'QUEUE_UNAVAILABLE')
  read(@Param('id') id: string): Promise<JobBatchView> {
    return this.#batches.view(id);
  }

  @Get(':id/results')
  @ApiOperation({ summary: 'Results of a job batch', description: 'JSON Lines in the order of the items.' })
  @ApiContentResponse({ 'application/x-ndjson': JobBatchResultDto })
  @ApiErrors('UNAUTHORIZED', 'NOT_FOUND', 'QUEUE_UNAVAILABLE')
  async results(@Param('id') id: string, @Res() response: Response): Promise<void> {
    const results = await this.#batches.results(id);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    if (response.req.method === 'HEAD') response.end();
    else await writeJsonLines(results, response);
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Cancel the unfinished jobs of a job batch' })
  @ApiAcceptedResponse({ type: JobBatchDto })
  @ApiErrors('UNAUTHORIZED', 'NOT_FOUND', 'CONFLICT', 'QUEUE_UNAVAILABLE', 'STORAGE_FULL')
  cancel(@Param('id') id: string): Promise<JobBatchView> {
    return this.#batches.cancel(id);
  }
}
