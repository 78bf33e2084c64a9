import { describe, expect, it } from '@jest/globals';
import { readRetryAfterMs } from './retry-after.js';

describe('readRetryAfterMs', () => {
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '2', 'retry-after-ms': '150' }, 150],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:05 GMT' }, 4_000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '99999999999' }, 86_400_000],
    [{}, undefined],
  ])('reads %j as %p', (headers, delayMs) => {
    expect(readRetryAfterMs(headers, 1_000)).toBe(delayMs);
  });
});
