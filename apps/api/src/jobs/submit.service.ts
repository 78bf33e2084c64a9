import { AerieError } from '@aerie/contracts';
import { JobService } from '@aerie/jobs';
import { jobPath } from '@aerie/queue';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { MAX_WAIT_S } from './dto/job.dto.js';
import { parsePrefer } from './prefer.js';
import { RETRY_AFTER_S } from './job-headers.js';
import { SubmissionReader } from './submission.reader.js';
import { requestSignal } from './request-signal.js';

/** Submits a request as a job and responds with its status URL, or with its result if it finishes in time. */
@Injectable()
export class SubmitService {
  readonly #reader: SubmissionReader;
  readonly #jobs: JobService;

  constructor(reader: SubmissionReader, jobs: JobService) {
    this.#reader = reader;
    this.#jobs = jobs;
  }

  /** @throws AerieError of the submission; with `Prefer: wait`, the error of a job that failed within that time */
  async submit(task: string, request: Request, response: Response): Promise<unknown> {
    const submission = this.#reader.read(task, request);
    const { respondAsync, wait } = parsePrefer(request.get('prefer'), MAX_WAIT_S);
    const { id } = await this.#jobs.submit(submission);
    response.setHeader('Location', jobPath(id));
    const applied = [respondAsync ? 'respond-async' : null, wait === null ? null : `wait=${String(wait)}`];
    if (respondAsync || wait !== null) {
      response.setHeader('Preference-Applied', applied.filter((part) => part !== null).join(', '));
    }
    if (wait !== null && wait > 0) {
      const { head, result } = await this.#jobs.waitFor(id, wait * 1000, requestSignal(response));
      if (head.status === 'failed' && head.error !== null) throw AerieError.from(head.error);
      if (head.status === 'completed' && result !== null) {
        response.status(200);
        return JSON.parse(result) as unknown;
      }
    }
    response.status(202);
    response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return { job_id: id, status_url: jobPath(id) };
  }
}
