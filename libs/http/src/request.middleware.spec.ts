import { EventEmitter } from 'node:events';
import { loadSettings } from '@aerie/config';
import { AerieError, ERROR_TABLE, type ErrorCode } from '@aerie/contracts';
import type { PinoLogger, Metrics } from '@aerie/observability';
import { MemoryLogger } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { ArgumentsHost } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ErrorEnvelopeFilter } from './errors/error-envelope.filter.js';
import { requestMiddleware } from './request.middleware.js';

/** The log lines of a failed request. */
function linesOf(path: string, thrown: unknown, level = 'debug') {
  const logger = Object.assign(new MemoryLogger(), { isLevelEnabled: () => true });
  const request = { path, method: 'GET', headers: {} } as Request;
  const response = Object.assign(new EventEmitter(), {
    statusCode: 200,
    writableFinished: true,
    setHeader: jest.fn(),
    json: jest.fn(),
    status(code: number) {
      response.statusCode = code;
      return response;
    },
  });
  const metrics = { observeRequest: jest.fn() };
  const pino = logger as unknown as PinoLogger;
  const settings = loadSettings({}, import.meta.dirname);
  requestMiddleware(settings, pino, metrics as unknown as Metrics)(
    request,
    response as unknown as Response,
    () => {
      const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) };
      const filter = new ErrorEnvelopeFilter(pino, { of: () => undefined });
      if (thrown !== undefined) filter.catch(thrown, host as unknown as ArgumentsHost);
    },
  );
  response.emit('close');
  return logger.lines.filter((line) => level === 'debug' || line.level !== 'debug');
}

const EXPECTED = (Object.keys(ERROR_TABLE) as ErrorCode[]).filter((code) => code !== 'INTERNAL');
const EXPECTED_5XX = EXPECTED.filter((code) => ERROR_TABLE[code].status > 500);
const failure = (code: ErrorCode) => new AerieError(code, 'it failed', { cause: new Error('deeper') });

describe('the log', () => {
  it.each(EXPECTED)('has no stack of an expected error: %s', (code) => {
    const lines = linesOf('/api/v1/predict', failure(code));
    expect(lines.length).toBeGreaterThan(0);
    for (const { level, fields } of lines) {
      expect(level).not.toBe('error');
      expect(JSON.stringify(fields)).not.toContain('.spec.ts');
      expect(fields).not.toHaveProperty('err');
    }
  });

  it.each(EXPECTED_5XX)('has one line for a refusal, with the reason: %s', (code) => {
    expect(linesOf('/api/v1/predict', failure(code), 'info')).toEqual([
      {
        level: 'warn',
        message: 'request',
        fields: expect.objectContaining({
          status: ERROR_TABLE[code].status,
          code,
          reason: 'it failed <- deeper',
        }) as unknown,
      },
    ]);
  });

  it.each(EXPECTED)('has no line for a refused poll: %s', (code) => {
    for (const path of ['/health', '/health/ready', '/health/live', '/metrics'])
      expect(linesOf(path, failure(code), 'info')).toEqual([]);
  });

  it('has the stack of an unexpected error, even of a poll', () => {
    for (const path of ['/api/v1/predict', '/health/ready']) {
      const cause = new Error('broken');
      const [first, second] = linesOf(path, cause, 'info');
      expect(first).toMatchObject({ level: 'error', fields: { code: 'INTERNAL', err: cause } });
      expect(second).toMatchObject({ level: 'error', fields: { status: 500, code: 'INTERNAL' } });
    }
  });

  it("has the code of a caller's error, but none of its content", () => {
    const [line] = linesOf('/api/v1/predict', new AerieError('INVALID_INPUT', 'text "secret"'), 'info');
    expect(line).toMatchObject({ level: 'info', fields: { code: 'INVALID_INPUT' } });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  it('has a line for a response, but not for a poll', () => {
    expect(linesOf('/api/v1/predict', undefined, 'info')).toMatchObject([
      { level: 'info', fields: { status: 200 } },
    ]);
    expect(linesOf('/health', undefined, 'info')).toEqual([]);
  });
});
