import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import type { JobOptions, JobSubmission, JobTaskName } from '@aerie/jobs';
import type { WebhookTarget } from '@aerie/queue';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { RequestValidationPipe } from '../http/errors/request-validation.pipe.js';
import { ChatStreamBodyDto, chatRequestOf } from '../chat/dto/chat.dto.js';
import { GenerateBodyDto, generateRequestOf } from '../chat/dto/generate.dto.js';
import { EmbedBodyDto } from '../predictions/dto/embed.dto.js';
import { ModelQueryDto } from '../predictions/dto/model-query.dto.js';
import { readImageRequest } from '../predictions/image-request.js';
import { TextLimitPipe } from '../predictions/text-limit.pipe.js';
import { JobOptionsDto, type WebhookDto } from './dto/job-options.dto.js';

const OPTION_FIELDS = ['model', 'version', 'priority', 'delay', 'attempts', 'ttl', 'webhook'] as const;
const MAX_KEY_LENGTH = 255;
const FINAL_EVENTS = ['job.completed', 'job.failed', 'job.canceled'] as const;

type Input = JobSubmission['input'];

/** Makes submissions from requests: the body of a task with the options of a job beside it. */
@Injectable()
export class SubmissionReader {
  readonly #validation = new RequestValidationPipe();
  readonly #texts: TextLimitPipe;
  readonly #webhookSecret: string | null;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.#texts = new TextLimitPipe(settings);
    this.#webhookSecret = settings.jobs.webhookSecret;
  }

  /** @throws AerieError VALIDATION_ERROR naming the fields */
  async read(task: JobTaskName, request: Request): Promise<JobSubmission> {
    const { own, options } = split(request.body as Record<string, unknown>);
    const checked = (await this.#validation.transform(options, {
      type: 'body',
      metatype: JobOptionsDto,
    })) as JobOptionsDto;
    const query = (await this.#validation.transform(request.query, {
      type: 'query',
      metatype: ModelQueryDto,
    })) as ModelQueryDto;
    const input = await this.readInput(task, own, request);
    const { context } = request;
    return {
      task,
      input,
      model: checked.model ?? query.model ?? null,
      modelVersion: checked.version ?? query.model_version ?? null,
      stickyKey: context.stickyKey,
      caller: context.apiKeyId ?? '',
      idempotencyKey: idempotencyKeyOf(request),
      options: this.#options(checked),
    };
  }

  /** The body of a task alone, checked and with its defaults. */
  async readInput(task: JobTaskName, body: object, request: Request): Promise<Input> {
    switch (task) {
      case 'predict': {
        const { source, topK } = await readImageRequest({
          body,
          file: request.file,
          is: (type: string) => request.is(type),
        } as Request);
        return { image_url: source.kind === 'url' ? source.url : asDataUrl(source.bytes), top_k: topK };
      }
      case 'embed': {
        const { text, truncate } = this.#texts.transform(
          (await this.#validation.transform(body, { type: 'body', metatype: EmbedBodyDto })) as EmbedBodyDto,
        );
        return { text, truncate };
      }
      case 'generate':
        return generateRequestOf(
          (await this.#validation.transform(whole(body), {
            type: 'body',
            metatype: GenerateBodyDto,
          })) as GenerateBodyDto,
        );
      case 'chat':
        return chatRequestOf(
          (await this.#validation.transform(whole(body), {
            type: 'body',
            metatype: ChatStreamBodyDto,
          })) as ChatStreamBodyDto,
        );
    }
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
    const signing = secret ?? this.#webhookSecret;
    if (signing === null) {
      const message =
        'webhook.secret is needed, as the server has no WEBHOOK_SECRET: deliveries are always signed';
      throw new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, {
        details: [{ field: 'webhook.secret', message }],
      });
    }
    return { url, secret: signing, events: events ?? FINAL_EVENTS };
  }
}

/** A job has one result: `stream` is not for it. */
function whole({ stream, ...body }: { readonly stream?: unknown }): object {
  if (stream === undefined || stream === false) return body;
  const message = 'a job does not stream; its events are at /api/v1/jobs/{id}/events';
  throw new AerieError('VALIDATION_ERROR', `The request is not valid: stream: ${message}.`, {
    details: [{ field: 'stream', message }],
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

function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (key.length > 0 && key.length <= MAX_KEY_LENGTH) return key;
  const message = `Idempotency-Key must have 1 to ${String(MAX_KEY_LENGTH)} characters`;
  throw new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, {
    details: [{ field: 'Idempotency-Key', message }],
  });
}

/** The task finds out what it is by its first bytes. */
function asDataUrl(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`;
}
