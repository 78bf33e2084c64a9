import { SETTINGS, type Settings } from '@aerie/config';
import type { RateLimitBucket } from '@aerie/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { type GiveBack, countRequests } from './count-requests.js';
import type { RateLimitStorage } from './rate-limit.storage.js';

/** Counts requests that the guard cannot count, because their number is only known from the body. */
@Injectable()
export class RateLimits {
  readonly #storage: RateLimitStorage;
  readonly #limits: Settings['rateLimits'];

  constructor(@Inject(ThrottlerStorage) storage: RateLimitStorage, @Inject(SETTINGS) settings: Settings) {
    this.#storage = storage;
    this.#limits = settings.rateLimits;
  }

  /** @throws AerieError RATE_LIMITED if the caller exceeds the limit */
  async count(
    bucket: RateLimitBucket,
    request: Request,
    response: Response,
    requests: number,
  ): Promise<GiveBack> {
    const rate = this.#limits[bucket];
    if (rate === null) return () => Promise.resolve();
    return countRequests(this.#storage, { bucket, ...rate }, request, response, requests);
  }
}
