import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERROR_TABLE, type ErrorCode, errorTableEntry } from './error-table.js';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

describe.each(CODES)('%s', (code) => {
  const { status, retryable, retryAfterSeconds } = errorTableEntry(code);

  it('has a name and the status of a failure', () => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
  });

  it('has a Retry-After only if it is retryable', () => {
    if (retryAfterSeconds === undefined) return;
    expect(retryable).toBe(true);
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
  });

  it('has a Retry-After if its status is 429 or 503', () => {
    expect(retryAfterSeconds !== undefined).toBe(status === 429 || status === 503);
  });
});

it('the statuses are the documented ones', () => {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of CODES) {
    const { status } = ERROR_TABLE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  expect(Object.fromEntries(byStatus)).toEqual({
    '400': ['INVALID_INPUT', 'CONTEXT_LENGTH_EXCEEDED', 'UNSUPPORTED_PARAMETER'],
    '401': ['UNAUTHORIZED'],
    '403': ['FORBIDDEN'],
    '404': ['NOT_FOUND', 'MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND', 'JOB_NOT_FOUND'],
    '405': ['METHOD_NOT_ALLOWED'],
    '408': ['REQUEST_TIMEOUT'],
    '409': ['CONFLICT'],
    '413': ['PAYLOAD_TOO_LARGE'],
    '415': ['UNSUPPORTED_MEDIA_TYPE'],
    '417': ['EXPECTATION_FAILED'],
    '422': ['VALIDATION_ERROR', 'IDEMPOTENCY_MISMATCH'],
    '429': ['RATE_LIMITED', 'OVERLOADED'],
    '431': ['HEADERS_TOO_LARGE'],
    '499': ['CANCELED'],
    '500': ['INTERNAL'],
    '502': ['UPSTREAM_ERROR'],
    '503': ['MODEL_NOT_LOADED', 'SHUTTING_DOWN', 'QUEUE_UNAVAILABLE', 'WORKER_LOST'],
    '504': ['TIMEOUT'],
    '507': ['STORAGE_FULL'],
  });
});

it('docs/errors.md lists every code, its status and whether it is retryable, in the order of the table', () => {
  const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [
    ...text.matchAll(/^\| `([A-Z_]+)` *\| (\d+) *\| (yes|no) *\| (\S.{10,}?) *\| (\S.+?) *\|$/gm),
  ];
  expect(rows.map(([, code, status, retryable]) => [code, Number(status), retryable])).toEqual(
    CODES.map((code) => [code, ERROR_TABLE[code].status, ERROR_TABLE[code].retryable ? 'yes' : 'no']),
  );
});
