import { AerieError } from '@aerie/contracts';
import type { Request, Response } from 'express';
import type { RateLimitStorage } from './rate-limit.storage.js';

/** A limit of one bucket. */
export interface BucketLimit {
  readonly bucket: string;
  /** Requests in a window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** Takes back requests that were counted but are not served. */
export type GiveBack = (requests: number) => Promise<void>;

/**
 * Counts requests of a caller, by API key or else by address, and reports the count in headers (RateLimit-*, by the IETF
 * draft draft-ietf-httpapi-ratelimit-headers-06).
 *
 * @param requests how many this request counts as, such as the number of a batch's items
 * @throws AerieError RATE_LIMITED
 */
export async function countRequests(
  storage: Pick<RateLimitStorage, 'increment'>,
  { bucket, limit, windowMs }: BucketLimit,
  { context }: Request,
  response: Response,
  requests = 1,
): Promise<GiveBack> {
  const windowSeconds = Math.ceil(windowMs / 1000);
  const setting = `RATE_LIMIT_${bucket.toUpperCase()}`;
  response.setHeader('RateLimit-Limit', String(limit));
  response.setHeader('RateLimit-Policy', `${String(limit)};w=${String(windowSeconds)}`);
  // It can never be within the limit, so it is not counted and gets no Retry-After.
  if (requests > limit) {
    const message = `${String(requests)} items exceed the limit of ${String(limit)} requests in ${String(windowSeconds)} s (${setting}). Submit fewer.`;
    throw new AerieError('RATE_LIMITED', message);
  }
  const key = `${bucket}:${context.apiKeyId ?? context.address}`;
  const record = await storage.increment(key, windowMs, limit, 0, bucket, requests);
  const reportCount = (hits: number) => {
    if (!response.headersSent) response.setHeader('RateLimit-Remaining', String(Math.max(0, limit - hits)));
  };
  reportCount(record.totalHits);
  response.setHeader('RateLimit-Reset', String(record.timeToExpire));
  if (!record.isBlocked) {
    return async (returned) => {
      reportCount(await record.giveBack(returned));
    };
  }
  const message =
    `The limit of ${String(limit)} requests in ${String(windowSeconds)} s is reached (${setting}). ` +
    `Try again in ${String(record.timeToExpire)} s.`;
  throw new AerieError('RATE_LIMITED', message, { retryAfterMs: record.timeToExpire * 1000 });
}
