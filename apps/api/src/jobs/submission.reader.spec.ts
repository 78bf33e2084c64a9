import type { Settings } from '@aerie/config';
import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { SubmissionReader } from './submission.reader.js';

interface RequestParts {
  readonly body?: object;
  readonly query?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

function request({ body = {}, query = {}, headers = {} }: RequestParts): Request {
  return {
    body,
    query,
    headers,
    get: (name: string) => headers[name],
    is: () => false,
    context: { stickyKey: 'sticky', apiKeyId: 'key-1' },
  } as unknown as Request;
}

function newReader(webhookSecret: string | null = null) {
  const settings = { texts: { maxTexts: 2 }, jobs: { webhookSecret } };
  return new SubmissionReader(settings as unknown as Settings);
}

const read = (parts: RequestParts, secret: string | null = null) =>
  newReader(secret).read('embed', request(parts));

describe('a submission', () => {
  it('has the body of its task, and the options of a job with their defaults', () => {
    expect(read({ body: { text: 'a' } })).toMatchObject({
      task: 'embed',
      input: { text: 'a' },
      model: null,
      modelVersion: null,
      stickyKey: 'sticky',
      caller: 'key-1',
      idempotencyKey: null,
      options: { priority: 0, attempts: 3, delayMs: 0, ttlMs: null, webhook: null },
    });
    const options = { model: 'm', version: '2', priority: 7, delay: 1.5, attempts: 2, ttl: 60 };
    expect(read({ body: { text: 'a', ...options } })).toMatchObject({
      model: 'm',
      modelVersion: '2',
      options: { priority: 7, attempts: 2, delayMs: 1_500, ttlMs: 60_000 },
    });
  });

  it('reads model and version from the query, but prefers the body', () => {
    const query = { model: 'of the query', model_version: '1' };
    expect(read({ body: { text: 'a' }, query })).toMatchObject({ model: 'of the query', modelVersion: '1' });
    expect(read({ body: { text: 'a', model: 'of the body' }, query })).toMatchObject({
      model: 'of the body',
    });
  });

  it.each([
    [{ text: 'a', priority: 101 }, 'priority'],
    [{ text: 'a', priority: 'high' }, 'priority'],
    [{ text: 'a', attempts: 0 }, 'attempts'],
    [{ text: 'a', delay: -1 }, 'delay'],
    [{ text: 'a', ttl: 0 }, 'ttl'],
    [{ text: 'a', webhook: { url: 'ftp://a.example/' } }, 'webhook.url'],
    [{ text: 'a', stream: true }, 'stream'],
    [{ text: 'a', color: 'red' }, 'color'],
    [{ text: '' }, 'text'],
    [{}, 'text'],
  ])('names the invalid field: %j', (body, field) => {
    expect(() => read({ body })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        details: [expect.objectContaining({ field: expect.stringContaining(field) })],
      }),
    );
  });

  it("contains the caller's secret, but not that of the server", () => {
    const webhook = { url: 'https://receiver.example/hook' };
    const own = { ...webhook, secret: 'of the caller' };
    expect(read({ body: { text: 'a', webhook } }, 'of the server').options.webhook).toMatchObject({
      secret: null,
      events: ['job.completed', 'job.failed', 'job.canceled'],
    });
    expect(read({ body: { text: 'a', webhook: own } }, 'of the server').options.webhook?.secret).toBe(
      'of the caller',
    );
    expect(() => read({ body: { text: 'a', webhook } })).toThrow('webhook.secret is required');
  });

  it('has an idempotency key of 1 to 255 characters', () => {
    const withKey = (key: string) => read({ body: { text: 'a' }, headers: { 'idempotency-key': key } });
    expect(withKey('k'.repeat(255)).idempotencyKey).toHaveLength(255);
    for (const key of ['', 'k'.repeat(256)]) expect(() => withKey(key)).toThrow('Idempotency-Key');
  });
});
