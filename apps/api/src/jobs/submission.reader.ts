import { SETTINGS, type Settings } from '@aerie/config';
import { fieldProblems, validationError } from '@aerie/contracts';
import { type FieldSource, ModelQueryDto, readDto } from '@aerie/fields';
import { type BodyLimits, routeOf } from '@aerie/inference';
import type { JobOptions, JobSubmission } from '@aerie/jobs';
import type { WebhookTarget } from '@aerie/queue';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isForm, uploadedFile } from '../http/body/uploaded-file.js';
import { JobOptionsDto, type WebhookDto } from './dto/job-options.dto.js';
import { readIdempotencyKey } from './idempotency-key.js';

const OPTION_FIELDS = ['model', 'version', 'priority', 'delay', 'attempts', 'ttl', 'webhook'] as const;
const FINAL_EVENTS = ['job.completed', 'job.failed', 'job.canceled'] as const;

/** Reads submissions from requests: the body of a task, and the options of a job. */
@Injectable()
export class SubmissionReader {
  readonly #limits: BodyLimits;
  readonly #webhookSecret: string | null;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.#limits = settings.texts;
    this.#webhookSecret = settings.jobs.webhookSecret;
  }

  /** @throws AerieError VALIDATION_ERROR naming the fields */
  read(task: string, request: Request): JobSubmission {
    const { own, options } = split(request.body as Record<string, unknown>);
    const source: FieldSource = isForm(request) ? 'text' : 'json';
    const checked = readDto(JobOptionsDto, options, source);
    const query = readDto(ModelQueryDto, request.query, 'text');
    const input = source === 'text' ? this.#readForm(task, own, request) : this.readBody(task, own);
    const { context } = request;
    return {
      task,
      input,
      model: checked.model ?? query.model ?? null,
      modelVersion: checked.version ?? query.model_version ?? null,
      stickyKey: context.stickyKey,
      caller: context.apiKeyId ?? '',
      idempotencyKey: readIdempotencyKey(request),
      options: this.#options(checked),
    };
  }

  /**
   * The validated body of a task with its defaults, without the options of a job.
   *
   * @throws AerieError VALIDATION_ERROR naming the fields
   */
  readBody(task: string, value: object): object {
    const route = routeOf(task);
    const body = readDto(route.dto, withoutStream(value));
    // Conflicting fields are refused now, not when the job runs.
    route.toInput(body, this.#limits);
    return body;
  }

  #readForm(task: string, fields: object, request: Request): object {
    const { upload } = routeOf(task);
    if (upload === undefined) throw new Error(`The task ${task} takes no forms. This is a bug.`);
    return upload.toBody(readDto(upload.dto, fields, 'text'), uploadedFile(request));
  }

  #options({ priority, delay, attempts, ttl, webhook }: JobOptionsDto): JobOptions {
    return {
      priority,
      attempts,
      delayMs: Math.round(delay * 1000),
      ttlMs: ttl === undefined ? null : Math.round(ttl * 1000),
      webhook: webhook === undefined ? null : this.#webhook(webhook),
    };
  }

  #webhook({ url, secret, events }: WebhookDto): WebhookTarget {
    if (secret === undefined && this.#webhookSecret === null) {
      const message =
        'webhook.secret is required, because the server has no WEBHOOK_SECRET and deliveries are always signed';
      throw validationError({ field: 'webhook.secret', message });
    }
    return { url, secret: secret ?? null, events: events ?? FINAL_EVENTS };
  }
}

/** A job has one result, so `stream` is refused. */
function withoutStream(value: object): object {
  const { stream, ...body } = value as { readonly stream?: unknown };
  if (stream === undefined || stream === false) return body;
  throw validationError({
    field: 'stream',
    message:
      typeof stream === 'boolean'
        ? 'stream: a job does not stream; its events are at /api/v1/jobs/{id}/events'
        : `stream ${fieldProblems.type('true or false', stream)}`,
  });
}

function split(body: Record<string, unknown>) {
  const own: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const isOption = (OPTION_FIELDS as readonly string[]).includes(name);
    Object.defineProperty(isOption ? options : own, name, { value, enumerable: true });
  }
  return { own, options };
}
