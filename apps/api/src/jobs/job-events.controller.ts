import { AerieError } from '@aerie/contracts';
import { ApiErrors, DrainService } from '@aerie/http';
import { JobService } from '@aerie/jobs';
import { type JobRecord, eventId, isTerminal, viewEvent } from '@aerie/queue';
import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiContentResponse } from '../http/content.js';
import { JobEventDto } from './dto/job-event.dto.js';
import { JobWaits } from './job-waits.js';

/** Proxies close silent connections; at this interval a job is also read without an announcement. */
const HEARTBEAT_MS = 15_000;

/** A job's events as they happen. */
@ApiTags('jobs')
@Controller('api/v1/jobs')
export class JobEventsController {
  readonly #jobs: JobService;
  readonly #waits: JobWaits;
  readonly #drain: DrainService;

  constructor(jobs: JobService, waits: JobWaits, drain: DrainService) {
    this.#jobs = jobs;
    this.#waits = waits;
    this.#drain = drain;
  }

  @Get(':id/events')
  @ApiOperation({
    summary: 'Events of a job',
    description: 'Server-sent events until the job finishes; resumes after Last-Event-ID.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that the caller has, or its number.',
  })
  @ApiContentResponse({ 'text/event-stream': JobEventDto })
  @ApiNoContentResponse({ description: 'The job has finished, and the caller has its last event.' })
  @ApiErrors('UNAUTHORIZED', 'JOB_NOT_FOUND', 'QUEUE_UNAVAILABLE')
  async stream(
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    // Checked before the headers are sent, so that an unknown job is a 404.
    const { status, event } = await this.#jobs.head(id);
    const seen = sequenceOf(id, lastEventId);
    // An EventSource connects again after the end of a stream; 204 tells it that nothing follows.
    if (isTerminal(status) && event !== null && event.sequence <= seen) {
      response.status(204).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    try {
      await this.#follow(id, seen, response, this.#waits.signal(response));
      if (this.#drain.draining && !response.closed) {
        fail(response, new AerieError('SHUTTING_DOWN', 'The server is shutting down. Connect again.'));
      }
    } catch (error) {
      fail(response, error instanceof AerieError ? error : new AerieError('INTERNAL', 'The stream failed.'));
    }
    response.end();
  }

  async #follow(id: string, seen: number, response: Response, signal: AbortSignal): Promise<void> {
    let sent = seen;
    const goesOn = () => !signal.aborted;
    while (goesOn()) {
      const change = this.#jobs.nextChange(id);
      try {
        const record = await this.#jobs.record(id);
        sent = send(record, sent, response);
        if (isTerminal(record.head.status)) return;
        await change.within(HEARTBEAT_MS, signal);
        if (goesOn()) response.write(': \n\n');
      } finally {
        change.stop();
      }
    }
  }
}

/** Sends the latest event if it is new. Returns the number of the last event sent. */
function send({ head, result }: JobRecord, sent: number, response: Response): number {
  const { event } = head;
  if (event === null || event.sequence <= sent) return sent;
  const body = JSON.stringify(viewEvent(head, event, result));
  response.write(`id: ${eventId(head, event)}\nevent: ${event.type}\ndata: ${body}\n\n`);
  return event.sequence;
}

function fail(response: Response, { code, message }: AerieError): void {
  response.write(`event: error\ndata: ${JSON.stringify({ code, message })}\n\n`);
}

/** The number in an event's id, or one alone. */
function sequenceOf(id: string, lastEventId: string | undefined): number {
  const text = lastEventId?.startsWith(`${id}-`) === true ? lastEventId.slice(id.length + 1) : lastEventId;
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
}
