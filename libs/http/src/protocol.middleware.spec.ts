import type { AerieError } from '@aerie/contracts';
import { describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { protocolMiddleware } from './protocol.middleware.js';

/** The status for a request with this Host header: 200, or the error's. */
function statusOf(host: string): number {
  const request = { headers: { host }, rawHeaders: ['Host', host], httpVersionMinor: 1 };
  const next = jest.fn();
  protocolMiddleware(request as unknown as Request, {} as Response, next);
  return (next.mock.calls[0]?.[0] as AerieError | undefined)?.status ?? 200;
}

describe('a Host header', () => {
  it.each(['localhost', 'a_b.example:', '127.0.0.1:8450', '[::1]', '[::1]:80', 'xn--bcher-kva.example', ''])(
    'may be "%s"',
    (host) => {
      expect(statusOf(host)).toBe(200);
    },
  );

  it.each([
    '127.0.0.1:8450/x',
    'a b',
    'u@localhost',
    'a:1:2',
    '::1',
    'a:x',
    'a?b',
    'a#b',
    'a\\b',
    '[::1',
    'bücher',
  ])('is refused with 400 if it is "%s"', (host) => {
    expect(statusOf(host)).toBe(400);
  });
});
