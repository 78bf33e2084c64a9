import { ApiErrors } from '@aerie/http';
import { routeOf } from '@aerie/inference';
import { JobBatchService, type JobBatchView } from '@aerie/jobs';
import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { RateLimits } from '../http/rate-limit/rate-limits.service.js';
import { BatchReader } from './batch.reader.js';
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
  })
  @ApiConsumes('application/json', 'application/x-ndjson')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['task', 'items'],
      properties: {
        task: { type: 'string', example: 'embed' },
        model: { type: 'string' },
        items: {
          type: 'array',
          items: { type: 'object' },
          example: [{ text: 'A cat.' }, { text: 'A dog.' }],
        },
      },
    },
  })
  @ApiErrors('UNAUTHORIZED', 'INVALID_INPUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiErrors('VALIDATION_ERROR', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE')
  async submit(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobBatchView & { readonly status_url: string }> {
    const { context } = request;
    const submission = this.#reader.read(request);
    const { bucket } = routeOf(submission.task);
    // Each item counts as a request for its task.
    await this.#rateLimits.count(bucket, request, response, submission.inputs.length);
    const batch = await this.#batches.submit(submission, context.apiKeyId ?? '', context.stickyKey);
    response.setHeader('Location', batch.urls.self);
    return { ...batch, status_url: batch.urls.self };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Counts and progress of a job batch' })
  @ApiErrors('UNAUTHORIZED', 'NOT_FOUND', 'QUEUE_UNAVAILABLE')
  read(@Param('id') id: string): Promise<JobBatchView> {
    return this.#batches.view(id);
  }

  @Get(':id/results')
  @ApiOperation({ summary: 'Results of a job batch', description: 'JSON Lines in the order of the items.' })
  @ApiProduces('application/x-ndjson')
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
  @ApiErrors('UNAUTHORIZED', 'NOT_FOUND', 'CONFLICT', 'QUEUE_UNAVAILABLE')
  cancel(@Param('id') id: string): Promise<JobBatchView> {
    return this.#batches.cancel(id);
  }
}
