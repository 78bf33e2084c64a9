import { delimiter } from 'node:path';
import { MAX_TIMER_MS } from '@aerie/runtime';
import { z } from 'zod';

/** A duration in seconds from the environment, kept in milliseconds. */
export const seconds = (fallback: number, min = 0, max = 86_400) =>
  z.coerce
    .number('a number of seconds')
    .min(min, `at least ${String(min)} s`)
    .max(max, `at most ${String(max)} s`)
    .default(fallback)
    .transform((value) => Math.round(value * 1000));

/** A whole number within bounds. */
export const integer = (fallback: number, min: number, max: number) =>
  z.coerce
    .number(`a whole number from ${String(min)} to ${String(max)}`)
    .int('a whole number')
    .min(min, `at least ${String(min)}`)
    .max(max, `at most ${String(max)}`)
    .default(fallback);

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

/** A size such as `20MB`, `28 MB` or `1048576`, kept in bytes, at least 1. Decimal units are powers of 1000, binary ones of 1024. */
export const bytes = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((value, context) => {
      const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(value);
      const size = Math.round(Number(match?.[1]) * (UNITS.get((match?.[2] ?? '').toLowerCase()) ?? NaN));
      if (size >= 1 && Number.isSafeInteger(size)) return size;
      context.addIssue({
        code: 'custom',
        message: 'a size of at least 1 byte, such as 20MB, 512kB or 1048576',
      });
      return z.NEVER;
    });

/** `true` or `false` in the usual spellings. */
export const flag = (fallback: boolean) =>
  z
    .stringbool({
      truthy: ['true', '1', 'yes', 'on'],
      falsy: ['false', '0', 'no', 'off', ''],
      error: 'true or false',
    })
    .default(fallback);

/**
 * A comma-separated list; empty items are dropped. A value without items is refused, because an empty list of keys
 * would open the server.
 */
export const list = () =>
  z
    .string()
    .default('')
    .transform((value, context): readonly string[] => {
      const items = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      if (items.length > 0 || value === '') return items;
      context.addIssue({ code: 'custom', message: 'a comma-separated list with at least one item' });
      return z.NEVER;
    });

/** A rate such as `10/minute`; `off` means no limit. */
export interface RateLimit {
  /** Requests allowed in each window. */
  readonly limit: number;
  readonly windowMs: number;
}

const WINDOWS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** A rate such as `10/minute`, `5/30 seconds` or `off`. */
export const rate = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((value, context): RateLimit | null => {
      const text = value.trim().toLowerCase();
      if (text === 'off') return null;
      const match = /^(\d+)\s*(?:\/|per)\s*(\d*)\s*(second|minute|hour|day)s?$/.exec(text);
      const windowMs = WINDOWS[match?.[3] ?? ''];
      const limit = Number(match?.[1] ?? 0);
      const count = match?.[2] === undefined || match[2] === '' ? 1 : Number(match[2]);
      if (windowMs === undefined || limit < 1 || count < 1) {
        context.addIssue({ code: 'custom', message: 'a rate such as 10/minute, or off' });
        return z.NEVER;
      }
      if (windowMs * count > MAX_TIMER_MS) {
        context.addIssue({ code: 'custom', message: 'a rate over at most 24 days' });
        return z.NEVER;
      }
      return { limit, windowMs: windowMs * count };
    });

/** Folders, separated by commas or like PATH; empty items are dropped. */
export const folders = () =>
  list().transform((items) =>
    items.flatMap((item) => item.split(delimiter).map((path) => path.trim())).filter((path) => path !== ''),
  );
