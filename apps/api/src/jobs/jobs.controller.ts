import { ApiErrors } from '@aerie/http';
import { JobService } from '@aerie/jobs';
import { type JobView, isTerminal, jobPath } from '@aerie/queue';
import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiHeader,
  ApiNotModifiedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { JobAcceptedDto, JobDto, JobListDto, JobListQueryDto, JobQueryDto } from './dto/job.dto.js';
import { WebhookDeliveriesDto, viewDelivery } from './dto/webhook-delivery.dto.js';
import { refuseIdempotencyKey } from './idempotency-key.js';
import { RETRY_AFTER_S, etagOf, isFresh } from './job-headers.js';
import { JobWaits } from './job-waits.js';

/** Reads, cancels and retries jobs. */
@ApiTags('jobs')
@Controller('api/v1/jobs')
export class JobsController {
  readonly #jobs: JobService;
  readonly #waits: JobWaits;

  constructor(jobs: JobService, waits: JobWaits) {
    this.#jobs = jobs;
    this.#waits = waits;
  }

  @Get()
  @ApiOperation({ summary: 'List jobs', description: 'Newest first, without results.' })
  @ApiOkResponse({ type: JobListDto })
  @ApiErrors('UNAUTHORIZED', 'VALIDATION_ERROR', 'QUEUE_UNAVAILABLE')
  async list(@Query() { status, cursor, limit }: JobListQueryDto): Promise<object> {
    const { jobs, next } = await this.#jobs.list(status ?? null, cursor ?? null, limit);
    return { jobs, next_cursor: next };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Status and result of a job',
    description: '`?wait=30` responds when the job has finished, after 30 seconds at the latest.',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of an earlier response.' })
  @ApiOkResponse({ type: JobDto })
  @ApiNotModifiedResponse({ description: 'The job is as the caller knows it.' })
  @ApiErrors('UNAUTHORIZED', 'JOB_NOT_FOUND', 'VALIDATION_ERROR', 'QUEUE_UNAVAILABLE')
  async read(
    @Param('id') id: string,
    @Query() { wait }: JobQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobView | undefined> {
    const record =
      wait > 0
        ? await this.#jobs.waitFor(id, wait * 1000, this.#waits.signal(response))
        : await this.#jobs.record(id);
    const view = await this.#jobs.view(record);
    response.setHeader('Cache-Control', 'no-cache');
    if (!isTerminal(record.head.status)) response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return isFresh(request, response, etagOf(view)) ? undefined : view;
  }

  @Delete(':id')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Cancel a job',
    description: 'A waiting job is canceled at once, a running job when the current run of its model ends.',
  })
  @ApiOkResponse({ type: JobDto, description: 'The job was waiting, and is canceled.' })
  @ApiAcceptedResponse({ type: JobDto, description: 'The job is running, and will be canceled.' })
  @ApiErrors('UNAUTHORIZED', 'JOB_NOT_FOUND', 'CONFLICT', 'QUEUE_UNAVAILABLE', 'STORAGE_FULL')
  async cancel(@Param('id') id: string, @Res({ passthrough: true }) response: Response): Promise<JobView> {
    const head = await this.#jobs.cancel(id);
    if (isTerminal(head.status)) response.status(200);
    return this.#jobs.view({ head, result: null });
  }

  @Post(':id/retry')
  @HttpCode(202)
  @ApiOperation({ summary: 'Run a failed job again', description: 'Creates a new job with retry_of.' })
  @ApiAcceptedResponse({ type: JobAcceptedDto })
  @ApiErrors('UNAUTHORIZED', 'JOB_NOT_FOUND', 'MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND', 'CONFLICT')
  @ApiErrors('VALIDATION_ERROR', 'OVERLOADED', 'QUEUE_UNAVAILABLE', 'STORAGE_FULL')
  async retry(
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    refuseIdempotencyKey(request);
    const head = await this.#jobs.retry(id);
    response.setHeader('Location', jobPath(head.id));
    response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return { job_id: head.id, status_url: jobPath(head.id), retry_of: id };
  }

  @Get(':id/webhooks')
  @ApiOperation({
    summary: 'Webhook deliveries of a job',
    description: 'Each event sent, with every attempt.',
  })
  @ApiOkResponse({ type: WebhookDeliveriesDto })
  @ApiErrors('UNAUTHORIZED', 'JOB_NOT_FOUND', 'QUEUE_UNAVAILABLE')
  async webhooks(@Param('id') id: string): Promise<WebhookDeliveriesDto> {
    const deliveries = await this.#jobs.deliveries(id);
    return { webhooks: deliveries.map(viewDelivery) };
  }
}
