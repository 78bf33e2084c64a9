import type { IncomingHttpHeaders } from 'node:http';

/** Longest delay that is respected: a day. */
const LONGEST_MS = 86_400_000;

/**
 * The wait that an upstream asks for, in milliseconds, from `retry-after-ms` or else `Retry-After` (seconds or a date).
 * Undefined if it has neither.
 *
 * @param epochMs the present, in milliseconds since 1970.
 */
export function readRetryAfterMs(headers: IncomingHttpHeaders, epochMs: number): number | undefined {
  const exact = duration(headers['retry-after-ms'], 1);
  if (exact !== undefined) return exact;
  const header = headers['retry-after'];
  const inSeconds = duration(header, 1000);
  if (inSeconds !== undefined || header === undefined) return inSeconds;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.min(LONGEST_MS, Math.max(0, date - epochMs));
}

function duration(header: string | readonly string[] | undefined, unitMs: number): number | undefined {
  if (typeof header !== 'string' || !/^\s*\d+(\.\d+)?\s*$/.test(header)) return undefined;
  return Math.min(LONGEST_MS, Math.ceil(Number(header) * unitMs));
}
