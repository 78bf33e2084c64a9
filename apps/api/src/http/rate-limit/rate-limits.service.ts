import { SETTINGS, type Settings } from '@aerie/config';
import type { RateLimitBucket } from '@aerie/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { countRequests } from './count-requests.js';

/** Counts requests that the guard cannot count, because their number is only known from the body. */
@Injectable()
export class RateLimits {
  readonly #storage: ThrottlerStorage;
  readonly #limits: Settings['rateLimits'];

  constructor(@Inject(ThrottlerStorage) storage: ThrottlerStorage, @Inject(SETTINGS) settings: Settings) {
    this.#storage = storage;
    this.#limits = settings.rateLimits;
  }

  /** @throws AerieError RATE_LIMITED if the caller exceeds the limit */
  async count(
    bucket: RateLimitBucket,
    request: Request,
    response: Response,
    requests: number,
  ): Promise<void> {
    const rate = this.#limits[bucket];
    if (rate === null) return;
    await countRequests(this.#storage, { bucket, ...rate }, request, response, requests);
  }
}
