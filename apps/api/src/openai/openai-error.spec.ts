import { AerieError, ERROR_TABLE, type ErrorCode } from '@aerie/contracts';
import type { Response } from 'express';
import { describe, expect, it } from '@jest/globals';
import { answerOpenAiError, openAiErrorOf } from './openai-error.js';

class FakeResponse {
  code = 0;
  body: unknown;
  readonly headers: Record<string, string> = {};

  setHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  status(code: number): this {
    this.code = code;
    return this;
  }

  json(body: unknown): void {
    this.body = body;
  }
}

function answer(error: AerieError): FakeResponse {
  const response = new FakeResponse();
  answerOpenAiError(response as unknown as Response, error);
  return response;
}

describe("errors in OpenAI's shape", () => {
  it.each(Object.keys(ERROR_TABLE) as ErrorCode[])(
    'have all four keys for %s, and say when to retry',
    (code) => {
      const { code: status, body, headers } = answer(new AerieError(code, 'why'));
      expect(Object.keys((body as { error: object }).error)).toEqual(['message', 'type', 'param', 'code']);
      const retried = [408, 409, 429].includes(status) || status >= 500;
      expect(headers['x-should-retry']).toBe(retried ? String(ERROR_TABLE[code].retryable) : undefined);
    },
  );

  it.each([
    ['VALIDATION_ERROR', 400, 'invalid_request_error', null],
    ['CONTEXT_LENGTH_EXCEEDED', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['UNAUTHORIZED', 401, 'authentication_error', 'invalid_api_key'],
    ['MODEL_NOT_FOUND', 404, 'invalid_request_error', 'model_not_found'],
    ['RATE_LIMITED', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    ['OVERLOADED', 429, 'rate_limit_error', 'overloaded'],
    ['INTERNAL', 500, 'server_error', 'internal_error'],
    ['WORKER_LOST', 503, 'server_error', 'worker_lost'],
  ] as const)('answer %s with %d, type %s and code %s', (code, status, type, word) => {
    const reply = answer(new AerieError(code, 'why'));
    expect(reply.code).toBe(status);
    expect(reply.body).toMatchObject({ error: { message: 'why', type, code: word } });
  });

  it('name the parameter', () => {
    const error = new AerieError('VALIDATION_ERROR', 'why', { details: [{ field: 'top_p', message: 'no' }] });
    expect(openAiErrorOf(error).param).toBe('top_p');
    expect(openAiErrorOf(new AerieError('CONTEXT_LENGTH_EXCEEDED', 'why')).param).toBe('messages');
  });

  it('say exactly when to retry, but not if the clients would ignore it', () => {
    expect(answer(new AerieError('OVERLOADED', 'why', { retryAfterMs: 1500 })).headers).toEqual({
      'x-should-retry': 'true',
      'retry-after-ms': '1500',
    });
    const late = answer(new AerieError('RATE_LIMITED', 'why', { retryAfterMs: 3_600_000 }));
    expect(late.headers['x-should-retry']).toBe('false');
  });
});
