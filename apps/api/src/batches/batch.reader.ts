import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError, type FieldError, fieldError, fieldProblems, validationError } from '@aerie/contracts';
import { ChoiceField, type FieldSource, ModelField, readDto } from '@aerie/fields';
import { ROUTE_NAMES } from '@aerie/inference';
import type { JobBatchSubmission } from '@aerie/jobs';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { refuseIdempotencyKey } from '../jobs/idempotency-key.js';
import { SubmissionReader } from '../jobs/submission.reader.js';

/** Options that all items of a job batch share: fields of the JSON body, or the query with JSON Lines. */
export class BatchOptionsDto {
  @ChoiceField(ROUTE_NAMES, { required: true, example: 'embed' })
  readonly task!: string;

  @ModelField()
  readonly model?: string;
}

/** Maximum number of errors that are reported. */
const MAX_DETAILS = 20;

/** Reads job batches: an array in JSON, or JSON Lines. */
@Injectable()
export class BatchReader {
  readonly #maxItems: number;
  readonly #submissions: SubmissionReader;

  constructor(@Inject(SETTINGS) settings: Settings, submissions: SubmissionReader) {
    this.#maxItems = settings.jobs.maxBatchItems;
    this.#submissions = submissions;
  }

  /** @throws AerieError VALIDATION_ERROR naming the items by their index, or the header for an idempotency key */
  read(request: Request): JobBatchSubmission {
    refuseIdempotencyKey(request);
    const { options, items, source } = parts(request);
    const { task, model } = readDto(BatchOptionsDto, options, source);
    return { task, model: model ?? null, inputs: this.#inputs(task, this.#checked(items)) };
  }

  #checked(items: unknown): readonly unknown[] {
    if (!Array.isArray(items))
      throw validationError(fieldError('items', fieldProblems.type('a list', items)));
    const problem = fieldProblems.length(items.length, { min: 1, max: this.#maxItems }, 'items');
    if (problem === undefined) return items;
    throw validationError(fieldError('items', `${problem} (MAX_BATCH_ITEMS)`));
  }

  #inputs(task: string, items: readonly unknown[]): readonly object[] {
    const inputs: object[] = [];
    const details: FieldError[] = [];
    for (const [index, item] of items.entries()) {
      const place = `items.${index}`;
      if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
        try {
          inputs.push(this.#submissions.readBody(task, item));
        } catch (error) {
          if (!(error instanceof AerieError) || error.details === undefined) throw error;
          details.push(
            ...error.details.map(({ field, message }) => ({
              field: `${place}.${field}`,
              message: `${place}: ${message}`,
            })),
          );
        }
      } else {
        details.push(fieldError(place, fieldProblems.type('an object', item)));
      }
      if (details.length >= MAX_DETAILS) break;
    }
    if (details.length === 0) return inputs;
    throw validationError(...details);
  }
}

interface BatchParts {
  readonly options: unknown;
  readonly items: unknown;
  readonly source: FieldSource;
}

function parts({ body, query }: Request): BatchParts {
  if (Array.isArray(body)) return { options: query, items: body, source: 'text' };
  const { items, ...options } = body as { readonly items?: unknown };
  return { options, items, source: 'json' };
}
