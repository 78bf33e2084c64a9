import type { Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { SubmissionReader } from '../jobs/submission.reader.js';
import { BatchReader } from './batch.reader.js';

const settings = {
  texts: { maxTexts: 2 },
  jobs: { webhookSecret: null, maxBatchItems: 30 },
} as unknown as Settings;

function read(body: unknown, query: object = {}, headers: Record<string, string> = {}) {
  const request = {
    body,
    query,
    is: () => false,
    get: (name: string) => headers[name],
  } as unknown as Request;
  return new BatchReader(settings, new SubmissionReader(settings)).read(request);
}

function refusal(body: unknown, query?: object, headers?: Record<string, string>): AerieError {
  try {
    read(body, query, headers);
  } catch (error) {
    if (error instanceof AerieError) return error;
    throw error;
  }
  throw new Error('The job batch was taken.');
}

describe('a job batch', () => {
  it('is a JSON list with its task in a field, or JSON Lines with the task in the query', () => {
    const items = [{ text: 'a' }, { text: 'b' }];
    const expected = { task: 'embed', model: null, inputs: items };
    expect(read({ task: 'embed', items })).toMatchObject(expected);
    expect(read(items, { task: 'embed' })).toMatchObject(expected);
    expect(read({ task: 'embed', items, model: 'm' })).toMatchObject({ model: 'm' });
  });

  it.each([
    [{ items: [{ text: 'a' }] }, 'task'],
    [{ task: 'sing', items: [{ text: 'a' }] }, 'task'],
    [{ task: 'embed' }, 'items'],
    [{ task: 'embed', items: [] }, 'items'],
    [{ task: 'embed', items: {} }, 'items'],
    [{ task: 'embed', items: [{ text: 'a' }], color: 'red' }, 'color'],
    [{ task: 'embed', items: [{ text: 'a' }], model: '' }, 'model'],
    [{ task: 'embed', items: Array.from({ length: 31 }, () => ({ text: 'a' })) }, 'items'],
  ])('names the invalid field: %j', (body, field) => {
    expect(refusal(body)).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field }] });
  });

  it('takes no idempotency key, and says so', () => {
    const { code, details } = refusal(
      { task: 'embed', items: [{ text: 'a' }] },
      {},
      { 'idempotency-key': 'k' },
    );
    expect([code, details]).toEqual([
      'VALIDATION_ERROR',
      [
        {
          field: 'Idempotency-Key',
          message: 'Idempotency-Key is for the submission of one job; this request takes none',
        },
      ],
    ]);
  });

  it('names the invalid items by their index, each with its field', () => {
    const items = [{ text: 'a' }, { text: '' }, 'b', { text: 'c', stream: true }, { text: 'd', size: 1 }];
    const { details } = refusal({ task: 'embed', items });
    expect(details?.map(({ field }) => field)).toEqual([
      'items.1.text',
      'items.2',
      'items.3.stream',
      'items.4.size',
    ]);
  });

  it('names only a limited number of items', () => {
    const items = Array.from({ length: 30 }, () => ({ text: '' }));
    expect(refusal({ task: 'embed', items }).details).toHaveLength(20);
  });
});
