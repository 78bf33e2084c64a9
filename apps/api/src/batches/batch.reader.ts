import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError, type FieldError } from '@aerie/contracts';
import { JOB_TASKS, type JobBatchSubmission, type JobSubmission, type JobTaskName } from '@aerie/jobs';
import { Inject, Injectable } from '@nestjs/common';
import express, { type Request, type Response } from 'express';
import { runMiddleware } from '../http/body/run-middleware.js';
import { assertJsonDepth } from '../http/body/json-depth.js';
import { SubmissionReader } from '../jobs/submission.reader.js';

const JSON_LINES = [
  'application/x-ndjson',
  'application/jsonl',
  'application/json-lines',
  'application/x-jsonlines',
];
/** Errors that one reply names; the caller mends them all alike. */
const MAX_DETAILS = 20;

/** Reads batches: an array in JSON, or JSON Lines. */
@Injectable()
export class BatchReader {
  readonly #settings: Settings;
  readonly #submissions: SubmissionReader;

  constructor(@Inject(SETTINGS) settings: Settings, submissions: SubmissionReader) {
    this.#settings = settings;
    this.#submissions = submissions;
  }

  /** @throws AerieError VALIDATION_ERROR naming the items by their index; PAYLOAD_TOO_LARGE */
  async read(request: Request, response: Response): Promise<JobBatchSubmission> {
    const { task, items, model } = await this.#body(request, response);
    const { maxBatchItems } = this.#settings.jobs;
    if (!JOB_TASKS.includes(task as JobTaskName)) {
      throw invalid('task', `task must be one of ${JOB_TASKS.join(', ')}`);
    }
    if (!Array.isArray(items) || items.length === 0)
      throw invalid('items', 'items must be a list with at least one item');
    if (items.length > maxBatchItems) {
      throw invalid(
        'items',
        `items must be at most ${String(maxBatchItems)} (MAX_BATCH_ITEMS), got ${String(items.length)}`,
      );
    }
    if (model !== undefined && (typeof model !== 'string' || model === '' || model.length > 128)) {
      throw invalid('model', 'model must be the name of a model');
    }
    const inputs = await this.#inputs(task as JobTaskName, items, request);
    return { task: task as JobTaskName, model: model ?? null, inputs };
  }

  async #inputs(task: JobTaskName, items: readonly unknown[], request: Request) {
    const inputs: JobSubmission['input'][] = [];
    const details: FieldError[] = [];
    for (const [index, item] of items.entries()) {
      try {
        if (typeof item !== 'object' || item === null || Array.isArray(item))
          throw invalid('', 'must be an object');
        inputs.push(await this.#submissions.readInput(task, item, request));
      } catch (error) {
        if (!(error instanceof AerieError) || error.details === undefined) throw error;
        const at = `items.${String(index)}`;
        details.push(
          ...error.details.map(({ field, message }) => ({
            field: field === '' ? at : `${at}.${field}`,
            message,
          })),
        );
        if (details.length >= MAX_DETAILS) break;
      }
    }
    if (details.length === 0) return inputs;
    throw new AerieError(
      'VALIDATION_ERROR',
      `The request is not valid: ${details[0]?.field ?? ''} ${details[0]?.message ?? ''}.`,
      {
        details: details.slice(0, MAX_DETAILS),
      },
    );
  }

  async #body(request: Request, response: Response): Promise<Record<'task' | 'items' | 'model', unknown>> {
    const { maxBatchBytes } = this.#settings.jobs;
    const lines = request.is(JSON_LINES) !== false;
    if (!lines && request.is('application/json') === false) {
      throw new AerieError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Expected Content-Type application/json or application/x-ndjson.',
      );
    }
    const parse = lines
      ? express.text({ type: () => true, limit: maxBatchBytes, inflate: false })
      : express.json({ limit: maxBatchBytes, inflate: false, strict: true });
    await runMiddleware(parse, request, response).catch((error: unknown) => {
      throw describe(error, maxBatchBytes);
    });
    if (lines) {
      const { task, model } = request.query;
      return { task, items: parseLines(String(request.body)), model };
    }
    assertJsonDepth(request.body, this.#settings.http.maxJsonDepth);
    const { task, items, model, ...others } = request.body as Record<string, unknown>;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw invalid(unknown, `property ${unknown} should not exist`);
    return { task, items, model };
  }
}

function parseLines(text: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (error) {
      throw new AerieError(
        'INVALID_INPUT',
        `Line ${String(index + 1)} is not valid JSON: ${(error as Error).message}.`,
      );
    }
  });
}

function describe(error: unknown, limit: number): unknown {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
      return new AerieError(
        'PAYLOAD_TOO_LARGE',
        `The batch is larger than the limit of ${String(limit)} bytes (MAX_BATCH_BYTES). Send several.`,
      );
    case 'entity.parse.failed':
      return new AerieError('INVALID_INPUT', `The body is not valid JSON: ${(error as Error).message}.`);
    default:
      return error;
  }
}

function invalid(field: string, message: string): AerieError {
  return new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, {
    details: [{ field, message }],
  });
}
