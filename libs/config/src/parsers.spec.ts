import { delimiter } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { bytes, flag, folders, integer, list, rate, seconds } from './parsers.js';

const accepts = (schema: z.ZodType, value: string): boolean => schema.safeParse(value).success;

describe('a size', () => {
  it.each([
    ['1048576', 1_048_576],
    ['20MB', 20_000_000],
    ['28 mb', 28_000_000],
    ['512kB', 512_000],
    ['16KiB', 16_384],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2_147_483_648],
    ['10b', 10],
  ])('%s is %d bytes', (text, expected) => {
    expect(bytes('1').parse(text)).toBe(expected);
  });

  it.each(['', '0', '-1', 'MB', '1TB', '1 M B', '1e3', '0.2', '5constructor', '99999999999GB'])(
    'is not "%s"',
    (text) => {
      expect(accepts(bytes('1'), text)).toBe(false);
    },
  );

  it('falls back in the same notation', () => {
    expect(bytes('1MB').parse(undefined)).toBe(1_000_000);
  });
});

describe('a rate', () => {
  it.each([
    ['10/minute', 10, 60_000],
    ['5/30 seconds', 5, 30_000],
    ['1 per hour', 1, 3_600_000],
    ['100 / DAY', 100, 86_400_000],
    ['7/2hours', 7, 7_200_000],
  ])('%s is %d requests in %d ms', (text, limit, windowMs) => {
    expect(rate('off').parse(text)).toEqual({ limit, windowMs });
  });

  it('is null for off', () => {
    expect(rate('10/minute').parse(' OFF ')).toBeNull();
  });

  it.each(['10', '0/minute', '10/0 minutes', '-1/minute', '1.5/minute', '10/fortnight', '10/minute/key'])(
    'is not "%s"',
    (text) => {
      expect(accepts(rate('off'), text)).toBe(false);
    },
  );

  it('cannot have a window longer than a timer can wait', () => {
    expect(accepts(rate('off'), '10/24 days')).toBe(true);
    expect(accepts(rate('off'), '10/25 days')).toBe(false);
  });
});

describe('a switch', () => {
  it.each(['true', 'TRUE', '1', 'yes', 'on'])('is on with %s', (text) => {
    expect(flag(false).parse(text)).toBe(true);
  });

  it.each(['false', 'False', '0', 'no', 'off'])('is off with %s', (text) => {
    expect(flag(true).parse(text)).toBe(false);
  });
});

it('a duration is given in seconds and kept in milliseconds', () => {
  expect(seconds(30).parse('0.5')).toBe(500);
  expect(seconds(30).parse(undefined)).toBe(30_000);
  expect(accepts(seconds(30), 'Infinity')).toBe(false);
});

it('a whole number is not a fraction', () => {
  expect(integer(1, 0, 9).parse(' 7 ')).toBe(7);
  expect(accepts(integer(1, 0, 9), '1.5')).toBe(false);
});

it('a list drops empty items', () => {
  expect(list().parse(' a, ,b ,')).toEqual(['a', 'b']);
  expect(list().parse(undefined)).toEqual([]);
});

it('folders are separated by commas or like PATH', () => {
  expect(folders().parse(` /a ,b${delimiter}c d,`)).toEqual(['/a', 'b', 'c d']);
  expect(folders().parse(undefined)).toEqual([]);
});
